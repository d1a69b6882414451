"""Subscribing by mail, confirming, unsubscribing with one click (RFC 8058), and changing what one gets.

A GET never changes anything, since scanners follow links. A token in the address is the only right. Every
answer to a subscription is the same, whatever is known of the address.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from flask import Blueprint, g, render_template, request
from sqlalchemy import Connection
from werkzeug.exceptions import TooManyRequests
from werkzeug.wrappers import Response

from service.alerts.headers import address as check_address
from service.alerts.links import Purpose
from service.errors import Conflict, InvalidInput, NotFound
from service.feeds.catalogue import label
from service.storage.handshakes import address_mark
from service.storage.optin import confirm as confirm_subscription
from service.storage.optin import erase, request_subscription, unsubscribe
from service.storage.schema import from_micros
from service.storage.subscriptions import (
    get_subscription,
    list_subscriptions,
    set_filters,
    set_frequency,
    set_status,
)
from service.text import clean
from service.types import Channel, Filters, Frequency, Subscription, SubscriptionStatus
from service.web.limits import Limit, rest_s
from service.web.wants import say_filters

if TYPE_CHECKING:
    from service.bootstrap import Loa

PER_HOUR = 10
"""Subscriptions that one host may ask for; an office behind one address rarely has more at once."""
CONFIRM_WITHIN = timedelta(days=7)
MAX_KEYWORDS = 10
MAX_KEYWORD_CHARS = 100
Refusal = Literal["expired", "moved"]
BY_OWNER = "người nhận đã hủy"


def make_blueprint(loa: Loa) -> Blueprint:
    """The routes /subscribe, /confirm, /unsubscribe and /manage."""
    blueprint = Blueprint("subscriptions", __name__)
    limit = Limit(PER_HOUR, 3600, time.monotonic)

    @blueprint.get("/subscribe")
    def form() -> str:
        return _render(loa, "subscribe", is_done=False)

    @blueprint.post("/subscribe")
    def subscribe() -> str:
        if not loa.settings.email.smtp_url:
            raise Conflict("cannot subscribe by mail: this service has no mail relay (email.smtp_url)")
        address = check_address(request.form.get("address", "")[:300])
        filters, frequency = _asked(loa)
        if not limit.has_room(request.remote_addr or ""):
            raise TooManyRequests(retry_after=3600)
        began = time.monotonic()
        with loa.database.writing() as conn:
            request_subscription(
                conn, address=address, filters=filters, frequency=frequency, language=g.language,
                what=say_filters(loa, filters, g.language), title=loa.settings.service.title, now=loa.clock(),
            )  # fmt: skip
        time.sleep(rest_s(time.monotonic() - began))
        return _render(loa, "subscribe", is_done=True)

    @blueprint.get("/confirm/<token>")
    def show_confirm(token: str) -> str:
        with loa.database.reading() as conn:
            subscription, refusal = _to_confirm(conn, loa, token)
        return _render(loa, "confirm", subscription=subscription, refusal=refusal, words=_words_of(loa))

    @blueprint.post("/confirm/<token>")
    def confirm(token: str) -> tuple[str, int]:
        with loa.database.writing() as conn:
            subscription, refusal = _to_confirm(conn, loa, token)
            if refusal is None:
                subscription = confirm_subscription(conn, subscription.id, loa.clock())
        page = _render(loa, "confirm", subscription=subscription, refusal=refusal, words=_words_of(loa))
        return page, 200 if refusal is None else 403

    @blueprint.get("/unsubscribe/<token>")
    def show_unsubscribe(token: str) -> str:
        _subject(loa, Purpose.UNSUBSCRIBE, token)
        return _render(loa, "unsubscribe", is_done=False)

    @blueprint.post("/unsubscribe/<token>")
    def one_click(token: str) -> str:
        ids = _subject(loa, Purpose.UNSUBSCRIBE, token)
        with loa.database.writing() as conn:
            unsubscribe(conn, ids, loa.clock(), BY_OWNER)
        return _render(loa, "unsubscribe", is_done=True)

    @blueprint.get("/manage/<token>")
    def manage(token: str) -> str:
        return _manage_page(loa, _own(loa, token))

    @blueprint.post("/manage/<token>")
    def change(token: str) -> str:
        own = _own(loa, token)
        if request.form.get("action") == "erase":
            with loa.database.writing() as conn:
                erase(conn, own[0].target, loa.clock())
            return _render(loa, "unsubscribe", is_done=True)
        _change(loa, own)
        return _manage_page(loa, _own(loa, token), is_changed=True)

    @blueprint.after_request
    def keep_private(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    return blueprint


def _render(loa: Loa, name: str, **values: object) -> str:
    categories = [(one.id, label(one, g.language)) for one in loa.rules.categories]
    can_mail = bool(loa.settings.email.smtp_url)
    return render_template(f"subscriptions/{name}.html", categories=categories, can_mail=can_mail, **values)


def _manage_page(loa: Loa, own: list[Subscription], *, is_changed: bool = False) -> str:
    shown = [one for one in own if one.status is not SubscriptionStatus.REMOVED]
    return _render(loa, "manage", subscriptions=shown, is_changed=is_changed, words=_words_of(loa))


def _subject(loa: Loa, purpose: Purpose, token: str) -> tuple[str, ...]:
    """Raises NotFound for a token that was not made here for this purpose."""
    try:
        return loa.links.read(purpose, token)
    except InvalidInput as error:
        raise NotFound("link", "(token)") from error


def _to_confirm(conn: Connection, loa: Loa, token: str) -> tuple[Subscription, Refusal | None]:
    """The subscription, and why its link confirms nothing any more; None where it does.

    A mailbox's link ends after some days; an endpoint's has no end, and is good for the address that was asked.
    """
    subscription_id, *said = _subject(loa, Purpose.CONFIRM, token)
    subscription = get_subscription(conn, subscription_id)
    if subscription.channel is Channel.WEBHOOK:
        return subscription, None if said == [address_mark(subscription.target)] else "moved"
    is_waiting = subscription.status is SubscriptionStatus.PENDING
    is_late = bool(said) and from_micros(int(said[0])) + CONFIRM_WITHIN < loa.clock()
    return subscription, "expired" if is_waiting and is_late else None


def _own(loa: Loa, token: str) -> list[Subscription]:
    """All mail subscriptions of the person whom the token was sent to, removed ones too. Raises NotFound."""
    subscription_id = _subject(loa, Purpose.MANAGE, token)[0]
    with loa.database.reading() as conn:
        one = get_subscription(conn, subscription_id)
        if one.channel is not Channel.EMAIL:
            raise NotFound("subscription", subscription_id)
        return list_subscriptions(conn, channel=Channel.EMAIL, target=one.target, has_removed=True)


def _change(loa: Loa, own: list[Subscription]) -> None:
    """What one of the person's own subscriptions is asked to become. Raises NotFound, InvalidInput."""
    wanted = request.form.get("id", "")
    subscription = next((one for one in own if one.id == wanted), None)
    if subscription is None or subscription.status is SubscriptionStatus.REMOVED:
        raise NotFound("subscription", wanted[:64])
    action, now = request.form.get("action"), loa.clock()
    with loa.database.writing() as conn:
        match action, subscription.status:
            case "pause", SubscriptionStatus.ACTIVE:
                set_status(conn, wanted, SubscriptionStatus.PAUSED, at=now, reason="người nhận tạm dừng")
            case "resume", SubscriptionStatus.PAUSED | SubscriptionStatus.SUSPENDED:
                set_status(conn, wanted, SubscriptionStatus.ACTIVE, at=now)
            case "remove", _:
                unsubscribe(conn, (wanted,), now, BY_OWNER)
            case "edit", _:
                filters, frequency = _asked(loa)
                set_filters(conn, wanted, filters, now)
                set_frequency(conn, wanted, frequency)


