{{/* What all objects of the chart carry. */}}
{{- define "model-operator.labels" -}}
app.kubernetes.io/part-of: ai-platform
app.kubernetes.io/managed-by: wavetank
app.kubernetes.io/name: model-operator
team: platform
{{- end }}

{{/* By which the pods are selected; they cannot change. */}}
{{- define "model-operator.selectorLabels" -}}
app.kubernetes.io/name: model-operator
{{- end }}

{{/* An image reference from its repository, tag and digest. */}}
{{- define "model-operator.image" -}}
{{- .repository -}}
{{- with .tag }}:{{ . }}{{ end -}}
{{- with .digest }}@{{ . }}{{ end -}}
{{- end }}
