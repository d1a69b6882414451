"""What a person may know: which posts a choice would have brought of late, and all that is kept of
them (Law 91/2025/QH15, article 4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from service.services.consent import say_consent
from service.services.context import Context
from service.services.optin import OwnSubscriptions
from service.services.wants import say_filters
from service.storage.consents import RecordedConsent
from service.storage.found_posts import MOST_COUNTED
from service.storage.matching import MatchingPosts, find_matching
from service.storage.personal_data import OwnData, load_own_data
from service.types import Filters, Subscription
from service.words import say

MONTH = timedelta(days=30)
NEWEST_SHOWN = 3


def preview_filters(conn: Connection, ctx: Context, filters: Filters) -> MatchingPosts:
    """What they would have brought within a month, with the newest."""
    since = ctx.settings.service.locale.day(ctx.clock() - MONTH)
    return find_matching(conn, filters, since, NEWEST_SHOWN, MOST_COUNTED)


def find_own_data(conn: Connection, own: OwnSubscriptions) -> OwnData:
    return load_own_data(conn, own.address, own.subscriptions)


def own_data_document(ctx: Context, own: OwnData, language: str) -> dict[str, Any]:
    """The same as a file: what programs can read, and the sentences beside the codes."""
    return {
        "made_at": ctx.clock(),
        "address": own.address,
        "subscriptions": [_subscription(ctx, one, own, language) for one in own.subscriptions],
        "contact_of_units": [{"id": unit.id, "name": unit.name} for unit in own.units],
        "letters": [
            {"at": one.at, "subject": say(one.subject, language), "state": one.state}
            for one in own.letters
        ],
        "posts": [
            {
                "post": one.post_id,
                "title": one.title,
                "change": one.change,
                "subscription": one.subscription_id,
                "state": one.state,
                "created_at": one.created_at,
                "done_at": one.done_at,
            }
            for one in own.posts
        ],
        "returned_mails": [{"at": at, "kind": kind} for at, kind in own.bounces],
        "log": [
            {
                "at": one.at,
                "act": say(one.act, language),
                "door": one.door,
                "source": one.source,
                "subject": one.subject,
            }
            for one in own.log
        ],
    }


def _subscription(ctx: Context, one: Subscription, own: OwnData, language: str) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "unit": one.unit_id,
        "status": one.status.value,
        "frequency": one.frequency.value,
        "created_at": one.created_at,
        "wants": say_filters(ctx, one.filters, language),
        "filters": one.filters,
        "consents": [
            _consent(ctx, given, language)
            for given in own.consents
            if given.subscription_id == one.id
        ],
    }


def _consent(ctx: Context, given: RecordedConsent, language: str) -> dict[str, Any]:
    return {
        "step": given.step.value,
        "at": given.at,
        "page": given.page,
        "language": given.language,
        "text_version": given.text_version,
        "text": say_consent(ctx, language, given.text_version) if given.text_version else [],
    }
