"""From samples to medians, ratios, the goals of issues 2 to 4 and text. Memory: MB and kB of 10^6 and 10^3 bytes."""

import datetime
import platform
import subprocess
from statistics import median

from . import ROOT

_FIGURES = ["cpu_us", "rps", "p50_us", "p99_us", "rss_idle", "rss_load", "startup_ms", "bytes_per_connection",
            "proxy_cpu_share", "other_work", "stolen"]


def summary(runs):
    """The medians of each run, by label."""
    medians = {}
    for run in runs:
        if not run.samples:
            continue
        row = {key: median(s[key] for s in run.samples) for key in _FIGURES if key in run.samples[0]}
        row["errors"] = sum(sum(sample["errors"].values()) for sample in run.samples)
        if "cpu_us" in row:
            row["cpu_us_spread"] = [min(s["cpu_us"] for s in run.samples), max(s["cpu_us"] for s in run.samples)]
        medians[run.label] = row
    return medians


def ratio(runs, label, base, key="cpu_us"):
    """The median, over the rounds that both have, of label's figure over base's in the same round; None if none."""
    by_label = {run.label: {sample["round"]: sample for sample in run.samples} for run in runs}
    ours, theirs = by_label.get(label, {}), by_label.get(base, {})
    quotients = [ours[n][key] / theirs[n][key] for n in ours if n in theirs and theirs[n].get(key)]
    return median(quotients) if quotients else None


def machine():
    """What the figures were measured on."""
    with open("/proc/cpuinfo") as info:
        models = [line.partition(":")[2].strip() for line in info if line.startswith("model name")]
    commit = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return {
        "cpu": models[0] if models else platform.machine(),
        "cpus": len(models),
        "kernel": platform.release(),
        "commit": commit.stdout.strip(),
        "date": datetime.date.today().isoformat(),
    }


# ---------------------------------------------------------------------------------------------------------- goals

# (scenario, what, limit, unit, how to take it from (runs, medians))
_OVER_NGINX = "CPU per request / nginx's"


def _cpu_goal(scenario, limit):
    return (scenario, _OVER_NGINX, limit, "", lambda runs, _: ratio(runs, "pillion", "nginx"))


def _over_nginx(scenario, what, limit):
    return (scenario, what, limit, "", lambda runs, _: ratio(runs, "pillion", "nginx"))


def _over_haproxy(scenario, limit):
    return (scenario, "CPU per request / HAProxy's", limit, "", lambda runs, _: ratio(runs, "pillion", "haproxy"))


def _figure(key, scale):
    return lambda _, medians: medians["pillion"][key] * scale if "pillion" in medians else None


GOALS = [
    _cpu_goal("small", 0.9),
    _cpu_goal("conns1000", 0.9),
    _cpu_goal("response64k", 0.9),
    _cpu_goal("request64k", 0.9),
    _cpu_goal("tcp", 1.0),
    _cpu_goal("mtls", 0.85),
    _over_nginx("tls64k", "CPU per 64 KiB / nginx's", 1.0),
    _over_nginx("handshakes", "CPU per handshake / nginx's", 0.75),
    _over_haproxy("h2", 1.15),
    _over_haproxy("mesh-pair", 1.0),
    ("config1000", "CPU per request / small file's", 1.05, "",
     lambda runs, _: ratio(runs, "pillion", "pillion (small file)")),
    ("config1000", "start-up", 60, "ms", _figure("startup_ms", 1)),
    ("idle", "start-up", 20, "ms", _figure("startup_ms", 1)),
    ("idle", "resident", 12, "MB", _figure("rss_idle", 1e-6)),
    ("idle", "per idle connection", 8, "kB", _figure("bytes_per_connection", 1e-3)),
]


def goals(results):
    """(scenario, what, limit, unit, measured) for every goal that was measured. `results`: scenario name -> runs."""
    measured = []
    for scenario, what, limit, unit, take in GOALS:
        if scenario in results:
            value = take(results[scenario], summary(results[scenario]))
            if value is not None:
                measured.append((scenario, what, limit, unit, value))
    return measured


# ----------------------------------------------------------------------------------------------------------- text


def _table(header, rows):
    """An aligned Markdown table; the first column to the left, the others to the right."""
    widths = [max(len(str(row[i])) for row in [header, *rows]) for i in range(len(header))]
    def line(row):
        cells = [str(row[0]).ljust(widths[0])] + [str(c).rjust(w) for c, w in zip(row[1:], widths[1:])]
        return "| " + " | ".join(cells) + " |"
    rule = "|" + "|".join(["-" * (widths[0] + 2)] + ["-" * (w + 1) + ":" for w in widths[1:]]) + "|"
    return "\n".join([line(header), rule, *map(line, rows)])


def _ratio_text(value):
    return "" if value is None else f"{value:.2f}"


