"""`loa classify`: JSON lines in, JSON lines out. Knows no rule; reads no database."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from service.cli.common import FAILED, pass_loa, plain, warn
from service.errors import InvalidInput

if TYPE_CHECKING:
    from service.bootstrap import Loa
    from service.posts.understand import Understander

_EXPECTED = '{"title": "…", "lead": "…"}, lead optional'


@click.command()
@click.option(
    "--json",
    is_flag=True,
    expose_value=False,
    help="Changes nothing: this command always prints JSON lines.",
)
@pass_loa
def classify(loa: Loa) -> None:
    """Say what titles are about: JSON lines with "title" and optional "lead" on stdin.

    \b
    Example:
      echo '{"title": "Giấy mời họp giao ban"}' | loa classify

    A line that cannot be read gives {"line", "error"}; the others go on, and the exit code is 1.
    """
    understander = loa.understander
    failures = 0
    stream = sys.stdout.buffer
    for number, raw in enumerate(sys.stdin.buffer, start=1):
        if not raw.strip():
            continue
        try:
            answer = _answer(understander, *_read(raw))
        except InvalidInput as error:
            failures += 1
            warn(f"cannot read line {number}: {error}")
            answer = {"line": number, "error": str(error)}
        stream.write(json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
    stream.flush()
    if failures:
        raise click.exceptions.Exit(FAILED)


def _read(raw: bytes) -> tuple[str, str]:
    try:
        value = json.loads(raw.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise InvalidInput("line", f"is not JSON in UTF-8 ({error})", _EXPECTED) from error
    if not isinstance(value, dict):
        raise InvalidInput("line", "is not an object", _EXPECTED)
    title, lead = value.get("title"), value.get("lead")
    if not isinstance(title, str):
        raise InvalidInput("title", "is missing or no text", "a string")
    if lead is not None and not isinstance(lead, str):
        raise InvalidInput("lead", "is no text", "a string, or absent")
    return title, lead or ""


def _answer(understander: Understander, title: str, lead: str) -> dict[str, Any]:
    known = understander.understand(title, lead)
    return {
        "title": title,
        "primary": known.categories[0],
        "categories": list(known.categories),
        "why": plain(known.why),
        "document": plain(known.document),
        "places": plain(known.places),
        "urgency": known.urgency.value,
    }
