"""The table of permissions: every route and method, and who may: a stranger, a forged token,
another unit, the unit whose it is, a viewer's token, an operator's, a viewer or an operator who is
signed in. Each row ends with those who may, and does it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from service.alerts.links import Purpose
from service.services.context import OPERATOR
from service.services.decision_acts import decide_task
from service.services.decision_parts import TypedTask
from service.services.sign_in import sign_in_subject
from service.storage.engine import sqlite_path
from service.storage.handshakes import address_mark
from service.storage.looks import ask_look
from service.storage.post_decisions import decisions_about
from service.storage.subscriptions import set_status
from service.storage.tokens import Role, Scope, create_token, select_token
from service.storage.units import add_unit, remove_unit
from service.types import SubscriptionStatus
from service.web.access_table import OF_SUBSCRIPTIONS
from service.web.app import create_app
from service.web.auth import scope_of
from tests.fakes import FakeClock
from tests.fakes_web import MANAGED_AT, Web, make_loa, make_web, owe, store_post

SIGN_IN = "/admin/sign-in"
FAR = {"REMOTE_ADDR": "203.0.113.5"}
DAY = "2026-11-23T00:00:00Z"


@dataclass(frozen=True, slots=True)
class World:
    """A unit with a webhook that is owed a post, another unit, and an operator: what each row is
    asked in."""

    web: Web
    other: dict[str, str]
    viewer: dict[str, str]
    names: dict[str, str]

    def ask(
        self, row: Row, client: FlaskClient, headers: dict[str, str], csrf: str | None = None
    ) -> TestResponse:
        form = (
            None
            if row.form is None and csrf is None
            else {**(row.form or {}), **({"csrf": csrf} if csrf else {})}
        )
        return client.open(
            row.path.format(**self.names), method=row.method, headers=headers,
            environ_base=row.environ,
            json=None if row.json is None else _filled(row.json, self.names),
            data=None if form is None else {k: v.format(**self.names) for k, v in form.items()},
        )  # fmt: skip

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """All that the database says, but for what is noted of each answer."""
        with self.web.loa.database.reading() as conn:
            tables = (
                conn.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))
                .scalars()
                .all()
            )
            kept = [
                name
                for name in tables
                if not name.startswith(("sqlite_", "post_fts", "feed_state"))
            ]
            return {
                name: [tuple(row) for row in conn.execute(text(f'SELECT * FROM "{name}"'))]
                for name in kept
            }


PEOPLE: dict[str, object] = {"people": ["lan@huyen.example"]}


@pytest.fixture
def world(sqlite_url: str, clock: FakeClock) -> Iterator[World]:
    """A copy of one that was made once: hundreds of rows begin with it."""
    content, made = _kept_world()
    path = Path(str(sqlite_path(sqlite_url)))
    path.touch(0o600)
    path.write_bytes(content)
    loa = make_loa(sqlite_url, clock, operator=PEOPLE)
    app = create_app(loa)
    app.testing = False
    yield replace(made, web=replace(made.web, loa=loa, app=app, client=app.test_client()))
    loa.close()


@cache
def _kept_world() -> tuple[bytes, World]:
    """And its database."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "loa.db"
        made = _make_world(f"sqlite:///{path}", FakeClock())
        made.web.loa.close()
        assert [one.name for one in path.parent.glob("loa.db*")] == ["loa.db"]  # none is in a log
        return path.read_bytes(), made


