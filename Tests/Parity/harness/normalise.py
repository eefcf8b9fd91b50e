"""What differs from run to run gets a name: dates, ids, durations, ports. All else is compared as it is."""

import re

from . import certificates
from .reasons import in_one_vocabulary

UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
IMF_DATE = re.compile(r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT")
ISO_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z")
SERVICE_TIME = re.compile(r"(x-envoy-upstream-service-time: )\d+", re.IGNORECASE)
EXPECTED_TIMEOUT = re.compile(r"(x-envoy-expected-rq-timeout-ms: )\d+", re.IGNORECASE)
LOOPBACK_PORT = re.compile(r"(127\.0\.0\.1[:_]|\[::1\]:)(\d{4,5})\b")
DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
ESCAPED_PEM = re.compile(r"-----BEGIN%20CERTIFICATE-----.*?-----END%20CERTIFICATE-----%0A")
BARE_PORT = re.compile(r"\b\d{5}\b")


class Normaliser:
    def __init__(self, ports, folder, rules=(), expected_timeout=False):
        self.names = {str(port): f"<{name}>" for name, port in ports.items()}
        self.folder, self.rules, self.expected_timeout = folder, rules, expected_timeout

    def __call__(self, text):
        text = text.replace(self.folder, "<dir>").replace(str(certificates.folder()), "<certs>")
        text = DIGEST.sub(lambda match: certificates.name_of(match[0]), text)
        text = ESCAPED_PEM.sub(lambda match: certificates.name_of(match[0]), text)
        text = UUID.sub("<uuid>", text)
        text = IMF_DATE.sub("<date>", text)
        text = ISO_DATE.sub("<time>", text)
        text = SERVICE_TIME.sub(r"\1<ms>", text)
        if self.expected_timeout:
            text = EXPECTED_TIMEOUT.sub(r"\1<ms>", text)
        text = LOOPBACK_PORT.sub(lambda match: match[1] + self.names.get(match[2], "<ephemeral>"), text)
        text = BARE_PORT.sub(lambda match: self.names.get(match[0], match[0]), text)
        text = in_one_vocabulary(text)
        for pattern, replacement in self.rules:
            text = re.sub(pattern, replacement, text)
        return text


def by_first_seen(sections, hosts):
    """Renames hosts in the order in which the upstreams saw traffic: a balancer may begin anywhere."""
    if not hosts:
        return sections
    known = "|".join(re.escape(name) for name in sorted(hosts, key=len, reverse=True))
    order = []
    for name in re.findall(rf"(?m)^({known}) connection", sections.get("upstreams", "")):
        if name not in order:
            order.append(name)
    order += [name for name in hosts if name not in order]
    renamed = {name: f"host{number}" for number, name in enumerate(order)}
    pattern = re.compile(rf"<({known})>|(?<![^\n])({known})(?= connection)")
    return {
        title: pattern.sub(lambda match: f"<{renamed[match[1]]}>" if match[1] else renamed[match[2]], text)
        for title, text in sections.items()
    }
