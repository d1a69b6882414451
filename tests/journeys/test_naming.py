"""A post and a subscription are named as people name them."""

from __future__ import annotations

import pytest

from service.errors import InvalidInput, NotFound
from service.services.context import OPERATOR, Actor, ActorKind
from service.services.naming import (
    find_delivery,
    find_post,
    find_post_to_change,
    find_subscriptions,
    find_token,
    find_unit,
)
from service.storage.engine import Database
from service.storage.unit_merging import merge_unit
from service.storage.units import add_unit, remove_unit
from tests.fakes import FakeClock
from tests.fakes_ledger import NOW, a_post, hook, tell
from tests.fakes_web import make_loa, store_post


def test_a_post_is_found_by_id_address_and_title(any_database: Database, clock: FakeClock) -> None:
    loa = make_loa(any_database.url, clock)
    loa.__dict__["database"] = any_database
    one, other = store_post(loa, 1), store_post(loa, 2, title="Công điện khẩn về bão số 9")
    addressed = f"http://www.quangxuong.example{other.url.split('.example')[1]}"
    with any_database.writing() as conn:
        conn.exec_driver_sql(
            "UPDATE post SET identity_key = '/portal/pages/2024-01-28/2.aspx'"
            " WHERE identity_key = 'key-2'"
        )
    with any_database.reading() as conn:
        assert find_post(conn, one.id) == one.id
        assert find_post(conn, addressed) == other.id
        assert find_post(conn, "cong dien khan ve bao") == other.id
        with pytest.raises(NotFound):
            find_post(conn, "https://quangxuong.example/portal/pages/2024-01-28/9.aspx")
        with pytest.raises(NotFound):
            find_post(conn, "không có tin này")
    store_post(loa, 3, title="Công điện khẩn về bão số 10")
    with any_database.reading() as conn, pytest.raises(InvalidInput, match="may mean several"):
        find_post(conn, "Công điện khẩn về bão")


def test_a_post_is_found_by_how_its_title_begins_cut_or_whole(
    any_database: Database, clock: FakeClock
) -> None:
    loa = make_loa(any_database.url, clock)
    loa.__dict__["database"] = any_database
    titles = (
        "Công điện về bão", "Công điện về bão số 9", "100% xã_phường", "1000 xã phường",
        "Kế hoạch dự tham hội nghị sẽ bàn về Công điện về bão",
    )  # fmt: skip
    posts = {title: store_post(loa, n, title=title) for n, title in enumerate(titles, 1)}
    said = {
        "Công điện về bão": "Công điện về bão",  # one is called so, though another begins so
        " Công điện  về bão s…": "Công điện về bão số 9",
        "Kế hoạch dự th...": titles[4],
        "100% x": "100% xã_phường",  # no pattern
        "100": None,
        "Công điện về b": None,
    }
    with any_database.reading() as conn:
        for words, title in said.items():
            if title is None:
                with pytest.raises(InvalidInput) as refused:
                    find_post(conn, words)
                assert refused.value.field == "post"
            else:
                assert find_post(conn, words) == posts[title].id, words
        own = f"https://loa.example/posts/{posts['1000 xã phường'].id}?utm_source=mail#top"
        assert find_post(conn, own) == posts["1000 xã phường"].id
        for nothing in ("", "…", "https://"):
            with pytest.raises(NotFound):
                find_post(conn, nothing)


