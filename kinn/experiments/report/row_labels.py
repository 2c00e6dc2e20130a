"""What a table calls problems and the ways they are solved: names, and those settings in which they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: Parts of a configuration that are no settings of a way to solve: what is solved, and the seed.
_APART = ("problem", "seed")

#: Settings whose values a table shows without the part in front.
_SHORT = ("network.", "optimizer.")


def labels(configs: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Return what to call the problem, and the way it was solved, of each of several runs.

    A problem's label has the settings in which runs of that name differ; a way's label has the network, the form and the
    method where not all are alike, and the settings in which runs of that network on one problem differ.
    """
    flat = [_flat(config) for config in configs]
    problems = _distinguished([c["problem"]["name"] for c in configs], [_part(f, "problem.") for f in flat])
    ways = [{k: v for k, v in f.items() if k.split(".")[0] not in _APART} for f in flat]
    own = [way for way in ways if "baseline" not in way]
    shown = ["baseline", "network.name", *(key for key in ("form", "optimizer.name") if own and _vary(key, own))]
    heads = [" ".join(str(way[key]) for key in shown if key in way) for way in ways]
    named = [f"{problem}\n{head}" for problem, head in zip(problems, heads, strict=True)]
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for name, way in zip(named, ways, strict=True):
        groups.setdefault(name, []).append(way)
    varying = {
        name: {key for key in {k for way in same for k in way} if _vary(key, same)} for name, same in groups.items()
    }
    out = []
    for problem, name, head, way in zip(problems, named, heads, ways, strict=True):
        settings = [f"{_short(key)}={_text(way[key])}" for key in sorted(varying[name]) if key in way]
        out.append((problem, " ".join([head, *settings])))
    return out


def _distinguished(names: Sequence[str], settings: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return names with the settings in which those of one name differ."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for name, own in zip(names, settings, strict=True):
        groups.setdefault(name, []).append(own)
    keys = {
        name: sorted(k for k in {k for own in same for k in own} if k != "name" and _vary(k, same))
        for name, same in groups.items()
    }
    return [
        " ".join([name, *(f"{k.removeprefix('settings.')}={_text(own[k])}" for k in keys[name] if k in own)])
        for name, own in zip(names, settings, strict=True)
    ]


def _vary(key: str, among: Sequence[Mapping[str, Any]]) -> bool:
    return any(other.get(key) != among[0].get(key) for other in among)


def _flat(data: Mapping[str, Any], front: str = "") -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in data.items():
        if isinstance(value, Mapping):
            out |= _flat(value, f"{front}{key}.")
        else:
            out[f"{front}{key}"] = value
    return out


def _part(flat: Mapping[str, Any], front: str) -> dict[str, Any]:
    return {key.removeprefix(front): value for key, value in flat.items() if key.startswith(front)}


def _short(key: str) -> str:
    for front in _SHORT:
        key = key.removeprefix(front)
    return key


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(_text(v) for v in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
