package platformprobes

violation contains {"msg": msg} if {
  runs_long
  some container in containers
  some probe in ["readinessProbe", "livenessProbe"]
  not container[probe]
  msg := sprintf("container %v: no %v", [container.name, probe])
}

runs_long if {
  object.get(pod_spec, "restartPolicy", "Always") == "Always"
}
