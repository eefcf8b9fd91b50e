"""`pillion ca`: what it makes is what OpenSSL, Go, Envoy and a TLS handshake accept; what goes wrong leaves the old."""

import contextlib
import json
import os
import random
import re
import resource
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import threading
import time
import urllib.error
import urllib.request

import pytest
from conftest import ROOT

ID = "spiffe://cluster.local/ns/default/sa/web"
HCM = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
TLS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3"
ISTIO_NAMES = {"cert-chain.pem", "key.pem", "root-cert.pem"}


class CA:
    """A folder to work in, and the command."""

    def __init__(self, pillion, folder):
        self.pillion = pillion
        self.folder = folder

    def run(self, *arguments, **options):
        return subprocess.run(
            [os.path.abspath(self.pillion), "ca", *map(str, arguments)], cwd=self.folder, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=60, check=False, **options,
        )  # fmt: skip

    def do(self, *arguments):
        done = self.run(*arguments)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    def verify(self, roots, chain):
        command = ["openssl", "verify", "-x509_strict", "-CAfile", roots, "-untrusted", chain, chain]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode == 0, done.stdout + done.stderr

    def content(self, folder):
        return {name: (self.folder / folder / name).read_bytes() for name in ISTIO_NAMES}


@pytest.fixture
def ca(pillion, tmp_path):
    ca = CA(pillion, tmp_path)
    ca.do("init")
    return ca


@pytest.fixture
def web(ca):
    ca.do("issue", "--service-account", "web", "--dns", "web.default.svc", "--dns", "localhost")
    return ca.folder / "web"


@pytest.mark.parametrize("key", ["p256", "rsa2048"])
def test_openssl_accepts_it_strictly(pillion, tmp_path, key):
    ca = CA(pillion, tmp_path)
    ca.do("init", "--key", key, "--trust-domain", "mesh")
    ca.do("issue", "--service-account", "web", "--key", key)
    assert ca.verify("web/root-cert.pem", "web/cert-chain.pem") == (True, "web/cert-chain.pem: OK\n")
    assert ca.verify("ca/root-cert.pem", "ca/cert-chain.pem") == (True, "ca/cert-chain.pem: OK\n")


def test_another_authority_does_not(ca, web):
    ca.do("init", "--ca", "other")
    assert not ca.verify("other/root-cert.pem", "web/cert-chain.pem")[0]


def test_go_accepts_it(ca, web, tmp_path):
    if not shutil.which("go") and os.environ.get("CI", "").lower() != "true":
        pytest.skip("no Go on this machine: scripts/setup test installs it")
    environment = {**os.environ, "GOCACHE": str(ROOT / ".cache/go"), "GO111MODULE": "off", "GOFLAGS": "-mod=mod"}

    def ask(name, roots="root-cert.pem"):
        command = ["go", "run", ROOT / "Tests/Configs/verify.go", web / roots, web / "cert-chain.pem", name]
        done = subprocess.run(
            [str(part) for part in [*command, web / "key.pem"]], env=environment, capture_output=True, text=True,
            timeout=300, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout

    assert ask("web.default.svc") == (0, ID + "\n")
    code, said = ask("other.example")
    assert code == 1
    assert "not other.example" in said


def test_envoy_loads_it(ca, web, envoy):
    files = {
        "tls_certificates": [{
            "certificate_chain": {"filename": str(web / "cert-chain.pem")},
            "private_key": {"filename": str(web / "key.pem")},
        }],
        "validation_context": {
            "trusted_ca": {"filename": str(web / "root-cert.pem")},
            "match_typed_subject_alt_names": [{"san_type": "URI", "matcher": {"prefix": "spiffe://cluster.local/"}}],
        },
    }  # fmt: skip
    context = {
        "@type": f"{TLS}.UpstreamTlsContext",
        "common_tls_context": files,
    }
    cluster = {
        "name": "web", "connect_timeout": "1s",
        "transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": context},
    }  # fmt: skip
    done = subprocess.run(
        [envoy, "--mode", "validate", "-l", "warning", "--config-yaml",
         json.dumps({"static_resources": {"clusters": [cluster]}})],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout + done.stderr) == (0, "configuration '' OK\n")


def handshake(server, client, name="web.default.svc"):
    """Mutual TLS between two folders, by Python's OpenSSL: what each saw of the other."""
    listening = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=server / "root-cert.pem")
    listening.load_cert_chain(server / "cert-chain.pem", server / "key.pem")
    listening.verify_mode = ssl.CERT_REQUIRED
    calling = ssl.create_default_context(cafile=client / "root-cert.pem")
    calling.load_cert_chain(client / "cert-chain.pem", client / "key.pem")
    near, far = socket.socketpair()
    near.settimeout(10)
    far.settimeout(10)
    seen = {}

    def serve():
        try:
            with listening.wrap_socket(far, server_side=True) as connection:
                seen["client"] = connection.getpeercert()
                connection.send(b"hello")
        except (OSError, ssl.SSLError) as error:
            seen["failure"] = str(error)
            far.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with calling.wrap_socket(near, server_hostname=name) as connection:
            seen["server"] = connection.getpeercert()
            seen["data"] = connection.recv(5)
    finally:
        thread.join(10)
    return seen


