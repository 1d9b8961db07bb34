# Public names and certificates of microservices, environment production.
# Rendered by wavetank from platform.yaml: change it there and render again.

resource "aws_route53_zone" "main" {
  # Certificates wait until the parent of this zone delegates to its name servers (output dns_name_servers).
  name = "example.com"
}
