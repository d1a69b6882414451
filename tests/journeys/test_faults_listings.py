"""L1 to L7 of faults.md through the whole intake: what listings show, hide, repeat and lose."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from service.cli import main
from service.types import Outcome
from tests.fakes_mail import letter_text
from tests.fakes_site import (
    LIST,
    NEW,
    OLD,
    PUBLISHED,
    Item,
    World,
    conditional,
    listing,
    numbered,
    open_world,
    post_of,
)
from tests.hostile import reply


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path) as opened:
        opened.show(*OLD)
        opened.poll(0)
        yield opened


def test_L1_one_bad_date_costs_no_other_row_and_none_moves_later(world: World) -> None:
    dates = (
        "",
        "01/01/0001",
        "30/02/2024",
        "5/6/2023",
        "4:03 CH 23/11/2026",
        "23/11/2046 | 08:00",
        "hôm qua",
    )
    rows = [replace(numbered(number, day=23), date=date) for number, date in enumerate(dates, 100)]
    world.show(*rows, *OLD)
    world.poll()
    assert world.entries() == world.shown
    before = {row.title: post_of(world, row.title).published_at for row in rows}
    world.show(NEW, *rows, *OLD)
    world.poll(86_400)
    assert {row.title: post_of(world, row.title).published_at for row in rows} == before
    assert (
        len(world.alerts()) == len(rows) + 1
    )  # the post of 2023 too: its row alone says so, and its folder does not


def test_L13_one_word_alone_silences_nothing_and_what_is_told_is_marked_as_late(
    world: World,
) -> None:
    slip = replace(numbered(100, day=23), date="23/11/2020 | 08:00")
    world.show(slip, *OLD)
    world.poll()
    assert world.alerts() == [(slip.title, PUBLISHED)]
    assert '"is_late":true' in world.payloads()[-1]
    dating = post_of(world, slip.title).dating
    assert dating is not None
    assert dating.is_late
    assert {one.source for one in dating.disagreed} == {"address"}


def test_L13_two_witnesses_that_agree_keep_an_old_post_quiet(world: World) -> None:
    old = replace(numbered(101, day=23), day="2020-11-23", date="23/11/2020 | 08:00")
    world.show(old, *OLD)
    world.poll()
    assert world.alerts() == []
    assert post_of(world, old.title).dating is not None
    assert world.entries() == world.shown


def test_L12_a_date_that_ends_a_title_keeps_nobody_from_hearing_of_it(world: World) -> None:
    titles = (
        "Công điện số 05/CĐ-UBND (17/03/2020)",
        "Lịch công tác tuần (09/11/2026 - 13/11/2026)",
        "Kết luận (05/11/2026)",
    )
    rows = [
        replace(numbered(number, day=23), title=title) for number, title in enumerate(titles, 110)
    ]
    world.show(*rows, *OLD)
    world.poll()
    assert {title for title, _ in world.alerts()} == set(titles)
    assert {post_of(world, title).published_at.day for title in titles} == {23}


def test_L13_a_post_tells_who_says_its_date(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.show(NEW, *OLD)
    world.poll()
    monkeypatch.setenv("LOA_CONFIG", str(tmp_path / "loa.toml"))
    post_id = post_of(world, NEW.title).id
    said = CliRunner().invoke(main, ["post", "show", post_id], catch_exceptions=False).output
    assert "agrees: its row in the listing: 2026-11-23 09:00" in said
    told = json.loads(
        CliRunner().invoke(main, ["post", "show", post_id, "--json"], catch_exceptions=False).output
    )
    assert told["dating"]["precision"] == "minute"
    assert [one["source"] for one in told["dating"]["agreed"]] == ["row", "address"]


def test_L2_a_link_shown_three_times_and_cut_is_one_post_with_its_whole_title(world: World) -> None:
    image = (
        f'<li><a href="{NEW.path}"><img src="/x.jpg"></a><a '
        f'href="{NEW.path}">{NEW.title[:12]}...</a></li>'
    )
    more = f'<a href="{NEW.path}">Xem tiếp</a>'
    world.show(NEW, *OLD)
    cut = replace(NEW, title=NEW.title[:12] + "...")
    world.site.answers[LIST] = reply(listing(cut, *OLD, more=f"<ul>{image}</ul>{more}"))
    world.poll()
    assert world.entries() == world.shown
    assert world.alerts() == [(NEW.title, PUBLISHED)]


def test_L3_one_post_however_its_address_is_written(world: World) -> None:
    def linked(href: str) -> str:
        return (
            f'<li><a href="{href}">{NEW.title}</a><label class="pub-time">{NEW.date}</label></li>'
        )

    lower = NEW.path.replace("/Pages/", "/pages/")
    whole = world.site.url + NEW.path
    ways = (
        NEW.path,
        f"{NEW.path}?fbclid=abc",
        f"{NEW.path}#:~:text=x",
        lower,
        whole,
        whole[5:],
        "javascript:x",
        "#",
    )
    world.show(NEW, *OLD)
    for number in range(1, len(ways) + 1):
        rows = "".join(linked(way) for way in ways[:number])
        world.site.answers[LIST] = reply(listing(*OLD, more=f"<ul>{rows}</ul>"))
        world.poll()
    assert world.entries() == world.shown
    assert world.alerts() == [(NEW.title, PUBLISHED)]
    assert post_of(world, NEW.title).url == world.site.url + NEW.path


@pytest.mark.traced
def test_L4_a_flood_is_held_until_the_operator_releases_it_and_then_told_once_each(
    tmp_path: Path,
) -> None:
    with open_world(tmp_path, polling="flood_limit = 3") as world:
        world.show(*OLD)
        world.poll(0)
        flood = [numbered(number, day=23) for number in range(40, 44)]
        world.show(*flood, *OLD)
        report = world.poll()
        assert (report.outcome, report.held, world.told()) == (Outcome.HELD, 4, ["held"])
        assert "loa portal release huyen" in letter_text(json.loads(world.letters()[0]))
        assert world.entries() == world.shown
        edited = replace(flood[0], body="Nội dung đã được sửa lại hoàn toàn.")
        world.site.answers[edited.path] = conditional(edited.page)
        world.poll(3700)
        assert post_of(world, edited.title).revision == 2
        assert world.alerts() == []
        command = ["--config", str(tmp_path / "loa.toml"), "portal", "release", "huyen", "--json"]
        released = CliRunner().invoke(main, command)
        assert json.loads(released.stdout)["portals"][0]["released"] == 4
        world.poll()
        assert sorted(world.alerts()) == sorted((item.title, PUBLISHED) for item in flood)
        assert world.told() == ["held"]


def test_L8_a_held_post_that_is_withdrawn_is_told_to_nobody_and_when_it_is_back_once(
    tmp_path: Path,
) -> None:
    release = ["--config", str(tmp_path / "loa.toml"), "portal", "release", "huyen", "--json"]
    with open_world(tmp_path, polling="flood_limit = 3") as world:
        world.show(*OLD)
        world.poll(0)
        flood = [numbered(number, day=23) for number in range(40, 44)]
        world.show(*flood, *OLD)
        world.poll()
        gone = flood[0]
        world.show(*flood[1:], *OLD)
        world.site.answers[gone.path] = reply("Không tìm thấy", status=404)
        for _ in range(3):
            world.poll(4 * 3600)
        assert post_of(world, gone.title).withdrawn_at is not None
        assert json.loads(CliRunner().invoke(main, release).stdout)["portals"][0]["released"] == 3
        world.poll()
        assert sorted(world.alerts()) == sorted((item.title, PUBLISHED) for item in flood[1:])
        world.show(*flood, *OLD)
        world.poll()
        assert post_of(world, gone.title).withdrawn_at is None
        assert json.loads(CliRunner().invoke(main, release).stdout)["portals"][0]["released"] == 1
        world.poll()
        assert sorted(world.alerts()) == sorted((item.title, PUBLISHED) for item in flood)


def test_L4_a_whole_archive_under_new_addresses_is_held_and_nothing_is_withdrawn(
    tmp_path: Path,
) -> None:
    with open_world(tmp_path, polling="flood_limit = 3") as world:
        world.show(*OLD)
        world.poll(0)
        again = [
            replace(item, slug=f"moi-{number}-z{number}x9k2") for number, item in enumerate(OLD)
        ]
        world.show(*again)
        assert world.poll().outcome is Outcome.HELD
        assert world.alerts() == []
        assert world.entries() == world.shown
        assert world.withdrawn() == 0


def test_L5_pinned_posts_on_top_and_a_backdated_one_in_the_middle(world: World) -> None:
    pinned = Item(
        "quyet-dinh-ghim-d4e5f6",
        "Quyết định được ghim nhiều năm",
        "2019-05-06",
        "06/05/2019 | 08:00",
    )
    backdated = numbered(77, day=20, hour=7)
    world.show(pinned, *OLD[:4], backdated, *OLD[4:])
    world.poll()
    assert world.alerts() == [(backdated.title, PUBLISHED)]
    world.show(pinned, NEW, *OLD[:4], backdated, *OLD[4:])
    assert world.poll().outcome is Outcome.NEW
    assert world.alerts()[1:] == [(NEW.title, PUBLISHED)]
    assert world.entries() == world.shown


MISSED = [numbered(number, day=22) for number in range(60, 40, -1)]
PAGES = (LIST, LIST + "?page=2", LIST + "?page=3", LIST + "?page=4")


def show_pages(world: World, items: list[Item], *paths: str) -> None:
    for place, path in enumerate(paths):
        more = "".join(f'<div class="pagination"><a rel="next" href="{after}">sau</a></div>'
                       for after in paths[place + 1 : place + 2])  # fmt: skip
        world.show(*items[place * 8 : place * 8 + 8], path=path, more=more)


def test_L5_what_was_missed_in_an_outage_is_paged_back_for_and_told(world: World) -> None:
    show_pages(world, [*MISSED, *OLD], *PAGES)
    report = world.poll(86_400)
    assert (report.outcome, report.new) == (Outcome.NEW, 20)
    assert sorted(world.alerts()) == sorted((item.title, PUBLISHED) for item in MISSED)
    assert world.entries() == world.shown
    assert world.told() == []


def test_L5_an_older_page_that_fails_is_gone_back_to(world: World) -> None:
    show_pages(world, [*MISSED, *OLD], *PAGES)
    second = world.site.answers[PAGES[1]]
    world.site.answers[PAGES[1]] = reply(status="502 Bad Gateway")
    assert world.poll(86_400).new == 8
    world.site.answers[PAGES[1]] = second
    world.poll()
    world.poll()
    assert sorted(world.alerts()) == sorted((item.title, PUBLISHED) for item in MISSED)
    assert world.entries() == world.shown
    assert world.told() == []


def test_L5_more_than_can_be_paged_back_for_is_a_possible_gap_told_once(tmp_path: Path) -> None:
    with open_world(tmp_path, polling="backfill_pages = 1") as world:
        world.show(*OLD)
        world.poll(0)
        show_pages(world, [*MISSED, *OLD], *PAGES)
        assert world.poll(86_400).outcome is Outcome.POSSIBLE_GAP
        world.poll()
        assert world.told() == ["possible_gap"]
        assert len(world.alerts()) == 16


def test_L5_a_pager_by_postback_is_reported_and_never_guessed(world: World) -> None:
    pager = "<div class=\"pagination\"><a href=\"javascript:__doPostBack('p','2')\">2</a></div>"
    world.show(*MISSED[:8], more=pager)
    report = world.poll(86_400)
    assert (report.outcome, report.dropped["postback_pager"]) == (Outcome.POSSIBLE_GAP, 1)
    assert world.told() == ["possible_gap"]


def test_L6_a_post_in_two_listings_and_moved_between_them_is_told_once(tmp_path: Path) -> None:
    other = "/portal/KenhTin/Tin-tuc.aspx"
    with open_world(tmp_path, LIST, other) as world:
        world.show(*OLD[:4])
        world.show(*OLD[4:], path=other)
        world.poll_all(0)
        world.show(NEW, *OLD[:4])
        world.poll_all()
        world.show(*OLD[:4])
        world.show(NEW, *OLD[4:], path=other)
        world.poll_all()
        assert world.alerts() == [(NEW.title, PUBLISHED)]
        assert world.entries() == world.shown


SELECTED = """\
kind = "html"

