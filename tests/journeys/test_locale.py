"""F4, F5: `service.timezone` and `service.language` are obeyed wherever somebody reads."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from service.web.admin.board import as_csv
from tests.fakes import FakeClock
from tests.fakes_web import Web, make_web, owe, store_post
from tests.journeys.cli import Terminal

PARIS = {
    "public_url": "https://loa.example",
    "secret_key": "k" * 40,
    "timezone": "Europe/Paris",
    "language": "en",
}


@pytest.fixture
def web(sqlite_url: str, clock: FakeClock) -> Iterator[Web]:
    made = make_web(sqlite_url, clock, service=PARIS)
    yield made
    made.loa.close()


def test_F4_a_page_the_board_and_the_proof_are_by_the_clock_of_the_service(
    web: Web, clock: FakeClock
) -> None:
    post = store_post(web.loa, 1)  # 03:16 UTC: 04:16 in Paris, 10:16 in Hanoi
    owe(web, post)
    page = web.client.get(f"/posts/{post.id}").get_data(as_text=True)
    assert "04:16" in page and "10:16" not in page
    assert "04:16" in web.client.get(f"/posts/{post.id}?lang=vi").get_data(as_text=True)
    board = as_csv(_lines(web, post.id), web.loa.settings.service.locale).decode("utf-8-sig")
    assert f"{clock().astimezone(web.loa.settings.service.locale.zone):%Y-%m-%d %H:%M}" in board
    assert board.startswith("Unit,State")


def _lines(web: Web, post_id: str) -> list[object]:
    from service.storage.receipts import list_receipts

    with web.loa.database.reading() as conn:
        return list(list_receipts(conn, post_id))


def test_F4_a_proof_names_its_clock(web: Web) -> None:
    from service.alerts.proof import render_proof
    from service.storage.proofs import load_proof
    from tests.mail_table import HANOI

    post = store_post(web.loa, 1)
    with web.loa.database.reading() as conn:
        proof = load_proof(conn, post.id)
    at = post.published_at
    assert "Giờ Europe/Paris (UTC+1)." in render_proof(
        proof, "Loa", at, web.loa.settings.service.locale.zone
    )
    assert "04:16 ngày 28/01/2024" in render_proof(
        proof, "Loa", at, web.loa.settings.service.locale.zone
    )
    assert "Giờ Việt Nam (UTC+7)." in render_proof(proof, "Loa", at, HANOI.zone)


def test_F4_commands_show_and_read_times_by_the_clock_of_the_service(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    shown = {}
    for zone in ("Europe/Paris", "Pacific/Kiritimati"):
        terminal = Terminal(tmp_path_factory.mktemp("loa"))
        terminal.configure(f'[service]\ntimezone = "{zone}"\n')
        added = terminal.json("unit", "add", "--name", "A")
        shown[zone] = (
            terminal.run("unit", "show", "A").stdout.partition("added")[2].split("\n")[0].strip()
        )
        assert added["created_at"].endswith("Z")
    assert (
        shown["Europe/Paris"][:13] != shown["Pacific/Kiritimati"][:13]
    )  # 13 hours apart, or 12 in summer


def test_F5_who_is_added_by_a_command_or_a_page_in_english_is_asked_in_english(web: Web) -> None:
    body = {"channel": "email", "target": "lan@xa.example"}
    assert (
        web.client.post("/api/v1/subscriptions", json=body, headers=web.operator).status_code == 201
    )
    assert web.client.post("/subscribe", data={"address": "minh@xa.example"}).status_code == 200
    assert (
        web.client.post("/subscribe?lang=vi", data={"address": "hoa@xa.example"}).status_code == 200
    )
    with web.loa.database.reading() as conn:
        rows = conn.execute(text("SELECT target, language FROM subscription ORDER BY target")).all()
    assert [tuple(row) for row in rows] == [
        ("hoa@xa.example", "vi"), ("lan@xa.example", "en"), ("minh@xa.example", "en"),
    ]  # fmt: skip


def test_F5_an_error_before_any_routing_is_said_in_the_language_of_the_service(web: Web) -> None:
    page = web.client.get("/nothing/here", headers={"Accept": "text/html"}).get_data(as_text=True)
    assert 'lang="en"' in page


def test_F4_one_question_a_day_is_a_day_of_the_service(web: Web, clock: FakeClock) -> None:
    def ask() -> int:
        assert web.client.post("/subscribe", data={"address": "lan@xa.example"}).status_code == 200
        with web.loa.database.reading() as conn:
            return len(conn.execute(text("SELECT 1 FROM message")).all())

    now = clock()
    clock.advance(
        (now.replace(hour=22, minute=30) - now).total_seconds() % 86_400
    )  # 23:30 in Paris
    assert (ask(), ask()) == (1, 1)
    clock.advance(3600)  # another day in Paris, not yet in UTC
    assert ask() == 2
