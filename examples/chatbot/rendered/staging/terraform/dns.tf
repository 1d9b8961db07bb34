# Public names and certificates of chatbot, environment staging.
# Rendered by wavetank from platform.yaml: change it there and render again.

resource "aws_route53_zone" "main" {
  # Certificates wait until the parent of this zone delegates to its name servers (output dns_name_servers).
  name = "staging.chatbot.example.com"
}

resource "aws_acm_certificate" "chatbot" {
  domain_name       = "staging.chatbot.example.com"
  validation_method = "DNS"
  tags = {
    Name = "chatbot"
  }

  lifecycle {
    # A load balancer keeps the old certificate until the new one is there.
    create_before_destroy = true
  }
}

resource "aws_route53_record" "chatbot_validation" {
  for_each = { for option in aws_acm_certificate.chatbot.domain_validation_options : option.domain_name => option }
  zone_id  = aws_route53_zone.main.zone_id
  name     = each.value.resource_record_name
  type     = each.value.resource_record_type
  records  = [each.value.resource_record_value]
  ttl      = 300
  # A name and its wildcard are proved by one and the same record.
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "chatbot" {
  certificate_arn         = aws_acm_certificate.chatbot.arn
  validation_record_fqdns = [for record in aws_route53_record.chatbot_validation : record.fqdn]
}
