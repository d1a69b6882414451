"""Search over title, document number and text: the same answers on both databases.

The words of a post are folded in Python (`posts.search_words`). SQLite's FTS5 and PostgreSQL's full
text only look up whole folded words, and runs of them.
"""

from __future__ import annotations

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal_column,
    select,
    text,
    true,
)

from service.posts.search_words import fold_words, parse_query
from service.storage import schema
from service.storage.schema_files import post_search

_MAX_WORDS = 20_000  # of a post: PostgreSQL refuses a tsvector of 1 MB
_HEAD_CHARS = 400
"""Of the folded words: the title and the number, which stand first there, and a line of text."""


def matches_words(conn: Connection, q: str) -> ColumnElement[bool]:
    """A condition on `post`. A search without a single letter or digit finds nothing."""
    phrases = parse_query(q)
    if not phrases:
        return literal_column("1") == literal_column("0")
    is_here = post_search.c.post_id == schema.post.c.id
    return exists(select(post_search.c.n).where(is_here, *_all_phrases(conn, phrases)))


def holding_phrase(conn: Connection, phrase: str) -> ColumnElement[bool]:
    """Likewise, for a phrase that few posts hold: these are found first, where `matches_words`
    tries post by post."""
    few = select(post_search.c.post_id).where(*_all_phrases(conn, [fold_words(phrase)]))
    return schema.post.c.id.in_(few)


def rank_of(q: str) -> ColumnElement[int]:
    """0 where all that is searched for stands in the title, the number or what follows at once; 1
    where it stands further below. The same on both databases, unlike their own ranks."""
    head = func.substr(post_search.c.words, 1, _HEAD_CHARS)
    runs = [f" {' '.join(phrase)} " for phrase in parse_query(q)]
    is_above = and_(true(), *(head.contains(run, autoescape=True) for run in runs))
    rank = select(case((is_above, 0), else_=1)).where(post_search.c.post_id == schema.post.c.id)
    return func.coalesce(rank.scalar_subquery(), 1)


def _all_phrases(conn: Connection, phrases: list[list[str]]) -> list[ColumnElement[bool]]:
    """FTS5 knows where in a text a word stands; PostgreSQL's index does not, so there the text is
    looked at too."""
    if conn.dialect.name == "sqlite":
        found = text("SELECT rowid FROM post_fts WHERE post_fts MATCH :words").bindparams(
            bindparam(
                "words",
                " AND ".join(f'"{" ".join(phrase)}"' for phrase in phrases),
                unique=True,  # one statement may look for several
            )
        )
        return [post_search.c.n.in_(found.columns(post_search.c.n).scalar_subquery())]
    words = sorted({word for phrase in phrases for word in phrase})
    vector = func.to_tsvector(literal_column("'simple'"), post_search.c.words)
    holds_words: ColumnElement[bool] = vector.op("@@")(
        func.to_tsquery(literal_column("'simple'"), " & ".join(words))
    )
    runs = [f" {' '.join(phrase)} " for phrase in phrases if len(phrase) > 1]
    return [holds_words, *(post_search.c.words.contains(run, autoescape=True) for run in runs)]


def index_words(conn: Connection, post_id: str, *texts: str) -> None:
    """Replaces what the index knows of a post."""
    words = fold_words("\n".join(texts))[:_MAX_WORDS]
    conn.execute(delete(post_search).where(post_search.c.post_id == post_id))
    conn.execute(insert(post_search).values(post_id=post_id, words=f" {' '.join(words)} "))
