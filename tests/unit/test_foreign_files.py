"""Files and bodies that are small and mean to be without measure: who opens them meets a limit, and
whoever stands beside goes on (S2, S4, F3)."""

from __future__ import annotations

import contextlib
import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service.errors import FetchError, UnreadableError
from service.portals.fetch import Fetcher
from service.portals.file_kinds import file_kind_of
from service.portals.read import read_listing
from service.portals.sandbox import (
    JOBS,
    EndedError,
    ReadingJob,
    SandboxedReader,
    SandboxPool,
)
from service.portals.sitemap import MAX_BYTES, read_sitemap
from service.types import Outcome
from tests.fakes import FakeClock
from tests.hostile import HostilePortal, MemoryGate, Request, quick_polling, reply
from tests.hostile_files import FILES, PICTURES, gzip_members, laughs
from tests.slow_text import took_s
from tests.unit.test_portals_sandbox import LISTING, PORTAL, ROWS, page

SERVICE = Path(__file__).resolve().parents[2] / "service"
OPENERS = {
    "zipfile", "tarfile", "bz2", "lzma", "brotli", "zstandard", "PIL", "cv2", "imageio", "openpyxl",
    "docx", "pptx", "xlrd", "olefile", "rarfile", "py7zr", "xml", "magic", "fitz", "pikepdf",
}  # fmt: skip


@pytest.fixture(scope="module")
def apart() -> Iterator[SandboxPool]:
    with contextlib.closing(SandboxPool()) as made:
        yield made


# --- pictures in PDFs, the only ones that are ever drawn ------------------------------------------


@pytest.mark.parametrize("kind", PICTURES)
def test_S2_a_picture_of_thousands_of_millions_of_pixels_is_drawn_or_given_up(
    apart: SandboxPool, kind: str
) -> None:
    """A small one of the same making is drawn, by which it is known that the large one is opened."""
    small = PICTURES[kind](400)
    blank = apart.call("cover", PICTURES["jpeg 2000"](0))
    assert (apart.call("cover", small) != blank) is (kind != "jpeg 2000")
    for side in (16_000, 46_000, 65_500):
        if (kind, side) == ("zeros", 46_000):
            continue  # two thousand million bytes are long in the making; 65,500 is refused unread
        body = small.replace(b" 400 ", b" %d " % side) if kind == "zeros" else PICTURES[kind](side)
        for job, more in (("pdf", ()), ("cover", ()), ("page", (0, 300, False, 1.0))):
            with contextlib.suppress(EndedError):
                assert apart.call(job, body, *more) is not None
    assert apart.call("cover", small) is not None


def test_S2_a_picture_that_takes_all_its_readers_memory_ends_that_reader_alone(
    apart: SandboxPool,
) -> None:
    with pytest.raises(EndedError, match="384 MB"):
        apart.call("cover", PICTURES["jbig2"](46_000))
    reader = SandboxedReader(apart)
    assert len(reader.read_listing(page(f"<ul>{ROWS}</ul>"), PORTAL, LISTING).posts) == 12


# --- what nobody opens ----------------------------------------------------------------------------


def test_S4_nothing_here_opens_archives_pictures_or_office_files() -> None:
    """Which is why a bomb of these costs its own few bytes. Who adds an opener adds its limits, a
    job of `sandbox.JOBS` and its bombs here."""
    found = {
        f"{path.relative_to(SERVICE)}: {match[1]}"
        for path in SERVICE.rglob("*.py")
        for match in re.finditer(r"^\s*(?:from|import) ([\w.]+)", path.read_text("utf-8"), re.M)
        if match[1].partition(".")[0] in OPENERS and match[1] not in ("xml.sax.saxutils",)
    }
    assert not found


