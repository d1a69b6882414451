"""`loa portal`: what is watched, how it is, and what a portal nobody has described looks like."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from service.cli.backfill_command import backfill
from service.cli.common import (
    FAILED,
    as_plain,
    echo_json,
    echo_table,
    fail,
    json_option,
    local,
    pass_loa,
    warn,
)
from service.cli.parsing import LoaGroup
from service.cli.progress import Progress
from service.words import say, say_fields

if TYPE_CHECKING:
    from service.bootstrap import Loa
    from service.settings import PortalConfig
    from service.storage.listings import ListingState
    from service.storage.poll_history import PastPoll
    from service.values import Locale

_PAST = 10
"""Polls of a listing that are shown: those in which something happened, and the first of a run of
unchanged ones."""


@click.group(cls=LoaGroup)
def portal() -> None:
    """Portals: probe one that nobody has described, check and list those that are configured.

    \b
    Example:
      loa portal list
    """


portal.add_command(backfill)


@portal.command("list")
@click.argument("portals", metavar="[PORTAL]…", nargs=-1)
@json_option
@pass_loa
def list_(loa: Loa, portals: tuple[str, ...], as_json: bool) -> None:
    """List the portals that are watched, how each listing is, and of those that are named how they
    have been.

    \b
    Example:
      loa portal list quangxuong
    """
    from service.services.coverage_acts import load_coverage
    from service.services.coverage_shapes import show_listing
    from service.storage.counts import count_held
    from service.storage.listings import load_listings
    from service.storage.poll_history import past_polls
    from service.storage.silence import count_silences

    chosen = _chosen(loa, portals)
    configured = {item.id for item in loa.settings.portals}
    with loa.database.reading() as conn:
        states, held, silent = load_listings(conn), count_held(conn), count_silences(conn)
        ids = [item.id for item in chosen]
        covered = load_coverage(conn, loa.settings, loa.clock(), ids) if as_json else []
        history = {
            (item.id, listing.url): past_polls(conn, item.id, listing.url, _PAST)
            for item in (chosen if portals or as_json else ())
            for listing in item.listings
        }
    if as_json:
        whole = {
            (of.id, one.url): as_plain(show_listing(one)) for of in covered for one in of.listings
        }
        shown = [
            {
                **_portal_json(item, states, history, whole),
                "held": held.get(item.id, 0),
                "silent": silent.get(item.id, {}),
            }
            for item in chosen
        ]
        gone = [] if portals else sorted({*held, *silent} - configured)
        unwatched = [
            {"id": one, "held": held.get(one, 0), "silent": silent.get(one, {})} for one in gone
        ]
        echo_json({"portals": shown, "unwatched": unwatched})
        return
    rows = [
        (
            item.id,
            listing.url,
            *_health(states.get((item.id, listing.url)), loa.settings.service.locale),
        )
        for item in chosen
        for listing in item.listings
    ]
    columns = ["portal", "listing", "outcome", "last polled", "last new", "failing since", "error"]
    echo_table(
        columns, rows, empty=f"no portals in {loa.settings.portals_dir}: loa portal probe --help"
    )
    click.echo(f"portal files are read from: {loa.settings.portals_dir}", err=True)
    shown_ids = [item.id for item in chosen]
    if not portals:  # what a portal that was removed has kept silent is to be decided all the same
        shown_ids += sorted({*held, *silent} - configured)
    for portal_id in shown_ids:
        _warn_of_silence(portal_id, held.get(portal_id, 0), silent.get(portal_id, {}))
    past = [
        (
            *key,
            local(one.started_at, loa.settings.service.locale),
            one.outcome,
            say(one.error, "en", loa.settings.service.locale.zone),
        )
        for key, many in history.items()
        for one in many
    ]
    if past:
        echo_table(["portal", "listing", "polled", "outcome", "error"], past)


def _warn_of_silence(portal_id: str, held: int, silent: Mapping[str, int]) -> None:
    if held:
        warn(f"a flood holds the alerts of {held} changes back: loa portal release {portal_id}")
    for code, count in silent.items():
        if code != "flood":
            reason = say(f"silence.{code}", "en")
            remedy = f"loa post silent --portal {portal_id} --code {code}"
            warn(f"{portal_id}: {count} silent posts, {reason}: {remedy}")


def _chosen(loa: Loa, ids: tuple[str, ...]) -> list[PortalConfig]:
    from service.cli.inputs import chosen_portals

    wanted = chosen_portals(loa, ids)
    return [item for item in loa.settings.portals if not wanted or item.id in wanted]


def _health(state: ListingState | None, locale: Locale) -> tuple[object, ...]:
    if state is None or state.last_polled_at is None:
        return ("not yet polled", "", "", "", "")
    return (
        state.last_outcome,
        local(state.last_polled_at, locale),
        local(state.last_new_at, locale),
        local(state.failing_since, locale),
        say(state.last_error, "en", locale.zone),
    )


def _portal_json(
    item: PortalConfig,
    states: Mapping[tuple[str, str], ListingState],
    history: Mapping[tuple[str, str], list[PastPoll]],
    covered: Mapping[tuple[str, str], dict[str, Any]],
) -> dict[str, Any]:
    keys = [(item.id, listing.url) for listing in item.listings]
    listings = [
        {
            **covered[key],
            **_listing_json(key[1], states.get(key)),
            "history": say_fields(as_plain(history[key]), "en"),
        }
        for key in keys
    ]
    return {
        "id": item.id,
        "name": item.name,
        "base_url": item.base_url,
        "kind": item.kind,
        "listings": listings,
    }


def _listing_json(url: str, state: ListingState | None) -> dict[str, Any]:
    return {
        "url": url,
        "outcome": as_plain(state.last_outcome) if state else None,
        "failures": state.failures if state else 0,
        "failing_since": as_plain(state.failing_since) if state else None,
        "last_polled_at": as_plain(state.last_polled_at) if state else None,
        "last_ok_at": as_plain(state.last_ok_at) if state else None,
        "last_new_at": as_plain(state.last_new_at) if state else None,
        "next_poll_at": as_plain(state.next_poll_at) if state else None,
        "error": say(state.last_error, "en") if state and state.last_error else None,
    }


@portal.command()
@click.argument("portals", metavar="[PORTAL]…", nargs=-1)
@json_option
@pass_loa
def check(loa: Loa, portals: tuple[str, ...], as_json: bool) -> None:
    """Read each listing and its first article as configured, and show what was understood. Stores
    nothing.

    \b
    Example:
      loa portal check quangxuong
    """
    from service.cli.dry_run import check_portal, echo_checked, is_failed, probe_shape

    chosen = _chosen(loa, portals)
    with Progress("read", "portals", len(chosen)) as progress:
        checked = [
            check_portal(loa.fetcher, item, loa.settings.service.locale)
            for item in progress.over(chosen)
        ]
    if as_json:
        echo_json({"portals": [probe_shape(item) for item in checked]})
    else:
        echo_checked(checked, loa.settings.service.locale)
    broken = [listing for item in checked for listing in item["listings"] if is_failed(listing)]
    for listing in broken:
        warn(
            f"{listing['outcome']}: {listing['error']}"
            if listing["error"]
            else f"{listing['url']} shows no post"
        )
    if broken:
        warn(
            f"{len(broken)} of {sum(len(item['listings']) for item in checked)} listings cannot "
            f"be read"
        )
        raise click.exceptions.Exit(FAILED)


@portal.command()
@click.argument("portals", metavar="PORTAL…", nargs=-1, required=True)
@json_option
@pass_loa
def release(loa: Loa, portals: tuple[str, ...], as_json: bool) -> None:
    """Let the alerts go that a flood of new posts held back.

    \b
    Example:
      loa portal release quangxuong
    """
    from service.cli.inputs import silent_portals
    from service.services.silences import release_portal

    released = {}
    for portal_id in silent_portals(loa, portals):
        with loa.database.writing() as conn:
            released[portal_id] = release_portal(conn, loa, portal_id)
    if as_json:
        echo_json({"portals": [{"id": key, "released": count} for key, count in released.items()]})
        return
    for portal_id, count in released.items():
        click.echo(
            f"{portal_id}: {count} held changes go out"
            if count
            else f"{portal_id}: nothing was held"
        )


@portal.command()
@click.argument("portals", metavar="PORTAL…", nargs=-1, required=True)
@json_option
@pass_loa
def discard(loa: Loa, portals: tuple[str, ...], as_json: bool) -> None:
    """Decide that nobody has to be told of the posts that a portal keeps silent: they stay in the
    feeds.

    Each may still be released, by `loa post release`.

    \b
    Example:
      loa portal discard quangxuong
    """
    from service.cli.inputs import silent_portals
    from service.services.silences import discard_portal

    discarded = {}
    for portal_id in silent_portals(loa, portals):
        with loa.database.writing() as conn:
            discarded[portal_id] = discard_portal(conn, loa, portal_id)
    if as_json:
        shown = [{"id": key, "discarded": count} for key, count in discarded.items()]
        echo_json({"portals": shown})
        return
    for portal_id, count in discarded.items():
        click.echo(f"{portal_id}: {count} posts alert nobody" if count else f"{portal_id}: nothing")


@portal.command()
@click.argument("url")
@click.option(
    "--write",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the portal file.",
)
@click.option(
    "--place",
    metavar="NAME",
    help="What it speaks for: a province, an old district or a commune, by today's name or before.",
)
@json_option
@pass_loa
def probe(loa: Loa, url: str, file: Path | None, place: str | None, as_json: bool) -> None:
    """Find listings, posts, dates and article bodies on a portal that nobody has described.

    \b
    Examples:
      loa portal probe https://xa-mau.example.gov.vn
      loa portal probe https://xa-mau.example.gov.vn --write portals/xa-mau.toml
      loa portal probe https://huyen-mau.example --place "huyện Quảng Xương" --write mau.toml
    """
    from service.cli.dry_run import echo_probe
    from service.cli.portal_place import with_area
    from service.portals.portal_text import render_portal
    from service.portals.probe import probe_page as look
    from service.settings.portal_files import id_of_file

    with Progress("looking round:"):
        found = look(loa.fetcher, url)
    portal = with_area(loa, found.portal, place)
    if file is not None:
        portal = portal.model_copy(update={"id": id_of_file(file) or portal.id})
    if as_json:
        echo_json(found.shown())
    else:
        echo_probe(
            {
                **as_plain(found.shown()),
                "outcome": "article",
                "error": _said(found.article_error),
            },
            loa.settings.service.locale,
        )
    if file is not None:
        write_new(file, render_portal(portal))
        click.echo(f"wrote {file}; try it with: loa portal check {portal.id}", err=True)


def _said(reason: str | None) -> str | None:
    return None if reason is None else say(reason, "en")


def write_new(file: Path, text: str) -> None:
    """Writes a file that does not exist yet."""
    from service.errors import InvalidInput

    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError as error:
        raise InvalidInput(
            "--write", f"{str(file)!r} exists", "a file that does not exist yet"
        ) from error
    except OSError as error:
        fail(f"cannot write {str(file)!r}: {error.strerror}")
