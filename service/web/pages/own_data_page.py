"""What is kept of a person, for that person: shown, and handed out as a file.

The token of a manage link is the only right, as on the page it leads to; what is erased is erased
there.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import orjson
from flask import Blueprint, Response, g, redirect, render_template
from werkzeug.wrappers import Response as AnyResponse

from service.services.consent import say_consent
from service.services.optin import persons_own
from service.services.own_data import find_own_data, own_data_document
from service.services.wants import say_filters
from service.storage.personal_data import OwnData
from service.web.site import base_path
from service.words import say_day
from service.words.sentences_consent import CONSENT_VERSION

if TYPE_CHECKING:
    from service.bootstrap import Loa

SHOWN = 50
"""Mails, posts and acts on the page; the file has all that are kept."""


def add_own_data(blueprint: Blueprint, loa: Loa) -> None:
    """The routes below /manage/<token>/data."""

    @blueprint.get("/manage/<token>/data")
    def own_data(token: str) -> str | AnyResponse:
        found = _find(loa, token)
        if found is None:
            return _to_manage(loa, token)
        return render_template(
            "subscriptions/data.html",
            own=found,
            shown=SHOWN,
            wants=lambda one: say_filters(loa, one.filters, g.language),
            text_of=lambda version: say_consent(loa, g.language, version),
            consent=say_consent(loa, g.language),
            newest_version=CONSENT_VERSION,
            say_version=lambda version: say_day(date.fromisoformat(version), g.language),
            manage_path=_manage_path(loa, token),
        )

    @blueprint.get("/manage/<token>/data.json")
    def own_data_file(token: str) -> AnyResponse:
        found = _find(loa, token)
        if found is None:
            return _to_manage(loa, token)
        body = orjson.dumps(own_data_document(loa, found, g.language), option=orjson.OPT_INDENT_2)
        name = {"Content-Disposition": 'attachment; filename="loa-du-lieu-cua-toi.json"'}
        return Response(body, content_type="application/json; charset=utf-8", headers=name)


def _find(loa: Loa, token: str) -> OwnData | None:
    """None: the link is too old to show anything. Raises NotFound."""
    with loa.database.reading() as conn:
        own = persons_own(conn, loa, token)
        return None if own.is_expired else find_own_data(conn, own)


def _to_manage(loa: Loa, token: str) -> AnyResponse:
    """Where a new link is mailed."""
    return redirect(_manage_path(loa, token), 303)


def _manage_path(loa: Loa, token: str) -> str:
    return f"{base_path(loa.settings.service.public_url)}/manage/{token}"
