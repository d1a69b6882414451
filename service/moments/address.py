"""The day that an address carries in a folder."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from service.instants import Source, Witness
from service.moments.label import parse_moment

_FOLDER = re.compile(r"/((?:19[89]|20\d)\d)[-/](\d{1,2})[-/](\d{1,2})(?=[/_-]|$)")


def by_address(url: str) -> Witness | None:
    """The day that a folder of an address names: `/2026/11/28/`, `/Pages/2024-1-28/`; of creation,
    mostly."""
    try:
        path = urlsplit(url).path
    except ValueError:  # a bracket out of place
        return None
    for match in _FOLDER.finditer(path):
        moment = parse_moment(f"{match[1]}-{int(match[2]):02}-{int(match[3]):02}")
        if moment is not None:
            return Witness(Source.ADDRESS, moment, match[0].strip("/_-"))
    return None
