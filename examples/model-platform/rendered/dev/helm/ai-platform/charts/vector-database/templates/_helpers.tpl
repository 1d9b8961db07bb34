{{/* What all objects of the chart carry. */}}
{{- define "vector-database.labels" -}}
app.kubernetes.io/part-of: ai-platform
app.kubernetes.io/managed-by: wavetank
app.kubernetes.io/name: vector-database
team: platform
{{- end }}

{{/* By which the pods are selected; they cannot change. */}}
{{- define "vector-database.selectorLabels" -}}
app.kubernetes.io/name: vector-database
{{- end }}

{{/* An image reference from its repository, tag and digest. */}}
{{- define "vector-database.image" -}}
{{- .repository -}}
{{- with .tag }}:{{ . }}{{ end -}}
{{- with .digest }}@{{ . }}{{ end -}}
{{- end }}
