{{/* What all objects of the chart carry. */}}
{{- define "microservices.labels" -}}
app.kubernetes.io/part-of: microservices
app.kubernetes.io/managed-by: wavetank
{{- end }}
