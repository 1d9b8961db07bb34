{{/* What all objects of the chart carry. */}}
{{- define "batch-scoring.labels" -}}
app.kubernetes.io/part-of: ai-platform
app.kubernetes.io/managed-by: wavetank
app.kubernetes.io/name: batch-scoring
team: risk
{{- end }}

{{/* By which the pods are selected; they cannot change. */}}
{{- define "batch-scoring.selectorLabels" -}}
app.kubernetes.io/name: batch-scoring
app.kubernetes.io/part-of: ai-platform
team: risk
{{- end }}

{{/* An image reference from its repository, tag and digest. */}}
{{- define "batch-scoring.image" -}}
{{- .repository -}}
{{- with .tag }}:{{ . }}{{ end -}}
{{- with .digest }}@{{ . }}{{ end -}}
{{- end }}
