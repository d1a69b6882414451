"""What is broken, late or silent in Loa itself, and telling the operator of it, once each time.

An alarm is raised once and silent when it is mended; its mail goes through the ledger, under a key
that makes it once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import Connection

from service.services.context import Context
from service.services.digest_acts import last_runs
from service.services.lost_names import LostName, find_lost_names, find_lost_portals
from service.services.mail_state import operator_unread_since, why_no_mail
from service.services.operator import tell_operator
from service.storage.alarms import (
    clear_alarm,
    is_mail_held,
    keep_seen_late,
    last_seen,
    oldest_due_at,
    own_faults,
    raise_alarm,
    raised_alarms,
    seen_late,
    unsent_posts,
)
from service.storage.bounces import about_us
from service.storage.counts import count_held
from service.storage.deliveries import why_stopped
from service.storage.digests import overdue_digests
from service.storage.engine import Database
from service.storage.feeds import feed_problems
from service.storage.losses import count_by_mail
from service.storage.quarantine import QuarantinedPage, list_quarantined
from service.storage.schema import to_micros
from service.storage.suspension_breaker import braked_providers
from service.words import coded

LATE = timedelta(hours=1)
RECENT = timedelta(days=2)
SILENT_AT_LEAST = timedelta(days=7)
SILENT_FACTOR = 3
PATIENCE = timedelta(minutes=15)
"""So long what is late stays so while mail goes: what Loa makes up for by itself, after a relay or
a machine was away, asks nothing of anybody."""
_ALARM = "alarm:"
_MAY_MEND_ITSELF = frozenset({"delivery_late", "unsent", "digest_missing"})
KINDS = (
    "delivery_late",
    "own_fault",
    "unsent",
    "digest_missing",
    "silent",
    "feeds",
    "stopped",
    "held",
    "aside",
    "brake",
    "ours",
    "lost_name",
    "lost_portal",
    "no_mail",
    "no_operator",
)
"""What may be broken: the first part of an alarm's key."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the database says, as the alarms need it."""

    oldest_due_at: datetime | None
    unsent_directives: tuple[tuple[str, str], ...]
    """(post id, title)"""
    overdue_digests: int
    silent_portals: tuple[str, ...]
    feed_problems: tuple[str, ...] = ()
    """What cannot be published as it is meant, by name, and why."""
    own_faults: int = 0
    """Messages that wait because Loa cannot prepare them."""
    is_stopped: bool = False
    """The stop switch is off, or a restored database waits for its release."""
    held: Mapping[str, int] = field(default_factory=dict)
    """By portal, how many changes a flood holds back."""
    asides: tuple[QuarantinedPage, ...] = ()
    """Pages that are not read, for they stopped Loa."""
    braked: tuple[str, ...] = ()
    """Providers that refused so many addresses at once that nobody of them is suspended."""
    about_us: tuple[int, str] = (0, "")
    """How many refusals of the last day spoke of us, and what the last one said, coded."""
    lost_names: tuple[LostName, ...] = ()
    """What subscriptions ask for and is not there any more."""
    lost_portals: tuple[str, ...] = ()
    """Portals that were read, and whose file is gone."""
    unread_since: datetime | None = None
    """Since when the operator's own mail comes back; None where it does not."""
    no_mail: str = ""
    """Why those who hear by mail hear nothing, coded; empty where they do, or nobody does."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """`subject` and `text` are coded."""

    key: str
    subject: str
    text: str
    is_mailed: bool = True
    """False: counted and shown only, for no mail leaves meanwhile, or another one told of it."""

    @property
    def may_mend_itself(self) -> bool:
        return self.key.partition(":")[0] in _MAY_MEND_ITSELF


def decide(facts: Facts, now: datetime) -> tuple[Alarm, ...]:
    """What is broken now; empty when nothing is."""
    alarms = []
    if facts.oldest_due_at is not None and now - facts.oldest_due_at > LATE:
        alarms.append(_alarm("delivery_late", since_at=facts.oldest_due_at.isoformat()))
    if facts.own_faults:
        alarms.append(_alarm("own_fault", n=facts.own_faults))
    alarms += [_alarm("unsent", post_id, title=title) for post_id, title in facts.unsent_directives]
    if facts.overdue_digests:
        alarms.append(_alarm("digest_missing", n=facts.overdue_digests))
    alarms += [_alarm("silent", portal, portal=portal) for portal in facts.silent_portals]
    if facts.feed_problems:
        alarms.append(
            _alarm("feeds", n=len(facts.feed_problems), some="; ".join(facts.feed_problems[:5]))
        )
    if facts.is_stopped:
        alarms.append(replace(_alarm("stopped"), is_mailed=False))
    for portal, count in facts.held.items():
        alarms.append(replace(_alarm("held", portal, n=count, portal=portal), is_mailed=False))
    for aside in facts.asides:
        until_at = aside.until.isoformat()
        alarms.append(
            _alarm(
                "aside",
                aside.url,
                url=aside.url,
                portal=aside.portal_id,
                times=aside.times,
                until_at=until_at,
            )
        )
    alarms += [_alarm("brake", provider, provider=provider) for provider in facts.braked]
    if facts.about_us[0]:
        alarms.append(_alarm("ours", n=facts.about_us[0], reason=facts.about_us[1]))
    alarms += [_lost_name(one) for one in facts.lost_names]
    alarms += [_alarm("lost_portal", portal, portal=portal) for portal in facts.lost_portals]
    return (*alarms, *_of_mail(facts))


def _of_mail(facts: Facts) -> Iterator[Alarm]:
    """What no mail can say."""
    if facts.unread_since is not None:
        alarm = _alarm("no_operator", since_at=facts.unread_since.isoformat())
        yield replace(alarm, is_mailed=False)
    if facts.no_mail:
        yield replace(_alarm("no_mail", reason=facts.no_mail), is_mailed=False)


def _lost_name(one: LostName) -> Alarm:
    some = "; ".join(f"{sub.unit or '–'}: {sub.id}" for sub in one.subscriptions[:5])
    n, deaf = len(one.subscriptions), len(one.deaf)
    about = f"{one.field}:{one.value}"
    return _alarm("lost_name", about, what=one.value, n=n, deaf=deaf, some=some)


def _alarm(kind: str, about: str = "", **facts: str | int) -> Alarm:
    """`about`: what of several it is, None where there is one of the kind."""
    return Alarm(
        f"{kind}:{about}" if about else kind, f"alarm.{kind}", coded(f"alarm.{kind}_text", **facts)
    )


def is_silent(seen: Sequence[datetime], now: datetime) -> bool:
    """Whether a portal is silent beyond its habit: three times its longest recent pause, a week at
    least.

    `seen`: when its latest posts were first seen, newest first. Fewer than five say nothing of a
    habit.
    """
    if len(seen) < 5:
        return False
    longest = max(newer - older for newer, older in pairwise(seen))
    return now - seen[0] > max(SILENT_AT_LEAST, SILENT_FACTOR * longest)


def count_alarms(database: Database, ctx: Context) -> Counter[str]:
    """How many alarms of each of KINDS there are now; tells nobody."""
    now = ctx.clock()
    with database.reading() as conn:
        alarms = decide(_facts(conn, ctx, now), now)
    found = Counter(alarm.key.partition(":")[0] for alarm in alarms)
    return Counter({kind: found[kind] for kind in KINDS})


def tell_alarms(database: Database, ctx: Context) -> tuple[Alarm, ...]:
    """Tells the operator of what broke since the last look, of what is late once it stays so;
    returns all that is broken."""
    now = ctx.clock()
    with database.reading() as conn:
        alarms = decide(_facts(conn, ctx, now), now)
        known = raised_alarms(conn)
        seen = seen_late(conn)
        is_held = any(alarm.may_mend_itself for alarm in alarms) and is_mail_held(
            conn, now - PATIENCE
        )
    wanted = {_ALARM + alarm.key: alarm for alarm in alarms}
    late = {key for key, alarm in wanted.items() if alarm.may_mend_itself} - known
    stays = {key for key in late if not is_held and key in seen and now - seen[key] >= PATIENCE}
    waits = set() if is_held else late - stays
    to_raise = (wanted.keys() - known - late) | stays
    if to_raise or known - wanted.keys() or waits != seen.keys():
        with database.writing() as conn:
            for key in known - wanted.keys():
                clear_alarm(conn, key)
            for key in to_raise:
                _raise(conn, ctx, key, wanted[key], now)
            keep_seen_late(conn, waits, now)
    return alarms


def _raise(conn: Connection, ctx: Context, key: str, alarm: Alarm, now: datetime) -> None:
    raise_alarm(conn, key, now)
    if not alarm.is_mailed:
        return
    where = f"{ctx.settings.service.public_url.rstrip('/')}/admin/"
    said = [alarm.text, coded("alarm.where", where=where), "alarm.once"]
    tell_operator(conn, ctx.settings, f"{key}:{to_micros(now)}", alarm.subject, said, now)


def _facts(conn: Connection, ctx: Context, now: datetime) -> Facts:
    settings = ctx.settings
    return Facts(
        oldest_due_at=oldest_due_at(conn),
        unsent_directives=unsent_posts(
            conn, settings.receipts.categories, now - RECENT, now - LATE
        ),
        overdue_digests=overdue_digests(conn, last_runs(settings, now - LATE)),
        silent_portals=tuple(
            portal.id for portal in settings.portals if is_silent(last_seen(conn, portal.id), now)
        ),
        own_faults=own_faults(conn),
        is_stopped=bool(why_stopped(conn)),
        held=count_held(conn),
        asides=tuple(list_quarantined(conn, now)),
        braked=tuple(braked_providers(conn, now)),
        about_us=about_us(conn, now - timedelta(days=1)),
        lost_names=tuple(find_lost_names(conn, ctx)),
        lost_portals=tuple(find_lost_portals(conn, ctx)),
        unread_since=operator_unread_since(conn, ctx),
        no_mail=(why_no_mail(conn, ctx) or "") if count_by_mail(conn) else "",
        feed_problems=tuple(f"{name}: {problem}" for name, problem in feed_problems(conn).items()),
    )
