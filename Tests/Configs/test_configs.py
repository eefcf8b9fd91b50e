"""Every file of configs/ is one that Pillion takes, and the real Envoy too, without a warning; what the decoder's tests
accept, Envoy accepts."""

import subprocess

import pytest
from conftest import ROOT

FILES = sorted(path.relative_to(ROOT) for path in (ROOT / "configs").iterdir())

ACCEPTED = sorted(path.relative_to(ROOT) for path in (ROOT / "Tests/EnvoyConfigTests/Accepted").iterdir())


def run(*command):
    done = subprocess.run(
        [str(part) for part in command], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_there_are_examples():
    assert len(FILES) >= 7


@pytest.mark.parametrize("file", FILES, ids=str)
def test_pillion_accepts(file, pillion):
    for command in ((pillion, "--mode", "validate", "-c", file), (pillion, "validate", file)):
        code, said = run(*command)
        assert (code, said) == (0, f"configuration '{file}' OK\n")


@pytest.mark.parametrize("file", FILES, ids=str)
def test_envoy_accepts(file, envoy):
    code, said = run(envoy, "--mode", "validate", "-c", file, "-l", "warning")
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
