"""`loa why`: why a subscription did or did not get a post."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from service.cli.common import echo_json, json_option, pass_loa, plain

if TYPE_CHECKING:
    from service.bootstrap import Loa


@click.command()
@click.argument("post_id", metavar="POST")
@click.argument("subscription_id", metavar="SUBSCRIPTION")
@json_option
@pass_loa
def why(loa: Loa, post_id: str, subscription_id: str, as_json: bool) -> None:
    """Say why a subscription did or did not get a post.

    \b
    Example:
      loa why 5b4c… 0199…
    """
    from service.storage.posts import get_post
    from service.storage.why import explain
    from service.web.wants import namer_of

    with loa.database.reading() as conn:
        answer = explain(conn, get_post(conn, post_id), subscription_id, namer_of(loa))
    if as_json:
        facts = {"was_owed": answer.was_owed, "words": answer.words, "codes": answer.codes, "told": answer.told}
        echo_json({"post": post_id, "subscription": subscription_id, **plain(facts)})
        return
    click.echo("được báo tin này" if answer.was_owed else "không được báo tin này")
    for line in answer.words:
        click.echo(f"  {line}")