def _make_world(url: str, clock: FakeClock) -> World:
    web = make_web(url, clock, operator=PEOPLE)
    post = store_post(web.loa, 1)
    owe(web, post)
    with web.loa.database.writing() as conn:
        other, _ = create_token(conn, name="xã khác", unit_id=web.other_unit_id, at=clock())
        viewer, _ = create_token(conn, name="lãnh đạo", unit_id=None, at=clock(), role=Role.VIEWER)
    get = web.client.get
    key = get("/api/v1/subscriptions", headers=web.unit).get_json()["items"][0]["id"]
    delivery = get("/api/v1/deliveries", headers=web.unit).get_json()["items"][0]["id"]
    mail = {"channel": "email", "target": "a@xa.example", "confirmed": True}
    reader = web.client.post("/api/v1/subscriptions", json=mail, headers=web.operator).get_json()[
        "id"
    ]
    owed = {"channel": "pull", "unit": web.unit_id}
    web.client.post("/api/v1/subscriptions", json=owed, headers=web.operator)
    for_unit = {**mail, "target": "unit@xa.example", "unit": web.unit_id}
    of_unit = web.client.post("/api/v1/subscriptions", json=for_unit, headers=web.operator)
    links, made_at = web.loa.links, str(int(clock().timestamp() * 1_000_000))
    names = {
        "unit": web.unit_id, "other": web.other_unit_id, "post": post.id, "key": key, "delivery": delivery, "reader": reader,
        "receipt": links.token(Purpose.RECEIPT, post.id, "1", web.unit_id),
        "manage": links.token(Purpose.MANAGE, reader, MANAGED_AT),
        "restore": links.token(Purpose.RESTORE, of_unit.get_json()["id"], made_at),
        "unsubscribe": links.token(Purpose.UNSUBSCRIBE, reader),
        "confirm": links.token(Purpose.CONFIRM, key, address_mark("https://unit.example/loa")),
    }  # fmt: skip
    names["twin"] = store_post(web.loa, 2).id
    with web.loa.database.writing() as conn:
        decide_task(conn, web.loa, post.id, None, TypedTask("nộp", "2026-12-05"), OPERATOR)
        names["decision"] = decisions_about(conn, post.id)[0].id
        mailed = add_unit(conn, name="UBND xã Thư", at=clock(), contacts=("c@xa.example",))
        own = select_token(conn, web.unit["Authorization"].removeprefix("Bearer "), clock())
        assert own is not None
        gone = add_unit(conn, name="UBND xã Cũ", at=clock())
        remove_unit(conn, gone.id, clock())
        look = ask_look(conn, "probe", "xa.example", clock())
        _, spare = create_token(conn, name="thừa", unit_id=None, at=clock())
    own_link = links.token(Purpose.UNIT, web.unit_id, made_at, f"token:{own.id}")
    names |= {
        "gone": gone.id,
        "mailed": mailed.id,
        "own": own_link,
        "look": look.id,
        "token": spare.id,
    }
    subject = sign_in_subject(web.loa, "lan@huyen.example")
    names["sign_in"] = links.token(Purpose.SIGN_IN, *subject)
    return World(
        web, {"Authorization": f"Bearer {other}"}, {"Authorization": f"Bearer {viewer}"}, names
    )


def _filled(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(one, names) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, names) for one in value]
    return value.format(**names) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Row:
    """A request; what `other`, `own` and `operator` are answered. `hides`: what the other unit must
    not see."""

    endpoint: str
    method: str
    path: str
    other: int = 0
    own: int = 0
    operator: int = 0
    json: dict[str, Any] | None = None
    form: dict[str, str] | None = None
    hides: str = ""
    before: SubscriptionStatus | None = None
    environ: dict[str, str] = field(default_factory=dict)


PAUSED = SubscriptionStatus.PAUSED
HOOK = {"channel": "webhook", "target": "https://unit.example/second"}
SUB = "/api/v1/subscriptions/{key}"

BAD_PORTAL: dict[str, Any] = {
    "id": "xa-moi", "name": "UBND xã Mới", "base_url": "https://xa-moi.example",
    "listings": [{"url": "/ds"}],
}  # fmt: skip
"""Of a test's Loa there is no folder of portal files: nothing is written."""