@pytest.mark.parametrize("kind", FILES)
def test_S2_a_bomb_served_as_a_page_is_no_page(apart: SandboxPool, kind: str) -> None:
    body = FILES[kind]()
    assert file_kind_of(body[:4096]) is not None
    reader = SandboxedReader(apart)
    for read in (
        lambda: reader.read_listing(page(body), PORTAL, LISTING),
        lambda: reader.read_article(page(body), PORTAL),
    ):
        with contextlib.suppress(UnreadableError):
            read()
    assert len(reader.read_listing(page(f"<ul>{ROWS}</ul>"), PORTAL, LISTING).posts) == 12


# --- feeds and pages ------------------------------------------------------------------------------


def _feed(items: str, head: str = "") -> str:
    return f'<?xml version="1.0"?>{head}<rss version="2.0"><channel>{items}</channel></rss>'


_ITEM = "<item><title>Thông báo</title><link>https://cong.example/{}</link></item>"
BODIES = {
    "entities of entities": laughs().decode(),
    "an entity without end": _feed(
        "<title>" + "&e;" * 20_000 + "</title>", f'<!DOCTYPE r [<!ENTITY e "{"a" * 60_000}">]>'
    ),
    "an entity of a file": _feed(
        f"<title>&e;</title>{_ITEM.format(1)}",
        '<!DOCTYPE rss [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
    ),
    "a hundred thousand items": _feed("".join(map(_ITEM.format, range(100_000)))),
    "a million empty items": _feed("<item/>" * 1_000_000),
    "items within items": _feed("<item>" * 100_000),
    "a million rows": f"<ul>{'<li><a href=/x>Thông báo</a> 28/11/2026' * 200_000}</ul>",
    "a million cells": f"<table>{'<tr><td>' * 500_000}</table>",
    "a million characters by number": f"<ul>{ROWS}</ul><p>{'&#7899;' * 1_000_000}</p>",
    "names without end": f"<ul>{ROWS}</ul><p>{'&' * 2_000_000}",
    "attributes without end": f"<ul>{ROWS}</ul><p {'a=1 ' * 1_000_000}>",
    "comments within comments": f"<ul>{ROWS}</ul>" + "<!--" * 1_000_000,
}


