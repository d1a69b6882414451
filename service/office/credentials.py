"""What an office asks with: the token, and what it verifies with.

The file is what `loa subscription add pull --json` printed, or lines of a token, secrets
(`whsec_…`) and public keys (`whpk_…`), in any order.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from service.alerts.signing import PREFIX, PUBLIC_PREFIX
from service.errors import ConfigurationError

_MOST_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Credentials:
    token: str
    secrets: tuple[str, ...] = ()
    public_keys: tuple[str, ...] = ()


def read_credentials(path: Path) -> Credentials:
    """Raises ConfigurationError, which never shows what is in the file."""
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_BYTES).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot read the token file {str(path)!r}: {error}") from error
    words = _of_json(text) if text.lstrip().startswith("{") else text.split()
    tokens = [one for one in words if one.startswith("loa_")]
    if len(tokens) != 1:
        raise ConfigurationError(
            f"the token file {str(path)!r} holds {len(tokens)} tokens (loa_…); allowed: what `loa "
            "subscription add pull --json` printed, or one token and the secret (whsec_…), each on "
            "a line"
        )
    return Credentials(
        tokens[0],
        tuple(one for one in words if one.startswith(PREFIX)),
        tuple(one for one in words if one.startswith(PUBLIC_PREFIX)),
    )


def _of_json(text: str) -> list[str]:
    try:
        said = json.loads(text)
    except ValueError:
        return []
    return [one for one in said.values() if isinstance(one, str)]
