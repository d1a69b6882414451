"""The portal files: one TOML file each, joined and checked against each other.

Portal and category ids share one namespace, since both name feeds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from service.alerts.networks import is_disguised
from service.errors import ConfigurationError
from service.settings.describe import allowed_words, found, known_keys, nearest
from service.settings.layers import read_toml
from service.settings.models import ListingConfig, PortalConfig, strictly

RESERVED = frozenset({"all", "places", "deadlines", "by-hand"})
KEYS = known_keys(PortalConfig)


def load_portals(
    folder: Path, origin: str, categories: frozenset[str], problems: list[str]
) -> tuple[PortalConfig, ...]:
    """Every portal of the folder, by file name. Adds what is wrong to `problems`."""
    if not folder.is_dir():
        problems.append(
            f"{origin} = {str(folder)!r}; allowed: a folder that exists, with one file for each "
            f"portal"
        )
        return ()
    files = list_portal_files(folder)
    loaded = [
        (path, portal) for path in files if (portal := read_portal(path, problems)) is not None
    ]
    check_ids(loaded, categories, problems)
    return tuple(portal for _, portal in loaded)


def list_portal_files(folder: Path) -> list[Path]:
    """Those that describe a portal, by name."""
    return sorted(path for path in folder.glob("*.toml") if not path.name.startswith("."))


def read_portal(path: Path, problems: list[str]) -> PortalConfig | None:
    """One portal file, with absolute addresses; None when `problems` has grown."""
    try:
        mapping = read_toml(path)
        portal = strictly(PortalConfig, mapping)
    except ConfigurationError as error:
        problems.append(str(error))
        return None
    except ValidationError as error:
        problems.extend(f"{path}: {_explained(detail)}" for detail in error.errors())
        return None
    before = len(problems)
    joined = _joined(path, portal, problems)
    return joined if len(problems) == before else None


def _explained(error: ErrorDetails) -> str:
    place = list(error["loc"])
    if context_key := error.get("ctx", {}).get("key"):
        place.append(str(context_key))
    shown = _shown_place(place)
    plain = ".".join(part for part in map(str, place) if not part.isdigit())
    if error["type"] == "extra_forbidden":
        return (
            f"there is no key {shown!r}{nearest(plain, KEYS)}; keys of a portal: {', '.join(KEYS)}"
        )
    words = allowed_words(error, KEYS.get(plain))
    if error["type"] == "missing" or context_key:
        return f"{shown} is missing; allowed: {words}"
    return f"{shown} = {found(error['input'])}; allowed: {words}"


def _shown_place(place: list[Any]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(
        "."
    )


def _joined(path: Path, portal: PortalConfig, problems: list[str]) -> PortalConfig:
    """The portal with absolute listing addresses and its CA file found."""
    listings: list[ListingConfig] = []
    for number, listing in enumerate(portal.listings):
        url = urljoin(portal.base_url + "/", listing.url)
        host = urlsplit(url).hostname
        if urlsplit(url).scheme not in ("http", "https") or not host or is_disguised(host):
            problems.append(
                f"{path}: listings[{number}].url = {found(listing.url)}; allowed: a path, or an "
                f"http address"
            )
        if url in (earlier.url for earlier in listings):
            problems.append(
                f"{path}: listings[{number}].url = {found(listing.url)}; allowed: each listing once"
            )
        listings.append(listing.model_copy(update={"url": url}))
    ca_file = None if portal.ca_file is None else path.parent / portal.ca_file.expanduser()
    if ca_file is not None and not ca_file.is_file():
        problems.append(
            f"{path}: ca_file = {found(str(portal.ca_file))}; allowed: a PEM file; there is none "
            f"at {ca_file}"
        )
    return portal.model_copy(update={"listings": tuple(listings), "ca_file": ca_file})


def check_ids(
    loaded: list[tuple[Path, PortalConfig]], categories: frozenset[str], problems: list[str]
) -> None:
    """Adds to `problems` what contradicts: reserved ids, one id twice, a category that is none."""
    owners: dict[str, Path] = {}
    for path, portal in loaded:
        if portal.id in RESERVED:
            problems.append(
                f"{path}: id = {found(portal.id)} is reserved; allowed: any id but "
                f"{', '.join(sorted(RESERVED))}"
            )
        elif portal.id in categories:
            problems.append(
                f"{path}: id = {found(portal.id)} is the id of a category; allowed: an id of its "
                f"own"
            )
        elif portal.id in owners:
            problems.append(
                f"{path}: id = {found(portal.id)} is the id of {owners[portal.id]} too; allowed: "
                f"an id of its own"
            )
        owners.setdefault(portal.id, path)
        for number, listing in enumerate(portal.listings):
            if listing.category is not None and categories and listing.category not in categories:
                problems.append(
                    f"{path}: listings[{number}].category = {found(listing.category)}; "
                    f"allowed: "
                    f"{', '.join(sorted(categories))}{nearest(listing.category, categories)}"
                )
