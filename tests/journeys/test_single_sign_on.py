"""Single sign-on by the nginx files that are shipped: only who signed in is named, and a header that a
client writes names nobody, behind any of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from flask import Flask, Response, request
from werkzeug.serving import make_server

from tests.fakes import FakeClock
from tests.fakes_nginx import DEPLOY, behind_nginx, needs_nginx
from tests.fakes_web import Web, make_web

PERSON = "lan@huyen.example"
FORGED = {"X-Remote-User": PERSON, "X-Auth-Request-Email": PERSON}


@pytest.fixture
def web(sqlite_url: str, clock: FakeClock) -> Iterator[Web]:
    server: dict[str, object] = {"auth_header": "X-Remote-User", "trusted_proxies": 1}
    made = make_web(sqlite_url, clock, server=server, operator={"people": [PERSON]})
    yield made
    made.loa.close()


@pytest.fixture
def gateway() -> Iterator[str]:
    """As oauth2-proxy answers: whose cookie it is, or 401."""
    app = Flask("gateway")

    @app.get("/oauth2/auth")
    def auth() -> Response:
        name = request.cookies.get("_oauth2_proxy")
        headers = {"X-Auth-Request-Email": name} if name else {}
        return Response("", 202 if name else 401, headers)

    @app.get("/oauth2/start")
    def start() -> str:
        return f"sign in, then {request.args['rd']}"

    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@needs_nginx
def test_who_signed_in_is_an_operator_and_who_forges_the_header_is_asked_to_sign_in(
    web: Web, gateway: str, tmp_path: Path
) -> None:
    config = (DEPLOY / "nginx-sso.conf").read_text("utf-8")
    with behind_nginx(web.app, tmp_path, config, {"sign-in:4180": gateway}) as address:
        cookies = {"_oauth2_proxy": PERSON}
        signed = requests.get(f"{address}/admin/", cookies=cookies, timeout=10)
        assert signed.status_code == 200 and "Việc hôm nay" in signed.text
        other = {"X-Remote-User": PERSON}
        wrong = requests.get(
            f"{address}/admin/", cookies={"_oauth2_proxy": "x@xa.example"}, headers=other,
            timeout=10, allow_redirects=False,
        )  # fmt: skip
        assert wrong.status_code in (302, 403) and "Việc hôm nay" not in wrong.text
        stranger = requests.get(f"{address}/admin/units?q=1", headers=FORGED, timeout=10)
        assert stranger.url.startswith(f"{address}/oauth2/start")
        assert stranger.text.startswith("sign in, then /admin/units")
        direct = requests.get(f"{address}/oauth2/auth", cookies=cookies, timeout=10)
        assert direct.status_code == 404  # nobody asks in another's place
        assert requests.get(f"{address}/", headers=FORGED, timeout=10).status_code == 200


@needs_nginx
@pytest.mark.parametrize("name", ["nginx.conf", "nginx-files.conf"])
def test_a_proxy_that_signs_nobody_in_lets_no_header_name_anybody(
    web: Web, tmp_path: Path, name: str
) -> None:
    config = (DEPLOY / name).read_text("utf-8")
    with behind_nginx(web.app, tmp_path, config) as address:
        asked = requests.get(f"{address}/admin/", headers=FORGED, timeout=10)
        assert asked.url == f"{address}/admin/sign-in"
    line = next(one for one in config.splitlines() if "X-Remote-User" in one)
    folder = tmp_path / "without"
    folder.mkdir()
    with behind_nginx(web.app, folder, config.replace(line, "")) as address:  # by which it is seen
        assert "Việc hôm nay" in requests.get(f"{address}/admin/", headers=FORGED, timeout=10).text
