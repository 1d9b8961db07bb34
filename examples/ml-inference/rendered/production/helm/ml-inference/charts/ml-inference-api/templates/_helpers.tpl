{{/* What all objects of the chart carry. */}}
{{- define "ml-inference-api.labels" -}}
app.kubernetes.io/part-of: ml-inference
app.kubernetes.io/managed-by: wavetank
app.kubernetes.io/name: ml-inference-api
{{- end }}

{{/* By which the pods are selected; they cannot change. */}}
{{- define "ml-inference-api.selectorLabels" -}}
app.kubernetes.io/name: ml-inference-api
{{- end }}

{{/* An image reference from its repository, tag and digest. */}}
{{- define "ml-inference-api.image" -}}
{{- .repository -}}
{{- with .tag }}:{{ . }}{{ end -}}
{{- with .digest }}@{{ . }}{{ end -}}
{{- end }}
