"""A name means one thing: no module, class or public function of `service` is called as another is,
and none by a word of our own that a reader would have to ask for."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

from tests.acts_table import ACTS, NO_ACTS

ROOT = Path(__file__).resolve().parents[2] / "service"
ACTS_AND_ALL = ACTS.keys() | NO_ACTS.keys()

_CLASS = re.compile(r"^ *class (\w+)", re.M)
INVENTED = re.compile(
    r"Told|Said|(?<!Not)Found(?!Posts)|Errand|Shelf|Trade|Behind|Leash|Taker|Handing|Given|Walked|Hung|Apart"
    r"|Aside|Lane(?!ted)"
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


BY_TABLE = {"add_routes", "make_blueprint", "open_sender", "run", "main"}
"""Interfaces: what the routes of a page or of the API are made by, what a channel's entry names, what
`loa bench` calls of each benchmark, where a program begins."""


def _public_functions() -> dict[str, list[str]]:
    """Those of a module by name, with where they stand: no commands, which are called what one
    types, nor migrations."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for path in sorted(ROOT.rglob("*.py")):
        where = path.relative_to(ROOT)
        for node in ast.parse(path.read_text("utf-8")).body:
            if (
                isinstance(node, ast.FunctionDef)
                and not node.name.startswith("_")
                and not any(_COMMAND.search(ast.unparse(one)) for one in node.decorator_list)
                and "migrations" not in where.parts
            ):
                found[node.name].append(".".join(where.with_suffix("").parts))
    assert len(found) > 1000
    return found


_COMMAND = re.compile(r"\.(command|group)\(")


def test_no_public_function_is_called_as_one_of_another_module_is() -> None:
    """But for acts, which are called by the noun whose they are: `unit_acts.remove`."""
    twice = {}
    for name, modules in _public_functions().items():
        acts = [one for one in modules if f"{one.removeprefix('services.')}.{name}" in ACTS_AND_ALL]
        if len(modules) > 1 and name not in BY_TABLE and acts != modules:
            twice[name] = modules
    assert twice == {}
