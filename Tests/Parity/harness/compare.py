"""Two observations side by side: a unified diff for each section in which they differ."""

import difflib
import re

# A refusal must say where: FILE:LINE:COL.
PLACE = re.compile(r"envoy\.(json|yaml):\d+:\d+: ")
NOT_COMPARED = ("said",)


def differences(envoy, pillion):
    """Readable text; empty if everybody saw the same."""
    blocks = []
    for title in [*envoy, *(name for name in pillion if name not in envoy)]:
        left, right = envoy.get(title, "(nothing)"), pillion.get(title, "(nothing)")
        if left != right and title not in NOT_COMPARED:
            lines = difflib.unified_diff(left.splitlines(), right.splitlines(), "envoy", "pillion", lineterm="", n=4)
            blocks.append(f"=== {title} ===\n" + "\n".join(lines))
    return "\n\n".join(blocks)


def traffic(observation):
    return {name: text for name, text in observation.items() if name not in ("stats", "exit")}


def judge(case, envoy, pillion, self_check):
    """The fault as text, or an empty text when the case holds."""
    if "proxy" in envoy:
        return f"Envoy itself failed: {envoy['proxy']}"
    if case.unsupported and not self_check:
        return judge_unsupported(case, pillion)
    if "proxy" in pillion:
        return f"Pillion failed: {pillion['proxy']}"
    found = differences(envoy, pillion)
    if case.verdict and envoy.get("verdict") != case.verdict:
        return f"the case says {case.verdict}, but Envoy says {envoy.get('verdict')}:\n{envoy.get('said')}"
    if self_check:
        return found
    if case.verdict:
        return judge_verdict(case, pillion, found)
    if case.differs is None:
        return found
    return judge_exemption(case, envoy, pillion)


def judge_unsupported(case, pillion):
    said = pillion.get("proxy", "")
    if f".{case.unsupported}: Envoy has this field, Pillion does not support it yet" in said and PLACE.search(said):
        return ""
    return f"Pillion should refuse {case.unsupported} as not supported yet, but did not:\n{said}"


def judge_verdict(case, pillion, found):
    said = pillion.get("said", "")
    if case.differs is not None:
        wanted = case.differs.pillion.get("verdict")
        if wanted == pillion.get("verdict"):
            return ""
        return f"Pillion should say {wanted}, but says {pillion.get('verdict')}:\n{said}"
    if found:
        return f"{found}\n\npillion said:\n{said}"
    if case.verdict == "refused" and not PLACE.search(said):
        return f"Pillion refuses, but does not say where (FILE:LINE:COL: …):\n{said}"
    return ""


def judge_exemption(case, envoy, pillion):
    if traffic(envoy) == traffic(pillion):
        return f"exempted ({case.differs.rule}: {case.differs.why}), yet both do the same: drop the exemption"
    faults = []
    if case.differs.instead:
        pillion = dict(pillion)
        for section, pairs in case.differs.instead.items():
            for pattern, envoys in pairs:
                pillion[section], count = re.subn(pattern, envoys, pillion.get(section, ""), flags=re.MULTILINE)
                if not count:
                    faults.append(f"{section}: lacks {pattern!r}")
        faults.append(differences(envoy, pillion))
        return "\n\n".join(fault for fault in faults if fault)
    for section, wanted in case.differs.pillion.items():
        text = pillion.get(section, "")
        if not wanted and text:
            faults.append(f"{section}: should be empty, but is\n{text}")
        for part in wanted:
            absent, part = part.startswith("!"), part.removeprefix("!")
            if (part in text) == absent:
                faults.append(f"{section}: {'has' if absent else 'lacks'} {part!r}:\n{text}")
    return "\n\n".join(faults)
