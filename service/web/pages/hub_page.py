"""The WebSub hub at /hub: takes what subscribers ask for, and shows people what it is.

What is asked of callbacks and sent to them is a worker's.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, render_template, request
from werkzeug.exceptions import TooManyRequests

from service.errors import Conflict, InvalidInput
from service.services.feed_catalogue import hub_address
from service.services.hub_acts import HubRequest, ask
from service.web import reader
from service.web.server.limits import Limit, asker
from service.words import say

if TYPE_CHECKING:
    from service.bootstrap import Loa

PER_HOUR = 120
"""Requests of one asker: a reader asks once for each feed, and again when its lease ends."""


def make_blueprint(loa: Loa) -> Blueprint:
    blueprint = Blueprint("hub", __name__)
    limit = Limit(PER_HOUR, 3600, time.monotonic)

    @blueprint.before_request
    def require_hub() -> None:
        if not hub_address(loa):
            abort(404)

    @blueprint.get("/hub")
    def show() -> str:
        root = loa.settings.service.public_url.rstrip("/")
        return render_template("hub.html", hub=hub_address(loa), topic=f"{root}/feeds/all.atom")

    @blueprint.post("/hub")
    def take() -> Response:
        """202: the callback will be asked (WebSub, section 5.1); any 4xx says why not, as plain
        text."""
        state = limit.take(asker())
        if not state.has_room:
            raise TooManyRequests("refused.hub_asked", retry_after=state.resets_s)
        form = request.form
        wanted = HubRequest(
            form.get("hub.mode", ""),
            form.get("hub.topic", ""),
            form.get("hub.callback", ""),
            form.get("hub.lease_seconds", ""),
            form.get("hub.secret", ""),
        )
        try:
            with loa.database.writing() as conn:
                ask(conn, loa, wanted)
        except InvalidInput as error:
            return _said(error.said(reader.language()), 400)
        except Conflict as error:
            return _said(say(error.reason, reader.language()), 409)
        return _said("", 202)

    return blueprint


def _said(words: str, status: int) -> Response:
    return Response(words, status, content_type="text/plain; charset=utf-8")
