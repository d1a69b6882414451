"""No behaviour hangs on a sentence: with all of them replaced, in both languages, every act ends by
every door as before, row by row, and so does a round of polling, sending, receipts and alarms."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from service.services.alarm_acts import tell_alarms
from service.storage.posts import newest_posts
from service.storage.units import add_unit
from service.types import Outcome
from service.web.app import create_app
from tests.acts_table import ACTS
from tests.acts_world import World, difference, make_names, opened_copy, rows_of
from tests.fakes_doors import opened_house
from tests.fakes_site import NEW, numbered, open_world
from tests.fakes_words import reworded_by

DOORS = ("command", "api", "desk", "page")


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, World]]:
    template = tmp_path_factory.mktemp("template")
    with opened_house(template) as house:
        names = make_names(house)
    with ExitStack() as stack:
        yield {
            door: stack.enter_context(opened_copy(template, tmp_path_factory.mktemp(door), names))
            for door in DOORS
        }


def _sample(name: str, door: str) -> list[str]:
    """An input that is taken and one that is not, where the row has both."""
    act = ACTS[name]
    cases = list((act.only or {}).get(door, act.cases))
    return list(dict.fromkeys([cases[0], cases[-1]]))


TRIES = [(name, door) for name, act in ACTS.items() for door in act.doors]


def _ends(world: World, name: str, door: str, words: str | None) -> list[tuple[bool, list[str]]]:
    act, ends = ACTS[name], []
    for case in _sample(name, door):
        world.begin_again()
        if act.before is not None:
            act.before(world)
        before = rows_of(world)
        given = world.fill(act.cases[case])
        with reworded_by(words) if words else nullcontext():
            said = act.doors[door](world, given)
        ends.append((said == "done", difference(world, before, rows_of(world))))
    return ends


@pytest.mark.parametrize(("name", "door"), TRIES, ids=[" ".join(one) for one in TRIES])
def test_F6_an_act_does_the_same_whatever_the_sentences_say(
    worlds: dict[str, World], name: str, door: str
) -> None:
    world = worlds[door]
    assert _ends(world, name, door, "one for each") == _ends(world, name, door, None)


OLD = tuple(numbered(number, day=20) for number in range(3, 0, -1))


def _round(folder: Path) -> dict[str, Any]:
    """A poll, an alert that nobody takes, a receipt, the operator's alarms: what is left of them."""
    with open_world(folder) as world:
        world.show(*OLD)
        outcomes = [world.poll(0).outcome]
        world.show(NEW, *OLD)
        outcomes.append(world.poll().outcome)
        sent = world.loa.deliverer.deliver_due().as_dict()
        loa, database = world.loa, world.loa.database
        with database.writing() as conn:
            unit = add_unit(conn, name="UBND xã A", at=loa.clock(), contacts=("a@xa.example",))
        with database.reading() as conn:
            post = next(one for one in newest_posts(conn) if one.title == NEW.title)
        link = loa.links.receipt_url(post.id, post.revision, unit.id)
        path = link.removeprefix(loa.settings.service.public_url)
        answer = create_app(loa).test_client().post(path, data={"by": "Lan"})
        world.site.answers.clear()  # the portal is gone
        outcomes.append(world.poll().outcome)
        world.clock.advance(8 * 3_600)
        alarms = [one.key for one in tell_alarms(database, loa)]
        with database.reading() as conn:
            return {
                "outcomes": outcomes,
                "sent": sent,
                "receipt": answer.status_code,
                "alarms": alarms,
                "messages": _rows(conn, "SELECT channel, state, attempts FROM message ORDER BY id"),
                "attempts": _rows(conn, "SELECT detail FROM attempt ORDER BY message_id, number"),
                "receipts": _rows(conn, "SELECT note, via FROM receipt"),
                "polls": _rows(conn, "SELECT outcome FROM poll ORDER BY id"),
            }


def _rows(conn: Connection, query: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in conn.execute(text(query))]


def test_F6_a_round_does_the_same_whatever_the_sentences_say(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("plain", "reworded")]
    for folder in folders:
        folder.mkdir()
    plain = _round(folders[0])
    with reworded_by("one for each"):
        assert _round(folders[1]) == plain
    assert plain["outcomes"][:2] == [Outcome.NEW, Outcome.NEW]
    assert plain["receipt"] < 400 and plain["receipts"] and plain["alarms"] and plain["attempts"]
