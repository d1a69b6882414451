"""Posts by hand: a directive that came on paper goes the way of all others and says so; what was
withdrawn by hand stays so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from service.posts.diff import fingerprint
from service.services.by_hand import MAX_TEXT
from service.services.post_store import PostStore
from service.storage.posts import Draft, get_post
from service.storage.schema import from_micros
from tests.fakes import FakeClock
from tests.fakes_desk import csrf_at, sign_in
from tests.fakes_web import Web, make_web, owe, store_post
from tests.journeys.cli import Terminal

TITLE = "Công điện 12/CĐ-UBND về ứng phó bão số 5"
TEXT = "Yêu cầu UBND các xã báo cáo trước 10 giờ ngày 05/12/2026.\n\nKT. CHỦ TỊCH"
FORM = {"title": TITLE, "text": TEXT, "category": "directives"}
PDF = b"%PDF-1.4\nscan"


@pytest.fixture
def web(sqlite_url: str, clock: FakeClock) -> Iterator[Web]:
    made = make_web(sqlite_url, clock)
    owe(made, store_post(made.loa, 1))
    sign_in(made)
    yield made
    made.loa.close()


def rows(web: Web, query: str) -> list[tuple[Any, ...]]:
    with web.loa.database.reading() as conn:
        return [tuple(row) for row in conn.execute(text(query))]


def add(web: Web, file: tuple[bytes, str] | None = None, **form: str) -> TestResponse:
    data: dict[str, Any] = {"csrf": csrf_at(web, "/admin/units"), **FORM, **form}
    if file is not None:
        data["file"] = (BytesIO(file[0]), file[1])
    return web.client.post("/admin/posts/new", data=data)


def test_a_directive_on_paper_goes_the_way_of_all_others_and_says_so(web: Web) -> None:
    answer = add(web, (PDF, "cong-dien 12.pdf"))
    assert answer.status_code == 303
    key = answer.location.rpartition("/")[2]
    said = web.client.get(answer.location).get_data(as_text=True)
    assert "Đã đăng “Công điện 12" in said and "Đăng bằng tay" in said
    ((payload,),) = rows(
        web,
        "SELECT c.payload FROM delivery d JOIN change c ON c.id = d.change_id"
        f" WHERE c.post_id = '{key}'",
    )
    data = json.loads(payload)["data"]
    assert data["portal"] == {"id": "by-hand", "name": "Đăng bằng tay"}
    assert (
        data["url"] == f"https://loa.example/posts/{key}" and data["categories"][0] == "directives"
    )
    assert data["document"]["number"] == "12/CĐ-UBND" and len(data["deadlines"]) == 1
    (file,) = data["attachments"]
    assert file["name"] == "cong-dien 12.pdf" and file["archive_url"] == file["url"]
    path = file["url"].removeprefix("https://loa.example")
    assert web.client.get(path).get_data() == PDF
    page = web.client.get(f"/posts/{key}").get_data(as_text=True)
    assert "Đăng bằng tay" in page and "KT. CHỦ TỊCH" in page
    assert "Đăng bằng tay" in web.client.get("/feeds/directives.atom").get_data(as_text=True)
    ((who, door),) = rows(web, "SELECT who, door FROM audit WHERE act = 'act.post_add'")
    assert (who, door) == ("huyện", "desk")
    again = add(web)
    assert again.status_code == 409 and "hôm nay đã đăng" in again.get_data(as_text=True)


def test_its_category_is_the_one_that_was_chosen(web: Web) -> None:
    key = add(web, category="news").location.rpartition("/")[2]
    with web.loa.database.reading() as conn:
        found = get_post(conn, key).categories
    assert found[0] == "news" and "directives" in found


@pytest.mark.parametrize(
    ("field", "value"), [("title", " "), ("text", "x" * (MAX_TEXT + 1)), ("category", "nope")]
)
def test_what_is_refused_comes_back_filled(web: Web, field: str, value: str) -> None:
    answer = add(web, **{field: value})
    said = answer.get_data(as_text=True)
    assert answer.status_code == 422 and f'id="{field}-fault"' in said
    assert (TITLE in said) or field == "title"
    assert len(rows(web, "SELECT id FROM post")) == 1


@pytest.mark.parametrize(
    ("body", "name", "said"),
    [(b"MZ\x90", "x.exe", "không phải là tệp văn bản"), (PDF, "y" * 300, "file-fault")],
)
def test_a_file_that_is_none_is_refused(web: Web, body: bytes, name: str, said: str) -> None:
    answer = add(web, (body, name))
    assert answer.status_code == 422 and said in answer.get_data(as_text=True)
    assert len(rows(web, "SELECT id FROM post")) == 1


def test_a_file_without_room_is_refused(sqlite_url: str, clock: FakeClock) -> None:
    web = make_web(sqlite_url, clock, archive={"max_post_mb": 1, "min_free_mb": 1 << 40})
    try:
        sign_in(web)
        answer = add(web, (PDF, "x.pdf"))
        assert answer.status_code == 422 and "không đủ chỗ" in answer.get_data(as_text=True)
    finally:
        web.loa.close()


def test_withdrawing_asks_first_tells_once_and_stays(web: Web, clock: FakeClock) -> None:
    key = add(web).location.rpartition("/")[2]
    path, csrf = f"/admin/posts/{key}/withdraw", csrf_at(web, "/admin/units")
    asked = web.client.post(path, data={"csrf": csrf}).get_data(as_text=True)
    assert f"Gỡ “{TITLE}”?" in asked and "Số lần đã gửi: 0" in asked
    assert rows(web, f"SELECT withdrawn_at FROM post WHERE id = '{key}'") == [(None,)]
    done = web.client.post(path, data={"csrf": csrf, "sure": "1"})
    said = web.client.get(done.location).get_data(as_text=True)
    assert f"Đã gỡ “{TITLE}”" in said and "Tin đã bị gỡ lúc" in said and path not in said
    told = f"SELECT type FROM change WHERE post_id = '{key}' ORDER BY id"
    assert rows(web, told) == [("post.published",), ("post.withdrawn",)]
    assert web.client.post(path, data={"csrf": csrf, "sure": "1"}).status_code == 409
    clock.advance(3600)
    assert not seen_again(web, key, clock), "its portal shows it still"
    ((at,),) = rows(web, f"SELECT withdrawn_at FROM post WHERE id = '{key}'")
    assert from_micros(at) + timedelta(hours=1) == clock()


def seen_again(web: Web, key: str, clock: FakeClock) -> bool:
    with web.loa.database.reading() as conn:
        post = get_post(conn, key)
    print_ = fingerprint(post.title + " (sửa)", post.text, None, ())
    draft = Draft(
        post.portal, "key-1", post.url, post.title + " (sửa)", post.html, post.text,
        post.understanding, (), print_, post.published_at, clock(),
    )  # fmt: skip
    return PostStore(web.loa.database, web.loa.links, ()).edited(key, draft)


def test_the_command_does_both(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    (tmp_path / "van-ban.txt").write_text(TEXT, "utf-8")
    (tmp_path / "van-ban.pdf").write_bytes(PDF)
    files = ["--text", str(tmp_path / "van-ban.txt"), "--file", str(tmp_path / "van-ban.pdf")]
    made = terminal.json("post", "add", "--title", TITLE, *files)
    assert made["categories"][0] == "directives"
    shown = terminal.json("post", "show", made["id"])
    assert shown["portal"]["id"] == "by-hand" and len(shown["attachments"]) == 1
    assert "was posted by hand today" in terminal.refused("post", "add", "--title", TITLE)
    assert "posted" in terminal.run("post", "add", "--title", "Giấy mời họp").stdout
    assert terminal.json("post", "withdraw", made["id"])["status"] == "withdrawn"
    assert "withdrawn" in terminal.run("post", "withdraw", "Giấy mời họp").stdout
