"""Every act through every door that it has, with the same inputs, good and bad: what becomes of the
database is the same row by row, a refusal is said in the same words (which are made of its code),
and each leaves one row in the log of who did what; what is refused leaves none."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest

import service.services
from service.storage.audit import AuditEntry, list_audit
from tests.acts_table import ACTS, LINES, NO_ACTS
from tests.acts_world import World, difference, make_names, opened_copy, rows_of
from tests.fakes_doors import opened_house

BY_MODEL = (*LINES, "many", "an interval")
"""What the model of a body refuses before the act does: in other words, and alike."""
DOORS = ("command", "api", "desk", "page")


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, World]]:
    """The same world by each door."""
    template = tmp_path_factory.mktemp("template")
    with opened_house(template) as house:
        names = make_names(house)
    with ExitStack() as stack:
        yield {
            door: stack.enter_context(opened_copy(template, tmp_path_factory.mktemp(door), names))
            for door in DOORS
        }


def public_functions() -> dict[str, Any]:
    found = {}
    for module in iter_modules(service.services.__path__):
        loaded = import_module(f"service.services.{module.name}")
        for name, function in vars(loaded).items():
            if not inspect.isfunction(function) or function.__module__ != loaded.__name__:
                continue
            first = next(iter(inspect.signature(function).parameters), "")
            if not name.startswith("_") and first in ("conn", "database"):
                found[f"{module.name}.{name}"] = function
    return found


def test_every_act_of_the_services_has_its_row() -> None:
    found = public_functions()
    assert set(found) == ACTS.keys() | NO_ACTS.keys()
    assert not ACTS.keys() & NO_ACTS.keys()
    marked = {name for name, function in found.items() if hasattr(function, "__wrapped__")}
    assert marked <= ACTS.keys()


def test_every_row_has_doors_and_every_door_an_input() -> None:
    for name, act in ACTS.items():
        assert act.doors and act.cases, name
        assert act.doors.keys() <= set(DOORS), name
        for door in act.doors:
            assert _cases_of(name, door), (name, door)


def _cases_of(name: str, door: str) -> list[str]:
    act = ACTS[name]
    cases = (act.only or {}).get(door)
    return list(act.cases if cases is None else cases)


TRIES = [(name, case) for name, act in ACTS.items() for case in act.cases]


@pytest.mark.parametrize(("name", "case"), TRIES, ids=[" ".join(one) for one in TRIES])
def test_an_act_ends_alike_by_every_door(worlds: dict[str, World], name: str, case: str) -> None:
    act, ends = ACTS[name], {}
    for door, attempt in act.doors.items():
        if case not in _cases_of(name, door):
            continue
        world = worlds[door]
        world.begin_again()
        if act.before is None:
            before = world.at_first = world.at_first or rows_of(world)
        else:
            act.before(world)
            before = rows_of(world)
        audited = _audit(world)
        said = attempt(world, world.fill(act.cases[case]))
        ends[door] = (said, difference(world, before, rows_of(world)))
        _check_audit(door, act.code, said, _audit(world)[len(audited) :])
    first = next(iter(ends.values()))
    for door, (said, rows) in ends.items():
        assert (said == "done") == (first[0] == "done"), (door, ends)
        assert rows == first[1], (door, json.dumps(ends, ensure_ascii=False, indent=1))
        if case not in act.unlike and not any(one in case for one in BY_MODEL):
            assert _core(said) == _core(first[0]), {key: end[0] for key, end in ends.items()}


def _core(said: str) -> str:
    """Without the name of the field, which each door has in its own way, as a page asks for better."""
    return re.sub(r"^[\w.-]+: ", "", said).replace("; please give: ", "; allowed: ")


def _audit(world: World) -> list[AuditEntry]:
    with world.house.loa.database.reading() as conn:
        return list(reversed(list_audit(conn)))


def _check_audit(door: str, code: str | None, said: str, rows: list[AuditEntry]) -> None:
    if said != "done":
        assert rows == [], (door, said)
        return
    if code is None:
        assert rows == [], door
        return
    assert [(one.door, one.act) for one in rows] == [(door, code)]
    (row,) = rows
    assert bool(row.who) == (door != "page"), door
    assert row.source == ("" if door == "command" else "127.0.0.1")
