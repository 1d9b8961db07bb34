package platformversions

violation contains {"msg": msg} if {
  some container in all_containers
  input.parameters.digest
  not has_digest(container.image)
  msg := sprintf("container %v: image %v is not named by digest", [container.name, container.image])
}

violation contains {"msg": msg} if {
  some container in all_containers
  not input.parameters.digest
  not has_digest(container.image)
  not has_fixed_tag(container.image)
  msg := sprintf("container %v: image %v has no tag, or latest", [container.name, container.image])
}

has_digest(image) if {
  regex.match("@sha256:[0-9a-f]{64}$", image)
}

has_fixed_tag(image) if {
  parts := split(image, "/")
  last := parts[count(parts) - 1]
  contains(last, ":")
  not endswith(last, ":latest")
}