TOKENS = [  # the operator asks last: rotated a moment ago is 409, and not 401 or 403
    Row("api.list_posts", "GET", "/api/v1/posts", 200, 200, 200),
    Row("api.show_post", "GET", "/api/v1/posts/{post}", 200, 200, 200),
    Row("api.list_portals", "GET", "/api/v1/portals", 200, 200, 200),
    Row("api.show_portal", "GET", "/api/v1/portals/quangxuong", 200, 200, 200),
    Row("api.list_silences", "GET", "/api/v1/silences", 403, 403, 200),
    Row(
        "api.decide_urgency",
        "POST",
        "/api/v1/posts/{post}/urgency",
        403,
        403,
        200,
        json={"urgency": "khan"},
    ),
    Row("api.add_post", "POST", "/api/v1/posts", 403, 403, 201, json={"title": "Công điện 12"}),
    Row(
        "api.decide_task",
        "POST",
        "/api/v1/posts/{post}/tasks",
        403,
        403,
        200,
        json={"task": "họp", "day": "2026-12-05"},
    ),
    Row(
        "api.decide_relation",
        "POST",
        "/api/v1/posts/{post}/relations",
        403,
        403,
        200,
        json={"relation": "amends", "other": "{twin}"},
    ),
    Row(
        "api.decide_document",
        "POST",
        "/api/v1/posts/{post}/document",
        403,
        403,
        200,
        json={"other": "{twin}", "same": True},
    ),
    Row(
        "api.undo_decision",
        "DELETE",
        "/api/v1/posts/{post}/decisions/{decision}",
        403,
        403,
        200,
    ),
    Row("api.withdraw_post", "POST", "/api/v1/posts/{twin}/withdraw", 403, 403, 200, json={}),
    Row("api.release_post", "POST", "/api/v1/posts/{post}/release", 403, 403, 409, json={}),
    Row("api.discard_post", "POST", "/api/v1/posts/{post}/discard", 403, 403, 409, json={}),
    Row("api.release_portal", "POST", "/api/v1/portals/quangxuong/release", 403, 403, 200, json={}),
    Row("api.discard_portal", "POST", "/api/v1/portals/quangxuong/discard", 403, 403, 200, json={}),
    Row(
        "api.backfill_portal",
        "POST",
        "/api/v1/portals/quangxuong/backfill",
        403,
        403,
        202,
        json={"since": "2026-11-20"},
    ),
    Row("api.add_portal", "POST", "/api/v1/portals", 403, 403, 409, json=BAD_PORTAL),
    Row("api.remove_portal", "DELETE", "/api/v1/portals/quangxuong", 403, 403, 404),
    Row("api.poll_portal", "POST", "/api/v1/portals/quangxuong/poll", 403, 403, 202, json={}),
    Row("api.check_portal", "POST", "/api/v1/portals/quangxuong/check", 403, 403, 202, json={}),
    Row("api.probe_portal", "POST", "/api/v1/probes", 403, 403, 202, json={"url": "x.example"}),
    Row("api.show_probe", "GET", "/api/v1/probes/{look}", 403, 403, 200),
    Row("api.list_audit", "GET", "/api/v1/audit", 403, 403, 200),
    Row("api.list_tokens", "GET", "/api/v1/tokens", 403, 403, 200),
    Row("api.create_token", "POST", "/api/v1/tokens", 403, 403, 201, json={"role": "viewer"}),
    Row("api.revoke_token", "DELETE", "/api/v1/tokens/{token}", 403, 403, 204),
    Row("api.list_units", "GET", "/api/v1/units", 200, 200, 200, hides="{unit}"),
    Row("api.show_unit", "GET", "/api/v1/units/{unit}", 404, 200, 200),
    Row("api.add_unit", "POST", "/api/v1/units", 403, 403, 201, json={"name": "UBND xã Mới"}),
    Row("api.edit_unit", "PATCH", "/api/v1/units/{unit}", 403, 403, 200, json={"name": "tên"}),
    Row("api.remove_unit", "DELETE", "/api/v1/units/{unit}", 403, 403, 204),
    Row(
        "api.merge_unit",
        "POST",
        "/api/v1/units/{unit}/merge",
        403,
        403,
        200,
        json={"into": "{other}"},
    ),
    Row("api.link_unit", "POST", "/api/v1/units/{unit}/link", 403, 403, 409, json={}),
    Row("api.restore_unit", "POST", "/api/v1/units/{gone}/restore", 403, 403, 200, json={}),
    Row("api.succeed_units", "POST", "/api/v1/successions", 403, 403, 200, json={}),
    Row(
        "api.remind_units",
        "POST",
        "/api/v1/receipts/remind",
        403,
        403,
        200,
        json={"posts": ["{post}"]},
    ),
    Row(
        "api.recategorise_post",
        "POST",
        "/api/v1/posts/{post}/categories",
        403,
        403,
        200,
        json={"categories": ["news"]},
    ),
    Row("api.restore_subscription", "POST", f"{SUB}/restore", 403, 403, 409, json={}),
    Row("api.list_subscriptions", "GET", "/api/v1/subscriptions", 200, 200, 200, hides="{key}"),
    Row("api.show_subscription", "GET", SUB, 404, 200, 200),
    Row(
        "api.add_subscription",
        "POST",
        "/api/v1/subscriptions",
        422,
        201,
        201,
        json={**HOOK, "unit": "{unit}"},
    ),
    Row("api.edit_subscription", "PATCH", SUB, 404, 200, 200, json={"name": "tên"}),
    Row("api.remove_subscription", "DELETE", SUB, 404, 204, 204),
    Row("api.pause_subscription", "POST", f"{SUB}/pause", 404, 200, 200, json={}),
    Row("api.resume_subscription", "POST", f"{SUB}/resume", 404, 200, 200, json={}, before=PAUSED),
    Row("api.rotate_subscription", "POST", f"{SUB}/rotate", 404, 200, 409, json={}),
    Row("api.check_subscription", "POST", f"{SUB}/test", 404, 202, 202, json={}),
    Row(
        "api.replay_subscription",
        "POST",
        f"{SUB}/replay",
        404,
        202,
        202,
        json={"since": DAY, "failed_only": False},
    ),
    Row("api.list_deliveries", "GET", "/api/v1/deliveries", 200, 200, 200, hides="{delivery}"),
    Row("api.show_delivery", "GET", "/api/v1/deliveries/{delivery}", 404, 200, 200),
    Row(
        "api.replay_delivery",
        "POST",
        "/api/v1/deliveries/{delivery}/replay",
        404,
        202,
        202,
        json={},
    ),
    Row("api.explain", "GET", "/api/v1/why?post={post}&subscription={key}", 404, 200, 200),
    Row("api.ask_stream", "GET", "/api/v1/stream?wait_s=0", 409, 200, 403),
    Row("api.acknowledge_stream", "POST", "/api/v1/stream/ack", 409, 200, 403, json={"ids": []}),
    Row("api.show_statement", "GET", "/api/v1/statement?day=2026-11-23", 409, 200, 403),
    Row("api.list_receipts", "GET", "/api/v1/receipts?post={post}", 200, 200, 200, hides="{unit}"),
    Row("api.add_receipt", "POST", "/api/v1/receipts", 409, 201, 403, json={"post": "{post}"}),
]

