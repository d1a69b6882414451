"""What the API shows of each thing: plain mappings, times in RFC 3339, no secret, keys always
there."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from flask import g

from service.alerts.own_headers import MASK
from service.channels import kind_of
from service.services.backfill_acts import BackfillShape
from service.services.coverage_acts import ListingCoverage, PortalCoverage
from service.storage.silence import Silence
from service.types import Subscription, Unit
from service.values import rfc3339
from service.web.pages.portal_state import PortalState
from service.words import say


def instant(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)


def coverage(of: ListingCoverage) -> dict[str, Any]:
    return {
        "covered_since": instant(of.since),
        "covered_to": instant(of.covered_to),
        "gaps": [{key: instant(at) for key, at in hole.shown().items()} for hole in of.holes],
        "held": of.held,
        "silent": dict(of.silent or {}),
    }


def portal(
    state: PortalState, covered: PortalCoverage, backfill: BackfillShape | None
) -> dict[str, Any]:
    by_url = {one.url: one for one in covered.listings}
    return {
        "id": state.portal.id,
        "name": state.portal.name,
        "base_url": state.portal.base_url,
        "kind": state.portal.kind,
        "is_failing": bool(state.failing),
        "held": state.held,
        "silent": dict(state.silent),
        "backfill": backfill,
        "listings": [
            {
                "url": url,
                "outcome": None if listing is None else listing.last_outcome,
                "error": None
                if listing is None or listing.last_error is None
                else say(listing.last_error, g.language),
                "failures": 0 if listing is None else listing.failures,
                "failing_since": None if listing is None else instant(listing.failing_since),
                "last_polled_at": None if listing is None else instant(listing.last_polled_at),
                "last_ok_at": None if listing is None else instant(listing.last_ok_at),
                "last_new_at": None if listing is None else instant(listing.last_new_at),
                "next_poll_at": None if listing is None else instant(listing.next_poll_at),
                **coverage(by_url[url]),
            }
            for url, listing in state.listings
        ],
    }


def silence(silence: Silence) -> dict[str, Any]:
    return {
        "post": silence.post_id,
        "portal": silence.portal_id,
        "title": silence.title,
        "code": silence.code,
        "reason": say(f"silence.{silence.code}", g.language),
        "at": instant(silence.at),
        "published_at": instant(silence.published_at),
    }


def unit(unit: Unit) -> dict[str, Any]:
    return {
        "id": unit.id,
        "name": unit.name,
        "place": unit.place,
        "contacts": list(unit.contacts),
        "created_at": instant(unit.created_at),
    }


def subscription(subscription: Subscription) -> dict[str, Any]:
    return {
        "id": subscription.id,
        "channel": subscription.channel,
        "target": None if kind_of(subscription.channel).is_asked else subscription.target,
        "status": subscription.status,
        "filters": {name: list(values) for name, values in asdict(subscription.filters).items()},
        "frequency": subscription.frequency,
        "unit": subscription.unit_id,
        "headers": dict.fromkeys(subscription.headers, MASK),
        "cloudevents": subscription.is_cloudevents,
        "name": subscription.name,
        "created_at": instant(subscription.created_at),
    }
