"""What the readers of rules files share: a file is refused by its name, the key, what was found,
what is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class FileReader:
    """Reads a mapping that came from `origin`."""

    origin: str

    def _only(self, table: Mapping[str, Any], prefix: str, allowed: set[str]) -> None:
        for key in table:
            if key not in allowed:
                raise self._wrong(
                    prefix + key, table[key], f"only the keys {', '.join(sorted(allowed))}"
                )

    def _wrong(self, key: str, found: object, allowed: str) -> ConfigurationError:
        return ConfigurationError(
            f"cannot use '{key}' of {self.origin}: found {found!r}, allowed is {allowed}"
        )