def test_U2_a_unit_is_found_by_the_name_it_had_and_sees_what_is_its_own(
    any_database: Database,
) -> None:
    with any_database.writing() as conn:
        old, new = (add_unit(conn, name=name, at=NOW) for name in ("Xã Cũ", "Xã Mới"))
        gone = add_unit(conn, name="Xã Hết", at=NOW)
        moved = hook(conn, "https://cu.example/loa", unit_id=old.id)
        last = hook(conn, "https://het.example/loa", unit_id=gone.id)
        shared = [hook(conn, "https://chung.example/loa", unit_id=one.id) for one in (old, gone)]
        merge_unit(conn, old, new, NOW)
        remove_unit(conn, gone.id, NOW)
    unit = Actor(ActorKind.UNIT, None, new.id)
    with any_database.reading() as conn:
        found = {
            said: [one.id for one in find_subscriptions(conn, said, OPERATOR)]
            for said in ("Xã Cũ", "Xã Mới", "Xã Hết", "https://chung.example/loa")
        }
        assert found["Xã Cũ"] == found["Xã Mới"] == [moved.id, shared[0].id]
        assert found["Xã Hết"] == [last.id, shared[1].id]
        assert len(found["https://chung.example/loa"]) == 2
        mine = find_subscriptions(conn, "https://chung.example/loa", unit)
        assert [one.id for one in mine] == [shared[0].id]
        for said in (last.id, "Xã Hết", "https://het.example/loa"):
            with pytest.raises(NotFound):
                find_subscriptions(conn, said, unit)


def test_a_subscription_is_found_by_id_address_and_unit(any_database: Database) -> None:
    with any_database.writing() as conn:
        unit = add_unit(conn, name="UBND xã Quảng Ninh", at=NOW)
        idle = add_unit(conn, name="UBND xã Quảng Bình", at=NOW)
        made = hook(conn, "https://office.example/loa", unit_id=unit.id)
    with any_database.reading() as conn:
        for said in (made.id, "https://office.example/loa", unit.id, unit.name):
            assert [one.id for one in find_subscriptions(conn, said, OPERATOR)] == [made.id]
        for said in (idle.name, "ai@khac.example", "https://khac.example/"):
            with pytest.raises(NotFound):
                find_subscriptions(conn, said, OPERATOR)
                find_subscriptions(conn, said)


def test_a_delivery_is_found_by_the_beginning_of_its_id_or_of_its_messages(
    any_database: Database,
) -> None:
    with any_database.writing() as conn:
        hook(conn, "https://office.example/loa")
        tell(conn, a_post())
        row = conn.exec_driver_sql("SELECT id, message_id FROM delivery").one()
    with any_database.reading() as conn:
        assert find_delivery(conn, row.message_id) == row.message_id
        assert find_delivery(conn, f"{row.id[:-1]}…") == row.id
        assert find_delivery(conn, "khác") == "khác"
        assert find_token(conn, "khác") == "khác"


def test_accents_that_are_typed_are_meant(any_database: Database) -> None:
    with any_database.writing() as conn:
        unit = add_unit(conn, name="UBND xã Quảng Hải", at=NOW)
    with any_database.reading() as conn:
        for said in ("ubnd xa quang hai", "UBND XÃ QUẢNG HẢI"):
            assert find_unit(conn, said).id == unit.id
        with pytest.raises(InvalidInput, match="did you mean 'UBND xã Quảng Hải'"):
            find_unit(conn, "UBND xã Quảng Hại")


def test_an_act_takes_a_title_as_a_whole(any_database: Database, clock: FakeClock) -> None:
    loa = make_loa(any_database.url, clock)
    loa.__dict__["database"] = any_database
    post = store_post(loa, 1, title="Công điện khẩn về bão số 9")
    with any_database.reading() as conn:
        for said in (post.id, post.id[:10], "công điện khẩn về bão số 9"):
            assert find_post_to_change(conn, said) == post.id
        assert find_post(conn, "bão số 9") == post.id
        with pytest.raises(NotFound):
            find_post_to_change(conn, "bão số 9")


def test_a_title_longer_than_any_search_is_a_name_too(
    any_database: Database, clock: FakeClock
) -> None:
    loa = make_loa(any_database.url, clock)
    loa.__dict__["database"] = any_database
    title = "Công điện về việc " + "chủ động ứng phó với mưa lũ, " * 40 + "số 9"
    post = store_post(loa, 1, title=title)
    with any_database.reading() as conn:
        for find in (find_post, find_post_to_change):
            assert find(conn, title) == post.id
            with pytest.raises(NotFound):
                find(conn, f"{title} và số 10")
        assert find_post(conn, title[:300]) == post.id
