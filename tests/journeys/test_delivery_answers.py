"""What came back for each attempt is kept, its beginning, secrets masked, and shown to operators; what
was sent is shown beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from service.alerts.kept_answer import KEPT_BYTES, kept_answer
from service.storage.deliveries import list_deliveries, make_due_again, show_delivery
from service.storage.engine import Database, open_database
from service.storage.queue import record_results
from service.types import Result, State
from service.words import coded
from tests.fakes import FakeClock
from tests.fakes_desk import sign_in
from tests.fakes_ledger import a_post, deliverer, hook, tell
from tests.fakes_receiver import FakeReceiver, status
from tests.fakes_web import Web, make_web, owe, store_post
from tests.journeys.cli import Terminal

ERROR = b'{"error": "h\xe1\xba\xbft ch\xe1\xbb\x97", "password": "tuyet-mat", "echo": "whsec_0123456789abcdef"}'


def test_what_an_endpoint_answers_is_kept_of_every_attempt(
    any_database: Database, clock: FakeClock
) -> None:
    with FakeReceiver({"/hook": status(500, ERROR)}) as receiver:
        with any_database.writing() as conn:
            hook(conn, receiver.url())
            tell(conn, a_post())
        sender = deliverer(any_database, clock)
        assert sender.deliver_due().retry == 1
        receiver.answers["/hook"] = status(200, b"queued 7" + b"x" * 5_000)
        clock.advance(400)
        assert sender.deliver_due().sent == 1
        clock.advance(400)
        receiver.answers["/hook"] = status(204)
        with any_database.writing() as conn:
            (one,) = list_deliveries(conn)
            make_due_again(conn, at=clock(), delivery_id=one.id)
        assert sender.deliver_due().sent == 1
    with any_database.reading() as conn:
        said = [one.answer for one in show_delivery(conn, one.id).attempts]
    assert said[0] == '{"error": "hết chỗ", "password": "…", "echo": "whsec_…"}'
    assert said[1].startswith("queued 7xxx") and len(said[1]) == KEPT_BYTES
    assert said[2] == ""


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (b"", ""),
        (b"OK\r\n", "OK"),
        (b"\x00\x1b[2J\xff", "[2J\ufffd"),
        (b"Authorization: Bearer abc.def-123", "Authorization: … …"),
        (b"X-Api-Key=12345&a=1", "X-Api-Key=…&a=1"),
        (b"https://loa.example/receipts/abcdefgh.ijk", "https://loa.example/receipts/…"),
        (b"v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9", "v1,…"),
        (b"loa_0123456789abcdef", "loa_…"),
        (b"<p>Bad Gateway</p>", "<p>Bad Gateway</p>"),
    ],
)
def test_nothing_that_opens_anything_is_kept(said: bytes, kept: str) -> None:
    assert kept_answer(said) == kept


def test_what_confirms_in_an_owners_place_is_not_kept() -> None:
    assert kept_answer(b"you said c-123456", "c-123456") == "you said …"


@pytest.fixture
def web(sqlite_url: str, clock: FakeClock) -> Iterator[Web]:
    made = make_web(sqlite_url, clock)
    owe(made, store_post(made.loa, 1))
    sign_in(made)
    yield made
    made.loa.close()


def _answered(database: Database, clock: FakeClock) -> str:
    """A delivery whose endpoint said something; its id."""
    with database.writing() as conn:
        (one,) = list_deliveries(conn)
        token = 7
        conn.execute(
            text("INSERT INTO lease(message_id, endpoint_key, until, token)"
                 " SELECT id, endpoint_key, :until, :token FROM message WHERE id = :id"),
            {"until": 2**62, "token": token, "id": one.message_id},
        )  # fmt: skip
        detail = coded("webhook.unprocessable", status=422)
        result = Result(str(one.message_id), token, State.FAILED, 422, detail, clock(), 0.1)
        record_results(conn, [replace(result, answer="<b>không nhận</b>")], clock())
    return one.id


def test_an_operator_reads_what_was_sent_and_what_came_back_and_a_unit_its_result_alone(
    web: Web, clock: FakeClock
) -> None:
    key = _answered(web.loa.database, clock)
    page = web.client.get(f"/admin/deliveries/{key}").get_data(as_text=True)
    assert "&lt;b&gt;không nhận&lt;/b&gt;" in page
    assert "&#34;type&#34;: &#34;post.published&#34;" in page
    for headers, said in ((web.operator, "<b>không nhận</b>"), (web.unit, None)):
        shown = web.client.get(f"/api/v1/deliveries/{key}", headers=headers).get_json()
        assert [one["answer"] for one in shown["attempts"]] == [said]


def test_the_command_prints_what_came_back(tmp_path: Path, clock: FakeClock) -> None:
    terminal = Terminal(tmp_path)
    database = open_database(f"sqlite:///{terminal.database}")
    with database.writing() as conn:
        hook(conn, "https://xa.example/loa")
        tell(conn, a_post())
    key = _answered(database, clock)
    database.close()
    shown = terminal.run("delivery", "show", key).stdout
    assert "what came back at attempt 1:\n<b>không nhận</b>" in shown
    (attempt,) = terminal.json("delivery", "show", key)["attempts"]
    assert attempt["answer"] == "<b>không nhận</b>"
