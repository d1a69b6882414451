"""From version 0002 to 0004: posts keep who said their date; of those of before nobody knows any
more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from service.instants import Dating, Moment, Source, Witness
from service.storage.dating_column import dating_from_json, dating_to_json
from service.storage.engine import open_database
from service.storage.posts import get_post
from tests.fakes_versions import make_version

AT = datetime(2026, 11, 28, 1, tzinfo=UTC)
_FACTS = (
    '{"categories": [], "why": [], "document": null, "mentions": [], "places": [], "addressees": '
    "[],"
    ' "urgency": "normal", "deadlines": [], "begins_at": null, "venue": null, "summary": "", '
    '"concerns": []}'
)
_ROWS = (
    "INSERT INTO post(id, portal_id, portal_name, identity_key, url, title, revision, facts, "
    "published_at,"
    " updated_at, first_seen_at) VALUES ('p', 'cong', 'C', 'x/1', 'https://x/1', 'T', 1, :facts, "
    "5, 5, 5)",
    "INSERT INTO revision(post_id, number, seen_at, title, html, text, attachments, fingerprint, "
    "what)"
    " VALUES ('p', 1, 5, 'T', '', '', '[]', 'f', '[]')",
)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_L13_a_post_of_before_has_its_date_and_no_witnesses(
    kind: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(f"{kind}_url")
    make_version(url, "0002", [(_ROWS[0], {"facts": _FACTS}), (_ROWS[1], {})])
    database = open_database(url)
    with database.reading() as conn:
        post = get_post(conn, "p")
    assert (post.published_at.microsecond, post.dating) == (5, None)
    database.close()


def test_L13_witnesses_are_read_back_as_they_were_kept() -> None:
    rough = Moment(AT, has_time=True, span=timedelta(hours=1))
    told = (
        Witness(Source.ROW, rough, "3 giờ trước"),
        Witness(Source.TITLE, Moment(AT, has_time=False), " (1/1/2026)"),
    )
    edit = Witness(Source.HEAD, Moment(AT, has_time=True), "2026-11-28T08:00+07:00", is_update=True)
    dating = Dating(AT, rough, told, (edit,), is_late=True)
    assert dating_from_json(dating_to_json(dating), AT) == dating
    assert dating_from_json(dating_to_json(Dating(AT, None)), AT) == Dating(AT, None)
    assert dating_from_json(None, AT) is None
