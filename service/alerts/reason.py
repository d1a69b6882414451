"""Why somebody gets a mail, in the words of its language: the names of things, never their ids.

Says again what `match` decided, from the filters and the post as it was told; decides nothing
itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from service.alerts.headers import visible_line
from service.alerts.wanted_words import say_kind, say_urgency
from service.words import labels_of, parse_coded


def say_reason(
    filters: Mapping[str, Sequence[str]],
    decided: str,
    data: Mapping[str, Any],
    language: str,
    labels: Mapping[str, Mapping[str, str]],
) -> str:
    """What of the filters the post met.

    `decided` is what was stored when it was matched, empty when the filters are others since;
    `data` is the payload's; `labels` maps a category id to its names by language.
    """
    says = labels_of("mail", language)
    if not decided:
        return says["why.earlier"]
    related = parse_coded(decided)[1].get("related", ())
    if isinstance(related, list) and related:
        return says["why.related"].format(names=visible_line(", ".join(map(str, related))))
    keywords = parse_coded(decided)[1].get("keyword", ())
    wanted = {
        name: tuple(filters.get(name, ()))
        for name in ("categories", "portals", "places", "keywords", "urgencies", "kinds")
    }
    met = {
        "category": [
            _label(one, language, labels)
            for one in data["categories"]
            if one in wanted["categories"]
        ],
        "portal": [data["portal"]["name"]] if wanted["portals"] else [],
        "place": [place["name"] for place in data["places"] if place["id"] in wanted["places"]],
        "keyword": [f"“{one}”" for one in wanted["keywords"] if one in keywords],
        "urgency": [
            say_urgency(one, language) for one in wanted["urgencies"] if one == data.get("urgency")
        ],
        "kind": [
            say_kind(one, language)
            for one in wanted["kinds"]
            if one == (data.get("document") or {}).get("kind")
        ],
    }
    parts = [
        says[f"why.{field}"].format(names=visible_line(", ".join(names)))
        for field, names in met.items()
        if names
    ]
    return "; ".join(parts) or says["why.earlier" if any(wanted.values()) else "why.all"]


def _label(category: str, language: str, labels: Mapping[str, Mapping[str, str]]) -> str:
    names = labels.get(category, {})
    return names.get(language) or names.get("vi") or category
