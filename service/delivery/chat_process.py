"""The program that hands messages to Apprise: one for a batch, beside the worker that started it.

What a plugin does stays in here: it may open no file but those of Python, start no program, dial no
address that the guard refuses, follow no redirect and read no long answer. Read is one JSON
document on standard input, written a line for each message as it ends; ended by who started it when
its time is over.
"""

from __future__ import annotations

import json
import os
import resource
import socket
import sys
import threading
import time
from importlib import import_module
from typing import Any

from service.alerts.chat_address import PLUGINS
from service.alerts.target import is_public

MEMORY_BYTES = 1 << 30
STACK_BYTES = 1 << 20
MAX_ANSWER = 65_536
MAX_SAID = 2_048
"""Of an answer that is handed on, as much as is kept of it."""
# libcurl's codes, as `alerts.verdict` knows them
_BROKEN, _CONNECT, _RESOLVE, _TIMEOUT, _TLS = 56, 7, 6, 28, 60
_PROGRAMS = frozenset(
    {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty",
    "pty.spawn", "os.startfile"}
)  # fmt: skip


class Met(threading.local):
    """What the attempt of this thread met. `status` 0: no answer."""

    status = 0
    error = 0
    retry_after_s = 0
    is_guarded = False
    said = ""


def main() -> None:
    asked = json.load(sys.stdin)
    sys.stdout = sys.stderr  # what a plugin prints is no answer
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    threading.stack_size(STACK_BYTES)
    met = Met()
    plugins = {call["scheme"]: _load(call["scheme"]) for call in asked["calls"]}
    asset = _asset(asked["name"], asked["public_url"])
    _watch_requests(met)
    _fence(met, is_private_allowed=asked["allow_private_networks"])
    said = threading.Lock()

    def send(call: dict[str, Any]) -> None:
        started_at = time.monotonic()
        is_sent, is_read = _notify(plugins[call["scheme"]], asset, call, asked["timeout_s"])
        answer = {
            "id": call["id"], "is_sent": is_sent, "is_read": is_read, "status": met.status,
            "error": met.error, "is_guarded": met.is_guarded, "retry_after_s": met.retry_after_s,
            "said": met.said,
            "took_s": time.monotonic() - started_at,
        }  # fmt: skip
        with said:
            _say(answer)

    with said:
        _say({"ready": True})
    threads = [threading.Thread(target=send, args=(call,), daemon=True) for call in asked["calls"]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _say(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), file=sys.__stdout__, flush=True)


def _load(scheme: str) -> Any:
    module, _, name = PLUGINS[scheme].partition(":")
    return getattr(import_module(f"apprise.plugins.{module}"), name)


def _asset(name: str, public_url: str) -> Any:
    """Nothing is kept, nothing is tried again: that is the ledger's."""
    apprise = import_module("apprise")
    return apprise.AppriseAsset(
        app_id="Loa",
        app_desc=name,
        app_url=public_url,
        async_mode=False,
        http_redirects=False,
        storage_mode=apprise.PersistentStoreMode.MEMORY,
        default_service_retry=0,
    )


def _notify(plugin: Any, asset: Any, call: dict[str, Any], timeout_s: float) -> tuple[bool, bool]:
    """Whether it was accepted, and whether the address was understood."""
    try:
        parsed = plugin.parse_url(call["url"])
        service = plugin(asset=asset, **parsed) if parsed else None
    except Exception:  # whatever a plugin says of an address that is none of its own
        service = None
    if service is None:
        return False, False
    for name in ("socket_connect_timeout", "socket_read_timeout"):
        setattr(service, name, timeout_s)
    try:
        return bool(service.notify(body=call["body"], title=call["title"])), True
    except Exception:  # a bug of a plugin: the message was not accepted, and is tried again
        return False, True


def _watch_requests(met: Met) -> None:
    """Notes the worst answer, for a plugin says no more of it than yes or no; reads no more of it
    than is of use."""
    adapters, errors = import_module("requests.adapters"), import_module("requests.exceptions")
    send = adapters.HTTPAdapter.send

    def watched(self: Any, request: Any, **options: Any) -> Any:
        try:
            response = send(self, request, **{**options, "stream": True})
            body = response.raw.read(MAX_ANSWER, decode_content=True)
        except Exception as error:
            met.status, met.error = 0, _code(error, errors)
            raise
        vars(response).update(_content=body, _content_consumed=True)
        response.raw.close()
        if met.error == 0 and not met.status >= 300:
            met.status = response.status_code
            met.said = body[:MAX_SAID].decode("utf-8", "replace")
            said = response.headers.get("retry-after", "")
            met.retry_after_s = int(said) if said.isascii() and said.isdigit() else 0
        return response

    adapters.HTTPAdapter.send = watched


def _code(error: Exception, errors: Any) -> int:
    if isinstance(error, errors.Timeout):
        return _TIMEOUT
    if isinstance(error, errors.SSLError):
        return _TLS
    said = str(error)
    if "NameResolutionError" in said or "Failed to resolve" in said:
        return _RESOLVE
    return _CONNECT if "NewConnectionError" in said or "Failed to establish" in said else _BROKEN


def _fence(met: Met, *, is_private_allowed: bool) -> None:
    """From here on: no files, no programs, no address that the guard refuses."""
    roots = tuple({sys.prefix, sys.base_prefix, *filter(None, sys.path)})

    def check(event: str, args: tuple[Any, ...]) -> None:
        if event in _PROGRAMS:
            raise PermissionError(event)
        if event == "open" and not _is_of_python(args, roots):
            raise PermissionError(event)
        if event in ("socket.connect", "socket.bind", "socket.sendto"):
            if is_private_allowed or _may_dial(args):
                return
            met.is_guarded = True
            raise PermissionError(event)

    sys.addaudithook(check)


def _is_of_python(args: tuple[Any, ...], roots: tuple[str, ...]) -> bool:
    path, mode = args[0], args[1]
    if not isinstance(path, str):
        return isinstance(path, int)
    is_read = mode is None or not set(mode) & set("wax+")
    return is_read and os.path.abspath(path).startswith(roots)  # noqa: PTH100 - `open` has a string


def _may_dial(args: tuple[Any, ...]) -> bool:
    """(socket, address): an address of the public internet. Nothing is listened to."""
    opened, address = args[0], args[-1]
    is_internet = opened.family in (socket.AF_INET, socket.AF_INET6)
    return is_internet and isinstance(address, tuple) and is_public(str(address[0]))


if __name__ == "__main__":
    main()
