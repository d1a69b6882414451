"""Every parser of foreign bytes, as something to be fed with anything: what it returns is its own
affair, what it raises must be ours.

Inputs are seeds, cut, doubled, spliced and sprinkled with what such bytes are made of. A find is
kept in
`tests/data/fuzz/TARGET/`, and every run of the tests feeds it again.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path

from hypothesis import strategies as st

from service.alerts import bounce
from service.alerts.links import Links, Purpose
from service.alerts.target import parse_target
from service.cli.progress import Progress
from service.cli.unit_file import check_units
from service.delivery.dialogue import Dialogue
from service.errors import LoaError
from service.portals import redirect, robots, urls
from service.portals.charset import decode
from service.portals.fetch import Fetcher
from service.portals.gate import StoredRobots
from service.portals.read import read_article, read_listing
from service.portals.sandbox import SandboxPool
from service.portals.sanitise import harmless
from service.portals.sitemap import read_sitemap
from service.portals.tesseract import read_tsv
from service.settings import ListingConfig, ListingSelectors, PortalConfig
from service.settings.portal_kinds import KINDS
from service.types import Page
from service.values import MailAddress
from service.web.server import conditional
from tests.fakes import FakeClock
from tests.fakes_pdf import make_pdf
from tests.fakes_web import Web, make_web, store_post
from tests.hostile import HostilePortal, MemoryGate, quick_polling, reply

DATA = Path(__file__).parent / "data"
KEPT = DATA / "fuzz"
URL = "https://p.example.gov.vn/list"
NOW = datetime(2026, 11, 28, tzinfo=UTC)

Feed = Callable[[bytes], object]


@dataclass(frozen=True, slots=True)
class Target:
    """`opened` makes what takes bytes, and ends what it made; `seeds` are whole inputs, `words`
    what they hold."""

    name: str
    opened: Callable[[], contextlib.AbstractContextManager[Feed]]
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...]
    examples: int = 150
    """Of a run of the tests: a few seconds."""

    def inputs(self) -> st.SearchStrategy[bytes]:
        return st.builds(
            _edited, st.sampled_from(self.seeds), st.lists(_edits(self.words), max_size=12)
        )

    def kept(self) -> list[Path]:
        """What once was too much."""
        return sorted((KEPT / self.name).glob("*"))


@contextmanager
def fed(target: Target) -> Iterator[Feed]:
    """The target, to be fed: our own refusals are answers."""
    with target.opened() as feed:

        def take(data: bytes) -> None:
            with contextlib.suppress(LoaError):
                feed(data)

        yield take


# --- how an input is made -----------------------------------------------------------------------

_EVERYWHERE = (
    b"", b"\0", b"\r\n", b"\n\n", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"\xed\xa0\x80",
    b"\xe1\xbb\x9b", b"<", b">",
    b"&#", b"&#x110000;", b'"', b"'", b"%", b"%00", b"%zz", b"=?utf-8?b?", b"[", b"{", b"}}", b"\\",
    b"//", b":",
    b"-1", b"9" * 5000,
    b"99999999999999999999", b"NaN", b"31/02/2026", b"00/00/0000", b"29/2/1900 25:61", b"A" * 300,
    b" " * 300,
)  # fmt: skip


def _edits(words: tuple[bytes, ...]) -> st.SearchStrategy[tuple[str, int, int, bytes]]:
    pieces = st.one_of(st.sampled_from(words + _EVERYWHERE), st.binary(max_size=6))
    verbs = st.sampled_from(["put", "cut", "double", "move", "over", "repeat"])
    return st.tuples(verbs, st.integers(0, 999_999), st.integers(0, 400), pieces)


def _edited(seed: bytes, edits: list[tuple[str, int, int, bytes]]) -> bytes:
    data = seed
    for verb, place, length, piece in edits:
        at = place % (len(data) + 1)
        some = data[at : at + length]
        match verb:
            case "put":
                data = data[:at] + piece + data[at:]
            case "cut":
                data = data[:at] + data[at + length :]
            case "double":
                data = data[:at] + some + data[at:]
            case "move":
                rest = data[:at] + data[at + length :]
                to = length * 7919 % (len(rest) + 1)
                data = rest[:to] + some + rest[to:]
            case "over":
                data = data[:at] + piece + data[at + len(piece) :]
            case _:
                data = data[:at] + piece * (length % 60) + data[at:]
    return data[: 1 << 20]


# --- what is fed --------------------------------------------------------------------------------


def _files(folder: str, pattern: str, most: int = 12_000) -> tuple[bytes, ...]:
    found = (path.read_bytes() for path in sorted((DATA / folder).rglob(pattern)))
    return tuple(body[:most] for body in found)


def _page(body: bytes, media: str) -> Page:
    return Page(URL, 200, media, body, None, None, sha256(body).hexdigest())


@cache
def _portal(kind: str) -> PortalConfig:
    fields = (
        {"listing": ListingSelectors(item="li", date="label, time")}
        if KINDS[kind].needs_selectors
        else {}
    )
    listings = (ListingConfig(url=URL),)
    return PortalConfig.model_validate(
        {"id": "p", "name": "P", "base_url": URL[:-5], "kind": kind, "listings": listings} | fields
    )


def _always(feed: Feed) -> Callable[[], contextlib.AbstractContextManager[Feed]]:
    return lambda: contextlib.nullcontext(feed)


def _listing(body: bytes) -> None:
    for kind in (one for one, its in KINDS.items() if its.is_page):
        with contextlib.suppress(LoaError):
            read_listing(_page(body, "text/html"), _portal(kind), ListingConfig(url=URL))


def _article(body: bytes) -> None:
    read_article(_page(body, "text/html"), _portal("auto"))


def _feed(body: bytes) -> None:
    for kind in (one for one, its in KINDS.items() if not its.is_page):
        read_listing(_page(body, "application/rss+xml"), _portal(kind), ListingConfig(url=URL))


def _text(body: bytes) -> None:
    head, _, rest = body.partition(b"\n")
    text = decode(rest, head.decode("latin-1"))
    text.encode()  # no lone surrogate may get through
    for half in harmless(text[:50_000], URL):
        half.encode()


@contextmanager
def _apart(job: str, *more: str) -> Iterator[Feed]:
    """In children with limits, as the program does it: what ends the child ends nothing else."""
    apart = SandboxPool()
    yield lambda body: apart.call(job, body, *more)
    apart.close()


@contextmanager
def _pictures() -> Iterator[Feed]:
    """The first page of a file as people and tesseract get it."""
    apart = SandboxPool()

    def feed(body: bytes) -> None:
        apart.call("cover", body)
        picture = apart.call("page", body, 0, 150, True, 0.5)
        assert picture is None or picture.startswith(b"P5 ")

    yield feed
    apart.close()


def _table(body: bytes) -> None:
    """What a program that reads scans prints."""
    read_tsv(body.decode("utf-8", "replace"))


def _mail(body: bytes) -> None:
    bounce.read(body, "a key of tests")


def _robots(body: bytes) -> None:
    gate = MemoryGate()
    gate.store_robots("https://p", StoredRobots(body.decode("utf-8", "replace"), NOW))
    delay = robots.Robots(gate, lambda: NOW, "Loa/1").crawl_delay(URL, "https://p", lambda _: "")
    assert 0.0 <= delay <= 60.0


def _fields(body: bytes) -> None:
    """What a portal says in its head, a visitor in his: a field a line."""
    for line in body.decode("latin-1").split("\n"):
        cookies = redirect.Cookies()
        cookies.take([line])
        value = cookies.header().get("Cookie", "")
        assert value.isascii() and value.isprintable()
        refresh = redirect.refresh_of(line, "")
        for one in (line, refresh or ""):
            with contextlib.suppress(LoaError):
                redirect.target_of(URL, one)
        urls.resolve_link(URL, line)
        conditional.read_http_date(line)
        conditional.prefers_gzip(line)
        for name in (
            "HTTP_IF_NONE_MATCH",
            "HTTP_IF_MATCH",
            "HTTP_IF_MODIFIED_SINCE",
            "HTTP_IF_UNMODIFIED_SINCE",
        ):
            assert conditional.precondition({name: line}, "etag", 0) in (200, 304, 412)


def _names(body: bytes) -> None:
    """Addresses that people write: of a webhook, of a mail, of a signed link."""
    links = Links("a key of tests", "https://loa.example")
    for line in body.decode("utf-8", "surrogateescape").split("\n"):
        for parse in (
            lambda one: parse_target(one, allow_private_networks=False),
            MailAddress.parse,
            lambda one: links.read(Purpose.MANAGE, one),
        ):
            with contextlib.suppress(LoaError):
                parse(line)  # type: ignore[operator]  # of each its own answer


def _relay(body: bytes) -> None:
    """What a relay answers, in pieces."""

    def begun() -> Dialogue:
        dialogue = Dialogue(is_pipelined=len(body) % 2 == 0)
        dialogue.begin("a@b.example", "c@d.example", b"x\r\n")
        return dialogue

    dialogue = begun()
    for at in range(0, len(body), 37):
        verdict = dialogue.take(body[at : at + 37])[1]
        if verdict is not None and verdict.is_over:
            dialogue = begun()
        elif verdict is not None:
            dialogue.begin("a@b.example", "c@d.example", b"x\r\n")
    dialogue.lost("relay.endless")


@contextmanager
def _wire() -> Iterator[Feed]:
    """The answer of a portal as it comes over the wire."""
    with HostilePortal() as site, ExitStack() as stack:
        fetcher = Fetcher(quick_polling(max_body_bytes=1 << 20), MemoryGate(), FakeClock())
        stack.callback(fetcher.close)

        def feed(body: bytes) -> None:
            site.answers["/list"] = body
            fetcher.get(f"{site.url}/list", portal=site.portal())

        yield feed


@contextmanager
def _web() -> Iterator[Web]:
    with tempfile.TemporaryDirectory() as folder:
        web = make_web(f"sqlite:///{folder}/loa.db", FakeClock())
        store_post(web.loa, 1)
        yield web
        web.loa.close()


@contextmanager
def _csv() -> Iterator[Feed]:
    with _web() as web, tempfile.NamedTemporaryFile(suffix=".csv") as file:
        path = Path(file.name)

        def feed(body: bytes) -> None:
            path.write_bytes(body)
            check_units(web.loa, path, Progress("checked"))

        yield feed


@contextmanager
def _api() -> Iterator[Feed]:
    """Path, then the body, of a request to the API, with an operator's token."""
    with _web() as web:

        def feed(body: bytes) -> None:
            head, _, rest = body.partition(b"\n")
            path, headers = "/" + head.decode("latin-1").lstrip("/"), {**web.operator}
            for method in ("POST", "GET"):
                answer = web.client.open(
                    path, method=method, data=rest if method == "POST" else None, headers=headers,
                    content_type="application/json",
                )  # fmt: skip
                assert answer.status_code < 500, (answer.status_code, answer.text)

        yield feed


