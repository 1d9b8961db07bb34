{{/* What all objects of the chart carry. */}}
{{- define "chatbot.labels" -}}
app.kubernetes.io/part-of: chatbot
app.kubernetes.io/managed-by: wavetank
{{- end }}
