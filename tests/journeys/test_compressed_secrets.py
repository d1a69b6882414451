"""BREACH: no answer that holds a secret is ever compressed, by Loa or by the proxy that it documents,
for its length would tell the secret to who can have it asked for with words of his own."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
import requests
from werkzeug.test import TestResponse

from tests.fakes import FakeClock
from tests.fakes_nginx import DEPLOY, behind_nginx, needs_nginx
from tests.fakes_web import make_web
from tests.journeys.test_permissions import (
    LINKS,
    PUBLIC,
    SESSIONS,
    SIGN_IN,
    TOKENS,
    Row,
    World,
    by_endpoint,
    csrf_of,
    signed_in,
    world,
)

__all__ = ["world"]

ZIPPED = {"Accept-Encoding": "gzip, deflate, br"}
SECRETS = re.compile(r'name="csrf" value="[^"]+"|\bloa_[\w-]{40,}|\bwhsec_[\w+/=]{20,}|\bwhsk_')
SHOWN_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
"""Of the examples, for everybody to see."""


def _says(world: World, body: str) -> list[str]:
    """The secrets in an answer: marks of forms, tokens, and signed links."""
    held = ("receipt", "manage", "restore", "unsubscribe", "confirm", "own", "sign_in")
    links = [name for name in held if world.names[name] in body]
    found = {match[0] for match in SECRETS.finditer(body)} - {SHOWN_SECRET}
    return [*links, *sorted(found)]


def _body(answer: TestResponse) -> tuple[str, bool]:
    data, is_zipped = answer.data, answer.headers.get("Content-Encoding") == "gzip"
    answer.close()
    return (gzip.decompress(data) if is_zipped else data).decode("utf-8", "replace"), is_zipped


def _asked(world: World, row: Row) -> TestResponse:
    if row in SESSIONS:
        client = signed_in(world)
        csrf = None if row.method == "GET" else csrf_of(client, "/admin/units")
        return world.ask(row, client, ZIPPED, csrf)
    bearer = {} if row not in TOKENS else world.web.unit if row.own < 300 else world.web.operator
    return world.ask(row, world.web.app.test_client(), {**ZIPPED, **bearer})


@pytest.mark.parametrize("row", [*PUBLIC, *LINKS, *SESSIONS, *TOKENS], ids=by_endpoint)
def test_BREACH_what_is_compressed_holds_no_secret(world: World, row: Row) -> None:
    body, is_zipped = _body(_asked(world, row))
    if is_zipped:
        assert row in PUBLIC and _says(world, body) == []


def test_BREACH_pages_that_hold_secrets_are_found_as_such(world: World) -> None:
    """By which it is known that the test above would see one."""
    rows = {row.endpoint: row for row in (*PUBLIC, *LINKS, *SESSIONS) if row.method == "GET"}
    for name in ("admin.sign_in", "admin.unit_list", "subscriptions.manage", "units.show"):
        body, is_zipped = _body(_asked(world, rows[name]))
        assert _says(world, body) and not is_zipped and len(body) > 512, name
    assert _body(_asked(world, rows["help.index"]))[1]


def test_BREACH_the_desk_of_whom_a_proxy_signed_in_is_not_compressed(
    sqlite_url: str, clock: FakeClock
) -> None:
    """He has no session: nothing but that he is known tells the page from a public one."""
    server: dict[str, object] = {"auth_header": "X-Remote-User", "trusted_proxies": 1}
    operator: dict[str, object] = {"people": ["lan@huyen.example"]}
    web = make_web(sqlite_url, clock, server=server, operator=operator)
    headers = {**ZIPPED, "X-Remote-User": "lan@huyen.example", "X-Forwarded-For": "203.0.113.5"}
    answer = web.app.test_client().get("/admin/audit.csv", headers=headers)
    body, is_zipped = _body(answer)
    assert (answer.status_code, is_zipped) == (200, False), body[:300]
    web.loa.close()


# --- behind the proxy -----------------------------------------------------------------------------


@needs_nginx
@pytest.mark.parametrize("name", ["nginx.conf", "nginx-files.conf"])
def test_BREACH_the_documented_proxy_compresses_no_secret_either(
    world: World, tmp_path: Path, name: str
) -> None:
    config = (DEPLOY / name).read_text("utf-8")
    assert "gzip off;" in config
    pages = (SIGN_IN, f"/manage/{world.names['manage']}", f"/unit/{world.names['own']}")
    found = {}
    for is_ours in (True, False):  # without the line it would
        text = config if is_ours else config.replace("gzip off;", "")
        folder = tmp_path / str(is_ours)
        folder.mkdir()
        with behind_nginx(world.web.app, folder, text) as address:
            answers = [
                requests.get(address + page, headers=ZIPPED, timeout=10)
                for page in (*pages, "/help/")
            ]
            assert [answer.status_code for answer in answers] == [200] * 4
            found[is_ours] = [answer.headers.get("Content-Encoding") for answer in answers]
    assert found[True] == [None, None, None, "gzip"]
    assert found[False] == ["gzip"] * 4