@contextmanager
def _cookie() -> Iterator[Feed]:
    """A visitor's cookies and forms."""
    with _web() as web:

        def feed(body: bytes) -> None:
            head, _, rest = body.partition(b"\n")
            cookie = {"Cookie": head.decode("latin-1").replace("\r", "")}
            form = {"data": rest, "content_type": "application/x-www-form-urlencoded"}
            for answer in (
                web.client.get("/admin/", headers=cookie),
                web.client.get("/?q=1", headers=cookie),
                web.client.post("/admin/sign-in", headers=cookie, **form),
                web.client.post("/unsubscribe/x", headers=cookie, **form),
            ):
                assert answer.status_code < 500, answer.text

        yield feed


@contextmanager
def _forms() -> Iterator[Feed]:
    """Forms that anybody may send: to the hub, for a subscription, for a link; path, then form."""
    with _web() as web:

        def feed(body: bytes) -> None:
            head, _, rest = body.partition(b"\n")
            path = "/" + head.decode("latin-1").replace("\r", "").lstrip("/")
            form = {"data": rest, "content_type": "application/x-www-form-urlencoded"}
            for answer in (web.client.post(path, **form), web.client.get(path)):
                assert answer.status_code < 500, (answer.status_code, answer.text)

        yield feed


@contextmanager
def _unit_api() -> Iterator[Feed]:
    """The same as `_api`, with a unit's token: what it is owed, its statement, its receipts."""
    with _web() as web:

        def feed(body: bytes) -> None:
            head, _, rest = body.partition(b"\n")
            path = "/" + head.decode("latin-1").lstrip("/")
            answer = web.client.open(
                path, method="POST" if rest else "GET", data=rest, headers=web.unit,
                content_type="application/json",
            )  # fmt: skip
            assert answer.status_code < 500, (answer.status_code, answer.text)

        yield feed


