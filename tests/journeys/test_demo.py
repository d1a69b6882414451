"""The whole job, as a newcomer sees it: `loa demo` on real processes, real HTTP and real SMTP, all
on loopback."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import feedparser
import pytest
import requests

from service.demo import sample
from service.demo.communes import COMMUNES, CommuneBehaviour
from service.demo.demonstration import Demo, due_soon
from service.posts.identity import is_cut
from service.services.todays_work import load_directives
from service.storage.posts import PostQuery, newest_posts
from service.storage.receipts import list_receipts
from service.text import LOCAL
from service.types import Relation

SEED_TITLE = (
    "Tăng cường trách nhiệm trong công tác tham mưu, giải quyết công việc của các phòng, ngành, "
    "cơ quan, "
    "đơn vị trên địa bàn huyện Quảng Xương"
)
PDF = "/portal/VanBan/2023-06/a78e75d1702156ddCt06.pdf"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo whose sample portal has been read, before anything new appears."""
    with Demo(tmp_path_factory.mktemp("demo")) as running:
        running.wait_for_baseline()
        yield running


@pytest.fixture(scope="module")
def baseline(demo: Demo) -> dict[str, Any]:
    """The feeds with everything, as feedparser reads them, before the live post."""
    return {fmt: feedparser.parse(demo.read(f"/feeds/all.{fmt}")) for fmt in ("rss", "atom")}


def seed_entry(parsed: Any) -> Any:
    return next(entry for entry in parsed.entries if entry.title == SEED_TITLE)


def test_the_demo_reports_that_everything_arrived() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "service", "demo", "--once", "--json"],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout)
    assert report["ok"] is True
    assert report["posts"] == 35
    assert report["webhooks"] == {"received": 1, "verified": 1}
    assert report["mails"] == {"received": 1}
    assert set(report["feeds"].values()) == {"valid"}


def test_the_baseline_holds_the_34_posts_of_the_seed_each_at_its_instant(
    baseline: dict[str, Any],
) -> None:
    meant = {post.title: post.published_at.astimezone(UTC) for post in sample.seed_posts()}
    read = {
        entry.title: datetime(*entry.published_parsed[:6], tzinfo=UTC)
        for entry in baseline["atom"].entries
    }
    assert len(baseline["atom"].entries) == 34
    assert read == meant


def test_the_seed_article_becomes_a_whole_post(baseline: dict[str, Any]) -> None:
    entry = seed_entry(baseline["atom"])
    assert datetime(*entry.published_parsed[:6], tzinfo=UTC) == datetime(
        2024, 1, 28, 9, 16, tzinfo=LOCAL
    )
    assert entry.tags[0].term == "directives"
    assert "Chỉ thị số 06/CT-UBND" in entry.content[0].value
    assert not is_cut(entry.title)


def test_the_seed_article_is_known_by_its_document(demo: Demo) -> None:
    with demo.loa.database.reading() as connection:
        posts = newest_posts(connection, PostQuery(q='"06/CT-UBND"'))
    assert [post.title for post in posts] == [SEED_TITLE]
    document = posts[0].understanding.document
    assert document is not None
    assert (document.kind, document.number, document.issued_on, document.relation) == (
        "chi-thi", "06/CT-UBND", date(2023, 6, 5), Relation.RELAYS,
    )  # fmt: skip


@pytest.mark.parametrize("fmt", ["rss", "atom"])
def test_the_pdf_is_an_enclosure_and_never_the_link(baseline: dict[str, Any], fmt: str) -> None:
    entry = seed_entry(baseline[fmt])
    assert [enclosure.href.endswith(PDF) for enclosure in entry.enclosures] == [True]
    assert entry.link.endswith(".aspx")


