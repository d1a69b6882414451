"""Every feed of the sample data, read by two feed readers and held against the restated rules: no finding."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client

from service.bootstrap import Loa, open_loa
from service.demo.sample import seed_posts
from service.feeds.check import feed_problem
from service.feeds.model import Format
from service.posts.classify import classify
from service.storage import schema
from service.storage.posts import bump
from service.types import Post, Understanding
from service.web.app import create_app
from service.web.feed_query import XML_AND_JSON
from service.web.feed_store import FeedStore
from tests.fakes_feeds import AT, PDF, SECOND_PDF, make_post
from tests.feed_rules import findings
from tests.journeys.test_feeds_http import store_posts

AWKWARD = (
    "<mới> Thông báo", "A &amp; B", "a ]]> b", "<b>Đậm</b> <script>x</script>", "A & B < C > D", "😀 họp", "",
    "dài " * 500, "x=?UTF-8?Q?=0D=0A?=Bcc: x@y", "&#60;p&#62;", "{{7*7}}",
)  # fmt: skip


def sample(loa: Loa) -> list[Post]:
    """The posts of the seed page, and such as have awkward titles, with attachments on some."""
    posts = []
    for number, title in enumerate([post.title for post in seed_posts()] + list(AWKWARD)):
        categories, why = classify(loa.rules, title)
        files = ((), (PDF,), (PDF, SECOND_PDF), (replace(PDF, url="https://portal.example/f/Công văn  số 1.pdf"),))
        understanding = Understanding(categories, why, summary=title[:200], begins_at=AT if number % 5 == 0 else None)
        changes: dict[str, Any] = {"understanding": understanding, "attachments": files[number % 4]}
        posts.append(make_post(number, title, **changes))
    return posts


@pytest.fixture
def loa(tmp_path: Path) -> Iterator[Loa]:
    opened = open_loa(None, {"LOA_DATABASE__URL": f'"sqlite:///{tmp_path / "loa.db"}"'})
    ids = store_posts(opened, *sample(opened))
    with opened.database.writing() as conn:
        withdrawn = schema.post.update().where(schema.post.c.id == ids[3])
        conn.execute(withdrawn.values(withdrawn_at=AT + timedelta(days=2)))
        edited = schema.post.update().where(schema.post.c.id == ids[4])
        conn.execute(edited.values(updated_at=AT + timedelta(days=1)))
        bump(conn, "feeds")
    yield opened
    opened.close()


def every_feed(loa: Loa) -> Iterator[tuple[str, Format, bytes, list[Post]]]:
    store, client = FeedStore(loa), Client(create_app(loa))
    for spec in store.specs():
        for fmt in XML_AND_JSON:
            path = f"/feeds/{spec.name}.{fmt}"
            response = client.get(path)
            assert response.status_code == 200
            yield path, fmt, response.data, list(store.load(spec).posts)


def test_every_feed_reads_back_and_breaks_no_rule(loa: Loa) -> None:
    count = 0
    for path, fmt, body, posts in every_feed(loa):
        count += 1
        assert feed_problem(FeedStore(loa).site, fmt, body, posts) is None, path
        assert findings(fmt.value, body, f"http://127.0.0.1:8080{path}") == [], path
    assert count >= 30


def test_reader_loses_nothing_and_an_edit_never_duplicates(loa: Loa, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # reader's own dependencies warn of theirs
        reader_module = pytest.importorskip("reader", reason="the feed reader comes with the extra `test`")
        folder = tmp_path / "feeds"
        folder.mkdir()
        reader = reader_module.make_reader(str(tmp_path / "reader.db"), feed_root=str(folder))
        for _ in range(2):
            for path, fmt, body, posts in every_feed(loa):
                name = path.replace("/", "-")
                (folder / name).write_bytes(body)
                reader.add_feed(name, exist_ok=True)
                reader.update_feed(name)
                living = [post for post in posts if post.withdrawn_at is None or fmt is Format.JSON]
                entries = {entry.id: entry for entry in reader.get_entries(feed=name)}
                assert entries.keys() == {f"urn:uuid:{post.id}" for post in living}, path
                for post in living:
                    entry = entries[f"urn:uuid:{post.id}"]
                    assert entry.published == post.published_at.replace(microsecond=0)
                    assert entry.title and entry.link
        reader.close()
