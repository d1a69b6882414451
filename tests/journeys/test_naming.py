"""A post and a subscription are named as people name them."""

from __future__ import annotations

import pytest

from service.errors import InvalidInput, NotFound
from service.services.naming import find_post, find_subscriptions
from service.storage.engine import Database
from service.storage.units import add_unit
from tests.fakes import FakeClock
from tests.fakes_ledger import NOW, hook
from tests.fakes_web import make_loa, store_post


def test_a_post_is_found_by_id_address_and_title(any_database: Database, clock: FakeClock) -> None:
    loa = make_loa("sqlite:///unused.db", clock)
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


def test_a_subscription_is_found_by_id_address_and_unit(any_database: Database) -> None:
    with any_database.writing() as conn:
        unit = add_unit(conn, name="UBND xã Quảng Ninh", at=NOW)
        idle = add_unit(conn, name="UBND xã Quảng Bình", at=NOW)
        made = hook(conn, "https://office.example/loa", unit_id=unit.id)
    with any_database.reading() as conn:
        for said in (made.id, "https://office.example/loa", unit.id, unit.name):
            assert [one.id for one in find_subscriptions(conn, said)] == [made.id]
        for said in (idle.name, "ai@khac.example", "https://khac.example/"):
            with pytest.raises(NotFound):
                find_subscriptions(conn, said)