_MAIL = (
    b"From: MAILER-DAEMON@mx.example\r\nTo: loa@mail.example\r\nContent-Type: multipart/report; "
    b'boundary="b"\r\n\r\n'
    b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n550 5.1.1 no such user\r\n--b\r\n"
    b"Content-Type: message/delivery-status\r\nContent-Transfer-Encoding: "
    b"base64\r\n\r\nReporting-MTA: dns; x\r\n\r\n"
    b"Final-Recipient: rfc822; a@b\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    b"Diagnostic-Code: smtp; 550 x\r\n\r\n--b--\r\n",
    b"From: a@b\r\nSubject: =?utf-8?q?failure=20notice?=\r\n\r\nHi. This is the qmail-send "
    b"program\r\n"
    b"<x@y>:\r\nno\r\n",
    b"From: fbl@mx\r\nContent-Type: multipart/report; report-type=feedback-report; "
    b"boundary=b\r\n\r\n--b\r\n"
    b"Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\n\r\n--b--\r\n",
)
_FEEDS = (
    b'<?xml version="1.0" encoding="utf-8"?><rss '
    b'version="2.0"><channel><title>t</title><link>https://p/</link>'
    b"<item><title>Th\xc3\xb4ng "
    b"b\xc3\xa1o</title><link>/a?id=1</link><guid>1</guid><description>&lt;p&gt;x"
    b"</description><pubDate>Sat, 28 Nov 2026 08:00:00 +0700</pubDate>"
    b'<enclosure url="/x.pdf" length="1" type="application/pdf"/></item></channel></rss>',
    b'<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><entry><title '
    b'type="html">x</title><id>urn:1</id>'
    b'<link href="/b"/><updated>2026-11-28T01:00:00Z</updated><content '
    b'type="xhtml"><div>y</div></content></entry>'
    b"</feed>",
)
_API = (
    b'api/v1/subscriptions\n{"channel": "webhook", "target": "https://a.example/x", "filters": '
    b'{"categories": '
    b'["directives"]}, "headers": {"X-A": "b"}, "confirmed": true, "min_interval_s": 5}',
    b'api/v1/units\n{"name": "UBND x\xc3\xa3", "place": "quang-ninh-16540", "contacts": '
    b'["a@b.example"]}',
    b"api/v1/posts?limit=5&q=a&category=directives&cursor=MjAyNA==\n",
    b"api/v1/deliveries?state=failed&since=2026-11-28T00:00:00Z\n{}",
    b'api/v1/receipts\n{"post": "x", "note": "y"}',
    b"api/v1/why?post=1&subscription=2\n",
    b"feeds/all.atom?q=a&before=x&place=y\n",
    b"attachments/00/x.pdf\n",
    b"posts/x?lang=en\n",
)
_HEAD = (
    b"Content-Length",
    b"Transfer-Encoding: chunked",
    b"Content-Encoding: gzip",
    b"Set-Cookie: a=b",
    b"Location: /",
)

