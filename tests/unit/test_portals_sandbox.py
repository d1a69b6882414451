"""Foreign documents are read apart: whatever they do to their reader, whoever asked goes on (S2,
F16)."""

from __future__ import annotations

import contextlib
import os
import pickle
import pickletools
import signal
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from enum import StrEnum

import pytest

from service.alerts.bounce import Kind, envelope_sender
from service.errors import InvalidInput, UnreadableError
from service.portals.read import read_article, read_listing
from service.portals.sandbox import JOBS, EndedError, SandboxedReader, SandboxPool, pack
from service.portals.sandbox import ReadingJob as ApartJob
from service.settings import ListingConfig, PortalConfig
from service.types import Outcome, Page
from tests.unit.test_portals_pdf import _file, _stream

URL = "https://cong.example/tin"
PORTAL = PortalConfig.model_validate(
    {"id": "cong", "name": "Cổng", "base_url": "https://cong.example", "listings": [{"url": URL}]}
)
LISTING = ListingConfig(url=URL)
ROWS = "".join(
    f'<li><a href="/tin/bai-{n}.html">Thông báo số {n} về lịch tiếp công dân</a> '
    f"<span>{n + 1:02}/11/2026</span></li>"
    for n in range(12)
)


def page(body: str | bytes) -> Page:
    raw = body.encode() if isinstance(body, str) else body
    return Page(URL, 200, "text/html; charset=utf-8", raw, None, None, "")


@pytest.fixture(scope="module")
def apart() -> Iterator[SandboxPool]:
    made = SandboxPool()
    yield made
    made.close()


def test_S2_what_is_read_apart_is_what_is_read_here(apart: SandboxPool) -> None:
    source = page(f"<html><head><title>Tin</title></head><body><ul>{ROWS}</ul></body></html>")
    reader = SandboxedReader(apart)
    assert reader.read_listing(source, PORTAL, LISTING) == read_listing(source, PORTAL, LISTING)
    article = page(
        f"<h1>Chỉ thị về phòng cháy</h1><p>Đăng ngày "
        f"28/11/2026</p><div>{'<p>Nội dung chỉ thị.</p>' * 20}</div>"
    )
    assert reader.read_article(article, PORTAL) == read_article(article, PORTAL)


def test_S2_what_a_reader_refuses_is_refused_with_all_it_knows(apart: SandboxPool) -> None:
    with pytest.raises(UnreadableError) as here:
        read_listing(page("{}"), PORTAL, LISTING)
    with pytest.raises(UnreadableError) as there:
        SandboxedReader(apart).read_listing(page("{}"), PORTAL, LISTING)
    assert (str(there.value), there.value.outcome) == (str(here.value), here.value.outcome)
    with pytest.raises(InvalidInput):
        apart.call("bounce", b"", "k" * 40)


def test_S2_a_returned_mail_is_read_apart_too(apart: SandboxPool) -> None:
    message = "01900000-0000-7000-8000-000000000001"
    to = envelope_sender("loa@mail.example", message, "k" * 40)
    found = apart.call(
        "bounce", f"To: {to}\r\nAuto-Submitted: auto-replied\r\n\r\nx".encode(), "k" * 40
    )
    assert (found.kind, found.message_id) == (Kind.NONE, message)


@pytest.fixture
def hungry(monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxPool]:
    """A pool whose jobs are the worst: children forked after these were named know them."""
    for name in ("spin", "wait", "eat", "fall", "deep", "evil", "bug", "pid"):
        cpu_s, wall_s = (1 if name == "spin" else 5), (0.5 if name == "wait" else 20.0)
        monkeypatch.setitem(JOBS, name, ApartJob(__name__, f"_{name}", cpu_s, wall_s))
    made = SandboxPool()
    yield made
    made.close()


def _spin() -> None:
    while True:
        pass


def _wait() -> None:
    time.sleep(60)


def _eat() -> int:
    return len([bytes(1 << 20) for _ in range(4096)])


def _fall() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _deep() -> int:
    return _deep() + 1


class _Evil:
    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("true",)


def _evil() -> _Evil:
    return _Evil()


def _bug() -> None:
    raise KeyError("a fault of a reader")


def _pid() -> int:
    return os.getpid()


@pytest.mark.parametrize(
    ("job", "words"),
    [
        ("spin", "fell over, or needed more than 1 s"),
        ("wait", "longer than 0.5 s"),
        ("eat", "MemoryError"),
        ("fall", "fell over"),
        ("deep", "RecursionError"),
        ("evil", "answers nonsense"),
        ("bug", "a fault of a reader"),
    ],
)
def test_S2_whatever_happens_to_a_reader_is_told_and_the_next_one_reads(
    hungry: SandboxPool, job: str, words: str
) -> None:
    with pytest.raises(EndedError, match=words):
        hungry.call(job)
    assert hungry.call("pid") != os.getpid()


def test_S2_a_stuck_reader_holds_up_nobody_else(hungry: SandboxPool) -> None:
    ended: list[EndedError] = []

    def ask() -> None:
        try:
            hungry.call("spin")
        except EndedError as error:
            ended.append(error)

    stuck = threading.Thread(target=ask)
    stuck.start()
    began = time.monotonic()
    for _ in range(20):
        hungry.call("pid")
    assert stuck.is_alive()
    assert time.monotonic() - began < 20
    stuck.join()
    assert len(ended) == 1


