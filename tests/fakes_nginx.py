"""The real nginx before an application, by the files that are shipped for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from flask import Flask
from werkzeug.serving import make_server

from tests.patience import free_port

DEPLOY = Path(__file__).resolve().parents[1] / "config" / "deploy"
needs_nginx = pytest.mark.skipif(
    "CI" not in os.environ and not (shutil.which("nginx") or Path("/usr/sbin/nginx").exists()),
    reason="needs nginx: apt-get install nginx",
)
_OUTER = """
pid {folder}/pid; error_log {folder}/error.log; daemon off; worker_processes 1;
events {{ }}
http {{
  access_log off; gzip on; gzip_proxied any; gzip_min_length 1;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
{inner}
}}
"""


@contextmanager
def behind_nginx(
    app: Flask, folder: Path, config: str, others: Mapping[str, str] | None = None
) -> Iterator[str]:
    """The address of an application behind nginx, whose own configuration compresses whatever it
    may: Debian's does, and one `gzip_proxied any` is all that lacks. `others`: hosts of the file
    and where they are here."""
    loa = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=loa.serve_forever, daemon=True).start()
    port = free_port()
    inner = config.replace("web:8080", f"127.0.0.1:{loa.server_port}")
    for host, here in (others or {}).items():
        inner = inner.replace(host, here)
    inner = inner.replace("listen 80;", f"listen 127.0.0.1:{port};")
    inner = inner.replace("root /srv/loa;", f"root {folder};")
    (folder / "nginx.conf").write_text(_OUTER.format(folder=folder, inner=inner), "utf-8")
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    process = subprocess.Popen([nginx, "-c", str(folder / "nginx.conf"), "-p", str(folder)])
    try:
        session = requests.Session()
        session.mount("http://", requests.adapters.HTTPAdapter(max_retries=_patient()))
        session.get(f"http://127.0.0.1:{port}/healthz", timeout=5)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)
        loa.shutdown()


def _patient() -> requests.adapters.Retry:
    return requests.adapters.Retry(connect=20, backoff_factor=0.05)
