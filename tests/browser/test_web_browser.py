"""The pages in a real browser, at the width of a phone and of a desk: nothing breaks, overflows or complains."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from werkzeug.serving import make_server

from tests.fakes import FakeClock
from tests.fakes_web import make_web, store_post

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"]

if CHROMIUM is None and os.environ.get("CI") != "true":
    pytest.skip("Chromium is not installed: apt-get install chromium", allow_module_level=True)

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright comes with the extra `test`")


@pytest.fixture
def address(sqlite_url: str, clock: FakeClock) -> Iterator[str]:
    web = make_web(sqlite_url, clock)
    for n in range(8):
        store_post(web.loa, n, title=f"Chỉ thị số {n} về việc tăng cường công tác phòng, chống cháy nổ mùa hanh khô")
    store_post(
        web.loa, 99, category="meetings", title="Mot-tieu-de-rat-dai-khong-co-khoang-trang" * 5, html="<p>x</p>"
    )
    server = make_server("127.0.0.1", 0, web.app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    web.loa.close()


@pytest.fixture
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.mark.parametrize("width", [360, 1280])
def test_pages_fit_the_screen_without_errors_and_a_reader_gets_from_the_list_to_a_post(
    address: str, browser: Any, width: int, tmp_path: Path
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for path in ("/", "/?category=meetings", "/subscribe", "/feeds/", "/api/docs", "/admin/sign-in", "/?lang=en"):
        page.goto(address + path)
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, path
    page.goto(f"{address}/?lang=vi")
    page.click(".section-meetings .post a")
    assert page.locator("h1").inner_text().startswith("Mot-tieu-de")
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    page.screenshot(path=str(tmp_path / "post.png"))
    page.close()
    assert complaints == []


def test_every_field_has_a_label_and_every_page_one_heading_and_a_language(address: str, browser: Any) -> None:
    page = browser.new_page()
    for path in ("/", "/subscribe", "/admin/sign-in", "/?q=a"):
        page.goto(address + path)
        fields = "[...document.querySelectorAll('input:not([type=hidden]),select,textarea')]"
        unlabelled = f"{fields}.filter(e => !e.labels.length).length"
        assert page.evaluate(unlabelled) == 0, path
        assert page.locator("h1").count() == 1, path
        assert page.locator("html").get_attribute("lang") == "vi"
    page.close()
