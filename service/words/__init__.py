"""What people read: what is stored is a code with its facts, and is said at the edge, in the
reader's language."""

from service.words.coded import OTHER, code_of, coded, parse
from service.words.say import say, say_at, say_fields

__all__ = ["OTHER", "code_of", "coded", "parse", "say", "say_at", "say_fields"]
