"""Receives Loa's webhooks.   pip install standardwebhooks
LOA_SECRET=whsec_... PORT=9000 python loa_receiver.py"""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

WEBHOOK = Webhook(os.environ["LOA_SECRET"])
SEEN: set[str] = set()  # ids that were dealt with; keep them in your database, for 90 days
NEWEST: dict[str, tuple[int, bool]] = {}  # post: its newest state; keep it in your database


def take(message: dict[str, Any]) -> None:
    """Your work: put the post into your document system, and do the rest later."""
    kind, post = message["type"], message["data"]
    if not kind.startswith("post."):
        print(kind, flush=True)  # subscription.test, and types to come: nothing to do
        return
    state = (post["revision"], kind == "post.withdrawn")
    if state < NEWEST.get(post["id"], (0, False)):
        return  # an older state that came late
    NEWEST[post["id"]] = state
    print(kind, post["id"], post["revision"], post["title"], flush=True)


class LoaReceiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            WEBHOOK.verify(body, headers)  # the bytes as they came, before any parsing
        except WebhookVerificationError:
            return self.answer(401, b"wrong signature")
        message = json.loads(body)
        if message["type"] == "subscription.confirm":
            return self.answer(200, message["data"]["challenge"].encode())
        if headers["webhook-id"] not in SEEN:
            take(message)
            SEEN.add(headers["webhook-id"])
        return self.answer(204)

    def answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        if status != 204:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    address = (os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "9000")))
    with ThreadingHTTPServer(address, LoaReceiver) as server:
        print("listening", flush=True)
        server.serve_forever()
