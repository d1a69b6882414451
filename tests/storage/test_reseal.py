"""S8: what is sealed is sealed anew under the present key, on both databases, in steps that may end
anywhere."""

from __future__ import annotations

import json

from sqlalchemy import text

from service.alerts.keys import Keys
from service.alerts.own_headers import open_value, seal_headers
from service.alerts.signing import SecretBox, new_secret
from service.storage.engine import Database
from service.storage.reseal import CHUNK, ResealResult, reseal
from service.storage.subscriptions import NewSubscription, add_subscription, set_headers
from service.types import WEBHOOK
from tests.fakes import FakeClock

OLD, NEW = SecretBox("the old key"), SecretBox(lambda: Keys("the new key", ended=("the old key",)))


def _add(database: Database, clock: FakeClock, n: int) -> list[str]:
    with database.writing() as conn:
        return [
            add_subscription(
                conn,
                NewSubscription(
                    WEBHOOK,
                    f"https://office{one}.example/",
                    clock(),
                    language="vi",
                    secret=OLD.encrypt(new_secret()),
                    headers=seal_headers({"X-Key": str(one)}, OLD),
                ),
            ).id
            for one in range(n)
        ]


def test_S8_more_than_a_chunk_is_sealed_anew_once(any_database: Database, clock: FakeClock) -> None:
    ids = _add(any_database, clock, CHUNK + 7)
    assert reseal(any_database, NEW) == ResealResult(len(ids))
    assert reseal(any_database, NEW) == ResealResult()
    with any_database.reading() as conn:
        secrets = conn.execute(text("SELECT secret FROM subscription")).scalars().all()
    assert all(NEW.is_current(bytes(one)) for one in secrets)


def test_S8_headers_that_an_older_loa_kept_plain_are_left_to_who_seals_them(
    any_database: Database, clock: FakeClock
) -> None:
    (one,) = _add(any_database, clock, 1)
    with any_database.writing() as conn:
        set_headers(conn, one, {"X-Key": "plain", **seal_headers({"X-Other": "sealed"}, OLD)})
    assert reseal(any_database, NEW) == ResealResult(1)
    with any_database.reading() as conn:
        kept = json.loads(conn.execute(text("SELECT headers FROM subscription")).scalar_one())
    assert {name: open_value(value, NEW) for name, value in kept.items()} == {
        "X-Key": "plain",
        "X-Other": "sealed",
    }
