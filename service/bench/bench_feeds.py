"""`loa bench feeds`: a feed of 50 entries, rendered and served, beside feedgen with gzip and nginx
with a file.

What serving costs is in `serving`, how soon a change is served in `freshness`.
"""

from __future__ import annotations

import gzip
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from random import Random
from resource import RUSAGE_SELF, getrusage
from typing import Any

from feedgen.feed import FeedGenerator

from service.bench import freshness, serving
from service.feeds import rss
from service.feeds.markup import Site
from service.feeds.model import Feed, FeedSpec, Format
from service.feeds.page import Renderer
from service.feeds.zipped import CompressedBody, zip_feed
from service.types import AttachmentLink, PortalName, Post, Understanding
from service.web.feeds.feed_cache import FeedCache
from service.web.server.hot import build_answer

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
    for rhyme in (
        "a",
        "an",
        "ang",
        "anh",
        "ăn",
        "ân",
        "em",
        "ên",
        "iên",
        "in",
        "oan",
        "ông",
        "ơi",
        "ung",
        "ương",
    )
]
SITE = Site(
    "http://127.0.0.1:8080", "Bản tin chỉ đạo điều hành", labels={"directives": "Chỉ đạo điều hành"}
)
SPEC = FeedSpec("all", "Tất cả tin", "All posts", "Mọi tin.")
AT = datetime(2024, 1, 28, 2, 16, tzinfo=UTC)


def run(quick: bool) -> list[dict[str, Any]]:
    rows = [_render(size, rounds=25) for size in ((50, 500) if quick else (50, 500, 5_000))]
    rows.append(_memory(2_000 if quick else 5_000))
    return [*rows, *serving.run(_the_feed(), quick), *freshness.run(quick)]


def _the_feed() -> serving.ServedFeed:
    """A feed of 50 entries and 200 kB."""
    feed = Feed(SPEC, tuple(replace(post, html=post.html[:4000]) for post in make_posts(50)))
    joined = Renderer(SITE, _refuse).render(feed, Format.RSS)
    zipped = zip_feed(joined.body, joined.pieces).body
    answer = build_answer(
        joined.body, zipped, joined.tag, Format.RSS.content_type, joined.updated_at
    )
    return serving.ServedFeed(joined.body, zipped, answer)


def _sentence(random: Random, words: int) -> str:
    return " ".join(random.choice(SYLLABLES) for _ in range(words)).capitalize() + "."


def make_posts(count: int) -> tuple[Post, ...]:
    return tuple(_post(number, AT - timedelta(hours=number)) for number in range(count))


def _post(number: int, at: datetime) -> Post:
    random = Random(number)  # noqa: S311  # words that compress as words do, the same in every run
    words = _sentence(random, 30)
    pdf = AttachmentLink(
        f"https://portal.example/f/{number}.pdf", f"{number}.pdf", "application/pdf", 1000 + number
    )
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
    """One new post into a feed that is known: render, tag and gzip; beside feedgen building it all
    and gzip at 6."""
    posts = make_posts(size + rounds)
    renderer = Renderer(SITE, _refuse, capacity_bytes=64 << 20, shelf=FeedCache())
    ours: list[float] = []
    theirs: list[float] = []
    unchanged: list[float] = []
    made = [_made(renderer, Feed(SPEC, posts[rounds:]))]
    for number in range(rounds - 1, -1, -1):
        feed = Feed(SPEC, posts[number : number + size])
        ours.append(_cpu_ms(lambda feed=feed: made.append(_made(renderer, feed, made.pop()))))  # type: ignore[misc] # a default binds the loop's value
        unchanged.append(_cpu_ms(lambda feed=feed: _made(renderer, feed, made[0])))  # type: ignore[misc] # likewise
        if len(theirs) < 5:
            theirs.append(_cpu_ms(lambda feed=feed: gzip.compress(_whole(feed), 6)))  # type: ignore[misc] # likewise
    mine, other = statistics.median(ours), statistics.median(theirs)
    return {
        "what": f"one new post into a feed of {size}",
        "ours": {
            "cpu_ms": round(mine, 3),
            "unchanged_ms": round(statistics.median(unchanged), 3),
            "gzip_bytes": len(made[0].zipped.body),
        },
        "baseline": {
            "what": "feedgen, gzip 6",
            "cpu_ms": round(other, 3),
            "gzip_bytes": len(gzip.compress(made[0].body, 6)),
        },
        "ratio": round(mine / other, 4),
        "budget": "<= 1/30",
        "met": mine <= other / 30,
    }


@dataclass(frozen=True, slots=True)
class _PackedAnswer:
    body: bytes
    tag: str
    zipped: CompressedBody


def _made(renderer: Renderer, feed: Feed, last: _PackedAnswer | None = None) -> _PackedAnswer:
    """As the web process makes it: stamps in place of posts that are known, the new entry parsed
    back, the whole judged, gzip of what is new, and nothing after the tag where the last one has
    it."""
    entries = []
    for post in feed.posts:
        is_known, entry = renderer.known(post.id, Format.RSS, post.id.encode())
        entries.append(entry if is_known else renderer.entry(post, Format.RSS, post.id.encode()))
    joined = renderer.join(feed, Format.RSS, entries)
    if last is not None and last.tag == joined.tag:
        return last
    problem = renderer.problem(feed, Format.RSS, joined)
    if problem is not None:
        raise AssertionError(problem)
    return _PackedAnswer(
        joined.body, joined.tag, zip_feed(joined.body, joined.pieces, last.zipped if last else None)
    )


def _memory(size: int) -> dict[str, Any]:
    """The peak of one feed of `size` entries over what the process had before, each side in a
    process of its own."""
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
    entries = [
        renderer.entry(_post(n, AT - timedelta(hours=n)), Format.RSS, b"%d" % n)
        for n in range(size)
    ]
    return renderer.join(Feed(SPEC, ()), Format.RSS, entries).body


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
