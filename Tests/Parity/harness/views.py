"""What of an admin reply is compared: some replies are the same to the byte, others only in their shape."""

import json
import re


def show(view, only, status, headers, body):
    """Text for the record. `only` picks lines (view `lines`) or key paths (view `shape`) by a regular expression."""
    text = body.decode("utf-8", "replace")
    shown = [f"{status}"]
    if view == "raw":
        shown += [f"{name.lower()}: {value}" for name, value in headers if name.lower() not in ("content-length",)]
    else:
        shown += [f"{name.lower()}: {value}" for name, value in headers if name.lower() == "content-type"]
    if view in ("raw", "body"):
        shown.append(text)
    elif view == "lines":
        shown += [line for line in text.splitlines() if re.search(only, line)]
    elif view == "sorted":
        shown += sorted(line for line in text.splitlines() if re.search(only, line))
    elif view == "shape":
        paths = sorted(shape(json.loads(text)))
        shown += [path for path in paths if re.search(only, path)]
    elif view != "status":
        raise ValueError(f"no view is called {view!r}")
    return "\n".join(shown)


def shape(value, path=""):
    """Every key path of a JSON document with the type at its end; the elements of a list share one path."""
    if isinstance(value, dict):
        return {path} if not value else {line for key, item in value.items() for line in shape(item, f"{path}.{key}")}
    if isinstance(value, list):
        return {f"{path}[]"} if not value else {line for item in value for line in shape(item, f"{path}[]")}
    return {f"{path}: {'null' if value is None else type(value).__name__}"}
