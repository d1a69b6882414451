"""The doors of one Loa: the command line, the API, the operator's desk and the pages, all over one
database.

Each knows how its acts are asked for, and says what became of one: "done" or "refused".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from service.alerts.links import Purpose
from service.alerts.signing import new_secret
from service.bootstrap import Loa, open_loa
from service.storage.subscriptions import NewSubscription, add_subscription, set_status
from service.storage.tokens import create_token
from service.storage.units import add_unit, get_unit
from service.types import WEBHOOK, Channel, SubscriptionStatus
from service.web.app import create_app
from tests.fakes_web import MANAGED_AT
from tests.journeys.cli import Terminal

CONFIG = """
[service]
public_url = "https://loa.example"
[email]
smtp_url = "smtp://127.0.0.1:9"
[operator]
people = ["chanh@xa.example"]
"""
PORTAL = """
id = "quangxuong"
name = "UBND huyện Quảng Xương"
base_url = "https://quangxuong.example"
[[listings]]
url = "/ds"
"""
_NUMBERS = count(1)


def choose(tokens: Sequence[str]) -> str:
    return tokens[next(_NUMBERS) % len(tokens)]


@dataclass(frozen=True, slots=True)
class Subject:
    """A subscription that nothing else of the test touches. `number` makes its target its own."""

    id: str
    number: int
    channel: Channel


@dataclass(frozen=True, slots=True)
class House:
    """One database, and what it takes to come in by each door."""

    loa: Loa
    client: FlaskClient
    terminal: Terminal
    operators: tuple[str, ...]
    """Several, since one token may do so much in a minute."""
    unit_token: str
    unit_id: str

    def subject(
        self,
        channel: Channel,
        status: SubscriptionStatus,
        *,
        unit_id: str | None = None,
        **more: Any,
    ) -> Subject:
        number, now = next(_NUMBERS), self.loa.clock()
        is_webhook = channel == WEBHOOK
        new = NewSubscription(
            channel,
            f"https://s{number}.example/loa" if is_webhook else f"s{number}@xa.example",
            now,
            language="vi",
            is_confirmed=status is not SubscriptionStatus.PENDING,
            secret=self.loa.secret_box.encrypt(new_secret()) if is_webhook else None,
            unit_id=unit_id,
            **more,
        )
        with self.loa.database.writing() as conn:
            made = add_subscription(conn, new)
            if status is not made.status:
                set_status(conn, made.id, status, at=now)
        return Subject(made.id, number, channel)

    def snapshot(self, subject: Subject) -> dict[str, Any]:
        """What is kept of a subject, without what makes it another than the next door's."""
        query = (
            "SELECT s.status, s.target, s.target_key, s.frequency, s.unit_id, s.name, s.headers, "
            "f.definition,"
            " s.old_secret IS NOT NULL AS is_rotated, e.min_interval_s FROM subscription s"
            " JOIN filter f ON f.id = s.filter_id JOIN endpoint e ON e.key = s.endpoint_key WHERE "
            "s.id = :id"
        )
        asked = "SELECT count(*) FROM message WHERE state <> 'skipped' AND body LIKE :about"
        with self.loa.database.reading() as conn:
            kept = dict(conn.execute(text(query), {"id": subject.id}).one()._mapping)
            kept["messages"] = conn.execute(text(asked), {"about": f"%{subject.id}%"}).scalar_one()
        kept["headers"] = sorted(json.loads(kept["headers"]))
        return {
            key: value.replace(f"s{subject.number}", "sN") if isinstance(value, str) else value
            for key, value in kept.items()
        }


@contextmanager
def opened_house(folder: Path, config: str = CONFIG, *, is_new: bool = True) -> Iterator[House]:
    """Not new: its database is in the folder; nobody is added but who comes in by the doors."""
    terminal = Terminal(folder)
    terminal.configure(config)
    (folder / "portals" / "quangxuong.toml").write_text(PORTAL, "utf-8")
    loa = open_loa(terminal.config, {})
    with loa.database.writing() as conn:
        name = "UBND xã Quảng Ninh"
        unit = add_unit(conn, name=name, at=loa.clock()) if is_new else get_unit(conn, name)
        operators = tuple(
            create_token(conn, name="huyện", unit_id=None, at=loa.clock())[0] for _ in range(5)
        )
        own, _ = create_token(conn, name="văn thư", unit_id=unit.id, at=loa.clock())
    client = create_app(loa).test_client()
    yield House(loa, client, terminal, operators, own, unit.id)
    loa.close()


def _verdict(response: TestResponse) -> str:
    assert response.status_code < 500 and response.status_code != 429, response.get_data(
        as_text=True
    )
    return "done" if response.status_code < 400 else "refused"


@dataclass(frozen=True, slots=True)
class Command:
    house: House

    def run(self, *arguments: str) -> str:
        from click.testing import CliRunner

        from service.cli import main

        environ = self.house.terminal.environ
        result = CliRunner().invoke(main, arguments, env=environ, prog_name="loa")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code in (0, 2), result.output
        return "done" if result.exit_code == 0 else "refused"

    def act(self, subject: Subject, name: str) -> str:
        return self.run("subscription", name, subject.id)

    def edit(self, subject: Subject, **changes: Any) -> str:
        return self.run("subscription", "edit", subject.id, *_options(changes))

    def add(self, channel: str, target: str, **wanted: Any) -> str:
        return self.run("subscription", "add", channel, target, *_options(wanted))

    def add_unit(self, name: str, place: str, contacts: Sequence[str]) -> str:
        more = ["--place", place] if place else []
        return self.run(
            "unit", "add", f"--name={name}", *more, *(f"--contact={one}" for one in contacts)
        )

    def edit_unit(self, unit: str, **changes: Any) -> str:
        return self.run("unit", "edit", unit, *_unit_options(changes))


