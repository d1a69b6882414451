"""Jobs that look whether something is broken, late or owed: alarms, digests and reminders.

Speaks to the operator once when something breaks, and is silent when it is mended. What is to be said is
decided by pure functions; every word goes through the ledger, under a key that makes it once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from typing import Any, Literal

from sqlalchemy import Connection

from service.alerts.digest import last_run
from service.alerts.links import Purpose
from service.alerts.receipts import Line, reminder_step
from service.alerts.suspension import probe_step
from service.alerts.target import host_of
from service.logs import Log
from service.settings import Settings
from service.storage.alarms import (
    clear_alarm,
    last_seen,
    oldest_due_at,
    own_faults,
    raise_alarm,
    raised_alarms,
    unsent_posts,
)
from service.storage.asides import Aside, list_asides
from service.storage.bounces import Suspended, about_us, load_suspended, resume_suspended
from service.storage.brake import braked_providers
from service.storage.counts import count_held
from service.storage.deliveries import why_stopped
from service.storage.diary import Stopped, fanned_out_since, newest_change, stopped_subscriptions
from service.storage.digests import gather_digests, overdue_digests
from service.storage.endpoints import SMTP_BULK
from service.storage.engine import Database
from service.storage.feeds import feed_problems
from service.storage.mails import queue_letter
from service.storage.receipts import Receipt, list_receipts, load_reminded, posts_owing
from service.storage.schema import to_micros
from service.types import Clock, Frequency
from service.words import coded, say

log = Log(__name__)

LATE = timedelta(hours=1)
RECENT = timedelta(days=2)
REMIND_WITHIN = timedelta(days=60)
SILENT_AT_LEAST = timedelta(days=7)
SILENT_FACTOR = 3
_IN_ONE_MAIL = 50  # reminders; what is more than a page of titles is several mails
_ALARM = "alarm:"
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
)
"""What may be broken: the first part of an alarm's key."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the database says, as the watchdogs need it."""

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
    asides: tuple[Aside, ...] = ()
    """Pages that are not read, for they stopped Loa."""
    braked: tuple[str, ...] = ()
    """Providers that refused so many addresses at once that nobody of them is suspended."""
    about_us: tuple[int, str] = (0, "")
    """How many refusals of the last day spoke of us, and what the last one said, coded."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """`subject` and `text` are coded."""

    key: str
    subject: str
    text: str
    is_mailed: bool = True
    """False: counted and shown only, for no mail leaves meanwhile, or another one told of it."""


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
        alarms.append(_alarm("feeds", n=len(facts.feed_problems), some="; ".join(facts.feed_problems[:5])))
    if facts.is_stopped:
        alarms.append(replace(_alarm("stopped"), is_mailed=False))
    for portal, count in facts.held.items():
        alarms.append(replace(_alarm("held", portal, n=count, portal=portal), is_mailed=False))
    for aside in facts.asides:
        until_at = aside.until.isoformat()
        alarms.append(
            _alarm("aside", aside.url, url=aside.url, portal=aside.portal_id, times=aside.times, until_at=until_at)
        )
    alarms += [_alarm("brake", provider, provider=provider) for provider in facts.braked]
    if facts.about_us[0]:
        alarms.append(_alarm("ours", n=facts.about_us[0], reason=facts.about_us[1]))
    return tuple(alarms)


def _alarm(kind: str, about: str = "", **facts: str | int) -> Alarm:
    """`about`: what of several it is, None where there is one of the kind."""
    return Alarm(f"{kind}:{about}" if about else kind, f"alarm.{kind}", coded(f"alarm.{kind}_text", **facts))


def is_silent(seen: Sequence[datetime], now: datetime) -> bool:
    """Whether a portal is silent beyond its habit: three times its longest recent pause, a week at least.

    `seen`: when its latest posts were first seen, newest first. Fewer than five say nothing of a habit.
    """
    if len(seen) < 5:
        return False
    longest = max(newer - older for newer, older in pairwise(seen))
    return now - seen[0] > max(SILENT_AT_LEAST, SILENT_FACTOR * longest)


@dataclass(frozen=True, slots=True)
class _Reminder:
    post_id: str
    title: str
    line: Receipt


class Watchdogs:
    """The jobs, over an opened database; each may be woken as often as one likes."""

    def __init__(self, database: Database, settings: Settings, clock: Clock) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._zone = settings.service.locale.zone

    def look(self) -> Counter[str]:
        """How many alarms of each of KINDS there are now; tells nobody."""
        now = self._clock()
        with self._database.reading() as conn:
            alarms = decide(self._facts(conn, now), now)
        found = Counter(alarm.key.partition(":")[0] for alarm in alarms)
        return Counter({kind: found[kind] for kind in KINDS})

    def watch(self) -> tuple[Alarm, ...]:
        """Tells the operator of what broke since the last look; gives all that is broken."""
        now = self._clock()
        with self._database.reading() as conn:
            alarms = decide(self._facts(conn, now), now)
            known = raised_alarms(conn)
        wanted = {_ALARM + alarm.key: alarm for alarm in alarms}
        if known != wanted.keys():
            with self._database.writing() as conn:
                for key in known - wanted.keys():
                    clear_alarm(conn, key)
                for key in wanted.keys() - known:
                    self._raise(conn, key, wanted[key], now)
        return alarms

    def _raise(self, conn: Connection, key: str, alarm: Alarm, now: datetime) -> None:
        raise_alarm(conn, key, now)
        if not alarm.is_mailed:
            return
        where = f"{self._settings.service.public_url.rstrip('/')}/admin/"
        said = [alarm.text, coded("alarm.where", where=where), "alarm.once"]
        tell_operator(conn, self._settings, f"{key}:{to_micros(now)}", alarm.subject, said, now)

    def _facts(self, conn: Connection, now: datetime) -> Facts:
        return Facts(
            oldest_due_at=oldest_due_at(conn),
            unsent_directives=unsent_posts(conn, self._settings.receipts.categories, now - RECENT, now - LATE),
            overdue_digests=overdue_digests(conn, self._runs(now - LATE)),
            silent_portals=tuple(p.id for p in self._settings.portals if is_silent(last_seen(conn, p.id), now)),
            own_faults=own_faults(conn),
            is_stopped=bool(why_stopped(conn)),
            held=count_held(conn),
            asides=tuple(list_asides(conn, now)),
            braked=tuple(braked_providers(conn, now)),
            about_us=about_us(conn, now - timedelta(days=1)),
            feed_problems=tuple(f"{name}: {problem}" for name, problem in feed_problems(conn).items()),
        )

    def _runs(self, now: datetime) -> dict[Frequency, datetime]:
        found = {
            frequency: last_run(
                frequency, now, self._settings.email.digest_at, self._zone, self._settings.email.days_off
            )
            for frequency in (Frequency.DAILY, Frequency.WEEKLY)
        }
        return {frequency: at for frequency, at in found.items() if at is not None}

    def send_digests(self) -> int:
        """Queues every digest that is due; gives how many."""
        now = self._clock()
        runs = self._runs(now)
        if not runs:
            return 0
        on = max(runs.values()).astimezone(self._zone).date()
        return gather_digests(self._database, runs, on, now)

    def probe_suspended(self) -> int:
        """Asks suspended addresses whether they take mail again, and resumes those that do; gives how many."""
        now = self._clock()
        with self._database.reading() as conn:
            people = load_suspended(conn)
        done = 0
        for person in people:
            step = probe_step(person.suspended_at, person.probes, now)
            if step is not None:
                with self._database.writing() as conn:
                    done += self._probe(conn, person, step, now)
        return done

    def _probe(self, conn: Connection, person: Suspended, step: int | Literal["resume"], now: datetime) -> bool:
        if step == "resume":
            return resume_suspended(conn, person, now) > 0
        queued = queue_letter(
            conn,
            key=f"{person.probe_key}:{step}",
            address=person.address,
            subject="letter.probe_subject",
            paragraphs=[coded("letter.probe_body", title=self._settings.service.title)],
            now=now,
            language=person.language,
            button=(Purpose.MANAGE.value, (person.subscription_id,), "letter.manage_button"),
            subscription_id=person.subscription_id,
            endpoint_key=SMTP_BULK,
        )
        return queued is not None

    def remind(self) -> int:
        """Queues the reminders that are due for receipts, one mail for all of a contact; gives how many mails."""
        now, receipts = self._clock(), self._settings.receipts
        if not receipts.categories:
            return 0
        with self._database.reading() as conn:
            posts = posts_owing(conn, receipts.categories, now - REMIND_WITHIN)
            reminded = load_reminded(conn)
            open_lines = [(p, title, line) for p, title in posts for line in list_receipts(conn, p) if _is_open(line)]
        due: dict[tuple[str, int], list[_Reminder]] = {}
        for post_id, title, line in open_lines:
            step = reminder_step(
                line.owed_at or now,
                reminded.get((post_id, line.revision, line.unit_id), ()),
                now,
                remind_after=receipts.remind_after_working_days,
                contacts=len(line.contacts),
                zone=self._zone,
                days_off=self._settings.email.days_off,
            )
            if step is not None:
                due.setdefault((line.unit_id, step), []).append(_Reminder(post_id, title, line))
        made = 0
        for (_, step), reminders in due.items():
            for start in range(0, len(reminders), _IN_ONE_MAIL):
                with self._database.writing() as conn:
                    made += self._remind(conn, reminders[start : start + _IN_ONE_MAIL], step, now)
        return made

    def _remind(self, conn: Connection, reminders: Sequence[_Reminder], step: int, now: datetime) -> bool:
        """One mail to a unit's contact: about one post, or a list of several."""
        language, line = self._settings.service.language, reminders[0].line
        escalation = ["letter.escalate_body"] if step else []
        if len(reminders) == 1:
            only = self._section(reminders[0])
            said = (
                coded("letter.remind_body", unit=line.unit_name, sent_at=line.sent_at.isoformat())
                if line.sent_at
                else coded("letter.remind_never", unit=line.unit_name)
            )
            queued = queue_letter(
                conn,
                key=f"remind:{reminders[0].post_id}:{line.revision}:{line.unit_id}:{step}",
                address=line.contacts[step],
                subject=coded("letter.remind_subject", post=reminders[0].title),
                paragraphs=[said, coded("letter.plain", words=reminders[0].title), *escalation],
                now=now,
                language=language,
                button=only["button"],
                links=only["links"],
            )
        else:
            about = ",".join(sorted(f"{one.post_id}:{one.line.revision}" for one in reminders))
            queued = queue_letter(
                conn,
                key=f"reminders:{line.unit_id}:{step}:{sha256(about.encode()).hexdigest()}",
                address=line.contacts[step],
                subject=coded("letter.reminders_subject", n=len(reminders)),
                paragraphs=[coded("letter.reminders_body", unit=line.unit_name, n=len(reminders)), *escalation],
                now=now,
                language=language,
                sections=[self._section(one) for one in reminders],
            )
        return queued is not None

    def _section(self, about: _Reminder) -> dict[str, Any]:
        line = about.line
        sent = [coded("letter.reminders_sent", sent_at=line.sent_at.isoformat())] if line.sent_at else []
        read = f"{self._settings.service.public_url.rstrip('/')}/posts/{about.post_id}"
        return {
            "paragraphs": [coded("letter.plain", words=about.title), *sent],
            "button": (
                Purpose.RECEIPT.value,
                (about.post_id, str(line.revision), line.unit_id),
                "letter.acknowledge",
            ),
            "links": ((read, "letter.read"),),
        }


