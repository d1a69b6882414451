"""`loa receipt`: who has acknowledged a post, and who has not."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from service.alerts.cells import csv_table
from service.cli.common import echo_json, echo_table, json_option, local, pass_loa
from service.cli.named import named
from service.cli.parsing import LoaGroup

if TYPE_CHECKING:
    from service.bootstrap import Loa
    from service.storage.receipts import Receipt


@click.group(cls=LoaGroup)
def receipt() -> None:
    """Who has acknowledged a post, and who has not.

    \b
    Example:
      loa receipt list 0b6e1c6e-1b5f-5d0e-8f3c-2f5a4c1e9d77
    """


@receipt.command("list")
@click.argument("post")
@click.option("--csv", "as_csv", is_flag=True, help="Comma-separated, for a spreadsheet.")
@click.option(
    "--proof",
    "as_proof",
    is_flag=True,
    help="A page to print: seen, fed, sent and acknowledged, when.",
)
@json_option
@pass_loa
@named(post="post")
def list_(loa: Loa, post: str, as_csv: bool, as_proof: bool, as_json: bool) -> None:
    """List every unit's line for a POST's latest revision.

    \b
    Example:
      loa receipt list 0b6e1c6e-1b5f-5d0e-8f3c-2f5a4c1e9d77 --csv > bien-nhan.csv
      loa receipt list 0b6e1c6e-1b5f-5d0e-8f3c-2f5a4c1e9d77 --proof > theo-doi.html
    """
    if as_proof:
        click.echo(_proof(loa, post), nl=False)
        return
    from service.services.mail_state import has_mail
    from service.storage.receipts import list_receipts

    with loa.database.reading() as conn:
        lines = list_receipts(conn, post, has_mail=has_mail(conn, loa))
    if as_json:
        echo_json(lines)
    elif as_csv:
        _write_csv(lines)
    else:
        heads = ("unit", "state", "sent", "acknowledged", "by")
        echo_table(
            heads,
            [
                (
                    _shown_name(r),
                    r.state.value,
                    local(r.sent_at, loa.settings.service.locale),
                    local(r.acknowledged_at, loa.settings.service.locale),
                    r.by,
                )
                for r in lines
            ],
        )


@receipt.command()
@click.argument("posts", metavar="POST…", nargs=-1, required=True)
@click.option("--unit", "units", metavar="UNIT", multiple=True, help="Repeatable: only these.")
@json_option
@pass_loa
@named(posts="post", units="unit")
def remind(loa: Loa, posts: tuple[str, ...], units: tuple[str, ...], as_json: bool) -> None:
    """Ask the offices that have yet to acknowledge these posts again, at once.

    It counts as the reminder that would be next; who was asked within the hour is left alone.

    \b
    Example:
      loa receipt remind 0b6e1c6e-1b5f-5d0e-8f3c-2f5a4c1e9d77 --unit "UBND xã Quảng Ninh"
    """
    from service.services.remind_now import remind_now

    with loa.database.writing() as conn:
        made = remind_now(conn, loa, posts, units)
    if as_json:
        echo_json(made)
        return
    click.echo(
        f"{made.asked} are asked now, {made.resting} were asked within the hour, "
        f"{made.unreachable} are reached by nothing"
    )


def _shown_name(line: Receipt) -> str:
    if line.merged_into:
        return f"{line.unit_name} (merged into {line.merged_into})"
    return line.unit_name + (" (removed)" if line.is_removed else "")


def _proof(loa: Loa, post: str) -> str:
    from service.alerts.proof import render_proof
    from service.storage.proofs import load_proof

    with loa.database.reading() as conn:
        return render_proof(
            load_proof(conn, post),
            loa.settings.service.title,
            loa.clock(),
            loa.settings.service.locale.zone,
        )


def _write_csv(lines: list[Receipt]) -> None:
    heads = ("unit_id", "unit", "state", "revision", "owed_at", "sent_at", "acknowledged_at", "by",
             "note", "via")  # fmt: skip
    sys.stdout.flush()
    sys.stdout.buffer.write(csv_table(heads, map(_cells, lines)))
    sys.stdout.buffer.flush()


def _cells(one: Receipt) -> Iterator[str]:
    yield from (one.unit_id, one.unit_name, one.state.value, str(one.revision))
    for at in (one.owed_at, one.sent_at, one.acknowledged_at):
        yield at.isoformat() if at else ""
    yield from (one.by, one.note, one.via)
