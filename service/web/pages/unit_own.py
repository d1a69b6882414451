"""A unit's own page: what it is owed, what it was sent, by which channels it hears, and what it
acknowledged; and how it comes by the link to it.

The token in its address is the only right: a mailed link, or the unit's own token. A GET changes
nothing. Every answer to who asks for a link is the same, whatever is known of the address.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, g, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from service.errors import Conflict, InvalidInput, LoaError, NotFound
from service.services import unit_link as links
from service.services.audit_acts import Origin, acting
from service.services.mail_state import has_mail
from service.services.optin import check_mail
from service.services.todays_work import load_open_receipts
from service.services.wants import say_filters
from service.storage import deliveries
from service.storage.losses import active_targets
from service.storage.posts import load_posts
from service.storage.subscriptions import list_subscriptions
from service.storage.tokens import PREFIX
from service.storage.unit_record import load_acknowledged
from service.types import Unit
from service.values import MailAddress
from service.web import reader
from service.web.pages import unit_own_acts as acts
from service.web.pages.unit_record_file import first_day, record_file
from service.web.problem import Fault, fault_of, is_for_program, refuse_often, status_of
from service.web.server.limits import Limit, asker, rest_s
from service.web.site import base_path, keep_private, with_script

if TYPE_CHECKING:
    from service.bootstrap import Loa

PER_HOUR = 10
"""Links that one host may ask for, and tokens that it may try."""
SHOWN = 50
"""Of what was sent, and of what was acknowledged; the file has all."""


def make_blueprint(loa: Loa) -> Blueprint:
    """The routes below /unit/."""
    blueprint = Blueprint("units", __name__)
    _add_asking(blueprint, loa)

    @blueprint.get("/unit/<token>")
    def show(token: str) -> AnyResponse | str:
        if not token.startswith(PREFIX):
            return _page(loa, token)
        with loa.database.reading() as conn:
            return redirect(f"{_home(loa)}{links.link_of_token(conn, loa, token)}")

    @blueprint.post("/unit/<token>")
    def act(token: str) -> str | Response | tuple[str, int]:
        try:
            return _carry_out(loa, token)
        except (InvalidInput, Conflict) as error:
            if is_for_program():
                raise
            return _page(loa, token, fault=_fault(error)), status_of(error)

    @blueprint.get("/unit/<token>/receipts.csv")
    def receipts_file(token: str) -> Response:
        with loa.database.reading() as conn:
            unit = _open(loa, token)
            return record_file(conn, loa, unit, request.args.get("year"))

    blueprint.after_request(keep_private)
    return blueprint


def _add_asking(blueprint: Blueprint, loa: Loa) -> None:
    limit = Limit(PER_HOUR, 3600, time.monotonic)

    @blueprint.get("/unit/")
    def ask() -> str:
        return _ask_page(loa)

    @blueprint.post("/unit/")
    def request_link() -> AnyResponse | str | tuple[str, int] | tuple[str, int, dict[str, str]]:
        state = limit.take(asker())
        if often := refuse_often(state):
            return _ask_page(loa, fault=often), 429, state.retry()
        try:
            if "token" in request.form:
                return _open_by_token(loa)
            return _mail_link(loa)
        except (InvalidInput, NotFound) as error:
            if is_for_program():
                raise
            return _ask_page(loa, fault=_fault(error)), status_of(error)


def _open_by_token(loa: Loa) -> AnyResponse:
    with loa.database.reading() as conn:
        link = links.link_of_token(conn, loa, request.form["token"].strip())
    return redirect(f"{_home(loa)}{link}", 303)


def _mail_link(loa: Loa) -> str:
    check_mail(loa)
    address, began = MailAddress.parse(request.form.get("address", "")), time.monotonic()
    with loa.database.writing() as conn:
        links.request_links(conn, loa, address, reader.locale())
    time.sleep(rest_s(time.monotonic() - began))
    return _ask_page(loa, is_done=True)


def _ask_page(loa: Loa, *, is_done: bool = False, fault: Fault | None = None) -> str:
    can_mail = bool(loa.settings.email.smtp_url)
    return render_template("units/ask.html", is_done=is_done, fault=fault, can_mail=can_mail)


def _fault(error: LoaError) -> Fault:
    """A token that opens nothing is a fault of its field; a conflict, of none."""
    if isinstance(error, InvalidInput | Conflict):
        return fault_of(error, "")
    return Fault("token", "")


def _open(loa: Loa, token: str) -> Unit:
    """The unit, of a link that is not past its time. Raises NotFound."""
    with loa.database.reading() as conn:
        found = links.open_unit(conn, loa, token)
    if found.is_expired:
        raise NotFound("link", "(token)")
    return found.unit


def _carry_out(loa: Loa, token: str) -> str | Response:
    """What a unit asks for on its page. Raises NotFound, InvalidInput, Conflict."""
    form = request.form
    with loa.database.writing() as conn:
        found = links.open_unit(conn, loa, token)
        if found.is_expired:  # who holds it is nobody's right any more
            links.renew(conn, loa, token, reader.locale())
            return render_template("units/expired.html", is_renewed=True)
        acting(Origin("page", found.unit.name, request.remote_addr or ""))
        done = acts.do_own_act(conn, loa, found.unit, form)
    if isinstance(done, acts.Question):
        return render_template("units/sure.html", unit=found.unit, asked=done, form=form)
    if isinstance(done, acts.NewSecret):
        return with_script(render_template("units/secret.html", made=done.made))
    return _page(loa, token, done=done)


def _page(loa: Loa, token: str, *, done: str = "", fault: Fault | None = None) -> str:
    with loa.database.reading() as conn:
        found = links.open_unit(conn, loa, token)
        if found.is_expired:
            return render_template("units/expired.html", is_renewed=False)
        unit, now = found.unit, loa.clock()
        own = list_subscriptions(conn, unit_id=unit.id)
        sent = deliveries.list_deliveries(
            conn, unit_id=unit.id, before=request.args.get("before"), limit=SHOWN + 1
        )
        shown: dict[str, Any] = {
            "open": load_open_receipts(conn, loa, unit.id),
            "hears": active_targets(conn, unit.id, has_mail=has_mail(conn, loa)),
            "sent": sent[:SHOWN],
            "posts": load_posts(conn, sorted({one.post_id for one in sent})),
            "acknowledged": load_acknowledged(conn, unit.id, first_day(loa), SHOWN),
        }
    return render_template(
        "units/unit.html", **shown, unit=unit, subscriptions=own, now=now, done=done, fault=fault,
        targets={one.id: one for one in own}, acts=acts.offered, calendar=_calendar(loa, unit),
        place=loa.gazetteer.get(unit.place) if unit.place else None,
        older=sent[SHOWN - 1].id if len(sent) > SHOWN else None,
        file=f"{_home(loa)}{token}/receipts.csv",
        year=first_day(loa).year, operator=loa.settings.operator.email,
        wants=lambda one: say_filters(loa, one.filters, g.language),
    )  # fmt: skip


def _calendar(loa: Loa, unit: Unit) -> str:
    """Where a calendar subscribes to what concerns the unit's place; all deadlines where it has
    none."""
    host = loa.settings.service.public_url.rstrip("/").partition("://")[2]
    return f"webcal://{host}/feeds/{f'places/{unit.place}' if unit.place else 'deadlines'}.ics"


def _home(loa: Loa) -> str:
    return f"{base_path(loa.settings.service.public_url)}/unit/"
