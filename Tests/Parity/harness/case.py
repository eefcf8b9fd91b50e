"""A case: one configuration, some traffic, and what of it is compared. Calling `case(...)` registers it."""

import os
import re
import sys
from dataclasses import dataclass, field
from functools import cached_property

from .actions import HostScript, reply

CASES, SLUGS = [], set()


@dataclass(frozen=True)
class Differs:
    """A difference on purpose: the rule that asks for it, why, and what Pillion must show instead.

    `pillion` maps a section (`client`, `upstreams`, `access log`, `stats`) to the texts that must stand in it, or
    must not, with a `!` before them; an empty list says that the section must be empty.
    """

    rule: str
    why: str
    pillion: dict
    # Section -> pairs of what stands in Pillion's, as a pattern, and what Envoy has in its place. All else is the same.
    instead: dict = field(default_factory=dict)


def differs(rule, why, **pillion):
    return Differs(rule, why, {name.replace("_", " "): texts for name, texts in pillion.items()})


def differs_in(rule, why, **sections):
    """A difference of a few words: with them replaced, Pillion must show what Envoy shows, to the byte."""
    return Differs(rule, why, {}, {name.replace("_", " "): tuple(pairs) for name, pairs in sections.items()})


def refused_as_malformed(rule, why):
    """The usual difference: Envoy lets it pass, Pillion answers 400 and closes, and no upstream ever hears of it."""
    return differs(rule, why, client=["HTTP/1.1 400 Bad Request", "connection: close"], upstreams=[])


@dataclass
class Case:
    name: str
    topic: str
    send: list = field(default_factory=list)
    # The configuration: each is merged over the default one (config.py).
    route: dict = field(default_factory=dict)  # the first route's action
    route_entry: dict = field(default_factory=dict)  # the first route itself
    routes: list = None
    vhost: dict = field(default_factory=dict)
    vhosts: list = None
    route_config: dict = field(default_factory=dict)
    router: dict = field(default_factory=dict)
    hcm: dict = field(default_factory=dict)
    tcp: dict = None
    listener: dict = field(default_factory=dict)
    chains: tuple = ({},)  # each is merged over the default filter chain
    cluster: dict = field(default_factory=dict)
    clusters: dict = field(default_factory=dict)
    bootstrap: dict = field(default_factory=dict)
    config: object = None  # a whole bootstrap instead, as a dict or as text
    flags: tuple = ()
    companion: dict = None  # a second bootstrap, always for the real Envoy: it listens on @companion@
    write: dict = field(default_factory=dict)  # files of the run's folder: name -> JSON or text
    log: object = True
    # The upstreams: scripts of cluster a's only host, or `host(...)`s; `hosts` shares the scripts among so many.
    upstream: list = None
    hosts: int = 1
    upstreams: dict = field(default_factory=dict)
    # What is compared.
    stats: tuple = ()
    scopes: tuple = (
        "cluster.",
        "http.h.",
        "tcp.t.",
        "listener.127.0.0.1_@listener@.ssl.",
        "tls_inspector.",
        "sds.",
        "http2.",
    )
    # Stats that an accident of Envoy's moves.
    ignored: tuple = ()
    unordered: bool = False
    rename_hosts: bool = False
    expected_timeout: bool = False
    rules: tuple = ()
    files: tuple = ()
    differs: Differs = None
    # The field that Pillion does not support yet: it must refuse the configuration, and say so.
    unsupported: str = None
    # For configuration cases only: "accepted" or "refused".
    verdict: str = None

    @cached_property
    def slug(self):
        return f"{self.topic}/" + re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")

    def host_scripts(self):
        """Cluster name -> list of (host name, HostScript, whether the scripts are shared)."""
        named = {"a": [reply(body="ok")] if self.upstream is None else self.upstream, **self.upstreams}
        result = {}
        for cluster, scripts in named.items():
            if scripts and isinstance(scripts[0], HostScript):
                result[cluster] = [(f"{cluster}{number}", script, False) for number, script in enumerate(scripts)]
            else:
                count = self.hosts if cluster == "a" else 1
                shared = HostScript(list(scripts))
                result[cluster] = [(f"{cluster}{number}", shared, True) for number in range(count)]
        return result


def register(name, **fields):
    frame = sys._getframe(2)
    while os.path.basename(os.path.dirname(frame.f_code.co_filename)) != "cases":
        frame = frame.f_back
    known = Case(name, os.path.splitext(os.path.basename(frame.f_code.co_filename))[0], **fields)
    if known.slug in SLUGS:
        raise ValueError(f"two cases are called {known.slug}")
    SLUGS.add(known.slug)
    CASES.append(known)
    return known


def case(name, **fields):
    """Traffic through both proxies."""
    return register(name, **fields)


def accepts(name, **fields):
    """Both must accept the configuration (`--mode validate`)."""
    return register(name, verdict="accepted", **fields)


def refuses(name, **fields):
    """Both must refuse the configuration; Pillion must say where it is wrong."""
    return register(name, verdict="refused", **fields)
