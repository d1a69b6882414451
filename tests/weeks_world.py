"""The world of the three weeks: portals, receivers, a relay, clerks and an operator around one Loa,
all on loopback, moved by a clock of their own."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import orjson
from flask.testing import FlaskClient
from sqlalchemy import text

from service.alerts.links import Purpose
from service.alerts.signing import new_secret
from service.bootstrap import Loa, open_loa
from service.poll import Poller
from service.round import poll_due, round_jobs
from service.services import merge_acts, optin, silences, subscription_acts, token_acts, unit_acts
from service.services.context import OPERATOR as BY_OPERATOR
from service.services.receipt_acts import acknowledge_by_link
from service.services.restore import release_restored
from service.services.subscription_checks import SubscriptionRequest
from service.storage.alarms import oldest_due_at
from service.storage.backup import copy_database
from service.storage.subscriptions import NewSubscription, add_subscription
from service.storage.tokens import Role
from service.storage.units import add_unit, get_unit
from service.types import EMAIL, WEBHOOK, Filters, Frequency, Outcome
from service.web.app import create_app
from tests.fakes import FakeClock
from tests.fakes_mail import FakeRelay, running_relay
from tests.fakes_portal import FakePortal, down
from tests.fakes_receiver import FakeReceiver, status
from tests.weeks_calendar import (
    BEGIN,
    CALENDAR,
    DAYS,
    OFFICES,
    OPERATOR,
    PERSON,
    PORTALS,
    ZONE,
    Event,
    Office,
)
from tests.weeks_listeners import FeedListener, PullListener

LIST = "/portal/KenhTin/Tin.aspx"
_CONFIG = """portals_dir = "portals"
[service]
public_url = "https://loa.example"
secret_key = "{key}"
[operator]
email = "{operator}"
[database]
url = "sqlite:///loa.db"
[polling]
interval_s = 3600
jitter = 0
min_delay_per_host_s = 0
[webhooks]
allow_private_networks = true
[email]
smtp_url = "{relay}"
rate_per_s = 1000
"""
_DAY, _BUSY, _NIGHT = timedelta(minutes=90), timedelta(minutes=15), timedelta(hours=3)
_BUSY_FOR = timedelta(hours=8)
_AT_HOURS = {
    "reminders": (7, 17),
    "late receipts": (7, 8),
    "decisions": (7, 8),
    "archive": (3,),
    "forget": (3,),
    "probe suspended": (3, 9, 15),
    "addresses": (3,),
    "asks nothing": (3,),
}
"""Of a round, what these weeks need not do at each step, so that they pass in a minute."""


@dataclass(frozen=True)
class Item:
    """A post as its portal shows it now."""

    portal: str
    slug: str
    title: str
    words: str
    shown: str
    in_article: str

    @property
    def url(self) -> str:
        return f"https://{self.portal}.example{self.path}"

    @property
    def path(self) -> str:
        return f"/portal/Pages/{self.slug}.aspx"


@dataclass
class Mail:
    """A mail that came, and when."""

    at: datetime
    to: str
    raw: bytes

    @cached_property
    def _read(self) -> Message:
        return message_from_bytes(self.raw)

    @property
    def subject(self) -> str:
        return str(make_header(decode_header(self._read["Subject"])))

    @property
    def id(self) -> str:
        return str(self._read["Message-ID"])

    @cached_property
    def text(self) -> str:
        part = next(one for one in self._read.walk() if one.get_content_type() == "text/plain")
        body = part.get_payload(decode=True)
        assert isinstance(body, bytes)
        return body.decode()


@dataclass(frozen=True)
class Hook:
    """A webhook that came to a unit, and when."""

    at: datetime
    office: Office
    id: str
    body: dict[str, object]


@dataclass
class World:
    folder: Path
    clock: FakeClock
    relay: FakeRelay
    receiver: FakeReceiver
    feed: FeedListener
    pull: PullListener = field(default_factory=PullListener)
    loa: Loa = field(init=False)
    client: FlaskClient = field(init=False)
    source: FakePortal = field(default_factory=FakePortal)
    items: dict[str, list[Item]] = field(default_factory=lambda: {name: [] for name in PORTALS})
    down: set[str] = field(default_factory=set)
    mails: list[Mail] = field(default_factory=list)
    hooks: list[Hook] = field(default_factory=list)
    keys: dict[int, str] = field(default_factory=dict)
    """The subscription of each unit, by its number."""
    todo: list[tuple[datetime, str, str]] = field(default_factory=list)
    """(when, which link, who): what clerks will acknowledge."""
    busy_until: datetime = BEGIN

    # --- the walk -----------------------------------------------------------------------------

    def live(self) -> None:
        self.open()
        self._found()
        events, end = list(CALENDAR), BEGIN + timedelta(days=DAYS)
        for portal in PORTALS:
            for n in range(8):
                self._add(portal, f"Tin có sẵn số {n}", "Bài đã đăng từ trước khi theo dõi.")
        while (now := self.clock().astimezone(ZONE)) < end:
            while events and events[0].at <= now:
                self._happen(events.pop(0))
            self.step()
            self.clock.at = min(self._next(now), events[0].at if events else end)

    def _next(self, now: datetime) -> datetime:
        if now < self.busy_until:
            return now + _BUSY
        is_awake = 6 <= now.hour < 22 and now.weekday() < 5
        return now + (_DAY if is_awake else _NIGHT)

    def step(self) -> None:
        """What a worker and the people do at one instant, until nothing is left to do."""
        poll_due(self.loa)
        with self.loa.database.reading() as conn:
            due_at = oldest_due_at(conn)
        if due_at is not None and due_at < self.clock() - timedelta(minutes=40):
            self._deliver()  # a worker would not have waited for the next step
        for job in round_jobs(self.loa):
            if self.clock().astimezone(ZONE).hour in _AT_HOURS.get(job.name, range(24)):
                job.run()
        self._deliver()
        self._answer()

    def _deliver(self) -> None:
        self.loa.fence.look()
        self.loa.deliverer.deliver_due()
        self.loa.fence.move_on()
        now = self.clock().astimezone(ZONE)
        new, self.relay.received = self.relay.received, []
        for one in new:
            self._take_mail(Mail(now, one.recipient, one.mail))
        came, self.receiver.received = self.receiver.received, []
        for got in (*came, *self.feed.take(now)):
            office = OFFICES[int(got.path.rpartition("/")[2]) - 1]
            if got.path not in self.receiver.answers or self._answers_well(got.path):
                self._take_hook(
                    Hook(now, office, got.headers["webhook-id"], orjson.loads(got.body))
                )

        if 6 <= now.hour < 22:
            for id_, body in self.pull.ask(self.loa, self.client):
                self._take_hook(Hook(now, OFFICES[26], id_, body))

    def _answers_well(self, path: str) -> bool:
        return self.endpoints.get(path, 204) < 300

    endpoints: dict[str, int] = field(default_factory=dict)

    # --- people -------------------------------------------------------------------------------

    def _take_mail(self, mail: Mail) -> None:
        self.mails.append(mail)
        links = re.findall(r"https://loa\.example(/receipts/[\w.-]+)", mail.text)
        for office in OFFICES:
            for index in range(2):
                if mail.to == office.contact(index) or mail.to == f"moi{office.n:02d}@xa.example":
                    self._plan(office, index if "moi" not in mail.to else 0, links, mail.at)
                    break

    def _take_hook(self, hook: Hook) -> None:
        self.hooks.append(hook)
        data = hook.body["data"]
        assert isinstance(data, dict)
        if data.get("receipt_url"):
            self._plan(hook.office, 0, [data["receipt_url"].removeprefix("https://loa.example")],
                       hook.at)  # fmt: skip

    def _plan(self, office: Office, index: int, links: list[str], at: datetime) -> None:
        hours = office.answers_h
        if hours is None and office.from_contact == index:
            hours = 1.0
        if hours is not None:
            self.todo += [(at + timedelta(hours=hours), link, office.name) for link in links]

    def _answer(self) -> None:
        now = self.clock()
        due = [one for one in self.todo if one[0] <= now]
        self.todo = [one for one in self.todo if one[0] > now]
        if not due:
            return
        by_page = [one for one in due if one[2] not in self.known]
        self.known.update(who for _, _, who in due)
        for _, link, who in by_page:  # the first of each by the page, the rest by what that calls
            answer = self.client.post(link, data={"by": f"Văn thư {who}"})
            assert answer.status_code == 200, (link, who, answer.status)
        with self.loa.database.writing() as conn:
            for _, link, who in due:
                token = link.removeprefix("/receipts/")
                acknowledge_by_link(conn, self.loa, token, f"Văn thư {who}", "")

    known: set[str] = field(default_factory=set)
    """Who has used the page before."""

    # --- setting up ---------------------------------------------------------------------------

    def open(self) -> None:
        self.loa = open_loa(self.folder / "loa.toml", {}, clock=self.clock)
        loa = self.loa
        loa.__dict__["fetcher"] = self.source
        known = loa.settings, self.source, loa.understander, loa.links, self.clock
        loa.__dict__["poller"] = Poller(loa.database, *known, archive=loa.archive)
        self.loa.fence.check()
        self.loa.ready_to_send()
        self.client = create_app(self.loa).test_client()

    def _found(self) -> None:
        with self.loa.database.writing() as conn:
            for office in OFFICES:
                contacts = tuple(office.contact(n) for n in range(office.contacts))
                unit = add_unit(conn, name=office.name, at=self.clock(), contacts=contacts)
                if office.hears == "pull":
                    continue
                is_hook = office.hears != "email"
                at = self.feed.receiver if office.hears == "feed" else self.receiver
                target = at.url(f"/{office.n}") if is_hook else office.mailbox
                new = NewSubscription(
                    WEBHOOK if is_hook else EMAIL, target, self.clock(), language="vi",
                    filters=Filters(categories=("directives",)), unit_id=unit.id,
                    frequency=Frequency(office.frequency), is_confirmed=True,
                    secret=self.loa.secret_box.encrypt(new_secret()) if is_hook else None,
                    allow_private_networks=True,
                )  # fmt: skip
                self.keys[office.n] = add_subscription(conn, new).id
            token_acts.create(
                conn, self.loa, name="hệ thống", role=Role.UNIT, unit=OFFICES[15].name
            )
            person = NewSubscription(EMAIL, PERSON, self.clock(), language="vi", is_confirmed=True,
                                     frequency=Frequency.DAILY)  # fmt: skip
            add_subscription(conn, person)
        self.pull.subscribe(self.loa, OFFICES[26].name)
        self.keys[27] = self.pull.key

    # --- what portals do ----------------------------------------------------------------------

    def _happen(self, event: Event) -> None:
        getattr(self, event.what)(*event.about)

    def _add(self, portal: str, title: str, words: str, shown: str = "", article: str = "") -> Item:
        now = self.clock().astimezone(ZONE)
        token = sha256(f"{portal}{title}".encode()).hexdigest()[:8]
        at = f"{now:%d/%m/%Y | %H:%M}"
        item = Item(portal, f"{now:%Y-%m-%d}/bai-{token}", title, words, shown or at, article)
        self.items[portal].insert(0, item)
        self._show(portal)
        return item

    def _show(self, portal: str) -> None:
        page = f"https://{portal}.example{LIST}"
        if portal in self.down:
            self.source.pages[page] = down(Outcome.HTTP_ERROR, status=503)
            return
        rows = "".join(
            f'<li class="TD-channel-main-td channel-news-folder"><a href="{one.path}">{one.title}'
            f'</a><label class="pub-time">{one.shown}</label></li>'
            for one in self.items[portal][:60]
        )
        self.source.pages[page] = f"<html><title>Tin</title><body><ul>{rows}</ul></body></html>"
        for one in self.items[portal][:60]:
            when = f'<span class="pub-time">Đăng ngày {one.in_article}</span>' * bool(
                one.in_article
            )
            self.source.pages[one.url] = (
                f"<html><head><title>{one.title}</title></head><body><h1>{one.title}</h1>{when}"
                f'<div class="article-content"><p>{one.words}</p></div></body></html>'
            )

    def publish(self, portal: str, title: str, words: str) -> None:
        self._add(portal, title, words)
        if "hỏa tốc" in title or "giờ" in words:
            self.busy_until = self.clock() + _BUSY_FOR

    def publish_dated(self, title: str, day: str) -> None:
        self._add("tinh", title, f"{title}. Các xã thực hiện.", f"{day} | 08:00")

    def publish_old(self, title: str) -> None:
        item = self._add("huyen", title, f"{title}. Các xã thực hiện.", "10/11/2019 | 08:00",
                         "10 - 11 - 2019")  # fmt: skip
        self.items["huyen"].remove(item)
        old = Item(item.portal, item.slug.replace("2026-11-03", "2019-11-10"), *(
            item.title, item.words, item.shown, item.in_article))  # fmt: skip
        self.items["huyen"].insert(5, old)
        self._show("huyen")

    def flood(self, portal: str, count: int) -> None:
        for n in range(count):
            self._add(portal, f"Tin chuyển từ cổng cũ, bài {n}", "Bài của cổng cũ.")

    def portal_down(self, portal: str) -> None:
        self.down.add(portal)
        self._show(portal)

    def portal_up(self, portal: str) -> None:
        self.down.discard(portal)
        self._show(portal)

    def extend(self, title: str) -> None:
        rows = self.items["tinh"]
        index = next(n for n, one in enumerate(rows) if one.title == title)
        old = rows[index]
        rows[index] = Item(old.portal, old.slug, old.title, f"{old.words} Kéo dài thời gian trực "
                           "đến hết ngày 12/11/2026.", old.shown, old.in_article)  # fmt: skip
        self._show("tinh")
        self.busy_until = self.clock() + timedelta(hours=13)

    # --- what receivers and the relay do ------------------------------------------------------

    def endpoint(self, n: int, code: int) -> None:
        self.endpoints[f"/{n}"] = code
        self.receiver.answers[f"/{n}"] = status(code)

    def pull_stops(self, _n: int) -> None:
        self.pull.is_on = False

    def pull_goes_on(self, _n: int) -> None:
        self.pull.is_on = True

    def subscribe_feed(self, days: int) -> None:
        self.feed.subscribe(self.client, days)

    def relay_down(self) -> None:
        self.relay.at_rcpt = lambda address: "421 4.3.2 try again later"

    def relay_up(self) -> None:
        self.relay.at_rcpt = lambda address: (
            "550 5.1.1 no such user" if address == OFFICES[13].mailbox else None
        )

    def mailbox_gone(self, n: int) -> None:
        self.relay_up()

    # --- what readers, clerks and the operator do ---------------------------------------------

    def unsubscribe(self, n: int) -> None:
        path = f"/unsubscribe/{self.loa.links.token(Purpose.UNSUBSCRIBE, self.keys[n])}"
        self.client.post(path, data={"List-Unsubscribe": "One-Click"})

    def subscribe_again(self, n: int) -> None:
        """A colleague presses the button in the letter, and the clerk confirms."""
        letter = self.last(OFFICES[n - 1].contact(1))
        (path,) = re.findall(r"https://loa\.example(/restore/[\w.-]+)", letter.text)
        assert self.client.post(path).status_code == 200
        self.step()
        asked = self.last(OFFICES[n - 1].mailbox)
        (path,) = re.findall(r"https://loa\.example(/confirm/[\w.-]+)", asked.text)
        assert self.client.post(path).status_code == 200

    def last(self, address: str) -> Mail:
        return next(mail for mail in reversed(self.mails) if mail.to == address)

    def _manage(self, n: int, **form: str) -> None:
        made = str(int(self.clock().timestamp() * 1_000_000) + 80 * 86_400 * 1_000_000)
        path = f"/manage/{self.loa.links.token(Purpose.MANAGE, self.keys[n], made)}"
        answer = self.client.post(path, data={"id": self.keys[n], **form})
        assert answer.status_code == 200, answer.status

    def pause(self, n: int) -> None:
        self._manage(n, action="pause", sure="1")

    def resume_by_page(self, n: int) -> None:
        self._manage(n, action="resume")

    def ask_erasure(self, n: int) -> None:
        self._manage(n, action="erase", sure="1")

    def erase(self, n: int) -> None:
        self.new_mailbox(n)
        with self.loa.database.writing() as conn:
            optin.erase(conn, self.loa, OFFICES[n - 1].mailbox)

    def new_mailbox(self, n: int) -> None:
        office, address = OFFICES[n - 1], f"moi{n:02d}@xa.example"
        request = SubscriptionRequest(
            EMAIL, address, Filters(categories=("directives",)), unit=office.name, is_confirmed=True
        )
        self.take_contact_off(n, address)
        with self.loa.database.writing() as conn:
            subscription_acts.add(conn, self.loa, request, BY_OPERATOR)

    def take_contact_off(self, n: int, instead: str = "") -> None:
        office = OFFICES[n - 1]
        first = (instead,) if instead else (office.contact(0), "phongban@xa.example")
        kept = (*first, office.contact(1)) if instead else first
        with self.loa.database.writing() as conn:
            facts = unit_acts.parse_unit(self.loa, name=office.name, place=None, contacts=kept)
            unit_acts.put(conn, self.loa, facts)

    def revoke_token(self, n: int) -> None:
        with self.loa.database.writing() as conn:
            unit = get_unit(conn, OFFICES[n - 1].name)
            token_id = conn.execute(
                text("SELECT id FROM api_token WHERE unit_id = :unit"), {"unit": unit.id}
            ).scalar_one()
            token_acts.revoke(conn, self.loa, token_id)

    def resume(self, n: int) -> None:
        with self.loa.database.writing() as conn:
            subscription_acts.resume(conn, self.loa, self.keys[n], BY_OPERATOR)

    def release(self, title: str) -> None:
        with self.loa.database.writing() as conn:
            found = conn.execute(text("SELECT id FROM post WHERE title = :t"), {"t": title})
            silences.release_posts(conn, self.loa, [found.scalar_one()])

    def discard_flood(self, portal: str) -> None:
        with self.loa.database.writing() as conn:
            silences.discard_portal(conn, self.loa, portal)

    def merge(self, n: int, into: int) -> None:
        with self.loa.database.writing() as conn:
            merge_acts.merge(conn, self.loa, OFFICES[n - 1].name, OFFICES[into - 1].name)

    # --- the machine --------------------------------------------------------------------------

    def copy_database(self) -> None:
        copy_database(self.loa.settings.database.url, self.folder / "copy.db")

    def restore_copy(self) -> None:
        self.loa.close()
        for suffix in ("", "-wal", "-shm"):
            (self.folder / f"loa.db{suffix}").unlink(missing_ok=True)
        shutil.copy(self.folder / "copy.db", self.folder / "loa.db")
        self.open()

    def release_restored(self) -> None:
        now = self.clock()
        release_restored(self.loa.database, self.loa.settings, now, now - timedelta(minutes=30))


@contextmanager
def three_weeks(folder: Path) -> Iterator[World]:
    """They have passed."""
    (folder / "portals").mkdir()
    for name, title in PORTALS.items():
        (folder / "portals" / f"{name}.toml").write_text(
            f'id = "{name}"\nname = "{title}"\nbase_url = "https://{name}.example"\n'
            f'kind = "td-portal"\n[[listings]]\nurl = "{LIST}"\n',
            "utf-8",
        )
    with running_relay() as relay, FakeReceiver() as receiver, FakeReceiver() as reader:
        words = {"key": "k" * 40, "operator": OPERATOR, "relay": relay.url}
        (folder / "loa.toml").write_text(_CONFIG.format(**words), "utf-8")
        world = World(folder, FakeClock(BEGIN), relay, receiver, FeedListener(reader))
        try:
            world.live()
            yield world
        finally:
            world.loa.close()
