"""Loading: the shipped file, what `--config` overrides, what the environment overrides; then the
portals.

All mistakes of one run are told together, each with the file or variable, the key, what was found
and what is allowed. Secrets are never told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from service.errors import ConfigurationError
from service.settings.describe import allowed_words, found, known_keys, nearest
from service.settings.layers import (
    Layer,
    LayerValue,
    environment_layer,
    file_layer,
    parse_toml,
    read_text,
    shipped,
)
from service.settings.models import FOUND_BY_LOADER, SECRETS, Settings, strictly
from service.settings.portals import load_portals

if TYPE_CHECKING:
    from service.posts.rules import Rules

KEYS = known_keys(Settings, FOUND_BY_LOADER)
TABLES = frozenset(key.partition(".")[0] for key in KEYS if "." in key)
PATHS = frozenset(
    {"portals_dir", "feeds.export_dir", "database.fence_path", "network.ca_file", "archive.folder"}
)


def load(config: Path | None, environ: Mapping[str, str]) -> Settings:
    """The settings in force. Raises ConfigurationError with every mistake, a line each."""
    problems: list[str] = []
    merged = _merge(_layers(config, environ, problems))
    settings = _validate(merged, problems)
    if settings is None:
        raise _refusal(problems)
    files = _rule_files(config, settings.portals_dir)
    categories = category_ids(files["categories_file"], problems)
    portals = load_portals(settings.portals_dir, _portals_origin(merged), categories, problems)
    if categories:
        _check_receipts(merged, settings, categories, problems)
    if settings.network.ca_file and not Path(settings.network.ca_file).is_file():
        entry = merged["network.ca_file"]
        problems.append(
            f"{entry.origin}: network.ca_file = {found(entry.value)}; allowed: a PEM file that "
            f"exists"
        )
    if problems:
        raise _refusal(problems)
    return settings.model_copy(update={"portals": portals, **files})


def _refusal(problems: Sequence[str]) -> ConfigurationError:
    if len(problems) == 1:
        return ConfigurationError(f"cannot use the configuration: {problems[0]}")
    return ConfigurationError("\n  ".join(["cannot use the configuration:", *problems]))


# --- from layers to one mapping ---------------------------------------------------------------


def _layers(config: Path | None, environ: Mapping[str, str], problems: list[str]) -> list[Layer]:
    files = [(shipped() / "loa.toml", Path.cwd())]
    if config is not None:
        files.append((config.absolute(), config.absolute().parent))
    layers = []
    for path, base in files:
        try:
            layers.append(file_layer(path, base, TABLES))
        except ConfigurationError as error:
            problems.append(str(error))
    texts = {
        key: field.annotation in (str, Path) for key, field in KEYS.items() if key not in TABLES
    }
    return [*layers, environment_layer(environ, texts, problems)]


def _merge(layers: Sequence[Layer]) -> Layer:
    merged: Layer = {}
    for layer in layers:
        merged.update(layer)
    return {key: _with_path_resolved(key, found) for key, found in merged.items()}


def _with_path_resolved(key: str, entry: LayerValue) -> LayerValue:
    value = entry.value
    if not isinstance(value, str) or not value:
        return entry
    if key in PATHS:
        return LayerValue(str(_portals_or(key, entry)), entry.origin, entry.base)
    path = value.removeprefix("sqlite:///")
    if key == "database.url" and path not in ("", ":memory:", value):
        return LayerValue(f"sqlite:///{entry.base / path}", entry.origin, entry.base)
    return entry


def _portals_or(key: str, entry: LayerValue) -> Path:
    """The path; the shipped portals stand in where the current folder has none."""
    path = entry.base / Path(entry.value).expanduser()
    is_shipped = entry.origin == str(shipped() / "loa.toml")
    return (
        shipped() / entry.value
        if key == "portals_dir" and is_shipped and not path.is_dir()
        else path
    )


# --- from one mapping to settings -------------------------------------------------------------


def _validate(merged: Layer, problems: list[str]) -> Settings | None:
    nested: dict[str, Any] = {}
    for key, entry in merged.items():
        section, _, name = key.rpartition(".")
        if key not in KEYS:
            problems.append(_unknown(key, entry))
        elif section:
            nested.setdefault(section, {})[name] = entry.value
        elif key in TABLES:
            problems.append(
                f"{entry.origin}: {key} = {found(entry.value)}; allowed: a table [{key}]"
            )
        else:
            nested[key] = entry.value
    try:
        settings = strictly(Settings, nested)
    except ValidationError as error:
        problems.extend(dict.fromkeys(_explained(detail, merged) for detail in error.errors()))
        return None
    return settings


def _unknown(key: str, entry: LayerValue) -> str:
    section, _, _name = key.rpartition(".")
    if section:
        siblings = [known.partition(".")[2] for known in KEYS if known.startswith(f"{section}.")]
        return (
            f"{entry.origin}: there is no key {key!r}{nearest(key, KEYS)}; keys of [{section}]: "
            f"{', '.join(siblings)}"
        )
    return (
        f"{entry.origin}: there is no key {key!r}{nearest(key, KEYS)}; tables: "
        f"{', '.join(sorted(TABLES))}"
    )


def _explained(error: ErrorDetails, merged: Layer) -> str:
    place = [str(part) for part in error["loc"]]
    key = ".".join([*place[:2], *filter(None, [str(error.get("ctx", {}).get("key", ""))])][:2])
    entry = merged.get(key)
    if entry is None:
        return f"{key}: {error['msg']}"
    shown = "(not shown)" if key in SECRETS else found(entry.value)
    return f"{entry.origin}: {key} = {shown}; allowed: {allowed_words(error, KEYS.get(key))}"


# --- what lies beside -------------------------------------------------------------------------


def _rule_files(config: Path | None, portals_dir: Path) -> dict[str, Path]:
    """Rules and places: from the operator's folder, from beside the portals, else as shipped."""
    folders = [*([config.absolute().parent] if config else []), portals_dir.parent, shipped()]
    found = {
        f"{name}_file": next(
            (folder / f"{name}.toml" for folder in folders if (folder / f"{name}.toml").is_file()),
            shipped() / f"{name}.toml",
        )
        for name in ("categories", "places")
    }
    return found | {"places_dir": shipped() / "places"}


def read_rules(path: Path) -> Rules:
    """The rules of a file, made once as long as its text stays. Raises ConfigurationError that
    names the file and what is wrong."""
    return _rules_of(read_text(path), str(path))


@lru_cache(maxsize=4)
def _rules_of(text: str, origin: str) -> Rules:
    from service.posts.rules import parse_rules  # only here: its automaton takes time to import

    return parse_rules(parse_toml(text, origin), origin)


def category_ids(path: Path, problems: list[str]) -> frozenset[str]:
    """Of the rules in a file; none, and a problem more, where it cannot be read."""
    try:
        return frozenset(category.id for category in read_rules(path).categories)
    except ConfigurationError as error:
        problems.append(str(error) if str(path) in str(error) else f"{path}: {error}")
        return frozenset()


def _portals_origin(merged: Layer) -> str:
    entry = merged.get("portals_dir")
    return f"{entry.origin}: portals_dir" if entry else "portals_dir"


def _check_receipts(
    merged: Layer, settings: Settings, categories: frozenset[str], problems: list[str]
) -> None:
    entry = merged.get("receipts.categories")
    for category in settings.receipts.categories:
        if category not in categories and entry is not None:
            problems.append(
                f"{entry.origin}: receipts.categories = {found(category)}; "
                f"allowed: {', '.join(sorted(categories))}{nearest(category, categories)}"
            )
