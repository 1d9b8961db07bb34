{{/* What all objects of the chart carry. */}}
{{- define "postgres.labels" -}}
app.kubernetes.io/part-of: microservices
app.kubernetes.io/managed-by: wavetank
app.kubernetes.io/name: postgres
team: platform
{{- end }}

{{/* By which the pods are selected; they cannot change. */}}
{{- define "postgres.selectorLabels" -}}
app.kubernetes.io/name: postgres
{{- end }}

{{/* An image reference from its repository, tag and digest. */}}
{{- define "postgres.image" -}}
{{- .repository -}}
{{- with .tag }}:{{ . }}{{ end -}}
{{- with .digest }}@{{ . }}{{ end -}}
{{- end }}
