"""Logging, to stderr: lines for people on a terminal, JSON elsewhere.

Owns how log records look. What goes in is the business of who logs; addresses of people, secrets
and tokens never do.
"""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import Any

import orjson

NOISY = ("urllib3", "charset_normalizer", "alembic")
"""Libraries that tell at INFO what only their authors want to know."""

CLOCKS = ("apscheduler",)
"""Those that warn of each run that is left out since the one before is still at work: it is what we
ask of them, and work that stands still is told by the heartbeat."""


class Log:
    """The standard library's logger, which takes facts beside what happened: `log.info("polled",
    portal="x")`."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def info(self, event: str, **facts: object) -> None:
        self._logger.info(event, extra={"facts": facts})

    def warning(self, event: str, **facts: object) -> None:
        self._logger.warning(event, extra={"facts": facts})

    def error(self, event: str, **facts: object) -> None:
        self._logger.error(event, extra={"facts": facts})

    def exception(self, event: str, **facts: object) -> None:
        """With the traceback of the exception that is being handled."""
        self._logger.exception(event, extra={"facts": facts})


def printable(text: str) -> str:
    """A line in which no control character, and none that turns text round, reaches a terminal."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else " " for char in text)


def escaped(document: str) -> str:
    """JSON in which what steers a terminal or turns text round stands by its number, as it may
    (RFC 8259, 7); line ends between its parts stay."""
    if document.isprintable():
        return document
    return "".join(
        char if char.isprintable() or char == "\n" else _by_number(char) for char in document
    )


def _by_number(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[n : n + 4]}" for n in range(0, len(units), 4))


class _Stderr(logging.Handler):
    """Writes to what is stderr when a record comes, not when the handler was made."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except OSError:
            self.handleError(record)


class _ForPeople(logging.Formatter):
    """A line each, and an exception's own below it; what strangers said steers no terminal."""

    def format(self, record: logging.LogRecord) -> str:
        facts = "".join(f"  {name}={value}" for name, value in _facts(record).items())
        line = f"{_instant(record)} {record.levelname.lower():8} {record.getMessage()}{facts}"
        told = self.formatException(record.exc_info).split("\n") if record.exc_info else ()
        return "\n".join(map(printable, (line, *told)))


class _ForMachines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, Any] = {
            **_facts(record),
            "event": record.getMessage(),
            "level": record.levelname.lower(),
            "timestamp": _instant(record),
        }
        if record.exc_info:
            said["exception"] = self.formatException(record.exc_info)
        return escaped(orjson.dumps(said, default=str).decode())


def _facts(record: logging.LogRecord) -> dict[str, object]:
    facts: dict[str, object] = getattr(record, "facts", {})
    return facts


def _instant(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z")


def configure(*, is_verbose: bool) -> None:
    """Sends all logging to stderr. May be called again.

    `is_verbose`: what a service tells of its work (INFO); else warnings only, as a command should.
    """
    level = logging.INFO if is_verbose else logging.WARNING
    handler = _Stderr()
    handler.setFormatter(_ForPeople() if sys.stderr.isatty() else _ForMachines())
    root = logging.getLogger()
    root.handlers[:] = [
        *(other for other in root.handlers if not isinstance(other, _Stderr)),
        handler,
    ]
    root.setLevel(level)
    for name in NOISY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    for name in CLOCKS:
        logging.getLogger(name).setLevel(logging.ERROR)
