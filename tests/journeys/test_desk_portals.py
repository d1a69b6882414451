"""A portal is added by its address, seen, edited, polled and removed at the desk and over the API;
its file stays the truth, whoever writes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.errors import CodedError, LoaError, NotFound
from service.poll.looking import PortalLooker
from service.portals import read as portals_read
from service.portals.glance import glance
from service.round import FilesWatch, step_looks
from service.services import look_acts
from service.services.audit_acts import search
from service.storage.looks import ask_look, get_look, last_look
from service.storage.tokens import create_token
from service.web.app import create_app
from tests.fakes_site import LIST, OLD, World, listing, numbered, open_world
from tests.hostile import reply

NEWS = "/portal/KenhTin/Tin-tuc.aspx"
GONE = "/portal/KenhTin/Thong-bao.aspx"
MENU = (
    f'<nav><a href="{LIST}">Chỉ đạo điều hành</a><a href="{NEWS}#a">Tin tức</a>'
    f'<a href="{GONE}">Thông báo</a><a href="https://x.example/">Văn bản</a>'
    '<a href="/lien-he">Liên hệ</a><a href="/x"></a></nav>'
)


class DeskBrowser:
    """An operator's browser, and a bearer of the same token."""

    def __init__(self, world: World) -> None:
        self.world = world
        with world.loa.database.writing() as conn:
            token, _ = create_token(conn, name="huyện", unit_id=None, at=world.clock())
        self.client: FlaskClient = create_app(world.loa).test_client()
        self.bearer = {"Authorization": f"Bearer {token}"}
        self.post("sign-in", token=token)

    def see(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path if path.startswith("/") else f"/admin/{path}")
        assert answer.status_code == status, answer.get_data(as_text=True)
        return answer.get_data(as_text=True)

    def post(self, path: str, **form: str) -> TestResponse:
        page = self.client.get("/admin/sign-in").get_data(as_text=True)
        csrf = re.findall(r'name="csrf" value="([^"]+)"', page)[0]
        return self.client.post(f"/admin/{path}", data={"csrf": csrf, **form})

    def acts(self) -> list[str]:
        with self.world.loa.database.reading() as conn:
            return [one.act for one in search(conn)]


@contextmanager
def desk(folder: Path) -> Iterator[DeskBrowser]:
    with open_world(folder) as world:
        world.show(*OLD)
        yield DeskBrowser(world)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[DeskBrowser]:
    with desk(tmp_path) as opened:
        yield opened


def looks(world: World) -> int:
    """What a worker does within two seconds."""
    return step_looks(world.loa, lambda: False)


def probed(browser: DeskBrowser, path: str = LIST) -> str:
    """Where the findings are."""
    answer = browser.post("portals/new", url=browser.world.site.url + path)
    where = str(answer.location)
    waiting = browser.client.get(where)
    assert waiting.headers["Refresh"] == "3" and "Đang đọc thử" in waiting.get_data(as_text=True)
    looks(browser.world)
    return where


def test_a_portal_is_added_by_its_address_in_three_steps(browser: DeskBrowser) -> None:
    world = browser.world
    folder = world.loa.settings.portals_dir
    world.site.answers[LIST] = reply(listing(*OLD, more=MENU))
    world.site.answers[NEWS] = reply(listing(*[numbered(n) for n in range(20, 26)]))
    where = probed(browser)
    page = browser.see(where)
    assert "Refresh" not in browser.client.get(where).headers
    assert OLD[0].title in page and "20/11/2026" in page and "Chỉ đạo" in page
    assert "Tin tức" in page and NEWS in page and "8 tin" in page and "6 tin" in page
    assert "Thông báo</strong>" in page and "mark bad" in page  # its page is not there
    assert re.findall(r"<strong[^>]*>([^<]+)</strong></label>", page) == [
        "Trang này",
        "Tin tức",
        "Thông báo",
    ]
    path = where.removeprefix("/admin/")
    none = browser.post(path, id="xa-moi", name="UBND xã Mới")
    assert none.status_code == 422 and "chưa chọn chuyên mục nào" in none.get_data(as_text=True)
    for id_ in ("", "!!!"):
        bad = browser.post(path, **{"listing-0": "1"}, id=id_, name="UBND xã Mới")
        assert bad.status_code == 422 and 'id="id-fault"' in bad.get_data(as_text=True)
    chosen = {"listing-0": "1", "category-0": "directives", "listing-1": "1", "category-1": "x"}
    step = browser.post(path, **chosen, id="Xã Mới", name="UBND xã Mới")
    shown = step.get_data(as_text=True)
    text = html_text(shown)
    assert str(folder / "xa-moi.toml") in shown and 'category = "directives"' in text
    saved = browser.post("portals/", file=text, id="xa-moi")
    assert (saved.status_code, saved.location) == (303, "/admin/portals/xa-moi")
    assert (folder / "xa-moi.toml").read_text("utf-8").count("[[listings]]") == 2
    page = browser.see(saved.location)
    assert "Đã thêm UBND xã Mới" in page and "chưa đọc lần nào" in page
    again = browser.post("portals/", file=text, id="xa-moi")
    assert again.status_code == 409 and "đã có cổng" in again.get_data(as_text=True)
    assert browser.acts()[:2] == ["act.portal_add", "act.portal_probe"]
    assert list(folder.glob(".*")) == []