def test_two_services_meet(ca, web):
    ca.do("issue", "--namespace", "shop", "--service-account", "api")
    seen = handshake(web, ca.folder / "api")
    assert seen["data"] == b"hello"
    assert ("URI", ID) in seen["server"]["subjectAltName"]
    assert ("URI", "spiffe://cluster.local/ns/shop/sa/api") in seen["client"]["subjectAltName"]


def test_strangers_do_not(ca, web):
    ca.do("init", "--ca", "other")
    ca.do("issue", "--ca", "other", "--service-account", "api", "--out", "stranger")
    with pytest.raises(ssl.SSLError, match="certificate verify failed"):
        handshake(web, ca.folder / "stranger")


def test_files_are_the_owners_alone(ca, web):
    for folder, names in ((web, ISTIO_NAMES), (ca.folder / "ca", {"ca-key.pem", "root-key.pem", "ca-cert.pem"})):
        for name in names:
            assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_nothing_is_overwritten(ca, web):
    before = {path: path.read_bytes() for path in (ca.folder / "ca").iterdir() if path.is_file()}
    again = ca.run("init")
    assert (again.returncode, again.stderr) == (
        1, "ca/root-cert.pem: exists, and is not overwritten: take another folder (--ca)\n",
    )  # fmt: skip
    again = ca.run("issue", "--service-account", "web")
    assert again.returncode == 1
    assert again.stderr.startswith("web/cert-chain.pem: exists")
    assert {path: path.read_bytes() for path in before} == before


def test_rotating_changes_all_at_once_and_tells_watchers(ca, web):
    before = ca.content("web")
    inode = {name: (web / name).lstat().st_ino for name in ISTIO_NAMES}
    version = os.readlink(web / "..data")
    ca.do("rotate", "web")
    after = ca.content("web")
    assert before["key.pem"] != after["key.pem"]
    assert before["root-cert.pem"] == after["root-cert.pem"]
    assert ca.verify("web/root-cert.pem", "web/cert-chain.pem")[0]
    assert os.readlink(web / "..data") != version
    assert not (web / version).exists()
    assert all((web / name).lstat().st_ino != inode[name] for name in ISTIO_NAMES)
    assert len(list(web.iterdir())) == len(ISTIO_NAMES) + 2


def test_only_what_is_due_is_rotated(ca, web):
    before = ca.content("web")
    assert ca.do("rotate", "--due", "web") == "web/cert-chain.pem: not due yet\n"
    assert ca.content("web") == before


def test_a_full_disk_leaves_the_old_files(ca, web):
    def no_more_room():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))

    before = ca.content("web")
    entries = sorted(os.listdir(web))
    done = ca.run("rotate", "web", preexec_fn=no_more_room)
    assert done.returncode == 1
    assert "cert-chain.pem: cannot be written: File too large" in done.stderr
    assert ca.content("web") == before
    assert sorted(os.listdir(web)) == entries
    done = ca.run("init", "--ca", "new", preexec_fn=no_more_room)
    assert done.returncode == 1
    assert os.listdir(ca.folder / "new") == []


def test_a_new_root_is_noticed_by_nobody(ca, web):
    ca.do("issue", "--service-account", "api", "--dns", "api")
    first = (web / "root-cert.pem").read_bytes()
    for step, roots in (("begin", 2), ("switch", 2), ("finish", 1)):
        assert f"{roots} root" in ca.do("rotate-root", step)
        ca.do("rotate", "web")
        assert handshake(web, ca.folder / "api")["data"] == b"hello"
        ca.do("rotate", "api")
        assert handshake(web, ca.folder / "api")["data"] == b"hello"
    assert (web / "root-cert.pem").read_bytes() != first
    assert not (ca.folder / "ca/root-next-key.pem").is_symlink()
    wrong = ca.run("rotate-root", "finish")
    assert (wrong.returncode, wrong.stderr) == (1, "ca: there is no old root: the first step is begin\n")


def test_a_new_intermediate_is_noticed_by_nobody(ca, web):
    ca.do("issue", "--service-account", "api")
    ca.do("rotate-intermediate", "--life", "48h")
    assert handshake(web, ca.folder / "api")["data"] == b"hello"
    ca.do("rotate", "web")
    assert handshake(web, ca.folder / "api")["data"] == b"hello"


