"""What a poll costs: unchanged and changed listings, an article, an upstream feed, a TLS host not
met before.

Each beside the least that somebody could do by hand, interleaved, CPU time of this process, median.
"""

from __future__ import annotations

import contextlib
import http.server
import re
import ssl
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import certifi
import feedparser
import nh3
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from requests.adapters import HTTPAdapter
from selectolax.lexbor import LexborHTMLParser

from service.bench.sandbox_cost import compare_apart, ratio_row
from service.portals.fetch import Fetcher
from service.portals.gate import StoredRobots
from service.portals.read import read_article, read_listing
from service.portals.sandbox import SandboxedReader, SandboxPool
from service.settings import ListingConfig, PollingSettings, PortalConfig
from service.types import Page, Validators

_TITLE = (
    "Chủ tịch UBND huyện chỉ đạo nâng cao hiệu lực, hiệu quả công tác điều hành, siết chặt kỷ "
    "cương số {}"
)
_BASE = "https://bench.example"
MAX_ARTICLE_MS = 40
"""Of CPU, whatever the baseline takes."""
_LABEL = re.compile(r"(\d\d?)/(\d\d?)/(\d{4}) \| (\d\d?):(\d\d)")
_ZONE = timezone(timedelta(hours=7))


class _OpenGate:
    """Never waits: what is measured is work."""

    def robots(self, _host_key: str) -> StoredRobots | None:
        return StoredRobots("", datetime.now(UTC))

    def store_robots(self, _host_key: str, _robots: StoredRobots) -> None:
        return None

    def reserve(self, _host_key: str, _delay_s: float, _now: datetime) -> float:
        return 0.0


def _listing() -> bytes:
    row = (
        '<li class="TD-channel-main-td channel-news-folder"><a href="{u}" title="{t}">'
        '<img src="/portal/Photos/_w/{n}.jpg"></a>'
        '<a href="{u}">{t}</a><label class="pub-time">{d:02}/03/2024 | '
        "10:{m:02}</label><p>{p}</p></li>\n"
    )
    rows = (
        row.format(u=f"/portal/Pages/2024-3-{n % 28 + 1}/bai-viet-so-{n}-a{n:05}.aspx",
        t=_TITLE.format(n), n=n,
                   d=n % 28 + 1, m=n % 60, p="Tóm tắt nội dung chỉ đạo. " * 6)
        for n in range(200)
    )  # fmt: skip
    page = f"<html><head><meta charset=utf-8></head><body><ul>{''.join(rows)}</ul></body></html>"
    return page.encode()


def _article() -> bytes:
    paragraphs = (
        '<p class="MsoNormal" style="text-align:justify"><span>'
        + f"Điều {n}. " + f"Phòng, ban số {n} thực hiện nghiêm túc mục {n}. " * 6
        + "</span></p>\n"
        for n in range(10_000)  # none twice: trafilatura leaves out what it has read
    )  # fmt: skip
    body = ""
    while len(body.encode()) < 80_000:
        body += next(paragraphs)
    return (
        "<html><head><meta charset=utf-8></head><body><div><h1>Tăng cường kỷ cương</h1>"
        "<span>Đăng ngày 28 - 01 - 2024</span>"
        f'<div class="article-content">{body}<a '
        f'href="/portal/VanBan/a.pdf">Tệp</a></div></div></body></html>'
    ).encode()


def _feed() -> bytes:
    item = (
        "<item><title>{t}</title><link>https://bench.example/{n}.html</link>"
        "<pubDate>Wed, 07 Feb 2024 10:32:00 +0700</pubDate>"
        "<content:encoded><![CDATA[{c}]]></content:encoded></item>"
    )
    content = "<p>Các đơn vị <b>thực hiện</b> nghiêm túc kế hoạch này.</p>" * 40
    items = "".join(item.format(t=_TITLE.format(n), n=n, c=content) for n in range(500))
    space = 'xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    return (
        f'<?xml version="1.0"?><rss version="2.0" '
        f"{space}><channel><title>t</title>{items}</channel></rss>".encode()
    )


