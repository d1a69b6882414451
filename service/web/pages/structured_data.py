"""What a post's page says to programs: the administrative document that the post is, or tells of,
as schema.org's `Legislation`, in JSON-LD."""

from __future__ import annotations

from typing import Any

import orjson
from markupsafe import Markup

from service.posts.kinds import KIND_NAMES
from service.types import Link, Post, Relation
from service.values import rfc3339

_CHANGES = {
    Link.REPLACES: "legislationRepeals",
    Link.CANCELS: "legislationRepeals",
    Link.AMENDS: "legislationAmends",
    Link.EXTENDS: "legislationAmends",
}
"""What schema.org has a word for; the rest stands on the page alone."""


def structured_data(post: Post, url: str) -> Markup | None:
    """JSON that may stand in a `script` element of HTML; None where no document was read. `url`:
    of the post's page here."""
    document = post.understanding.document
    if document is None:
        return None
    law = _legislation(post)
    page = {"url": url, "name": post.title, "inLanguage": "vi"}
    said = page | law
    if document.relation is not Relation.IS:
        at = {
            "datePublished": rfc3339(post.published_at),
            "dateModified": rfc3339(post.updated_at),
        }
        said = {"@type": "NewsArticle", **page, "headline": post.title, **at, "about": law}
    written = orjson.dumps({"@context": "https://schema.org", **said}).decode()
    for sign in "<>&":  # or a title could end the element
        written = written.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(written)  # noqa: S704  # nothing in it can end the element


def _legislation(post: Post) -> dict[str, Any]:
    """What is known of the document."""
    document = post.understanding.document
    assert document is not None
    known: dict[str, Any] = {
        "legislationIdentifier": document.number,
        "legislationType": KIND_NAMES.get(document.kind or ""),
        "legislationDate": document.issued_on.isoformat() if document.issued_on else None,
        "legislationPassedBy": _organisation(document.issuer),
        "legislationJurisdiction": "VN",
    }
    if document.relation is Relation.IS:
        for relation in post.understanding.relations:
            if (name := _CHANGES.get(relation.link)) is not None and relation.of.number:
                other = {"@type": "Legislation", "legislationIdentifier": relation.of.number}
                known.setdefault(name, []).append(other)
    return {"@type": "Legislation", **{name: value for name, value in known.items() if value}}


def _organisation(name: str | None) -> dict[str, str] | None:
    return {"@type": "GovernmentOrganization", "name": name} if name else None
