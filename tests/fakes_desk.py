"""A signed-in operator at the desk, and what that browser sends."""

from __future__ import annotations

import re

from werkzeug.test import TestResponse

from tests.fakes_web import Web


def csrf_at(web: Web, path: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', web.client.get(path).get_data(as_text=True))
    assert found is not None, path
    return found.group(1)


def sign_in(web: Web) -> None:
    form = {"csrf": csrf_at(web, "/admin/sign-in"), "token": web.operator_token}
    assert web.client.post("/admin/sign-in", data=form).status_code == 303


def desk_post(web: Web, path: str, **form: str | list[str]) -> TestResponse:
    return web.client.post(path, data={"csrf": csrf_at(web, "/admin/units"), **form})
