"""docs/parity.md: the page is made from the cases, so that it cannot say what no case proves."""

from .case import CASES

HEAD = """# Parity with Envoy

Pillion is meant to behave exactly like Envoy 1.40.0. `Tests/Parity` runs each case (a configuration and some traffic)
on both and compares, to the byte where bytes can be compared: what the client got, what the upstreams were sent, the
access log, the counters and gauges of the connection manager, tcp_proxy and the clusters, the admin's replies, the exit
code. Dates, generated ids, measured durations and ports are given names first; how a chunked body is cut into chunks is
not compared, nor are stats of bytes, buffers, flow control and of what goes on inside a process.

    Tests/Parity/run                           every case (Envoy is fetched into .cache/envoy by scripts/setup)
    Tests/Parity/run -k timeouts               one topic; -k route-timeout-gives picks by name
    Tests/Parity/run --show -k route-timeout   what Envoy alone does there, printed
    Tests/Parity/run --self-check              Envoy on both sides: proves the comparison itself

Why a TLS handshake failed Pillion says in words of its own, with the certificate's subject: compared is which check failed,
at which depth of the chain, with which alert and counter. (One alert of Envoy's, bad_certificate_hash_value, cannot be had
from OpenSSL: a wrong hash ends in certificate_unknown.)

HTTP/2 is compared by stream: heads (pseudo-headers sorted), bodies, trailers, RST_STREAM and GOAWAY with their codes, and
where a case asks for it SETTINGS, PING and WINDOW_UPDATE. Where Envoy ends a connection without a word, Pillion says why in a
GOAWAY; so it does when it ends a connection to an upstream (`cluster.NAME.http2.goaway_sent` is not compared).

What Pillion does not support yet it refuses at its start, naming the field (docs/configuration.md lists those), so no
case can show it. One thing works in Envoy without being asked for: outlier detection by success rate, in clusters of five
hosts or more that get 100 requests an interval. Pillion ejects for consecutive failures only.

This page is written by `Tests/Parity/run --write-docs` from the cases; a test holds it to them.

## Where Pillion differs on purpose

Where an RFC forbids what Envoy does, Pillion follows the RFC. Each such case says what Pillion must do instead, and
fails, too, if the two do the same: an exemption that is no longer needed does not stay.
"""

UNSUPPORTED = """## Not supported yet

Cases hold what Envoy does there. Pillion refuses the configuration, says so, and where the field is.
"""

COUNTS = """
## What is compared

{total} cases; in {different} of them the difference above is what is asserted.

| topic | cases | about |
| --- | --- | --- |
"""


def page(topics):
    """The page's text; `topics` maps a topic to the first line of its file."""
    lines = [HEAD]
    groups = {}
    for case in CASES:
        if case.differs:
            groups.setdefault((case.differs.rule, case.differs.why), []).append(case)
    for (rule, why), cases in groups.items():
        lines.append(f"### {rule}\n\n{sentence(why)}\n")
        lines.append("| case | Pillion shows |\n| --- | --- |")
        lines += [f"| `{case.slug}` | {shown(case.differs)} |" for case in cases]
        lines.append("")
    lines.append(UNSUPPORTED)
    lines += [f"* `{case.unsupported}` (`{case.slug}`)" for case in CASES if case.unsupported]
    lines.append("")
    lines.append(COUNTS.format(total=len(CASES), different=sum(bool(case.differs) for case in CASES)).strip("\n"))
    for topic, about in topics.items():
        count = sum(case.topic == topic for case in CASES)
        lines.append(f"| {topic} | {count} | {about} |")
    return "\n".join(lines) + "\n"


def sentence(text):
    return text[0].upper() + text[1:] + "."


def shown(differs):
    parts = []
    for section, pairs in differs.instead.items():
        parts.append(f"{section}: {', '.join(instead(*pair) for pair in pairs)}")
    for section, texts in differs.pillion.items():
        said = ", ".join(quoted(text) for text in texts) if texts else "nothing"
        parts.append(f"{section}: {said}")
    return "; ".join(parts)


def instead(pattern, envoys):
    pattern = pattern.removesuffix("\n").removeprefix("^")
    return quoted(pattern) + (f" where Envoy has {quoted(envoys)}" if envoys else " more")


def quoted(text):
    code = f"`{text.removeprefix('!').replace('|', chr(92) + '|')}`".replace(chr(10), chr(92) + "n")
    return f"no {code}" if text.startswith("!") else code
