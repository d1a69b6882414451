"""The API against its own OpenAPI document, by schemathesis: what it describes is what it does, for
every token.

Its engine runs here without its plugin for pytest, which would be imported by every run of every
test.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any

import pytest
import requests
import schemathesis
from requests.structures import CaseInsensitiveDict
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.engine import events, from_schema
from werkzeug.serving import WSGIRequestHandler, make_server

from service.storage.tokens import Role, Scope, create_token
from service.storage.units import add_unit
from service.web.auth import WRITES
from service.web.server.limits import Limit
from tests.fakes import FakeClock
from tests.fakes_pull import add_pull
from tests.fakes_web import Web, make_web, owe, store_post

EXAMPLES = 4
"""Drawn for each operation, beside the cases that the document itself leads to: most of the time
goes into drawing, so what was drawn for one token is asked with the others too."""

OF_UNIT, OF_OTHERS = 10, 2
"""Of each operation, of its cases that fit the document and of those that do not: how many are asked
by the unit's token, and by who may little."""


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    url = f"sqlite:///{tmp_path_factory.mktemp('api') / 'loa.db'}"
    made = make_web(url, FakeClock(), webhooks={"allow_private_networks": True})
    asked = {"channel": "pull", "unit": made.unit_id}
    made.client.post("/api/v1/subscriptions", json=asked, headers=made.operator)
    owe(made, store_post(made.loa, 0))
    for n in range(1, 4):
        store_post(made.loa, n)
    made.app.extensions[WRITES] = Limit(
        10**9, 60, lambda: 0.0
    )  # what is tried here is not the limit
    yield made
    made.loa.close()


def _others(web: Web) -> dict[str, dict[str, str]]:
    """Who else asks: a unit, its subscription that is pulled, who may but look, tokens that are
    narrower than their role, one that is none, and nobody. Made when the engine has removed what it
    found."""
    now = web.loa.clock()
    with web.loa.database.writing() as conn:
        unit = add_unit(conn, name="UBND xã Quảng Lưu", at=now)
    made = add_pull(web.loa, unit=unit.id, is_confirmed=True)
    assert made.token is not None
    with web.loa.database.writing() as conn:
        own, _ = create_token(conn, name="u", unit_id=unit.id, at=now)
        viewer, _ = create_token(conn, name="v", unit_id=None, at=now, role=Role.VIEWER)
        reads, _ = create_token(conn, name="r", unit_id=None, at=now, scopes={Scope.READ})
        asks, _ = create_token(
            conn, name="s", unit_id=unit.id, at=now, scopes={Scope.SUBSCRIPTIONS}
        )
    words = {
        "unit": own,
        "pull": made.token,
        "viewer": viewer,
        "read": reads,
        "subscriptions": asks,
        "none": "loa_x",
    }
    bearers = {who: {"Authorization": f"Bearer {word}"} for who, word in words.items()}
    return {**bearers, "nobody": {}}


@pytest.fixture(scope="module")
def address(web: Web) -> Iterator[str]:
    """Where it is served: over a socket, since the engine's own way to a WSGI application falls
    over in 4.32."""
    server = make_server("127.0.0.1", 0, web.app, threaded=True, request_handler=_Quiet)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


_NOT_SAID_WHOLE = ("cursor", "deadline_from", "deadline_to", "day_from", "day_to")
"""Any text is a cursor for the document, and only what a page gave is one for us (400); nor can it
say which days there are and that the first comes first."""


_OF_STREAMS = ("/api/v1/stream", "/api/v1/stream/ack", "/api/v1/statement")


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"  # connections are kept: half the time

    def log(self, *_: object) -> None:
        """Nobody reads it."""


