"""The check of who asks: the bearer token of a program, the session of whoever is signed in.

`access_table` has the decision for each route. Refuses to say why a token was not accepted.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from flask import abort, current_app, g, redirect, request, session
from werkzeug.exceptions import Forbidden, TooManyRequests, Unauthorized
from werkzeug.wrappers import Response

from service.errors import NotFound
from service.services.context import Actor, ActorKind
from service.services.sign_in import role_by_proxy, role_of
from service.services.token_acts import TokenReach
from service.storage import pull_streams, sessions, tokens
from service.storage.tokens import Role, Scope
from service.web.access_table import OF_SUBSCRIPTIONS, Access, access_of
from service.web.reader import current_loa
from service.web.server.limits import Limit
from service.web.server.proxies import is_from_this_machine, named_by_proxy
from service.words import coded

WRITES_PER_MINUTE = 300
"""Changes by one token; an import of every office of a province takes some minutes."""
WRITES = "loa.writes"
"""Where the application keeps its Limit of changes."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose token it is, or who signed in without one. `unit_id` is None but for a unit. `scopes`:
    what its token is for, within what its role may. `ends_at`: when its token ends by itself."""

    token_id: str
    name: str
    role: Role
    unit_id: str | None
    scopes: tuple[Scope, ...] = tuple(Scope)
    ends_at: datetime | None = None

    @property
    def is_operator(self) -> bool:
        return self.role is Role.OPERATOR

    @property
    def sees_all(self) -> bool:
        return self.role is not Role.UNIT


def require_access() -> Response | None:
    """Before every request: lets it pass, or raises 401 or 403, or sends an operator to sign in."""
    if request.endpoint is None:
        return None
    access = access_of(request.endpoint)
    if access is None:
        abort(403)
    if access is Access.SESSION:
        return _require_session()
    if access is Access.METRICS:
        _require_metrics_token()
    elif access is Access.STREAM_TOKEN:
        _require_stream_token()
    elif access is not Access.PUBLIC:
        _require_api_token(access)
    return None


def caller() -> Caller:
    """Who asks, on a route that requires a token or a session."""
    found: Caller = g.caller
    return found


def actor(reason: str) -> Actor:
    """The same for an act; `reason` is kept beside what it changes."""
    who = caller()
    return Actor(ActorKind(who.role), reason, who.unit_id)


def reach() -> TokenReach:
    """How far a token goes that whoever asks may make."""
    return TokenReach(caller().scopes, caller().ends_at)


def owned(unit_id: str | None, kind: str, name: str) -> None:
    """Raises NotFound where a unit asks for what is another's: that it exists is not said."""
    if not caller().sees_all and unit_id != caller().unit_id:
        raise NotFound(kind, name)


