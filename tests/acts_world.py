"""What the table of acts is tried in: a house by its doors, with one of everything that an act may be
about, made anew for each try; and what an act left in the database, without what no two tries share."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from selectolax.lexbor import LexborHTMLParser
from sqlalchemy import text

from service.alerts.links import Purpose
from service.alerts.message import build_payload
from service.cli import main
from service.posts.overruled import key_of
from service.services.context import OPERATOR
from service.services.decision_acts import decide_task
from service.services.decision_parts import TypedTask
from service.services.publish import write_change
from service.services.sign_in import sign_in_subject
from service.services.unit_link import contact_mark
from service.settings.secret import FILE_SUFFIX
from service.storage.overruling import change_facts
from service.storage.post_decisions import decisions_about
from service.storage.schema import to_micros
from service.storage.tokens import create_token
from service.storage.units import add_unit, remove_unit
from service.types import (
    EMAIL,
    WEBHOOK,
    ChangeType,
    Deadline,
    DocumentLink,
    Filters,
    Link,
    Mention,
    Post,
    SubscriptionStatus,
)
from tests.fakes_doors import PORTAL, House, choose, opened_house
from tests.fakes_web import MANAGED_AT, store_post

NEVER = "00000000-0000-7000-8000-000000000000"
"""An id of nothing."""


@dataclass(slots=True)
class World:
    """One try: names of what there is, for the inputs of an act."""

    house: House
    names: dict[str, str]
    at_first: Rows | None = None
    """What `begin_again` returns to, row by row."""

    files_at_first: dict[Path, bytes] | None = None

    def keep(self) -> None:
        """What `begin_again` returns to: the database, the key, the files of portals."""
        _copy_database(self.house.terminal.database, self._kept)
        self.files_at_first = self.files()

    def begin_again(self) -> None:
        _copy_database(self._kept, self.house.terminal.database)
        kept, now = self.files_at_first or {}, self.files()
        if now != kept:
            for path in now.keys() - kept.keys():
                path.unlink()
            for path, content in kept.items():
                path.write_bytes(content)
            self.house.loa.reread_portals()

    def files(self) -> dict[Path, bytes]:
        """What acts write beside the database."""
        folder = self.house.terminal.folder
        paths = [*folder.glob("portals/*"), *folder.glob(f"*{FILE_SUFFIX}")]
        return {path: path.read_bytes() for path in paths if path.is_file()}

    @property
    def _kept(self) -> Path:
        return self.house.terminal.folder / "kept.db"

    def fill(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: self.fill(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.fill(one) for one in value]
        return value.format(**self.names) if isinstance(value, str) else value


def make_names(house: House) -> dict[str, str]:
    """A unit that owes a post, one that was removed, subscriptions in each state, a silent post, a
    failed delivery, a token."""
    loa, now = house.loa, house.loa.clock()
    names: dict[str, str] = {"never": NEVER}
    with loa.database.writing() as conn:
        for key, contacts in (("unit", ("a@xa.example", "b@xa.example")), ("other", ())):
            names[key] = add_unit(conn, name=f"UBND {key}", at=now, contacts=contacts).id
        gone = add_unit(conn, name="UBND gone", at=now)
        remove_unit(conn, gone.id, now)
        old = add_unit(conn, name="UBND xã Quảng Hải", at=now, place="quang-hai-16540-cu")
        secret, own = create_token(conn, name="x", unit_id=names["unit"], at=now)
        names |= {"gone": gone.id, "old": old.id, "token": own.id, "unit_token": secret}
    made: dict[str, SubscriptionStatus] = {status.value: status for status in SubscriptionStatus}
    for name, status in made.items():
        for channel in (WEBHOOK, EMAIL):
            one = house.subject(channel, status)
            names[f"{channel}_{name}"] = one.id
    wanted = Filters(keywords=("riêng",))
    hook = house.subject(WEBHOOK, SubscriptionStatus.ACTIVE, unit_id=names["unit"], filters=wanted)
    removed = house.subject(EMAIL, SubscriptionStatus.REMOVED, unit_id=names["unit"])
    names |= {"hook": hook.id, "own_removed": removed.id}
    told, silent = _post(house, 1, None), _post(house, 2, "too_old")
    names |= {"post": told.id, "silent": silent.id, **_decide(house, told)}
    with loa.database.writing() as conn:
        query = (
            "SELECT d.id FROM delivery d JOIN change c ON c.id = d.change_id"
            " WHERE d.subscription_id = :key AND c.post_id = :post"
        )
        about = {"key": names["webhook_active"], "post": told.id}
        names["delivery"] = conn.execute(text(query), about).scalar_one()
        for table in ("message", "delivery"):
            conn.execute(text(f"UPDATE {table} SET state = 'failed'"))
    links = loa.links
    names |= {
        "unit_page": links.token(
            Purpose.UNIT, names["unit"], MANAGED_AT, f"token:{names['token']}"
        ),
        "unit_expired": links.token(Purpose.UNIT, names["unit"], "0", contact_mark("a@xa.example")),
        "receipt": links.token(Purpose.RECEIPT, told.id, "1", names["unit"]),
        "manage": links.token(Purpose.MANAGE, names["email_active"], MANAGED_AT),
        "expired": links.token(Purpose.MANAGE, names["email_active"]),
        "restore": links.token(Purpose.RESTORE, names["own_removed"], str(to_micros(now))),
        "confirm": links.token(Purpose.CONFIRM, names["email_pending"], str(to_micros(now))),
        "sign_in": links.token(Purpose.SIGN_IN, *sign_in_subject(loa, "chanh@xa.example")),
        "unsubscribe": links.token(Purpose.UNSUBSCRIBE, names["email_active"]),
    }
    return names


def _decide(house: House, post: Post) -> dict[str, str]:
    """Gives the post a task and a relation that were read, and a task that a person added."""
    read = Deadline(date(2026, 12, 1), "trước ngày 01/12/2026", owner="communes", task="nộp")
    link = DocumentLink(Link.REMINDS, Mention("cong-van", "9/UBND-VP"), "đôn đốc")
    typed = TypedTask("họp", "2026-12-03")
    with house.loa.database.writing() as conn:
        change_facts(conn, post.id, deadlines=(read,), relations=(link,))
        decide_task(conn, house.loa, post.id, None, typed, OPERATOR)
        (made,) = decisions_about(conn, post.id)
    return {"task_key": key_of(read), "relation_key": key_of(link), "decided": made.id}


def _copy_database(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)


@contextmanager
def opened_copy(template: Path, folder: Path, names: dict[str, str]) -> Iterator[World]:
    """The same world again, for one door."""
    for path in template.iterdir():
        if path.is_file():
            shutil.copy(path, folder / path.name)
    with opened_house(folder, is_new=False) as house:
        removed = PORTAL.replace("quangxuong", "removed")
        (folder / "portals" / "removed.toml.removed").write_text(removed, "utf-8")
        world = World(house, names)
        _csrf(world)  # signed in at the desk: who tries that often in a minute is refused
        world.keep()
        yield world


def _post(house: House, number: int, silenced: str | None) -> Post:
    post, now = store_post(house.loa, number), house.loa.clock()
    payload = build_payload(ChangeType.PUBLISHED, now, post, house.loa.links)
    with house.loa.database.writing() as conn:
        write_change(
            conn, post=post, type=ChangeType.PUBLISHED, at=now, payload=payload, silenced=silenced
        )
    return post


# --- the doors ---------------------------------------------------------------------------------

Try = Callable[[World, dict[str, Any]], str]
"""Does an act with these inputs; returns "done", or the code of the error."""


def by_command(*words: str, spread: str = "", options: Mapping[str, str] = {}) -> Try:
    """`loa WORDS…`, each filled with the world's names and the inputs. `spread`: the input that is
    several words; `options`: input to option."""

    def run(world: World, given: dict[str, Any]) -> str:
        arguments = [word.format(**{**world.names, **given}) for word in words]
        for key, option in options.items():
            values = given.get(key, [])
            for value in values if isinstance(values, list) else [values]:
                if value is True:
                    arguments.append(option)
                elif value is not False:
                    arguments.append(f"{option}={value}")
        arguments += given.get(spread, [])
        done = CliRunner().invoke(
            main, arguments, env=world.house.terminal.environ, prog_name="loa"
        )
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return "done" if done.exit_code == 0 else _said(done.stderr)

    return run


def _said(stderr: str) -> str:
    """The sentence of an error, in English, as every door says it; what only a command adds left
    out."""
    last = [line for line in stderr.strip().splitlines() if line.startswith("loa: ")][-1]
    return re.sub(r"; `loa [a-z]+ list` shows those there are$", "", last.removeprefix("loa: "))


def by_api(method: str, path: str, *keys: str, as_unit: bool = False) -> Try:
    """The body is made of the inputs that are named."""

    def ask(world: World, given: dict[str, Any]) -> str:
        token = world.names["unit_token"] if as_unit else choose(world.house.operators)
        body = {key: given[key] for key in keys if key in given}
        answer = world.house.client.open(
            "/api/v1/" + path.format(**{**world.names, **given}),
            method=method,
            json=None if method == "DELETE" else body,
            headers={"Authorization": f"Bearer {token}", "Accept-Language": "en"},
        )
        assert answer.status_code != 429 and answer.status_code < 500, answer.text
        return "done" if answer.status_code < 400 else str(answer.get_json()["detail"])

    return ask


def by_form(path: str, *keys: str, is_desk: bool = False, **more: str) -> Try:
    """A form that is posted; `more`: fields that are always there."""

    def send(world: World, given: dict[str, Any]) -> str:
        client, data = world.house.client, {**more, **{k: given[k] for k in keys if k in given}}
        if is_desk:
            data |= {"csrf": _csrf(world), "sure": "1"}
        answer = client.post(
            path.format(**{**world.names, **given}) + "?lang=en",
            data=world.fill(data),
            headers={"Accept": "application/json", "Accept-Language": "en"},
        )
        assert answer.status_code < 500, answer.text
        if answer.status_code < 400:
            return "done"
        if answer.mimetype == "text/plain":
            return answer.text
        return str(answer.get_json()["detail"]) if answer.is_json else _fault_in(answer.text)

    return send


def _fault_in(page: str) -> str:
    """What stands at the field of a form that came back, else above it, or on a page of an error."""
    tree = LexborHTMLParser(page)
    for node in tree.css("span.fault .hidden, [role=alert] h2"):
        node.decompose()
    found = tree.css_first("span.fault, [role=alert]") or tree.css_first("main h1 + p")
    assert found is not None, page
    return " ".join(found.text().split())


def by_desk(path: str, *keys: str, **more: str) -> Try:
    return by_form(f"/admin/{path}", *keys, is_desk=True, **more)


def _csrf(world: World) -> str:
    client = world.house.client

    def token(path: str) -> str:
        page = client.get(path).get_data(as_text=True)
        found = re.search(r'name="csrf" value="([^"]+)"', page)
        assert found is not None, page
        return found.group(1)

    if client.get("/admin/").status_code != 200:
        form = {"csrf": token("/admin/sign-in"), "token": world.house.operators[0]}
        client.post("/admin/sign-in", data=form)
    return token("/admin/units")


# --- what was left -----------------------------------------------------------------------------

_LEFT_OUT = {"audit", "feed_state", "meta", "idempotency", "session", "alembic_version", "fanout"}
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{16,}")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|\+00:00)?|\b1[678]\d{14}\b")
_BY = re.compile(r"by\.(api|operator|command|owner_\w+|unit_removed)(?: ?\\*\{[^{}]*\})?")
_DRAWN = re.compile(r'(?<=challenge\\":\\")[\w-]{20,}|(?<=/confirm/)[\w.-]+')
_SEALED = re.compile(r"secret|token|hash|signature|sealed|ack_key")
_SEALED_VALUE = re.compile(r'(?<="sealed":")[^"]+')

Rows = Counter[str]


def rows_of(world: World) -> Rows:
    """Every row of every table, as it is."""
    found: Rows = Counter()
    with world.house.loa.database.reading() as conn:
        tables = conn.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars()
        for table in tables.all():
            if table not in _LEFT_OUT and not table.startswith(
                ("sqlite_", "post_fts", "post_search")
            ):
                rows = conn.execute(text(f'SELECT * FROM "{table}"')).mappings()
                found.update(f"{table}: {_plain(row)}" for row in rows)
    found.update(
        f"file: {path.name} {content.decode()}"
        for path, content in world.files().items()
        if not path.name.endswith(FILE_SUFFIX)
    )
    return found


def _plain(row: Mapping[str, Any]) -> str:
    shown = {key: _shown(key, value) for key, value in row.items()}
    return json.dumps(shown, ensure_ascii=False, default=str, sort_keys=True)


def _shown(key: str, value: Any) -> Any:
    """`status_reason`, and what begins with `by.`: who it was, which is another at each door."""
    if _SEALED.search(key):
        return bool(value)
    if key == "status_reason" and (value is None or value.startswith("by.")):
        return "somebody"
    if not isinstance(value, str):
        return value
    return _SEALED_VALUE.sub("sealed", _BY.sub("somebody", value))


def difference(world: World, before: Rows, after: Rows) -> list[str]:
    """What rows came, went or are another, without ids, times and numbers that are a try's own."""
    changed = [f"- {row}" for row in (before - after).elements()]
    changed += [f"+ {row}" for row in (after - before).elements()]
    return sorted(_without(line, world.names) for line in changed)


def _without(line: str, names: Mapping[str, str]) -> str:
    for key, value in names.items():
        line = line.replace(value, f"<{key}>")
    return _TIME.sub("T", _ID.sub("ID", _DRAWN.sub("drawn", line)))
