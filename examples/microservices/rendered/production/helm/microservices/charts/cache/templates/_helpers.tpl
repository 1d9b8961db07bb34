{{/* What all objects of the chart carry. */}}
{{- define "cache.labels" -}}
app.kubernetes.io/part-of: microservices
app.kubernetes.io/managed-by: wavetank
app.kubernetes.io/name: cache
team: platform
{{- end }}

{{/* By which the pods are selected; they cannot change. */}}
{{- define "cache.selectorLabels" -}}
app.kubernetes.io/name: cache
{{- end }}

{{/* An image reference from its repository, tag and digest. */}}
{{- define "cache.image" -}}
{{- .repository -}}
{{- with .tag }}:{{ . }}{{ end -}}
{{- with .digest }}@{{ . }}{{ end -}}
{{- end }}
