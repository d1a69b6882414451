"""The demo itself: sets the scene in a temporary directory, starts the real service, and reports
what arrived.

The service is `loa serve` with a configuration file, as any operator would start it; only its
surroundings (portal, mail relay, receiving office) are samples on loopback.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

from service.alerts.links import Purpose
from service.alerts.signing import new_secret
from service.bootstrap import Loa, open_loa
from service.demo import sample
from service.demo.communes import FIRST, Commune, CommuneBehaviour, press_receipt_button
from service.demo.receivers import Inbox
from service.demo.sample_portal import SamplePortal
from service.errors import LoaError
from service.services.sign_in import sign_in_subject
from service.storage.subscriptions import NewSubscription, add_subscription
from service.storage.units import add_unit
from service.types import EMAIL, WEBHOOK, Channel, Filters

PATIENCE_S = 30.0
"""How long anything may take before the demo calls it missing; the whole of it takes a few
seconds."""

MAIL_ADDRESS = "van-phong@xa-mau.example"
OPERATOR = "van-hanh@demo.example"
DUE_WITHIN = timedelta(seconds=90)
"""How long the communes that one watches have to acknowledge: rounded up to a whole minute."""

_CONFIG = """\
portals_dir = "portals"

[service]
public_url = "http://127.0.0.1:{port}"

[operator]
people = ["{operator}"]

[server]
port = {port}

[database]
url = "sqlite:///{database}"

[polling]
interval_s = 2
jitter = 0
min_delay_per_host_s = 0

[webhooks]
allow_private_networks = true

[email]
smtp_url = "{smtp_url}"
from = "Loa bản thử <loa@demo.example>"
"""

_PORTAL = """\
id = "quangxuong"
name = "UBND huyện Quảng Xương (cổng mẫu)"
base_url = "{base_url}"
kind = "td-portal"

[[listings]]
url = "{directives}"
category = "directives"

