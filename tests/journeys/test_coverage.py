"""L20, promise 6: from when to when each listing was read without a gap; who relies on a portal
that could not be read is told, once, and again when it was read back."""

from __future__ import annotations

from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import orjson
import pytest
from sqlalchemy import text

from service.poll import Poller
from service.poll.notice import tell_of_listings
from service.services.coverage_acts import CoverageHole, load_coverage, load_holes, watched_line
from service.services.coverage_shapes import show_listing
from service.services.digest_acts import send_digests
from service.services.outage_acts import patience, tell_outages
from service.settings import PollingSettings, PortalConfig, Settings
from service.storage.coverage import Gap, add_gap, load_gaps, replace_gaps
from service.storage.engine import Database
from service.storage.listings import load_listings
from service.storage.outages import begin_outage, open_outages
from service.storage.subscriptions import NewSubscription, add_subscription, set_status
from service.storage.tokens import create_token
from service.storage.units import add_unit
from service.types import EMAIL, Filters, Frequency, Outcome, SubscriptionStatus
from service.values import Language
from service.web.app import create_app
from service.words import code_of, parse_coded, say
from tests.fakes import FakeClock, act_over
from tests.fakes_ledger import a_post, tell
from tests.fakes_mail import running_relay
from tests.fakes_portal import (
    LISTING,
    OTHER,
    A,
    B,
    C,
    FakePortal,
    down,
    make_poller,
    portal_config,
    portal_with_two,
)
from tests.fakes_site import NEW, OLD, open_world
from tests.fakes_web import make_loa
from tests.journeys.cli import Terminal

HOUR = 3600
OPERATOR = "truc@huyen.example"
PAGE_2 = f"{LISTING}?page=2"
FRESH = [
    (f"2026-11-24/tin-moi-so-{n}-a1b2c{n}", f"Tin mới số {n}", f"24/11/2026 | 0{n}:00")
    for n in range(1, 6)
]


def settings_of(*portals: PortalConfig, **sections: object) -> Settings:
    given = {
        "operator": {"email": OPERATOR},
        "email": {"smtp_url": "smtp://127.0.0.1:9", "from": "Loa <loa@loa.example>"},
        **sections,
    }
    return Settings.model_validate({**given, "portals": portals or (portal_config(),)})


@pytest.fixture
def database(any_database: Database) -> Database:
    return any_database


@pytest.fixture
def source() -> FakePortal:
    return portal_with_two()


@pytest.fixture
def poller(database: Database, source: FakePortal, clock: FakeClock) -> Poller:
    return make_poller(database, source, clock)


def poll(poller: Poller, clock: FakeClock, wait_s: float = 600) -> Outcome:
    clock.advance(wait_s)
    return poller.poll(is_forced=True).listings[0].outcome


def holes(database: Database, clock: FakeClock) -> tuple[CoverageHole, ...]:
    with database.reading() as conn:
        return load_holes(conn, settings_of(), clock()).get(("huyen", LISTING), ())


def show_only(source: FakePortal, *posts: tuple[str, str, str]) -> None:
    for slug, title, _ in posts:
        source.show(slug, title)
    source.list_posts(*posts)


def test_L20_a_listing_is_covered_from_its_baseline_on(
    database: Database, poller: Poller, clock: FakeClock
) -> None:
    with database.reading() as conn:
        (before,) = load_coverage(conn, settings_of(), clock())
    assert before.listings[0].since is None
    poll(poller, clock)
    began = clock()
    poll(poller, clock)
    with database.reading() as conn:
        (portal,) = load_coverage(conn, settings_of(), clock(), ["huyen"])
        assert load_coverage(conn, settings_of(), clock(), ["another"]) == []
    shown = show_listing(portal.listings[0])
    assert (shown.covered_since, shown.covered_to) == (began, clock())
    assert (shown.gaps, shown.held, shown.silent) == ((), 0, {})


