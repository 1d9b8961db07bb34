{{/* What all objects of the chart carry. */}}
{{- define "video-creator.labels" -}}
app.kubernetes.io/part-of: video-creator
app.kubernetes.io/managed-by: wavetank
{{- end }}
