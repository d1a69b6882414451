"""`loa why`: why a subscription did or did not get a post."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from service.cli.common import as_plain, echo_json, json_option, pass_loa
from service.cli.parsing import LoaCommand
from service.words import say_fields

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from service.bootstrap import Loa
    from service.storage.explanation import Explanation


@click.command(cls=LoaCommand)
@click.argument("post", metavar="POST")
@click.argument("whom", metavar="SUBSCRIPTION")
@json_option
@pass_loa
def why(loa: Loa, post: str, whom: str, as_json: bool) -> None:
    """Say why a subscription did or did not get a post.

    POST: an id, the post's address, its title or how that begins. SUBSCRIPTION: an id, an address
    of mail or webhook, or the name of a unit: then of each of its subscriptions.

    \b
    Examples:
      loa why 5b4c… 0199…
      loa why https://xa-mau.example.gov.vn/tin/12.html vanthu@example.gov.vn
      loa why "Công điện khẩn về bão số 9" "UBND xã Quảng Ninh"
    """
    from service.services.context import OPERATOR
    from service.services.explain import explain_all

    with loa.database.reading() as conn:
        post_id, answers = explain_all(conn, loa, post, whom, OPERATOR, "en")
    zone = loa.settings.service.locale.zone
    if as_json:
        shown = [
            {
                "post": post_id,
                "subscription": one.id,
                **say_fields(as_plain(_facts(of, zone)), "en", zone),
            }
            for one, of in answers
        ]
        echo_json(shown[0] if len(shown) == 1 else {"answers": shown})
        return
    for one, answer in answers:
        if len(answers) > 1:
            click.echo(f"{one.id} ({one.channel}, {one.target}):")
        click.echo("it is told of this post" if answer.was_owed else "it is not told of this post")
        for line in answer.words("en", zone):
            click.echo(f"  {line}")


def _facts(answer: Explanation, zone: ZoneInfo) -> dict[str, object]:
    return {
        "was_owed": answer.was_owed,
        "words": answer.words("en", zone),
        "codes": answer.codes,
        "told": answer.told,
    }
