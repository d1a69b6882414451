"""L20: a gap that remains is closed by the operator, who sees which days were not covered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from service.cli.backfill_command import ranges
from service.errors import InvalidInput
from service.poll import Poller
from service.poll.backfill_run import BackfillReport
from service.poll.backfill_sitemap import shape_of, trusted_span
from service.storage.coverage import Gap, load_gaps, without
from service.storage.engine import Database
from service.types import Outcome
from tests.fakes import FakeClock
from tests.fakes_portal import BASE, LISTING, FakePortal, down, make_poller, portal_config
from tests.fakes_site import numbered, open_world
from tests.journeys.cli import Terminal

Row = tuple[str, str, str]
DAY = date(2026, 11, 10)


def post(day: int, n: int = 0) -> Row:
    return (
        f"2026-11-{day:02d}/thong-bao-{day}-{n}-a{day:02d}b{n}c7",
        f"Thông báo ngày {day} số {n}",
        f"{day:02d}/11/2026 | 08:{n:02d}",
    )


def page(number: int) -> str:
    return LISTING if number == 1 else f"{LISTING}?page={number}"


def show_pages(source: FakePortal, *pages: list[Row]) -> None:
    for number, rows in enumerate(pages, 1):
        for slug, title, date_ in rows:
            source.show(slug, title, date=date_)
        following = page(number + 1) if number < len(pages) else ""
        source.list_posts(*rows, url=page(number), next_url=following)


def days(first: int, last: int) -> list[Row]:
    """The posts of these days, the newest first, two a day."""
    return [post(day, n) for day in range(last, first - 1, -1) for n in (1, 0)]


@pytest.fixture
def database(any_database: Database) -> Database:
    return any_database


@pytest.fixture
def source() -> FakePortal:
    return FakePortal()


@pytest.fixture
def poller(database: Database, source: FakePortal, clock: FakeClock) -> Poller:
    return make_poller(database, source, clock, backfill_pages=0)


def gap_of(poller: Poller, source: FakePortal, clock: FakeClock) -> None:
    """A baseline on the 12th, and a page on the 23rd that shows nothing of it."""
    clock.at = datetime(2026, 11, 12, 3, tzinfo=UTC)
    show_pages(source, days(10, 12))
    poller.poll(is_forced=True)
    clock.at = datetime(2026, 11, 23, 3, tzinfo=UTC)
    show_pages(source, days(21, 22))
    (report,) = poller.poll(is_forced=True).listings
    assert report.outcome is Outcome.POSSIBLE_GAP


def told(database: Database) -> dict[str, str | None]:
    """Why each post alerted nobody, None where it did, by title."""
    with database.reading() as conn:
        rows = conn.execute(
            text("SELECT p.title, c.silenced FROM change c JOIN post p ON p.id = c.post_id")
        )
        return {row[0]: row[1] for row in rows}


def run(
    poller: Poller, day: date = DAY, progress: Callable[..., None] = lambda *_: None
) -> BackfillReport:
    return poller.backfill("huyen", day, progress)


def test_L20_a_gap_is_closed_by_the_older_pages_and_what_was_missed_is_told_as_late(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    gap_of(poller, source, clock)
    pages = [days(21, 22), days(17, 20), days(13, 16), days(10, 12), days(1, 4)]
    show_pages(source, *pages)
    steps: list[int] = []
    report = run(poller, progress=lambda _url, n, _at: steps.append(n))
    assert (report.is_whole, report.errors) == (True, [])
    (walked,) = report.walked
    assert (walked.found, walked.alerted, walked.pages, steps) == (24, 16, 5, [1, 2, 3, 4, 5])
    by_title = told(database)
    assert [by_title[post(day)[1]] for day in (13, 20)] == [None, None]
    assert by_title[post(3)[1]] == "baseline", "outside the gap: for feeds only"
    with database.reading() as conn:
        assert load_gaps(conn) == {}
        late = conn.execute(text("SELECT dating FROM post WHERE title = :t"), {"t": post(13)[1]})
        assert '"is_late":true' in late.scalar_one().replace(" ", "")
    again = run(poller)
    assert (again.walked[0].found, again.is_whole) == (0, True)


def test_L20_what_is_agreed_to_be_older_than_anybody_is_alerted_of_fills_feeds_only(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    gap_of(poller, source, clock)
    clock.at = datetime(2026, 12, 3, 3, tzinfo=UTC)
    show_pages(source, days(21, 22), days(13, 20), days(10, 12), days(8, 9))
    run(poller)
    by_title = told(database)
    assert (by_title[post(13)[1]], by_title[post(20)[1]]) == ("too_old", None)


def test_L20_days_that_no_page_reaches_are_named_and_the_gap_is_as_long_as_they(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    gap_of(poller, source, clock)
    show_pages(source, days(21, 22), days(18, 20))
    report = run(poller, date(2026, 11, 12))
    assert not report.is_whole
    left = report.uncovered[LISTING]
    assert left[0] == date(2026, 11, 12) and left[-1] <= date(2026, 11, 19)
    with database.reading() as conn:
        ((gap,),) = load_gaps(conn).values()
    assert gap.from_at == datetime(2026, 11, 12, 3, tzinfo=UTC)
    shown = report.facts()["listings"][0]
    assert shown["gaps"] == [{"from": gap.from_at, "to": gap.to_at}]


def test_L20_days_before_the_baseline_that_no_page_reaches_are_named_too(
    poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    clock.at = datetime(2026, 11, 12, 3, tzinfo=UTC)
    show_pages(source, days(12, 12))
    report = run(poller, date(2026, 11, 8))
    assert report.uncovered[LISTING] == [date(2026, 11, day) for day in (8, 9, 10, 11)]
    assert report.walked[0].alerted == 0


def test_L20_a_page_that_cannot_be_read_ends_the_walk_and_a_second_run_goes_on(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    gap_of(poller, source, clock)
    pages = [days(21, 22), days(17, 20), days(13, 16), days(10, 12), days(8, 9)]
    show_pages(source, *pages)
    kept, source.pages[page(3)] = source.pages[page(3)], down()
    first = run(poller)
    assert first.errors and not first.is_whole and first.walked[0].found == 8
    source.pages[page(3)] = kept
    second = run(poller)
    assert (second.walked[0].found, second.is_whole) == (8 + 4, True)


def test_L20_who_interrupts_it_keeps_what_was_walked(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    gap_of(poller, source, clock)
    show_pages(source, days(21, 22), days(17, 20), days(13, 16), days(10, 12), days(8, 9))

    def interrupt(_url: str, pages: int, _at: datetime | None) -> None:
        if pages == 2:
            raise KeyboardInterrupt

    report = run(poller, progress=interrupt)
    assert report.is_interrupted and not report.is_whole
    assert report.uncovered[LISTING][-1] <= date(2026, 11, 19)
    assert post(17)[1] in told(database)
    assert run(poller).is_whole


def test_L20_many_missed_posts_at_once_are_held_as_a_flood_is(
    database: Database, source: FakePortal, clock: FakeClock
) -> None:
    poller = make_poller(database, source, clock, backfill_pages=0, flood_limit=5)
    gap_of(poller, source, clock)
    show_pages(source, days(21, 22), days(13, 20), days(10, 12), days(8, 9))
    run(poller)
    held = [title for title, why in told(database).items() if why == "flood"]
    assert len(held) == 16 - 5


def test_L20_a_pager_that_leads_in_a_circle_ends(
    poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    gap_of(poller, source, clock)
    source.list_posts(*days(21, 22), url=LISTING, next_url=page(2))
    source.list_posts(*days(21, 22), url=page(2), next_url=LISTING)
    assert run(poller).walked[0].pages == 2


def test_L20_rows_without_a_day_are_told_and_reach_back_to_nothing(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    gap_of(poller, source, clock)
    undated = [("2026-00-00/khong-ngay-x1y2z3", "Thông báo không ngày", "")]
    source.list_posts(*days(21, 22), url=LISTING, next_url=page(2))
    source.list_posts(*undated, url=page(2))
    report = run(poller)
    assert told(database)["Thông báo không ngày"] is None
    assert not report.is_whole


# --- sitemaps -----------------------------------------------------------------------------------


def sitemap(*rows: tuple[str, str], is_index: bool = False) -> str:
    entry = "sitemap" if is_index else "url"
    said = "".join(
        f"<{entry}><loc>{url}</loc>{f'<lastmod>{day}</lastmod>' if day else ''}</{entry}>"
        for url, day in rows
    )
    root = "sitemapindex" if is_index else "urlset"
    return f"<{root}>{said}</{root}>"


def url_of(row: Row) -> str:
    return f"{BASE}/portal/Pages/{row[0]}.aspx"


def test_L20_what_no_page_shows_any_more_is_found_by_the_sitemap_that_robots_names(
    database: Database, poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    gap_of(poller, source, clock)
    for slug, title, day in days(13, 20):
        source.show(slug, title, date=day)
    source.pages[f"{BASE}/robots.txt"] = f"User-agent: *\nSitemap: {BASE}/index.xml\n"
    source.pages[f"{BASE}/index.xml"] = sitemap(
        (f"{BASE}/new.xml", "2026-11-23"), (f"{BASE}/old.xml", "2020-01-01"), is_index=True
    )
    every = [(url_of(row), row[0][:10]) for row in days(10, 22)]
    beside = [(f"{BASE}/gioi-thieu.aspx", "2026-11-20"), (url_of(post(1)), "2026-11-01")]
    gone = (url_of(post(15, 7)), "")
    source.pages[f"{BASE}/new.xml"] = sitemap(*every, *beside, gone)
    report = run(poller)
    assert report.searched is not None
    assert (report.searched.found, report.searched.alerted) == (16, 16)
    asked = set(source.asked)
    assert not asked & {f"{BASE}/old.xml", f"{BASE}/gioi-thieu.aspx", url_of(post(1))}
    assert told(database)[post(15)[1]] is None
    assert date(2026, 11, 15) not in report.uncovered[LISTING]


def test_L20_a_sitemap_that_names_few_of_the_known_posts_covers_nothing(
    poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    gap_of(poller, source, clock)
    source.pages[f"{BASE}/sitemap.xml"] = sitemap((url_of(post(10)), ""), (url_of(post(22)), ""))
    report = run(poller)
    assert date(2026, 11, 15) in report.uncovered[LISTING]
    assert report.searched is not None and report.searched.span is None


def test_L20_a_sitemap_page_that_says_no_day_or_has_no_title_is_no_post(
    poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    gap_of(poller, source, clock)
    source.pages[f"{BASE}/sitemap.xml"] = sitemap((f"{BASE}/portal/Pages/2026-0-0/a.aspx", ""))
    source.pages[f"{BASE}/portal/Pages/2026-0-0/a.aspx"] = (
        "<html><body><h1>Giới thiệu chung</h1><div class='article-content'><p>"
        + "Nội dung giới thiệu. " * 30
        + "</p></div></body></html>"
    )
    report = run(poller)
    assert report.searched is not None and report.searched.found == 0


def test_L20_without_robots_and_sitemap_that_is_said(
    poller: Poller, source: FakePortal, clock: FakeClock
) -> None:
    gap_of(poller, source, clock)
    report = run(poller)
    assert report.searched is not None and len(report.searched.errors) == 1
    assert report.facts()["sitemap"]["url"] is None


def test_L20_a_span_is_trusted_where_nearly_all_known_posts_are_named() -> None:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    known = {f"k{n}": at + timedelta(n) for n in range(20)}
    most = [key for key in known if key not in ("k3", "k4")]
    assert trusted_span(known, most) == Gap(at, at + timedelta(19))
    assert trusted_span(known, [key for key in most if key != "k5"]) is None
    assert trusted_span(known, ["k1"]) is None


def test_an_address_has_the_shape_of_its_folders_and_ending() -> None:
    one, other = "/portal/pages/2026-11-22/a-b.aspx", "/portal/pages/2025-1-3/c.aspx"
    assert shape_of(one) == shape_of(other)
    assert shape_of("x.vn/tin/a?id=5/7") == shape_of("x.vn/tin/b#c/d") == "x.vn/tin/."


def test_what_is_seen_is_cut_out_of_gaps() -> None:
    t = [datetime(2026, 11, day, tzinfo=UTC) for day in range(1, 9)]
    gaps = [Gap(t[0], t[2]), Gap(t[3], t[6])]
    assert without(gaps, Gap(t[4], t[5])) == [Gap(t[0], t[2]), Gap(t[3], t[4]), Gap(t[5], t[6])]
    assert without(gaps, Gap(t[1], t[7])) == [Gap(t[0], t[1])]
    assert without(gaps, Gap(t[2], t[3])) == gaps
    assert without(gaps, Gap(t[0], t[5])) == [Gap(t[5], t[6])]


# --- the command --------------------------------------------------------------------------------


@pytest.mark.traced
def test_L20_the_command_says_what_was_found_and_which_days_are_not_covered(tmp_path: Path) -> None:
    terminal = object.__new__(Terminal)
    terminal.environ = {"LOA_CONFIG": str(tmp_path / "loa.toml")}
    asked = ("portal", "backfill", "huyen", "--since", "2020-01-01")
    with open_world(tmp_path) as world:
        world.show(*(numbered(n, day=20) for n in range(8, 0, -1)))
        found = terminal.json(*asked, code=1)
        (listing,) = found["listings"]
        assert (listing["pages"], listing["found"], listing["error"]) == (1, 0, None)
        assert listing["uncovered_days"][0] == "2020-01-01"
        said = terminal.run(*asked, code=1)
        assert "back to" in said.stdout and "not covered: 2020-01-01 to" in said.stderr
    assert "cannot" in terminal.run(*asked, code=1).stderr
    assert "is to come" in terminal.refused("portal", "backfill", "huyen", "--since", "2999-01-01")
    assert "xa-khac" in terminal.refused("portal", "backfill", "xa-khac", "--since", "2020-01-01")


def test_days_that_follow_each_other_are_one_range() -> None:
    assert ranges([]) == ""
    assert ranges([date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 5)]) == (
        "2026-11-01 to 2026-11-02, 2026-11-05"
    )


def test_a_portal_that_is_not_configured_is_refused(poller: Poller) -> None:
    with pytest.raises(InvalidInput):
        poller.backfill("khac", DAY, lambda *_: None)
    assert portal_config().id == "huyen"