def html_text(page: str) -> str:
    import html

    found = re.findall(r'<textarea id="file"[^>]*>(.*?)</textarea>', page, re.S)
    return html.unescape(found[0])


def test_what_cannot_be_read_says_why_and_offers_another_address(browser: DeskBrowser) -> None:
    where = probed(browser, "/none")
    page = browser.see(where)
    assert "Không đọc được" in page and "Thử địa chỉ khác" in page
    assert browser.post(where.removeprefix("/admin/"), id="x", name="x").status_code == 404
    empty = browser.post("portals/new", url=" ")
    assert empty.status_code == 422 and 'id="url-fault"' in empty.get_data(as_text=True)
    browser.see("portals/new/none", 404)
    browser.post("portals/huyen/check")
    with browser.world.loa.database.reading() as conn:
        check = last_look(conn, "check", "huyen")
    assert check is not None
    browser.see(f"portals/new/{check.id}", 404)


def test_a_file_that_cannot_be_used_changes_nothing(browser: DeskBrowser) -> None:
    world = browser.world
    folder = world.loa.settings.portals_dir
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    good = (folder / "huyen.toml").read_text("utf-8")
    other = good.replace('id = "huyen"', 'id = "xa-moi"')
    for text, said in (
        ("x" * 50_001, "50000"), ("id = ", "thiếu dòng id"), ('id = "directives"\n', "missing"),
        (other.replace('"directives"', '"none"'), "category"),
        (other.replace('"xa-moi"', '"places"'), "reserved"),
        (other.replace("td-portal", "none"), "kind"),
    ):  # fmt: skip
        answer = browser.post("portals/", file=text)
        page = answer.get_data(as_text=True)
        assert answer.status_code == 422 and said in page, (text[:80], page)
    moved = browser.post("portals/huyen", file=other)
    assert moved.status_code == 422 and "id phải vẫn là" in moved.get_data(as_text=True)
    assert browser.post("portals/none", file=good).status_code == 404
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_where_nothing_can_be_written_the_text_is_kept_on_the_page(browser: DeskBrowser) -> None:
    folder = browser.world.loa.settings.portals_dir
    text = (folder / "huyen.toml").read_text("utf-8").replace('id = "huyen"', 'id = "xa-moi"')
    (folder / "xa-moi.toml.removed").mkdir()
    (folder / "xa-moi.toml.removed" / "x").touch()
    assert browser.post("portals/", file=text).status_code == 303
    stuck = browser.post("portals/xa-moi/remove", sure="1")
    assert stuck.status_code == 409
    folder.rename(folder.with_name("away"))
    answer = browser.post("portals/", file=text)
    page = answer.get_data(as_text=True)
    assert (
        answer.status_code == 409
        and "không ghi được" in page
        and 'id = "xa-moi"' in html_text(page)
    )
    assert "Tệp của cổng" not in browser.see("portals/huyen")


def test_a_portals_page_shows_how_it_is_and_its_file_is_edited_there(browser: DeskBrowser) -> None:
    world = browser.world
    folder = world.loa.settings.portals_dir
    world.poll()
    world.site.answers[LIST] = reply("nothing", status="503 Service Unavailable")
    world.poll()
    page = browser.see("portals/huyen")
    assert page.count("<rect") == 2 and page.count('class="bad"') == 1 and "503" in page
    assert "<script" not in page and "style=" not in page
    text = html_text(page).replace("UBND huyện", "UBND huyện Mẫu")
    assert browser.post("portals/huyen", file=text.replace("\n", "\r\n")).status_code == 303
    assert (folder / "huyen.toml").read_text("utf-8") == text
    assert "UBND huyện Mẫu" in browser.see("portals/")
    world.show(*OLD)
    n = browser.post("portals/huyen/poll")
    assert "Số chuyên mục được đọc ngay: 1" in browser.see(str(n.location))
    assert world.state.next_poll_at == world.clock()
    assert browser.post("portals/none/poll").status_code == 404
    assert browser.acts()[:2] == ["act.portal_poll", "act.portal_edit"]