def test_S2_the_page_and_its_portal_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(JOBS, "listing", ApartJob(__name__, "_stuck", 1, 20.0))
    apart = SandboxPool()
    try:
        with pytest.raises(UnreadableError) as caught:
            SandboxedReader(apart).read_listing(page(""), PORTAL, LISTING)
    finally:
        apart.close()
    assert caught.value.outcome is Outcome.NOT_A_LISTING
    assert URL in str(caught.value) and "'cong'" in str(caught.value)


def _stuck(*_: object) -> None:
    _spin()


def test_S3_no_reader_outlives_who_asked(hungry: SandboxPool) -> None:
    """The spawner's end is the end of a reader that is stuck, and so is the end of whoever has its
    line."""
    pid = hungry.call("pid")
    hungry.close()
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
    pytest.fail(f"the reader {pid} is there still")


@pytest.mark.parametrize(
    "body",
    [
        "<div>" * 80_000,
        f"<ul>{ROWS}</ul>" + "<div>" * 80_000,
        "".join(f"<a href='/tin/bai-{n}.html'>x{n}</a>" for n in range(100_000)),
        f"<title>{'a' * 1_000_000}</title><ul>{ROWS}</ul>",
        "<script" * 5500,
        f"<p {' '.join(f'a{n}=1' for n in range(50_000))}>x</p><ul>{ROWS}</ul>",
        '<?xml version="1.0"?><rss><channel>' + "<item>" * 50_000,
    ],
    ids=range(7),
)
def test_F16_a_hostile_page_is_read_or_refused_within_its_limits(
    monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    for job in ("listing", "article"):
        monkeypatch.setitem(JOBS, job, ApartJob("service.portals.read", f"read_{job}", 2, 40.0))
    with contextlib.closing(SandboxPool()) as apart:
        for read in (SandboxedReader(apart).read_article, _listing_by(apart)):
            try:
                read(page(body), PORTAL)
            except UnreadableError as error:
                assert URL in str(error)
        plain = page(f"<ul>{ROWS}</ul>")
        assert len(SandboxedReader(apart).read_listing(plain, PORTAL, LISTING).posts) == 12


def _listing_by(apart: SandboxPool) -> Callable[[Page, PortalConfig], object]:
    return lambda source, portal: SandboxedReader(apart).read_listing(source, portal, LISTING)


@pytest.mark.parametrize(
    "deep",
    [
        "<div>" * 50_000,
        "<div><span>" * 9000,
        "<b>" * 3000 + "</b>" * 3000,
        "<div></span>" * 20_000,  # end tags of what is not open end nothing
        "<x-box>" * 20_000,
        "<x><div></x>" * 9000,
        "<h2><i></h2>" * 9000,
        "<details><ins>" * 9000 + "</ins></details>" * 40,
        "<svg><title>" + "<g>" * 20_000 + "</svg>",
    ],
    ids=lambda deep: str(deep[:20]),
)
def test_F16_what_is_nested_without_end_is_flattened_and_loses_no_row(deep: str) -> None:
    found = read_listing(page(f"<body>{deep}<ul>{ROWS}</ul>"), PORTAL, LISTING)
    assert len(found.posts) == 12


def _bomb(levels: int) -> bytes:
    """A page that draws a form a hundred times, which draws a form a hundred times, …"""
    forms = [
        f"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X "
        f"{6 + level} 0 R >> >>"
        f" /Length {6 * 100} >>\nstream\n{'/X Do ' * 100}\nendstream"
        for level in range(levels)
    ]
    return _file(
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R"
        " /Resources << /XObject << /X 5 0 R >> >> >>",
        _stream("/X Do"),
        *forms,
        "<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Length 12 >>\nstream\n0 0 1 1 re "
        "f\nendstream",
    )


def test_S2_a_pdf_that_never_ends_is_given_up(apart: SandboxPool) -> None:
    assert apart.call("pdf", _bomb(1)) is not None
    with pytest.raises(EndedError):
        apart.call("pdf", _bomb(12))
    assert apart.call("pdf", _bomb(1)) is not None


def test_S2_a_pdf_that_inflates_without_end_costs_only_its_text(apart: SandboxPool) -> None:
    zeros = zlib.compress(bytes(1 << 20), 9)
    for _ in range(2):
        zeros = zlib.compress(zeros * 900, 9)  # a terabyte, once all three are undone
    stream = (
        f"<< /Length {len(zeros)} /Filter [/FlateDecode /FlateDecode /FlateDecode] >>\nstream\n"
        f"{zeros.decode('latin-1')}\nendstream"
    )
    file = _file(
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>",
        stream,
    )
    try:
        read = apart.call("pdf", file)
    except EndedError:
        return
    assert read is None or read.text == ""


class _AsInPython3112(StrEnum):
    """Debian 12's Python pickles a member as a call of `getattr`."""

    ONE = "one"

    def __reduce_ex__(self, _protocol: object) -> tuple[object, ...]:
        return getattr, (type(self), self.name)


def test_S2_members_of_an_enumeration_cross_the_line_with_every_python() -> None:
    assert pickletools_names(pickle.dumps(_AsInPython3112.ONE)) == {"getattr", "_AsInPython3112"}
    packed = pack((False, [_AsInPython3112.ONE]))
    assert pickletools_names(packed) == {"_AsInPython3112"}
    assert pickle.loads(packed) == (False, [_AsInPython3112.ONE])  # what this test made


def pickletools_names(packed: bytes) -> set[object]:
    """What a pickle would call, by name."""
    words = [argument for _, argument, _ in pickletools.genops(packed) if isinstance(argument, str)]
    return {word for word in words if word in ("getattr", "_AsInPython3112")}
