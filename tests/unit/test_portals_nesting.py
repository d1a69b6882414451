"""How deep a page nests, before it is parsed (F16, S2)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser, LexborNode

from service.portals.nesting import MOST_DEEP, flattened

TAGS = ("div", "span", "x", "p", "li", "ul", "table", "tr", "td", "h2", "a", "b", "title")


def depth(source: str) -> int:
    root = LexborHTMLParser(source).root
    assert root is not None
    most, todo = 0, [(root, 1)]
    while todo:
        node, at = todo.pop()
        most = max(most, at)
        child: LexborNode | None = node.first_child
        while child is not None:
            if child.is_element_node:
                todo.append((child, at + 1))
            child = child.next
    return most


@pytest.mark.parametrize(
    "source",
    [
        "<ul><li>một<li>hai<br></ul>" * 900,
        "<p>một" * 3000 + "<img src=x>" * 3000,
        "<table>" + "<tr><td>x" * 3000 + "</table>",
        "<script>" + "document.write('<div>');" * 2000 + "</script><div>x</div>",
        "<DIV>x</DIV>" * 3000,
        '<svg viewBox="0 0 9 9"><path d="M0 0"/><use href="#x" /></svg>' * 2000,
        "<textarea>" + "<div>" * 2000 + "</textarea>",
        "<div>" * MOST_DEEP + "x" + "</div>" * MOST_DEEP,
    ],
)
def test_F16_a_usual_page_is_left_as_it_is(source: str) -> None:
    assert flattened(source) is source


@settings(deadline=None)  # how long a tree takes is not the question
@given(st.lists(st.sampled_from([*TAGS, *("/" + tag for tag in TAGS)]), min_size=2, max_size=6))
def test_F16_whatever_is_repeated_nests_no_deeper_than_is_of_use(tags: list[str]) -> None:
    source = "".join(f"<{tag}>" for tag in tags) * 2500
    # between two that count stand the five of a table at the most
    assert depth(flattened(source)) <= 6 * MOST_DEEP


def test_F16_words_between_tags_that_are_left_out_stay() -> None:
    flat = flattened("<div>" * 900 + "".join(f"<div>tin {n}</div>" for n in range(50)))
    assert all(f"tin {n}" in flat for n in range(50))
    assert depth(flat) <= MOST_DEEP + 3


def test_F16_a_tag_without_an_end_is_the_last() -> None:
    assert flattened("<div>" * (MOST_DEEP + 1) + "<b") == "<div>" * MOST_DEEP