TYPED = {"title": "Công điện", "category": "directives"}
SESSIONS = [
    Row("admin.index", "GET", "/admin/", operator=200),
    Row("admin.audit", "GET", "/admin/audit/", operator=200),
    Row("admin.token_list", "GET", "/admin/tokens/", operator=200),
    Row("admin.create_token", "POST", "/admin/tokens/", operator=200, form={"role": "viewer"}),
    Row(
        "admin.revoke_token",
        "POST",
        "/admin/tokens/{token}/revoke",
        operator=303,
        form={"sure": "1"},
    ),
    Row("admin.audit_file", "GET", "/admin/audit.csv", operator=200),
    Row("admin.portal_list", "GET", "/admin/portals/", operator=200),
    Row("admin.new_portal", "GET", "/admin/portals/new", operator=200),
    Row("admin.show_probe", "GET", "/admin/portals/new/{look}", operator=200),
    Row("admin.show_portal", "GET", "/admin/portals/quangxuong", operator=200),
    *(
        Row(f"admin.{name}", "POST", f"/admin/portals/{path}", operator=status, form=form)
        for name, path, status, form in (
            ("probe_portal", "new", 303, {"url": "xa.example"}),
            ("draft_portal", "new/{look}", 404, {}),
            ("add_portal", "", 422, {"file": "none"}),
            ("edit_portal", "quangxuong", 404, {"file": "none"}),
            ("remove_portal", "quangxuong/remove", 404, {"sure": "1"}),
            ("restore_portal", "quangxuong/restore", 404, {}),
            ("poll_portal", "quangxuong/poll", 303, {}),
            ("check_portal", "quangxuong/check", 303, {}),
            ("reread_portals", "reread", 422, {}),
        )
    ),
    Row("admin.posts", "GET", "/admin/posts", operator=200),
    Row("admin.post", "GET", "/admin/posts/{post}", operator=200),
    Row(
        "admin.recategorise_post",
        "POST",
        "/admin/posts/{post}/categories",
        operator=303,
        form={"primary": "news"},
    ),
    Row(
        "admin.decide_urgency",
        "POST",
        "/admin/posts/{post}/urgency",
        operator=303,
        form={"urgency": "khan"},
    ),
    Row(
        "admin.decide_task",
        "POST",
        "/admin/posts/{post}/tasks",
        operator=303,
        form={"task": "họp", "day": "2026-12-05"},
    ),
    Row(
        "admin.decide_relation",
        "POST",
        "/admin/posts/{post}/relations",
        operator=303,
        form={"relation": "amends", "other": "{twin}"},
    ),
    Row(
        "admin.decide_document",
        "POST",
        "/admin/posts/{post}/document",
        operator=303,
        form={"other": "{twin}", "same": "1"},
    ),
    Row(
        "admin.undo_decision",
        "POST",
        "/admin/posts/{post}/decisions/{decision}/undo",
        operator=303,
        form={},
    ),
    Row("admin.new_post", "GET", "/admin/posts/new", operator=200),
    Row("admin.add_post", "POST", "/admin/posts/new", operator=303, form=TYPED),
    Row(
        "admin.withdraw_post",
        "POST",
        "/admin/posts/{post}/withdraw",
        operator=303,
        form={"sure": "1"},
    ),
    Row("admin.all_boards", "GET", "/admin/receipts/", operator=200),
    Row(
        "admin.remind_units",
        "POST",
        "/admin/receipts/remind",
        operator=303,
        form={"post": "{post}"},
    ),
    Row("admin.board", "GET", "/admin/receipts/{post}", operator=200),
    Row("admin.board_file", "GET", "/admin/receipts/{post}.csv", operator=200),
    Row("admin.proof", "GET", "/admin/receipts/{post}/proof", operator=200),
    Row("admin.unit_list", "GET", "/admin/units", operator=200),
    Row("admin.add_unit", "POST", "/admin/units", operator=303, form={"name": "UBND xã Mới"}),
    Row("admin.show_unit", "GET", "/admin/units/{unit}", operator=200),
    Row("admin.edit_unit", "POST", "/admin/units/{unit}", operator=303, form={"name": "tên"}),
    Row(
        "admin.remove_unit", "POST", "/admin/units/{unit}/remove", operator=303, form={"sure": "1"}
    ),
    Row("admin.restore_unit", "POST", "/admin/units/{gone}/restore", operator=303, form={}),
    Row("admin.ask_merge", "GET", "/admin/units/{unit}/merge", operator=200),
    Row(
        "admin.merge_unit",
        "POST",
        "/admin/units/{unit}/merge",
        operator=303,
        form={"into": "{other}"},
    ),
    Row("admin.show_successions", "GET", "/admin/successions", operator=200),
    Row("admin.succeed_units", "POST", "/admin/successions", operator=303, form={}),
    Row("admin.link_unit", "POST", "/admin/units/{mailed}/link", operator=303, form={}),
    Row("admin.subscription_list", "GET", "/admin/subscriptions", operator=200),
    Row(
        "admin.move_subscription", "POST", "/admin/subscriptions/{key}/pause", operator=303, form={}
    ),
    Row(
        "admin.rotate_secret",
        "POST",
        "/admin/subscriptions/{key}/rotate",
        operator=200,
        form={"sure": "1"},
    ),
    Row(
        "admin.test_subscription", "POST", "/admin/subscriptions/{key}/test", operator=303, form={}
    ),
    Row("admin.new_subscription", "GET", "/admin/units/{unit}/subscribe", operator=200),
    Row(
        "admin.add_subscription",
        "POST",
        "/admin/units/{unit}/subscribe",
        operator=200,
        form={"channel": "pull"},
    ),
    Row("admin.show_subscription", "GET", "/admin/subscriptions/{key}", operator=200),
    Row("admin.edit_subscription", "POST", "/admin/subscriptions/{key}", operator=303, form={}),
    Row("admin.delivery_list", "GET", "/admin/deliveries", operator=200),
    Row("admin.delivery", "GET", "/admin/deliveries/{delivery}", operator=200),
    Row(
        "admin.replay_delivery",
        "POST",
        "/admin/deliveries/{delivery}/replay",
        operator=303,
        form={},
    ),
    Row(
        "admin.replay_failed",
        "POST",
        "/admin/deliveries/replay-failed",
        operator=303,
        form={"sure": "1"},
    ),
    Row("admin.switch_deliveries", "POST", "/admin/deliveries/pause", operator=303, form={}),
    Row("admin.silent", "GET", "/admin/silent/", operator=200),
    Row("admin.release_post", "POST", "/admin/posts/{post}/release", operator=409, form={}),
    Row("admin.discard_post", "POST", "/admin/posts/{post}/discard", operator=409, form={}),
    Row(
        "admin.discard_portal",
        "POST",
        "/admin/portals/quangxuong/discard",
        operator=303,
        form={"sure": "1"},
    ),
    Row(
        "admin.release_portal",
        "POST",
        "/admin/portals/quangxuong/release",
        operator=303,
        form={"sure": "1"},
    ),
    Row(
        "admin.backfill_portal",
        "POST",
        "/admin/portals/quangxuong/backfill",
        operator=303,
        form={"since": "2026-11-20"},
    ),
    Row("admin.sign_out", "POST", "/admin/sign-out", operator=303, form={}),
]

