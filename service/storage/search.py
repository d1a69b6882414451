"""Search over title, document number and text: the same answers on both databases.

The words of a post are folded here, in Python: accents off, numbers without leading zeros,
punctuation gone, so that "06/CT-UBND" and "6 ct ubnd" are the same three words in a row. SQLite's
FTS5 and PostgreSQL's full text only look up whole folded words, and runs of them.
"""

from __future__ import annotations

import re

from sqlalchemy import (
    ColumnElement,
    Connection,
    delete,
    exists,
    func,
    insert,
    literal_column,
    select,
    text,
)

from service.errors import InvalidInput
from service.storage import schema
from service.storage.schema_files import post_search
from service.text import fold_plain
from service.words import coded

MAX_QUERY_CHARS = 200
_MAX_WORDS = 20_000  # of a post: PostgreSQL refuses a tsvector of 1 MB
_WORD = re.compile(r"[^\W_]+")
_PART = re.compile(r'"([^"]*)"?|([^\s"]+)')


def fold_words(value: str) -> list[str]:
    """The words as the index knows them: an ASCII letter first, so that neither database takes one
    for a number."""
    return ["w" + _ascii(_trimmed(word)) for word in _WORD.findall(fold_plain(value))]


def _trimmed(word: str) -> str:
    return word.lstrip("0") or "0" if word.isdecimal() else word


def _ascii(word: str) -> str:
    return word if word.isascii() else "u" + word.encode().hex()


def parse_query(q: str) -> list[list[str]]:
    """The phrases that must all occur, each a run of folded words.

    Raises InvalidInput when it is longer than MAX_QUERY_CHARS.
    """
    if len(q) > MAX_QUERY_CHARS:
        raise InvalidInput(
            "q", coded("bad.chars", n=len(q)), coded("allowed.at_most", limit=MAX_QUERY_CHARS)
        )
    phrases = [fold_words(quoted or word) for quoted, word in _PART.findall(q)]
    return [phrase for phrase in phrases if phrase]


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


def _all_phrases(conn: Connection, phrases: list[list[str]]) -> list[ColumnElement[bool]]:
    """FTS5 knows where in a text a word stands; PostgreSQL's index does not, so there the text is
    looked at too."""
    if conn.dialect.name == "sqlite":
        found = text("SELECT rowid FROM post_fts WHERE post_fts MATCH :words").bindparams(
            words=" AND ".join(f'"{" ".join(phrase)}"' for phrase in phrases)
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
