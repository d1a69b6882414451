"""A Loa for the web's tests: a real one over a fresh database, with a portal, posts, and tokens of
either role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from flask import Flask
from flask.testing import FlaskClient

from service.alerts.message import build_payload
from service.bootstrap import Loa
from service.services.publish import write_change
from service.settings import ListingConfig, PortalConfig, Settings
from service.storage.posts import Draft, insert_post
from service.storage.tokens import create_token
from service.storage.units import add_unit
from service.types import (
    AttachmentLink,
    ChangeType,
    Clock,
    Document,
    PortalName,
    Post,
    Reason,
    Relation,
    Understanding,
)
from service.web.app import create_app
from tests.fakes_database import lay_migrated

PUBLIC_URL = "https://loa.example"
PORTAL = PortalName("quangxuong", "UBND huyện Quảng Xương")
LISTING = "https://quangxuong.example/portal/KenhTin/Chi-dao-dieu-hanh.aspx"
FIRST_AT = datetime(2024, 1, 28, 2, 16, tzinfo=UTC)


def make_loa(database_url: str, clock: Clock, **sections: dict[str, object]) -> Loa:
    """A Loa with one portal and a mail relay that nobody will call."""
    portal = PortalConfig(
        id=PORTAL.id,
        name=PORTAL.name,
        base_url="https://quangxuong.example",
        kind="td-portal",
        listings=(ListingConfig(url=LISTING, category="directives"),),
    )
    given = {
        "database": {"url": database_url},
        "service": {"public_url": PUBLIC_URL, "secret_key": "k" * 40},
        "email": {"smtp_url": "smtp://127.0.0.1:9", "from": "Loa <loa@loa.example>"},
        **sections,
    }
    lay_migrated(database_url)
    return Loa(Settings.model_validate({**given, "portals": (portal,)}), clock)


MANAGED_AT = "4102444800000000"
"""Of a manage link that ends with nobody who runs these tests: the year 2100, microseconds."""


def store_post(
    loa: Loa, n: int, *, category: str = "directives", title: str = "", html: str = ""
) -> Post:
    """Post number `n`; later numbers are newer."""
    document = Document(
        "chi-thi", "06/CT-UBND", date(2023, 6, 5), "UBND huyện Quảng Xương", Relation.RELAYS
    )
    known = Understanding(
        (category,), (Reason(category, "noun", "Chỉ thị"),), document, summary=f"Tóm tắt {n}"
    )
    link = AttachmentLink(
        "https://quangxuong.example/portal/VanBan/2023-06/ct06.pdf", "ct06.pdf", "application/pdf"
    )
    at = FIRST_AT + timedelta(hours=n)
    draft = Draft(
        PORTAL, f"key-{n}", f"https://quangxuong.example/portal/pages/2024-01-28/{n}.aspx",
        title or f"Chỉ thị {n}",
        html, "toàn văn", known, (link,), f"print-{n}", at, at,
    )  # fmt: skip
    with loa.database.writing() as conn:
        post = insert_post(conn, draft)
    assert post is not None
    return post


@dataclass(frozen=True, slots=True)
class Web:
    """The application, and what it takes to ask it as an operator or as a unit."""

    loa: Loa
    app: Flask
    client: FlaskClient
    operator: dict[str, str]
    unit: dict[str, str]
    unit_id: str
    other_unit_id: str
    operator_token: str


def make_web(database_url: str, clock: Clock, **sections: dict[str, object]) -> Web:
    loa = make_loa(database_url, clock, **sections)
    with loa.database.writing() as conn:
        unit = add_unit(conn, name="UBND xã Quảng Ninh", at=clock())
        other = add_unit(conn, name="UBND xã Quảng Bình", at=clock())
        operator, _ = create_token(conn, name="huyện", unit_id=None, at=clock())
        own, _ = create_token(conn, name="văn thư", unit_id=unit.id, at=clock())
    app = create_app(loa)
    app.testing = False
    bearer = [{"Authorization": f"Bearer {token}"} for token in (operator, own)]
    return Web(loa, app, app.test_client(), bearer[0], bearer[1], unit.id, other.id, operator)


def owe(web: Web, post: Post) -> None:
    """The post is told to the unit, which has a webhook that wants everything."""
    body = {
        "channel": "webhook",
        "target": "https://unit.example/loa",
        "unit": web.unit_id,
        "confirmed": True,
    }
    assert (
        web.client.post("/api/v1/subscriptions", json=body, headers=web.operator).status_code == 201
    )
    now = web.loa.clock()
    payload = build_payload(ChangeType.PUBLISHED, now, post, web.loa.links)
    with web.loa.database.writing() as conn:
        write_change(conn, post=post, type=ChangeType.PUBLISHED, at=now, payload=payload)
