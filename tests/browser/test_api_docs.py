"""The page of the API in a real browser: each call is tried with one's own token, on a phone too;
without script it is the list of operations; nothing is asked of anybody else."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
from werkzeug.serving import make_server

from service.web.api.route_table import ROUTES
from tests.browser.test_desk_axe import needs_axe, violations_of
from tests.fakes import FakeClock
from tests.fakes_web import Web, make_web, store_post


@pytest.fixture
def web(sqlite_url: str, clock: FakeClock) -> Iterator[Web]:
    made = make_web(sqlite_url, clock)
    store_post(made.loa, 1)
    yield made
    made.loa.close()


@pytest.fixture
def address(web: Web) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, web.app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("width", [360, 1280])
def test_a_call_is_tried_with_a_token_and_nobody_else_is_asked(
    web: Web, address: str, browser: Any, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.set_default_timeout(10_000)
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{address}/api/docs?lang=en#add_unit")
    assert page.locator("#add_unit").get_attribute("open") is not None
    page.click("#add_unit button")
    page.wait_for_selector("#add_unit [role=status] pre")
    assert "401" in page.inner_text("#add_unit [role=status]")
    page.fill("#bearer-token", web.operator_token)
    page.fill("#add_unit-body", '{"name": ')
    page.click("#add_unit button")
    assert "no valid JSON" in page.inner_text("#add_unit [role=status]")
    page.fill("#add_unit-body", '{"name": "UBND xã Thử"}')
    page.click("#add_unit button")
    page.wait_for_selector("#add_unit [role=status] p:has-text('201')")
    said = page.inner_text("#add_unit [role=status]")
    assert '"name": "UBND xã Thử"' in said and "ratelimit-remaining: " in said
    page.click("#list_posts summary")
    page.fill("#list_posts-limit", "1")
    page.click("#list_posts button")
    page.wait_for_selector("#list_posts [role=status] p:has-text('200')")
    page.click("#show_unit summary")
    page.fill("#show_unit-id", "../posts")
    page.click("#show_unit button")
    page.wait_for_selector("#show_unit [role=status] p:has-text('404')")
    root = "document.documentElement"
    assert page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")
    assert {url.startswith(address) for url in asked} == {True}
    assert complaints == []
    page.close()


def test_without_script_the_page_is_the_list_of_operations(address: str, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/api/docs?lang=en")
    for route in ROUTES:
        assert page.locator(f"#{route.endpoint} summary").is_visible(), route
    assert not page.locator("#bearer").is_visible()
    page.click("#add_unit summary")
    assert page.locator("#add_unit pre").first.is_visible()
    assert not page.locator("#add_unit form").is_visible()
    context.close()


@needs_axe
@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_page_of_the_api_has_no_violation_by_axe(
    web: Web, address: str, browser: Any, language: str
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, bypass_csp=True)
    page = context.new_page()
    page.goto(f"{address}/api/docs?lang={language}")
    page.fill("#bearer-token", web.operator_token)
    for key in ("add_subscription", "list_posts", "edit_unit"):
        page.click(f"#{key} summary")
    page.click("#list_posts button")
    page.wait_for_selector("#list_posts [role=status] pre")
    assert violations_of(page) == {}
    context.close()