class Diary:
    """Logs, a line each, what was fanned out, and which subscriptions Loa stopped or serves again: no addresses.

    Begins with what is there at its first look; on PostgreSQL every worker says so in its own log.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._last: str | None = None
        self._stopped: Mapping[str, Stopped] = {}

    def write(self) -> None:
        with self._database.reading() as conn:
            stopped = stopped_subscriptions(conn)
            if self._last is None:
                self._last, self._stopped = newest_change(conn), stopped
                return
            told, self._last = fanned_out_since(conn, self._last)
        for one in told:
            log.info("fanned out", change=one.type.value, post=one.post_id, deliveries=one.deliveries)
        for key in stopped.keys() - self._stopped.keys():
            item = stopped[key]
            host = host_of(item.endpoint_key)
            log.warning(
                f"a subscription is {item.status.value}", subscription=key, host=host, why=say(item.reason, "en")
            )
        for key in self._stopped.keys() - stopped.keys():
            log.info(f"a subscription is no longer {self._stopped[key].status.value}", subscription=key)
        self._stopped = stopped


def tell_operator(
    conn: Connection, settings: Settings, key: str, subject: str, paragraphs: Sequence[str], now: datetime
) -> str | None:
    """One plain mail to `operator.email`, in codes; None without an operator, without a relay, or the second time."""
    if not settings.operator.email or not settings.email.smtp_url:
        return None
    return queue_letter(
        conn,
        key=f"operator:{key}",
        address=settings.operator.email,
        subject=subject,
        paragraphs=paragraphs,
        now=now,
        language=settings.service.language,
    )


def _is_open(line: Receipt) -> bool:
    return not line.is_removed and line.state in (Line.OWED, Line.SENT, Line.FAILED)
