"""`loa post add` and `withdraw`: what a person publishes, and takes back."""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from service.cli.common import echo_json, json_option, pass_loa, printable_cell
from service.cli.named import named
from service.cli.parsing import LoaCommand
from service.errors import InputFaults

if TYPE_CHECKING:
    from service.bootstrap import Loa


@click.command(cls=LoaCommand)
@click.option("--title", required=True)
@click.option(
    "--text", type=click.File(encoding="utf-8"), help="A file with its text, or - for stdin."
)
@click.option("--category", default="directives", show_default=True, help="Its primary one.")
@click.option(
    "--file",
    "files",
    metavar="FILE",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Repeatable: a file to keep with it, as the scan of the paper.",
)
@json_option
@pass_loa
def add(
    loa: Loa,
    title: str,
    text: IO[str] | None,
    category: str,
    files: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Post by hand what came on paper: it goes the way of all posts, and says so everywhere.

    Whoever asks for such posts is told at once; receipts are asked for.

    \b
    Example:
      loa post add --title "Công điện 12/CĐ-UBND về ứng phó bão số 5" --text cong-dien.txt \\
                   --file cong-dien.pdf
    """
    from service.services import by_hand

    faults, kept = InputFaults(), []
    for one in files:
        with faults:
            kept.append(by_hand.keep_file(loa, loa.archive, one.name, one.read_bytes()))
    said = text.read() if text is not None else ""
    typed = by_hand.TypedPost(title, said, category, tuple(kept))
    with loa.database.writing() as conn:
        post = by_hand.publish_by_hand(conn, loa, typed, faults)
    if as_json:
        echo_json({"id": post.id, "url": post.url, "categories": list(post.categories)})
    else:
        click.echo(f"posted {post.id}: {post.url}")


@click.command(cls=LoaCommand)
@click.argument("post_id", metavar="ID")
@json_option
@pass_loa
@named(post_id="post to change")
def withdraw(loa: Loa, post_id: str, as_json: bool) -> None:
    """Withdraw a post: who was told of it is told; its portal does not bring it back.

    \b
    Example:
      loa post withdraw 5b4c…
    """
    from service.services import by_hand

    with loa.database.writing() as conn:
        post = by_hand.withdraw_by_hand(conn, loa, post_id)
    if as_json:
        echo_json({"id": post.id, "status": "withdrawn"})
    else:
        click.echo(f"withdrawn: {printable_cell(post.title)}")
