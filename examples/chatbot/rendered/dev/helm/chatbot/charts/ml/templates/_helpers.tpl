{{/* What all objects of the chart carry. */}}
{{- define "ml.labels" -}}
app.kubernetes.io/part-of: chatbot
app.kubernetes.io/managed-by: wavetank
app.kubernetes.io/name: ml
team: ml
{{- end }}

{{/* By which the pods are selected; they cannot change. */}}
{{- define "ml.selectorLabels" -}}
app.kubernetes.io/name: ml
{{- end }}

{{/* An image reference from its repository, tag and digest. */}}
{{- define "ml.image" -}}
{{- .repository -}}
{{- with .tag }}:{{ . }}{{ end -}}
{{- with .digest }}@{{ . }}{{ end -}}
{{- end }}
