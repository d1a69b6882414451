"""L20: a backfill is asked for at any door, done by a worker, and shown at every door with the days
that it covered and those that it did not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.errors import Conflict, InvalidInput, NotFound, StorageError
from service.round import run_backfills
from service.services import backfill_acts as acts
from service.services.backfill_acts import BackfillInterrupted, BackfillState, Progress
from service.services.context import OPERATOR
from service.storage.backfills import ask_backfill, load_backfills
from service.storage.engine import open_database
from service.storage.tokens import create_token
from service.web.app import create_app
from tests.fakes import FakeClock
from tests.fakes_site import NEW, World, numbered, open_world
from tests.fakes_versions import make_version
from tests.fakes_web import Web, make_web

SINCE = date(2026, 11, 20)
OLD = tuple(numbered(number, day=20) for number in range(8, 0, -1))


@pytest.fixture(params=["sqlite", "postgresql"])
def web(request: pytest.FixtureRequest, clock: FakeClock) -> Iterator[Web]:
    made = make_web(request.getfixturevalue(f"{request.param}_url"), clock)
    yield made
    made.loa.close()


class FakeWalk:
    """Walks as it is told to, and remembers what it was asked."""

    def __init__(self, **facts: Any) -> None:
        self.asked: list[tuple[str, date]] = []
        self.is_interrupted = False
        self.fault: Exception | None = None
        self._facts = facts

    def __call__(self, portal: str, since: date, progress: Progress) -> FakeWalk:
        self.asked.append((portal, since))
        self.is_interrupted = False
        try:
            progress("https://quangxuong.example/ds", 1, None)
        except BackfillInterrupted:
            self.is_interrupted = True
        if self.fault is not None:
            raise self.fault
        return self

    def facts(self) -> dict[str, Any]:
        days = [SINCE + timedelta(n) for n in range(4)]
        listing = {
            "url": "https://quangxuong.example/ds", "found": 3, "alerted": 2, "error": None,
            "covered_days": days, "uncovered_days": [], **self._facts,
        }  # fmt: skip
        return {"listings": [listing]}


def ask(web: Web, since: date = SINCE) -> None:
    with web.loa.database.writing() as conn:
        acts.ask(conn, web.loa, "quangxuong", since, OPERATOR)


def shown(web: Web) -> Any:
    return web.client.get("/api/v1/portals/quangxuong", headers=web.operator).json["backfill"]


def test_what_was_asked_for_is_done_once_and_its_days_are_shown(web: Web, clock: FakeClock) -> None:
    walk = FakeWalk(uncovered_days=["2026-11-20", "2026-11-22"], covered_days=["2026-11-21"])
    assert shown(web) is None
    body = {"since": "2026-11-20"}
    asked = web.client.post("/api/v1/portals/quangxuong/backfill", json=body, headers=web.operator)
    assert (asked.status_code, asked.json["state"]) == (202, "waiting")
    clock.advance(10)
    assert acts.run_next(web.loa.database, web.loa, walk) is walk
    assert acts.run_next(web.loa.database, web.loa, walk) is None
    assert walk.asked == [("quangxuong", SINCE)]
    told = shown(web)
    assert (told["state"], told["since"]) == ("uncovered", "2026-11-20")
    assert "huyện" in told["by"]
    assert told["listings"] == [
        {
            "url": "https://quangxuong.example/ds", "found": 3, "alerted": 2, "error": None,
            "covered": [{"first": "2026-11-21", "last": "2026-11-21"}],
            "uncovered": [
                {"first": "2026-11-20", "last": "2026-11-20"},
                {"first": "2026-11-22", "last": "2026-11-22"},
            ],
        }
    ]  # fmt: skip


def test_days_that_are_all_covered_are_said_as_one_range(web: Web) -> None:
    ask(web)
    acts.run_next(web.loa.database, web.loa, FakeWalk())
    assert shown(web)["state"] == BackfillState.DONE
    assert shown(web)["listings"][0]["covered"] == [{"first": "2026-11-20", "last": "2026-11-23"}]


def test_one_that_waits_is_asked_for_from_the_earlier_day_and_one_that_runs_is_left_alone(
    web: Web, clock: FakeClock
) -> None:
    ask(web)
    ask(web, date(2026, 11, 1))
    ask(web, date(2026, 11, 22))
    assert shown(web)["since"] == "2026-11-01"

    def during(portal: str, since: date, progress: Progress) -> FakeWalk:
        assert shown(web)["state"] == BackfillState.RUNNING
        with pytest.raises(Conflict, match="quangxuong"):
            ask(web)
        assert acts.run_next(web.loa.database, web.loa, FakeWalk()) is None
        clock.advance(acts.LEASE.total_seconds() - 1)
        progress("a", 1, None)
        clock.advance(2)
        with pytest.raises(Conflict):
            ask(web)
        return FakeWalk()(portal, since, progress)

    assert acts.run_next(web.loa.database, web.loa, during) is not None
    ask(web)
    assert (shown(web)["state"], shown(web)["since"]) == ("waiting", "2026-11-20")


def test_a_worker_that_is_told_to_end_lets_it_go_and_another_goes_on(web: Web) -> None:
    ask(web)
    walk, beats = FakeWalk(), []
    acts.run_next(
        web.loa.database, web.loa, walk, is_stopping=lambda: True, beat=lambda: beats.append(1)
    )
    assert (walk.is_interrupted, shown(web)["state"], beats) == (True, "waiting", [1])
    acts.run_next(web.loa.database, web.loa, walk)
    assert (len(walk.asked), shown(web)["state"]) == (2, "done")


def test_a_worker_that_died_is_followed_by_another_when_its_lease_is_over(
    web: Web, clock: FakeClock
) -> None:
    ask(web)
    with web.loa.database.writing() as conn:
        taken = acts.take_backfill(conn, ["quangxuong"], clock(), clock() + acts.LEASE)
        assert taken is not None
    assert acts.run_next(web.loa.database, web.loa, FakeWalk()) is None
    clock.advance(acts.LEASE.total_seconds() + 1)
    assert shown(web)["state"] == "waiting"
    assert acts.run_next(web.loa.database, web.loa, FakeWalk()) is not None
    with web.loa.database.writing() as conn:
        acts.end_backfill(conn, taken, clock(), None, "backfill.fault")
    assert shown(web)["state"] == "failed", "the request is the same"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (StorageError("cannot use the database: it is locked"), "it is locked"),
        (RuntimeError("bug"), "nhật ký"),
    ],
)
def test_one_that_fails_ends_with_the_reason_and_is_not_tried_for_ever(
    web: Web, fault: Exception, said: str
) -> None:
    ask(web)
    walk = FakeWalk()
    walk.fault = fault
    with pytest.raises(type(fault)):
        acts.run_next(web.loa.database, web.loa, walk)
    assert acts.run_next(web.loa.database, web.loa, walk) is None
    assert (shown(web)["state"], said in shown(web)["error"]) == ("failed", True)


def test_by_command_it_is_done_at_once_and_who_interrupts_it_ends_it(web: Web) -> None:
    walk = FakeWalk()

    def interrupt(_url: str, _pages: int, _at: datetime | None) -> None:
        raise BackfillInterrupted

    now = (web.loa.database, web.loa, "quangxuong", SINCE, OPERATOR, walk)
    assert acts.run_now(*now, interrupt).is_interrupted
    assert (shown(web)["state"], shown(web)["error"]) == ("failed", "đã bị ngắt giữa chừng")
    assert acts.run_next(web.loa.database, web.loa, walk) is None
    assert not acts.run_now(*now, lambda *_: None).is_interrupted
    assert shown(web)["state"] == "done"


def test_what_cannot_be_asked_for_is_refused_at_every_door(web: Web) -> None:
    with web.loa.database.writing() as conn:
        with pytest.raises(NotFound):
            acts.ask(conn, web.loa, "khac", SINCE, OPERATOR)
        with pytest.raises(InvalidInput, match="since"):
            acts.ask(conn, web.loa, "quangxuong", date(2999, 1, 1), OPERATOR)

    def api(portal: str, since: object) -> Any:
        path = f"/api/v1/portals/{portal}/backfill"
        return web.client.post(path, json={"since": since}, headers=web.operator)

    assert api("khac", "2026-11-20").status_code == 404
    for since in ("2999-01-01", "20/11/2026", "2026-11-20T07:00:00Z", 5, None):
        refused = api("quangxuong", since)
        assert (refused.status_code, refused.json["field"]) == (422, "since")
    assert "2026-11-20" in api("quangxuong", "20/11/2026").json["detail"]
    assert shown(web) is None


# --- the whole way ------------------------------------------------------------------------------


def desk(world: World) -> Any:
    with world.loa.database.writing() as conn:
        token, _ = create_token(conn, name="huyện", unit_id=None, at=world.clock())
    client = create_app(world.loa).test_client()
    csrf = csrf_of(client.get("/admin/sign-in"))
    client.post("/admin/sign-in", data={"csrf": csrf, "token": token})
    return client


def csrf_of(page: Any) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page.get_data(as_text=True))
    assert found is not None
    return found.group(1)


def test_L20_the_button_of_the_desk_has_a_worker_read_the_portal_back(tmp_path: Path) -> None:
    with open_world(tmp_path) as world:
        world.show(*OLD)
        world.poll(0)
        client = desk(world)
        page = client.get("/admin/portals/huyen")
        assert "Đọc lại từ một ngày" in page.get_data(as_text=True)
        form = {"csrf": csrf_of(page), "since": "2026-11-01"}
        assert client.post("/admin/portals/huyen/backfill", data=form).status_code == 303
        assert "đang chờ" in client.get("/admin/portals/huyen").get_data(as_text=True)
        world.show(NEW, *OLD)
        assert run_backfills(world.loa) == 1
        assert run_backfills(world.loa) == 0
        assert run_backfills(world.loa, lambda: True) == 0
        assert NEW.title in world.entries()
        shown = client.get("/admin/portals/huyen").get_data(as_text=True)
        assert "còn ngày chưa đủ" in shown and "01/11/2026" in shown
        assert "đã đủ: " in shown
        bad = client.post("/admin/portals/huyen/backfill", data={**form, "since": "hôm qua"})
        assert (bad.status_code, "2026-11-20" in bad.get_data(as_text=True)) == (422, True)
        world.loa.apart.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_database_of_version_0009_has_no_backfill_and_takes_one(
    kind: str, request: pytest.FixtureRequest, clock: FakeClock
) -> None:
    url = request.getfixturevalue(f"{kind}_url")
    make_version(url, "0009", [])
    database = open_database(url)
    with database.writing() as conn:
        assert load_backfills(conn) == {}
        asked = ask_backfill(conn, "quangxuong", SINCE, "by.command", clock())
        assert load_backfills(conn) == {"quangxuong": asked}
    database.close()
