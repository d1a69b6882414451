"""From what the ledger says of a mail message to the bytes that go to the relay.

Owns the choice of what is said (which deliveries still count, which receipts are asked for, which
links are made) and a cache of prepared items. Refuses, with a reason, a message that nobody may get
any more.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any, cast

import orjson
from sqlalchemy import Connection

from service.alerts import bounce
from service.alerts.keys import Keyring, as_keyring
from service.alerts.links import Links, Purpose
from service.alerts.mail import (
    Letter,
    MailPart,
    MailSection,
    Recipient,
    Sender,
    compose_letter,
    compose_mail,
)
from service.alerts.mail_changes import Edit, find_edit
from service.alerts.mail_item import Item, prepare
from service.alerts.message import owes_receipt
from service.alerts.owing import UNDER, UNPREPARED
from service.alerts.reason import say_reason
from service.errors import InvalidInput
from service.posts.doers import COMMUNES
from service.storage.mails import (
    LoadedChange,
    OutgoingMail,
    OwedDelivery,
    load_changes,
    load_outgoing,
)
from service.types import ChangeType, Frequency, State, SubscriptionStatus
from service.values import Locale, MailAddress
from service.words import coded, labels_of, say, say_day

MAX_UNSUBSCRIBED = 8
"""Subscriptions named in one unsubscribe link: 8 ids of 36 octets keep the header below 998
octets."""
_CACHED_CHANGES = 256
_CACHED_REASONS = 4096

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ready:
    """A mail to hand over. `envelope_sender` is where a bounce of this very message goes."""

    message_id: str
    envelope_sender: str
    address: str
    mail: bytes


@dataclass(frozen=True, slots=True)
class UnsendableMessage:
    """A message that must not be sent: SKIPPED, SUSPENDED, HELD or FAILED, and why. DUE: the fault
    is ours, later."""

    message_id: str
    state: State
    reason: str


@dataclass(frozen=True)
class _WrittenChange:
    loaded: LoadedChange

    @property
    def urgency(self) -> str | None:
        return self.loaded.urgent

    @cached_property
    def payload(self) -> Mapping[str, Any]:
        """Read when a mail is composed, so that one that cannot be read is that mail's fault."""
        return cast("Mapping[str, Any]", orjson.loads(self.loaded.payload))

    @cached_property
    def what(self) -> tuple[str, ...]:
        return tuple(orjson.loads(self.loaded.what))

    @cached_property
    def edit(self) -> Edit:
        """Compared once for all who are told."""
        return find_edit(*self.loaded.states) if self.loaded.states else ()

    def own_of(self, places: Collection[str | None]) -> frozenset[int]:
        """Which deadlines, by their places in the list, are of units in these places."""
        own = {None, COMMUNES, *places}
        asked = self.payload["data"].get("deadlines") or ()
        return frozenset(at for at, one in enumerate(asked) if one.get("owner") in own)


Watched = Callable[[Connection, Frequency, datetime, Collection[str]], str]
"""(connection, how often the digest comes, when it was made, portals asked for or none for all) →
what it ends with, coded."""


