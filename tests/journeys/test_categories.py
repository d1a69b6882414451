"""Categories as an operator changes them: one more, one under a new name, one that is gone; and a
broken file."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import Client

from service.alerts.message import build_payload
from service.bootstrap import Loa, open_loa
from service.errors import ConfigurationError
from service.services.publish import write_change
from service.settings import shipped
from service.storage.explanation import explain_delivery
from service.storage.posts import PostQuery, get_post, newest_posts
from service.storage.renamed import follow_renames
from service.storage.subscriptions import NewSubscription, add_subscription, get_subscription
from service.types import EMAIL, ChangeType, Filters, Post
from service.web.app import create_app
from tests.fakes_web import store_post

_MORE = """
[[categories]]
id = "clinics"
names = { vi = "Tiêm phòng", en = "Clinics" }
calendar = true
formerly = ["vaccination"]

[[categories.rules]]
name = "vaccination"
rank = 0
words = ["tiêm phòng"]
"""


def _config(folder: Path, categories: str) -> Path:
    (folder / "categories.toml").write_text(categories, "utf-8")
    config = folder / "loa.toml"
    config.write_text(f'[database]\nurl = "sqlite:///{folder / "loa.db"}"\n', "utf-8")
    return config


@pytest.fixture
def loa(tmp_path: Path) -> Iterator[Loa]:
    text = (shipped() / "categories.toml").read_text("utf-8") + _MORE
    opened = open_loa(_config(tmp_path, 'retired = ["gossip"]\n' + text), {})
    yield opened
    opened.close()


def test_an_added_category_is_told_apart_and_has_its_feeds_at_once(loa: Loa) -> None:
    known = loa.understander.understand(
        "Lịch tiêm phòng", "Vào hồi 8 giờ 00 ngày 5/2/2024, tại Trạm y tế xã."
    )
    assert known.categories[0] == "clinics"
    assert (known.begins_at is not None, known.venue) == (True, "Trạm y tế xã")
    client = Client(create_app(loa))
    for name in ("clinics.atom", "clinics.rss", "clinics.json", "clinics.ics"):
        assert client.get(f"/feeds/{name}").status_code == 200


def test_O4_a_renamed_category_redirects_and_a_retired_one_is_gone(loa: Loa) -> None:
    client = Client(create_app(loa))
    moved = client.get("/feeds/vaccination.atom")
    assert (moved.status_code, moved.headers["Location"].endswith("/feeds/clinics.atom")) == (
        301,
        True,
    )
    assert client.get("/feeds/gossip.atom").status_code == 410
    assert client.get("/feeds/unknown.atom").status_code == 404


def test_O4_what_was_stored_under_an_old_name_follows_it(loa: Loa) -> None:
    posts = [store_post(loa, n, category="vaccination", title=f"Lịch tiêm {n}") for n in range(60)]
    wanted = Filters(categories=("vaccination", "meetings"))
    now = loa.clock()
    with loa.database.writing() as conn:
        subscription = add_subscription(
            conn,
            NewSubscription(
                EMAIL, "lan@xa.example", now, language="vi", filters=wanted, is_confirmed=True
            ),
        )
    assert loa.poller is not None
    assert follow_renames(loa.database, loa.rules.renamed) == 0
    with loa.database.writing() as conn:
        post = get_post(conn, posts[0].id)
        assert (post.categories, post.understanding.why[0].category) == (("clinics",), "clinics")
        assert get_subscription(conn, subscription.id).filters.categories == ("clinics", "meetings")
        payload = build_payload(ChangeType.PUBLISHED, now, post, loa.links)
        write_change(conn, post=post, type=ChangeType.PUBLISHED, at=now, payload=payload)
        told = explain_delivery(conn, post, subscription.id)
    assert told.was_owed
    assert "clinics" in told.words("vi")[0]
    client = Client(create_app(loa))
    for name in ("vaccination", "clinics"):
        assert client.get(f"/?category={name}").get_data(as_text=True).count("Lịch tiêm") >= 30
    assert len(newest_in(loa, "clinics")) == 60


def newest_in(loa: Loa, category: str) -> list[Post]:
    with loa.database.reading() as conn:
        return newest_posts(conn, PostQuery(categories=(category,)), 100)


def test_M6_a_broken_rule_stops_the_start_and_is_named_with_its_file(tmp_path: Path) -> None:
    text = (shipped() / "categories.toml").read_text("utf-8").replace("rank = 0", "rank = 7", 1)
    config = _config(tmp_path, text)
    with pytest.raises(ConfigurationError) as error:
        open_loa(config, {})
    assert str(tmp_path / "categories.toml") in str(error.value)
    assert "rules[0].rank" in str(error.value)


def test_M6_a_broken_place_is_named_with_its_file(tmp_path: Path) -> None:
    config = _config(tmp_path, (shipped() / "categories.toml").read_text("utf-8"))
    (tmp_path / "places.toml").write_text(
        '[[places]]\nid = "Á"\nkind = "xã"\nname = "A"\n', "utf-8"
    )
    with pytest.raises(ConfigurationError) as error:
        open_loa(config, {}).prepare()
    assert str(tmp_path / "places.toml") in str(error.value)
    assert "places[0].id" in str(error.value)
