"""Signatures as other people's libraries understand them: the Python one, and the npm one of the
same name.

`tests/data/standardwebhooks.json` is what `standardwebhooks` 1.1.1 of npm signs: HMAC has one right
answer, so equal bytes are verified by it. Where that library is at hand (`LOA_NODE_MODULES` names
the folder that holds it), it is asked itself; no test run depends on npm's registry.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from service.alerts.signing import new_secret, sign, sign_with, signing_bytes

GOLDEN = json.loads(
    (Path(__file__).parents[1] / "data" / "standardwebhooks.json").read_text(encoding="utf-8")
)
BODY = '{"type":"post.published","data":{"title":"Chỉ thị về phòng, chống bão"}}'.encode()
NPM = """
const { Webhook } = require("standardwebhooks");
const out = JSON.parse(require("fs").readFileSync(0)).map(({ secret, body, headers }) => {
  try { new Webhook(secret).verify(Buffer.from(body, "base64").toString(), headers); return true; }
  catch (error) { return false; }
});
console.log(JSON.stringify(out));
"""


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden["id"])
def test_a_signature_is_to_the_byte_what_the_npm_library_signs(golden: dict[str, Any]) -> None:
    assert (
        sign(golden["secret"], golden["id"], golden["timestamp"], golden["body"].encode())
        == golden["signature"]
    )


def cases() -> list[tuple[bool, str, bytes, dict[str, str]]]:
    """(is it genuine, the receiver's secret, body, headers): by one key, by two in rotation, and
    every mutation."""
    old, new, at = new_secret(), new_secret(), int(datetime.now(UTC).timestamp())

    def said(*secrets: str, sent_at: int = at) -> dict[str, str]:
        signature = sign_with([signing_bytes(one) for one in secrets], "msg-1", sent_at, BODY)
        return {
            "webhook-id": "msg-1",
            "webhook-timestamp": str(sent_at),
            "webhook-signature": signature,
        }

    whole = said(old)
    flipped = bytes([BODY[0] ^ 1]) + BODY[1:]
    return [
        (True, old, BODY, whole),
        (True, old, BODY, said(new, old)),
        (True, new, BODY, said(new, old)),
        (False, new, BODY, whole),
        (False, old, flipped, whole),
        (False, old, BODY + b" ", whole),
        (False, old, BODY[:-1], whole),
        (False, old, BODY, {**whole, "webhook-id": "msg-2"}),
        (False, old, BODY, {**whole, "webhook-timestamp": str(at + 1)}),
        (False, old, BODY, {**whole, "webhook-signature": whole["webhook-signature"].swapcase()}),
        (
            False,
            old,
            BODY,
            {**whole, "webhook-signature": whole["webhook-signature"].replace("v1,", "v2,")},
        ),
        (False, old, BODY, {**whole, "webhook-signature": ""}),
        (False, old, BODY, said(old, sent_at=at - 3600)),
        (False, old, BODY, said(old, sent_at=at + 3600)),
        *((False, old, BODY, {k: v for k, v in whole.items() if k != name}) for name in whole),
    ]


def test_the_python_library_takes_what_is_genuine_and_no_mutation() -> None:
    for is_genuine, secret, body, headers in cases():
        if is_genuine:
            Webhook(secret).verify(body, headers)
        else:
            with pytest.raises(WebhookVerificationError):
                Webhook(secret).verify(body, headers)


@pytest.mark.skipif(
    "CI" not in os.environ and not (shutil.which("node") and os.environ.get("LOA_NODE_MODULES")),
    reason="asks npm's own library: needs node, and LOA_NODE_MODULES naming a folder with "
    "standardwebhooks",
)
def test_the_npm_library_takes_what_is_genuine_and_no_mutation() -> None:
    asked = cases()
    given = [
        {"secret": s, "body": base64.b64encode(b).decode(), "headers": h} for _, s, b, h in asked
    ]
    node = subprocess.run(
        ["node", "-e", NPM],
        input=json.dumps(given),
        env={**os.environ, "NODE_PATH": os.environ["LOA_NODE_MODULES"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(node.stdout) == [is_genuine for is_genuine, *_ in asked]
