{{/* What all objects of the chart carry. */}}
{{- define "worker.labels" -}}
app.kubernetes.io/part-of: video-creator
app.kubernetes.io/managed-by: wavetank
app.kubernetes.io/name: worker
team: rendering
{{- end }}

{{/* By which the pods are selected; they cannot change. */}}
{{- define "worker.selectorLabels" -}}
app.kubernetes.io/name: worker
{{- end }}

{{/* An image reference from its repository, tag and digest. */}}
{{- define "worker.image" -}}
{{- .repository -}}
{{- with .tag }}:{{ . }}{{ end -}}
{{- with .digest }}@{{ . }}{{ end -}}
{{- end }}
