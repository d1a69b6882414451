"""A name means one thing: no module and no class of `service` is called as another is, and none by
a word of our own that a reader would have to ask for."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2] / "service"

_CLASS = re.compile(r"^ *class (\w+)", re.M)
INVENTED = re.compile(
    r"Told|Said|(?<!Not)Found(?!Posts)|Errand|Shelf|Trade|Behind|Leash|Taker|Handing|Given|Walked|Hung|Apart"
    r"|Aside"
)
"""What once stood for a result, a batch, a cache, a budget … `FoundPosts`: what a search found."""


def _names() -> list[tuple[str, str]]:
    """Each module and class by its name, with where it stands."""
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        where = str(path.relative_to(ROOT))
        if path.name != "__init__.py":  # what Python insists on
            found.append((path.stem, where))
        found += [(name, where) for name in _CLASS.findall(path.read_text("utf-8"))]
    assert len(found) > 1000
    return found


def test_no_name_of_a_module_or_class_stands_twice() -> None:
    where: defaultdict[str, list[str]] = defaultdict(list)
    for name, path in _names():
        where[name.lstrip("_")].append(path)
    assert {name: found for name, found in where.items() if len(found) > 1} == {}


def test_no_module_or_class_is_called_by_a_word_of_our_own() -> None:
    spelt = {
        (name, path): "".join(word[:1].upper() + word[1:] for word in name.split("_"))
        for name, path in _names()  # a module as a class would be: `pull_source` is PullSource
    }
    assert [one for one, name in spelt.items() if INVENTED.search(name)] == []
