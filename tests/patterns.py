"""Every regular expression of the program: those that modules hold, and those written where they
are used."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import service

ROOT = Path(service.__file__).parent
_FUNCTIONS = frozenset(
    {"compile", "search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn"}
)
_CALL = re.compile(rf"\bre\.(?:{'|'.join(sorted(_FUNCTIONS))})\(")
_DEPTH = 3
"""How far into containers and classes of a module patterns are looked for."""


@dataclass(frozen=True, slots=True)
class Place:
    """An expression and where it stands: `module:name`, or `module:line` for one written in a
    function."""

    where: str
    pattern: re.Pattern[str] | re.Pattern[bytes]
    uses: frozenset[str] = frozenset()
    """The methods that its module calls on it by name: what only matches is not searched with."""


def all_patterns() -> list[Place]:
    found: dict[tuple[Any, int], Place] = {}
    for place in (*_held(), *_written()):
        found.setdefault((place.pattern.pattern, place.pattern.flags), place)
    return list(found.values())


def modules() -> Iterator[Any]:
    for info in pkgutil.walk_packages([str(ROOT)], "service."):
        if (
            info.name.startswith("service.bench")
            or "migrations" in info.name
            or info.name.endswith("__main__")
        ):
            continue  # benchmarks are no part of the service; alembic loads its own
        yield importlib.import_module(info.name)


def _held() -> Iterator[Place]:
    for module in modules():
        source = Path(module.__file__).read_text("utf-8")
        for name, value in vars(module).items():
            for pattern in _inside(value, _DEPTH, module.__name__):
                uses = frozenset(re.findall(rf"\b{re.escape(name)}\.(\w+)", source))
                yield Place(f"{module.__name__}:{name}", pattern, uses)


def _inside(value: Any, depth: int, module: str) -> Iterator[Any]:
    if isinstance(value, re.Pattern):
        yield value
    elif depth and isinstance(value, dict):
        for one in (*value.keys(), *value.values()):
            yield from _inside(one, depth - 1, module)
    elif depth and isinstance(value, (list, tuple, set, frozenset)):
        for one in value:
            yield from _inside(one, depth - 1, module)
    elif depth and isinstance(value, type) and value.__module__ == module:
        for one in vars(value).values():
            yield from _inside(one, depth - 1, module)


def _written() -> Iterator[Place]:
    for path, call, pattern in _calls():
        if isinstance(pattern, ast.Constant):
            where = f"{path.relative_to(ROOT.parent)}:{call.lineno}"
            yield Place(where, re.compile(pattern.value, _flags(call)))


def unseen() -> list[str]:
    """Where an expression is made in a function from something else than a literal: nobody can look
    at it here."""
    return [
        f"{path.relative_to(ROOT.parent)}:{call.lineno}"
        for path, call, pattern in _calls()
        if not isinstance(pattern, (ast.Constant, ast.Name, ast.Attribute))
        and _is_in_function(path, call)
    ]


def _calls() -> Iterator[tuple[Path, ast.Call, ast.expr]]:
    for path in sorted(ROOT.rglob("*.py")):
        if "bench" in path.parts or "migrations" in path.parts:
            continue
        source = path.read_text("utf-8")
        if _CALL.search(source) is None:  # to take every file apart took seconds
            continue
        for node in ast.walk(ast.parse(source)):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "re"
                and node.func.attr in _FUNCTIONS
                and node.args
            ):
                yield path, node, node.args[0]


def _is_in_function(path: Path, call: ast.Call) -> bool:
    return any(first <= call.lineno <= last for first, last in _functions(path))


@cache
def _functions(path: Path) -> list[tuple[int, int]]:
    """The first and last lines of each."""
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    found = [node for node in nodes if isinstance(node, (ast.FunctionDef, ast.Lambda))]
    return [(one.lineno, one.end_lineno or 0) for one in found]


def _flags(call: ast.Call) -> int:
    named = [node.attr for one in (*call.args[1:],
    *(key.value for key in call.keywords)) for node in ast.walk(one)
             if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
             and node.value.id == "re"]  # fmt: skip
    flags = 0
    for name in named:
        flags |= int(getattr(re, name))
    return flags
