package platformsignatures

answer := response if {
  images := [container.image | some container in all_containers; startswith(container.image, input.parameters.prefix)]
  count(images) > 0
  response := external_data({"provider": "ratify-provider", "keys": images})
}

violation contains {"msg": msg} if {
  answer.system_error != ""
  msg := sprintf("signatures cannot be verified: %v", [answer.system_error])
}

violation contains {"msg": msg} if {
  some error in answer.errors
  msg := sprintf("image %v: its signature cannot be verified: %v", [error[0], error[1]])
}

violation contains {"msg": msg} if {
  some result in answer.responses
  not result[1].isSuccess
  msg := sprintf("image %v has no signature that counts", [result[0]])
}
