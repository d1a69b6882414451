"""Rewording any sentence changes what is read and nothing that happens: the rules hold with all of
them replaced."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from service.storage.engine import Database
from service.storage.explanation import explain_delivery
from service.storage.subscriptions import set_status
from service.types import SubscriptionStatus
from service.words import say
from tests.fakes import FakeClock
from tests.fakes_ledger import NOW, a_post, hook, tell
from tests.fakes_words import KINDS_OF_WORDS, reworded_by
from tests.storage import (
    test_ledger,
    test_ledger_fanout,
    test_receipts_digests_bounces,
    test_suspension,
)

RULES: tuple[Callable[..., None], ...] = (
    test_suspension.test_an_address_that_takes_mail_again_is_resumed_by_itself,
    test_suspension.test_a_probe_that_comes_back_leaves_it_suspended,
    test_ledger.test_D4_disabled_by_time_and_count_probed_and_back_by_itself,
    test_ledger_fanout.test_an_edit_goes_to_those_who_were_owed_the_post_and_is_published_to_those_it_newly_matches,
    test_receipts_digests_bounces.test_D7_a_hard_bounce_suspends_once_and_an_unproved_one_nobody,
    test_receipts_digests_bounces.test_D7_soft_bounces_suspend_only_on_five_different_days,
    test_receipts_digests_bounces.test_a_unit_is_reminded_then_its_next_contact_until_it_acknowledges,
    test_receipts_digests_bounces.test_the_operator_is_told_once_and_again_after_it_was_mended,
)


@pytest.fixture(params=KINDS_OF_WORDS)
def reworded(request: pytest.FixtureRequest) -> Iterator[None]:
    with reworded_by(request.param):
        yield


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__[5:40])
@pytest.mark.usefixtures("reworded")
def test_F6_the_rules_hold_whatever_the_sentences_say(
    rule: Callable[..., None], any_database: Database, clock: FakeClock
) -> None:
    given = {"any_database": any_database, "database": any_database, "clock": clock}
    rule(**{name: given[name] for name in inspect.signature(rule).parameters})


@pytest.mark.usefixtures("reworded")
def test_F6_why_keeps_its_codes_whatever_the_sentences_say(any_database: Database) -> None:
    with any_database.writing() as conn:
        one = hook(conn, "http://a.example/1")
        tell(conn, a_post())
        set_status(conn, one.id, SubscriptionStatus.PAUSED, at=NOW + timedelta(minutes=1))
        found = explain_delivery(conn, a_post(), one.id)
    assert found.codes == ("matched", "held")
    assert [say(line.reason, "vi") for line in found.lines] == list(found.words("vi"))
