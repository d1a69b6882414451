"""A web process whose database is away: it starts, says so, serves what it knows, and goes on when
it is back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from werkzeug.test import Client

from service.bootstrap import Loa, open_loa
from service.feeds.markup import Site
from service.feeds.model import Format
from service.feeds.page import Checks
from service.storage.feeds import feed_problems
from service.types import Post
from service.web.app import create_app
from service.web.feeds.feed_routes import EXTENSION
from service.web.feeds.feed_store import FeedStore
from service.web.server.hot import ThinLayer
from tests.fakes import FakeClock
from tests.fakes_database import lay_migrated
from tests.fakes_feeds import make_post
from tests.journeys.test_feeds_http import store_posts
from tests.patience import eventually


@pytest.fixture
def loa(tmp_path: Path, clock: FakeClock) -> Iterator[Loa]:
    url = f"sqlite:///{tmp_path / 'loa.db'}"
    lay_migrated(url)
    opened = open_loa(None, {"LOA_DATABASE__URL": f'"{url}"'}, clock=clock)
    opened.prepare()
    store_posts(opened, make_post(1))
    opened.close()
    yield opened
    opened.close()


@contextmanager
def away(folder: Path) -> Iterator[None]:
    """What stands in the database's place cannot be opened."""
    (folder / "loa.db").rename(folder / "kept.db")
    (folder / "loa.db").mkdir()
    yield
    (folder / "loa.db").rmdir()
    (folder / "kept.db").rename(folder / "loa.db")


@contextmanager
def serving(loa: Loa) -> Iterator[Client]:
    """As the web child does."""
    child = loa.for_child()
    app, stop = create_app(child), threading.Event()
    store: FeedStore = app.extensions[EXTENSION]
    following = store.follow(stop)
    yield Client(ThinLayer(app, store))
    stop.set()
    following.join()
    child.close()


def test_it_starts_answers_503_says_why_once_and_serves_when_the_database_is_back(
    loa: Loa, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def told() -> int:
        return caplog.text.count("cannot bring the feeds up to date")

    with away(tmp_path):
        with serving(loa) as client:
            eventually(lambda: told() == 1)
            assert client.get("/healthz").status_code == 200
            assert client.get("/readyz").status_code == 503
            refused = client.get("/feeds/all.rss", headers={"Accept": "application/json"})
            assert refused.status_code == 503 and refused.headers["Retry-After"]
            assert (
                refused.json
                and refused.json["detail"] == "the database is not available at the moment"
            )
            (tmp_path / "loa.db").rmdir()
            (tmp_path / "kept.db").rename(tmp_path / "loa.db")
            eventually(lambda: client.get("/feeds/all.rss").status_code == 200)
            assert make_post(1).title in client.get("/feeds/all.rss").text
            assert told() == 1
        (tmp_path / "loa.db").rename(tmp_path / "kept.db")
        (tmp_path / "loa.db").mkdir()


def test_a_child_never_makes_a_database_in_the_place_of_one_that_is_gone(
    loa: Loa, tmp_path: Path
) -> None:
    (tmp_path / "loa.db").rename(tmp_path / "kept.db")
    with serving(loa) as client:
        assert client.get("/feeds/all.rss").status_code == 503


def test_the_last_good_feeds_are_served_while_the_database_is_away(
    loa: Loa, tmp_path: Path
) -> None:
    with serving(loa) as client:
        eventually(lambda: client.get("/feeds/all.rss").status_code == 200)
        good = client.get("/feeds/all.rss")
        loa.close()
        with away(tmp_path):
            assert client.get("/feeds/all.rss").data == good.data
            assert (
                client.get(
                    "/feeds/all.rss", headers={"If-None-Match": good.headers["ETag"]}
                ).status_code
                == 304
            )


def test_a_problem_of_a_post_that_no_feed_shows_any_more_is_forgotten_and_found_again(
    loa: Loa,
) -> None:
    def check(_site: Site, fmt: Format, _body: bytes, post: Post) -> str | None:
        return "is wrong" if fmt is Format.ATOM and post.title == "bad" else None

    def problems() -> list[str]:
        with loa.database.reading() as conn:
            return list(feed_problems(conn).values())

    loa.settings = loa.settings.model_copy(
        update={"feeds": loa.settings.feeds.model_copy(update={"entries": 1, "days": 1})}
    )
    store = FeedStore(loa, lambda _: None, Checks(check))
    store_posts(loa, make_post(-100, title="bad"))
    spec = store.spec("all")
    assert spec is not None
    store.current(spec, Format.ATOM)
    assert problems() == ["is wrong"]
    store_posts(loa, make_post(-1000))
    store.rebuild()
    assert problems() == []
    assert store.narrowed(spec, Format.ATOM, (("q", "bad"),), None) is not None
    assert problems() == ["is wrong"]
