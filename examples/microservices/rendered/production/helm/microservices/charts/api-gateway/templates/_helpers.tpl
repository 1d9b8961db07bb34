{{/* What all objects of the chart carry. */}}
{{- define "api-gateway.labels" -}}
app.kubernetes.io/part-of: microservices
app.kubernetes.io/managed-by: wavetank
app.kubernetes.io/name: api-gateway
team: edge
{{- end }}

{{/* By which the pods are selected; they cannot change. */}}
{{- define "api-gateway.selectorLabels" -}}
app.kubernetes.io/name: api-gateway
{{- end }}

{{/* An image reference from its repository, tag and digest. */}}
{{- define "api-gateway.image" -}}
{{- .repository -}}
{{- with .tag }}:{{ . }}{{ end -}}
{{- with .digest }}@{{ . }}{{ end -}}
{{- end }}