def test_a_dry_run_shows_what_a_poll_would_find_and_stores_nothing(browser: DeskBrowser) -> None:
    world = browser.world
    assert browser.post("portals/huyen/check").location == "/admin/portals/huyen#check"
    assert "Đang đọc thử" in browser.see("portals/huyen")
    assert looks(world) == 1
    page = browser.see("portals/huyen")
    assert OLD[0].title in page and "ký tự nội dung" in page
    assert world.entries() == set()
    world.site.answers[OLD[0].path] = reply("x", status="404 Not Found")
    browser.post("portals/huyen/check")
    looks(world)
    assert "Không đọc được trang của tin đầu" in browser.see("portals/huyen")
    assert browser.post("portals/none/check").status_code == 404
    with world.loa.database.writing() as conn:
        asked = ask_look(conn, "check", "none", world.clock())
        ask_look(conn, "check", "huyen", world.clock())
    assert looks(world) == 2
    with world.loa.database.reading() as conn:
        assert "none" in str(get_look(conn, asked.id).error)


def test_a_flood_is_decided_on_the_page_of_its_portal(browser: DeskBrowser) -> None:
    world = browser.world
    world.poll()
    world.show(*[numbered(n, day=23) for n in range(200, 300)], *OLD)
    world.poll()
    page = browser.see("portals/huyen")
    assert "Cho gửi tin đang giữ (100)" in page and page.count("/discard") == 21
    sure = browser.post("portals/huyen/release").get_data(as_text=True)
    assert "Cho gửi 100 tin" in sure


def test_a_removed_portal_asks_first_and_comes_back(browser: DeskBrowser) -> None:
    world = browser.world
    folder = world.loa.settings.portals_dir
    asked = browser.post("portals/huyen/remove").get_data(as_text=True)
    assert "Gỡ bỏ cổng UBND huyện?" in asked and (folder / "huyen.toml").exists()
    done = browser.post("portals/huyen/remove", sure="1")
    assert "portals/huyen/restore" in browser.see(str(done.location))
    assert not (folder / "huyen.toml").exists()
    browser.see("portals/huyen", 404)
    assert browser.post("portals/huyen/remove", sure="1").status_code == 404
    assert browser.post("portals/none/restore").status_code == 404
    back = browser.post("portals/huyen/restore")
    assert "Đã đưa UBND huyện trở lại" in browser.see(str(back.location))
    browser.post("portals/huyen/remove", sure="1")
    (folder / "b.toml").write_bytes((folder / "huyen.toml.removed").read_bytes())
    assert browser.post("portals/huyen/restore").status_code == 422
    (folder / "b.toml").unlink()
    (folder / "huyen.toml").mkdir()
    assert browser.post("portals/huyen/restore").status_code == 409


def test_files_that_somebody_edited_are_read_again_by_every_process(browser: DeskBrowser) -> None:
    world, asked = browser.world, []
    loa, folder = world.loa, world.loa.settings.portals_dir
    loa.ask_reload = lambda: asked.append(1)
    watch = FilesWatch(loa)
    watch.look()
    text = (folder / "huyen.toml").read_text("utf-8")
    (folder / "b.toml").write_text(text.replace('"huyen"', '"xa-b"'), "utf-8")
    browser.see("portals/xa-b", 404)
    done = browser.post("portals/reread")
    assert "2 cổng" in browser.see(str(done.location)) and asked == [1]
    browser.see("portals/xa-b")
    watch.look()
    watch.look()
    assert asked == [1, 1]
    (folder / "b.toml").write_text("id =", "utf-8")
    broken = browser.post("portals/reread")
    assert broken.status_code == 422 and "b.toml" in broken.get_data(as_text=True)
    browser.see("portals/xa-b")