class Mailroom:
    """Prepares mails. `labels` maps a category id to its names by language."""

    def __init__(
        self,
        sender: Sender,
        links: Links,
        keys: str | Keyring,
        *,
        receipt_categories: Sequence[str],
        labels: Mapping[str, Mapping[str, str]],
        locale: Locale,
        watched: Watched | None = None,
    ) -> None:
        """`watched`: what a digest ends with; None: nothing more."""
        self._watched = watched
        self.sender = sender
        self._links = links
        self._keys = as_keyring(keys)
        self._receipt_categories = tuple(receipt_categories)
        self._labels = labels
        self._locale = locale
        self._changes: dict[str, _WrittenChange] = {}
        self._item = lru_cache(_CACHED_CHANGES)(self._prepare)
        self._why = lru_cache(_CACHED_REASONS)(self._say_why)

    def load(self, conn: Connection, message_ids: Sequence[str]) -> list[OutgoingMail]:
        """Reads what the messages carry; the changes are read once and kept. In the order asked
        for."""
        found = load_outgoing(conn, message_ids)
        wanted = {owed.change_id for mail in found.values() for owed in mail.owed}
        if len(self._changes) > _CACHED_CHANGES:
            self._changes = {key: self._changes[key] for key in wanted & self._changes.keys()}
        for change_id, said in load_changes(conn, wanted - self._changes.keys()).items():
            self.remember(change_id, said)
        self._load_watched(conn, found.values())
        return [found[one] for one in message_ids if one in found]

    def _load_watched(self, conn: Connection, mails: Iterable[OutgoingMail]) -> None:
        said: dict[tuple[Frequency, datetime, frozenset[str]], str] = {}
        for mail in mails:
            frequency = _digest_of(mail)
            if frequency is None or self._watched is None:
                continue
            asked = [orjson.loads(owed.filters).get("portals", ()) for owed in mail.owed]
            wanted = frozenset(one for some in asked for one in some) if all(asked) else frozenset()
            key = (frequency, mail.created_at, wanted)
            if key not in said:
                said[key] = self._watched(conn, *key)
            mail.watched = said[key]

    def remember(self, change_id: str, loaded: LoadedChange) -> None:
        """Keeps a change, so that the mails about it can be composed."""
        self._changes[change_id] = _WrittenChange(loaded)

    def compose(self, outgoing: OutgoingMail) -> Ready | UnsendableMessage:
        """The mail as it is to be sent now. Raises nothing: what cannot be sent says why."""
        if outgoing.letter is None:
            refusal = _refusal(outgoing)
            if refusal is not None:
                return refusal
        try:
            letter = None if outgoing.letter is None else orjson.loads(outgoing.letter)
            to = str(MailAddress.parse(outgoing.address if letter is None else letter["address"]))
            mail = (
                self._alert(outgoing, to) if letter is None else self._letter(outgoing, letter, to)
            )
        except InvalidInput as error:
            return UnsendableMessage(
                outgoing.message_id,
                State.FAILED,
                coded("message.unwritable", field=error.field, problem="is not an email address"),
            )
        except Exception:  # a bug in one mail, logged whole: the others must go out
            _log.exception("mail %s cannot be composed", outgoing.message_id)
            return UnsendableMessage(outgoing.message_id, State.DUE, UNPREPARED)
        sender = bounce.envelope_sender(
            self.sender.address, outgoing.message_id, self._keys().current
        )
        return Ready(outgoing.message_id, sender, to, mail)

    def _prepare(
        self,
        change_id: str,
        kind: str,
        language: str,
        own: frozenset[int] | None = None,
        edited_by: tuple[str, ...] = (),
    ) -> Item:
        change = self._changes[change_id]
        payload = {**change.payload, "type": kind}
        if change.urgency is not None:  # a correction is as urgent as what it corrects
            payload["data"] = {**payload["data"], "urgency": change.urgency}
        return prepare(
            payload,
            self._locale.to(language),
            what=change.what,
            labels=self._labels,
            own=own,
            edits=[self._changes[one].edit for one in edited_by],
        )

    def _say_why(self, change_id: str, filters: str, decided: str, language: str) -> str:
        data = self._changes[change_id].payload["data"]
        return say_reason(orjson.loads(filters), decided, data, language, self._labels)

    def _reason(self, owed: OwedDelivery, language: str) -> str:
        reason = self._why(owed.change_id, owed.filters, owed.reason, language)
        says = labels_of("mail", language)
        return (
            says["reason"].format(name=owed.name, reason=reason)
            if owed.name
            else says["reason_unnamed"].format(reason=reason)
        )

    def _alert(self, outgoing: OutgoingMail, to: str) -> bytes:
        parts = []
        for owed in _by_post(outgoing):
            latest = owed[0]
            kind = _kind(owed)
            item = self._item(
                latest.change_id, kind, outgoing.language, self._own(owed), _edited_by(owed, kind)
            )
            reasons = tuple(dict.fromkeys(self._reason(one, outgoing.language) for one in owed))
            units = {
                one.unit_id: one.unit_name or ""
                for one in owed
                if one.unit_id and self._owes_receipt(latest)
            }
            asked = tuple(
                (self._links.receipt_url(latest.post_id, latest.revision, unit_id), name)
                for unit_id, name in units.items()
            )
            parts.append(MailPart(item, reasons, asked))
        ids = list(dict.fromkeys(one.subscription_id for one in _counting(outgoing)))
        recipient = self._recipient(outgoing, to, ids)
        return compose_mail(
            self.sender,
            outgoing.language,
            recipient,
            parts,
            self._digest_subject(outgoing, len(parts)),
            say(outgoing.watched, outgoing.language, self._locale.zone),
        )

    def _own(self, owed: Sequence[OwedDelivery]) -> frozenset[int] | None:
        """Which deadlines are of the units that are told by this mail; None where none is."""
        places = [one.unit_place for one in owed if one.unit_id]
        return self._changes[owed[0].change_id].own_of(places) if places else None

    def _owes_receipt(self, owed: OwedDelivery) -> bool:
        categories = self._changes[owed.change_id].payload["data"]["categories"]
        return owed.change_type != "post.withdrawn" and owes_receipt(
            categories, self._receipt_categories
        )

    def _digest_subject(self, outgoing: OutgoingMail, n: int) -> str | None:
        frequency = _digest_of(outgoing)
        if frequency is None:
            return None
        on = say_day(self._locale.day(outgoing.created_at), outgoing.language)
        return labels_of("mail", outgoing.language)[f"digest.{frequency.value}"].format(on=on, n=n)

    def _letter(self, outgoing: OutgoingMail, letter: Mapping[str, Any], to: str) -> bytes:
        """Worded now, in its reader's language."""
        language, button = letter["language"], letter.get("button")
        made = self._button(button, language) if button else None
        sections = tuple(
            MailSection(
                self._text(one, language),
                self._button(one["button"], language),
                _links(one, language),
            )
            for one in letter.get("sections", ())
        )
        subscription = letter.get("subscription")
        recipient = self._recipient(outgoing, to, [subscription] if subscription else [])
        subject = say(letter["subject"], language, self._locale.zone)
        said = Letter(
            subject, self._text(letter, language), made, _links(letter, language), sections
        )
        return compose_letter(self.sender, language, recipient, said)

    def _text(self, part: Mapping[str, Any], language: str) -> str:
        return "\n".join(say(one, language, self._locale.zone) for one in part["paragraphs"])

    def _button(self, button: Sequence[Any], language: str) -> tuple[str, str]:
        purpose, subject, label = button
        return self._links.url(Purpose(purpose), *subject), say(label, language)

    def _recipient(
        self, outgoing: OutgoingMail, to: str, subscriptions: Sequence[str]
    ) -> Recipient:
        named = subscriptions[:MAX_UNSUBSCRIBED]
        unsubscribe = self._links.url(Purpose.UNSUBSCRIBE, *named) if named else None
        created_at: datetime = outgoing.created_at
        manage = self._links.manage_url(subscriptions[0], created_at) if subscriptions else None
        return Recipient(
            outgoing.message_id,
            to,
            created_at,
            manage,
            unsubscribe,
            outgoing.first_message_id,
            outgoing.is_urgent,
        )


