"""U6: an operator overrules tasks, relations and "same document" of a post: what is owed follows at
once, a new reading brings nothing back, and each is undone by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser
from sqlalchemy import text

from service.alerts.links import Purpose
from service.posts.diff import fingerprint
from service.posts.overruled import key_of
from service.services.context import OPERATOR
from service.services.decision_acts import decide_task
from service.services.decision_parts import TypedTask
from service.services.post_store import PostStore
from service.services.todays_work import load_open_receipts
from service.storage.overruling import change_facts
from service.storage.posts import Draft, get_post
from service.storage.queue import continue_fanouts
from service.storage.tokens import Role, create_token, select_token
from service.types import Document, DocumentLink, Link, Mention, Post, Relation, Understanding
from tests.fakes import FakeClock
from tests.fakes_desk import desk_post, sign_in
from tests.fakes_web import MANAGED_AT, PORTAL, Web, make_web, owe, store_post
from tests.journeys.cli import Terminal

LISTING = "https://quangxuong.example/ds"
SAID = "Yêu cầu UBND các xã báo cáo kết quả trước 10 giờ ngày 05/12/2026."


@pytest.fixture
def web(sqlite_url: str, clock: FakeClock) -> Iterator[Web]:
    made = make_web(sqlite_url, clock)
    owe(made, store_post(made.loa, 1))
    sign_in(made)
    yield made
    made.loa.close()


def read(web: Web, title: str, said: str = SAID, **other: Any) -> Draft:
    """A state of a post as a poll reads it."""
    now = web.loa.clock()
    facts = web.loa.understander.understand(title, said, hints=("directives",), published_at=now)
    draft = Draft(
        PORTAL, "key-read", "https://quangxuong.example/read", title, f"<p>{said}</p>", said,
        facts, (), fingerprint(title, said, facts.document, ()), now, now, article_at=now,
    )  # fmt: skip
    return replace(draft, **other)


def publish(web: Web, draft: Draft) -> str:
    store = PostStore(web.loa.database, web.loa.links, ("hoa-toc",))
    post = store.new(draft, LISTING, draft.title, None)
    assert post is not None
    return post.id


def edit(web: Web, post_id: str, draft: Draft) -> Post:
    store = PostStore(web.loa.database, web.loa.links, ("hoa-toc",))
    assert store.edited(post_id, draft)
    return stored(web, post_id)


def stored(web: Web, post_id: str) -> Post:
    with web.loa.database.reading() as conn:
        return get_post(conn, post_id)


def desk(web: Web, post_id: str) -> LexborHTMLParser:
    return LexborHTMLParser(web.client.get(f"/admin/posts/{post_id}").get_data(as_text=True))


def key_at(page: LexborHTMLParser, part: str) -> str:
    found = page.css_first(f'form[action$="/{part}"] input[name="wrong"]')
    assert found is not None
    return str(found.attributes["value"])


def calendar(web: Web, post_id: str) -> str:
    return web.client.get(f"/posts/{post_id}/calendar.ics").get_data(as_text=True)


def test_a_task_is_corrected_and_reading_the_page_again_does_not_bring_the_wrong_one_back(
    web: Web,
) -> None:
    key = publish(web, read(web, "Về việc báo cáo"))
    assert "DTSTART:20261205T030000Z" in calendar(web, key)
    page = desk(web, key)
    assert "trước 10 giờ ngày 05/12/2026" in page.text() and "người phải làm" in page.text()
    wrong = key_at(page, "tasks")
    form = {"wrong": wrong, "task": "báo cáo", "day": "2026-12-07", "owner": "communes"}
    answer = desk_post(web, f"/admin/posts/{key}/tasks", **form, hour="16:30")
    assert answer.status_code == 303
    said = web.client.get(f"/admin/posts/{key}").get_data(as_text=True)
    assert "Đã lưu việc phải làm" in said and "quản trị viên: huyện" in said
    assert "DTSTART:20261207T093000Z" in calendar(web, key)
    assert "20261205" not in calendar(web, key)
    (due,) = edit(web, key, read(web, "Về việc báo cáo (sửa)")).understanding.deadlines
    assert (due.on, due.source, due.text) == (
        date(2026, 12, 7), "operator", "",
    )  # fmt: skip
    shown = web.client.get(f"/api/v1/posts/{key}", headers=web.operator).get_json()
    (decision,) = shown["decisions"]
    assert decision["wrong"]["on"] == "2026-12-05" and decision["right"]["on"] == "2026-12-07"
    assert [one["rule"] for one in shown["readings"]] == ["operator"]
    desk_post(web, f"/admin/posts/{key}/decisions/{decision['id']}/undo")
    assert "DTSTART:20261205T030000Z" in calendar(web, key)
    assert stored(web, key).understanding.read_deadlines is None


def test_a_task_that_is_dropped_is_in_no_calendar_search_or_reminder(web: Web) -> None:
    key = publish(web, read(web, "Về việc báo cáo"))
    found = "/api/v1/posts?deadline_from=2026-12-05&deadline_to=2026-12-05"
    assert len(web.client.get(found, headers=web.operator).get_json()["items"]) == 1
    desk_post(web, f"/admin/posts/{key}/tasks", wrong=key_at(desk(web, key), "tasks"), drop="1")
    assert web.client.get(f"/posts/{key}/calendar.ics").status_code == 404
    assert web.client.get(found, headers=web.operator).get_json()["items"] == []
    assert not edit(web, key, read(web, "Về việc báo cáo (sửa)")).understanding.deadlines
    newer = edit(web, key, read(web, "Gia hạn", SAID.replace("05/12", "08/12")))
    assert [due.on for due in newer.understanding.deadlines] == [date(2026, 12, 8)]


def test_a_task_that_a_person_adds_is_owed_by_whom_it_says(web: Web) -> None:
    key = publish(web, read(web, "Về việc trực", "Thực hiện nghiêm."))
    form = {"task": "trực ban", "day": "2026-12-06", "owner": "place", "place": "Quảng Ninh"}
    refused = desk_post(web, f"/admin/posts/{key}/tasks", **form | {"place": "Atlantis"})
    page = LexborHTMLParser(refused.get_data(as_text=True))
    assert refused.status_code == 422
    field = page.css_first('input[aria-invalid="true"]')
    assert field is not None and field.attributes["name"] == "place"
    assert field.attributes["value"] == "Atlantis"
    assert page.css_first("#task-task").attributes["value"] == "trực ban"  # type: ignore[union-attr]  # it is there
    assert page.css_first("details[open] #task-day") is not None
    done = desk_post(web, f"/admin/posts/{key}/tasks", **form | {"place": "quang-ninh-16540"})
    assert done.status_code == 303
    (due,) = stored(web, key).understanding.deadlines
    assert (due.owner, due.owner_words, due.task) == (
        "quang-ninh-16540", "Xã Quảng Ninh", "trực ban",
    )  # fmt: skip
    own = web.client.get("/feeds/places/quang-ninh-16540.ics").get_data(as_text=True)
    deadlines = web.client.get("/feeds/deadlines.ics").get_data(as_text=True)
    assert "trực ban" in deadlines and "trực ban" not in own  # it is not about that place
    public = web.client.get(f"/posts/{key}").get_data(as_text=True)
    assert "trực ban" in public and "người quyết định" in public and "“”" not in public


def test_the_form_of_a_correction_comes_back_filled_and_what_is_gone_is_said(web: Web) -> None:
    key = publish(web, read(web, "Về việc báo cáo"))
    wrong = key_at(desk(web, key), "tasks")
    form = {"wrong": wrong, "task": "báo cáo mới", "day": "2026-12-07", "hour": "99"}
    refused = desk_post(web, f"/admin/posts/{key}/tasks", **form)
    page = LexborHTMLParser(refused.get_data(as_text=True))
    assert refused.status_code == 422
    assert page.css_first(f'[id="{wrong}-task"]').attributes["value"] == "báo cáo mới"  # type: ignore[union-attr]  # it is there
    hour = page.css_first(f'[id="{wrong}-hour"]')
    assert hour is not None and hour.attributes["aria-invalid"] == "true"
    gone = desk_post(web, f"/admin/posts/{key}/tasks", wrong="0" * 12, drop="1")
    assert gone.status_code == 422 and "không còn mục" in gone.get_data(as_text=True)


def _meeting(web: Web) -> str:
    begins = web.loa.clock() + timedelta(days=9)
    key = publish(web, read(web, "Giấy mời họp", "Họp."))
    facts = {
        "begins_at": begins,
        "document": Document("giay-moi", "12/GM-UBND", None, None, Relation.IS),
    }
    with web.loa.database.writing() as conn:
        change_facts(conn, key, **facts)
    return key


def test_a_relation_that_a_person_says_calls_a_meeting_off_and_undone_it_takes_place(
    web: Web,
) -> None:
    meeting = _meeting(web)
    by = publish(web, read(web, "Thông báo hoãn", "Hoãn.", identity_key="hoan"))
    form = {"relation": "postpones", "other": meeting}
    assert desk_post(web, f"/admin/posts/{by}/relations", **form).status_code == 303
    assert "STATUS:CANCELLED" in calendar(web, meeting)
    assert by in web.client.get(f"/posts/{meeting}").get_data(as_text=True)
    assert not edit(web, by, read(web, "Thông báo", "Hoãn.")).understanding.read_relations
    assert stored(web, by).understanding.relations[0].post_id == meeting
    wrong = key_at(desk(web, by), "relations")
    desk_post(web, f"/admin/posts/{by}/relations", wrong=wrong, drop="1")
    text_of = calendar(web, meeting)
    assert "STATUS:CONFIRMED" in text_of and "SEQUENCE:2" in text_of
    assert by not in web.client.get(f"/posts/{meeting}").get_data(as_text=True)
    shown = web.client.get(f"/api/v1/posts/{by}", headers=web.operator).get_json()
    web.client.delete(
        f"/api/v1/posts/{by}/decisions/{shown['decisions'][0]['id']}", headers=web.operator
    )
    assert "STATUS:CANCELLED" in calendar(web, meeting)


def test_a_meeting_of_which_one_reading_was_wrong_is_what_another_post_made_of_it(web: Web) -> None:
    meeting = _meeting(web)
    for key, kind in (("mot", "moves"), ("hai", "postpones")):
        by = publish(web, read(web, f"Tin {key}", "Nội dung.", identity_key=key))
        form = {"relation": kind, "other": meeting}
        assert desk_post(web, f"/admin/posts/{by}/relations", **form).status_code == 303
    assert stored(web, meeting).understanding.rescheduled.link is Link.POSTPONES  # type: ignore[union-attr]  # it was
    desk_post(
        web, f"/admin/posts/{by}/relations", wrong=key_at(desk(web, by), "relations"), drop="1"
    )
    assert stored(web, meeting).understanding.rescheduled.link is Link.MOVES  # type: ignore[union-attr]  # likewise


def _drop_relation(web: Web, post_id: str) -> None:
    wrong = key_at(desk(web, post_id), "relations")
    desk_post(web, f"/admin/posts/{post_id}/relations", wrong=wrong, drop="1")


def test_a_meeting_goes_by_the_last_that_was_said_of_it_whatever_else_is_decided(web: Web) -> None:
    meeting, posts = _meeting(web), {}
    for kind in ("moves", "reminds", "postpones"):
        posts[kind] = publish(web, read(web, f"Tin {kind}", "Nội dung.", identity_key=kind))
        form = {"relation": kind, "other": meeting}
        assert desk_post(web, f"/admin/posts/{posts[kind]}/relations", **form).status_code == 303
    _drop_relation(web, posts["moves"])
    assert stored(web, meeting).understanding.rescheduled.link is Link.POSTPONES  # type: ignore[union-attr]  # it was
    _drop_relation(web, posts["postpones"])
    assert stored(web, meeting).understanding.rescheduled.link is None  # type: ignore[union-attr]  # likewise
    assert "STATUS:CONFIRMED" in calendar(web, meeting)


def test_a_relation_that_was_read_wrongly_is_dropped_for_good(web: Web) -> None:
    link = DocumentLink(Link.REPLACES, Mention("cong-van", "9/UBND-VP"), "thay thế Công văn 9")
    facts = Understanding(("directives",), relations=(link,))
    key = publish(web, read(web, "Công văn mới", "Thay thế.", understanding=facts))
    assert "thay thế Công văn 9" in desk(web, key).text()
    desk_post(
        web, f"/admin/posts/{key}/relations", wrong=key_at(desk(web, key), "relations"), drop="1"
    )
    newer = edit(web, key, read(web, "Công văn mới (sửa)", "Thay thế.", understanding=facts))
    assert newer.understanding.relations == () and newer.understanding.read_relations == (link,)


def _silenced(web: Web, post_id: str) -> list[str | None]:
    with web.loa.database.reading() as conn:
        query = text("SELECT silenced FROM change WHERE post_id = :id ORDER BY round")
        return list(conn.execute(query, {"id": post_id}).scalars())


def _told(web: Web, post_id: str) -> int:
    with web.loa.database.reading() as conn:
        query = text(
            "SELECT count(*) FROM delivery d JOIN change c ON c.id = d.change_id"
            " WHERE c.post_id = :id"
        )
        return int(conn.execute(query, {"id": post_id}).scalar_one())


def _twins(web: Web) -> tuple[str, str]:
    """Two posts of two portals whose words say that they are one document."""
    document = Document(
        "chi-thi", "9/CT-UBND", date(2026, 11, 20), "UBND xã Quảng Ngọc", Relation.IS
    )
    facts = Understanding(("directives",), document=document)
    keys = []
    for name in ("a", "b"):
        draft = read(web, "Chỉ thị 9/CT-UBND", "Chỉ thị 9/CT-UBND.", understanding=facts)
        portal = replace(PORTAL, id=f"portal-{name}")
        url = f"https://{name}.thanhhoa.gov.vn/9"
        keys.append(publish(web, replace(draft, portal=portal, url=url, identity_key=name)))
    return keys[0], keys[1]


def test_a_post_that_was_merged_wrongly_is_told_once_they_are_parted(web: Web) -> None:
    first, second = _twins(web)
    assert _silenced(web, second) == ["same_document"] and _told(web, second) == 0
    said = desk(web, second).text()
    assert "số, loại và cơ quan ban hành trùng nhau" in said and "“9/CT-UBND”" in said
    answer = desk_post(web, f"/admin/posts/{second}/document", other=first, same="0")
    assert answer.status_code == 303
    assert _silenced(web, second) == [None]
    continue_fanouts(web.loa.database, web.loa.clock())
    assert _told(web, second) == 1
    shown = web.client.get(f"/api/v1/posts/{second}", headers=web.operator).get_json()
    assert shown["same_document"] == [] and shown["decisions"][0]["kind"] == "other"
    public = web.client.get(f"/posts/{first}").get_data(as_text=True)
    assert "Tin khác về văn bản này" not in public
    again = desk_post(web, f"/admin/posts/{second}/document", other=first, same="0")
    assert again.status_code == 409 and "không tách được" in again.get_data(as_text=True)
    undo = f"/admin/posts/{second}/decisions/{shown['decisions'][0]['id']}/undo"
    assert desk_post(web, undo).status_code == 303
    assert "Tin khác về văn bản này" in web.client.get(f"/posts/{first}").get_data(as_text=True)


def test_two_posts_are_joined_by_a_number_and_each_names_the_other(web: Web) -> None:
    first, _ = _twins(web)
    news = publish(web, read(web, "Huyện chỉ đạo chống rét", "Tin.", identity_key="tin"))
    form = {"other": "09 / CT-UBND", "same": "1"}
    several = desk_post(web, f"/admin/posts/{news}/document", **form)
    page = LexborHTMLParser(several.get_data(as_text=True))
    field = page.css_first("#document-other")
    assert several.status_code == 409 and field is not None
    assert (field.attributes["value"], field.attributes["aria-invalid"]) == (form["other"], "true")
    done = desk_post(web, f"/admin/posts/{news}/document", other=first, same="1")
    assert done.status_code == 303
    for one, other in ((news, first), (first, news)):
        shown = web.client.get(f"/api/v1/posts/{one}", headers=web.operator).get_json()
        assert other in [same["id"] for same in shown["same_document"]]
    (row,) = [one for one in audit(web) if one["act"] == "act.post_document"]
    assert row["who"] == "huyện" and json.loads(row["after"])["decided"] == f"same {first}"


def audit(web: Web) -> list[dict[str, Any]]:
    with web.loa.database.reading() as conn:
        return [dict(row) for row in conn.execute(text("SELECT * FROM audit")).mappings()]


def test_a_viewer_sees_what_was_read_and_decided_and_no_form(web: Web) -> None:
    key = publish(web, read(web, "Về việc báo cáo"))
    desk_post(web, f"/admin/posts/{key}/tasks", task="họp", day="2026-12-07")
    with web.loa.database.writing() as conn:
        token, _ = create_token(
            conn, name="lãnh đạo", unit_id=None, at=web.loa.clock(), role=Role.VIEWER
        )
    sign_in(replace(web, operator_token=token))
    page = desk(web, key)
    assert page.css('main form:not([action$="sign-out"])') == []
    assert "họp" in page.text() and "quản trị viên: huyện" in page.text()


def test_a_person_decides_on_the_command_line_by_what_it_shows(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    (tmp_path / "text.txt").write_text(SAID, "utf-8")
    title = "Công điện 12/CĐ-UBND về ứng phó bão số 5"
    key = terminal.json("post", "add", "--title", title, "--text", str(tmp_path / "text.txt"))["id"]
    shown = terminal.run("post", "show", key).stdout
    assert "a sentence that names a day and who has to act" in shown
    (reading,) = terminal.json("post", "show", key)["readings"]
    dropped = terminal.json("post", "task", key, "--wrong", reading["key"])
    assert dropped["deadlines"] == []
    said = terminal.run("post", "task", key, "--task", "trực", "--day", "2026-12-06").stdout
    made = said.rstrip().rpartition(" ")[2]
    assert made in terminal.run("post", "show", key).stdout
    assert terminal.json("post", "undo", key, made)["deadlines"] == []
    other = terminal.json("post", "add", "--title", "Về việc ứng phó bão")["id"]
    joined = terminal.json("post", "same", other, "12/CĐ-UBND")
    assert [one["id"] for one in joined["same_document"]] == [key]
    linked = terminal.json("post", "relation", other, "--relation", "reminds", "--other", key)
    assert linked["relations"] == [{"relation": "reminds", "number": "12/CĐ-UBND", "post_id": key}]
    assert "is_overruled" in terminal.json("post", "show", other)
    assert "no reading" in terminal.refused("post", "relation", other, "--wrong", "0" * 12)


def test_the_api_says_which_field_cannot_be_used(web: Web) -> None:
    key = publish(web, read(web, "Về việc báo cáo"))

    def refused(path: str, body: dict[str, Any]) -> str:
        answer = web.client.post(f"/api/v1/posts{path}", json=body, headers=web.operator)
        assert answer.status_code in (409, 422), answer.text
        return f"{answer.get_json().get('field')} {answer.get_json()['code']}"

    task = {"task": "họp", "day": "2026-12-06"}
    assert refused(f"/{key}/tasks", {}) == "task bad.missing"
    assert refused(f"/{key}/tasks", {"day": "2026-12-06"}) == "task bad.empty"
    assert refused(f"/{key}/tasks", {**task, "day": "0001-01-01"}) == "day bad.no_day"
    for hour in ("25:00", "trưa", "1:5"):
        assert refused(f"/{key}/tasks", {**task, "hour": hour}) == "hour bad.no_hour"
    assert refused(f"/{key}/relations", {}) == "relation bad.missing"
    assert refused(f"/{key}/relations", {"relation": "amends"}) == "other bad.empty"
    assert refused(f"/{key}/relations", {"other": key}) == "relation bad.value"
    file = {"name": "a.pdf", "content": "no base64"}
    assert refused("", {"title": "Công điện", "files": [file]}) == "files bad.base64"


def test_what_comes_again_stays_so_where_no_day_is_named(web: Web) -> None:
    said = "UBND các xã báo cáo trước ngày 25 hằng tháng."
    key = publish(web, read(web, "Về việc báo cáo", said))
    (due,) = stored(web, key).understanding.deadlines
    assert due.recurs is not None
    wrong = key_at(desk(web, key), "tasks")
    form = {"wrong": wrong, "task": "báo cáo tháng", "owner": ""}
    assert desk_post(web, f"/admin/posts/{key}/tasks", **form).status_code == 303
    (now,) = stored(web, key).understanding.deadlines
    assert (now.recurs, now.owner, now.task) == (due.recurs, None, "báo cáo tháng")


def test_a_unit_is_reminded_by_what_was_decided_and_its_page_says_so(
    web: Web, clock: FakeClock
) -> None:
    key = publish(web, read(web, "Về việc báo cáo"))
    with web.loa.database.writing() as conn:
        form = TypedTask("báo cáo", "2026-11-26", "16:00", "communes")
        wrong = key_of(get_post(conn, key).understanding.deadlines[0])
        decide_task(conn, web.loa, key, wrong, form, OPERATOR)
        own = select_token(conn, web.unit["Authorization"].removeprefix("Bearer "), clock())
    assert own is not None
    token = web.loa.links.token(Purpose.UNIT, web.unit_id, MANAGED_AT, f"token:{own.id}")
    page = web.client.get(f"/unit/{token}").get_data(as_text=True)
    assert "16:00 ngày 26/11/2026" in page and "05/12/2026" not in page
    with web.loa.database.reading() as conn:
        (due,) = [one for post in load_open_receipts(conn, web.loa) for one in post.dues]
    assert due.at == datetime(2026, 11, 26, 9, tzinfo=UTC)
