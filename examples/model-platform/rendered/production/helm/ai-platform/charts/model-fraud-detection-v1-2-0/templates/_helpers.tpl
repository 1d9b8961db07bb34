{{/* What all objects of the chart carry. */}}
{{- define "model-fraud-detection-v1-2-0.labels" -}}
app.kubernetes.io/part-of: ai-platform
app.kubernetes.io/managed-by: wavetank
{{- end }}

{{/* By which the pods are selected; they cannot change. */}}
{{- define "model-fraud-detection-v1-2-0.selectorLabels" -}}
app.kubernetes.io/name: model-fraud-detection-v1-2-0
{{- end }}

{{/* An image reference from its repository, tag and digest. */}}
{{- define "model-fraud-detection-v1-2-0.image" -}}
{{- .repository -}}
{{- with .tag }}:{{ . }}{{ end -}}
{{- with .digest }}@{{ . }}{{ end -}}
{{- end }}