def test_L20_an_outage_after_which_a_known_post_is_still_shown_leaves_no_gap(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    poll(poller, clock)
    began = clock()
    source.pages[LISTING] = down()
    poll(poller, clock, 30 * HOUR)
    assert holes(database, clock) == (CoverageHole(began, None),)
    source.list_posts(C, A)
    poll(poller, clock, 30 * HOUR)
    assert holes(database, clock) == ()


def test_L20_what_an_older_page_still_shows_is_no_gap(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    poll(poller, clock)
    show_only(source, *FRESH)
    source.list_posts(*FRESH, next_url=PAGE_2)
    source.list_posts(C, A, url=PAGE_2)
    poll(poller, clock, 48 * HOUR)
    assert holes(database, clock) == ()


def test_L20_a_page_that_holds_nothing_known_leaves_a_gap_since_the_last_whole_read(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    poll(poller, clock)
    began = clock()
    show_only(source, *FRESH)
    assert poll(poller, clock, 48 * HOUR) is Outcome.POSSIBLE_GAP
    first = clock()
    assert holes(database, clock) == (CoverageHole(began, first),)
    poll(poller, clock)
    assert holes(database, clock) == (CoverageHole(began, first),), "told once, kept"


def test_L20_a_flood_does_not_hide_a_gap(
    database: Database, source: FakePortal, clock: FakeClock
) -> None:
    poller = make_poller(database, source, clock, flood_limit=2)
    poll(poller, clock)
    show_only(source, *FRESH)
    assert poll(poller, clock) is Outcome.HELD
    assert len(holes(database, clock)) == 1
    with database.writing() as conn:
        conn.execute(text("UPDATE listing SET last_error = NULL"))
    with database.reading() as conn:
        (portal,) = load_coverage(conn, settings_of(), clock())
    assert portal.listings[0].held == len(FRESH)


def test_L20_a_page_that_shows_far_too_little_covers_nothing(
    database: Database, source: FakePortal, clock: FakeClock
) -> None:
    poller = make_poller(database, source, clock)
    rows = [*FRESH, A, B]
    show_only(source, *rows)
    poll(poller, clock)
    whole = clock()
    source.list_posts(FRESH[0])
    assert poll(poller, clock) is Outcome.YIELD_DROPPED
    with database.reading() as conn:
        assert load_listings(conn)["huyen", LISTING].covered_to == whole


def test_L20_an_older_page_that_cannot_be_read_just_now_is_no_gap_until_it_is_known_to_be_one(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    poll(poller, clock)
    began = clock()
    show_only(source, *FRESH)
    source.list_posts(*FRESH, next_url=PAGE_2)
    source.pages[PAGE_2] = down()
    poll(poller, clock)
    with database.reading() as conn:
        assert load_listings(conn)["huyen", LISTING].covered_to == began
    assert holes(database, clock) == ()
    source.list_posts(C, url=PAGE_2)
    poll(poller, clock)
    assert holes(database, clock) == (CoverageHole(began, clock()),)


def test_L20_gaps_that_touch_are_one_and_a_clock_that_was_set_back_makes_none(
    database: Database, clock: FakeClock
) -> None:
    t0, t1, t2 = (clock() + timedelta(hours=n) for n in range(3))
    with database.writing() as conn:
        add_gap(conn, "huyen", LISTING, Gap(t0, t1))
        add_gap(conn, "huyen", LISTING, Gap(t1, t2))
        add_gap(conn, "huyen", OTHER, Gap(t1, t0))
        assert load_gaps(conn) == {("huyen", LISTING): [Gap(t0, t2)]}
        add_gap(conn, "huyen", LISTING, Gap(t0, t1))
        assert load_gaps(conn) == {("huyen", LISTING): [Gap(t0, t1)]}
        replace_gaps(conn, "huyen", LISTING, [Gap(t1, t2)])
        assert load_gaps(conn) == {("huyen", LISTING): [Gap(t1, t2)]}
        replace_gaps(conn, "huyen", LISTING, [])
        assert load_gaps(conn) == {}


# --- who is told --------------------------------------------------------------------------------


def office(
    database: Database, clock: FakeClock, name: str, *contacts: str, portals: tuple[str, ...] = ()
) -> str:
    with database.writing() as conn:
        unit = add_unit(conn, name=name, at=clock(), contacts=contacts)
        new = NewSubscription(
            EMAIL,
            f"{name}@xa.example",
            clock(),
            language="vi",
            unit_id=unit.id,
            is_confirmed=True,
            filters=Filters(portals=portals),
        )
        return add_subscription(conn, new).id


def letters(database: Database) -> list[dict[str, object]]:
    with database.reading() as conn:
        query = text(
            "SELECT group_key, body FROM message WHERE group_key LIKE 'letter:%outage:%' ORDER BY id"
        )
        return [orjson.loads(row.body) for row in conn.execute(query)]


def told(database: Database) -> list[tuple[str, str]]:
    return [
        (str(letter["address"]), code_of(str(letter["subject"]))) for letter in letters(database)
    ]


def test_promise_6_who_relies_on_a_portal_that_cannot_be_read_is_told_once_and_once_again(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    acting = act_over(database, settings_of(), clock)
    office(database, clock, "all", "all@xa.example", "chutich@xa.example")
    office(database, clock, "named", "named@xa.example", portals=("tinh", "huyen"))
    office(database, clock, "other", "other@xa.example", portals=("tinh",))
    gone = office(database, clock, "gone", "gone@xa.example")
    with database.writing() as conn:
        set_status(conn, gone, SubscriptionStatus.REMOVED, at=clock())
    poll(poller, clock)
    source.pages[LISTING] = down()
    poll(poller, clock, 23 * HOUR)
    assert tell_outages(*acting) == 0
    poll(poller, clock, 2 * HOUR)
    assert tell_outages(*acting) == 1
    assert tell_outages(*acting) == 0
    unread = "coverage.unread_subject"
    assert sorted(told(database)) == [
        ("all@xa.example", unread),
        ("chutich@xa.example", unread),
        ("named@xa.example", unread),
        (OPERATOR, unread),
    ]
    show_only(source, C, A)
    poll(poller, clock)
    assert tell_outages(*acting) == 1
    assert tell_outages(*acting) == 0
    back = [letter for letter in letters(database) if "back" in str(letter["subject"])]
    assert len(back) == 4
    said = "\n".join(say(one, "vi") for one in back[0]["paragraphs"])  # type: ignore[attr-defined]  # JSON
    assert "nay mới tìm thấy: 1" in said and C[1] in said and "Không thiếu tin nào" in said


def test_13_who_was_told_of_an_outage_is_told_of_its_end_once(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    acting = act_over(database, settings_of(), clock)
    queued: list[str] = []

    def tell(_conn: object, key: str, *_letter: object) -> object:
        queued.append(key.split(":")[-2])
        return key

    for hours, ends in ((3, ["recovered"]), (26, ["back"])):
        queued.clear()
        poll(poller, clock)
        source.pages[LISTING] = down()
        for _ in range(2):
            poll(poller, clock, hours * HOUR / 2)
            tell_of_listings(database, acting[1].settings, tell, clock())
            tell_outages(*acting)
        show_only(source, C, A)
        poll(poller, clock)
        tell_of_listings(database, acting[1].settings, tell, clock())
        back = tell_outages(*acting)
        assert queued[1:] + ["back"] * back == ends, "not twice"


def test_promise_6_persons_and_units_without_contacts_hear_of_an_outage_too(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    acting = act_over(database, settings_of(), clock)
    office(database, clock, "bare")
    office(database, clock, "named", "Named@xa.example")
    persons = {
        "lan@xa.example": ("huyen",), "hai@xa.example": (), "named@xa.example": (),
        "other@xa.example": ("tinh",),
    }  # fmt: skip
    with database.writing() as conn:
        for address, portals in persons.items():
            for _ in range(2):
                new = NewSubscription(
                    EMAIL, address, clock(), language="en", is_confirmed=True,
                    filters=Filters(portals=portals),
                )  # fmt: skip
                add_subscription(conn, new)
    poll(poller, clock)
    source.pages[LISTING] = down()
    poll(poller, clock, 25 * HOUR)
    assert [tell_outages(*acting), tell_outages(*acting)] == [1, 0]
    everybody = ["Named@xa.example", "bare@xa.example", "hai@xa.example", "lan@xa.example"]
    assert sorted(who for who, _ in told(database)) == [*everybody, OPERATOR]
    by_address = {str(letter["address"]): letter for letter in letters(database)}
    assert by_address["lan@xa.example"]["language"] == "en"
    assert by_address["lan@xa.example"]["subscription"], "so that it can be unsubscribed from"
    assert by_address["bare@xa.example"]["subscription"] is None
    show_only(source, C, A)
    poll(poller, clock)
    assert [tell_outages(*acting), tell_outages(*acting)] == [1, 0]
    back = [who for who, subject in told(database) if subject == "coverage.back_subject"]
    assert sorted(back) == [*everybody, OPERATOR]


def test_promise_6_what_no_page_shows_any_more_is_said_with_its_remedy_to_the_operator(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    acting = act_over(database, settings_of(), clock)
    office(database, clock, "all", "all@xa.example")
    poll(poller, clock)
    source.pages[LISTING] = down()
    poll(poller, clock, 30 * HOUR)
    tell_outages(*acting)
    many = [
        (f"2026-11-23/tin-so-{n}-d4e5f{n}", f"Tin số {n}", "23/11/2026 | 08:00") for n in range(12)
    ]
    show_only(source, *many)
    poll(poller, clock)
    tell_outages(*acting)
    back = {
        str(one["address"]): "\n".join(say(said, "en") for said in one["paragraphs"])  # type: ignore[attr-defined]  # JSON
        for one in letters(database)
        if "back" in str(one["subject"])
    }
    assert "loa portal backfill huyen --since 2026-" in back[OPERATOR]
    assert "backfill" not in back["all@xa.example"]
    assert "may be missing" in back["all@xa.example"] and "and 2 more" in back["all@xa.example"]


def test_promise_6_when_loa_itself_was_off_for_long_those_who_rely_on_it_hear_once(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    acting = act_over(database, settings_of(), clock)
    poll(poller, clock)
    clock.advance(50 * HOUR)
    assert tell_outages(*acting) == 0, "it is not tried yet"
    poll(poller, clock)
    assert tell_outages(*acting) == 1
    assert told(database) == [(OPERATOR, "coverage.back_subject")]


def test_promise_6_a_portal_with_two_listings_is_read_back_when_both_are(
    database: Database, source: FakePortal, clock: FakeClock
) -> None:
    portal = portal_config(LISTING, OTHER)
    acting = act_over(database, settings_of(portal), clock)
    poller = make_poller(database, source, clock, portal)
    source.list_posts(A, url=OTHER)
    poll(poller, clock)
    source.pages[LISTING] = source.pages[OTHER] = down()
    poll(poller, clock, 25 * HOUR)
    assert tell_outages(*acting) == 1
    source.list_posts(A, B)
    poll(poller, clock)
    assert tell_outages(*acting) == 0
    source.list_posts(A, url=OTHER)
    poll(poller, clock)
    assert tell_outages(*acting) == 1
    assert [code for _, code in told(database)] == [
        "coverage.unread_subject",
        "coverage.back_subject",
    ]


def test_promise_6_an_outage_of_a_portal_that_is_watched_no_more_ends_in_silence(
    database: Database, clock: FakeClock
) -> None:
    acting = act_over(database, settings_of(), clock)
    with database.writing() as conn:
        begin_outage(conn, "removed", clock())
        begin_outage(conn, "huyen", clock())
        begin_outage(conn, "huyen", clock() + timedelta(1))
        assert len(open_outages(conn)) == 2
    assert tell_outages(*acting) == 1
    assert told(database) == [(OPERATOR, "coverage.back_subject")]
    with database.reading() as conn:
        assert open_outages(conn) == []


def test_promise_6_without_a_relay_it_is_remembered_and_nothing_queued(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    acting = act_over(database, settings_of(email={}), clock)
    poll(poller, clock)
    source.pages[LISTING] = down()
    poll(poller, clock, 25 * HOUR)
    assert tell_outages(*acting) == 1
    assert letters(database) == []


def test_a_portal_that_is_polled_rarely_is_not_missed_between_its_polls() -> None:
    rare = settings_of(polling=PollingSettings(interval_s=100 * HOUR, jitter=0))
    assert patience(rare) == timedelta(hours=200)
    assert patience(settings_of()) == timedelta(hours=24)


# --- what a digest ends with --------------------------------------------------------------------


def line(database: Database, at: datetime, *portals: str) -> tuple[str, dict[str, object]]:
    with database.reading() as conn:
        said = watched_line(conn, settings_of(), Frequency.DAILY, at, portals)
    code, facts = parse_coded(said)
    return code, dict(facts)


def test_promise_6_a_digest_ends_with_what_was_watched_and_what_was_not(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    assert line(database, clock())[0] == "coverage.some", "not yet read"
    poll(poller, clock)
    code, facts = line(database, clock())
    assert (code, facts["n"]) == ("coverage.all", 1)
    source.pages[LISTING] = down()
    poll(poller, clock, 2 * HOUR)
    code, facts = line(database, clock())
    assert (code, facts["portals"]) == ("coverage.some", "UBND huyện")
    show_only(source, *FRESH)
    poll(poller, clock)
    assert line(database, clock())[0] == "coverage.some", "a gap"
    assert line(database, clock(), "tinh")[0] == "coverage.all", "its reader did not ask for it"
    poll(poller, clock, 7 * 24 * HOUR)
    assert line(database, clock())[0] == "coverage.all", "the gap is older"


@pytest.mark.parametrize(
    ("asked", "language", "words"),
    [
        ((), "vi", "Có lúc không theo dõi được: UBND huyện Quảng Xương"),
        (("quangxuong",), "en", "Not watched all the time"),
    ],
)
def test_promise_6_the_digest_that_is_sent_says_so(
    sqlite_url: str, clock: FakeClock, asked: tuple[str, ...], language: Language, words: str
) -> None:
    with running_relay() as relay:
        smtp = {"smtp_url": relay.url, "from": "Loa <loa@loa.example>"}
        loa = make_loa(sqlite_url, clock, email=smtp)
        new = NewSubscription(
            EMAIL,
            "van@xa.example",
            clock() - timedelta(hours=1),
            language=language,
            is_confirmed=True,
            frequency=Frequency.DAILY,
            filters=Filters(portals=asked),
        )
        with loa.database.writing() as conn:
            add_subscription(conn, new)
            tell(conn, a_post(), at=clock())
        loa.deliverer.deliver_due()
        clock.advance(24 * HOUR)
        assert send_digests(loa.database, loa) == 1
        assert loa.deliverer.deliver_due().sent == 1
        loa.close()
    (got,) = relay.received
    said = message_from_bytes(got.mail, policy=default)
    for kind in ("plain", "html"):
        body = said.get_body((kind,))
        assert body is not None and words in body.get_content()


def test_L20_coverage_is_shown_alike_by_command_api_pages_and_desk(
    tmp_path: Path, sqlite_url: str
) -> None:
    with open_world(tmp_path) as world:
        world.show(*OLD)
        world.poll()
        world.show(NEW)
        world.poll()
        (listing,) = world.get("/status.json").get_json()["portals"][0]["listings"]
        assert listing["covered_since"] and listing["gaps"] and listing["last_read_at"]
        by_accept = (
            create_app(world.loa)
            .test_client()
            .get("/status", headers={"Accept": "application/json"})
        )
        assert by_accept.get_json()["portals"][0]["listings"] == [listing]
        assert "Accept" in by_accept.vary
        assert "Có thể bỏ sót" in world.get("/status").text
        assert "May have been missed" in world.get("/status?lang=en").text
        with world.loa.database.writing() as conn:
            token, _ = create_token(conn, name="huyện", unit_id=None, at=world.clock())
        client = create_app(world.loa).test_client()
        bearer = {"Authorization": f"Bearer {token}"}
        for path in ("/api/v1/portals/huyen", "/api/v1/portals"):
            found = client.get(path, headers=bearer).get_json()
            of_api = found.get("items", [found])[0]["listings"][0]
            assert {key: of_api[key] for key in ("covered_since", "gaps", "silent")} == {
                key: listing[key] for key in ("covered_since", "gaps", "silent")
            }
        page = client.get("/admin/sign-in").text
        form = {"csrf": page.split('name="csrf" value="')[1].split('"')[0], "token": token}
        assert client.post("/admin/sign-in", data=form).status_code == 303
        assert "có thể bỏ sót từ" in client.get("/admin/portals/").text


def test_L20_the_command_shows_gaps_and_silences_with_what_to_do(tmp_path: Path) -> None:
    with open_world(tmp_path) as world:
        world.show(*OLD)
        world.poll()
        world.show(NEW)
        world.poll()
    terminal = object.__new__(Terminal)
    terminal.environ = {"LOA_CONFIG": str(tmp_path / "loa.toml")}
    (portal,) = terminal.json("coverage")["portals"]
    (listing,) = portal["listings"]
    assert listing["gaps"][0]["to"] and listing["silent"] == {"baseline": len(OLD)}
    (listed,) = terminal.json("portal", "list")["portals"][0]["listings"]
    keys = ("covered_since", "gaps", "held", "silent")
    assert {key: listed[key] for key in keys} == {key: listing[key] for key in keys}
    said = terminal.run("coverage", "huyen").stdout
    assert "loa portal backfill" in said and "loa post silent" in said
    assert "xa-khac" in terminal.refused("coverage", "xa-khac")