[[listings]]
url = "{news}"
"""


class DemoError(LoaError):
    """The demo could not be set up, or something did not arrive in time."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """What a person may open while the demo runs."""

    site: str
    feed: str
    portal: str
    inbox: str
    board: str


class Demo:
    """A running demo: a context manager that starts everything and ends what it started."""

    def __init__(self, folder: Path, communes: Sequence[Commune] = (FIRST,)) -> None:
        self._folder = folder
        self.communes = communes
        self.portal = SamplePortal()
        self.inbox = Inbox()
        self._service: subprocess.Popen[bytes] | None = None
        self._public_url = f"http://127.0.0.1:{_free_port()}"
        self._log = folder / "loa.log"
        self.config = folder / "loa.toml"

    def __enter__(self) -> Demo:
        self.portal.start()
        self.inbox.start()
        try:
            self.loa = self._configure()
            self._subscribe(self.loa)
            self._start_service()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def addresses(self) -> Addresses:
        return Addresses(
            self._public_url + "/", self._public_url + "/feeds/directives.atom",
            self.portal.base_url + sample.NEWS,
            self.inbox.base_url + "/",
            self._public_url + "/admin/receipts/",
        )  # fmt: skip

    def desk_link(self) -> str:
        """Signs in to the operator's desk, once."""
        return self.loa.links.url(Purpose.SIGN_IN, *sign_in_subject(self.loa, OPERATOR))

    def read_json_feed(self, name: str = "all") -> list[dict[str, Any]]:
        """The items of a JSON feed, as the service gives them now."""
        items: list[dict[str, Any]] = json.loads(self.read(f"/feeds/{name}.json"))["items"]
        return items

    def read(self, path: str) -> bytes:
        """Asks again where the service says that it is too busy: a slow machine has much to do at
        first."""
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                with urllib.request.urlopen(self._public_url + path, timeout=10) as answer:  # noqa: S310  # ours
                    body: bytes = answer.read()
                    return body
            except urllib.error.HTTPError as error:
                if error.code != 503 or time.monotonic() > until:
                    raise
                time.sleep(0.5)

    def wait_for_baseline(self) -> None:
        """Until every post of the sample is in the feed with its article read."""
        wanted = len(self.portal.posts)
        self.wait_until(
            lambda: len(self.read_json_feed()) >= wanted, f"the {wanted} sample posts in the feed"
        )
        self.wait_until(self._are_articles_read, "the articles of the sample posts")

    def publish(self, due_at: datetime | None = None) -> str:
        """Puts a new directive on the sample portal, to be acknowledged until then; returns its
        title."""
        post = sample.live_post(datetime.now(UTC), due_at)
        self.portal.publish(post)
        return post.title

    def acknowledge(self, title: str, commune: Commune) -> None:
        """A clerk opens what the commune's webhook brought, and presses the button."""
        body = next(
            one.body["data"]
            for one in self.inbox.webhooks
            if one.path == commune.path and one.body["data"].get("title") == title
        )
        press_receipt_button(body["receipt_url"], commune.clerk)

    def has_arrived(self, title: str) -> bool:
        """Whether a post is in the feed, and came by mail and to every endpoint that lives."""
        alive = {one.path for one in self.communes if one.conduct is not CommuneBehaviour.IS_DEAD}
        came = {
            webhook.path
            for webhook in self.inbox.webhooks
            if webhook.body["data"].get("title") == title
        }
        return (
            came == alive
            and any(title in str(mail["subject"]) for mail in self.inbox.mails)
            and any(item["title"] == title for item in self.read_json_feed())
        )

    def wait_until(self, is_true: Callable[[], bool], what: str) -> None:
        """Raises DemoError with the end of the service's log when `what` does not come in time."""
        until = time.monotonic() + PATIENCE_S
        while not is_true():
            if self._service is not None and self._service.poll() is not None:
                raise DemoError(
                    f"the service ended with code {self._service.returncode}:\n{self._log_end()}"
                )
            if time.monotonic() > until:
                raise DemoError(
                    f"waited {PATIENCE_S:.0f} s in vain for {what}; the service "
                    f"said:\n{self._log_end()}"
                )
            time.sleep(0.1)

    def close(self) -> None:
        if self._service is not None and self._service.poll() is None:
            self._service.send_signal(signal.SIGTERM)
            try:
                self._service.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self._service.kill()
                self._service.wait()
        if hasattr(self, "loa"):
            self.loa.database.close()
        self.inbox.stop()
        self.portal.stop()

    def _configure(self) -> Loa:
        (self._folder / "portals").mkdir()
        portal = _PORTAL.format(
            base_url=self.portal.base_url, directives=sample.DIRECTIVES, news=sample.NEWS
        )
        (self._folder / "portals" / "quangxuong.toml").write_text(portal, "utf-8")
        self.config.write_text(
            _CONFIG.format(
                port=self._public_url.rsplit(":", 1)[1],
                database=(self._folder / "loa.db").as_posix(),
                smtp_url=self.inbox.smtp_url,
                operator=OPERATOR,
            ),
            "utf-8",
        )
        return open_loa(self.config, {})

    def _subscribe(self, loa: Loa) -> None:
        """Every commune has a webhook, the first one mail too; a port on which nothing listens is
        dead."""
        for one in self.communes:
            is_dead = one.conduct is CommuneBehaviour.IS_DEAD
            host = f"http://127.0.0.1:{_free_port()}" if is_dead else self.inbox.base_url
            contacts = (MAIL_ADDRESS,) if one is FIRST else ()
            with loa.database.writing() as connection:
                unit = add_unit(
                    connection, name=one.name, place=one.place, contacts=contacts, at=loa.clock()
                )
            self.inbox.secrets[one.path] = self._add(loa, WEBHOOK, host + one.path, unit.id)
            if one is FIRST:
                self._add(loa, EMAIL, MAIL_ADDRESS, unit.id)

    def _add(self, loa: Loa, channel: Channel, target: str, unit_id: str) -> str:
        secret = new_secret()
        is_webhook = channel == WEBHOOK
        new = NewSubscription(
            channel=channel,
            target=target,
            created_at=loa.clock(),
            filters=Filters(categories=("directives",)),
            unit_id=unit_id,
            language=loa.settings.service.language,
            is_confirmed=True,
            secret=loa.secret_box.encrypt(secret) if is_webhook else None,
            allow_private_networks=is_webhook,
        )
        with loa.database.writing() as connection:
            add_subscription(connection, new)
        return secret

    def _start_service(self) -> None:
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("LOA_")
        }
        with self._log.open("wb") as log:
            self._service = subprocess.Popen(  # noqa: S603  # our own interpreter, our own arguments
                [sys.executable, "-m", "service", "serve", "--config",
                str(self.config)],
                cwd=self._folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        self.wait_until(self._is_ready, "the service to be ready")

    def _is_ready(self) -> bool:
        try:
            self.read("/healthz")
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False
        return True

    def _are_articles_read(self) -> bool:
        items = self.read_json_feed()
        return all(item["content_html"] for item in items) and any(
            item.get("attachments") for item in items
        )

    def _log_end(self) -> str:
        return "\n".join(self._log.read_text("utf-8", "replace").splitlines()[-20:])


def due_soon() -> datetime:
    """A whole minute, DUE_WITHIN from now or a little later."""
    at = datetime.now(UTC) + DUE_WITHIN + timedelta(seconds=59)
    return at.replace(second=0, microsecond=0)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