def test_without_the_roots_key_it_still_issues(ca):
    (ca.folder / "ca/root-key.pem").unlink()
    ca.do("issue", "--service-account", "web")
    done = ca.run("rotate-intermediate")
    assert (done.returncode, done.stderr) == (1, "ca: root-key.pem is not there, which the new intermediate needs\n")


def test_show_says_it_in_plain_words(ca, web):
    said = ca.do("show", "web/cert-chain.pem", "--roots", "ca/root-cert.pem")
    for words in (
        f"1. the certificate of {ID}\n", "DNS names    web.default.svc, localhost\n",
        "issued by    O=cluster.local, CN=Pillion intermediate\n", "(2 min ", "(in 2",
        "key          EC P-256\n", "for          digital signature, TLS server, TLS client\n",
        "2. an intermediate authority\n", "may sign     workloads only\n", "trusted by the roots given\n",
    ):  # fmt: skip
        assert words in said


def test_show_never_prints_a_key(ca, web):
    secret = (web / "key.pem").read_text().splitlines()[1]
    assert ca.do("show", "web/key.pem") == "web/key.pem: a private key: EC P-256 (not shown)\n"
    both = ca.folder / "both.pem"
    both.write_text((web / "key.pem").read_text() + (web / "cert-chain.pem").read_text())
    said = ca.do("show", both)
    assert "a private key: EC P-256 (not shown)" in said
    assert secret not in said


