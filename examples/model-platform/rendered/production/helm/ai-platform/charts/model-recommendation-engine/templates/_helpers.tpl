{{/* What all objects of the chart carry. */}}
{{- define "model-recommendation-engine.labels" -}}
app.kubernetes.io/part-of: ai-platform
app.kubernetes.io/managed-by: wavetank
{{- end }}

{{/* By which the pods are selected; they cannot change. */}}
{{- define "model-recommendation-engine.selectorLabels" -}}
app.kubernetes.io/name: model-recommendation-engine
{{- end }}

{{/* An image reference from its repository, tag and digest. */}}
{{- define "model-recommendation-engine.image" -}}
{{- .repository -}}
{{- with .tag }}:{{ . }}{{ end -}}
{{- with .digest }}@{{ . }}{{ end -}}
{{- end }}