def _page(body: bytes, path: str) -> Page:
    return Page(
        _BASE + path, 200, "text/html; charset=utf-8", body, None, None, sha256(body).hexdigest()
    )


def _portal(kind: str, base_url: str = _BASE, **fields: Any) -> PortalConfig:
    values = {
        "id": "b",
        "name": "b",
        "base_url": base_url,
        "kind": kind,
        "listings": (ListingConfig(url=base_url + "/list"),),
    }
    return PortalConfig.model_validate(values | fields)


def _strings_by_hand(body: bytes) -> list[tuple[str, str, str]]:
    """The least: three raw strings a row."""
    tree = LexborHTMLParser(body)
    found = []
    for row in tree.css("li.TD-channel-main-td"):
        link, label = row.css("a")[1], row.css_first("label.pub-time")
        found.append(
            (
                link.attributes.get("href") or "",
                link.text().strip(),
                label.text().strip() if label else "",
            )
        )
    return found


def _listing_by_hand(body: bytes) -> list[tuple[str, str, datetime]]:
    """The same job as ours for this one layout: absolute link, title with spaces folded, instant in
    UTC."""
    found = []
    for href, title, label in _strings_by_hand(body):
        match = _LABEL.fullmatch(label)
        assert match is not None, "the benchmark's own rows have dates"
        day, month, year, hour, minute = map(int, match.groups())
        at = datetime(year, month, day, hour, minute, tzinfo=_ZONE).astimezone(UTC)
        found.append((urljoin(_BASE + "/list", href), " ".join(title.split()), at))
    return found


def _article_by_trafilatura(body: bytes) -> tuple[str, str]:
    """The article by trafilatura's fast form, sanitised, and its text."""
    extract = import_module("trafilatura").extract
    content = nh3.clean(extract(body, fast=True, output_format="html") or "")
    return content, LexborHTMLParser(content).text(separator="\n")


def _measure_article(article: Page, portal: PortalConfig, runs: int) -> dict[str, Any]:
    """Without trafilatura there is no baseline."""
    what = f"an article of {len(article.body) // 1000} kB, sanitised, beside trafilatura and nh3"
    if find_spec("trafilatura") is None:
        return {"what": what, "ours": {}, "baseline": None, "ratio": None, "budget": 1.1,
                "met": False}  # fmt: skip
    row = _compare(
        what, 1.1, runs,
        lambda: read_article(article, portal), lambda: _article_by_trafilatura(article.body),
    )  # fmt: skip
    is_quick = row["ours"]["cpu_ms"] <= MAX_ARTICLE_MS
    return {**row, "budget": f"1.1, and {MAX_ARTICLE_MS} ms", "met": row["met"] and is_quick}


def _compare(
    what: str, budget: float, runs: int, ours: Callable[[], object], baseline: Callable[[], object]
) -> dict[str, Any]:
    """Interleaved, warmed once; CPU milliseconds each."""
    ours(), baseline()
    spent: dict[str, list[float]] = {"ours": [], "baseline": []}
    for _ in range(runs):
        for name, work in (("ours", ours), ("baseline", baseline)):
            start = time.thread_time()
            work()
            spent[name].append((time.thread_time() - start) * 1000)
    mine, theirs = statistics.median(spent["ours"]), statistics.median(spent["baseline"])
    return ratio_row(what, budget, mine, theirs)


@contextmanager
def _server(body: bytes, context: ssl.SSLContext | None = None) -> Iterator[str]:
    class PageHandler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return None

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), PageHandler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"{'https' if context else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A CA that is its own host, for loopback and an hour."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Loa bench")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "ca.pem", folder / "key.pem"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return public, context


