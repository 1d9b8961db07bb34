# Where the containers of an object are. Shared by all rules.
package pods

pod_spec := spec if {
  input.review.object.kind == "Pod"
  spec := input.review.object.spec
}

pod_spec := spec if {
  input.review.object.kind == "CronJob"
  spec := input.review.object.spec.jobTemplate.spec.template.spec
}

pod_spec := spec if {
  not made_directly
  spec := input.review.object.spec.template.spec
}

pod_labels := labels if {
  input.review.object.kind == "Pod"
  labels := object.get(input.review.object.metadata, "labels", {})
}

pod_labels := labels if {
  input.review.object.kind == "CronJob"
  labels := object.get(object.get(input.review.object.spec.jobTemplate.spec.template, "metadata", {}), "labels", {})
}

pod_labels := labels if {
  not made_directly
  labels := object.get(object.get(input.review.object.spec.template, "metadata", {}), "labels", {})
}

made_directly if {
  input.review.object.kind == "Pod"
}

made_directly if {
  input.review.object.kind == "CronJob"
}

containers contains container if {
  some container in pod_spec.containers
}

init_containers contains container if {
  some container in pod_spec.initContainers
}

all_containers contains container if {
  some container in containers
}

all_containers contains container if {
  some container in init_containers
}

all_containers contains container if {
  some container in pod_spec.ephemeralContainers
}
