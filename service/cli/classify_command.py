"""`loa classify`: JSON lines in, JSON lines out. Knows no rule; reads no database."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from service.cli.common import FAILED, as_plain, pass_loa, warn
from service.cli.parsing import LoaCommand
from service.errors import InvalidInput
from service.text import fold
from service.types import AttachmentLink

if TYPE_CHECKING:
    from service.bootstrap import Loa
    from service.posts.understand import Understander

_EXPECTED = '{"title": "…"}, with "lead", "body", "section" and "attachments" where they are known'


@click.command(cls=LoaCommand)
@click.option(
    "--json",
    is_flag=True,
    expose_value=False,
    help="Changes nothing: this command always prints JSON lines.",
)
@pass_loa
def classify(loa: Loa) -> None:
    """Say what posts are about: JSON lines with "title" on stdin.

    What more a post has may stand beside it: "lead" or "body", the text; "section", the id or the
    name of the category under which the portal lists it; "attachments", the names of its files.

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
            answer = _answer(understander, _read(raw))
        except InvalidInput as error:
            failures += 1
            warn(f"cannot read line {number}: {error}")
            answer = {"line": number, "error": str(error)}
        stream.write(json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
    stream.flush()
    if failures:
        raise click.exceptions.Exit(FAILED)


def _read(raw: bytes) -> dict[str, Any]:
    try:
        value = json.loads(raw.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise InvalidInput("line", f"is not JSON in UTF-8 ({error})", _EXPECTED) from error
    if not isinstance(value, dict):
        raise InvalidInput("line", "is not an object", _EXPECTED)
    if not isinstance(value.get("title"), str):
        raise InvalidInput("title", "is missing or no text", "a string")
    for key in ("lead", "body", "section"):
        if not isinstance(value.get(key) or "", str):
            raise InvalidInput(key, "is no text", "a string, or absent")
    names = value.get("attachments") or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InvalidInput("attachments", "are no names", "a list of strings, or absent")
    return value


def _answer(understander: Understander, given: dict[str, Any]) -> dict[str, Any]:
    text = "\n".join(given[key] for key in ("lead", "body") if given.get(key))
    section = fold(given.get("section") or "")
    hints = [
        one.id
        for one in understander.rules.categories
        if section and section in (one.id, *map(fold, one.names.values()))
    ]
    files = [AttachmentLink(name, name, "") for name in given.get("attachments") or ()]
    known = understander.understand(given["title"], text, hints=hints, attachments=files)
    return {
        "title": given["title"],
        "primary": known.categories[0],
        "categories": list(known.categories),
        "why": as_plain(known.why),
        "document": as_plain(known.document),
        "places": as_plain(known.places),
        "urgency": known.urgency.value,
    }
