{{/* What all objects of the chart carry. */}}
{{- define "redis.labels" -}}
app.kubernetes.io/part-of: video-creator
app.kubernetes.io/managed-by: wavetank
app.kubernetes.io/name: redis
team: api
{{- end }}

{{/* By which the pods are selected; they cannot change. */}}
{{- define "redis.selectorLabels" -}}
app.kubernetes.io/name: redis
{{- end }}

{{/* An image reference from its repository, tag and digest. */}}
{{- define "redis.image" -}}
{{- .repository -}}
{{- with .tag }}:{{ . }}{{ end -}}
{{- with .digest }}@{{ . }}{{ end -}}
{{- end }}
