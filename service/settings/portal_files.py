"""The files of portals, written: one is tried beside the others before it takes its place, so that
what is there can always be read.

A file is named after its portal; one that an operator named otherwise keeps its name. A removed one
stays beside the others, under a name that is not read.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from pydantic import TypeAdapter, ValidationError

from service.errors import ConfigurationError
from service.settings.layers import read_text
from service.settings.loader import category_ids
from service.settings.models import PortalConfig, PortalId, Settings
from service.settings.portals import (
    RESERVED,
    check_ids,
    list_portal_files,
    load_portals,
    read_portal,
)

_REMOVED = ".removed"


def find_portal_file(settings: Settings, portal_id: str) -> Path | None:
    """The file in which a portal is described; None where there is none that can be read."""
    for path in list_portal_files(settings.portals_dir):
        portal = read_portal(path, [])
        if portal is not None and portal.id == portal_id:
            return path
    return None


def new_portal_file(settings: Settings, portal_id: str) -> Path:
    return settings.portals_dir / f"{portal_id}.toml"


def id_of_file(path: Path) -> str | None:
    """The id that a file's own name gives its portal; None where it is fit for none."""
    try:
        found = TypeAdapter(PortalId).validate_python(path.stem)
    except ValidationError:
        return None
    return None if found in RESERVED else found


def id_in(text: str) -> str | None:
    """The id that the text of a file gives its portal, fit to name a file; None where it gives
    none."""
    try:
        found = tomllib.loads(text).get("id")
        return TypeAdapter(PortalId).validate_python(found)
    except (tomllib.TOMLDecodeError, ValidationError):
        return None


def write_portal_file(settings: Settings, path: Path, text: str) -> PortalConfig:
    """What the file describes from now on. Raises ConfigurationError, and nothing is changed, where
    it could not be read, or not beside the others; OSError where nothing can be written."""
    with _tried(path, text) as tried:
        portal = _try_portal(settings, path, tried)
        tried.replace(path)
    return portal


def remove_portal_file(path: Path) -> None:
    """Raises OSError. One that was removed before under this name is gone then."""
    path.replace(path.with_name(path.name + _REMOVED))


def restore_portal_file(settings: Settings, portal_id: str) -> PortalConfig | None:
    """The portal that was removed and is read again; None where there is none. Raises as
    `write_portal_file`."""
    for path in sorted(settings.portals_dir.glob(f"*.toml{_REMOVED}")):
        portal = read_portal(path, [])
        if portal is not None and portal.id == portal_id:
            back = path.with_name(path.name.removesuffix(_REMOVED))
            found = _try_portal(settings, back, path)
            path.replace(back)
            return found
    return None


def read_portals_again(settings: Settings) -> Settings:
    """The settings with the portals as their files are now. Raises ConfigurationError."""
    problems: list[str] = []
    categories = category_ids(settings.categories_file, problems)
    portals = load_portals(settings.portals_dir, "portals_dir", categories, problems)
    if problems:
        raise ConfigurationError("; ".join(problems))
    return settings.model_copy(update={"portals": portals})


def read_portal_text(path: Path) -> str:
    """As it is, comments and all. Raises ConfigurationError."""
    return read_text(path)


def _try_portal(settings: Settings, path: Path, tried: Path) -> PortalConfig:
    problems: list[str] = []
    portal = read_portal(tried, problems)
    if portal is not None:
        others = [one for one in list_portal_files(settings.portals_dir) if one != path]
        beside = [(one, found) for one in others if (found := read_portal(one, [])) is not None]
        check_ids([*beside, (path, portal)], category_ids(settings.categories_file, []), problems)
    if portal is None or problems:
        raise ConfigurationError("; ".join(one.replace(str(tried), path.name) for one in problems))
    return portal


@contextmanager
def _tried(path: Path, text: str) -> Iterator[Path]:
    """A file beside it that is not read by anybody else, and is on the disk before it is renamed;
    gone afterwards."""
    lines = text.replace("\r\n", "\n").rstrip("\n") + "\n"
    with NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=".", suffix=".try", delete=False
    ) as stream:
        tried = Path(stream.name)
        stream.write(lines)
        stream.flush()
        os.fsync(stream.fileno())
    try:
        tried.chmod(path.stat().st_mode if path.exists() else 0o644)
        yield tried
    finally:
        tried.unlink(missing_ok=True)
