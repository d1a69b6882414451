"""Signing in to the desk: by an API token of an operator or a viewer, or by a link that is mailed
to whom the configuration names; and signing out.

A session is kept here, and ends after a working day, with its token, or on signing out. A GET signs
nobody in, since scanners follow links; nobody learns who is named.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from flask import Blueprint, redirect, render_template, request
from werkzeug.exceptions import TooManyRequests
from werkzeug.wrappers import Response

from service.errors import InvalidInput
from service.services import sign_in as links
from service.storage.sessions import PERSON
from service.values import MailAddress, address_key, can_be_mailed
from service.web import auth, reader
from service.web.problem import Fault, fault_of
from service.web.server.limits import Limit, asker, rest_s
from service.web.site import base_path

if TYPE_CHECKING:
    from service.bootstrap import Loa

SIGN_INS = 20
"""In five minutes from one host: a token is not to be guessed, and asking costs a look into the
database."""


def add_routes(blueprint: Blueprint, loa: Loa) -> None:
    home = f"{base_path(loa.settings.service.public_url)}/admin/"
    tries = Limit(SIGN_INS, 300, time.monotonic)
    _add_token_routes(blueprint, loa, home, tries)
    _add_link_routes(blueprint, loa, home, tries)


def _add_token_routes(blueprint: Blueprint, loa: Loa, home: str, tries: Limit) -> None:
    @blueprint.route("/sign-in", methods=["GET", "POST"])
    def sign_in() -> Response | str | tuple[str, int]:
        if request.method == "GET":
            return redirect(home) if auth.proxy_caller() else _page(loa)
        _check(tries)
        found = auth.identify(request.form.get("token", "").strip())
        if found is None or not found.sees_all:
            return _page(loa, is_refused=True), 401
        auth.sign_in(found.token_id)
        return redirect(home, 303)

    @blueprint.post("/sign-out")
    def sign_out() -> Response:
        auth.sign_out()
        return redirect(f"{home}sign-in", 303)


def _add_link_routes(blueprint: Blueprint, loa: Loa, home: str, tries: Limit) -> None:
    @blueprint.post("/sign-in/mail")
    def mail_sign_in() -> str | tuple[str, int]:
        _check(tries)
        began = time.monotonic()
        try:
            address = MailAddress.parse(request.form.get("address", ""))
        except InvalidInput as error:
            return _page(loa, fault=fault_of(error, "address")), 422
        with loa.database.writing() as conn:
            links.request_sign_in(conn, loa, address, reader.locale())
        time.sleep(rest_s(time.monotonic() - began))
        return _page(loa, is_mailed=True)

    @blueprint.get("/sign-in/<token>")
    def show_sign_in(token: str) -> str:
        return render_template("admin/sign_in_link.html", name=links.read_sign_in(loa, token))

    @blueprint.post("/sign-in/<token>")
    def use_sign_in(token: str) -> Response:
        _check(tries)
        with loa.database.writing() as conn:
            name = links.use_sign_in(conn, loa, token)
        auth.sign_in(PERSON + address_key(name))
        return redirect(home, 303)


def _check(tries: Limit) -> None:
    """Raises TooManyRequests, and 403 for a form that is not of this browser."""
    state = tries.take(asker())
    if not state.has_room:
        raise TooManyRequests(retry_after=state.resets_s)
    auth.require_csrf()


def _page(
    loa: Loa, *, is_refused: bool = False, is_mailed: bool = False, fault: Fault | None = None
) -> str:
    people = loa.settings.operator
    can_mail = bool(loa.settings.email.smtp_url) and any(
        map(can_be_mailed, (*people.people, *people.viewers))
    )
    return render_template(
        "admin/sign_in.html",
        is_refused=is_refused,
        is_mailed=is_mailed,
        can_mail=can_mail,
        fault=fault,
    )
