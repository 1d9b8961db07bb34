{{/* What all objects of the chart carry. */}}
{{- define "scheduler.labels" -}}
app.kubernetes.io/part-of: video-creator
app.kubernetes.io/managed-by: wavetank
app.kubernetes.io/name: scheduler
team: rendering
{{- end }}

{{/* By which the pods are selected; they cannot change. */}}
{{- define "scheduler.selectorLabels" -}}
app.kubernetes.io/name: scheduler
{{- end }}

{{/* An image reference from its repository, tag and digest. */}}
{{- define "scheduler.image" -}}
{{- .repository -}}
{{- with .tag }}:{{ . }}{{ end -}}
{{- with .digest }}@{{ . }}{{ end -}}
{{- end }}
