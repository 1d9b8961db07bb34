{{/* What all objects of the chart carry. */}}
{{- define "mongodb.labels" -}}
app.kubernetes.io/part-of: chatbot
app.kubernetes.io/managed-by: wavetank
app.kubernetes.io/name: mongodb
team: api
{{- end }}

{{/* By which the pods are selected; they cannot change. */}}
{{- define "mongodb.selectorLabels" -}}
app.kubernetes.io/name: mongodb
{{- end }}

{{/* An image reference from its repository, tag and digest. */}}
{{- define "mongodb.image" -}}
{{- .repository -}}
{{- with .tag }}:{{ . }}{{ end -}}
{{- with .digest }}@{{ . }}{{ end -}}
{{- end }}