PUBLIC = [
    Row("static", "GET", "/static/loa.css", 200),
    Row("public.index", "GET", "/", 200),
    Row("public.post", "GET", "/posts/{post}", 200),
    Row("robots.robots", "GET", "/robots.txt", 200),
    Row("robots.sitemap", "GET", "/sitemap.xml", 200),
    Row("robots.favicon", "GET", "/favicon.ico", 200),
    Row("public.calendar", "GET", "/posts/{post}/calendar.ics", 200),
    Row("status.page", "GET", "/status", 200),
    Row("status.as_json", "GET", "/status.json", 200),
    Row("help.index", "GET", "/help/", 200),
    Row("help.page", "GET", "/help/webhooks", 200),
    Row("help.download", "GET", "/help/receivers/loa_receiver.py", 200),
    Row("attachments.download", "GET", f"/attachments/{'0' * 64}/x.pdf", 404),
    Row("attachments.view", "GET", f"/attachments/{'0' * 64}/view/x.pdf", 404),
    Row("attachments.cover", "GET", f"/covers/{'0' * 64}.png", 404),
    Row("feeds.index", "GET", "/feeds/", 200),
    Row("feeds.feed", "GET", "/feeds/all.atom", 200),
    Row("hub.show", "GET", "/hub", 200),
    Row("hub.take", "POST", "/hub", 400, form={"hub.mode": "subscribe"}),
    Row("feeds.opml", "GET", "/feeds.opml", 200),
    Row("health.healthz", "GET", "/healthz", 200),
    Row("health.readyz", "GET", "/readyz", 200),
    Row("webhook_key.show", "GET", "/.well-known/loa-webhook-key", 200),
    Row("api.openapi", "GET", "/api/openapi.json", 200),
    Row("api.docs", "GET", "/api/docs", 200),
    Row("subscriptions.form", "GET", "/subscribe", 200),
    Row("subscriptions.subscribe", "POST", "/subscribe", 200, form={"address": "b@xa.example"}),
    Row("subscriptions.preview", "POST", "/subscribe/preview", 200, form={"category": "news"}),
    Row("units.ask", "GET", "/unit/", 200),
    Row("units.request_link", "POST", "/unit/", 200, form={"address": "b@xa.example"}),
    Row("admin.sign_in", "GET", SIGN_IN, 200),
]