@pytest.fixture(scope="module")
def brief() -> Iterator[SandboxPool]:
    """Readers that have two seconds of CPU, so that those who need eight are no trouble here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(JOBS, "listing", ReadingJob("service.portals.read", "read_listing", 2, 60.0))
        with contextlib.closing(SandboxPool()) as made:
            yield made


@pytest.mark.parametrize("kind", BODIES)
def test_S2_a_page_or_feed_of_any_making_is_read_or_refused_and_the_next_is_read(
    brief: SandboxPool, kind: str
) -> None:
    source = page(BODIES[kind])
    reader = SandboxedReader(brief)
    try:
        told = str(reader.read_listing(source, PORTAL, LISTING))
    except UnreadableError as error:
        told = str(error)
        assert source.url in told
    assert len(told) < 40_000_000 and "root:" not in told
    plain = page(f"<ul>{ROWS}</ul>")
    assert reader.read_listing(plain, PORTAL, LISTING) == read_listing(plain, PORTAL, LISTING)


# --- what bodies are packed in --------------------------------------------------------------------

CAP = 1_000_000
PACKED: dict[str, tuple[Callable[[], bytes], str, Outcome | None]] = {
    "a thousand to one": (lambda: gzip.compress(bytes(9 * CAP), 9), "gzip", Outcome.TOO_BIG),
    "the same by another name": (lambda: gzip.compress(bytes(9 * CAP), 9), "x-gzip", Outcome.TOO_BIG),
    "zlib": (lambda: zlib.compress(bytes(9 * CAP), 9), "deflate", Outcome.TOO_BIG),
    "bare deflate": (lambda: zlib.compress(bytes(9 * CAP), 9)[2:-4], "deflate", Outcome.TOO_BIG),
    "members of a megabyte": (lambda: gzip.compress(bytes(CAP), 9) * 9, "gzip", Outcome.TOO_BIG),
    "members of nothing": (lambda: gzip_members(CAP), "gzip", None),
    "members with zeros between": (lambda: (gzip_members(20) + b"\0") * (CAP // 21), "gzip", None),
    "zeros after it": (lambda: gzip.compress(b"x") + bytes(CAP), "gzip", None),
    "rubbish after it": (lambda: gzip.compress(b"x") + b"<p>" * (CAP // 3), "gzip", None),
    "more rubbish than is taken": (lambda: gzip.compress(b"x") + b"r" * 3 * CAP, "gzip", Outcome.TOO_BIG),
    "blocks of nothing": (
        lambda: gzip.compress(b"")[:10] + b"\0\0\0\xff\xff" * (CAP // 5), "gzip", Outcome.NETWORK,
    ),
    "twice": (lambda: gzip.compress(gzip.compress(bytes(9 * CAP))), "gzip, gzip", Outcome.HTTP_ERROR),
    "brotli, which nobody asked for": (lambda: b"\x5b\xff\xff\x03\0", "br", Outcome.HTTP_ERROR),
    "zstd likewise": (lambda: b"\x28\xb5\x2f\xfd", "zstd", Outcome.HTTP_ERROR),
    "cut": (lambda: gzip.compress(bytes(CAP // 2))[:200], "gzip", Outcome.NETWORK),
    "none of it": (lambda: b"<html>", "gzip", Outcome.NETWORK),
}  # fmt: skip
"""Made when they are asked for: each worker of the tests collects them all."""


@pytest.mark.parametrize("kind", PACKED)
def test_F3_a_body_is_unpacked_up_to_its_cap_or_refused_by_its_name(
    clock: FakeClock, kind: str
) -> None:
    make, coding, outcome = PACKED[kind]
    body = make()
    fetcher = Fetcher(quick_polling(timeout_s=20.0, max_body_bytes=CAP), MemoryGate(), clock)
    with HostilePortal() as site, contextlib.closing(fetcher):
        site.answers |= {"/list": reply(body, Content_Encoding=coding), "/next": reply("next")}
        try:
            found = fetcher.get(f"{site.url}/list", portal=site.portal())
        except FetchError as error:
            assert error.outcome is outcome
            assert f"{site.url}/list" in str(error)
        else:
            assert outcome is None and found is not None and len(found.body) <= CAP
        after = fetcher.get(f"{site.url}/next", portal=site.portal())
        assert after is not None and after.body == b"next"


def test_F3_members_of_nothing_take_no_longer_than_there_are(clock: FakeClock) -> None:
    def fetched(size: int) -> float:
        fetcher = Fetcher(quick_polling(timeout_s=30.0), MemoryGate(), clock)
        body = reply(gzip_members(size), Content_Encoding="gzip")

        def answer(_: Request) -> bytes:
            return body

        with HostilePortal() as site, contextlib.closing(fetcher):
            site.answers["/list"] = answer
            url, portal = f"{site.url}/list", site.portal()
            return took_s(lambda: fetcher.get(url, portal=portal), 1)

    fetched(1_000)
    assert fetched(8_000_000) < max(1.0, 10 * fetched(2_000_000))


@pytest.mark.parametrize(
    "make",
    [
        lambda: gzip.compress(bytes(3 * MAX_BYTES), 9),
        lambda: gzip.compress(b"<url><loc>https://cong.example/a</loc></url>" * 700_000, 9),
        lambda: gzip.compress(b"<lastmod>2026-11-28</lastmod>" * 700_000, 9),
        lambda: gzip.compress(b"<urlset>" + b"<loc>" * 4_000_000, 9),
        lambda: b"\x1f\x8b" + bytes(1_000_000),
        lambda: laughs(root="urlset"),
    ],
    ids=["zeros", "addresses", "days", "open", "no gzip", "entities"],
)
def test_F3_a_sitemap_is_unpacked_up_to_its_cap_and_no_entity_of_it_expanded(
    make: Callable[[], bytes],
) -> None:
    assert len(read_sitemap(make()).entries) <= 50_000
