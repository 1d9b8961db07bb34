{{/* What all objects of the chart carry. */}}
{{- define "frontend.labels" -}}
app.kubernetes.io/part-of: microservices
app.kubernetes.io/managed-by: wavetank
app.kubernetes.io/name: frontend
team: edge
{{- end }}

{{/* By which the pods are selected; they cannot change. */}}
{{- define "frontend.selectorLabels" -}}
app.kubernetes.io/name: frontend
{{- end }}

{{/* An image reference from its repository, tag and digest. */}}
{{- define "frontend.image" -}}
{{- .repository -}}
{{- with .tag }}:{{ . }}{{ end -}}
{{- with .digest }}@{{ . }}{{ end -}}
{{- end }}