def scenario_table(scenario, runs):
    """The table of a scenario."""
    medians = summary(runs)
    two = len(scenario.kinds) > 1
    if scenario.loaded:
        header = ["", f"CPU µs/{scenario.unit}", "(min to max)", f"/ {scenario.base}", *(["/ small file"] if two else []),
                  f"{scenario.unit}s/s", "p50 ms", "p99 ms", "RSS idle MB", "RSS load MB", "start ms", "errors"]
    else:
        header = ["", "start ms", "/ nginx", "RSS idle MB", "/ nginx", "kB/idle connection", "/ nginx"]
    rows = []
    for run in runs:
        if run.label not in medians:
            continue
        row = medians[run.label]
        over = lambda key: _ratio_text(ratio(runs, run.label, scenario.base, key))  # noqa: E731, B023
        if scenario.loaded:
            low, high = row["cpu_us_spread"]
            small = [_ratio_text(ratio(runs, run.label, f"{run.label} (small file)"))] if two else []
            rows.append([run.label, f"{row['cpu_us']:.2f}", f"{low:.1f} to {high:.1f}", over("cpu_us"), *small,
                         f"{row['rps']:,.0f}", f"{row['p50_us'] / 1e3:.2f}", f"{row['p99_us'] / 1e3:.2f}",
                         f"{row['rss_idle'] / 1e6:.1f}", f"{row['rss_load'] / 1e6:.1f}",
                         f"{row['startup_ms']:.1f}", row["errors"]])
        else:
            rows.append([run.label, f"{row['startup_ms']:.1f}", over("startup_ms"), f"{row['rss_idle'] / 1e6:.1f}",
                         over("rss_idle"), f"{row['bytes_per_connection'] / 1e3:.2f}", over("bytes_per_connection")])
    text = f"### {scenario.name}: {scenario.title}\n\n" + (_table(header, rows) if rows else "(nothing measured)")
    for run in runs:
        if run.failure:
            text += f"\n\n**{run.label} failed:** {run.failure}"
    return text


def goals_table(results):
    """The goals and how far they are met; empty when Pillion was not measured."""
    measured = goals(results)
    if not measured:
        return ""
    rows = [[scenario, what, f"≤ {limit} {unit}".rstrip(), f"{value:.2f} {unit}".rstrip(),
             "met" if value <= limit else "MISSED"] for scenario, what, limit, unit, value in measured]
    return "### Goals\n\n" + _table(["scenario", "what", "goal", "measured", ""], rows)


def noise(results):
    """A sentence on what else the two CPUs did meanwhile."""
    others = [s["other_work"] for runs in results.values() for run in runs for s in run.samples if "other_work" in s]
    stolen = [s["stolen"] for runs in results.values() for run in runs for s in run.samples if "stolen" in s]
    if not others:
        return ""
    text = (f"Other work on the two CPUs: median {median(others):.0%}, at most {max(others):.0%} of one CPU; "
            f"stolen by the host: median {median(stolen):.0%}.")
    if median(others) > 0.1 or median(stolen) > 0.05:
        text += " **The machine was not quiet: compare only inside one table, and repeat it on a quiet one.**"
    return text


def markdown(scenarios, results, about):
    """The whole report."""
    settings = about["settings"]
    versions = "; ".join(f"{name} {version}".strip() for name, version in about["versions"].items())
    parts = [
        "## Bench",
        f"{about['machine']['cpu']} ({about['machine']['cpus']} CPUs), Linux {about['machine']['kernel']}, "
        f"{about['machine']['date']}, commit {about['machine']['commit']}. {settings['rounds']} rounds of "
        f"{settings['seconds']:g} s by {settings['generator']}; medians. Ratios are medians of the rounds' own.",
        versions + ".",
        *[f"Skipped: {line}" for line in about["skipped"]],
        noise(results),
        goals_table(results),
        *[scenario_table(s, results[s.name]) for s in scenarios if s.name in results],
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def as_json(results, about):
    """Everything, the single rounds too."""
    return {
        **about,
        "goals": [dict(zip(("scenario", "what", "limit", "unit", "measured"), goal)) for goal in goals(results)],
        "scenarios": {
            name: {
                "medians": summary(runs),
                "cpu_over_nginx": {run.label: ratio(runs, run.label, "nginx") for run in runs},
                "rounds": {run.label: run.samples for run in runs},
                "failures": {run.label: run.failure for run in runs if run.failure},
            }
            for name, runs in results.items()
        },
    }


def turn_line(scenario, number, rounds, run):
    """What one turn gave, in a line."""
    start = f"{scenario.name:12} {number + 1}/{rounds}  {run.label:22}"
    if run.failure:
        return f"{start} FAILED: {run.failure}"
    sample = run.samples[-1]
    if not scenario.loaded:
        return (f"{start} start {sample['startup_ms']:6.1f} ms   idle {sample['rss_idle'] / 1e6:6.1f} MB   "
                f"{sample['bytes_per_connection'] / 1e3:6.2f} kB/connection")
    errors = f"   ERRORS {sample['errors']}" if sample["errors"] else ""
    return (f"{start} {sample['cpu_us']:7.2f} µs/{scenario.unit} {sample['rps']:9,.0f}/s   "
            f"p99 {sample['p99_us'] / 1e3:7.2f} ms   start {sample['startup_ms']:6.1f} ms{errors}")
