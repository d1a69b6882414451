"""Each page of the desk without a violation by axe, in light and dark, in both languages; and a
portal that is added by its address, falls ill and recovers, in a real browser that keeps no
script."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import text
from werkzeug.serving import make_server

from service.posts.overruled import key_of
from service.round import step_looks
from service.services.by_hand import TypedPost, publish_by_hand
from service.services.context import OPERATOR
from service.services.decision_acts import decide_document, decide_task
from service.services.decision_parts import TypedTask
from service.storage.deliveries import list_deliveries
from service.storage.overruling import change_facts
from service.storage.posts import PostQuery, newest_posts
from service.storage.tokens import create_token
from service.storage.units import add_unit
from service.types import Deadline, DocumentLink, Link, Mention
from service.web.app import create_app
from tests.fakes_ledger import hook
from tests.fakes_site import LIST, OLD, World, numbered, open_world
from tests.hostile import reply

AXE = Path(os.environ.get("LOA_NODE_MODULES", "")) / "axe-core" / "axe.min.js"
needs_axe = pytest.mark.skipif(
    not AXE.is_file() and os.environ.get("CI") != "true",
    reason="axe-core is not installed: npm install axe-core, LOA_NODE_MODULES=…/node_modules",
)
SUBSCRIBED = {"channel": "webhook", "target": "https://xa.example/loa"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path) as opened:
        opened.show(*OLD)
        opened.poll()
        opened.show(*[numbered(n, day=23) for n in range(200, 300)], *OLD)
        opened.poll()
        yield opened


@pytest.fixture
def address(world: World) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, create_app(world.loa), threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def _sign_in(page: Any, world: World, address: str) -> None:
    with world.loa.database.writing() as conn:
        token, _ = create_token(conn, name="huyện", unit_id=None, at=world.clock())
    page.goto(f"{address}/admin/sign-in")
    page.fill("#token", token)
    page.press("#token", "Enter")
    page.wait_for_url(f"{address}/admin/")


def violations_of(page: Any) -> dict[str, list[Any]]:
    """What axe finds on a page as it stands, in light and in dark."""
    page.add_script_tag(path=str(AXE))
    found = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # no colour in between
        # what is well is not described, node by node: that took most of the time
        broken = page.evaluate(
            "axe.run({resultTypes: ['violations']}).then(found => found.violations)"
        )
        if broken:
            found[scheme] = broken
    return found


def _fits(page: Any) -> bool:
    root = "document.documentElement"
    return bool(page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth"))


@pytest.mark.parametrize("width", [390, 1280])
def test_a_portal_is_added_by_its_address_falls_ill_and_recovers(
    world: World, address: str, browser: Any, width: int, tmp_path: Path
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 844}, java_script_enabled=width > 1000
    )
    page = context.new_page()
    page.set_default_timeout(10_000)
    looked = Path(os.environ.get("LOA_SCREENSHOTS", tmp_path))

    def see(name: str) -> None:
        page.screenshot(path=str(looked / f"{name}-{width}.png"), full_page=True)
        assert width < 1000 or _fits(page), name

    _sign_in(page, world, address)
    page.click("nav >> text=Cổng thông tin")
    page.click("text=Thêm cổng")
    see("1-address")
    page.fill("#url", world.site.url + LIST)
    page.click("button:has-text('Đọc thử')")
    step_looks(world.loa, lambda: False)
    page.reload()
    see("2-found")
    page.fill("#id", "xa-moi")
    page.fill("#name", "UBND xã Mới")
    page.select_option("#category-0", "directives")
    page.click("button:has-text('Xem tệp sẽ lưu')")
    see("3-file")
    page.click("button:has-text('Lưu và bắt đầu theo dõi')")
    assert page.locator("h1").inner_text() == "UBND xã Mới"
    del world.loa.poller  # a service that reads its files again begins anew
    world.poll_all()
    page.reload()
    assert page.locator(".mark.good").count() == 1
    world.site.answers[LIST] = reply("x", status="503 Service Unavailable")
    world.poll_all()
    page.goto(f"{address}/admin/portals/xa-moi")
    assert "503" in page.locator("table").inner_text()
    page.click("button:has-text('Đọc thử, không lưu')")
    step_looks(world.loa, lambda: False)
    page.reload()
    assert "503" in page.locator("#check").inner_text()
    see("4-ill")
    world.show(*OLD)
    page.click("button:has-text('Đọc ngay')")
    world.poll_all()
    page.reload()
    assert page.locator("table .mark.good").count() == 1
    assert page.locator("svg.spark rect.bad").count() == 1
    see("5-well")
    page.goto(f"{address}/admin/portals/huyen")
    see("6-flood")
    context.close()


def _decided_post(world: World) -> str:
    """A post with tasks, a relation, another post of its document, and decisions; its id."""
    with world.loa.database.writing() as conn:
        first, other = newest_posts(conn, PostQuery(), 2)
        read = Deadline(
            date(2026, 12, 5), "trước 17 giờ 00 ngày 05/12/2026", owner="communes",
            owner_words="UBND các xã, phường", task="báo cáo kết quả thực hiện về UBND huyện",
        )  # fmt: skip
        link = DocumentLink(Link.REPLACES, Mention("cong-van", "123/UBND-VP"), "thay thế Công văn")
        change_facts(conn, first.id, deadlines=(read, replace(read, task="họp")), relations=(link,))
        said = TypedTask("báo cáo", "2026-12-07", "16:30", "communes")
        decide_task(conn, world.loa, first.id, key_of(read), said, OPERATOR)
        decide_document(conn, world.loa, first.id, other.id, True, OPERATOR)
    return first.id


def _delivery(world: World) -> str:
    """A delivery whose endpoint answered with something; its id."""
    with world.loa.database.writing() as conn:
        hook(conn, "https://xa.example/loa")
        publish_by_hand(conn, world.loa, TypedPost("Công điện 12/CĐ-UBND", "", "directives"))
        (found,) = list_deliveries(conn, limit=1)
        failed = {"id": found.message_id, "at": 1_764_000_000_000_000}
        conn.execute(
            text("INSERT INTO attempt(message_id, number, started_at, took_ms, state, status,"
                 " detail) VALUES (:id, 1, :at, 5, 'failed', 500, 'webhook.gone')"), failed,
        )  # fmt: skip
        conn.execute(
            text("INSERT INTO answer(message_id, started_at, body)"
                 " VALUES (:id, :at, '<h1>500 Internal Server Error</h1>')"), failed,
        )  # fmt: skip
    return found.id


def _pages(world: World) -> list[str]:
    return [
        "", "portals/", "portals/new", "portals/huyen", "posts", "silent/", "receipts/", "units",
        "subscriptions", "deliveries", "tokens/", "audit/",
    ]  # fmt: skip


@needs_axe
@pytest.mark.parametrize("language", ["vi", "en"])
def test_axe_finds_nothing_on_any_page_of_the_desk(
    world: World, address: str, browser: Any, language: str
) -> None:
    with world.loa.database.writing() as conn:
        unit = add_unit(conn, name="UBND xã Quảng Ninh", at=world.clock())
    context = browser.new_context(viewport={"width": 390, "height": 844}, bypass_csp=True)
    page = context.new_page()
    page.set_default_timeout(10_000)
    _sign_in(page, world, address)
    found: dict[str, list[str]] = {}

    def look(name: str) -> None:
        page.wait_for_selector("footer", state="attached")  # a press may still be on its way
        for scheme, broken in violations_of(page).items():
            found[f"{name}, {scheme}"] = [
                f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in broken
            ]

    def go(path: str) -> None:
        mark = "&" if "?" in path else "?"
        page.goto(f"{address}/admin/{path}{mark}lang={language}")

    for path in [*_pages(world), f"units/{unit.id}", f"units/{unit.id}/merge"]:
        go(path)
        look(path)
    go("portals/new")
    page.fill("#url", world.site.url + LIST)
    page.click(".card button")
    look("waiting")
    step_looks(world.loa, lambda: False)
    page.reload()
    look("found")
    page.fill("#id", "xa-moi")
    page.click(".card.narrow button")
    look("file")
    page.fill("#file", "id = ")
    page.click(".card button")
    look("file refused")
    go("portals/huyen")
    page.click("#portal-file .act button")
    look("sure")
    go(f"units/{unit.id}/subscribe")
    look("subscribe")
    page.fill("#target", "ftp://x")
    page.click(".card.narrow form button")
    look("subscribe refused")
    page.fill("#target", SUBSCRIBED["target"])
    page.click(".card.narrow form button")
    look("secret")
    page.click(".card a.button >> nth=0")
    look("subscription")
    context.close()
    assert found == {}


@needs_axe
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_axe_finds_nothing_on_what_is_decided_of_posts_and_units_and_what_came_back(
    world: World, address: str, browser: Any, scheme: str, language: str
) -> None:
    with world.loa.database.writing() as conn:
        old = "quang-hai-16540-cu"
        add_unit(conn, name="UBND xã Quảng Hải", at=world.clock(), place=old)
    context = browser.new_context(color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    page.set_default_timeout(10_000)
    _sign_in(page, world, address)
    found: dict[str, list[str]] = {}
    folder = os.environ.get("LOA_SCREENSHOTS")

    def look(name: str) -> None:
        page.wait_for_selector("footer", state="attached")
        page.add_script_tag(path=str(AXE))
        broken = page.evaluate("axe.run().then(found => found.violations)")
        if broken:
            found[name] = [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in broken]

    def see(name: str, width: int) -> None:
        if folder:
            path = Path(folder) / f"{name}-{width}-{scheme}-{language}.png"
            page.screenshot(path=str(path), full_page=True)

    def go(path: str) -> None:
        page.goto(f"{address}/admin/{path}?lang={language}")

    key, delivery = _decided_post(world), _delivery(world)
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 844})
        for path in (f"posts/{key}", "successions", f"deliveries/{delivery}"):
            go(path)
            page.evaluate("document.querySelectorAll('main details').forEach(d => d.open = true)")
            look(f"{path} {width}")
            see(path.partition("/")[0], width)
            assert _fits(page), (path, width)
    go(f"posts/{key}")
    page.click("#tasks ~ details summary")
    page.fill("#task-task", "trực ban")
    page.fill("#task-day", "2026-12-06")
    page.select_option("#task-owner", "place")
    page.fill("#task-place", "Atlantis")
    page.click("#tasks ~ details form button")
    assert page.locator("#task-place[aria-invalid]").count() == 1
    look("task refused")
    see("refused", 1280)
    page.fill("#task-place", "quang-ninh-16540")
    page.click("#tasks ~ details form button")
    look("task done")
    see("done", 1280)
    context.close()
    assert found == {}
