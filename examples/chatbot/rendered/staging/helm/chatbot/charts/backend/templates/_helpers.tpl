{{/* What all objects of the chart carry. */}}
{{- define "backend.labels" -}}
app.kubernetes.io/part-of: chatbot
app.kubernetes.io/managed-by: wavetank
app.kubernetes.io/name: backend
team: api
{{- end }}

{{/* By which the pods are selected; they cannot change. */}}
{{- define "backend.selectorLabels" -}}
app.kubernetes.io/name: backend
{{- end }}

{{/* An image reference from its repository, tag and digest. */}}
{{- define "backend.image" -}}
{{- .repository -}}
{{- with .tag }}:{{ . }}{{ end -}}
{{- with .digest }}@{{ . }}{{ end -}}
{{- end }}