def _unit_options(changes: Mapping[str, Any]) -> list[str]:
    made: list[str] = []
    for key, value in changes.items():
        option = {"contacts": "contact", "add_contacts": "add-contact",
                  "remove_contacts": "remove-contact"}.get(key, key)  # fmt: skip
        if value is None:
            made.append("--no-place")
        else:
            values = value if isinstance(value, list) else [value]
            made += [f"--{option}={one}" for one in values]
    return made


_OPTIONS = {
    "categories": "--category", "portals": "--portal", "places": "--place", "keywords": "--keyword",
    "frequency": "--frequency", "name": "--name", "target": "--url", "unit": "--unit",
    "min_interval_s": "--min-interval",
}  # fmt: skip


def _options(changes: Mapping[str, Any]) -> list[str]:
    """As the command line has them; one value behind `=`, so that none is taken for an option."""
    made: list[str] = []
    for key, value in changes.items():
        if key == "headers":
            made += [f"--header={name}: {said}" for name, said in value.items()]
        elif key == "confirmed":
            made += ["--confirmed"] if value else []
        else:
            made += [
                f"{_OPTIONS[key]}={one}" for one in (value if isinstance(value, list) else [value])
            ]
    return made


@dataclass(frozen=True, slots=True)
class Api:
    house: House
    is_unit: bool = False

    @property
    def head(self) -> dict[str, str]:
        token = self.house.unit_token if self.is_unit else choose(self.house.operators)
        return {"Authorization": f"Bearer {token}"}

    def act(self, subject: Subject, name: str) -> str:
        path = f"/api/v1/subscriptions/{subject.id}"
        if name == "remove":
            return _verdict(self.house.client.delete(path, headers=self.head))
        return _verdict(self.house.client.post(f"{path}/{name}", json={}, headers=self.head))

    def edit(self, subject: Subject, **changes: Any) -> str:
        path = f"/api/v1/subscriptions/{subject.id}"
        return _verdict(self.house.client.patch(path, json=_body(changes), headers=self.head))

    def add(self, channel: str, target: str, **wanted: Any) -> str:
        body = {"channel": channel, "target": target, **_body(wanted)}
        return _verdict(
            self.house.client.post("/api/v1/subscriptions", json=body, headers=self.head)
        )

    def add_unit(self, name: str, place: str, contacts: Sequence[str]) -> str:
        body = {"name": name, "place": place or None, "contacts": list(contacts)}
        return _verdict(self.house.client.post("/api/v1/units", json=body, headers=self.head))

    def edit_unit(self, unit: str, **changes: Any) -> str:
        path = f"/api/v1/units/{unit}"
        return _verdict(self.house.client.patch(path, json=changes, headers=self.head))


_FILTERS = ("categories", "portals", "places", "keywords")


def _body(changes: Mapping[str, Any]) -> dict[str, Any]:
    filters = {key: changes[key] for key in _FILTERS if key in changes}
    return {k: v for k, v in changes.items() if k not in _FILTERS} | (
        {"filters": filters} if filters else {}
    )


@dataclass(frozen=True, slots=True)
class Desk:
    house: House

    def post(self, path: str, **form: Any) -> str:
        client = self.house.client
        if client.get("/admin/").status_code != 200:
            page = client.get("/admin/sign-in").get_data(as_text=True)
            client.post(
                "/admin/sign-in", data={"csrf": _csrf(page), "token": self.house.operators[0]}
            )
        page = client.get("/admin/units").get_data(as_text=True)
        return _verdict(
            client.post(f"/admin/{path}", data={"csrf": _csrf(page), "sure": "1", **form})
        )

    def act(self, subject: Subject, name: str) -> str:
        return self.post(f"subscriptions/{subject.id}/{name}")

    def edit_unit(self, unit: str, **changes: Any) -> str:
        with self.house.loa.database.reading() as conn:
            now = get_unit(conn, unit)
        form = {"name": now.name, "place": now.place or "", "contacts": list(now.contacts)}
        form |= {key: value or "" for key, value in changes.items()}
        return self.post(f"units/{unit}", **{**form, "contacts": " ".join(form["contacts"])})

    def add_unit(self, name: str, place: str, contacts: Sequence[str]) -> str:
        return self.post("units", name=name, place=place, contacts=" ".join(contacts))


def _csrf(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found is not None, page
    return found.group(1)


@dataclass(frozen=True, slots=True)
class Page:
    """The pages of a person: the form for everybody, and the one behind the link in a mail."""

    house: House

    def _manage(self, subject: Subject, **form: Any) -> str:
        path = f"/manage/{self.house.loa.links.token(Purpose.MANAGE, subject.id, MANAGED_AT)}"
        return _verdict(self.house.client.post(path, data={"id": subject.id, **form}))

    def act(self, subject: Subject, name: str) -> str:
        sure = {"sure": "1"} if name == "erase" else {}
        return self._manage(subject, action=name, **sure)

    def edit(self, subject: Subject, **changes: Any) -> str:
        return self._manage(subject, action="edit", **_form(changes))

    def add(self, target: str, **wanted: Any) -> str:
        host = f"10.0.{next(_NUMBERS) % 250}.1"
        data = {"address": target, **_form(wanted)}
        return _verdict(
            self.house.client.post("/subscribe", data=data, environ_base={"REMOTE_ADDR": host})
        )


def _form(changes: Mapping[str, Any]) -> dict[str, Any]:
    names = {
        "categories": "category",
        "portals": "portal",
        "places": "place",
        "keywords": "keyword",
    }
    return {names.get(key, key): value for key, value in changes.items()}
