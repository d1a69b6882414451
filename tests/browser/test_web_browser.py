"""The pages in a real browser, at the width of a phone and of a desk: nothing breaks, overflows or
complains."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from werkzeug.serving import make_server

from tests.fakes import FakeClock
from tests.fakes_web import make_web, store_post

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-sync",
]

if CHROMIUM is None and os.environ.get("CI") != "true":
    pytest.skip("Chromium is not installed: apt-get install chromium", allow_module_level=True)

sync_api = pytest.importorskip(
    "playwright.sync_api", reason="playwright comes with the extra `test`"
)


CONTRAST = """
() => {
  const rgb = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = node => {
    for (let at = node; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some(child => child.nodeType === 3 && child.textContent.trim());
    if (!own || !node.getClientRects().length || node.closest(".hidden, .skip, noscript, option")) continue;
    const pair = [rgb(getComputedStyle(node).color), ground(node)].map(light).sort();
    const [dark, bright] = pair[0] < pair[1] ? pair : [pair[1], pair[0]];
    const ratio = (bright + 0.05) / (dark + 0.05);
    if (ratio < 4.5) faint.push(`${node.className || node.tagName} ${ratio.toFixed(2)}: ${node.textContent.trim()}`);
  }
  return faint;
}
"""
"""Texts whose contrast is below 4.5, the least that WCAG 2.2 asks for (1.4.3)."""

FOCUS = """
() => {
  const node = document.activeElement, style = getComputedStyle(node);
  const box = node.getBoundingClientRect();
  return [node.tagName, style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2, box.height, box.left];
}
"""


@dataclass(frozen=True)
class Site:
    address: str
    token: str
    post: str


@pytest.fixture
def site(sqlite_url: str, clock: FakeClock) -> Iterator[Site]:
    web = make_web(sqlite_url, clock)
    for n in range(8):
        post = store_post(
            web.loa,
            n,
            html="<p>Nội dung</p>",
            title=f"Chỉ thị số {n} về việc tăng cường công tác phòng, chống cháy nổ mùa hanh khô",
        )
    store_post(
        web.loa,
        99,
        category="meetings",
        title="Mot-tieu-de-rat-dai-khong-co-khoang-trang" * 5,
        html="<p>x</p>",
    )
    server = make_server("127.0.0.1", 0, web.app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield Site(f"http://127.0.0.1:{server.server_port}", web.operator_token, post.id)
    server.shutdown()
    thread.join()
    server.server_close()
    web.loa.close()


@pytest.fixture
def address(site: Site) -> str:
    return site.address


@pytest.mark.parametrize("width", [360, 1280])
def test_pages_fit_the_screen_without_errors_and_a_reader_gets_from_the_list_to_a_post(
    address: str, browser: Any, width: int, tmp_path: Path
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    complaints: list[str] = []
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for path in (
        "/",
        "/?category=meetings",
        "/subscribe",
        "/feeds/",
        "/api/docs",
        "/admin/sign-in",
        "/?lang=en",
    ):
        page.goto(address + path)
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow <= 0, path
    page.goto(f"{address}/?lang=vi")
    page.click(".post a[href^='/posts/']")
    assert page.locator("h1").inner_text().startswith("Mot-tieu-de")
    assert (
        page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        <= 0
    )
    page.screenshot(path=str(tmp_path / "post.png"))
    page.close()
    assert complaints == []


def test_every_field_has_a_label_and_every_page_one_heading_and_a_language(
    address: str, browser: Any
) -> None:
    page = browser.new_page()
    for path in ("/", "/subscribe", "/admin/sign-in", "/?q=a"):
        page.goto(address + path)
        fields = "[...document.querySelectorAll('input:not([type=hidden]),select,textarea')]"
        unlabelled = f"{fields}.filter(e => !e.labels.length).length"
        assert page.evaluate(unlabelled) == 0, path
        assert page.locator("h1").count() == 1, path
        assert page.locator("html").get_attribute("lang") == "vi"
    page.close()


def _sign_in(page: Any, site: Site) -> None:
    page.goto(f"{site.address}/admin/sign-in")
    page.fill("#token", site.token)
    page.press("#token", "Enter")
    page.wait_for_url(f"{site.address}/admin/")


def test_every_text_stands_out_from_its_ground_in_light_and_in_dark(
    site: Site, browser: Any
) -> None:
    page = browser.new_page()
    _sign_in(page, site)
    paths = [
        "/",
        "/?q=none",
        f"/posts/{site.post}",
        "/feeds/",
        "/subscribe",
        "/api/docs",
        "/nothing",
        "/admin/",
    ]
    paths += [
        f"/admin/{name}"
        for name in (
            "posts",
            f"posts/{site.post}",
            "units",
            f"receipts/{site.post}",
            "receipts/",
            "portals/",
            "audit/",
        )
    ]
    faint = {}
    for path in paths:
        page.goto(site.address + path)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # no colour between
            if found := page.evaluate(CONTRAST):
                faint[path, scheme] = found[:5]
    page.close()
    assert faint == {}


def test_a_keyboard_alone_reaches_everything_and_always_shows_where_it_is(
    address: str, browser: Any
) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 740})
    page.goto(address)
    page.keyboard.press("Tab")
    assert "#main" in page.evaluate("document.activeElement.href")
    reached = set()
    for _ in range(60):
        tag, is_shown, _, left = page.evaluate(FOCUS)
        if tag == "BODY":
            break
        assert is_shown and left >= 0, tag
        reached.add(
            page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")
        )
        page.keyboard.press("Tab")
    page.close()
    assert {"q", "Tìm", "address", "frequency", "English", "Trang chủ", "RSS"} <= reached


def test_what_a_finger_presses_is_at_least_24_pixels_high(site: Site, browser: Any) -> None:
    """WCAG 2.2, 2.5.8; links within a sentence are exempt."""
    page = browser.new_page(viewport={"width": 360, "height": 740})
    _sign_in(page, site)
    small = (
        "e => e.getClientRects().length && !e.closest('.skip') && "
        "e.getBoundingClientRect().height < 24"
    )
    for path in ("/", "/subscribe", "/feeds/", "/admin/", "/admin/units"):
        page.goto(site.address + path)
        wanted = (
            "[...document.querySelectorAll('button, select, input:not([type=checkbox]), nav a, "
            "table.feeds a')]"
        )
        assert page.evaluate(f"{wanted}.filter({small}).map(e => e.outerHTML)") == [], path
    page.close()


def test_the_operators_pages_fit_a_phone(site: Site, browser: Any) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 740})
    _sign_in(page, site)
    for name in (
        "",
        "posts",
        f"posts/{site.post}",
        "units",
        "subscriptions",
        "deliveries",
        "receipts/",
        "portals/",
        "audit/",
        f"receipts/{site.post}",
    ):
        page.goto(f"{site.address}/admin/{name}")
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow <= 0, name
    page.close()
