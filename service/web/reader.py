"""Who reads a page: in which language, and by which clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app, g

from service.values import Language, Locale

if TYPE_CHECKING:
    from service.bootstrap import Loa


def current_loa() -> Loa:
    """Whose page it is."""
    loa: Loa = current_app.extensions["loa"]
    return loa


def language() -> Language:
    """The reader's choice; the service's own where an error came before any routing."""
    return locale().language


def locale() -> Locale:
    """The reader's language, and the clock of the service: nobody is asked where he is."""
    own = current_loa().settings.service.locale
    chosen = g.get("language")
    return own if chosen is None else own.to(chosen)