def _digest_of(outgoing: OutgoingMail) -> Frequency | None:
    """How often a digest comes; None: it is none."""
    kind, _, rest = outgoing.group_key.partition(":")
    frequency = rest.partition(":")[0]
    is_digest = kind == "digest" and frequency in {Frequency.DAILY, Frequency.WEEKLY}
    return Frequency(frequency) if is_digest else None


def _links(letter: Mapping[str, Any], language: str) -> tuple[tuple[str, str], ...]:
    return tuple((url, say(label, language)) for url, label in letter.get("links", ()))


def _counting(outgoing: OutgoingMail) -> list[OwedDelivery]:
    return [owed for owed in outgoing.owed if owed.status == SubscriptionStatus.ACTIVE]


def _by_post(outgoing: OutgoingMail) -> list[list[OwedDelivery]]:
    """The changes of each post, the latest first: a digest may carry several of one post, and says
    it once."""
    groups: dict[str, list[OwedDelivery]] = {}
    for owed in _counting(outgoing):
        groups.setdefault(owed.post_id, []).append(owed)
    return list(groups.values())


def _kind(owed: Sequence[OwedDelivery]) -> str:
    """What a post is to somebody who hears all these changes at once: new, even if it was edited
    meanwhile."""
    is_new = any(one.change_type == ChangeType.PUBLISHED for one in owed)
    return (
        ChangeType.PUBLISHED
        if is_new and owed[0].change_type == ChangeType.UPDATED
        else owed[0].change_type
    )


def _edited_by(owed: Sequence[OwedDelivery], kind: str) -> tuple[str, ...]:
    """The changes whose difference is shown, in their order: none of a post that is told as new."""
    if kind != ChangeType.UPDATED:
        return ()
    edits = [one for one in owed if one.change_type == ChangeType.UPDATED]
    return tuple(dict.fromkeys(one.change_id for one in sorted(edits, key=lambda e: e.revision)))


def _refusal(outgoing: OutgoingMail) -> UnsendableMessage | None:
    """D14: what the subscriptions are now counts, not what they were at publication."""
    if _counting(outgoing):
        return None
    states = {UNDER[SubscriptionStatus(owed.status)] for owed in outgoing.owed} or {
        (State.SKIPPED, _FOR_NOBODY)
    }
    state, words = min(states, key=lambda one: _MILDEST.index(one[0]))
    return UnsendableMessage(outgoing.message_id, state, words)


_MILDEST = (State.HELD, State.SUSPENDED, State.SKIPPED)
_FOR_NOBODY = "message.for_nobody"