def findings(
    address: str,
    headers: dict[str, str],
    make_others: Callable[[], dict[str, dict[str, str]]],
    examples: int = EXAMPLES,
) -> list[str]:
    """What the engine has to say, each with the request that shows it: of whom it asks for, and of
    the `others`, who ask for the same right after."""
    document = requests.get(f"{address}/api/openapi.json", timeout=10).json()
    for operation in (one for path in document["paths"].values() for one in path.values()):
        operation["parameters"] = [
            one for one in operation.get("parameters", ()) if one["name"] not in _NOT_SAID_WHOLE
        ]
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=address, headers=headers, workers=1, continue_on_failure=True)
    schema.config.generation.update(
        max_examples=examples, deterministic=True, no_shrink=True, database="none"
    )
    checks = schema.config.checks.positive_data_acceptance
    checks.expected_statuses = [*checks.expected_statuses, "422"]  # it may name what is not there
    schema.config.phases.stateful.enabled = False  # the document links nothing
    said: dict[str, str] = {}
    whose = headers["Authorization"]
    cases: list[Any] = []
    with requests.Session() as session:
        for event in from_schema(schema).execute():
            if isinstance(event, events.NonFatalError):
                said.setdefault(f"error in {event.label}", f"{event.info.title}: {event.value}")
            elif isinstance(event, events.FatalError):
                said["fatal"] = repr(event.exception)
            elif isinstance(event, events.ScenarioFinished):
                said |= {**_failures(event), **said}
                cases += [node.value for node in event.recorder.cases.values()]
        by_kind = _by_kind([case for case in cases if _is_for_others(case, whose)])
        for who, bearer in make_others().items():  # when the engine, which draws beside, has ended
            said |= {**_ask_as(who, bearer, by_kind, whose, session), **said}
    operations = [found.ok().label for found in schema.get_all_operations()]
    assert {label for label, _ in by_kind} == set(operations)
    assert len(by_kind) > 1.5 * len(operations)  # there is nothing to be wrong in some
    return [f"{what}\n{why}" for what, why in said.items()]


def _failures(event: events.ScenarioFinished) -> dict[str, str]:
    """What is wrong by name, with its first request."""
    return {
        f"{event.recorder.label}: {node.failure_info.failure.title}": (
            f"{node.failure_info.failure.message}\n{node.failure_info.code_sample}"
        )
        for nodes in event.recorder.checks.values()
        for node in nodes
        if node.failure_info is not None
    }


def _ask_as(
    who: str,
    bearer: dict[str, str],
    by_kind: dict[tuple[str, Any], list[Any]],
    whose: str,
    session: requests.Session,
) -> dict[str, str]:
    """Asks some of every kind, and says what is wrong; who may anything is let in somewhere."""
    said: dict[str, str] = {}
    statuses: Counter[int] = Counter()
    for (label, _), own in by_kind.items():
        is_all = who == "pull" and own[0].operation.path in _OF_STREAMS
        most = len(own) if is_all else OF_UNIT if who == "unit" else OF_OTHERS
        for case in own[:: -(-len(own) // most)]:  # spread over all of them
            status, wrong = _ask_again(case, whose, bearer, session)
            statuses[status // 100] += 1
            if wrong:
                said.setdefault(f"{who}: {label}", wrong)
    assert statuses.total() > 150 and (statuses[2] > 0 or who in ("none", "nobody")), statuses
    return said


def _by_kind(cases: list[Any]) -> dict[tuple[str, Any], list[Any]]:
    """By operation and by whether they are as the document says: looked at once, for a case that is
    asked with another token may change its mind of that."""
    found: dict[tuple[str, Any], list[Any]] = {}
    for case in cases:
        found.setdefault((case.operation.label, case.meta.generation.mode), []).append(case)
    return found


def _is_for_others(case: Any, whose: str) -> bool:
    """Not where it draws a token of its own, or none."""
    own = {name.lower(): value for name, value in dict(case.headers or {}).items()}
    is_of_token = getattr(case.meta.phase.data, "parameter", None) == "Authorization"
    return not is_of_token and own.get("authorization") == whose


def _ask_again(
    case: Any, whose: str, headers: dict[str, str], session: requests.Session
) -> tuple[int, str]:
    """What was drawn with one token, asked with these fields in its place: the status, and what is
    wrong."""
    own = dict(case.headers or {})
    rest = {name: value for name, value in own.items() if name.lower() != "authorization"}
    config = case.operation.schema.config
    config.update(headers=headers)
    case.headers = CaseInsensitiveDict({**rest, **headers})
    try:
        response = case.call(session=session)
        case.validate_response(response, headers=headers)
    except (FailureGroup, Failure) as failure:
        return 0, str(failure)
    finally:
        config.update(headers={"Authorization": whose})
        case.headers = CaseInsensitiveDict(own)
    return int(response.status_code), ""


@pytest.mark.timeout(900)
@pytest.mark.no_cover  # of the engine, in this process too: half the time; other tests cover the API
def test_every_operation_does_what_its_description_says_for_every_token(
    web: Web, address: str
) -> None:
    found = findings(address, web.operator, lambda: _others(web))
    assert not found, "\n\n".join(found)
