{{/* What all objects of the chart carry. */}}
{{- define "analytics.labels" -}}
app.kubernetes.io/part-of: microservices
app.kubernetes.io/managed-by: wavetank
app.kubernetes.io/name: analytics
team: catalog
{{- end }}

{{/* By which the pods are selected; they cannot change. */}}
{{- define "analytics.selectorLabels" -}}
app.kubernetes.io/name: analytics
app.kubernetes.io/part-of: microservices
team: catalog
{{- end }}

{{/* An image reference from its repository, tag and digest. */}}
{{- define "analytics.image" -}}
{{- .repository -}}
{{- with .tag }}:{{ . }}{{ end -}}
{{- with .digest }}@{{ . }}{{ end -}}
{{- end }}