ACKNOWLEDGED = {"action": "acknowledge", "post": "{post}", "revision": "1"}
LINKS = [
    Row("receipts.show", "GET", "/receipts/{receipt}", 200),
    Row("receipts.confirm", "POST", "/receipts/{receipt}", 200, form={"by": "Văn thư"}),
    Row("subscriptions.show_confirm", "GET", "/confirm/{confirm}", 200),
    Row("subscriptions.confirm", "POST", "/confirm/{confirm}", 200, form={}),
    Row("subscriptions.show_unsubscribe", "GET", "/unsubscribe/{unsubscribe}", 200),
    Row(
        "subscriptions.one_click",
        "POST",
        "/unsubscribe/{unsubscribe}",
        200,
        form={"List-Unsubscribe": "One-Click"},
    ),
    Row("subscriptions.show_restore", "GET", "/restore/{restore}", 200),
    Row("subscriptions.do_restore", "POST", "/restore/{restore}", 200, form={}),
    Row("subscriptions.manage", "GET", "/manage/{manage}", 200),
    Row("subscriptions.own_data", "GET", "/manage/{manage}/data", 200),
    Row("subscriptions.own_data_file", "GET", "/manage/{manage}/data.json", 200),
    Row(
        "subscriptions.change",
        "POST",
        "/manage/{manage}",
        200,
        form={"action": "erase", "sure": "1"},
    ),
    Row("admin.show_sign_in", "GET", "/admin/sign-in/{sign_in}", 200),
    Row("units.show", "GET", "/unit/{own}", 200),
    Row("units.receipts_file", "GET", "/unit/{own}/receipts.csv", 200),
    Row("units.act", "POST", "/unit/{own}", 200, form=ACKNOWLEDGED),
]

APART = {
    ("admin.sign_in", "POST"), ("admin.mail_sign_in", "POST"), ("admin.use_sign_in", "POST"),
    ("health.scrape", "GET"),
}  # fmt: skip
"""Each has a test of its own, below or in `test_sign_in`."""


