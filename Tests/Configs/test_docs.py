"""The pages hold together: links lead somewhere, and what they name in the code is there."""

import re

import pytest
from conftest import ROOT

PAGES = sorted(
    path.relative_to(ROOT) for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("bench/*.md")]
)
CODE = "\n".join(path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("Sources/**/*.swift")))


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", text)
    assert [target for target in targets if not (ROOT / page).parent.joinpath(target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_commands_are_there(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    named = set(re.findall(r"(?<![\w/.])((?:scripts|bench|Tests/Parity|Tests/Pressure)/[a-z]+)(?![\w/.])", text))
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_types_of_the_architecture_are_in_the_code():
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    quoted = re.findall(r"`([A-Z]\w+)(?:\.\w+)?`", text)
    drawn = re.findall(r"^    \s*(?:\| )?([A-Z][A-Za-z]+[A-Z]\w+|Acceptor|Connection)\s", text, re.MULTILINE)
    known = {path.name for path in (ROOT / "Sources").rglob("*") if path.is_dir()}
    missing = [name for name in {*quoted, *drawn} - known if not re.search(rf"\b{name}\b", CODE)]
    assert sorted(missing) == []
