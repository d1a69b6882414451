"""A third channel, as somebody would add one: its entry for the table, and what would be its file
in `delivery/`.

Its target is a file, to which it appends a line for each message: its id, and what it says.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Event

from service.alerts.verdict import Verdict
from service.channels import Address, ChannelKind, ConcurrencyLimits, Consent, Grouping
from service.delivery.channel import Record
from service.delivery.message_bodies import MessageBodies
from service.delivery.outcome import handed_back, judged_result, made_or_result
from service.delivery.senders import Parts
from service.errors import InvalidInput
from service.storage.engine import Database
from service.storage.queue import ClaimedMessage, OutgoingMessage, OutgoingReader
from service.types import Channel, Clock, Result

NAME = Channel("file")


def parse(target: str, _allow_private_networks: bool) -> Address:
    path = Path(target)
    if not path.is_absolute():
        raise InvalidInput("file", "is no absolute path", "/srv/loa/alerts.txt")
    return Address(str(path), str(path), f"file:{path}", f"file:{path.parent}")


FILE = ChannelKind(
    name=NAME,
    sender="tests.fakes_file_channel:open_sender",
    parse=parse,
    grouping=Grouping.SUBSCRIPTION,
    consent=Consent.OPERATOR,
    places=ConcurrencyLimits(per_endpoint=1, per_host=4),
)


def open_sender(parts: Parts) -> FileChannel:
    bodies = MessageBodies(parts.links, parts.settings.receipts.categories)
    return FileChannel(parts.clock, bodies)


class FileChannel:
    name = NAME

    def __init__(self, clock: Clock, bodies: MessageBodies) -> None:
        self._clock = clock
        self._bodies = bodies
        self._reader = OutgoingReader()

    def send(
        self, database: Database, claimed: Sequence[ClaimedMessage], record: Record, stop: Event
    ) -> None:
        with database.reading() as conn:
            outgoing = self._reader.load(conn, [one.message_id for one in claimed], self._clock())
        for one in claimed:
            record([self._result(one, outgoing.get(one.message_id), stop)])

    def rest(self) -> None:
        """It keeps nothing open."""

    def close(self) -> None:
        """It keeps nothing open."""

    def _result(self, one: ClaimedMessage, outgoing: OutgoingMessage | None, stop: Event) -> Result:
        now = self._clock()
        if stop.is_set():
            return handed_back(one, now)
        made = made_or_result(
            lambda message, _at: (Path(message.url), self._bodies.body_of(message)),
            one, outgoing, now, is_signed=False,
        )  # fmt: skip
        if isinstance(made, Result):  # its subscription was paused or removed, say
            return made
        path, body = made
        try:
            with path.open("a") as file:
                file.write(f"{one.message_id} {body.decode()}\n")
        except OSError:
            verdict = Verdict(False, "webhook.broken")
        else:
            verdict = Verdict(True, "chat.accepted")
        return judged_result((), one, verdict, now, status=0, took_s=0.01)
