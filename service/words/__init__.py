"""What people read: what is stored is a code with its facts, and is said at the edge, in the
reader's language."""

from service.words.coded import OTHER, code_of, coded, parse_coded
from service.words.document_kinds import kind_name
from service.words.labels import label, labels_of
from service.words.rhythm import say_rhythm
from service.words.say import is_worded, say, say_at, say_day, say_fields

__all__ = [
    "OTHER",
    "code_of",
    "coded",
    "is_worded",
    "kind_name",
    "label",
    "labels_of",
    "parse_coded",
    "say",
    "say_at",
    "say_day",
    "say_fields",
    "say_rhythm",
]
