"""Chat services by Apprise: each message is one short text with its link.

A batch is sent by a program of its own (`chat_process`), which is ended when its time is over:
nothing that a service of somebody else's does holds this process up. Retries are the ledger's. The
address is opened here, in the moment of sending, and goes over a pipe.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from queue import Empty, SimpleQueue
from threading import Event
from typing import Any

import orjson
from sqlalchemy import Connection

from service.alerts.chat_text import ChatText, chat_text
from service.alerts.kept_answer import kept_answer
from service.alerts.owing import OWN_FAULT_REST
from service.alerts.verdict import Verdict, judge_answer
from service.channels import CHAT
from service.delivery.channel import Work
from service.delivery.message_bodies import MessageBodies
from service.delivery.outcome import (
    handed_back,
    judged_result,
    made_or_result,
    untried,
)
from service.delivery.senders import Parts
from service.settings.trust import authorities
from service.storage.engine import Database
from service.storage.queue import ClaimedMessage, OutgoingMessage, OutgoingReader
from service.types import Result

START_WITHIN_S = 10.0
"""For Python and the plugins, beside others; with the attempt's own time less than a lease."""
TIMEOUT_S = 15.0
PROGRAMS = 4
"""Batches in the air."""
BATCH = 32
_LOOK_EVERY_S = 0.2
_STOP_WITHIN_S = 4.0
_TIMED_OUT = 28
"""libcurl's code, as `alerts.verdict` knows it."""


@dataclass(frozen=True, slots=True)
class Call:
    """What the program is asked for."""

    claimed: ClaimedMessage
    url: str
    text: ChatText


def open_sender(parts: Parts) -> ChatChannel:
    """Raises ConfigurationError where the authorities that are configured cannot be read."""
    return ChatChannel(parts, str(authorities(parts.settings.network.ca_file)))


class ChatChannel:
    name = CHAT

    def __init__(self, parts: Parts, authority: str) -> None:
        self._parts = parts
        self._settings = parts.settings.webhooks
        self._timeout_s = min(TIMEOUT_S, self._settings.timeout_s)
        self._authority = authority
        self._bodies = MessageBodies(parts.links, parts.settings.receipts.categories)
        self._reader = OutgoingReader()

    def stream(
        self,
        database: Database,  # noqa: ARG002 - all that is read is read where it is claimed
        work: Work,
        stop: Event,
        *,
        is_draining: bool,
    ) -> None:
        """Several programs at once: a service that is slow holds up no batch but its own."""
        woken, ended = Event(), SimpleQueue[Result]()
        work.call_on_wake(woken.set)
        running: set[Future[None]] = set()
        try:
            with ThreadPoolExecutor(PROGRAMS, "chat") as pool:
                while True:
                    work.beat()
                    over = {one for one in running if one.done()}
                    running -= over
                    results = _drain(ended)
                    for one in over:
                        one.result()  # raises what was a bug
                    claimed = self._claim(work, results, stop, is_full=len(running) == PROGRAMS)
                    if claimed[0]:
                        running.add(pool.submit(self._batch, *claimed, ended.put, stop))
                    elif not running and ended.empty() and (is_draining or stop.is_set()):
                        return
                    woken.wait(_LOOK_EVERY_S)
                    woken.clear()
        finally:
            work.call_on_wake(None)

    def _claim(
        self, work: Work, results: Sequence[Result], stop: Event, *, is_full: bool
    ) -> tuple[Sequence[ClaimedMessage], dict[str, OutgoingMessage]]:
        places = 0 if is_full or stop.is_set() else BATCH
        if not results and not (places and work.is_due()):
            return (), {}

        def load(conn: Connection, claimed: Sequence[ClaimedMessage]) -> dict[str, OutgoingMessage]:
            ids = [one.message_id for one in claimed]
            return self._reader.load(conn, ids, self._parts.clock())

        claimed, outgoing = work.exchange(results, places, places // 4, load)
        return claimed, outgoing or {}

    def _batch(
        self,
        claimed: Sequence[ClaimedMessage],
        outgoing: Mapping[str, OutgoingMessage],
        record: Callable[[Result], None],
        stop: Event,
    ) -> None:
        now = self._parts.clock()
        calls: list[Call] = []
        for one in claimed:
            made = self._made(one, outgoing.get(one.message_id), now)
            if isinstance(made, Result):
                record(made)
            else:
                calls.append(made)
        if calls:
            self._send(calls, record, stop)

    def _made(
        self, claimed: ClaimedMessage, outgoing: OutgoingMessage | None, now: datetime
    ) -> Call | Result:
        if find_spec("apprise") is None:
            return untried(claimed, "chat.no_extra", now, now + OWN_FAULT_REST)
        return made_or_result(
            lambda message, _timestamp: self._call(claimed, message), claimed, outgoing, now
        )

    def _call(self, claimed: ClaimedMessage, outgoing: OutgoingMessage) -> Call:
        url = self._parts.secret_box.decrypt(outgoing.sealed[0])
        message = orjson.loads(self._bodies.body_of(outgoing))
        return Call(claimed, url, chat_text(message, outgoing.language))

    def _send(self, calls: Sequence[Call], record: Callable[[Result], None], stop: Event) -> None:
        waiting = {call.claimed.message_id: call.claimed for call in calls}
        with self._running(calls) as process:
            answers = _SendAnswers(process, self._timeout_s, stop)
            for answer in answers:
                one = waiting.pop(answer["id"])
                record(self._result(one, answer))
        now = self._parts.clock()
        for one in waiting.values():
            record(self._unanswered(one, answers, now))

    @contextmanager
    def _running(self, calls: Sequence[Call]) -> Iterator[subprocess.Popen[bytes]]:
        service = self._parts.settings.service
        asked = {
            "name": service.title,
            "public_url": service.public_url,
            "timeout_s": self._timeout_s,
            "allow_private_networks": self._settings.allow_private_networks,
            "calls": [
                {
                    "id": call.claimed.message_id,
                    "scheme": call.url.partition("://")[0],
                    "url": call.url,
                    "title": call.text.title,
                    "body": call.text.body,
                }
                for call in calls
            ],
        }
        environment = {
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "HOME": os.devnull,  # no netrc, no settings of anybody's
            "REQUESTS_CA_BUNDLE": self._authority,
            "SSL_CERT_FILE": self._authority,
        }
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "service.delivery.chat_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what plugins log names addresses
            env=environment,
        )
        assert process.stdin is not None and process.stdout is not None
        try:
            with suppress(BrokenPipeError), process.stdin as line:  # ended: its silence says so
                line.write(json.dumps(asked).encode())
            yield process
        finally:
            process.kill()
            process.wait()
            process.stdout.close()

    def _result(self, claimed: ClaimedMessage, answer: dict[str, Any]) -> Result:
        status, took_s = int(answer["status"]), max(float(answer["took_s"]), 1e-6)
        return judged_result(
            self._settings.retry_schedule_s, claimed, _verdict(answer), self._parts.clock(),
            status=status, took_s=took_s, retry_after_s=answer["retry_after_s"] or None,
            answer=kept_answer(str(answer["said"]).encode()),
        )  # fmt: skip

    def _unanswered(self, claimed: ClaimedMessage, answers: _SendAnswers, now: datetime) -> Result:
        if answers.is_stopped:
            return handed_back(claimed, now)
        if answers.is_late:
            return judged_result(
                self._settings.retry_schedule_s, claimed, judge_answer(0, _TIMED_OUT), now,
                status=0, took_s=self._timeout_s,
            )  # fmt: skip
        return untried(claimed, "chat.fell", now, now + OWN_FAULT_REST)


