{{/* What all objects of the chart carry. */}}
{{- define "identity-service.labels" -}}
app.kubernetes.io/part-of: microservices
app.kubernetes.io/managed-by: wavetank
app.kubernetes.io/name: identity-service
team: identity
{{- end }}

{{/* By which the pods are selected; they cannot change. */}}
{{- define "identity-service.selectorLabels" -}}
app.kubernetes.io/name: identity-service
{{- end }}

{{/* An image reference from its repository, tag and digest. */}}
{{- define "identity-service.image" -}}
{{- .repository -}}
{{- with .tag }}:{{ . }}{{ end -}}
{{- with .digest }}@{{ . }}{{ end -}}
{{- end }}
