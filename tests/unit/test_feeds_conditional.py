"""Conditional requests and codings, as RFC 9110 words them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.web.server.conditional import (
    is_browser,
    precondition,
    prefers_gzip,
    read_entity_tags,
    read_http_date,
)

TAG = '"abc"'
AT = 1_700_000_000
DATE = "Tue, 14 Nov 2023 22:13:20 GMT"
EARLIER = "Tue, 14 Nov 2023 22:13:19 GMT"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"IF_NONE_MATCH": TAG}, 304),
        ({"IF_NONE_MATCH": 'W/"abc"'}, 304),
        ({"IF_NONE_MATCH": '"x", W/"y,z" , "abc"'}, 304),
        ({"IF_NONE_MATCH": '"x","y"'}, 200),
        ({"IF_NONE_MATCH": "*"}, 304),
        ({"IF_NONE_MATCH": "abc"}, 200),
        ({"IF_NONE_MATCH": ""}, 200),
        ({"IF_NONE_MATCH": '"ABC"'}, 200),
        ({"IF_MODIFIED_SINCE": DATE}, 304),
        ({"IF_MODIFIED_SINCE": EARLIER}, 200),
        ({"IF_MODIFIED_SINCE": "Tuesday, 14-Nov-23 22:13:20 GMT"}, 304),
        ({"IF_MODIFIED_SINCE": "Tue Nov 14 22:13:20 2023"}, 304),
        ({"IF_MODIFIED_SINCE": "yesterday"}, 200),
        ({"IF_NONE_MATCH": '"x"', "IF_MODIFIED_SINCE": DATE}, 200),
        ({"IF_NONE_MATCH": TAG, "IF_MODIFIED_SINCE": EARLIER}, 304),
        ({"IF_MATCH": TAG}, 200),
        ({"IF_MATCH": 'W/"abc"'}, 412),
        ({"IF_MATCH": "*"}, 200),
        ({"IF_MATCH": '"x"'}, 412),
        ({"IF_MATCH": TAG, "IF_UNMODIFIED_SINCE": EARLIER}, 200),
        ({"IF_UNMODIFIED_SINCE": EARLIER}, 412),
        ({"IF_UNMODIFIED_SINCE": DATE}, 200),
        ({"IF_MATCH": TAG, "IF_NONE_MATCH": TAG}, 304),
    ],
)
def test_O2_preconditions(headers: dict[str, str], status: int) -> None:
    assert (
        precondition({f"HTTP_{name}": value for name, value in headers.items()}, TAG, AT) == status
    )


@pytest.mark.parametrize(
    ("accept", "is_zipped"),
    [
        ("", False),
        ("gzip", True),
        ("gzip, deflate, br", True),
        ("GZIP;q=0.5", True),
        ("gzip;q=0", False),
        ("*", True),
        ("*;q=0", False),
        ("*, gzip;q=0.000", False),
        ("identity;q=1, gzip;q=0.5", False),
        ("identity;q=0.5, gzip;q=1.0", True),
        ("x-gzip", True),
        ("br", False),
        ("gzip;q=nonsense", False),
    ],
)
def test_O2_gzip_by_weight(accept: str, is_zipped: bool) -> None:
    assert prefers_gzip(accept) is is_zipped


@given(st.text())
def test_no_header_value_is_a_fault(value: str) -> None:
    read_entity_tags(value)
    read_http_date(value)
    prefers_gzip(value)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"SEC_FETCH_DEST": "document", "SEC_FETCH_MODE": "navigate"}, True),
        ({"SEC_FETCH_DEST": "empty", "SEC_FETCH_MODE": "cors", "ACCEPT": "text/html"}, False),
        ({"UPGRADE_INSECURE_REQUESTS": "1", "ACCEPT": "text/html,application/xhtml+xml"}, True),
        ({"ACCEPT": "text/html,application/xhtml+xml"}, False),
        ({"ACCEPT": "text/xml, text/html, */*"}, False),
        ({}, False),
    ],
)
def test_only_a_persons_browser_gets_a_page(headers: dict[str, str], expected: bool) -> None:
    assert is_browser({f"HTTP_{name}": value for name, value in headers.items()}) is expected
