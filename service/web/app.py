"""The web application: one Flask app per process, made by `create_app`, with the blueprints of
every package.

Owns what all pages share: security headers, language, links below `public_url`, error pages. Holds
no state of its own; refuses a request whose route has no decision in `access_table`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import orjson
from flask import Flask, Response, g, request
from jinja2 import pass_context
from jinja2.runtime import Context
from werkzeug.middleware.proxy_fix import ProxyFix

from service.services.audit_acts import Origin, acting
from service.storage.sessions import LASTS
from service.values import Language
from service.web import auth, problem, reader, words
from service.web.admin import desk as admin
from service.web.api import api_routes as api
from service.web.feeds import feed_routes as feeds
from service.web.pages import (
    attachments,
    help_pages,
    hub_page,
    public,
    robots_pages,
    status,
    unit_own,
    webhook_key,
)
from service.web.pages import receipt_page as receipts
from service.web.pages import subscribe as subscriptions
from service.web.server import readiness as health
from service.web.server.admission import MAX_BODY_BYTES
from service.web.server.compression import compress
from service.web.server.cookies import SignedSessions
from service.web.server.limits import Limit
from service.web.server.proxies import ProxyWatch
from service.web.site import base_path, category_name
from service.words import kind_name, label, say, say_day, say_rhythm

if TYPE_CHECKING:
    from service.bootstrap import Loa

LANGUAGE_COOKIE = "loa_language"
LABELS = (
    "outcome", "state", "status", "channel", "frequency", "relation", "backfill", "rejected",
    "urgency", "owner", "rule", "link", "linked", "part", "line", "change",
)  # fmt: skip
"""The kinds of labels that are filters of their names."""

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri "
        "'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class _QuietFlask(Flask):
    """Flask, but what it logs of a crash names the route: a path may carry a token."""

    def log_exception(self, exc_info: Any) -> None:
        route = request.url_rule.rule if request.url_rule else "(no route)"
        self.logger.error("cannot answer %s %s", request.method, route, exc_info=exc_info)


def create_app(loa: Loa) -> Flask:
    """The application over an opened Loa."""
    app = _QuietFlask("service.web")
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["MAX_FORM_PARTS"] = 200
    app.config.update(
        SESSION_COOKIE_NAME="loa_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=loa.settings.service.public_url.startswith("https://"),
        PERMANENT_SESSION_LIFETIME=LASTS,
    )
    app.extensions["loa"] = loa
    app.session_interface = SignedSessions(loa.keyring)
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False  # the redirect would name the host that the request names
    app.jinja_env.globals["can_change"] = auth.can_change
    app.jinja_env.globals["is_by_session"] = auth.is_by_session
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    proxies = loa.settings.server.trusted_proxies
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign] # Flask's documented way to add a middleware
    proxy_watch = ProxyWatch(loa)
    app.before_request(lambda: proxy_watch.look(request.environ))
    app.before_request(_choose_language)
    app.before_request(auth.require_access)
    app.before_request(_say_who_acts)
    app.teardown_request(lambda _error: acting(None))
    app.after_request(_finish)
    app.context_processor(_page_words)
    _add_filters(app)
    problem.register(app)
    app.extensions[auth.WRITES] = Limit(auth.WRITES_PER_MINUTE, 60, time.monotonic)
    for module in blueprint_modules():
        app.register_blueprint(module.make_blueprint(loa))
    return app


def blueprint_modules() -> tuple[Any, ...]:
    """The modules of this package with a `make_blueprint(loa)`, in the order of registration."""
    return (
        public,
        robots_pages,
        status,
        help_pages,
        attachments,
        feeds,
        hub_page,
        subscriptions,
        receipts,
        unit_own,
        webhook_key,
        api,
        health,
        admin,
    )


def _say_who_acts() -> None:
    """For the log of who did what; a page with a link in its address knows of nobody."""
    who = getattr(g, "caller", None)
    door = "api" if request.path.startswith("/api/") else "page" if who is None else "desk"
    acting(Origin(door, "" if who is None else who.name, request.remote_addr or ""))


def _choose_language() -> None:
    """Vietnamese unless asked: the pages are for Vietnamese people, whatever their browser was
    installed in."""
    default = reader.current_loa().settings.service.language
    asked = request.args.get("lang")
    wanted = asked or request.cookies.get(LANGUAGE_COOKIE)
    if wanted is None and request.path.startswith(
        "/api/"
    ):  # a program sends what it was told to send
        wanted = request.accept_languages.best_match(list(words.LANGUAGES))
    g.language = wanted if wanted in words.LANGUAGES else default
    g.is_language_asked = asked in words.LANGUAGES


def _finish(response: Response) -> Response:
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    if (rate := getattr(g, "rate", None)) is not None:
        response.headers.update(rate.headers())
    if getattr(g, "is_language_asked", False):
        response.set_cookie(
            LANGUAGE_COOKIE,
            g.language,
            max_age=31_536_000,
            httponly=True,
            samesite="Lax",
            secure=is_https(),
        )
    if response.mimetype == "text/html":
        response.headers.setdefault("Cache-Control", "no-cache")
        response.headers.setdefault("Content-Language", reader.language())
        response.vary.add("Cookie")
    elif request.endpoint == "static":
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return compress(response)


def is_https() -> bool:
    """Whether the world reaches this service by https: cookies are then marked `Secure`."""
    return str(reader.current_loa().settings.service.public_url).startswith("https://")


@lru_cache(maxsize=32)
def _static_version(name: str) -> str:
    return sha256((Path(__file__).parent / "static" / name).read_bytes()).hexdigest()[:12]


def _other_language() -> dict[str, str]:
    code: Language = "en" if g.language == "vi" else "vi"
    query = urlencode(
        [*((k, v) for k, v in request.args.items(multi=True) if k != "lang"), ("lang", code)]
    )
    return {"code": code, "name": words.LANGUAGES[code], "url": f"?{query}"}


def _page_words() -> dict[str, Any]:
    """What every template may use; `g.language` is absent only where an error came before any
    routing."""
    loa = reader.current_loa()
    g.language = reader.language()
    base = base_path(loa.settings.service.public_url)
    return {
        "lang": g.language,
        "zone": loa.settings.service.locale.zone,
        "tr": lambda vi, en: en if g.language == "en" else vi,
        "base": base,
        "public_url": loa.settings.service.public_url.rstrip("/"),
        "service_title": loa.settings.service.title,
        "static_url": lambda name: f"{base}/static/{name}?v={_static_version(name)}",
        "other_language": _other_language(),
        "autodiscovery": autodiscovery(loa),
        "csrf_token": auth.csrf_token,
        "category_name": lambda category: category_name(loa, category, g.language),
    }


def autodiscovery(loa: Loa) -> list[dict[str, str]]:
    """The feeds that every page announces: everything in three formats, each category in Atom."""
    root = f"{loa.settings.service.public_url.rstrip('/')}/feeds"
    title = loa.settings.service.title
    feeds = [
        {"media_type": "application/rss+xml", "title": f"{title} (RSS)", "url": f"{root}/all.rss"},
        {
            "media_type": "application/atom+xml",
            "title": f"{title} (Atom)",
            "url": f"{root}/all.atom",
        },
        {
            "media_type": "application/feed+json",
            "title": f"{title} (JSON Feed)",
            "url": f"{root}/all.json",
        },
    ]
    for category in loa.rules.categories:
        name = f"{title}: {category_name(loa, category.id, g.language)}"
        feeds.append(
            {
                "media_type": "application/atom+xml",
                "title": name,
                "url": f"{root}/{category.id}.atom",
            }
        )
    return feeds


def _add_filters(app: Flask) -> None:
    """Each is asked anew for every reader: what Jinja may work out of a constant while it compiles
    a template stays in the language of whoever came first."""

    def of(kind: str) -> Callable[[str], str]:
        return lambda value: label(kind, str(value), g.language)

    filters: dict[str, Callable[[Any], str]] = {
        "instant": lambda at: words.say_instant(at, reader.locale()),
        "instant_fully": lambda at: words.say_instant_fully(at, reader.locale()),
        "day": lambda day: say_day(day, g.language),
        "bytes": lambda size: words.say_bytes(size, g.language),
        "example": lambda value: orjson.dumps(value, option=orjson.OPT_INDENT_2).decode(),
        "lasting": lambda lasting: words.say_duration(lasting, g.language),
        "kind": kind_name,
        "said": lambda stored: say(stored, reader.language(), reader.locale().zone),
        "stamp": lambda text: words.say_instant(datetime.fromisoformat(text), reader.locale()),
        "rhythm": lambda rule: say_rhythm(rule, g.language),
        **{kind: of(kind) for kind in LABELS},
    }
    app.jinja_env.filters |= {name: _for_each_reader(one) for name, one in filters.items()}


def _for_each_reader(filtered: Callable[[Any], str]) -> Callable[[Context, Any], str]:
    return pass_context(lambda _context, value: filtered(value))