def bearer_token() -> str | None:
    """The token of the `Authorization` header; None without one, or with another scheme."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def _require_metrics_token() -> None:
    wanted = current_loa().settings.server.metrics_token
    if not wanted:
        if not is_from_this_machine(request.environ):
            abort(
                403,
                "metrics are for this machine; others need the bearer token of "
                "server.metrics_token",
            )
        return
    given = bearer_token() or ""
    if not secrets.compare_digest(given.encode(), wanted.encode()):
        raise Unauthorized("refused.metrics_token")


def _require_stream_token() -> None:
    """Keeps what the caller may ask for in `g.streams`."""
    token = bearer_token()
    if token is None:
        raise Unauthorized("refused.stream_token")
    loa = current_loa()
    with loa.database.reading() as conn:
        stream = pull_streams.find_stream(conn, token, loa.clock())
        if stream is not None:
            g.streams = [stream]
            g.caller = Caller(stream.id, stream.name, Role.UNIT, stream.unit_id)
        else:
            found = tokens.select_token(conn, token, loa.clock())
            if found is None:
                raise Unauthorized("refused.stream_token")
            g.caller = _caller_of(found)
            if found.unit_id is not None:
                g.streams = pull_streams.streams_of(conn, found.unit_id)
    _count_write(g.caller)
    if g.caller.sees_all:
        raise Forbidden("refused.stream_token")
    _require_scope(g.caller)


def _require_api_token(access: Access) -> None:
    token = bearer_token()
    found = identify(token) if token else None
    if found is None:
        raise Unauthorized("refused.token")
    _count_write(found)
    if found.role is Role.VIEWER and not _is_looking():
        raise Forbidden("refused.viewer_token")
    _require_scope(found)
    if access is Access.OPERATOR_TOKEN and not found.sees_all:
        raise Forbidden("refused.operator_only")
    if access is Access.UNIT_TOKEN and found.sees_all:
        raise Forbidden("refused.unit_only")
    g.caller = found


def scope_of(endpoint: str, method: str) -> Scope:
    """What a token must be for to ask for this."""
    if method in _LOOKING:
        return Scope.READ
    return Scope.SUBSCRIPTIONS if endpoint in OF_SUBSCRIPTIONS else Scope.OPERATE


def _require_scope(found: Caller) -> None:
    wanted = scope_of(request.endpoint or "", request.method)
    if wanted not in found.scopes:
        raise Forbidden(coded("refused.scope", scope=wanted.value))


def _count_write(found: Caller) -> None:
    """Every answer says how many changes are left; to look counts for none."""
    writes: Limit = current_app.extensions[WRITES]
    if _is_looking():
        g.rate = writes.look(found.token_id)
        return
    g.rate = state = writes.take(found.token_id)
    if not state.has_room:
        refused = coded("refused.many_writes", limit=WRITES_PER_MINUTE)
        raise TooManyRequests(refused, retry_after=state.resets_s)


def _is_looking() -> bool:
    return request.method in _LOOKING


_LOOKING = ("GET", "HEAD")


def can_change(who: Caller | None = None) -> bool:
    """Whether whoever asks may change anything; pages show no button to who may not."""
    found = who or caller()
    return found.role is not Role.VIEWER and found.scopes != (Scope.READ,)


def identify(token: str) -> Caller | None:
    """Whose token it is; None for a revoked, unknown or mangled one."""
    loa = current_loa()
    with loa.database.reading() as conn:
        found = tokens.select_token(conn, token, loa.clock())
    return None if found is None else _caller_of(found)


def _caller_of(token: tokens.ApiToken) -> Caller:
    return Caller(token.id, token.name, token.role, token.unit_id, token.scopes, token.ends_at)


# --- signed-in operators ----------------------------------------------------------------------

SESSION = "session"
CSRF = "csrf"


def _require_session() -> Response | None:
    found = proxy_caller() or _session_caller()
    if found is None:
        session.clear()
        return redirect(
            f"{urlsplit(current_loa().settings.service.public_url).path.rstrip('/')}/admin/sign-in"
        )
    if not _is_looking():
        require_csrf()
        if found.role is Role.VIEWER and request.endpoint != "admin.sign_out":
            raise Forbidden("refused.viewer")
    if request.endpoint != "admin.sign_out":
        _require_scope(found)
    g.caller = found
    return None


def proxy_caller() -> Caller | None:
    """Who signed in at a trusted proxy; None: nobody, or nobody whom the configuration names."""
    settings = current_loa().settings
    name = named_by_proxy(
        request.environ, settings.server.auth_header, settings.server.trusted_proxies
    )
    role = role_by_proxy(settings.operator, name) if name else None
    return None if role is None else Caller(sessions.PERSON + name, name, role, None)


def _session_caller() -> Caller | None:
    """Who signed in, looked up each time: signing out ends it, and so does revoking the token, or
    naming somebody no more."""
    words = session.get(SESSION)
    if not isinstance(words, str):
        return None
    loa = current_loa()
    with loa.database.reading() as conn:
        subject = sessions.session_subject(conn, words, loa.clock())
        found = None if subject is None else tokens.get_token(conn, subject, loa.clock())
    if subject is not None and subject.startswith(sessions.PERSON):
        return _person(subject.removeprefix(sessions.PERSON))
    return None if found is None or found.role is Role.UNIT else _caller_of(found)


def _person(name: str) -> Caller | None:
    role = role_of(current_loa().settings.operator, name)
    return None if role is None else Caller(sessions.PERSON + name, name, role, None)


def is_by_session() -> bool:
    """Whether signing out here means something: of whom a proxy names it signs out nobody."""
    return proxy_caller() is None


def sign_in(subject: str) -> None:
    """`subject`: the id of a token, or `sessions.PERSON` and an address."""
    with current_loa().database.writing() as conn:
        words = sessions.begin_session(conn, subject, current_loa().clock())
    session.clear()
    session.permanent = True
    session[SESSION] = words
    session[CSRF] = secrets.token_urlsafe(32)


def sign_out() -> None:
    """Ends the session here: a copy of its cookie is worth nothing any more."""
    words = session.get(SESSION)
    if isinstance(words, str):
        with current_loa().database.writing() as conn:
            sessions.end_session(conn, words)
    session.clear()


def csrf_token() -> str:
    g.has_secret = True  # such a page is never compressed
    return str(session.setdefault(CSRF, secrets.token_urlsafe(32)))


def require_csrf() -> None:
    """Raises 403 unless the form carries the session's CSRF token."""
    wanted, given = session.get(CSRF), request.form.get("csrf", "")
    if not isinstance(wanted, str) or not secrets.compare_digest(given.encode(), wanted.encode()):
        raise Forbidden("refused.form_old")
