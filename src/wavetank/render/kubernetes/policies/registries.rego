package platformregistries

violation contains {"msg": msg} if {
  some container in all_containers
  not from_allowed(container.image)
  msg := sprintf("container %v: image %v is not of an allowed registry", [container.name, container.image])
}

from_allowed(image) if {
  some prefix in input.parameters.prefixes
  endswith(prefix, "/")
  startswith(image, prefix)
}

from_allowed(image) if {
  image in input.parameters.prefixes
}

# A repository is followed by its tag, its digest or a path below it: "nginx" does not allow "nginx-of-somebody".
from_allowed(image) if {
  some prefix in input.parameters.prefixes
  not endswith(prefix, "/")
  some separator in [":", "@", "/"]
  startswith(image, concat("", [prefix, separator]))
}
