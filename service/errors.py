"""The exceptions of Loa, in one tree.

LoaError
├── ConfigurationError        what an operator wrote cannot be used            (exit 2)
├── InvalidInput              what a caller sent cannot be used; names a field
│   │                                                             (exit 2, HTTP 400 or 422)
│   └── AmbiguousName         what was named is not clear             (exit 2, HTTP 409)
├── NotFound                  a resource that was named does not exist (exit 2, HTTP 404)
│   └── EndedLink             a link whose key was replaced, and opens no more (HTTP 410)
├── RemoteError               another Loa, which an office asks, gave no usable answer  (exit 1)
├── CodedError                its reason is a code, which is stored and worded for whoever reads it
│   ├── Conflict              it exists, but not in a state that allows this   (exit 2, HTTP 409)
│   ├── PortalError           a portal gave no usable answer; carries its Outcome
│   │   ├── FetchError        nothing usable arrived: network, TLS, HTTP status, size, robots.txt
│   │   └── UnreadableError   something arrived, and it is not what was expected there
│   │       └── AnotherArticle    an article, but not the one that is known under this address
│   └── DeliveryError         what messages go through cannot be used: a relay that is away, a
│                             login that fails
└── StorageError              the database cannot be used
    ├── OverdueError          it was asked for more than there was time for     (HTTP 503)
    └── DatabaseVersionError  it belongs to another version of Loa

Messages begin with the act in lower case and quote the resource: ``cannot fetch 'https://…': …``.
Foreign exceptions are translated once, at the edge that saw them, with ``raise … from``; bugs pass
through.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType

from service.types import Outcome


class LoaError(Exception):
    """The root of everything that Loa raises on purpose. As a string it is English, for logs and
    commands."""

    def said(self, language: str) -> str:
        """What went wrong, for who reads `language`; empty where it is known in English alone."""
        return str(self) if language == "en" else ""


class ConfigurationError(LoaError):
    """What an operator wrote cannot be used. The message names file, key, what was found and what
    is allowed."""


class InvalidInput(LoaError):
    """What a caller sent cannot be used.

    `field` is the name the caller knows it by; `allowed` says what would be accepted. Both it and
    `problem` are coded (`service.words`) wherever a page or the API may show them. `others`: what
    else of the same call cannot be used, in the order in which it was read.
    """

    def __init__(self, field: str, problem: str, allowed: str = "") -> None:
        self.field = field
        self.problem = problem
        self.allowed = allowed
        self.others: tuple[InvalidInput, ...] = ()
        super().__init__(field, problem, allowed)

    def __str__(self) -> str:
        return self.said("en")

    @property
    def faults(self) -> tuple[InvalidInput, ...]:
        """Itself and the others."""
        return (self, *self.others)

    def renamed(self, names: Mapping[str, str]) -> InvalidInput:
        """The same faults, each at the field as this caller calls it."""
        first, *others = (
            type(one)(names.get(one.field, one.field), one.problem, one.allowed)
            for one in self.faults
        )
        first.others = tuple(others)
        return first

    def said(self, language: str) -> str:
        return "; ".join(filter(None, (one.said_alone(language) for one in self.faults)))

    def said_alone(self, language: str) -> str:
        """As `said`, without the others."""
        from service.words import coded, say  # only here: a start of commands needs no sentence

        problem, allowed = self.in_words(language)
        if not problem:
            return ""
        facts = {"field": self.field, "reason": coded("other", words=problem)}
        if not allowed:
            return say(coded("bad", **facts), language)
        facts["allowed"] = coded("other", words=allowed)
        return say(coded("bad.allowed", **facts), language)

    def in_words(self, language: str) -> tuple[str, str]:
        """The problem and what is allowed; empty what is known in English alone to others."""
        from service.words import is_worded, say

        def told(stored: str) -> str:
            return say(stored, language) if language == "en" or is_worded(stored) else ""

        return told(self.problem), told(self.allowed)


class AmbiguousName(InvalidInput):
    """What was named may be several, or one is called nearly so; `allowed` says which. The API
    answers 409: the same words may mean one tomorrow."""


class InputFaults:
    """What of one call cannot be used, gathered field by field, so that all is told at once.

    >>> faults = InputFaults()
    >>> with faults:
    ...     name = parse_line(form["name"], "name", is_required=True)
    >>> with faults:
    ...     day = parse_day(form["day"], "day")
    >>> faults.require_none()
    """

    def __init__(self) -> None:
        self._found: list[InvalidInput] = []

    def __enter__(self) -> None:
        """What raises InvalidInput within is remembered; other errors pass."""

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> bool:
        if isinstance(error, InvalidInput):
            self._found.extend(error.faults)
            return True
        return False

    @property
    def count(self) -> int:
        return len(self._found)

    def add(self, fault: InvalidInput) -> None:
        self._found.append(fault)

    def require_none(self) -> None:
        """Raises the first of those that were found, with the others."""
        if self._found:
            first, *others = self._found
            first.others = tuple(others)
            raise first


class NotFound(LoaError):
    """A resource that was named does not exist."""

    def __init__(self, kind: str, name: str) -> None:
        self.kind = kind
        self.name = name
        super().__init__(f"there is no {kind} {name!r}")

    def said(self, language: str) -> str:
        from service.words import coded, is_worded, say

        code = f"missing.{self.kind}"
        if not is_worded(code):
            return super().said(language)
        return say(coded(code, name=self.name), language)


class EndedLink(NotFound):
    """A link that was made here, under a key that was replaced since and opens nothing any more."""

    def __init__(self) -> None:
        super().__init__("link", "(token)")

    def said(self, language: str) -> str:
        from service.words import say

        return say("link.ended", language)


class CodedError(LoaError):
    """One whose `reason` is coded (`service.words`): it is what is stored. As a string it is
    English, for logs."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)

    def __str__(self) -> str:
        from service.words import say  # only here: a start of the command line needs no sentence

        return say(self.reason, "en")

    def said(self, language: str) -> str:
        from service.words import say

        return say(self.reason, language)


