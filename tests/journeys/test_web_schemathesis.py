"""The API against its own OpenAPI document, by schemathesis: what it describes is what it does, for
every token.

Its engine runs here without its plugin for pytest, which would be imported by every run of every
test.
"""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread

import pytest
import requests
import schemathesis
from schemathesis.engine import events, from_schema
from werkzeug.serving import WSGIRequestHandler, make_server

from service.web.auth import WRITES
from service.web.server.limits import Limit
from tests.fakes import FakeClock
from tests.fakes_web import Web, make_web, owe, store_post

EXAMPLES = 6
"""Drawn for each operation and token, beside the cases that the document itself leads to: 12 s for
each token."""


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


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"  # connections are kept: half the time

    def log(self, *_: object) -> None:
        """Nobody reads it."""


def findings(
    address: str, headers: dict[str, str], examples: int = EXAMPLES, *, is_refused: bool = False
) -> list[str]:
    """What the engine has to say, each with the request that shows it. `is_refused`: who asks is
    refused whatever a body holds, so that nothing is made of its parts one by one."""
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
    schema.config.phases.coverage.enabled = not is_refused
    said: dict[str, str] = {}
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError):
            said.setdefault(f"error in {event.label}", f"{event.info.title}: {event.value}")
        elif isinstance(event, events.FatalError):
            said["fatal"] = repr(event.exception)
        elif isinstance(event, events.ScenarioFinished):
            for nodes in event.recorder.checks.values():
                for node in nodes:
                    if node.failure_info is not None:
                        failure = node.failure_info.failure
                        key = f"{event.recorder.label}: {failure.title}"
                        said.setdefault(key, f"{failure.message}\n{node.failure_info.code_sample}")
    return [f"{what}\n{why}" for what, why in said.items()]


@pytest.mark.timeout(300)
@pytest.mark.no_cover  # of the engine, in this process too: half the time; other tests cover the API
@pytest.mark.parametrize("who", ["operator", "unit", "nobody"])
def test_every_operation_does_what_its_description_says(web: Web, address: str, who: str) -> None:
    headers = {"operator": web.operator, "unit": web.unit, "nobody": {}}[who]
    found = findings(address, headers, is_refused=who == "nobody")
    assert not found, "\n\n".join(found)
