"""What the API does with a request, one file per kind of request. Handlers take the edge and an exchange."""
