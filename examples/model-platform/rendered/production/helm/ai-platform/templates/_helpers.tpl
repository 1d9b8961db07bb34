{{/* What all objects of the chart carry. */}}
{{- define "ai-platform.labels" -}}
app.kubernetes.io/part-of: ai-platform
app.kubernetes.io/managed-by: wavetank
{{- end }}