class _SharedContext(HTTPAdapter):
    """The baseline's adapter: requests, told to keep one context."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=self._context)

    def cert_verify(self, conn: Any, _url: str, _verify: Any, _cert: Any) -> None:
        conn.cert_reqs = "CERT_REQUIRED"


def _fetcher() -> Fetcher:
    return Fetcher(PollingSettings(min_delay_per_host_s=0), _OpenGate(), lambda: datetime.now(UTC))


def _measure_unchanged(runs: int) -> dict[str, Any]:
    body = _listing()
    with _server(body) as url:
        fetcher, portal = _fetcher(), _portal("td-portal", url)
        known = Validators(sha256=sha256(body).hexdigest())
        session = requests.Session()
        session.trust_env = False
        row = _compare(
            f"an unchanged listing of {len(body) // 1000} kB", 1.2, runs,
            lambda: fetcher.get(url + "/list", known, portal=portal),
            lambda: session.get(url + "/list", timeout=20).content,
        )  # fmt: skip
        fetcher.close()
        session.close()
    return row


def _measure_tls(runs: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        ca_file, context = _certificate(Path(folder))
        with _server(b"x" * 1000, context) as url:
            fetcher, portal = _fetcher(), _portal("td-portal", url, ca_file=ca_file)
            shared = ssl.create_default_context(cafile=str(ca_file))
            shared.load_verify_locations(cafile=certifi.where())

            def ours() -> None:
                fetcher.get(url + "/list", portal=portal)
                fetcher.forget_connections()

            def baseline() -> None:
                with requests.Session() as session:
                    session.trust_env = False
                    session.mount("https://", _SharedContext(shared))
                    _ = session.get(url + "/list", timeout=20).content

            row = _compare("a poll of a host not met before, TLS", 1.2, runs, ours, baseline)
            fetcher.close()
    return row


def _measure_apart(
    listing: Page, article: Page, portal: PortalConfig, blocks: int
) -> dict[str, Any]:
    """A listing fetched and read, and an article read: by the pool or here."""
    with contextlib.closing(SandboxPool()) as pool, _server(listing.body) as url:
        fetcher, asked = _fetcher(), _portal("td-portal", url)

        def poll(
            read_list: Callable[[Page, PortalConfig, ListingConfig], object],
            read: Callable[[Page, PortalConfig], object],
        ) -> None:
            page = fetcher.get(url + "/list", portal=asked)
            assert page is not None
            read_list(page, portal, portal.listings[0])
            read(article, portal)

        reader = SandboxedReader(pool)
        row = compare_apart(
            f"a poll of a changed listing of {len(listing.body) // 1000} kB and an article of "
            f"{len(article.body) // 1000} kB, read apart, beside read in this process", blocks,
            lambda: poll(reader.read_listing, reader.read_article),
            lambda: poll(read_listing, read_article),
        )  # fmt: skip
        fetcher.close()
    return row


def run(quick: bool) -> list[dict[str, Any]]:
    """The rows of budgets.md that are about polling."""
    runs = 15 if quick else 60
    listing, article, feed = (
        _page(_listing(), "/list"),
        _page(_article(), "/a.aspx"),
        _page(_feed(), "/rss"),
    )
    td, upstream = _portal("td-portal"), _portal("feed")
    return [
        _measure_unchanged(runs * 3),
        _measure_tls(runs * 2),
        _measure_apart(listing, article, td, max(runs // 5, 3)),
        _compare(
            f"a changed listing of {len(listing.body) // 1000} kB, 200 rows", 2.0, runs,
            lambda: read_listing(listing, td, td.listings[0]),
            lambda: _listing_by_hand(listing.body),
        ),
        _compare(
            "the same, beside raw strings: no absolute link, no instant", 2.0, runs,
            lambda: read_listing(listing, td, td.listings[0]),
            lambda: _strings_by_hand(listing.body),
        ),
        _measure_article(article, td, runs),
        _compare(
            "an upstream feed of 500 entries", 1.2, max(runs // 5, 5),
            lambda: read_listing(feed, upstream, upstream.listings[0]),
            lambda: feedparser.parse(BytesIO(feed.body), sanitize_html=False),
        ),
        _compare(
            "the same, beside feedparser with its resolving of links off too", 1.2,
            max(runs // 5, 5),
            lambda: read_listing(feed, upstream, upstream.listings[0]),
            lambda: feedparser.parse(BytesIO(feed.body), sanitize_html=False,
            resolve_relative_uris=False),
        ),
    ]  # fmt: skip
