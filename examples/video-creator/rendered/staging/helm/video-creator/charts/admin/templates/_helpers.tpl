{{/* What all objects of the chart carry. */}}
{{- define "admin.labels" -}}
app.kubernetes.io/part-of: video-creator
app.kubernetes.io/managed-by: wavetank
app.kubernetes.io/name: admin
team: web
{{- end }}

{{/* By which the pods are selected; they cannot change. */}}
{{- define "admin.selectorLabels" -}}
app.kubernetes.io/name: admin
{{- end }}

{{/* An image reference from its repository, tag and digest. */}}
{{- define "admin.image" -}}
{{- .repository -}}
{{- with .tag }}:{{ . }}{{ end -}}
{{- with .digest }}@{{ . }}{{ end -}}
{{- end }}
