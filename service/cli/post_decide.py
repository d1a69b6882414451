"""`loa post task`, `relation`, `same` and `undo`: what a person decides where the program read
otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from service.cli.common import as_plain, echo_json, json_option, pass_loa, printable_cell
from service.cli.named import named
from service.cli.parsing import LoaCommand

if TYPE_CHECKING:
    from service.bootstrap import Loa
    from service.types import Post

_WRONG = click.option(
    "--wrong", metavar="KEY", help="What was read and is not so: its key of `loa post show`."
)


@click.command(cls=LoaCommand)
@click.argument("post_id", metavar="ID")
@_WRONG
@click.option("--task", metavar="WORDS", help="What is asked; without it the wrong one is dropped.")
@click.option("--day", metavar="DAY", default="", help="Until when, as 2026-12-05.")
@click.option("--hour", metavar="HOUR", default="", help="As 17:00; by default the day's end.")
@click.option(
    "--owner", metavar="WHO", default="", help="communes, anyone, other, or a place by id or name."
)
@click.option("--who", metavar="WORDS", default="", help="The owner, as it is shown.")
@json_option
@pass_loa
@named(post_id="post to change")
def task(
    loa: Loa,
    post_id: str,
    wrong: str | None,
    task: str | None,
    day: str,
    hour: str,
    owner: str,
    who: str,
    as_json: bool,
) -> None:
    """Drop a task of a post that was read wrongly, correct it, or add one; this sticks.

    Reminders, calendars, feeds and the units' pages go by it at once; `loa post undo` takes it
    back.

    \b
    Examples:
      loa post task 5b4c… --wrong 0f3a…
      loa post task 5b4c… --task "báo cáo kết quả" --day 2026-12-05 --hour 17:00 --owner communes
    """
    from service.services.context import OPERATOR
    from service.services.decision_acts import decide_task
    from service.services.decision_parts import TypedTask

    is_said = task is not None or day or hour or owner or who
    right = TypedTask(task or "", day, hour, owner, who) if is_said else None
    with loa.database.writing() as conn:
        changed = decide_task(conn, loa, post_id, wrong, right, OPERATOR)
    _echo(loa, changed, as_json)


@click.command(cls=LoaCommand)
@click.argument("post_id", metavar="ID")
@_WRONG
@click.option(
    "--relation",
    metavar="KIND",
    help="replaces, amends, extends, cancels, postpones, moves, reminds, answers, relays or "
    "mentions.",
)
@click.option("--other", metavar="POST", help="By the number of its document, its address, its id.")
@json_option
@pass_loa
@named(post_id="post to change")
def relation(
    loa: Loa,
    post_id: str,
    wrong: str | None,
    relation: str | None,
    other: str | None,
    as_json: bool,
) -> None:
    """Drop a relation of a post that was read wrongly, or say how it stands to another.

    This sticks.

    \b
    Examples:
      loa post relation 5b4c… --wrong 0f3a…
      loa post relation 5b4c… --relation replaces --other 06/CT-UBND
    """
    from service.services.context import OPERATOR
    from service.services.decision_acts import decide_relation
    from service.services.decision_parts import TypedRelation

    is_said = relation is not None or other is not None
    right = TypedRelation(relation or "", other or "") if is_said else None
    with loa.database.writing() as conn:
        changed = decide_relation(conn, loa, post_id, wrong, right, OPERATOR)
    _echo(loa, changed, as_json)


@click.command(cls=LoaCommand)
@click.argument("post_id", metavar="ID")
@click.argument("other")
@click.option("--not", "is_other", is_flag=True, help="They are of different documents.")
@json_option
@pass_loa
@named(post_id="post to change")
def same(loa: Loa, post_id: str, other: str, is_other: bool, as_json: bool) -> None:
    """Decide that another post is of the same document, or with --not that it is of another one.

    Who did not hear of one because the other had been told, and should have, is told now.

    \b
    Examples:
      loa post same 5b4c… 06/CT-UBND
      loa post same 5b4c… 77aa… --not
    """
    from service.services.context import OPERATOR
    from service.services.decision_acts import decide_document

    with loa.database.writing() as conn:
        changed = decide_document(conn, loa, post_id, other, not is_other, OPERATOR)
    _echo(loa, changed, as_json)


@click.command(cls=LoaCommand)
@click.argument("post_id", metavar="ID")
@click.argument("decision")
@json_option
@pass_loa
@named(post_id="post to change")
def undo(loa: Loa, post_id: str, decision: str, as_json: bool) -> None:
    """Undo what was decided of a post's tasks, relations or document: what was read counts again.

    `loa post show` names the decisions.

    \b
    Example:
      loa post undo 5b4c… 0199…
    """
    from service.services.decision_acts import undo_decision

    with loa.database.writing() as conn:
        changed = undo_decision(conn, loa, post_id, decision)
    _echo(loa, changed, as_json)


def _echo(loa: Loa, post: Post, as_json: bool) -> None:
    from service.services.post_shapes import show_whole_post
    from service.storage.post_decisions import decisions_about

    with loa.database.reading() as conn:
        if as_json:
            echo_json(as_plain(show_whole_post(conn, post, loa.links)))
            return
        made = decisions_about(conn, post.id)
    last = f"; the last decision is {made[-1].id}" if made else ""
    click.echo(f"{post.id} is as decided now: {printable_cell(post.title)}{last}")
