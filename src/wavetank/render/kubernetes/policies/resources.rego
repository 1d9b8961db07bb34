package platformresources

violation contains {"msg": msg} if {
  some container in counted_containers
  some amount in ["cpu", "memory"]
  not stated(container, "requests", amount)
  msg := sprintf("container %v: no request of %v", [container.name, amount])
}

violation contains {"msg": msg} if {
  some container in counted_containers
  not stated(container, "limits", "memory")
  msg := sprintf("container %v: no limit of memory", [container.name])
}

# Where a request is missing Kubernetes takes the limit for it.
stated(container, half, amount) if {
  container.resources[half][amount]
}

stated(container, "requests", amount) if {
  container.resources.limits[amount]
}

# Ephemeral containers may not ask for anything.
counted_containers contains container if {
  some container in containers
}

counted_containers contains container if {
  some container in init_containers
}
