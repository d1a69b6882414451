"""Where values come from: files and variables. Finds and reads; does not judge the values.

A layer gives for each dotted key what was found, where, and to which folder a relative path
belongs.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from service.errors import ConfigurationError
from service.settings.describe import flatten, nearest

PREFIX = "LOA_"
_ALLOWED = "; allowed: LOA_SECTION__KEY for a key of loa.toml, and LOA_SECTION__KEY_FILE"
_LIKE_A_VARIABLE = 0.8  # all begin alike, so that less would suggest anything


@dataclass(frozen=True, slots=True)
class LayerValue:
    """A value, where it was found (for messages), and the folder that a relative path in it belongs
    to."""

    value: Any
    origin: str
    base: Path


Layer = dict[str, LayerValue]


def shipped() -> Path:
    """The folder of the shipped configuration: inside the package when installed, beside it in a
    checkout."""
    inside = Path(str(files("service"))) / "_config"
    return inside if inside.is_dir() else Path(__file__).resolve().parents[2] / "config"


def read_text(path: Path, what: str = "file") -> str:
    """The text of a file. Raises ConfigurationError that names it."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: is not UTF-8 text (byte {error.start})") from error
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot read this {what}: {error.strerror}") from error


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file as a mapping. Raises ConfigurationError that names the file and the line."""
    return parse_toml(read_text(path), str(path))


def parse_toml(text: str, origin: str) -> dict[str, Any]:
    """The text of a TOML file called `origin`. Raises as `read_toml`."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{origin}: is not valid TOML: {error}") from error


def file_layer(path: Path, base: Path, tables: Iterable[str]) -> Layer:
    return {
        key: LayerValue(value, str(path), base)
        for key, value in flatten(read_toml(path), tables).items()
    }


def variable_of(key: str) -> str:
    """The variable of a dotted key: `server.port` is LOA_SERVER__PORT, `portals_dir` is
    LOA__PORTALS_DIR."""
    section, _, name = key.rpartition(".")
    return f"{PREFIX}{section.upper()}__{name.upper()}"


def environment_layer(
    environ: Mapping[str, str], texts: Mapping[str, bool], problems: list[str]
) -> Layer:
    """What `LOA_SECTION__KEY` and `LOA_SECTION__KEY_FILE` say.

    `texts` has every key that a variable may set, and whether it is text (then no quotes are
    needed).
    """
    variables = {variable_of(key): key for key in texts}
    layer: Layer = {}
    for name, raw in sorted(environ.items()):
        if not name.startswith(PREFIX) or "__" not in name:
            continue
        key = variables.get(name) or variables.get(name.removesuffix("_FILE"))
        if key is None:
            hint = nearest(name, variables, _LIKE_A_VARIABLE) or _ALLOWED
            problems.append(f"{name}: there is no such variable{hint}")
        elif key in layer:
            problems.append(f"{name}: {variable_of(key)} is set too; allowed: one of the two")
        else:
            try:
                value = _value_of(raw, is_file=name not in variables, is_text=texts[key])
            except ConfigurationError as error:
                problems.append(f"{name}: {error}")
                continue
            layer[key] = LayerValue(value, name, Path.cwd())
    return layer


def _value_of(raw: str, *, is_file: bool, is_text: bool) -> Any:
    if not raw.isprintable() and not raw.replace("\n", "").isprintable() and _has_surrogates(raw):
        raise ConfigurationError("is not UTF-8 text")
    if not is_file:
        return _parse(raw, is_text=is_text)
    text = read_text(Path(raw)).rstrip("\r\n")
    if not text:
        raise ConfigurationError(f"{raw}: this file is empty; allowed: a file that holds the value")
    return text if is_text else _parse(text, is_text=False)


def _has_surrogates(raw: str) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in raw)


def _parse(raw: str, *, is_text: bool) -> Any:
    """A value as TOML reads it; text may go without quotes, and then is taken as it stands."""
    try:
        table = tomllib.loads(f"value = {raw}")
    except tomllib.TOMLDecodeError:
        return raw
    value = table.get("value")
    is_quoted = isinstance(value, str) and list(table) == ["value"]
    return value if is_quoted or (not is_text and list(table) == ["value"]) else raw
