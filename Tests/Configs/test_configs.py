"""Every file of configs/ is one that Pillion takes, and the real Envoy too, without a warning; what the decoder's tests
accept, Envoy accepts."""

import subprocess

import pytest
from conftest import ROOT

FILES = sorted((ROOT / "configs").iterdir())

ACCEPTED = sorted(path.relative_to(ROOT) for path in (ROOT / "Tests/EnvoyConfigTests/Accepted").iterdir())


@pytest.fixture(scope="session")
def beside_certificates(pillion, tmp_path_factory):
    """A folder with the certificates that the examples name, made as they say."""
    folder = tmp_path_factory.mktemp("certificates")
    for command in ("init", "issue --service-account web", "issue --service-account api --dns api.example"):
        code, said = run(pillion, "ca", *command.split(), cwd=folder)
        assert code == 0, said
    return folder


def run(*command, cwd=ROOT):
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_there_are_examples():
    assert len(FILES) >= 10


def name(file):
    return file.name


@pytest.mark.parametrize("file", FILES, ids=name)
def test_pillion_accepts(file, pillion, beside_certificates):
    for command in ((pillion, "--mode", "validate", "-c", file), (pillion, "validate", file)):
        code, said = run(*command, cwd=beside_certificates)
        assert (code, said) == (0, f"configuration '{file}' OK\n")


@pytest.mark.parametrize("file", FILES, ids=name)
def test_envoy_accepts(file, envoy, beside_certificates):
    code, said = run(envoy, "--mode", "validate", "-c", file, "-l", "warning", cwd=beside_certificates)
    assert (code, said) == (0, f"configuration '{file}' OK\n")


@pytest.mark.parametrize("file", ACCEPTED, ids=str)
def test_envoy_accepts_what_the_decoder_accepts(file, envoy):
    code, said = run(envoy, "--mode", "validate", "-c", file, "-l", "critical")
    assert (code, said) == (0, f"configuration '{file}' OK\n")


def test_a_wrong_file_is_refused_with_its_place(pillion, tmp_path):
    file = tmp_path / "wrong.yaml"
    file.write_text((ROOT / "configs/minimal.yaml").read_text().replace("connect_timeout:", "connect_timeot:"))
    line = next(number for number, text in enumerate(file.read_text().splitlines(), 1) if "connect_timeot" in text)
    code, said = run(pillion, "validate", file)
    assert code == 1
    assert said.startswith(f"{file}:{line}:7: static_resources.clusters[0].connect_timeot: unknown field")
    assert "did you mean connect_timeout?" in said
