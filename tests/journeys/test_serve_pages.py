"""Each page as the real server answers it: what a test client makes up, a browser does not send."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.journeys.test_serve_processes import ServedFeed

PUBLIC = (
    "", "?q=bão", "?kind=chi-thi", "subscribe", "subscribe?category=directives", "feeds/", "status",
    "status.json", "help/", "help/webhooks", "api/docs", "api/openapi.json", "admin/sign-in",
    "unit/", "robots.txt", "favicon.ico", "feeds/deadlines.ics", ".well-known/loa-webhook-key",
)  # fmt: skip
DESK = (
    "", "portals/", "portals/new", "posts", "posts/new", "silent/", "receipts/", "units", "subscriptions", "deliveries",
    "tokens/", "audit/", "audit.csv",
)  # fmt: skip


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ServedFeed]:
    running = ServedFeed(tmp_path, '[email]\nsmtp_url = "smtp://127.0.0.1:9"\n')
    yield running
    running.end()


def test_every_page_is_answered_by_the_real_server(served: ServedFeed) -> None:
    address = f"http://127.0.0.1:{served.port}/"
    unit = served.terminal.json("unit", "add", "--name", "UBND xã Quảng Ninh")["id"]
    token = served.terminal.json("token", "create", "--role", "operator")["token"]
    own = served.terminal.json("token", "create", "--role", "unit", "--unit", unit)["token"]
    with requests.Session() as browser:
        answers = {path: browser.get(address + path, timeout=10) for path in PUBLIC}
        answers["unit"] = browser.get(f"{address}unit/{own}", timeout=10)
        path = answers["unit"].url.removeprefix(address)
        answers[path] = browser.get(f"{address}{path}/receipts.csv", timeout=10)
        form = answers["admin/sign-in"].text
        csrf = re.findall(r'name="csrf" value="([^"]+)"', form)[0]
        browser.post(f"{address}admin/sign-in", data={"csrf": csrf, "token": token}, timeout=10)
        for path in (*DESK, f"units/{unit}", f"units/{unit}/merge", f"units/{unit}/subscribe"):
            answers[f"admin/{path}"] = browser.get(f"{address}admin/{path}", timeout=10)
    assert {path: one.status_code for path, one in answers.items() if one.status_code != 200} == {}
    assert "UBND xã Quảng Ninh" in answers["admin/units"].text
    assert "UBND xã Quảng Ninh" in answers["unit"].text and own not in answers["unit"].url
