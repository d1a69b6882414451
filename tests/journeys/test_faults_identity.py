"""One post under many addresses and many under almost one: sessions, capitals, and a brake for the
rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import text

from service.types import Outcome
from tests.fakes_site import World, conditional, open_world

_DS = "/ds"
_HTML = 'kind = "html"\n[listing]\nitem = ".dong"\nlink = "a"\ndate = ".ngay"\n'
_TITLES = [
    f"{word} số {n} của xã"
    for n, word in enumerate(("Thông báo", "Kế hoạch", "Giấy mời", "Công văn"), 1)
]
_DAYS = ["23/11/2026 08:00", "22/11/2026 09:15", "21/11/2026 10:00", "20/11/2026 07:30"]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path, _DS, polling="alert_on_first_poll = false", portal=_HTML) as world:
        yield world


def _show(world: World, addresses: Sequence[str], titles: Sequence[str] = _TITLES) -> None:
    rows = "".join(
        f'<div class="dong"><a href="{address}">{title}</a> <span class="ngay">{day}</span></div>'
        for address, title, day in zip(addresses, titles, _DAYS, strict=False)
    )
    world.site.answers[_DS] = conditional(
        f"<html><head><title>Tin</title></head><body>{rows}</body></html>"
    )


def test_F11_where_all_is_new_but_for_titles_and_days_nothing_is_new_and_it_is_told(
    world: World,
) -> None:
    for visit in range(6):
        _show(world, [f"/bai-{n}?khoa={visit}x{visit * 7919}" for n in range(4)])
        report = world.poll()
        if visit == 0:
            assert (report.outcome, report.new) == (Outcome.NEW, 4)
        else:
            assert (report.outcome, report.new, report.unchanged) == (Outcome.UNCHANGED, 0, 4)
            assert "poll.moved_posts" in (report.error or "")
    assert world.alerts() == []
    with world.loa.database.reading() as conn:
        assert conn.execute(text("SELECT count(*) FROM post")).scalar() == 4
        assert conn.execute(text("SELECT count(*) FROM post_alias")).scalar() == 12


def test_F11_a_post_that_is_new_among_those_that_moved_is_told(world: World) -> None:
    _show(world, [f"/bai-{n}?khoa=1" for n in range(4)])
    world.poll()
    world.site.answers[_DS] = conditional(
        "<html><body>"
        + "".join(
            f'<div class="dong"><a href="/bai-{n}?khoa=2">{title}</a> <span '
            f'class="ngay">{day}</span></div>'
            for n, title, day in zip(
                (9, 0, 1, 2),
                ["Công điện khẩn về bão số 9", *_TITLES],
                ["23/11/2026 09:30", *_DAYS],
                strict=False,
            )
        )
        + "</body></html>"
    )
    report = world.poll()
    assert (report.new, report.unchanged) == (1, 3)
    assert [title for title, _ in world.alerts()] == ["Công điện khẩn về bão số 9"]


def test_F11_the_same_title_on_another_day_is_another_post(world: World) -> None:
    weekly = ["Lịch công tác tuần"] * 4
    _show(world, [f"/lich-{n}" for n in range(4)], weekly)
    world.poll()
    rows = "".join(
        f'<div class="dong"><a href="/lich-{n}">Lịch công tác tuần</a> <span '
        f'class="ngay">{n}/12/2026</span></div>'
        for n in range(5, 9)
    )
    world.site.answers[_DS] = conditional(f"<html><body>{rows}</body></html>")
    assert world.poll().new == 4


def test_L14_posts_known_by_the_key_of_before_stay_known(world: World) -> None:
    addresses = ["/v/Mw", "/v/aB", "/xem?ref=100", "/v/zz"]
    _show(world, addresses)
    world.poll()
    with world.loa.database.writing() as conn:
        conn.execute(text("UPDATE post SET identity_key = lower(identity_key)"))
        conn.execute(text("UPDATE post SET identity_key = replace(identity_key, '?ref=100', '')"))
    _show(world, [*addresses[:3], "/v/MW"])
    report = world.poll()
    assert (report.new, report.unchanged) == (1, 3)


def test_L14_rows_of_one_address_are_merged_and_counted(world: World) -> None:
    _show(world, ["/v/1", "/v/2", "/v/2?fbclid=x", "/v/3"])
    report = world.poll()
    assert (report.new, dict(report.dropped)) == (3, {"same_post": 1})
