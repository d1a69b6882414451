"""What things are called: labels of pages and mails, by kind and value, in the reader's language.
Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from service.words.labels_mail import MAILS
from service.words.labels_page import PAGES
from service.words.labels_rule import RULES
from service.words.sentences_channel import CHANNEL_LABELS
from service.words.word_tables import Pair, joined

LABELS: dict[str, Pair] = joined(PAGES, MAILS, RULES, CHANNEL_LABELS)
"""All labels: `<kind>.<value>`: (Vietnamese, English)."""


def label(kind: str, value: str, language: str) -> str:
    """The words for a value; the value itself where they are not known (data of a newer Loa)."""
    pair = LABELS.get(f"{kind}.{value}")
    return value if pair is None else pair[language == "en"]


def labels_of(kind: str, language: str) -> Mapping[str, str]:
    """All labels of a kind by their values; Vietnamese for a language that is not known."""
    return _Labels(f"{kind}.", language == "en")


class _Labels(Mapping[str, str]):
    def __init__(self, prefix: str, is_english: bool) -> None:
        self._prefix = prefix
        self._is_english = is_english

    def __getitem__(self, value: str) -> str:
        return LABELS[self._prefix + value][self._is_english]

    def __iter__(self) -> Iterator[str]:
        return (code.removeprefix(self._prefix) for code in LABELS if code.startswith(self._prefix))

    def __len__(self) -> int:
        return sum(1 for _ in self)
