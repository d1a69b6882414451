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
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from random import Random
from resource import RUSAGE_SELF, getrusage
from typing import Any
from urllib.request import urlopen

from feedgen.feed import FeedGenerator
from isal import igzip

from service.feeds import rss
from service.feeds.model import Feed, FeedSpec, Format
from service.feeds.page import Renderer
from service.feeds.site import Site
from service.types import AttachmentLink, PortalName, Post, Understanding
from service.web.feed_maker import GZIP_LEVEL
from service.web.hot import Answer, ThinLayer, build_answer
from service.web.server import free_port, serve

SYLLABLES = [
    onset + rhyme
    for onset in (
        "",
        "b",
        "c",
        "ch",
        "d",
        "đ",
        "g",
        "h",
        "kh",
        "l",
        "m",
        "n",
        "ng",
        "nh",
        "ph",
        "qu",
        "t",
        "th",
        "tr",
    )
    for rhyme in ("a", "an", "ang", "anh", "ăn", "ân", "em", "ên", "iên", "in", "oan", "ông", "ơi", "ung", "ương")
]
SITE = Site("http://127.0.0.1:8080", "Bản tin chỉ đạo điều hành", labels={"directives": "Chỉ đạo điều hành"})
SPEC = FeedSpec("all", "Tất cả tin", "All posts", "Mọi tin.")
AT = datetime(2024, 1, 28, 2, 16, tzinfo=UTC)
HOST = "127.0.0.1"
CONNECTIONS = 32
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def run(quick: bool) -> list[dict[str, Any]]:
    rows = [_render(size, rounds=5 if quick else 15) for size in ((50, 500) if quick else (50, 500, 5_000))]
    rows.append(_memory(2_000 if quick else 5_000))
    return [*rows, *_serving(seconds=1 if quick else 4, rounds=5)]


def _sentence(random: Random, words: int) -> str:
    return " ".join(random.choice(SYLLABLES) for _ in range(words)).capitalize() + "."


def make_posts(count: int) -> tuple[Post, ...]:
    return tuple(_post(number, AT - timedelta(hours=number)) for number in range(count))


def _post(number: int, at: datetime) -> Post:
    random = Random(number)  # noqa: S311  # words that compress as words do, the same in every run
    words = _sentence(random, 30)
    pdf = AttachmentLink(f"https://portal.example/f/{number}.pdf", f"{number}.pdf", "application/pdf", 1000 + number)
    return Post(
        id=f"00000000-0000-5000-8000-{number:012d}",
        revision=1,
        portal=PortalName("quangxuong", "UBND huyện Quảng Xương"),
        url=f"https://portal.example/portal/Pages/2024-1-28/bai-{number}.aspx",
        title=f"Công văn số {number}/UBND-VP",
        html="".join(f"<p>{_sentence(random, 80)}</p>" for _ in range(12)),
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
    renderer = Renderer(SITE, _refuse, capacity_bytes=64 << 20)
    _made(renderer, Feed(SPEC, posts[rounds:]))
    ours: list[float] = []
    theirs: list[float] = []
    unchanged: list[float] = []
    for number in range(rounds - 1, -1, -1):
        feed = Feed(SPEC, posts[number : number + size])
        ours.append(_cpu_ms(lambda feed=feed: _made(renderer, feed)))  # type: ignore[misc] # a default binds the loop's value
        tag = _made(renderer, feed)
        unchanged.append(_cpu_ms(lambda feed=feed, tag=tag: _made(renderer, feed, tag)))  # type: ignore[misc] # likewise
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


def _made(renderer: Renderer, feed: Feed, known_tag: str = "") -> str:
    """As the web process makes it: stamps in place of posts that are known, the new entry and the head checked, and
    nothing more where the tag is known. Gives the tag."""
    entries = []
    for post in feed.posts:
        is_known, entry = renderer.known(post.id, Format.RSS, post.id.encode())
        entries.append(entry if is_known else renderer.entry(post, Format.RSS, post.id.encode()))
    joined = renderer.join(feed, Format.RSS, entries)
    if joined.tag != known_tag:
        problem = renderer.problem(joined, Format.RSS)
        if problem is not None:
            raise AssertionError(problem)
        igzip.compress(joined.body(), GZIP_LEVEL, mtime=0)
    return joined.tag


def _memory(size: int) -> dict[str, Any]:
    """The peak of one feed of `size` entries over what the process had before, each side in a process of its own."""
    mine, other = _peak_mb(_stream, size), _peak_mb(_whole_of, size)
    return {
        "what": f"a feed of {size} entries, peak memory",
        "ours": {"mb": round(mine, 1)},
        "baseline": {"what": "feedgen", "mb": round(other, 1)},
        "ratio": round(mine / other, 3),
        "budget": "<= 0.5",
        "met": mine <= other / 2,
    }


def _stream(size: int) -> object:
    renderer = Renderer(SITE, _refuse)
    entries = [renderer.entry(_post(n, AT - timedelta(hours=n)), Format.RSS, b"%d" % n) for n in range(size)]
    return renderer.join(Feed(SPEC, ()), Format.RSS, entries).body()


def _whole_of(size: int) -> object:
    return _whole(Feed(SPEC, make_posts(size)))


def _peak_mb(work: Callable[[int], object], size: int) -> float:
    def measure() -> None:
        before = getrusage(RUSAGE_SELF).ru_maxrss
        work(size)
        sender.send((getrusage(RUSAGE_SELF).ru_maxrss - before) / 1024)

    context = get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=measure)
    process.start()
    peak: float = receiver.recv()
    process.join()
    return peak