def _drain(ended: SimpleQueue[Result]) -> list[Result]:
    results: list[Result] = []
    while True:
        try:
            results.append(ended.get_nowait())
        except Empty:
            return results


class _SendAnswers:
    """The answers of the program as they come, until it ends, its time is over, or all stops.

    `is_late`: it was ready, and did not answer in time.
    """

    def __init__(self, process: subprocess.Popen[bytes], timeout_s: float, stop: Event) -> None:
        assert process.stdout is not None
        self._fd = process.stdout.fileno()
        self._timeout_s = timeout_s
        self._stop = stop
        self.is_stopped = False
        self.is_late = False

    def __iter__(self) -> Iterator[dict[str, Any]]:
        until, is_ready, read = time.monotonic() + START_WITHIN_S, False, b""
        while True:
            if self._stop.is_set() and not self.is_stopped:
                self.is_stopped = True
                until = min(until, time.monotonic() + _STOP_WITHIN_S)
            if time.monotonic() >= until:
                self.is_late = is_ready
                return
            if not select.select([self._fd], [], [], _LOOK_EVERY_S)[0]:
                continue
            chunk = os.read(self._fd, 65_536)
            if not chunk:
                return
            *lines, read = (read + chunk).split(b"\n")
            for line in lines:
                answer = json.loads(line)
                if "ready" in answer:
                    is_ready, until = True, time.monotonic() + self._timeout_s
                else:
                    yield answer


def _verdict(answer: dict[str, Any]) -> Verdict:
    """Of what the program says: the plugin's word first, then what the server answered."""
    status, error = int(answer["status"]), int(answer["error"])
    if answer["is_sent"]:
        return judge_answer(status, 0) if 200 <= status < 300 else Verdict(True, "chat.accepted")
    if not answer["is_read"]:
        return Verdict(False, "chat.unreadable", is_final=True)
    if answer["is_guarded"] or error or status >= 300:
        return judge_answer(status, error, is_guarded=answer["is_guarded"])
    return Verdict(False, "chat.refused")
