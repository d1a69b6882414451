"""The main job by the command line alone, on both databases: portal in, feeds and alerts out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.demo import sample
from service.demo.receivers import Inbox
from service.demo.sample_portal import SamplePortal
from tests.journeys.cli import Terminal


@pytest.fixture
def portal() -> Iterator[SamplePortal]:
    running = SamplePortal()
    running.start()
    yield running
    running.stop()


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    running = Inbox()
    running.start()
    yield running
    running.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def terminal(
    request: pytest.FixtureRequest, tmp_path: Path, portal: SamplePortal, inbox: Inbox
) -> Terminal:
    """A configured Loa with one unit, one webhook and one email subscription, before its first
    poll."""
    made = Terminal(tmp_path)
    made.configure(
        "[polling]\nmin_delay_per_host_s = 0\n[webhooks]\nallow_private_networks = true\n"
        f'[email]\nsmtp_url = "{inbox.smtp_url}"\nfrom = "Loa <loa@demo.example>"\n'
    )
    made.environ |= {
        "LOA_DATABASE__URL": request.getfixturevalue(f"{request.param}_url"),
        "LOA_SERVICE__SECRET_KEY": "a key of the tests, long enough to be one",
    }
    (tmp_path / "portals" / "quangxuong.toml").write_text(
        f'id = "quangxuong"\nname = "UBND huyện Quảng Xương"\nbase_url = '
        f'"{portal.base_url}"\nkind = "td-portal"\n'
        f'[[listings]]\nurl = "{sample.DIRECTIVES}"\ncategory = "directives"\n[[listings]]\nurl = '
        f'"{sample.NEWS}"\n',
        "utf-8",
    )
    made.run("unit", "add", "--name", "UBND xã Quảng Ninh", "--place", "quang-ninh-16540")
    webhook = made.json(
        "subscription", "add", "webhook", f"{inbox.base_url}/", "--unit", "UBND xã Quảng Ninh",
        "--category", "directives", "--confirmed",
    )  # fmt: skip
    inbox.secret = webhook["secret"]
    made.run(
        "subscription",
        "add",
        "email",
        "van-thu@xa.example",
        "--category",
        "directives",
        "--confirmed",
    )
    return made


def outcomes(
    report: dict[str, list[dict[str, list[dict[str, object]]]]],
) -> list[tuple[object, object]]:
    return [(listing["outcome"], listing["new"]) for listing in report["portals"][0]["listings"]]


def test_a_new_directive_reaches_the_webhook_and_the_mailbox_once(
    terminal: Terminal, portal: SamplePortal, inbox: Inbox
) -> None:
    assert outcomes(terminal.json("poll")) == [("new", 4), ("new", 30)]
    assert terminal.json("deliver")["sent"] == 0

    portal.publish(sample.live_post(datetime.now(UTC)))
    assert outcomes(terminal.json("poll")) == [("new", 1), ("unchanged", 0)]
    assert terminal.json("deliver")["sent"] == 2
    assert terminal.json("deliver")["sent"] == 0

    title = portal.posts[0].title
    assert [(w.body["data"]["title"], w.is_verified) for w in inbox.webhooks] == [(title, True)]
    assert [str(mail["subject"]) for mail in inbox.mails] == [title]
    assert title in terminal.run("post", "list").stdout


def test_unchanged_pages_say_so_and_write_no_post(terminal: Terminal) -> None:
    terminal.json("poll")
    before = terminal.json("post", "list")
    assert outcomes(terminal.json("poll")) == [("unchanged", 0), ("unchanged", 0)]
    assert terminal.json("post", "list") == before


def test_a_poll_by_hand_sees_an_edit_that_no_listing_shows(
    terminal: Terminal, portal: SamplePortal, inbox: Inbox
) -> None:
    terminal.json("poll")
    portal.publish(sample.live_post(datetime.now(UTC)))
    terminal.json("poll")
    terminal.json("deliver")
    edited = replace(
        portal.posts[0], body="<p>Nội dung đã được sửa: hạn nộp báo cáo lùi một ngày.</p>"
    )
    portal.replace(edited)
    assert outcomes(terminal.json("poll")) == [("unchanged", 0), ("unchanged", 0)]
    terminal.json("deliver")
    assert [w.body["type"] for w in inbox.webhooks] == ["post.published", "post.updated"]
    assert inbox.webhooks[1].body["data"]["revision"] == 2
