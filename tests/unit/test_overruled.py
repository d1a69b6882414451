"""What a person decided of a post stands over what is read of it, for as long as its words are the
same."""

from __future__ import annotations

import quopri
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import orjson

from service.alerts.deadlines import due_instants
from service.alerts.links import Links
from service.alerts.mail_item import prepare
from service.alerts.message import build_payload
from service.feeds.ical_deadlines import deadline_events
from service.posts.overruled import key_of, with_decisions
from service.services.decision_shapes import rule_of_companion, rule_of_task
from service.storage.same_document import Companion
from service.types import (
    OCR,
    OVERRULED,
    ChangeType,
    Deadline,
    Decision,
    DecisionKind,
    DocumentLink,
    Link,
    Mention,
    PortalName,
    Post,
    Relation,
    Understanding,
    Urgency,
)
from service.values import Locale
from tests.fakes_feeds import ALL, SITE
from tests.fakes_ledger import a_post

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
LINKS = Links("key", "https://loa.example")

NOW = datetime(2026, 11, 23, tzinfo=UTC)
REPORT = Deadline(date(2026, 12, 5), "trước ngày 05/12/2026", owner="communes", task="báo cáo")
PAY = Deadline(date(2026, 12, 9), "hạn cuối 09/12/2026", owner="other", task="nộp quỹ")
SAID = Deadline(date(2026, 12, 7), REPORT.text, owner="communes", task="họp", source=OVERRULED)
READ = Understanding(("directives",), deadlines=(REPORT, PAY))


def decided(
    n: int,
    wrong: Deadline | DocumentLink | None,
    right: Deadline | DocumentLink | None,
    kind: DecisionKind = DecisionKind.TASK,
) -> Decision:
    return Decision(f"d{n}", "p", kind, None, wrong, right, None, NOW)


def test_a_wrong_task_goes_another_takes_its_place_and_a_new_one_comes_last() -> None:
    added = replace(SAID, text="", task="trực")
    facts = with_decisions(READ, [decided(1, REPORT, SAID), decided(2, None, added)])
    assert facts.deadlines == (SAID, PAY, added)
    assert facts.read_deadlines == (REPORT, PAY)
    assert with_decisions(facts, [decided(2, None, added)]).deadlines == (REPORT, PAY, added)
    assert with_decisions(facts, []) == READ


def test_a_decision_over_a_decision_is_undone_by_itself() -> None:
    again = replace(SAID, on=date(2026, 12, 8))
    both = [decided(1, REPORT, SAID), decided(2, SAID, again)]
    assert with_decisions(READ, both).deadlines == (again, PAY)
    assert with_decisions(READ, both[:1]).deadlines == (SAID, PAY)


def test_the_same_words_read_otherwise_are_overruled_and_other_words_are_not() -> None:
    drop = [decided(1, REPORT, None)]
    for other in (replace(REPORT, on=date(2027, 12, 5)), replace(REPORT, task="báo cáo gấp")):
        assert with_decisions(replace(READ, deadlines=(other,)), drop).deadlines == ()
    edited = replace(REPORT, text="trước ngày 08/12/2026", on=date(2026, 12, 8))
    assert with_decisions(replace(READ, deadlines=(edited,)), drop).deadlines == (edited,)


def test_one_of_two_that_quote_the_same_words_is_dropped() -> None:
    twin = replace(REPORT, owner="other")
    facts = replace(READ, deadlines=(twin, REPORT))
    assert with_decisions(facts, [decided(1, REPORT, None)]).deadlines == (twin,)


def test_a_relation_is_known_by_its_kind_and_number_in_any_writing() -> None:
    link = DocumentLink(Link.REPLACES, Mention("cong-van", "06/CV-UBND"), "thay thế", "x")
    facts = Understanding(("news",), relations=(link,))
    drop = [decided(1, replace(link, post_id=None), None, DecisionKind.RELATION)]
    assert with_decisions(facts, drop).relations == ()
    again = replace(link, of=Mention("cong-van", "6-CV/UBND"), words="thay thế văn bản")
    assert with_decisions(replace(facts, relations=(again,)), drop).relations == ()
    other = replace(link, link=Link.AMENDS)
    assert with_decisions(replace(facts, relations=(other,)), drop).relations == (other,)
    unnumbered = replace(link, of=Mention("cong-van", None, date(2026, 11, 1)))
    assert key_of(unnumbered) != key_of(link) != key_of(replace(link, source=OVERRULED))


def test_what_a_person_said_is_due_at_their_hour_or_at_the_days_end() -> None:
    words = "trước 17 giờ 00 ngày 05/12/2026"
    at = datetime(2026, 12, 7, 9, 30, tzinfo=UTC)
    due = [replace(SAID, text=words), replace(SAID, text=words, at=at, owner=None)]
    by_hour, by_day = due_instants(due, ZONE)
    assert (by_hour.at, by_day.at.astimezone(ZONE).hour) == (at, 23)
    two = [replace(SAID, text="", task=task) for task in ("họp", "trực")]
    assert [one.task for one in due_instants(two, ZONE)] == ["họp", "trực"]
    assert len(list(deadline_events(SITE, ALL, _post(*two)))) == 2
    assert "“" not in calendar_of(_post(*two)) and "“" in calendar_of(_post(SAID))


def calendar_of(post: Post) -> str:
    return "".join(str(one["description"]) for one in deadline_events(SITE, ALL, post))


def _post(*due: Deadline) -> Post:
    stored = a_post()
    return replace(stored, understanding=replace(stored.understanding, deadlines=due))


def test_a_mail_quotes_no_words_of_a_task_that_a_person_added() -> None:
    payload = orjson.loads(
        build_payload(ChangeType.PUBLISHED, NOW, _post(replace(SAID, text="")), LINKS)
    )
    said = quopri.decodestring(prepare(payload, Locale("vi", ZONE)).text).decode()
    assert "07/12/2026, các xã, phường: họp" in said and "(“" not in said and "bản quét" not in said


def test_each_rule_by_which_something_was_read_has_its_name() -> None:
    assert rule_of_task(SAID) == OVERRULED
    assert rule_of_task(replace(REPORT, source=OCR)) == "task_scan"
    assert rule_of_task(replace(REPORT, recurs="FREQ=DAILY")) == "task_again"
    assert rule_of_task(replace(REPORT, is_unsure=True)) == "task_unsure"
    assert rule_of_task(REPORT) == "task"
    portal, post = PortalName("p", "Cổng"), a_post()
    other = Companion("o", "Tin", portal, NOW, Relation.IS, "https://p.example", Urgency.NORMAL)
    assert rule_of_companion(post, other) == ("same_title", "Tin")
    assert rule_of_companion(post, replace(other, is_decided=True)) == (OVERRULED, "")
