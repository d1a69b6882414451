"""Where the demo's alerts arrive: a webhook receiver that verifies, a mail sink, and pages to read
what came."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import threading
import time
from asyncio import Server
from collections.abc import Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

TOLERANCE_S = 300  # Standard Webhooks, "Verifying webhook authenticity": five minutes either way
MAX_BODY_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class ReceivedWebhook:
    """`path`: the endpoint that it came to."""

    path: str
    message_id: str
    is_verified: bool
    body: dict[str, Any]


def is_signed(secret: str, headers: Mapping[str, str], body: bytes, now_s: float) -> bool:
    """Whether a request is signed with `secret` by the rules of Standard Webhooks, as a receiver
    checks it."""
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isdigit() or abs(now_s - int(timestamp)) > TOLERANCE_S:
        return False
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        return False
    wanted = base64.b64encode(
        hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256)
    ).decode()
    given = headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(signature, f"v1,{wanted}") for signature in given)


class Inbox:
    """Webhooks and mails that arrived, and the web server that takes the former and shows both."""

    def __init__(self) -> None:
        self.secret = ""
        """The subscription's secret, known once the subscription is made."""
        self.secrets: dict[str, str] = {}
        """Of endpoints that have one of their own, by path."""
        self._webhooks: list[ReceivedWebhook] = []
        self._mails: list[EmailMessage] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(
            target=self._server.serve_forever, daemon=True, name="demo-inbox"
        )
        self._smtp = _MailSink(self)
        self.base_url = f"http://127.0.0.1:{self._server.server_port}"

    @property
    def webhooks(self) -> tuple[ReceivedWebhook, ...]:
        with self._lock:
            return tuple(self._webhooks)

    @property
    def mails(self) -> tuple[EmailMessage, ...]:
        with self._lock:
            return tuple(self._mails)

    @property
    def smtp_url(self) -> str:
        """Where the mail sink listens; known after `start`."""
        return f"smtp://127.0.0.1:{self._smtp.bound_port}"

    def start(self) -> None:
        self._thread.start()
        self._smtp.start()

    def stop(self) -> None:
        self._smtp.stop()
        self._server.shutdown()
        self._server.server_close()

    def take_webhook(self, path: str, headers: Mapping[str, str], body: bytes) -> None:
        secret = self.secrets.get(path, self.secret)
        is_verified = is_signed(secret, headers, body, time.time())
        with self._lock:
            self._webhooks.append(
                ReceivedWebhook(path, headers.get("webhook-id", ""), is_verified, json.loads(body))
            )

    def take_mail(self, content: bytes) -> None:
        mail = message_from_bytes(content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        with self._lock:
            self._mails.append(mail)


class _MailSink(Controller):
    def __init__(self, inbox: Inbox) -> None:
        super().__init__(_MailHandler(inbox), hostname="127.0.0.1", port=0)
        self.bound_port = 0

    def _trigger_server(self) -> None:
        """Notes the port that the system chose, then lets aiosmtpd greet itself there as it does on
        any port."""
        assert isinstance(self.server, Server)
        self.bound_port = self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]  # aiosmtpd leaves it untyped


class _MailHandler:
    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's name
        assert isinstance(envelope.content, bytes)
        self._inbox.take_mail(envelope.content)
        return "250 2.0.0 kept"


def _handler(inbox: Inbox) -> type[BaseHTTPRequestHandler]:
    class InboxHandler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            if length > MAX_BODY_BYTES:
                self._answer(413, "text/plain; charset=utf-8", b"too large\n")
                return
            inbox.take_webhook(
                self.path,
                {name.lower(): value for name, value in self.headers.items()},
                self.rfile.read(length),
            )
            self._answer(200, "text/plain; charset=utf-8", b"received\n")

        def do_GET(self) -> None:
            self._answer(200, "text/html; charset=utf-8", _show(inbox).encode())

        def _answer(self, status: int, content_type: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
            """Says nothing: the demo's own report is what people read."""

    return InboxHandler


_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:48rem;margin:1.5rem auto;padding:0 "
    "1rem;color:#1b1b1b}"
    "article{border:1px solid #bbb;border-radius:.5rem;padding:.75rem 1rem;margin:1rem 0}"
    "pre{overflow:auto;background:#f4f4f4;padding:.75rem;white-space:pre-wrap;overflow-wrap:anywhere}"
    "iframe{width:100%;height:32rem;border:1px solid #ddd}h3{margin:.2rem 0}"
)


def _show(inbox: Inbox) -> str:
    webhooks = (
        "".join(_show_webhook(webhook) for webhook in reversed(inbox.webhooks))
        or "<p>Chưa có gì.</p>"
    )
    mails = "".join(_show_mail(mail) for mail in reversed(inbox.mails)) or "<p>Chưa có gì.</p>"
    return (
        '<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8"><meta http-equiv="refresh" '
        'content="10">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Hộp nhận của bản thử</title><style>{_STYLE}</style></head><body>"
        "<h1>Hộp nhận của bản thử</h1><p>Trang tự tải lại mỗi 10 giây · <i>reloads every 10 "
        "seconds</i></p>"
        f'<h2 id="webhooks">Webhook đã nhận ({len(inbox.webhooks)})</h2>{webhooks}'
        f'<h2 id="mails">Thư đã nhận ({len(inbox.mails)})</h2>{mails}</body></html>'
    )


def _show_webhook(webhook: ReceivedWebhook) -> str:
    verdict = (
        "chữ ký đúng · signature verified" if webhook.is_verified else "CHỮ KÝ SAI · bad signature"
    )
    body = json.dumps(webhook.body, ensure_ascii=False, indent=2)
    title = webhook.body.get("data", {}).get("title", "")
    return (
        f"<article><h3>{escape(str(title))}</h3>"
        f"<p>{escape(webhook.path)} · {verdict}<br>webhook-id: "
        f"{escape(webhook.message_id)}</p>"
        f"<pre>{escape(body)}</pre></article>"
    )


def _show_mail(mail: EmailMessage) -> str:
    part = mail.get_body(("html", "plain"))
    content = part.get_content() if part is not None else ""
    return (
        f"<article><h3>{escape(str(mail['subject']))}</h3>"
        f"<p>{escape(str(mail['from']))} → {escape(str(mail['to']))}</p>"
        f'<iframe sandbox srcdoc="{escape(content)}" title="thư"></iframe></article>'
    )