def _refuse(problem: str) -> None:
    raise AssertionError(problem)


def _whole(feed: Feed) -> bytes:
    head: FeedGenerator = rss.build_head(SITE, feed, SPEC.title, Format.RSS)
    for post in feed.posts:
        head.add_entry(rss.build_entry(SITE, post, Format.RSS), order="append")
    body: bytes = head.rss_str()
    return body


# --- serving ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Load:
    """What a server did under load."""

    per_s: float
    cpu_us: float
    """Of the server, for one request."""
    p99_ms: float


class _OneFeed:
    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def answer(self, path: str) -> Answer | None:
        return self._answer if path == "/feeds/all.rss" else None


def _serving(seconds: int, rounds: int) -> list[dict[str, Any]]:
    feed = Feed(SPEC, tuple(replace(post, html=post.html[:4000]) for post in make_posts(50)))
    joined = Renderer(SITE, _refuse).render(feed, Format.RSS)
    body = joined.body()
    zipped = igzip.compress(body, GZIP_LEVEL, mtime=0)
    answer = build_answer(body, zipped, joined.tag, Format.RSS.content_type, joined.updated_at)
    wrk = shutil.which("wrk")
    results: dict[tuple[str, str], list[Load]] = {}
    with _ours(answer) as ours, _nginx(body, zipped) as nginx:
        for _ in range(rounds if wrk else 0):
            for side, served in (("ours", ours), ("nginx", nginx)):
                if served is None:
                    continue
                etag = _etag(served[0])
                for kind, extra in (("304", [f"If-None-Match: {etag}"]), ("200 gzip", [])):
                    results.setdefault((side, kind), []).append(_wrk(str(wrk), served, seconds, extra))
    return [
        _served("feed, 304", results, "304", 0.3, ">= 0.3 of nginx"),
        _served("feed, 200 with gzip", results, "200 gzip", 0.4, ">= 0.4 of nginx"),
    ]


def _served(
    what: str, results: dict[tuple[str, str], list[Load]], kind: str, least: float, budget: str
) -> dict[str, Any]:
    ours, nginx = results.get(("ours", kind)), results.get(("nginx", kind))
    mine, other = (_median(ours) if ours else None), (_median(nginx) if nginx else None)
    ratio = mine["per_s"] / other["per_s"] if mine and other else None
    return {
        "what": what,
        "ours": mine or {"missing": "wrk is not installed"},
        "baseline": {"what": "nginx, a file", **other} if other else {},
        "ratio": round(ratio, 3) if ratio else None,
        "budget": budget,
        "met": ratio is not None and ratio >= least,
    }


def _etag(port: int) -> str:
    from urllib.request import Request

    request = Request(f"http://{HOST}:{port}/feeds/all.rss", headers={"Accept-Encoding": "gzip"})
    with urlopen(request, timeout=5) as response:  # noqa: S310  # our own loopback server
        return str(response.headers["ETag"])


def _median(loads: list[Load]) -> dict[str, float]:
    return {
        "per_s": round(statistics.median(load.per_s for load in loads)),
        "cpu_us": round(statistics.median(load.cpu_us for load in loads), 1),
        "p99_ms": round(statistics.median(load.p99_ms for load in loads), 2),
    }


def _cpu_s(pid: int) -> float:
    """User and system time of a process and its children, from /proc (proc(5), fields 14 and 15)."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    own = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(own[11]) + int(own[12])
    return ticks / os.sysconf("SC_CLK_TCK") + sum(_cpu_s(int(child)) for child in children)


def _wrk(wrk: str, served: tuple[int, int], seconds: int, headers: list[str]) -> Load:
    port, pid = served
    lines = [part for header in (*headers, "Accept-Encoding: gzip") for part in ("-H", header)]
    command = [
        wrk,
        "-t1",
        "--latency",
        f"-c{CONNECTIONS}",
        f"-d{seconds}s",
        *lines,
        f"http://{HOST}:{port}/feeds/all.rss",
    ]
    before = _cpu_s(pid)
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603  # fixed words
    used_s = _cpu_s(pid) - before
    found = re.search(r"99%\s+([\d.]+)(us|ms|s)\b.*?(\d+) requests in.*?Requests/sec:\s*([\d.]+)", shown, re.S)
    if found is None:
        raise RuntimeError(f"cannot read the answer of wrk: {shown!r}")
    p99_ms = float(found[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found[2]]
    return Load(float(found[4]), used_s / int(found[3]) * 1e6, p99_ms)


@contextmanager
def _ours(answer: Answer) -> Iterator[tuple[int, int]]:
    """Port and process of our server."""
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
        yield port, process.pid or 0
    finally:
        if process.pid is not None:
            os.kill(process.pid, signal.SIGTERM)
        process.join(15)


@contextmanager
def _nginx(body: bytes, zipped: bytes) -> Iterator[tuple[int, int] | None]:
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
            yield port, process.pid
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
