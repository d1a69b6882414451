"""Logging, to stderr: lines for people on a terminal, JSON elsewhere.

Owns how log records look. What goes in is the business of who logs; addresses of people, secrets and
tokens never do.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

NOISY = ("apscheduler", "urllib3", "charset_normalizer", "alembic")
"""Libraries that tell at INFO what only their authors want to know."""


class _Stderr(logging.Handler):
    """Writes to what is stderr when a record comes, not when the handler was made."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except OSError:
            self.handleError(record)


def configure(*, is_verbose: bool) -> None:
    """Sends structlog and the standard library's logging to stderr. May be called again.

    `is_verbose`: what a service tells of its work (INFO); else warnings only, as a command should.
    """
    import structlog

    level = logging.INFO if is_verbose else logging.WARNING
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = _Stderr()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_ending()],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [*(other for other in root.handlers if not isinstance(other, _Stderr)), handler]
    root.setLevel(level)
    for name in NOISY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def _ending() -> list[Any]:
    """The last steps: colours and a readable traceback for people, one JSON object a line for machines."""
    import structlog

    if sys.stderr.isatty():
        return [structlog.dev.ConsoleRenderer()]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