def by_endpoint(row: Row) -> str:
    return row.endpoint


def forged(world: World) -> list[dict[str, str]]:
    """Bearers that are none: made up, cut, of another scheme."""
    own = world.web.operator["Authorization"]
    values = [
        "Bearer loa_" + "A" * 43,
        own[:-1],
        own + "A",
        own.replace("Bearer", "Basic"),
        "Bearer ",
        own.lower(),
    ]
    return [{"Authorization": value} for value in values]


def csrf_of(client: FlaskClient, path: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', client.get(path).get_data(as_text=True))
    assert found is not None
    return found.group(1)


def signed_in(world: World, bearer: dict[str, str] | None = None) -> FlaskClient:
    """As an operator, or whoever's token it is."""
    client = world.web.app.test_client()
    token = (bearer or world.web.operator)["Authorization"].removeprefix("Bearer ")
    form = {"csrf": csrf_of(client, SIGN_IN), "token": token}
    assert client.post(SIGN_IN, data=form).status_code == 303
    return client


def test_every_route_and_method_has_its_row(world: World) -> None:
    rows = {(row.endpoint, row.method) for row in (*TOKENS, *SESSIONS, *PUBLIC, *LINKS)} | APART
    routes = {
        (rule.endpoint, method)
        for rule in world.web.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert rows == routes


@pytest.mark.parametrize("row", TOKENS, ids=by_endpoint)
def test_a_token_opens_what_is_its_own(world: World, row: Row) -> None:
    web, before = world.web, None
    if row.before is not None:
        with web.loa.database.writing() as conn:
            set_status(conn, world.names["key"], row.before, at=web.loa.clock())
    before = world.rows()
    browser = signed_in(world) if row.method == "GET" else web.client
    for refused in ({}, *forged(world)):
        assert world.ask(row, web.client, refused).status_code == 401, refused
    assert world.ask(row, browser, {}).status_code == 401  # a session is no token
    after = world.rows()
    assert {**after, "meta": []} == {**before, "meta": []}
    answer = world.ask(row, web.client, world.other)
    assert answer.status_code == row.other
    if row.hides:
        assert row.hides.format(**world.names) not in answer.get_data(as_text=True)
    if row.other >= 400:
        assert {**world.rows(), "meta": []} == {**before, "meta": []}
    begun = world.rows()
    seen = world.ask(row, web.client, world.viewer)
    assert seen.status_code == (row.operator if row.method == "GET" else 403)
    assert {**world.rows(), "meta": []} == {**begun, "meta": []}
    own, operator = world.ask(row, web.client, web.unit), world.ask(row, web.client, web.operator)
    if row.method == "GET":
        assert seen.get_json() == operator.get_json()
    assert (own.status_code, operator.status_code) == (row.own, row.operator)
    if row.hides and row.endpoint != "api.list_receipts":
        assert row.hides.format(**world.names) in own.get_data(as_text=True)


def test_a_token_opens_nothing_beyond_its_scopes(world: World) -> None:
    bearer: dict[tuple[Scope, bool], dict[str, str]] = {}
    with world.web.loa.database.writing() as conn:
        for scope, is_unit in product(Scope, (False, True)):
            others = set(Scope) - {scope}
            unit_id = world.web.unit_id if is_unit else None
            words, made = create_token(
                conn, name="x", unit_id=unit_id, at=world.web.loa.clock(), scopes=others
            )
            assert set(made.scopes) == others
            bearer[scope, is_unit] = {"Authorization": f"Bearer {words}"}
    assert {row.endpoint for row in TOKENS} >= OF_SUBSCRIPTIONS - {"api.acknowledge_stream"}
    before = world.rows()
    for row in TOKENS:
        wanted = scope_of(row.endpoint, row.method)
        answer = world.ask(row, world.web.client, bearer[wanted, row.operator == 403])
        assert answer.status_code == 403, row
        assert f"the scope {wanted}" in answer.get_json()["detail"], row
    assert {**world.rows(), "meta": []} == {**before, "meta": []}
    listed = world.web.client.get("/api/v1/subscriptions", headers=bearer[Scope.OPERATE, False])
    assert listed.status_code == 200
    reading = signed_in(world, bearer[Scope.OPERATE, False])
    assert reading.get("/admin/units").status_code == 200
    form = {"csrf": csrf_of(reading, "/admin/units"), "name": "UBND xã Mới"}
    assert reading.post("/admin/units", data=form).status_code == 403


@pytest.mark.parametrize("row", SESSIONS, ids=by_endpoint)
def test_the_desk_opens_to_operators_who_are_signed_in(world: World, row: Row) -> None:
    web, before = world.web, world.rows()
    for headers in ({}, *forged(world), web.unit, world.other, web.operator):
        answer = world.ask(row, web.app.test_client(), headers)
        assert (answer.status_code, answer.location) == (302, SIGN_IN), headers
    thief = web.app.test_client()
    thief.set_cookie(
        "loa_session", "eyJzZXNzaW9uIjoiZm9yZ2VkIn0.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb"
    )
    assert world.ask(row, thief, {}).location == SIGN_IN
    assert world.rows() == before
    client = signed_in(world)
    if row.method != "GET":
        begun = world.rows()
        for csrf in (None, "forged", csrf_of(web.app.test_client(), SIGN_IN)):
            assert world.ask(row, client, {}, csrf).status_code == 403
        assert world.rows() == begun
    begun, viewer = world.rows(), signed_in(world, world.viewer)
    csrf = csrf_of(viewer, "/admin/units")
    if row.endpoint == "admin.sign_out":
        assert world.ask(row, viewer, {}, csrf).status_code == row.operator
    elif row.method != "GET":
        assert world.ask(row, viewer, {}, csrf).status_code == 403
        assert {**world.rows(), "meta": []} == {**begun, "meta": []}
    else:
        seen = world.ask(row, viewer, {})
        offered = re.findall(r'<form[^>]*method="post"', seen.get_data(as_text=True))
        assert seen.status_code == row.operator and len(offered) <= 1  # to sign out
    csrf = csrf_of(client, "/admin/units") if row.method != "GET" else None
    assert world.ask(row, client, {}, csrf).status_code == row.operator


@pytest.mark.parametrize("row", PUBLIC, ids=by_endpoint)
def test_a_public_page_asks_nobody_who_he_is(world: World, row: Row) -> None:
    for headers in ({}, *forged(world)[:1], world.web.unit, world.other, world.web.operator):
        answer = world.ask(row, world.web.app.test_client(), headers)
        answer.close()
        assert answer.status_code == row.other


@pytest.mark.traced
@pytest.mark.parametrize("row", LINKS, ids=by_endpoint)
def test_a_signed_link_opens_one_thing_to_whoever_holds_it(world: World, row: Row) -> None:
    before = world.rows()
    name = re.search(r"{(\w+)}", row.path)
    assert name is not None
    real = world.names[name[1]]
    swaps: list[Callable[[str], str]] = [
        lambda token: token[:-1], lambda token: token + "A", lambda token: token[::-1],
        lambda _: "x" * 60,
    ]  # fmt: skip
    others = [
        world.names[other]
        for other in ("receipt", "manage", "unsubscribe", "confirm", "own", "sign_in")
        if other != name[1]
    ]
    for wrong in (*(swap(real) for swap in swaps), *others, world.names["post"]):
        forged_world = World(world.web, world.other, world.viewer, {**world.names, name[1]: wrong})
        for headers in ({}, world.web.operator):
            assert forged_world.ask(row, world.web.app.test_client(), headers).status_code == 404, (
                wrong
            )
    assert world.rows() == before
    assert world.ask(row, world.web.app.test_client(), {}).status_code == row.other


def test_only_an_operators_own_token_signs_in_and_only_with_the_forms_own_mark(
    world: World,
) -> None:
    web = world.web
    unit = web.unit["Authorization"].removeprefix("Bearer ")
    for token in ("", "loa_x", unit, web.operator_token[:-1], web.operator_token.lower()):
        client = web.app.test_client()
        assert (
            client.post(
                SIGN_IN, data={"csrf": csrf_of(client, SIGN_IN), "token": token}
            ).status_code
            == 401
        )
        assert client.get("/admin/").location == SIGN_IN
    client = web.app.test_client()
    assert (
        client.post(SIGN_IN, data={"csrf": "forged", "token": web.operator_token}).status_code
        == 403
    )
    assert signed_in(world).get("/admin/").status_code == 200


def test_metrics_are_for_this_machine(world: World) -> None:
    get = world.web.client.get
    for headers in (
        {},
        *forged(world),
        world.web.unit,
        world.web.operator,
        {"X-Forwarded-For": "127.0.0.1"},
    ):
        assert get("/metrics", headers=headers, environ_base=FAR).status_code == 403, headers
    assert get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 403
    assert get("/metrics").status_code == 200
