package platformlabels

violation contains {"msg": msg} if {
  some label in input.parameters.labels
  not has_label(label)
  msg := sprintf("pods need the label %v", [label])
}

has_label(label) if {
  pod_labels[label] != ""
}
