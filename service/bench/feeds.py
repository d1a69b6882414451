"""`loa bench feeds`: a feed of 50 entries, rendered and served, beside feedgen with gzip and nginx with a file.

Serving is measured by wrk when it is installed, one side after the other in one run; without wrk or nginx the
baseline is missing and the rows say so.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from feedgen.feed import FeedGenerator
from isal import igzip

from service.feeds import rss
from service.feeds.model import Feed, FeedSpec, Format
from service.feeds.page import Renderer
from service.feeds.site import Site, feed_updated_at
from service.types import AttachmentLink, PortalName, Post, Understanding
from service.web.hot import Answer, ThinLayer, build_answer
from service.web.server import free_port, serve

SITE = Site("http://127.0.0.1:8080", "Bản tin chỉ đạo điều hành", labels={"directives": "Chỉ đạo điều hành"})
SPEC = FeedSpec("all", "Tất cả tin", "All posts", "Mọi tin.")
HOST = "127.0.0.1"
CONNECTIONS = 32
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def run(quick: bool) -> list[dict[str, Any]]:
    rows = [_render(size, rounds=5 if quick else 15) for size in ((50, 500) if quick else (50, 500, 5_000))]
    return [*rows, *_serving(seconds=2 if quick else 5, rounds=3 if quick else 5)]


def make_posts(count: int) -> tuple[Post, ...]:
    at = datetime(2024, 1, 28, 2, 16, tzinfo=UTC)
    return tuple(_post(number, at - timedelta(hours=number)) for number in range(count))


def _post(number: int, at: datetime) -> Post:
    words = (
        f"Thực hiện Công văn số {number}/UBND-VP của Ủy ban nhân dân huyện về việc triển khai nhiệm vụ trọng tâm. "
    )
    pdf = AttachmentLink(f"https://portal.example/f/{number}.pdf", f"{number}.pdf", "application/pdf", 1000 + number)
    return Post(
        id=f"00000000-0000-5000-8000-{number:012d}",
        revision=1,
        portal=PortalName("quangxuong", "UBND huyện Quảng Xương"),
        url=f"https://portal.example/portal/Pages/2024-1-28/bai-{number}.aspx",
        title=f"Công văn số {number}/UBND-VP",
        html="".join(f"<p>{words}</p>" for _ in range(36)),
        text=words,
        understanding=Understanding(("directives",), summary=words),
        attachments=(pdf,) * (number % 2),
        published_at=at,
        updated_at=at,
        first_seen_at=at,
    )


def _cpu_ms(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1000


def _render(size: int, rounds: int) -> dict[str, Any]:
    """One new post into a feed that is known: render, tag and gzip; beside feedgen building it all and gzip at 6."""
    posts = make_posts(size + rounds)
    renderer = Renderer(SITE, _refuse)
    renderer.render(Feed(SPEC, posts[rounds:]), Format.RSS)
    ours: list[float] = []
    theirs: list[float] = []
    unchanged: list[float] = []
    for number in range(rounds - 1, -1, -1):
        feed = Feed(SPEC, posts[number : number + size])
        ours.append(_cpu_ms(lambda feed=feed: igzip.compress(renderer.render(feed, Format.RSS).body(), 2, mtime=0)))  # type: ignore[misc] # a default binds the loop's value
        unchanged.append(_cpu_ms(lambda feed=feed: renderer.render(feed, Format.RSS)))  # type: ignore[misc] # likewise
        if len(theirs) < 5:
            theirs.append(_cpu_ms(lambda feed=feed: gzip.compress(_whole(feed), 6)))  # type: ignore[misc] # likewise
    mine, other = statistics.median(ours), statistics.median(theirs)
    return {
        "what": f"one new post into a feed of {size}",
        "ours": {"cpu_ms": round(mine, 3), "unchanged_ms": round(statistics.median(unchanged), 3)},
        "baseline": {"what": "feedgen, gzip 6", "cpu_ms": round(other, 3)},
        "ratio": round(mine / other, 4),
        "budget": "<= 1/30",
        "met": mine <= other / 30,
    }


def _refuse(problem: str) -> None:
    raise AssertionError(problem)


def _whole(feed: Feed) -> bytes:
    head: FeedGenerator = rss.build_head(SITE, feed, SPEC.title, Format.RSS)
    for post in feed.posts:
        head.add_entry(rss.build_entry(SITE, post, Format.RSS), order="append")
    body: bytes = head.rss_str()
    return body


# --- serving ----------------------------------------------------------------------------------


class _OneFeed:
    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def answer(self, path: str) -> Answer | None:
        return self._answer if path == "/feeds/all.rss" else None


def _serving(seconds: int, rounds: int) -> list[dict[str, Any]]:
    feed = Feed(SPEC, tuple(replace(post, html=post.html[:4000]) for post in make_posts(50)))
    joined = Renderer(SITE, _refuse).render(feed, Format.RSS)
    body = joined.body()
    zipped = igzip.compress(body, 2, mtime=0)
    answer = build_answer(body, zipped, joined.tag, Format.RSS.content_type, feed_updated_at(feed.posts))
    wrk = shutil.which("wrk")
    results: dict[tuple[str, str], list[float]] = {}
    with _ours(answer) as our_port, _nginx(body, zipped) as nginx_port:
        for _ in range(rounds if wrk else 0):
            for side, port in (("ours", our_port), ("nginx", nginx_port)):
                if port is None:
                    continue
                etag = _etag(port)
                for kind, extra in (("304", [f"If-None-Match: {etag}"]), ("200 gzip", [])):
                    results.setdefault((side, kind), []).append(_wrk(str(wrk), port, seconds, extra))
    return [
        _served("feed, 304", results, "304", 0.3, ">= 0.3 of nginx"),
        _served("feed, 200 with gzip", results, "200 gzip", 0.4, ">= 0.4 of nginx"),
    ]


def _served(
    what: str, results: dict[tuple[str, str], list[float]], kind: str, least: float, budget: str
) -> dict[str, Any]:
    ours, nginx = results.get(("ours", kind)), results.get(("nginx", kind))
    ratio = statistics.median(ours) / statistics.median(nginx) if ours and nginx else None
    return {
        "what": what,
        "ours": {"per_s": round(statistics.median(ours))} if ours else {"missing": "wrk is not installed"},
        "baseline": {"what": "nginx, a file", "per_s": round(statistics.median(nginx))} if nginx else {},
        "ratio": round(ratio, 3) if ratio else None,
        "budget": budget,
        "met": ratio is not None and ratio >= least,
    }


def _etag(port: int) -> str:
    from urllib.request import Request

    request = Request(f"http://{HOST}:{port}/feeds/all.rss", headers={"Accept-Encoding": "gzip"})
    with urlopen(request, timeout=5) as response:  # noqa: S310  # our own loopback server
        return str(response.headers["ETag"])


def _wrk(wrk: str, port: int, seconds: int, headers: list[str]) -> float:
    lines = [part for header in (*headers, "Accept-Encoding: gzip") for part in ("-H", header)]
    command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", *lines, f"http://{HOST}:{port}/feeds/all.rss"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603  # fixed words
    found = re.search(r"Requests/sec:\s*([\d.]+)", shown)
    if found is None:
        raise RuntimeError(f"cannot read the answer of wrk: {shown!r}")
    return float(found[1])


@contextmanager
def _ours(answer: Answer) -> Iterator[int]:
    port = free_port(HOST)

    def nothing(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("404 Not Found", [("Content-Length", "0")])
        return [b""]

    def serve_it() -> None:
        os.setpgid(0, 0)
        raise SystemExit(serve(lambda: ThinLayer(nothing, _OneFeed(answer)), host=HOST, port=port))

    process = get_context("fork").Process(target=serve_it)
    process.start()
    try:
        _wait_for(port)
        yield port
    finally:
        if process.pid is not None:
            os.kill(process.pid, signal.SIGTERM)
        process.join(15)


@contextmanager
def _nginx(body: bytes, zipped: bytes) -> Iterator[int | None]:
    if NGINX is None:
        yield None
        return
    port = free_port(HOST)
    with tempfile.TemporaryDirectory(prefix="loa-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "feeds").mkdir()
        (folder / "feeds/all.rss").write_bytes(body)
        (folder / "feeds/all.rss.gz").write_bytes(zipped)
        conf = folder / "nginx.conf"
        conf.write_text(
            f"daemon off; master_process off; pid {name}/pid; error_log {name}/error.log;\n"
            "events { worker_connections 1024; }\n"
            f"http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; "
            f"types {{ application/rss+xml rss; }} client_body_temp_path {name}/b; proxy_temp_path {name}/p; "
            f"fastcgi_temp_path {name}/f; uwsgi_temp_path {name}/u; scgi_temp_path {name}/s;\n"
            f"server {{ listen {HOST}:{port}; root {name}; gzip_static on; open_file_cache max=10; }} }}\n"
        )
        process = subprocess.Popen([NGINX, "-c", str(conf), "-e", f"{name}/error.log"])  # noqa: S603  # fixed words
        try:
            _wait_for(port)
            yield port
        finally:
            process.terminate()
            process.wait(10)


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            _etag(port)
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"cannot reach the server on port {port}")
