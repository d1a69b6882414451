"""Help for whoever meets Loa: one page a topic, and the receivers as files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, render_template

from service.web import reader
from service.web.pages.help_text import (
    LANGUAGE_NAMES,
    RECEIVERS,
    TOPICS,
    HelpText,
    load_help,
    receiver,
)
from service.web.site import base_path

if TYPE_CHECKING:
    from service.bootstrap import Loa


def make_blueprint(loa: Loa) -> Blueprint:
    blueprint = Blueprint("help", __name__)
    base = base_path(loa.settings.service.public_url)

    def text_of(topic: str) -> HelpText:
        return load_help(topic, reader.language(), base)

    @blueprint.get("/help/")
    def index() -> str:
        return render_template("help/index.html", topics=[(name, text_of(name)) for name in TOPICS])

    @blueprint.get("/help/<topic>")
    def page(topic: str) -> str:
        if topic not in TOPICS:
            abort(404)
        shown = [
            {"language": LANGUAGE_NAMES[language], "file": file, "code": receiver(file)}
            for language, file in (RECEIVERS.items() if topic == "webhooks" else ())
        ]
        titles = [(name, text_of(name).title) for name in TOPICS]
        return render_template(
            "help/page.html", topic=topic, text=text_of(topic), titles=titles, receivers=shown
        )

    @blueprint.get("/help/receivers/<name>")
    def download(name: str) -> Response:
        if name not in RECEIVERS.values():
            abort(404)
        response = Response(receiver(name), content_type="text/plain; charset=utf-8")
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    return blueprint