def test_show_finds_problems(ca, web):
    ca.do("issue", "--service-account", "brief", "--life", "1s")
    chain = (web / "cert-chain.pem").read_text().split("-----END CERTIFICATE-----\n")
    end = "-----END CERTIFICATE-----\n"
    turned = ca.folder / "turned.pem"
    turned.write_text(chain[1] + end + chain[0] + end)
    done = ca.run("show", turned)
    assert done.returncode == 1
    assert "PROBLEM: certificate 1 is not signed by certificate 2: its issuer is O=cluster.local" in done.stdout
    ca.do("init", "--ca", "other")
    done = ca.run("show", "web/cert-chain.pem", "--roots", "other/root-cert.pem")
    assert done.returncode == 1
    assert "PROBLEM: not trusted: unable to get local issuer certificate" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["issue"], 2, "Missing expected argument"),
        (["issue", "--service-account", "a/b"], 2, "the service account 'a/b' is not"),
        (["issue", "--service-account", "a", "--dns", "-"], 2, "'-' is no DNS name"),
        (["issue", "--service-account", "a", "--life", "0h"], 2, "'0h' is invalid"),
        (["issue", "--service-account", "a", "--life", "99999999999999999999h"], 2, "is invalid"),
        (["init", "--ca", "b", "--trust-domain", "A/b"], 2, "the trust domain 'A/b' is not"),
        (["rotate-root", "sideways"], 2, "'sideways' is invalid"),
        (["issue", "--ca", "none", "--service-account", "a"], 1, "none: holds no certificate authority"),
        (["rotate", "none"], 1, "none/cert-chain.pem: cannot be opened: No such file or directory"),
        (["rotate-intermediate", "--ca", "none"], 1, "none: is not there"),
        (["show", "/etc/passwd"], 1, "/etc/passwd: holds no certificate"),
        (["show", "/dev/zero"], 1, "/dev/zero: is no regular file"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_wrong_is_said(ca, arguments, code, said):
    done = ca.run(*arguments)
    assert done.returncode == code
    assert said in done.stderr
    assert done.stdout == ""


SDS = """
resources:
  - "@type": {TLS}.Secret
    name: own
    tls_certificate:
      certificate_chain: {{filename: {folder}/cert-chain.pem}}
      private_key: {{filename: {folder}/key.pem}}
"""
BOOTSTRAP = """
node: {{id: a, cluster: a}}
admin: {{address: {{socket_address: {{address: 127.0.0.1, port_value: 0}}}}}}
static_resources:
  listeners:
    - name: mtls
      address: {{socket_address: {{address: 127.0.0.1, port_value: 0}}}}
      filter_chains:
        - transport_socket:
            name: envoy.transport_sockets.tls
            typed_config:
              "@type": {TLS}.DownstreamTlsContext
              require_client_certificate: true
              common_tls_context:
                tls_certificate_sds_secret_configs:
                  - {{name: own, sds_config: {{path_config_source: {{path: {sds}}}}}}}
                validation_context: {{trusted_ca: {{filename: {folder}/root-cert.pem}}}}
          filters:
            - name: http
              typed_config:
                "@type": type.googleapis.com/{HCM}
                stat_prefix: ingress
                http_filters:
                  - name: router
                    typed_config: {{"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}
                route_config:
                  virtual_hosts:
                    - name: all
                      domains: ["*"]
                      routes: [{{match: {{prefix: /}}, direct_response: {{status: 200}}}}]
"""


class Serving:
    """A proxy that asks for client certificates and watches its own."""

    def __init__(self, binary, folder, certificates):
        sds = folder / "sds.yaml"
        sds.write_text(SDS.format(TLS=TLS, folder=certificates))
        config = folder / "mtls.yaml"
        config.write_text(BOOTSTRAP.format(TLS=TLS, HCM=HCM, sds=sds, folder=certificates))
        self.address = folder / "admin"
        self.process = subprocess.Popen(
            [binary, "-c", config, "--admin-address-path", self.address, "-l", "error", "--use-dynamic-base-id"],
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def __enter__(self):
        self.port = int(self.until(self.find_port))
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(10)

    @staticmethod
    def until(ask):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                if found := ask():
                    return found
            except OSError:
                pass
            time.sleep(0.02)
        return pytest.fail("it did not come")

    def find_port(self):
        with urllib.request.urlopen(f"http://{self.address.read_text()}/listeners", timeout=5) as response:
            return response.read().decode().strip().rpartition(":")[2]

    def serial(self, client):
        """A handshake and a request with this folder's certificate: the serial number that the proxy showed."""
        calling = ssl.create_default_context(cafile=client / "root-cert.pem")
        calling.load_cert_chain(client / "cert-chain.pem", client / "key.pem")
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        with calling.wrap_socket(plain, server_hostname="localhost") as connection:
            connection.send(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
            assert connection.recv(12) == b"HTTP/1.1 200"
            return connection.getpeercert()["serialNumber"]


def test_a_proxy_takes_it_and_its_rotation(ca, web, envoy):
    ca.do("issue", "--service-account", "api")
    client = ca.folder / "api"
    with Serving(envoy, ca.folder, web) as serving:
        first = serving.serial(client)
        ca.do("rotate", "web")
        second = serving.until(lambda: (serial := serving.serial(client)) != first and serial)
        expected = subprocess.run(
            ["openssl", "x509", "-noout", "-serial", "-in", web / "cert-chain.pem"], capture_output=True, text=True,
            timeout=60, check=True,
        ).stdout  # fmt: skip
        assert expected == f"serial={second}\n"


class Tour:
    """The services of the folder mtls, each behind its sidecar, on ports that are free."""

    def __init__(self, ca):
        self.folder = ca.folder
        self.ports = {}
        for path in (ROOT / "Tests/Configs/mtls").iterdir():
            text = re.sub(r"port_value: (\d+)", lambda match: f"port_value: {self.port(match[1])}", path.read_text())
            target = self.folder / "mtls" / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        ca.do("init", "--ca", "certs/ca")
        for name in ("api", "web", "stranger"):
            ca.do("issue", "--ca", "certs/ca", "--service-account", name, "--out", f"certs/{name}")
        self.processes = []

    def port(self, number):
        """A free one below those that the kernel gives to clients, who could take it before its proxy does."""
        while number not in self.ports:
            candidate = random.randrange(20000, 32000)
            with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", candidate)):
                self.ports[number] = candidate
        return self.ports[number]

    def start(self, binary, name):
        flags = ["--use-dynamic-base-id", "-l", "error"]
        command = [os.path.abspath(binary), "-c", f"mtls/{name}.yaml", *flags]
        self.processes.append(
            subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait(10)

    def ask(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port('10000')}/", timeout=5) as response:
            return response.headers["x-caller"], response.headers["x-tls"], response.read()

    def call(self, name):
        """Calls the api as this service, or as nobody: the status, or why there is none."""
        calling = ssl.create_default_context(cafile=self.folder / "certs/ca/root-cert.pem")
        calling.check_hostname = False
        if name:
            folder = self.folder / "certs" / name
            calling.load_cert_chain(folder / "cert-chain.pem", folder / "key.pem")
        try:
            url = f"https://127.0.0.1:{self.port('10443')}/"
            with urllib.request.urlopen(url, timeout=5, context=calling) as response:
                return response.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError as error:
            return str(error)


@pytest.mark.parametrize("api", ["pillion", "envoy"])
@pytest.mark.parametrize("web", ["pillion", "envoy"])
def test_the_tour(pillion, tmp_path, request, api, web):
    ca = CA(pillion, tmp_path)
    hello = ("spiffe://cluster.local/ns/default/sa/web", "TLSv1.3", b"the api says hello\n")
    with Tour(ca) as tour:
        tour.start(request.getfixturevalue(api), "api")
        tour.start(request.getfixturevalue(web), "web")
        assert Serving.until(tour.ask) == hello
        for _ in range(3):
            ca.do("rotate", "--ca", "certs/ca", "certs/api", "certs/web")
            assert tour.ask() == hello
        assert tour.call("web") == 200
        assert tour.call("stranger") == 403
        assert isinstance(tour.call(None), str)
