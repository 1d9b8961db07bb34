{{/* What all objects of the chart carry. */}}
{{- define "catalog-service.labels" -}}
app.kubernetes.io/part-of: microservices
app.kubernetes.io/managed-by: wavetank
app.kubernetes.io/name: catalog-service
team: catalog
{{- end }}

{{/* By which the pods are selected; they cannot change. */}}
{{- define "catalog-service.selectorLabels" -}}
app.kubernetes.io/name: catalog-service
{{- end }}

{{/* An image reference from its repository, tag and digest. */}}
{{- define "catalog-service.image" -}}
{{- .repository -}}
{{- with .tag }}:{{ . }}{{ end -}}
{{- with .digest }}@{{ . }}{{ end -}}
{{- end }}
