"""A whole feed is judged by its bytes before it replaces the last good one: whatever is wrong with
them is found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from service.feeds.feed_document import document_problem
from service.feeds.markup import Site
from service.feeds.model import Feed, Format
from service.feeds.page import JoinedPage, Renderer
from tests.fakes_feeds import ALL, AT, SITE, make_post

FORMATS = (Format.RSS, Format.ATOM, Format.JSON)
XML = (Format.RSS, Format.ATOM)
POSTS = (make_post(0), make_post(1, withdrawn_at=AT), make_post(2))
PAGE = Feed(ALL, POSTS, before="c1", previous="c0", following="c2", is_archive=True)
FEEDS = {
    "current": Feed(ALL, POSTS, previous="c0", is_archive=True),
    "archive": PAGE,
    "narrowed": Feed(ALL, POSTS, (("category", "news"), ("q", "“]]>” & <b>")), previous="c0"),
    "empty": Feed(ALL, ()),
}


def joined(feed: Feed, fmt: Format) -> JoinedPage:
    return Renderer(SITE, pytest.fail).render(feed, fmt)


def problem(feed: Feed, fmt: Format, made: JoinedPage, **other: object) -> str | None:
    made = replace(made, **other)  # type: ignore[arg-type] # fields of Joined
    return document_problem(SITE, feed, fmt, made.body, made.entries, made.updated_at)


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("name", FEEDS)
def test_a_feed_as_it_was_meant_has_no_problem(name: str, fmt: Format) -> None:
    assert problem(FEEDS[name], fmt, joined(FEEDS[name], fmt)) is None


@pytest.mark.parametrize("fmt", FORMATS)
def test_a_byte_that_is_lost_or_changed_anywhere_is_found(fmt: Format) -> None:
    made = joined(PAGE, fmt)
    head, end = made.pieces.ends[0], made.pieces.ends[-2]
    offsets = [*range(head), *range(head, end, 97), *range(end, len(made.body))]
    for at in offsets:
        before, byte, after = made.body[:at], made.body[at : at + 1], made.body[at + 1 :]
        other = b"y" if byte == b"x" else b"x"
        for changed in (before + after, before + other + after, before + byte + other + after):
            assert problem(PAGE, fmt, made, body=changed) is not None, (
                at,
                changed[max(0, at - 30) : at + 30],
            )
    assert problem(PAGE, fmt, made, body=made.body + b" ") is not None


def _swap(made: JoinedPage) -> bytes:
    first, *_, last = (entry.body for entry in made.entries)
    return made.body.replace(first, b"\1").replace(last, first).replace(b"\1", last)


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize(
    "joint",
    [
        _swap,
        lambda made: made.body.replace(made.entries[0].body, b""),
        lambda made: made.body.replace(made.entries[0].body, made.entries[0].body * 2),
        lambda made: made.body.replace(made.entries[-1].body, made.entries[-1].body + b" x"),
    ],
    ids=["swapped", "missing", "twice", "followed by something"],
)
def test_a_joint_that_went_wrong_is_found(
    fmt: Format, joint: Callable[[JoinedPage], bytes]
) -> None:
    made = joined(PAGE, fmt)
    assert problem(PAGE, fmt, made, body=joint(made)) is not None


@pytest.mark.parametrize("fmt", FORMATS)
def test_a_post_that_stands_there_twice_is_found(fmt: Format) -> None:
    renderer = Renderer(SITE, pytest.fail)
    made = renderer.join(PAGE, fmt, [renderer.entry(make_post(), fmt)] * 2)
    assert problem(PAGE, fmt, made) == "holds a post twice"


def test_json_items_without_a_comma_between_them_are_found() -> None:
    made = joined(PAGE, Format.JSON)
    glued = made.body.replace(b"}," + made.entries[1].body, b"}" + made.entries[1].body)
    assert glued != made.body and problem(PAGE, Format.JSON, made, body=glued) is not None


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize(
    ("other", "named"),
    [
        (replace(PAGE, spec=replace(ALL, title="Khác")), ("title",)),
        (replace(PAGE, spec=replace(ALL, description="Khác")), ("description", "subtitle")),
        (replace(PAGE, before="c9"), ("link self", "feed_url")),
    ],
)
def test_a_head_of_another_feed_is_named_by_what_differs(
    fmt: Format, other: Feed, named: tuple[str, ...]
) -> None:
    found = problem(other, fmt, joined(PAGE, fmt))
    assert found is not None and found.startswith(tuple(f"{name} reads back as" for name in named))


@pytest.mark.parametrize("fmt", XML)
def test_a_head_with_another_date_or_other_neighbours_is_found(fmt: Format) -> None:
    made = joined(PAGE, fmt)
    dated = problem(PAGE, fmt, made, updated_at=made.updated_at + timedelta(seconds=1))
    assert dated is not None and dated.startswith(
        ("updated reads back", "lastBuildDate reads back")
    )
    linked = problem(replace(PAGE, following="c9"), fmt, made)
    assert linked is not None and linked.startswith("link next-archive reads back as")
    current = problem(replace(PAGE, is_archive=False), fmt, made)
    assert current is not None


def test_a_json_head_that_leads_to_another_page_is_found() -> None:
    found = problem(replace(PAGE, previous="c9"), Format.JSON, joined(PAGE, Format.JSON))
    assert found is not None and found.startswith("next_url reads back as")


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("other", [replace(SITE, title="Khác"), replace(SITE, language="en")])
def test_a_head_of_another_site_is_found(fmt: Format, other: Site) -> None:
    made = joined(PAGE, fmt)
    assert document_problem(other, PAGE, fmt, made.body, made.entries, made.updated_at) is not None


@pytest.mark.parametrize("fmt", XML)
def test_a_root_that_declares_other_namespaces_is_found(fmt: Format) -> None:
    """Below it an entry that was parsed alone could mean something else."""
    made = joined(PAGE, fmt)
    body = made.body.replace(b'"http://purl.org/dc/elements/1.1/"', b'"urn:other"', 1)
    found = problem(PAGE, fmt, made, body=body)
    assert found is not None and found.startswith("namespaces reads back as")


@pytest.mark.parametrize("fmt", FORMATS)
def test_what_is_no_feed_at_all_is_found(fmt: Format) -> None:
    assert (
        problem(PAGE, fmt, joined(PAGE, fmt), body=b"<html></html>")
        == "has no place for its entries"
    )
