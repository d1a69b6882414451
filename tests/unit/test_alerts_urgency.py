"""U4: which changes are urgent, when a unit is asked again, and what is said of deadlines. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from service.alerts.deadlines import due_instants, say_due
from service.alerts.match import matches, why_not
from service.alerts.receipt_rules import reminder_step
from service.alerts.urgency import urgent_by, urgent_step
from service.alerts.working_hours import WorkingHours
from service.posts.due import hour_in
from service.types import (
    OVERRULED,
    Deadline,
    Document,
    Filters,
    Reason,
    Relation,
    Understanding,
    Urgency,
)
from service.words import say
from tests.fakes_ledger import a_post

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
AT = datetime(2026, 11, 28, 16, 30, tzinfo=UTC)
NOW = ("hoa-toc", "thuong-khan")


def _facts(urgency: Urgency, *, is_decided: bool = False) -> Understanding:
    why = Reason(urgency.value, OVERRULED, "") if is_decided else None
    return Understanding(("directives",), urgency=urgency, urgency_why=why)


def test_U4_a_correction_is_as_urgent_as_what_it_corrects_unless_a_person_decided() -> None:
    assert urgent_by(_facts(Urgency.THUONG_KHAN), NOW, None) == "thuong-khan"
    assert urgent_by(_facts(Urgency.KHAN), NOW, None) is None
    assert urgent_by(_facts(Urgency.NORMAL), NOW, "hoa-toc") == "hoa-toc"
    assert urgent_by(_facts(Urgency.NORMAL, is_decided=True), NOW, "hoa-toc") is None
    assert urgent_by(_facts(Urgency.NORMAL), ("khan",), "hoa-toc") is None, "configured otherwise"


def _asked(contacts: int, after_min: tuple[int, ...] = (15, 60, 180)) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for minute in range(1_000):
        asked = [AT + timedelta(minutes=one) for one, _ in found]
        now = AT + timedelta(minutes=minute)
        whom = urgent_step(AT, asked, now, after_min=after_min, contacts=contacts)
        if whom is not None:
            found.append((minute, whom))
    return found


def test_U4_the_first_contact_is_asked_at_each_instant_then_the_next_then_the_operator() -> None:
    assert _asked(2) == [(15, 0), (60, 0), (180, 0), (300, 1), (420, 2)]
    assert _asked(1, (10,)) == [(10, 0), (20, 1)]
    assert _asked(0) == [(15, 0)], "the operator at once"
    assert _asked(2, ()) == []


def _reminded(owed_at: datetime, due: datetime, contacts: int = 1) -> list[float]:
    """After how many hours, looked at twice an hour."""
    found: list[datetime] = []
    for half in range(400):
        now = owed_at + timedelta(minutes=30 * half)
        step = reminder_step(
            owed_at, found, now, remind_after=2, contacts=contacts,
            hours=WorkingHours("07:30", ZONE), due_at=[due], remind_before=timedelta(hours=24),
        )  # fmt: skip
        if step is not None:
            assert step == len(found)
            found.append(now)
    return [(at - owed_at) / timedelta(hours=1) for at in found]


@pytest.mark.parametrize(
    ("hours", "reminded", "alone"),
    [
        (7, [3.5], [3.5]),  # half of the time that there is
        (40, [16.0], [16.0]),
        (100, [80.0], [80.0]),  # before the deadline, which is after two working days
        (120, [80.0, 104.0], [104.0]),  # after two working days, and before the deadline
        (-5, [80.0], []),  # it was over when it was sent
    ],
)
def test_U4_a_reminder_comes_before_the_deadline(
    hours: int, reminded: list[float], alone: list[float]
) -> None:
    owed_at = datetime(2026, 11, 27, 16, 30, tzinfo=UTC)  # Friday, 23:30
    assert _reminded(owed_at, owed_at + timedelta(hours=hours)) == reminded
    assert _reminded(owed_at, owed_at + timedelta(hours=hours), contacts=0) == alone


def test_U4_a_reminder_says_what_is_due_and_how_long_is_left_or_since_when_it_is_over() -> None:
    dues = due_instants(
        [
            Deadline(date(2026, 11, 30), "trước 17 giờ ngày 30/11/2026"),
            Deadline(date(2026, 11, 28), "chậm nhất ngày 28/11/2026"),
        ],
        ZONE,
    )
    now = datetime(2026, 11, 29, 15, 10, tzinfo=ZONE)
    ahead, over = say_due(dues, now)
    assert "26 giờ" in say(ahead, "vi") and "trước 17 giờ" in say(ahead, "vi")
    assert "26 hours" in say(ahead, "en")
    assert "Đã quá hạn từ" in say(over, "vi") and "23:59" in say(over, "vi")
    assert "Overdue since" in say(over, "en")
    assert hour_in("trước ngày 15/6/2023") is None and hour_in("24 giờ ngày 15/6") is None
    assert hour_in("chậm nhất 10h30 ngày 5/6") == time(10, 30)


def test_U4_subscriptions_filter_by_urgency_and_by_kind_of_document() -> None:
    post = a_post()
    facts = Understanding(
        ("directives",),
        urgency=Urgency.HOA_TOC,
        document=Document("cong-dien", "5/CĐ", None, None, Relation.IS),
    )
    wired = type(post)(**{name: getattr(post, name) for name in post.__slots__} | {
        "understanding": facts
    })  # fmt: skip
    both = Filters(urgencies=("khan", "hoa-toc"), kinds=("cong-dien",))
    assert matches(both, wired) and matches(both, post) is None
    assert "cong-dien" in why_not(Filters(kinds=("cong-dien",)), post)
    assert matches(Filters(urgencies=("normal",)), post)
