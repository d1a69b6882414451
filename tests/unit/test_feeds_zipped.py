"""gzip by pieces: what every reader inflates is the feed, and what did not change is not compressed
again."""

from __future__ import annotations

import gzip
import shutil
import subprocess
import zlib
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.feeds.model import Feed, Format, digest
from service.feeds.page import JoinedPage, Renderer
from service.feeds.zipped import NO_PIECES, WHOLE_BYTES, CompressedBody, Pieces, zip_feed
from tests.fakes_feeds import ALL, SITE, make_post

FORMATS = (Format.RSS, Format.ATOM, Format.JSON)


def long_posts(count: int) -> list[str]:
    return [f"<p>{' '.join(str(n * k) for k in range(1, 900))}</p>" for n in range(1, count + 1)]


HTML = long_posts(24)


def feed_of(numbers: range, fmt: Format) -> JoinedPage:
    posts = tuple(make_post(n, f"Tin {n}", html=HTML[n]) for n in numbers)
    return Renderer(SITE, pytest.fail).render(Feed(ALL, posts), fmt)


def of_parts(parts: list[bytes]) -> tuple[bytes, Pieces]:
    return b"".join(parts), Pieces(tuple(map(digest, parts)), tuple(accumulate(map(len, parts))))


@pytest.mark.parametrize("fmt", FORMATS)
def test_a_feed_inflates_to_its_bytes_whatever_it_was_before_and_is_the_same_in_every_process(
    fmt: Format,
) -> None:
    last = None
    for numbers in (range(4, 24), range(3, 23), range(3, 23), range(20), range(5, 24), range(24)):
        made = feed_of(numbers, fmt)
        assert len(made.body) > WHOLE_BYTES
        zipped = zip_feed(made.body, made.pieces, last)
        assert gzip.decompress(zipped.body) == made.body
        assert zipped == zip_feed(made.body, made.pieces)
        last = zipped


@pytest.mark.parametrize("fmt", FORMATS)
def test_a_new_entry_costs_the_compression_of_itself_and_of_its_neighbour(fmt: Format) -> None:
    before, after = feed_of(range(1, 23), fmt), feed_of(range(22), fmt)
    known = set(zip_feed(before.body, before.pieces).keys)
    keys = zip_feed(after.body, after.pieces).keys
    assert (
        len([key for key in keys if key not in known]) <= 3
    )  # the head, the new entry, the one after it
    assert len(keys) == 23


def test_it_is_one_member_of_one_stream_without_a_time() -> None:
    made = feed_of(range(24), Format.RSS)
    zipped = zip_feed(made.body, made.pieces).body
    reading = zlib.decompressobj(31)
    assert reading.decompress(zipped) == made.body
    assert reading.eof and not reading.unused_data
    assert zipped[4:8] == b"\0\0\0\0"
    program = shutil.which("gzip")
    if program is not None:
        unzipped = subprocess.run(
            [program, "-dc"], input=zipped, capture_output=True, check=True
        ).stdout
        assert unzipped == made.body


def test_a_small_feed_is_compressed_at_once() -> None:
    made = feed_of(range(1), Format.RSS)
    zipped = zip_feed(made.body, made.pieces)
    assert zipped == CompressedBody(zipped.body) and gzip.decompress(zipped.body) == made.body


@settings(max_examples=60, deadline=None)
@given(
    parts=st.lists(
        st.binary(min_size=1, max_size=200).map(lambda seed: seed * 60), min_size=1, max_size=30
    ),
    kept=st.sets(st.integers(0, 29)),
)
def test_any_parts_inflate_to_themselves_with_any_of_them_known(
    parts: list[bytes], kept: set[int]
) -> None:
    head, end = bytes(WHOLE_BYTES), b"</end>"
    body, pieces = of_parts([head, *parts, end])
    was, was_pieces = of_parts([head, *(part for n, part in enumerate(parts) if n in kept), end])
    last = zip_feed(was, was_pieces)
    zipped = zip_feed(body, pieces, last)
    assert gzip.decompress(zipped.body) == body
    assert zipped == zip_feed(body, pieces)


def test_nothing_is_a_feed_too() -> None:
    assert gzip.decompress(zip_feed(b"", NO_PIECES).body) == b""
