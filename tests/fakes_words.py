"""All sentences and labels replaced, as a translator may write them: they are data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from service.words.labels import LABELS
from service.words.say import SENTENCES
from service.words.sentences_match import FIELDS

_OTHERS = {
    "the same for all": "x",
    "one for each": "câu {number} {n}",
    "with braces": "{{{{}}}} {{nothing}}",
}
KINDS_OF_WORDS = tuple(_OTHERS)


@contextmanager
def reworded_by(kind: str) -> Iterator[None]:
    """In both languages, each with words of its own, until it ends."""
    tables: tuple[Any, ...] = (SENTENCES, FIELDS, LABELS)
    assert sum(map(len, tables)) > 900
    with pytest.MonkeyPatch.context() as patch:
        for number, table in enumerate(tables):
            for n, code in enumerate(sorted(table)):
                words = _OTHERS[kind].format(number=number, n=n)
                patch.setitem(table, code, (words, f"{words} in English"))
        yield
