"""Labels of table rows: names of problems and methods, with the settings in which they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: Keys of a configuration that are no settings of a method.
_NO_METHOD = ("problem", "seed")

#: Prefixes that labels omit.
_PREFIXES = ("network.", "optimizer.")


def row_labels(configs: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Label of the problem and label of the method of each of several runs.

    A problem's label has the settings in which runs of that problem differ; a method's label has the network, the form
    and the optimizer unless they are equal in all runs, and the settings in which runs of that label on one problem differ.
    """
    flat = [_flatten(config) for config in configs]
    names = [c["problem"]["name"] for c in configs]
    problems = _problem_labels(names, [_with_prefix(f, "problem.") for f in flat])
    methods = [{k: v for k, v in f.items() if k.split(".")[0] not in _NO_METHOD} for f in flat]
    kinn_methods = [method for method in methods if "baseline" not in method]
    keys = ["baseline", "network.name"]
    keys += [key for key in ("form", "optimizer.name") if kinn_methods and _varies(key, kinn_methods)]
    heads = [" ".join(str(method[key]) for key in keys if key in method) for method in methods]
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for problem, head, method in zip(problems, heads, methods, strict=True):
        groups.setdefault((problem, head), []).append(method)
    varying = {label: _varying_keys(group) for label, group in groups.items()}
    out = []
    for problem, head, method in zip(problems, heads, methods, strict=True):
        settings = [f"{_short(key)}={_text(method[key])}" for key in varying[problem, head] if key in method]
        out.append((problem, " ".join([head, *settings])))
    return out


def _problem_labels(names: Sequence[str], settings: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names with the settings in which those of one name differ."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for name, values in zip(names, settings, strict=True):
        groups.setdefault(name, []).append(values)
    varying = {name: [key for key in _varying_keys(group) if key != "name"] for name, group in groups.items()}
    return [
        " ".join([name, *(f"{k.removeprefix('settings.')}={_text(values[k])}" for k in varying[name] if k in values)])
        for name, values in zip(names, settings, strict=True)
    ]


def _varies(key: str, group: Sequence[Mapping[str, Any]]) -> bool:
    return any(other.get(key) != group[0].get(key) for other in group)


def _varying_keys(group: Sequence[Mapping[str, Any]]) -> list[str]:
    return sorted(key for key in {key for values in group for key in values} if _varies(key, group))


def _flatten(data: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in data.items():
        if isinstance(value, Mapping):
            out |= _flatten(value, f"{prefix}{key}.")
        else:
            out[f"{prefix}{key}"] = value
    return out


def _with_prefix(flat: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {key.removeprefix(prefix): value for key, value in flat.items() if key.startswith(prefix)}


def _short(key: str) -> str:
    for prefix in _PREFIXES:
        key = key.removeprefix(prefix)
    return key


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(_text(v) for v in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
