"""Units and subscriptions from one table: all or nothing, seen before it is done, and what is wrong
is named by line and column."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import click
import pytest

from service.bootstrap import open_loa
from service.cli.progress import Progress
from service.cli.subscription_import import _done
from service.cli.table_file import AT_ONCE
from tests.journeys.cli import Terminal

HEADING = (
    "unit,place,contacts,channel,target,name,category,keyword,about_place,frequency,confirmed\n"
)
GOOD = HEADING + (
    "UBND xã Mẫu,quang-ninh-16540,vt@xa.example;ct@xa.example,email,vt@xa.example,,directives,,,daily,yes\n"
    "UBND xã Mẫu,,,webhook,https://xa.example/loa,văn bản,directives meetings,bão số 5;lũ,quang-ninh-16540,,\n"
    ",,,email,dan@xa.example,,,,,,yes\n"
)


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    made = Terminal(tmp_path)
    made.configure('[email]\nsmtp_url = "smtp://127.0.0.1:9"\n')
    return made


def bring(terminal: Terminal, text: str, *options: str) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = terminal.json(
        "subscription", "import", str(written(terminal, text)), *options
    )["lines"]
    return lines


def written(terminal: Terminal, text: str, encoding: str = "utf-8") -> Path:
    path = terminal.folder / "list.csv"
    path.write_bytes(text.encode(encoding))
    return path


def refused(terminal: Terminal, text: str) -> str:
    before = state(terminal)
    said = terminal.refused("subscription", "import", str(written(terminal, text)))
    assert state(terminal) == before
    return said


def state(terminal: Terminal) -> tuple[Any, Any]:
    return terminal.json("unit", "list"), terminal.json("subscription", "list")


def test_a_table_is_seen_first_then_done_and_a_second_time_changes_nothing(
    terminal: Terminal,
) -> None:
    seen = bring(terminal, GOOD, "--dry-run")
    assert [line["line"] for line in seen] == [2, 3, 4]
    assert seen[0]["done"][0] == "thêm đơn vị UBND xã Mẫu"
    assert {line["secret"] for line in seen} == {None}
    assert state(terminal) == ([], [])
    done = bring(terminal, GOOD)
    assert [line["done"] for line in done] == [line["done"] for line in seen]
    assert done[1]["secret"].startswith("whsec_") and done[0]["secret"] is None
    units, subscriptions = state(terminal)
    assert units[0]["contacts"] == ["vt@xa.example", "ct@xa.example"]
    assert [one["status"] for one in subscriptions] == ["active", "pending", "active"]
    hook = subscriptions[1]
    assert hook["unit"] == units[0]["id"] and hook["name"] == "văn bản"
    assert hook["filters"]["keywords"] == ["bão số 5", "lũ"]
    again = bring(terminal, GOOD)
    assert all("giữ nguyên" in line["done"][-1] for line in again)
    assert state(terminal) == (units, subscriptions)


def test_a_line_that_differs_changes_what_it_names_alone(terminal: Terminal) -> None:
    bring(terminal, GOOD)
    changed = "unit;contacts;channel;target;category;frequency\r\nUBND xã Mẫu;moi@xa.example;email;vt@xa.example;meetings;weekly\r\n"
    (line,) = bring(terminal, "\ufeff" + changed)
    assert line["done"] == [
        "sửa đơn vị UBND xã Mẫu",
        "sửa đăng ký email tới vt@xa.example",
    ]
    units, subscriptions = state(terminal)
    assert units[0]["place"] == "quang-ninh-16540" and units[0]["contacts"] == ["moi@xa.example"]
    assert subscriptions[0]["filters"]["categories"] == ["meetings"]
    assert subscriptions[0]["frequency"] == "weekly"


def test_for_people_it_is_a_table_with_the_secrets(terminal: Terminal) -> None:
    path = str(written(terminal, GOOD))
    dry = terminal.run("subscription", "import", path, "--dry-run")
    assert "would be done" in dry.stdout and "dry run" in dry.stderr
    assert "whsec_" in terminal.run("subscription", "import", path).stdout


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ("X,nowhere-1,,email,a@xa.example,,,,,,", "dòng 2, cột place: "),
        ("X,,khong-phai-thu,email,a@xa.example,,,,,,", "dòng 2, cột contacts: "),
        (",quang-ninh-16540,,email,a@xa.example,,,,,,", "dòng 2, cột unit: "),
        ("X,,,fax,a@xa.example,,,,,,", "dòng 2, cột channel: "),
        ("X,,,email,khong-phai-thu,,,,,,", "dòng 2, cột target: "),
        ("X,,,webhook,http://10.0.0.1/x,,,,,,", "dòng 2, cột target: "),
        ("X,,,email,,,,,,,", "dòng 2, cột target: "),
        ("X,,,email,a@xa.example,,directves,,,,", "dòng 2, cột category: "),
        ("X,,,email,a@xa.example,,,!!!,,,", "dòng 2, cột keyword: "),
        ("X,,,email,a@xa.example,,,,nowhere-1,,", "dòng 2, cột about_place: "),
        ("X,,,email,a@xa.example,,,,,hourly,", "dòng 2, cột frequency: "),
        ("X,,,webhook,https://xa.example/x,,,,,daily,", "dòng 2, cột frequency: "),
        ("X,,,email,a@xa.example,,,,,,maybe", "dòng 2, cột confirmed: "),
        ("X,,,email,a@xa.example,,,,,,,thừa", "dòng 2: "),
        ("X,,,email,a@xa.example,,,,,,\nX,,,email,a@xa.example,,,,,,", "dòng 3: giống dòng 2"),
    ],
)
def test_what_is_wrong_is_named_by_line_and_column_and_nothing_is_written(
    terminal: Terminal, cells: str, said: str
) -> None:
    text = refused(terminal, HEADING + cells + "\n")
    assert said in text, text


def test_all_mistakes_are_told_at_once_in_the_readers_language(terminal: Terminal) -> None:
    terminal.environ["LOA_SERVICE__LANGUAGE"] = "en"
    good = GOOD.replace(HEADING, "")
    text = refused(terminal, HEADING + good + "A,,,fax,x,,,,,,\nB,,,email,x,,,,,,\n")
    assert "line 5, column channel: " in text and "line 6, column target: " in text
    assert "nothing was written" in text


def test_a_long_table_is_written_in_portions_and_shown_as_one(terminal: Terminal) -> None:
    lines = [f"UBND xã {n // 3},,,email,{n}@xa.example,,,,,,yes" for n in range(2 * AT_ONCE + 3)]
    text = HEADING + "\n".join(lines)
    seen = bring(terminal, text, "--dry-run")
    assert state(terminal) == ([], [])
    done = bring(terminal, text)
    assert [one["done"] for one in seen] == [one["done"] for one in done]
    assert len({one["id"] for one in done}) == len(lines)
    path = str(written(terminal, text))
    shown = terminal.run("subscription", "import", path).stdout.splitlines()
    assert len(shown) == len(lines) + 1 and shown[0].startswith("line\t")
    empty = str(written(terminal, HEADING))
    assert terminal.run("subscription", "import", empty).stdout == "nothing\n"


def test_a_table_that_comes_by_a_pipe_is_read_whole(terminal: Terminal) -> None:
    pipe = terminal.folder / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(pipe.write_text, GOOD, encoding="utf-8")
        done = terminal.json("subscription", "import", str(pipe))["lines"]
    assert [one["line"] for one in done] == [2, 3, 4]
    units = "name,contacts\nUBND xã Mẫu,a@xa.example\n"
    with ThreadPoolExecutor(1) as pool:
        pool.submit(pipe.write_text, units, encoding="utf-8")
        assert terminal.json("unit", "import", str(pipe))["updated"] == 1


def test_more_mistakes_than_anybody_reads_are_counted(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.cli.subscription_import.TOLD", 3)
    monkeypatch.setattr("service.cli.unit_file.TOLD", 3)
    text = refused(terminal, HEADING + "A,,,fax,x,,,,,,\n" * 9)
    assert text.count("dòng ") - text.count("giống dòng") <= 3 and "and 6 more" in text
    path = written(terminal, "name,place\n" + "".join(f"X{n},atlantis\n" for n in range(9)))
    said = terminal.refused("unit", "import", str(path))
    assert said.count("line ") == 3 and "and 6 lines more" in said


def test_what_is_no_text_of_lines_is_refused_before_it_fills_the_memory(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.cli.table_file.MAX_LINE_CHARS", 100)
    assert "has no lines" in refused(terminal, HEADING + "x" * 300)


def test_what_came_between_check_and_writing_is_told_with_what_is_kept(
    terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lines that were good when they were checked, and are not when they are written."""
    good = [f",,,email,{n}@xa.example,,,,,,yes" for n in range(AT_ONCE)]
    path = written(terminal, HEADING + "\n".join((*good, "X,,,fax,x,,,,,,")))
    environ = {name: value for name, value in terminal.environ.items() if value}
    loa = open_loa(terminal.config, environ)
    progress = Progress("written", "lines")
    with pytest.raises(click.exceptions.Exit):
        list(_done(loa, path, path, progress, is_dry=False))
    loa.close()
    assert f"{AT_ONCE} lines were written; run it again" in capsys.readouterr().err
    assert len(terminal.json("subscription", "list")) == AT_ONCE


def test_how_long_a_long_table_took_is_said(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.cli.subscription_import.MANY", 2)
    path = str(written(terminal, GOOD))
    assert "3 lines in" in terminal.run("subscription", "import", path).stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "không có dòng nào"),
        ("channel\nemail\n", "thiếu cột 'target'"),
        ("channel,target,màu\n", "không có cột 'màu'"),
        ("channel,target,target\n", "'target' có hai lần"),
        ('channel,target\nemail,"a@xa.example\n', "không phải là tệp CSV"),
    ],
)
def test_what_is_no_such_table_is_refused(terminal: Terminal, text: str, said: str) -> None:
    assert said in refused(terminal, text)


def test_a_file_that_is_not_there_or_no_text_is_refused(terminal: Terminal) -> None:
    assert "cannot read" in terminal.refused("subscription", "import", "nowhere.csv")
    path = written(terminal, GOOD, "utf-16")
    assert "cannot read" in terminal.refused("subscription", "import", str(path))


def test_a_unit_that_a_mistake_follows_is_not_kept(terminal: Terminal) -> None:
    text = HEADING + "UBND xã Mới,,,email,khong-phai-thu,,,,,,\n"
    refused(terminal, text)
    assert terminal.json("unit", "list") == []
