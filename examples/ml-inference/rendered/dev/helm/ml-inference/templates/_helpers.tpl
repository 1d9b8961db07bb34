{{/* What all objects of the chart carry. */}}
{{- define "ml-inference.labels" -}}
app.kubernetes.io/part-of: ml-inference
app.kubernetes.io/managed-by: wavetank
{{- end }}