[listing]
item = "ul.danh-sach > li"
title = "a"
date = ".ngay"
"""


def plain(*items: Item, css: str) -> str:
    rows = "".join(
        f'<li><a href="/tin/{item.slug}.html">{item.title}</a><span '
        f'class="ngay">{item.date}</span></li>'
        for item in items
    )
    return f'<html><body><div id="than"><ul class="{css}">{rows}</ul></div></body></html>'


def test_L7_where_selectors_miss_detection_goes_on_and_the_operator_is_told_once(
    tmp_path: Path,
) -> None:
    with open_world(tmp_path, portal=SELECTED) as world:
        for item in (*OLD, NEW):
            world.site.answers[f"/tin/{item.slug}.html"] = conditional(item.page)
        world.site.answers[LIST] = conditional(plain(*OLD, css="danh-sach"))
        assert world.poll(0).outcome is Outcome.NEW
        before = world.entries()
        world.site.answers[LIST] = conditional(plain(*OLD, css="ds-moi-2027"))
        assert [world.poll().outcome for _ in range(3)] == [Outcome.LAYOUT_CHANGED] * 3
        assert world.entries() == before
        world.site.answers[LIST] = conditional(plain(NEW, *OLD, css="ds-moi-2027"))
        assert world.poll().outcome is Outcome.LAYOUT_CHANGED
        assert world.alerts() == [(NEW.title, PUBLISHED)]
        assert world.told() == ["layout_changed"]
        world.site.answers[LIST] = conditional(plain(NEW, *OLD, css="danh-sach"))
        world.poll()
        assert world.told() == ["layout_changed", "recovered"]
        assert world.withdrawn() == 0
