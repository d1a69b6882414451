"""What the jobs among the services do where there is little to do, and what the diary says."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from service.services.alarm_acts import tell_alarms
from service.services.diary_job import Diary
from service.services.digest_acts import send_digests
from service.services.reminders import remind
from service.settings import Settings
from service.storage.engine import Database
from service.storage.quarantine import quarantine_page
from service.storage.subscriptions import set_status
from service.types import SubscriptionStatus
from tests.fakes import FakeClock, act_over
from tests.fakes_ledger import NOW, a_post, hook, tell


def settings(**sections: object) -> Settings:
    return Settings.model_validate(sections)


def test_nothing_is_reminded_of_where_no_category_asks_for_receipts(
    database: Database, clock: FakeClock
) -> None:
    assert remind(*act_over(database, settings(receipts={"categories": []}), clock)) == 0


def test_no_digest_is_due_where_every_day_is_off(database: Database, clock: FakeClock) -> None:
    days = [(clock() - timedelta(days=n)).date() for n in range(40)]
    assert send_digests(*act_over(database, settings(email={"days_off": days}), clock)) == 0


def test_M9_a_page_that_was_put_aside_is_an_alarm(database: Database, clock: FakeClock) -> None:
    with database.writing() as conn:
        quarantine_page(conn, "quangxuong", "https://x.example/1", clock(), is_sure=True)
    (alarm,) = tell_alarms(*act_over(database, settings(), clock))
    assert alarm.key == "aside:https://x.example/1"


def test_the_diary_says_what_was_fanned_out_and_what_was_stopped(
    any_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    diary = Diary(any_database)
    diary.write()
    with any_database.writing() as conn:
        subscription = hook(conn, "https://a.example/1")
        tell(conn, a_post())
    diary.write()
    assert "fanned out" in caplog.text
    for status in (SubscriptionStatus.DISABLED, SubscriptionStatus.ACTIVE):
        with any_database.writing() as conn:
            set_status(conn, subscription.id, status, at=NOW, reason="endpoint.gone")
        diary.write()
    assert "a subscription is disabled" in caplog.text
    assert "a subscription is no longer disabled" in caplog.text
    assert "/1" not in caplog.text


def test_what_a_flood_holds_is_an_alarm_that_is_shown_and_not_mailed(
    database: Database, clock: FakeClock
) -> None:
    with database.writing() as conn:
        tell(conn, a_post(), silenced="flood")
    (alarm,) = tell_alarms(*act_over(database, settings(), clock))
    assert (alarm.key, alarm.is_mailed) == ("held:quangxuong", False)