class Conflict(CodedError):
    """The resource exists, but not in a state that allows what was asked. `reason` is coded
    wherever a page or the API may show it."""

    def said(self, language: str) -> str:
        from service.words import is_worded, say

        known = language == "en" or is_worded(self.reason)
        return say(self.reason, language) if known else ""


class PortalError(CodedError):
    """A portal gave no usable answer. `outcome` is how the poll that met it ends."""

    def __init__(self, reason: str, outcome: Outcome) -> None:
        super().__init__(reason)
        self.outcome = outcome


class FetchError(PortalError):
    """Nothing usable arrived.

    `retry_after_s`: seconds the server asked us to wait, None when it did not say.
    `status`: the HTTP status, None when there was none.
    `location`: where a refused redirect pointed, None when it is not about a redirect.
    """

    def __init__(
        self,
        reason: str,
        outcome: Outcome,
        *,
        retry_after_s: float | None = None,
        status: int | None = None,
        location: str | None = None,
    ) -> None:
        super().__init__(reason, outcome)
        self.retry_after_s = retry_after_s
        self.status = status
        self.location = location


class UnreadableError(PortalError):
    """Something arrived, and it is not what was expected there. The reason names what was
    missing."""


class AnotherArticle(UnreadableError):
    """Under the address of a known post came another one (không phải bài này): nothing of it may be
    believed."""

    def __init__(self, url: str, title: str) -> None:
        from service.words import coded

        super().__init__(coded("read.another", url=url, title=title), Outcome.NOT_A_LISTING)


class StorageError(LoaError):
    """The database cannot be used: missing, locked, full, read-only, damaged."""


class OverdueError(StorageError):
    """The database was asked for more than whoever asks is given time for; or he does not want it
    any more."""


class DatabaseVersionError(StorageError):
    """The database was written by another version of Loa."""


class DeliveryError(CodedError):
    """What messages go through cannot be used. What becomes of one message is a `Result`, never an
    exception."""


class RemoteError(LoaError):
    """Another Loa, which an office asks, gave no usable answer; it may be asked again.

    `retry_after_s`: seconds it asked us to wait, None when it did not say.
    """

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
