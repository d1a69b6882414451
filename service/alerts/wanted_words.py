"""What a subscription asks for, as people call it within a sentence."""

from __future__ import annotations

from service.posts.kinds import KIND_NAMES
from service.words import label


def say_urgency(urgency: str, language: str) -> str:
    """`hỏa tốc`, within a sentence; a word that is no urgency as it is."""
    return label("mail", urgency, language).lower()


def say_kind(kind: str, language: str) -> str:
    """`công điện`: kinds of documents have no English names; one that is none as it is."""
    return KIND_NAMES.get(kind, kind) if language == "vi" else kind