TARGETS = {
    target.name: target
    for target in (
        Target(
            "listing",
            _always(_listing),
            (*_files("portals", "*.html"), *_files("broken", "*.html")),
            (
                b"<li>",
                b"<table>",
                b"<a href=/tin/bai-1.html>",
                b"</div>",
                b"<div class=item>",
                b"28/11/2026",
                b"<base href=x>",
            ),
        ),
        Target(
            "article",
            _always(_article),
            (*_files("portals/articles", "*.html"), *_files("broken", "*.html")),
            (
                b"<h1>",
                b"<p>",
                b"<iframe src=x.pdf>",
                b"<meta property=og:title content=x>",
                b"<script>",
                b"<time datetime=x>",
            ),
        ),
        Target(
            "sitemap",
            _always(read_sitemap),
            (
                b"<sitemapindex><sitemap><loc>https://x/a.xml.gz</loc></sitemap></sitemapindex>",
                b"<urlset><url><loc>https://x/b</loc><lastmod>2026-11-20</lastmod></url></urlset>",
            ),
            (b"<loc>", b"</loc>", b"<lastmod>", b"<![CDATA[", b"&amp;", b"\x1f\x8b\x08"),
        ),
        Target(
            "feed",
            _always(_feed),
            (*_FEEDS, *_files("broken", "*.xml"), *_files("portals", "*.rss")),
            (
                b"<item>",
                b"<![CDATA[",
                b"]]>",
                b"<!DOCTYPE x [<!ENTITY a 'b'>]>",
                b"&a;",
                b"<pubDate>",
                b"<media:content url=x>",
            ),
        ),
        Target(
            "text",
            _always(_text),
            (
                b"text/html; charset=windows-1258\n<p>x",
                b"text/html\n<meta charset=utf-16><svg><style>",
                *_files("broken", "*", 3000),
            ),
            (
                b"charset=",
                b"utf-7",
                b"tcvn-5712",
                b"<svg>",
                b"<math>",
                b"<noscript>",
                b"<!--",
                b"javascript:",
                b"onerror=",
            ),
        ),
        Target(
            "pdf",
            lambda: _apart("pdf"),
            (make_pdf("Chi thi 06/CT-UBND", "hai"), make_pdf("mot")),
            (
                b"endobj",
                b"stream",
                b"/Length 0",
                b"/FlateDecode",
                b"1 0 R",
                b"startxref",
                b"/Kids [1 0 R]",
            ),
            60,
        ),
        Target(
            "pictures",
            _pictures,
            (make_pdf("Chi thi 06/CT-UBND", "hai"), make_pdf("mot")),
            (
                b"/MediaBox [0 0 9e9 1e-9]",
                b"/MediaBox [0 0 14400 1]",
                b"/Rotate 91",
                b"/UserUnit 1e9",
                b"<</Type/XObject/Subtype/Image/Width 60000/Height 60000/BitsPerComponent 8>>",
                b"stream",
                b"1 0 R",
                b"/Kids [1 0 R]",
            ),
            40,
        ),
        Target(
            "table",
            _always(_table),
            (
                b"level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth"
                b"\theight\tconf\ttext\n5\t1\t1\t1\t1\t1\t0\t0\t9\t9\t96.5\tUBND\n"
                b"5\t1\t2\t1\t1\t1\t0\t0\t9\t9\t41\tx\xc3\xa3\n",
            ),
            (b"\t", b"5\t", b"-1\t", b"nan", b"level", b"conf", b"\x0c", b"\n"),
        ),
        Target(
            "mail",
            _always(_mail),
            (*_MAIL,),
            (
                b"--b",
                b"--b--",
                b"Content-Type: multipart/mixed; boundary=b\r\n\r\n",
                b"charset=x-unknown",
                b"base64",
                b"=?utf-8?q?",
                b"Action: ",
                b"Status: 5.",
                b"message/rfc822",
                b"Received: ",
            ),
        ),
        Target(
            "mail_apart",
            lambda: _apart("bounce", "a key of tests"),
            _MAIL,
            (b"--b", b"message/rfc822"),
            40,
        ),
        Target(
            "robots",
            _always(_robots),
            (b"User-agent: *\nDisallow: /x*$\nCrawl-delay: 5\nRequest-rate: 1/10s 0800-1200\n",),
            (
                b"User-agent: Loa",
                b"Allow: /",
                b"Crawl-delay: ",
                b"Request-rate: ",
                b"Visit-time: ",
                b"Sitemap: ",
                b"*",
                b"$",
            ),
        ),
        Target(
            "fields",
            _always(_fields),
            (
                b'a=b; Max-Age=0; path=/\n"a", W/"b", *\nSat, 28 Nov 2026 08:00:00 GMT\n'
                b"0;url=/x\nhttps:\\\\x\\y\ngzip;q=0.5, *",
            ),
            (
                b'W/"',
                b"*",
                b"url=",
                b"; max-age=-1",
                b"http://[::1",
                b"http://a:99999/",
                b"q=1e9",
                b"\t",
            ),
        ),
        Target(
            "names",
            _always(_names),
            (
                "https://ví-dụ.example:8443/x?y\nlan@xã.example\na.b+c@[127.0.0.1]\nWyJzMSJd.sig\nhttp://0x7f.1/".encode(),
            ),
            (
                b"xn--",
                b"@",
                b"http://",
                b"https://u:p@",
                b"[::ffff:127.0.0.1]",
                "①②".encode(),
                b":22",
                b".sig",
            ),
        ),
        Target(
            "relay",
            _always(_relay),
            (
                b"250 ok\r\n250-a\r\n250 b\r\n354 go\r\n250 done\r\n",
                b"550 5.1.1 no\r\n354 x\r\n421 z\r\n",
            ),
            (b"250 ", b"250-", b"354 ", b"421 ", b"550 ", b"\r\n", b"999 ", b"-"),
        ),
        Target(
            "wire",
            _wire,
            (
                reply("<li>x</li>"),
                reply("x", Set_Cookie="a=b", Location="/"),
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
                b"HTTP/1.1 103 x\r\n\r\nHTTP/1.1 200 y\r\n\r\n",
            ),
            (
                *_HEAD,
                b"HTTP/1.1 200",
                b"0\r\n\r\n",
                b"\r\n\r\n",
                b"ffffffffffffffff\r\n",
                b"HTTP/9.9",
            ),
            60,
        ),
        Target(
            "csv",
            _csv,
            (
                "name,place,contacts\nUBND xã A,quang-ninh-16540,a@b.example;c@d.example\nB,,\n".encode(),
                b"name;place\nx;y\n",
            ),
            (b"name", b",", b";", b'"', b'""', b"\t", b"contacts", b"=1+1"),
            80,
        ),
        Target(
            "api",
            _api,
            _API,
            (
                b'"',
                b"null",
                b"true",
                b"1e400",
                b"[[[[[[[[[[",
                b"cursor=",
                b"&limit=0",
                b"\\ud800",
                b"?",
            ),
            80,
        ),
        Target(
            "unit_api",
            _unit_api,
            (
                b"api/v1/stream?wait_s=0&limit=5\n",
                b'api/v1/stream/ack\n{"ids": ["01890000-0000-7000-8000-000000000000"]}',
                b"api/v1/statement?day=2026-11-28\n",
                b'api/v1/receipts\n{"post": "x", "note": "y"}',
                b'api/v1/subscriptions\n{"channel": "pull", "name": "x"}',
            ),
            (
                b"wait_s=",
                b"limit=",
                b"day=",
                b'"ids"',
                b"[]",
                b"1e400",
                b"nan",
                b"\\ud800",
                b"9999",
            ),
            80,
        ),
        Target(
            "forms",
            _forms,
            (
                b"hub\nhub.mode=subscribe&hub.topic=https://loa.example/feeds/all.atom"
                b"&hub.callback=https://a.example/x?y=%0d%0a&hub.lease_seconds=86400&hub.secret=s",
                b"subscribe\naddress=a@b.example&category=directives&place=x&frequency=daily",
                b"unit/\naddress=a@b.example&token=loa_x",
                b"admin/sign-in/mail\naddress=a@b.example",
                b"unit/WyJzMSJd.sig\nact=test&subscription=1",
                b"receipts/WyJzMSJd.sig\nnote=x",
            ),
            (
                b"hub.mode=",
                b"unsubscribe",
                b"%00",
                b"%ed%a0%80",
                b"&",
                b"=",
                b"\n",
                b"lang=en",
                b"@",
            ),
            80,
        ),
        Target(
            "cookie",
            _cookie,
            (
                b"loa_session=eyJhIjoxfQ.abc.def; loa_language=en\ncsrf=a&token=loa_x",
                b"loa_language=vi\nlang=en",
            ),
            (b"loa_session=", b"; ", b".eJw", b"=", b"&", b"%ff", b"loa_language="),
            60,
        ),
    )
}