def test_rss_and_atom_say_the_same(baseline: dict[str, Any]) -> None:
    def said(entry: Any) -> tuple[object, ...]:
        enclosures = [(e.href, e.type, e.get("length")) for e in entry.enclosures]
        return entry.id, entry.title, entry.link, entry.published_parsed, enclosures

    assert not baseline["rss"].bozo
    assert not baseline["atom"].bozo
    assert [said(e) for e in baseline["rss"].entries] == [said(e) for e in baseline["atom"].entries]
    assert [[t.term for t in e.tags] for e in baseline["rss"].entries] == [
        [t.label for t in e.tags] for e in baseline["atom"].entries
    ]


def test_a_post_without_a_known_body_invents_none(baseline: dict[str, Any]) -> None:
    others = [entry for entry in baseline["atom"].entries if entry.title != SEED_TITLE]
    assert all(sample.NO_BODY in entry.content[0].value for entry in others)


def test_what_was_there_before_alerts_nobody_and_a_new_post_arrives_once_everywhere(
    demo: Demo, baseline: dict[str, Any]
) -> None:
    assert len(baseline["atom"].entries) == 34  # read before anything new appears
    assert demo.inbox.webhooks == ()
    assert demo.inbox.mails == ()
    title = demo.publish()
    demo.wait_until(lambda: demo.has_arrived(title), "the live post")
    assert [
        (w.body["type"], w.body["data"]["title"], w.is_verified) for w in demo.inbox.webhooks
    ] == [("post.published", title, True)]
    assert [str(mail["subject"]) for mail in demo.inbox.mails] == [f"[Cần xác nhận] {title}"]
    assert demo.read_json_feed("directives")[0]["title"] == title


def test_the_sample_prints_dates_as_the_seed_does() -> None:
    rows = [
        line.strip()
        for line in (Path(sample.__file__).parent / "seed.txt").read_text("utf-8").splitlines()
    ]
    for post in sample.seed_posts():
        assert any(row.endswith(f"({sample.seed_date(post.published_at)})") for row in rows)


def test_of_five_communes_three_acknowledge_one_is_late_and_one_is_not_reached(
    tmp_path: Path,
) -> None:
    with Demo(tmp_path, COMMUNES) as running:
        running.wait_for_baseline()
        due_at = due_soon()
        title = running.publish(due_at)
        running.wait_until(lambda: running.has_arrived(title), "the live post")
        clerks = [one for one in COMMUNES if one.conduct is CommuneBehaviour.ACKNOWLEDGES]
        for one in clerks:
            running.acknowledge(title, one)
        assert [hook.is_verified for hook in running.inbox.webhooks] == [True] * 4
        with running.loa.database.reading() as conn:
            (found,) = load_directives(conn, running.loa)
            done = {one.by for one in list_receipts(conn, found.post.id)} - {""}
        assert done == {one.clerk for one in clerks}
        waiting = {one.name for one in COMMUNES} - {one.name for one in clerks}
        assert (found.open, set(found.named)) == (len(waiting), waiting)
        assert found.late_at == due_at, "it is late in a minute or two"
        browser = requests.Session()
        page = browser.get(running.desk_link(), timeout=10)
        csrf = re.findall(r'name="csrf" value="([^"]+)"', page.text)[0]
        desk = browser.post(page.url, data={"csrf": csrf}, timeout=10)
        assert desk.url.endswith("/admin/") and title in desk.text
        dead = next(one for one in COMMUNES if one.conduct is CommuneBehaviour.IS_DEAD)
        assert dead.name in browser.get(running.addresses.board + found.post.id, timeout=10).text


def test_a_demo_that_is_terminated_leaves_nothing_behind(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-m", "service", "demo"],
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    ) as running:
        assert running.stdout is not None
        said = "".join(
            iter(running.stdout.readline, "Commands in another terminal reach it after:\n")
        )
        config = running.stdout.readline().partition("LOA_CONFIG=")[2].strip()
        assert Path(config).is_file()
        running.terminate()
        assert running.wait(30) == 128 + 15
    site = re.search(r"http://127\.0\.0\.1:\d+/", said)
    assert site is not None
    with pytest.raises(requests.ConnectionError):
        requests.get(site[0], timeout=5)
    assert list(tmp_path.iterdir()) == []
