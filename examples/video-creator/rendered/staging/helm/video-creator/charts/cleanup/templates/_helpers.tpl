{{/* What all objects of the chart carry. */}}
{{- define "cleanup.labels" -}}
app.kubernetes.io/part-of: video-creator
app.kubernetes.io/managed-by: wavetank
app.kubernetes.io/name: cleanup
team: rendering
{{- end }}

{{/* By which the pods are selected; they cannot change. */}}
{{- define "cleanup.selectorLabels" -}}
app.kubernetes.io/name: cleanup
app.kubernetes.io/part-of: video-creator
team: rendering
{{- end }}

{{/* An image reference from its repository, tag and digest. */}}
{{- define "cleanup.image" -}}
{{- .repository -}}
{{- with .tag }}:{{ . }}{{ end -}}
{{- with .digest }}@{{ . }}{{ end -}}
{{- end }}