def _asked(loa: Loa) -> tuple[Filters, Frequency]:
    """Filters and frequency from the form. Raises InvalidInput naming the field."""
    form = request.form
    known = {
        "category": {one.id for one in loa.rules.categories},
        "portal": {one.id for one in loa.settings.portals},
    }
    for field, allowed in known.items():
        if not set(form.getlist(field)) <= allowed:
            raise InvalidInput(field, "is not known", ", ".join(sorted(allowed)))
    places = tuple(dict.fromkeys(one for one in form.getlist("place") if one))
    if any(loa.gazetteer.get(one) is None for one in places):
        raise InvalidInput("place", "is not known", "a place's id, as quang-ninh-16540")
    keywords = tuple(
        dict.fromkeys(word for line in form.getlist("keyword") for word in map(clean, line.split(",")) if word)
    )
    if len(keywords) > MAX_KEYWORDS or any(len(word) > MAX_KEYWORD_CHARS for word in keywords):
        raise InvalidInput("keyword", "is too much", f"{MAX_KEYWORDS} of {MAX_KEYWORD_CHARS} characters")
    frequency = form.get("frequency", "immediate")
    if frequency not in set(Frequency):
        raise InvalidInput("frequency", "is not known", ", ".join(Frequency))
    return Filters(_unique(form.getlist("category")), _unique(form.getlist("portal")), places, keywords), Frequency(
        frequency
    )


def _unique(values: list[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


def _words_of(loa: Loa) -> Callable[[Subscription], str]:
    return lambda subscription: say_filters(loa, subscription.filters, g.language)
