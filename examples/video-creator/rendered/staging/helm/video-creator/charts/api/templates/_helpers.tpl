{{/* What all objects of the chart carry. */}}
{{- define "api.labels" -}}
app.kubernetes.io/part-of: video-creator
app.kubernetes.io/managed-by: wavetank
app.kubernetes.io/name: api
team: api
{{- end }}

{{/* By which the pods are selected; they cannot change. */}}
{{- define "api.selectorLabels" -}}
app.kubernetes.io/name: api
{{- end }}

{{/* An image reference from its repository, tag and digest. */}}
{{- define "api.image" -}}
{{- .repository -}}
{{- with .tag }}:{{ . }}{{ end -}}
{{- with .digest }}@{{ . }}{{ end -}}
{{- end }}
