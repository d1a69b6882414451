"""`loa why`: why a subscription did or did not get a post."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from service.cli.common import echo_json, json_option, pass_loa, plain
from service.words import say_fields

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
    from service.services.context import OPERATOR
    from service.services.explain import explain

    with loa.database.reading() as conn:
        answer = explain(conn, loa, post_id, subscription_id, OPERATOR, "en")
    zone = loa.settings.service.locale.zone
    if as_json:
        facts = {
            "was_owed": answer.was_owed,
            "words": answer.words("en", zone),
            "codes": answer.codes,
            "told": answer.told,
        }
        echo_json(
            {
                "post": post_id,
                "subscription": subscription_id,
                **say_fields(plain(facts), "en", zone),
            }
        )
        return
    click.echo("it is told of this post" if answer.was_owed else "it is not told of this post")
    for line in answer.words("en", zone):
        click.echo(f"  {line}")
