"""A new portal kind is one entry in the table and one file that reads; everything else asks the
table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import service
from service.cli.dry_run import check_portal
from service.errors import ConfigurationError
from service.portals.portal_text import render_portal
from service.portals.probe import probe_page
from service.settings.portal_kinds import KINDS
from service.types import Outcome
from tests.fakes_lines_portal import HEAD, LINES, MARKED
from tests.fakes_site import LIST, NEW, PUBLISHED, World, numbered, open_world
from tests.hostile import reply

OLD = tuple(numbered(number, day=20) for number in range(3, 0, -1))
ROOT = Path(service.__file__).parent


@pytest.fixture(autouse=True)
def _table(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The table of kinds, with two more in it."""
    monkeypatch.setitem(KINDS, LINES.name, LINES)
    monkeypatch.setitem(KINDS, MARKED.name, MARKED)
    yield


def show(world: World, *items: object) -> None:
    """The listing as lines, each with its article."""
    world.show(*items)  # type: ignore[arg-type] # Items
    lines = [f"{one.day}\t{one.path}\t{one.title}\n".encode() for one in items]  # type: ignore[attr-defined] # likewise
    world.site.answers[LIST] = reply(HEAD + b"".join(lines), Content_Type="text/plain")


@pytest.mark.parametrize("kind", ["lines", "auto"])
def test_a_portal_of_a_new_kind_is_polled_and_alerts_configured_or_told_by_its_bytes(
    tmp_path: Path, kind: str
) -> None:
    with open_world(tmp_path, portal=f'kind = "{kind}"\n') as world:
        show(world, *OLD)
        assert world.poll(0).outcome is Outcome.NEW
        show(world, NEW, *OLD)
        assert (world.poll().new, world.alerts()) == (1, [(NEW.title, PUBLISHED)])
        world.site.answers[LIST] = reply(HEAD, Content_Type="text/plain")
        assert world.poll().outcome is Outcome.LAYOUT_CHANGED
        assert world.withdrawn() == 0


def test_it_is_checked_probed_and_written_down_as_what_it_is(tmp_path: Path) -> None:
    with open_world(tmp_path, portal='kind = "lines"\n') as world:
        show(world, NEW, *OLD)
        settings = world.loa.settings
        (listing,) = check_portal(world.loa.fetcher, settings.portals[0], settings.service.locale)[
            "listings"
        ]
        assert (listing["kind"], listing["outcome"], len(listing["posts"])) == ("lines", None, 4)
        found = probe_page(world.loa.fetcher, world.site.url + LIST)
        assert (found.portal.kind, len(found.listing.posts)) == ("lines", 4)
        assert 'kind = "lines"' in render_portal(found.portal)


def test_detection_stands_in_for_a_new_kind_of_pages_that_finds_nothing(tmp_path: Path) -> None:
    items = tuple(numbered(number, day=20) for number in range(8, 0, -1))
    with open_world(tmp_path, portal='kind = "marked"\n') as world:
        world.show(*items)
        assert world.poll(0).outcome is Outcome.LAYOUT_CHANGED
        assert world.entries() == {one.title for one in items}


def test_a_kind_that_is_none_is_refused_with_all_that_there_are(tmp_path: Path) -> None:
    names = ", ".join(f'"{name}"' for name in KINDS)
    with (
        pytest.raises(ConfigurationError, match=f'kind = "telex"; allowed: one of {names}'),
        open_world(tmp_path, portal='kind = "telex"\n'),
    ):
        pass


def test_an_entry_names_files_of_portals() -> None:
    for kind in KINDS.values():
        if kind not in (LINES, MARKED):
            for named in filter(None, (kind.reader, kind.told_by)):
                assert re.fullmatch(r"service\.portals\.\w+:\w+", named)
        assert kind.is_page or kind.told_by, "what is no page is told by its bytes"


def test_nobody_else_asks_a_portal_for_the_name_of_its_kind() -> None:
    asks = re.compile(r'"td-portal"|\bkind [!=]= "(feed|html|auto)"')
    naming = {
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*.py")
        if not {"bench", "demo"} & set(path.parts) and asks.search(path.read_text("utf-8"))
    }
    assert naming == {"settings/portal_kinds.py"}
