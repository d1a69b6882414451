"""The rival: the same signed POST as a Celery task, by requests, one Session for each worker process."""

from __future__ import annotations

import time
from functools import lru_cache
from importlib import import_module
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from service.alerts.signing import sign_with

app: Any = import_module("celery").Celery("loa-bench")
app.conf.update(
    result_expires=600,
    worker_prefetch_multiplier=32,  # kinder to it than the default of 4
    broker_connection_retry_on_startup=True,
    worker_hijack_root_logger=False,
)


@lru_cache(1)
def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.mount("http://", HTTPAdapter(pool_connections=64))  # as many hosts as are sent to
    return session


@app.task(name="deliver")  # type: ignore[untyped-decorator]  # celery ships no types
def deliver(url: str, message_id: str, body: str) -> None:
    data, timestamp = body.encode(), int(time.time())
    headers = {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign_with((b"k" * 32,), message_id, timestamp, data),
    }
    _session().post(url, data=data, headers=headers, timeout=15, allow_redirects=False).raise_for_status()