def test_the_same_over_the_api(browser: DeskBrowser) -> None:
    world = browser.world
    ask = {"headers": browser.bearer}
    api = browser.client
    look = api.post("/api/v1/probes", json={"url": world.site.url + LIST}, **ask).get_json()
    assert (look["ended_at"], look["found"]) == (None, None)
    looks(world)
    found = api.get(f"/api/v1/probes/{look['id']}", **ask).get_json()["found"]
    assert found["portal"]["kind"] == "td-portal" and found["listings"][0]["count"] == 8
    body = {
        "id": "xa-moi", "name": "UBND xã Mới", "base_url": world.site.url, "kind": "td-portal",
        "listings": [{"url": LIST, "category": "directives"}],
    }  # fmt: skip
    made = api.post("/api/v1/portals", json=body, **ask)
    assert made.status_code == 201 and 'id = "xa-moi"' in made.get_json()["file"]
    assert api.get("/api/v1/portals/xa-moi", **ask).status_code == 200
    bad = api.post("/api/v1/portals", json={**body, "id": "X!"}, **ask)
    assert (bad.status_code, bad.get_json()["field"]) == (422, "file")
    assert api.post("/api/v1/portals/xa-moi/poll", json={}, **ask).get_json() == {"listings": 1}
    check = api.post("/api/v1/portals/xa-moi/check", json={}, **ask).get_json()
    world.site.answers[LIST] = reply("x", status="404 Not Found")
    looks(world)
    (one,) = api.get(f"/api/v1/probes/{check['id']}", **ask).get_json()["found"]["listings"]
    assert "404" in one["error"] and one["article_error"] is None
    assert api.delete("/api/v1/portals/xa-moi", **ask).status_code == 204
    assert api.get("/api/v1/portals/xa-moi", **ask).status_code == 404


class _FakeLook:
    """Fails as it is told to."""

    def __init__(self, fault: BaseException) -> None:
        self.fault = fault

    def __call__(self, kind: str, subject: str) -> dict[str, object]:
        raise self.fault


def test_a_look_that_fails_says_why_and_one_of_a_dead_worker_is_taken_again(
    browser: DeskBrowser,
) -> None:
    world = browser.world
    loa, database = world.loa, world.loa.database

    def asked() -> str:
        with database.writing() as conn:
            return look_acts.ask_check(conn, loa, "huyen").id

    def error_of(id_: str) -> str | None:
        with database.reading() as conn:
            return get_look(conn, id_).error

    for fault, said in ((CodedError("bad.empty"), "bad.empty"), (LoaError("x"), "x")):
        id_ = asked()
        look_acts.run_looks(database, loa, _FakeLook(fault))
        assert error_of(id_) == said
    id_ = asked()
    with pytest.raises(ZeroDivisionError):
        look_acts.run_looks(database, loa, _FakeLook(ZeroDivisionError()))
    assert error_of(id_) == "backfill.fault"
    id_ = asked()
    assert look_acts.run_looks(database, loa, _FakeLook(LoaError("x")), lambda: True) == 0
    with database.writing() as conn:
        taken = look_acts.take_look(conn, world.clock(), world.clock() + look_acts.LEASE)
        assert taken is not None and taken.id == id_
        assert look_acts.take_look(conn, world.clock(), world.clock()) is None
    world.clock.advance(look_acts.LEASE.total_seconds())
    assert look_acts.run_looks(database, loa, _FakeLook(LoaError("y"))) == 1
    world.clock.advance(look_acts.KEPT.total_seconds() + 1)
    asked()
    with database.reading() as conn, pytest.raises(NotFound):
        get_look(conn, id_)


class Here:
    """Reads in this process."""

    glance = staticmethod(glance)
    read_listing = staticmethod(portals_read.read_listing)
    read_article = staticmethod(portals_read.read_article)


def test_a_probe_tells_the_province_where_the_address_does(tmp_path: Path) -> None:
    from service.settings import PortalConfig

    with open_world(tmp_path) as world:
        loa = world.loa
        looker = PortalLooker(loa.fetcher, Here(), loa.rules, loa.place_tables.provinces, tuple)
        told = PortalConfig(
            id="x", name="x", base_url="https://quangxuong.thanhhoa.gov.vn",
            listings=({"url": "/x"},),  # type: ignore[arg-type]  # as a file says it
        )  # fmt: skip
        assert looker._with_area(told).province is not None
        unknown = told.model_copy(update={"base_url": "https://127.0.0.1"})
        assert looker._with_area(unknown) is unknown
