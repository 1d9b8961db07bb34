{{/* What all objects of the chart carry. */}}
{{- define "retraining.labels" -}}
app.kubernetes.io/part-of: ai-platform
app.kubernetes.io/managed-by: wavetank
app.kubernetes.io/name: retraining
team: marketing
{{- end }}

{{/* By which the pods are selected; they cannot change. */}}
{{- define "retraining.selectorLabels" -}}
app.kubernetes.io/name: retraining
app.kubernetes.io/part-of: ai-platform
team: marketing
{{- end }}

{{/* An image reference from its repository, tag and digest. */}}
{{- define "retraining.image" -}}
{{- .repository -}}
{{- with .tag }}:{{ . }}{{ end -}}
{{- with .digest }}@{{ . }}{{ end -}}
{{- end }}
