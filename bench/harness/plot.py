"""Draws the plot of a result: plot.py RESULT.json PLOT.png. Runs in the venv, as it needs matplotlib."""

import json
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

COLOURS = {"pillion": "#d1495b", "envoy": "#8d6a9f", "nginx": "#2e7d5b", "nginx-same-work": "#79b791",
           "haproxy": "#30638e", "relay": "#b0b0b0"}


def bars(axes, title, values, base, form):
    """Horizontal bars, the first on top, each with its value and its ratio to `base`."""
    names = list(values)
    axes.barh(names, values.values(), color=[COLOURS.get(name.split(" ")[0], "#999999") for name in names])
    axes.invert_yaxis()
    axes.set_title(title, loc="left", fontsize=10)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.set_xticks([])
    axes.set_xlim(0, max(values.values()) * 1.35)
    for row, name in enumerate(names):
        text = form.format(values[name])
        if values.get(base) and name != base:
            text += f"  ({values[name] / values[base]:.2f}×)"
        axes.text(values[name], row, " " + text, va="center", fontsize=8)


def main(source, target):
    with open(source) as file:
        result = json.load(file)
    panels = []
    for name, scenario in result["scenarios"].items():
        medians = scenario["medians"]
        if name == "idle":
            panels.append(("idle: resident, MB", {k: v["rss_idle"] / 1e6 for k, v in medians.items()}, "{:.1f}"))
            panels.append(("idle: start-up, ms", {k: v["startup_ms"] for k, v in medians.items()}, "{:.1f}"))
        else:
            panels.append((f"{name}: CPU µs per request", {k: v["cpu_us"] for k, v in medians.items()}, "{:.1f}"))
    panels = [panel for panel in panels if panel[1]]
    if not panels:
        return
    columns = min(3, len(panels))
    rows = -(-len(panels) // columns)
    figure, grid = plt.subplots(rows, columns, figsize=(5 * columns, 2.6 * rows), squeeze=False)
    for axes in grid.flat[len(panels):]:
        axes.set_visible(False)
    for axes, (title, values, form) in zip(grid.flat, panels):
        bars(axes, title, values, "nginx", form)
    settings = result["settings"]
    figure.suptitle(
        f"Lower is better; in brackets the ratio to nginx. {result['machine']['cpu']}, "
        f"{settings['rounds']} rounds of {settings['seconds']:g} s, medians.", fontsize=9, x=0.01, ha="left")
    figure.tight_layout()
    figure.savefig(target, dpi=110)


main(sys.argv[1], sys.argv[2])
