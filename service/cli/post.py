"""`loa post`: what was published, and why it is in its categories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from service.cli.common import (
    as_plain,
    echo_json,
    echo_table,
    json_option,
    local,
    pass_loa,
)
from service.cli.named import named
from service.cli.parsing import LoaGroup
from service.cli.post_by_hand import add, withdraw
from service.cli.post_decide import relation, same, task, undo
from service.cli.read_scans_command import read_scans

if TYPE_CHECKING:
    from service.bootstrap import Loa
    from service.types import Post


@click.group(cls=LoaGroup)
def post() -> None:
    """Posts, with the reason of each category.

    \b
    Example:
      loa post list --category directives
    """


post.add_command(read_scans)


post.add_command(add)
post.add_command(withdraw)


for command in (task, relation, same, undo):
    post.add_command(command)


@post.command()
@pass_loa
def corrections(loa: Loa) -> None:
    """Print what people decided of posts, as a labelled set: JSON lines, the last decision first.

    `loa bench classify --mine` scores the rules on it.

    \b
    Example:
      loa post corrections > corrections.jsonl
    """
    import json

    from service.services.corrections import load_corrections

    with loa.database.reading() as conn:
        for row in load_corrections(conn):
            click.echo(json.dumps(row, ensure_ascii=False))


@post.command("list")
@click.option("--category", "categories", metavar="ID", multiple=True, help="Repeatable: or.")
@click.option("--portal", "portals", metavar="ID", multiple=True, help="Repeatable: or.")
@click.option("--place", "places", metavar="ID", multiple=True, help="Repeatable: or.")
@click.option(
    "--search",
    "q",
    metavar="WORDS",
    default="",
    help="Words that must all occur, accents optional.",
)
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option(
    "--before", metavar="CURSOR", help="The next older page; a cursor that the page before gave."
)
@json_option
@pass_loa
def list_(
    loa: Loa,
    categories: tuple[str, ...],
    portals: tuple[str, ...],
    places: tuple[str, ...],
    q: str,
    limit: int,
    before: str | None,
    as_json: bool,
) -> None:
    """List posts, newest first.

    \b
    Example:
      loa post list --category directives --search "phòng chống rét" --limit 10
    """
    from service.services.filters import check_categories, parse_place
    from service.storage.posts import PostQuery, cursor_of, newest_posts

    checked = tuple(dict.fromkeys(parse_place(loa.gazetteer, place) for place in places))
    query = PostQuery(check_categories(loa, categories), portals, checked, q)
    with loa.database.reading() as conn:
        found = newest_posts(conn, query, limit, before)
    cursor = cursor_of(found[-1]) if len(found) == limit else None
    if as_json:
        echo_json({"posts": _posts_json(loa, found), "before": cursor})
        return
    rows = [
        (
            item.id,
            local(item.published_at, loa.settings.service.locale),
            item.portal.id,
            ", ".join(item.categories),
            item.title,
        )
        for item in found
    ]
    echo_table(["id", "published", "portal", "categories", "title"], rows, empty="no posts")
    if cursor:
        click.echo(f"older: --before {cursor}", err=True)


@post.command()
@click.argument("post_id", metavar="ID")
@json_option
@pass_loa
@named(post_id="post")
def show(loa: Loa, post_id: str, as_json: bool) -> None:
    """Show a post: its facts, why it is in its categories, its history.

    \b
    Example:
      loa post show 5b4c…
    """
    from service.cli.dating_shape import dating_json
    from service.cli.post_shown import echo_post
    from service.services.post_shapes import show_whole_post
    from service.storage.posts import get_post, is_overruled, revisions

    with loa.database.reading() as conn:
        found = get_post(conn, post_id)
        history = revisions(conn, post_id)
        overruled = is_overruled(conn, post_id)
        whole = show_whole_post(conn, found, loa.links)
    if as_json:
        told = [
            {"number": item.number, "seen_at": item.seen_at, "what": item.what} for item in history
        ]
        dating = {"dating": dating_json(found.dating)}
        echo_json(
            {
                **as_plain(whole),
                **dating,
                "is_overruled": overruled,
                "revisions": told,
            }
        )
        return
    echo_post(found, history, overruled, loa.settings.service.locale, whole)


@post.command()
@click.argument("words", metavar="ID CATEGORY… | --by-rules [ID…]", nargs=-1)
@click.option(
    "--by-rules", is_flag=True, help="The rules of now decide again: for these posts, or for all."
)
@json_option
@pass_loa
def recategorise(loa: Loa, words: tuple[str, ...], by_rules: bool, as_json: bool) -> None:
    """Overrule the categories of a post, the primary one first; this sticks, whatever rules say
    later.

    Who comes to want the post by it, and never had it, is alerted.

    With --by-rules the overruling of the posts named ends. Without a post all that are stored are
    read again, as after a change of the rules; what a person decided stays, and of posts beyond
    polling.max_alert_age_days nobody is alerted.

    \b
    Examples:
      loa post recategorise 5b4c… directives meetings
      loa post recategorise --by-rules
    """
    from service.services.filters import check_categories
    from service.services.naming import find_post_to_change
    from service.services.overruling_acts import decide_categories

    if by_rules:
        _read_again(loa, words, as_json)
        return
    if len(words) < 2:
        raise click.UsageError("Missing ID and CATEGORY…, or --by-rules.")
    wanted = check_categories(loa, words[1:])
    with loa.database.reading() as conn:
        post_id = find_post_to_change(conn, words[0])
    with loa.database.writing() as conn:
        changed = decide_categories(conn, loa, post_id, wanted)
    if as_json:
        echo_json(_posts_json(loa, [changed])[0])
    else:
        click.echo(
            f"{changed.id} is in {', '.join(changed.categories)} now, whatever the rules say"
        )


@post.command()
@click.argument("post_id", metavar="ID")
@click.argument("level", metavar="LEVEL")
@json_option
@pass_loa
@named(post_id="post to change")
def urgency(loa: Loa, post_id: str, level: str, as_json: bool) -> None:
    """Decide how urgent a post is: normal, khan, thuong-khan or hoa-toc; this sticks through edits.

    Where that is one of urgency.now, what of the post waits goes out at once, and receipts are
    asked for in minutes. `recategorise --by-rules ID` lets its words decide again.

    \b
    Example:
      loa post urgency 5b4c… hoa-toc
    """
    from service.services.overruling_acts import decide_urgency

    with loa.database.writing() as conn:
        changed = decide_urgency(conn, loa, post_id, level)
    if as_json:
        echo_json(_posts_json(loa, [changed])[0])
    else:
        click.echo(f"{changed.id} is {level} now, whatever its words say")


def _read_again(loa: Loa, post_ids: tuple[str, ...], as_json: bool) -> None:
    changed = loa.poller.read_by_new_rules(post_ids)
    if as_json:
        echo_json({"posts": _posts_json(loa, changed)})
        return
    rows = [(item.id, ", ".join(item.categories), item.title) for item in changed]
    echo_table(["id", "categories", "title"], rows, empty="no post is read differently")


def _posts_json(loa: Loa, posts: Sequence[Post]) -> list[dict[str, object]]:
    """Posts as the API lists them, and why they are where they are."""
    from service.services.post_shapes import show_posts

    with loa.database.reading() as conn:
        shown = show_posts(conn, posts, loa.links)
    return [
        {
            **as_plain(shape),
            "why": as_plain(post.understanding.why),
            "urgency_why": as_plain(post.understanding.urgency_why),
        }
        for post, shape in zip(posts, shown, strict=True)
    ]


@post.command()
@click.option("--portal", "portal_id", metavar="ID", help="Of one portal.")
@click.option("--code", metavar="CODE", help="For one reason; by default what is to be decided.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@json_option
@pass_loa
def silent(loa: Loa, portal_id: str | None, code: str | None, limit: int, as_json: bool) -> None:
    """List posts that were told to nobody although somebody asked, with the reason.

    \b
    Examples:
      loa post silent
      loa post silent --portal quangxuong --code too_old
    """
    from service.services.silences import list_silences
    from service.words import say

    with loa.database.reading() as conn:
        found = list_silences(conn, code=code, portal_id=portal_id, limit=limit)
    if as_json:
        echo_json({"posts": [as_plain(one) for one in found]})
        return
    locale = loa.settings.service.locale
    rows = [
        (
            one.post_id,
            one.portal_id,
            local(one.at, locale),
            say(f"silence.{one.code}", "en"),
            one.title,
        )
        for one in found
    ]
    echo_table(["id", "portal", "since", "why", "title"], rows, empty="no silent posts")


@post.command()
@click.argument("posts", metavar="ID…", nargs=-1, required=True)
@json_option
@pass_loa
@named(posts="post to change")
def release(loa: Loa, posts: tuple[str, ...], as_json: bool) -> None:
    """Tell of posts that were kept silent: everybody who asks for them now gets them once.

    \b
    Example:
      loa post release 5b4c…
    """
    from service.services.silences import release_posts

    with loa.database.writing() as conn:
        released = release_posts(conn, loa, posts)
    if as_json:
        echo_json({"released": released})
        return
    click.echo(f"{released} posts are alerted now")


@post.command()
@click.argument("posts", metavar="ID…", nargs=-1, required=True)
@json_option
@pass_loa
@named(posts="post to change")
def discard(loa: Loa, posts: tuple[str, ...], as_json: bool) -> None:
    """Decide that nobody has to be told of posts that were kept silent: they stay in the feeds.

    \b
    Example:
      loa post discard 5b4c…
    """
    from service.services.silences import discard_posts

    with loa.database.writing() as conn:
        discarded = discard_posts(conn, loa, posts)
    if as_json:
        echo_json({"discarded": discarded})
        return
    click.echo(f"{discarded} posts alert nobody")
