"""Where an office puts what it was handed: a local program over HTTP, files, or a command.

Each takes a message whole, or raises NotTaken: what is not taken is not acknowledged, and comes
again. A message that comes twice is taken twice, under the same id.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import Protocol

import requests

from service.errors import ConfigurationError, LoaError
from service.office.office_client import HandedMessage

TAKE_WITHIN_S = 60.0
_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")


class ConsumerError(LoaError):
    """A message was not taken; says why."""


class Consumer(Protocol):
    def take(self, message: HandedMessage) -> None:
        """Raises NotTaken."""
        ...

    def has(self, message_id: str) -> bool:
        """Whether it was taken before, as far as the taker can know."""
        ...


class HttpConsumer:
    """A program that takes webhooks: the same bytes and headers, so that it verifies them too."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = requests.Session()
        self._session.trust_env = False  # it is near: no proxy, no netrc

    def take(self, message: HandedMessage) -> None:
        headers = {"content-type": "application/json", **message.headers}
        try:
            with self._session.post(
                self._url, data=message.body, headers=headers, timeout=(5, TAKE_WITHIN_S),
                allow_redirects=False, stream=True,
            ) as answer:  # fmt: skip
                status = answer.status_code
        except requests.RequestException as error:
            raise ConsumerError(f"{self._url} cannot be reached: {error}") from error
        if not 200 <= status < 300:
            raise ConsumerError(f"{self._url} answered {status}")

    def has(self, message_id: str) -> bool:  # noqa: ARG002  # the shape of `Taker`
        return False


class FolderConsumer:
    """A file for each, `<webhook-id>.json`, which is there whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigurationError(f"cannot make the folder {str(folder)!r}: {error}") from error

    def take(self, message: HandedMessage) -> None:
        path, draft = self._path(message.id), self._folder / f".{message.id}.{os.getpid()}"
        try:
            try:
                with draft.open("wb") as file:
                    file.write(message.body)
                    file.flush()
                    os.fsync(file.fileno())
                draft.replace(path)
            except OSError:
                draft.unlink(missing_ok=True)
                raise
            _keep_name(self._folder)
        except OSError as error:
            raise ConsumerError(f"cannot write {str(path)!r}: {error}") from error

    def has(self, message_id: str) -> bool:
        return self._path(message_id).is_file()

    def _path(self, message_id: str) -> Path:
        if _NAME.fullmatch(message_id) is None:
            raise ConsumerError(f"{message_id[:100]!r} is no name for a file")
        return self._folder / f"{message_id}.json"


def _keep_name(folder: Path) -> None:
    """A power cut takes no file away whose name was written."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class CommandConsumer:
    """A command for each, without a shell: the body on its stdin, the headers in WEBHOOK_ID,
    WEBHOOK_TIMESTAMP and WEBHOOK_SIGNATURE. Exit code 0 is taken."""

    def __init__(self, command: Sequence[str], within_s: float = TAKE_WITHIN_S) -> None:
        self._command = list(command)
        self._within_s = within_s

    def take(self, message: HandedMessage) -> None:
        named = {key.upper().replace("-", "_"): value for key, value in message.headers.items()}
        try:
            with TemporaryFile() as body:  # whole before it runs: of a pipe it would take half a
                body.write(message.body)  # message for a whole one when this client is killed
                body.seek(0)
                done = subprocess.run(  # noqa: S603  # it is what the office asked to have run
                    self._command,
                    stdin=body,
                    env={**os.environ, **named},
                    timeout=self._within_s,
                    check=False,
                )
        except subprocess.TimeoutExpired as error:
            raise ConsumerError(
                f"{self._command[0]} took more than {self._within_s:g} s"
            ) from error
        except (OSError, ValueError) as error:
            raise ConsumerError(f"cannot run {self._command[0]}: {error}") from error
        if done.returncode != 0:
            raise ConsumerError(f"{self._command[0]} ended with {done.returncode}")

    def has(self, message_id: str) -> bool:  # noqa: ARG002  # the shape of `Taker`
        return False
