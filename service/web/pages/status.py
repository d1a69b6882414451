"""How the portals are watched, for anybody: since when, when last, what was missed, what is silent.

The same as JSON for whoever asks for it, by `Accept` or at /status.json.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flask import Blueprint, Response, render_template, request

from service.services.coverage_acts import PortalCoverage, load_coverage
from service.services.coverage_shapes import show_status
from service.web.api.answer import answer

if TYPE_CHECKING:
    from service.bootstrap import Loa

KEPT = timedelta(seconds=10)
"""What is silent is counted over all silent changes: not for every stranger's request."""


def make_blueprint(loa: Loa) -> Blueprint:
    blueprint = Blueprint("status", __name__)
    view = _View(loa)

    @blueprint.get("/status")
    def page() -> Response:
        wanted = request.accept_mimetypes.best_match(["text/html", "application/json"])
        if wanted == "application/json":
            response = as_json()
        else:
            response = Response(render_template("status.html", portals=view.now()))
        response.vary.add("Accept")
        return response

    @blueprint.get("/status.json")
    def as_json() -> Response:
        return answer(show_status(view.now()))

    return blueprint


class _View:
    """The coverage of all portals, read anew when it is older than KEPT."""

    def __init__(self, loa: Loa) -> None:
        self._loa = loa
        self._lock = threading.Lock()
        self._read_at: datetime | None = None
        self._portals: list[PortalCoverage] = []

    def now(self) -> list[PortalCoverage]:
        now = self._loa.clock()
        with self._lock:
            if self._read_at is None or abs(now - self._read_at) >= KEPT:
                with self._loa.database.reading() as conn:
                    self._portals = load_coverage(conn, self._loa.settings, now)
                self._read_at = now
            return self._portals
