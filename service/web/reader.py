"""Who reads a page: in which language, and by which clock."""

from __future__ import annotations

from flask import current_app, g

from service.values import Language, Locale


def language() -> Language:
    """The reader's choice; the service's own where an error came before any routing."""
    return locale().language


def locale() -> Locale:
    """The reader's language, and the clock of the service: nobody is asked where he is."""
    own: Locale = current_app.extensions["loa"].settings.service.locale
    chosen = g.get("language")
    return own if chosen is None else own.to(chosen)
