"""`loa mail`: what people will get, to be read before they do."""

from __future__ import annotations

import email
import email.policy
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli.common import echo_json, json_option, pass_loa
from service.cli.parsing import LoaGroup

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.bootstrap import Loa


@click.group(cls=LoaGroup)
def mail() -> None:
    """Mails, as people get them.

    \b
    Example:
      loa mail gallery mails/
    """


@mail.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@json_option
@pass_loa
def gallery(loa: Loa, folder: Path, as_json: bool) -> None:
    """Write every kind of mail to a folder, in each language: with sample data, and the newest post
    as it would be told.

    Two files of each: as it is seen (.html), and its text with the subject (.txt). `index.html`
    lists them. Nothing is sent.

    \b
    Example:
      loa mail gallery mails/
    """
    folder.mkdir(parents=True, exist_ok=True)
    subjects = []
    for name, raw in _mails(loa):
        text, html, subject = _read(raw)
        (folder / f"{name}.html").write_text(html, "utf-8")
        (folder / f"{name}.txt").write_text(f"{subject}\n\n{text}", "utf-8")
        subjects.append((name, subject))
    (folder / "index.html").write_text(_index(subjects), "utf-8")
    if as_json:
        echo_json({"folder": str(folder), "mails": [name for name, _ in subjects]})
    else:
        click.echo(f"{len(subjects)} mails: {folder / 'index.html'}")


def _mails(loa: Loa) -> Iterator[tuple[str, bytes]]:
    from service.alerts.mail import Sender
    from service.alerts.mail_gallery import draw_mails
    from service.services.preview_acts import newest_payload

    service = loa.settings.service
    sender = Sender.build(loa.settings.email.from_, service.title, service.public_url)
    labels = {one.id: one.names for one in loa.rules.categories}
    with loa.database.reading() as conn:
        newest = newest_payload(conn, loa)
    for language in ("vi", "en"):
        for name, raw in draw_mails(sender, service.locale.to(language), labels, newest):
            yield f"{language}-{name}", raw


def _read(raw: bytes) -> tuple[str, str, str]:
    """Its text, its HTML and its subject."""
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    text, html = (part.get_content() for part in parsed.iter_parts())
    return str(text), str(html), str(parsed["Subject"])


def _index(subjects: list[tuple[str, str]]) -> str:
    from html import escape

    rows = "".join(
        f'<li><a href="{escape(name)}.html">{escape(subject)}</a> '
        f'(<a href="{escape(name)}.txt">{escape(name)}</a>)</li>\n'
        for name, subject in subjects
    )
    head = '<!DOCTYPE html>\n<html lang="vi"><meta charset="utf-8"><title>Loa</title>\n'
    return f"{head}<h1>{len(subjects)}</h1>\n<ol>\n{rows}</ol></html>\n"
