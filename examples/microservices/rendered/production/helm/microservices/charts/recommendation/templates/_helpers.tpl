{{/* What all objects of the chart carry. */}}
{{- define "recommendation.labels" -}}
app.kubernetes.io/part-of: microservices
app.kubernetes.io/managed-by: wavetank
app.kubernetes.io/name: recommendation
team: ml
{{- end }}

{{/* By which the pods are selected; they cannot change. */}}
{{- define "recommendation.selectorLabels" -}}
app.kubernetes.io/name: recommendation
{{- end }}

{{/* An image reference from its repository, tag and digest. */}}
{{- define "recommendation.image" -}}
{{- .repository -}}
{{- with .tag }}:{{ . }}{{ end -}}
{{- with .digest }}@{{ . }}{{ end -}}
{{- end }}
