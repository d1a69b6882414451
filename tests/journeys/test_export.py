"""Feeds and pages as files: whole at every instant, only what changed, and the operator told when
it cannot be."""

from __future__ import annotations

import gzip
import os
import resource
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from multiprocessing import get_context
from pathlib import Path

import feedparser
import orjson
import pytest

from service.bootstrap import Loa, open_loa
from service.errors import ConfigurationError, Conflict
from service.export import MANIFEST, Exporter, export_job, export_to
from service.export.folder import Folder
from service.services.alarm_acts import tell_alarms
from service.storage import schema
from service.storage.feeds import feed_problems, set_feed_problems
from service.storage.posts import bump, set_categories
from service.types import Document, Relation
from service.web.pages.help_text import FOLDER
from tests.fakes import FakeClock
from tests.fakes_database import lay_migrated
from tests.fakes_feeds import AT, make_post
from tests.journeys.cli import Terminal
from tests.journeys.test_cli_serve import running
from tests.journeys.test_cli_serve import terminal as terminal
from tests.journeys.test_feeds_http import store_posts
from tests.patience import eventually


@pytest.fixture
def loa(tmp_path: Path, clock: FakeClock) -> Iterator[Loa]:
    environ = {
        "LOA_DATABASE__URL": f'"sqlite:///{tmp_path / "loa.db"}"',
        "LOA_FEEDS__EXPORT_DIR": f'"{tmp_path / "out"}"',
        "LOA_SERVICE__PUBLIC_URL": '"https://loa.example"',
    }
    lay_migrated(f"sqlite:///{tmp_path}/loa.db")
    opened = open_loa(None, environ, clock=clock)
    opened.prepare()
    yield opened
    opened.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "out"


def files_in(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Name, inode and bytes of every file that a static server would show."""
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    shown = {name: path for name, path in found.items() if not name.startswith(".loa-export")}
    return {name: (path.stat().st_ino, path.read_bytes()) for name, path in shown.items()}


def count_in(folder: Path) -> int:
    return len(os.listdir(folder)) if folder.exists() else 0


STATIC = Path(__file__).parents[2] / "service" / "web" / "static"


def require_whole(folder: Path) -> None:
    """Every file is one that could be served: none is cut, and each compressed one is that of some
    whole file."""
    for name, (_, body) in files_in(folder).items():
        plain = gzip.decompress(body) if name.endswith(".gz") else body
        kind = name.removesuffix(".gz").rpartition(".")[2]
        if name.startswith("help/receivers/"):
            source = FOLDER / "receivers" / name.rpartition("/")[2].removesuffix(".gz")
            assert plain == source.read_bytes(), name
        elif kind == "js":
            assert plain == (STATIC / name.rpartition("/")[2].removesuffix(".gz")).read_bytes(), (
                name
            )
        elif kind == "json":
            orjson.loads(plain)
        elif kind in ("rss", "atom"):
            assert not feedparser.parse(plain).bozo, name
        else:
            assert plain.rstrip().endswith(
                (
                    b"</html>",
                    b"</opml>",
                    b"</svg>",
                    b"</urlset>",
                    b"}",
                    b"END:VCALENDAR",
                    b"/sitemap.xml",
                    b"IEND\xaeB`\x82",
                )
            ), name


def test_an_export_holds_every_feed_and_page_and_touches_only_what_changed(
    loa: Loa, folder: Path
) -> None:
    (post_id,) = store_posts(loa, make_post(1))
    first = export_to(loa, folder)
    assert first.files == first.written and first.removed == 0
    for name in (
        "index.html",
        "feeds/index.html",
        "feeds.opml",
        f"posts/{post_id}/index.html",
        "feeds/all.rss",
        "feeds/quangxuong/directives.json",
        "feeds/meetings.ics",
        "static/loa.css",
    ):
        assert (
            gzip.decompress((folder / f"{name}.gz").read_bytes()) == (folder / name).read_bytes()
        ), name
    require_whole(folder)
    before = files_in(folder)
    assert export_to(loa, folder).written == 0
    assert files_in(folder) == before
    store_posts(loa, make_post(0))
    second = export_to(loa, folder)
    assert second.removed == 0 and 0 < second.written < first.written
    after = files_in(folder)
    for name in (
        f"posts/{post_id}/index.html",
        "feeds/meetings.atom",
        "static/loa.css.gz",
        "feeds.opml",
    ):
        assert after[name] == before[name], name
    assert after["feeds/all.atom"] != before["feeds/all.atom"]


def test_what_loa_wrote_and_is_no_more_is_removed_and_nothing_else(
    loa: Loa, folder: Path, tmp_path: Path
) -> None:
    store_posts(loa, make_post(1))
    export_to(loa, folder)
    (folder / "mine.txt").write_text("not ours")
    (tmp_path / "outside.txt").write_text("not ours either")
    (folder / "feeds/old").mkdir()
    (folder / "feeds/old/news.rss").write_text("old")
    with (folder / MANIFEST).open("a") as manifest:
        manifest.write("\nx\tfeeds/old/news.rss\nx\t../outside.txt")
    assert export_to(loa, folder).removed == 1
    assert (folder / "mine.txt").exists() and (tmp_path / "outside.txt").exists()
    assert not (folder / "feeds/old").exists()


def test_a_manifest_that_is_not_ours_removes_nothing(loa: Loa, folder: Path) -> None:
    folder.mkdir()
    for text in (b"x\tmine.txt", b"\xff\xfe", b""):
        (folder / MANIFEST).write_bytes(text)
        (folder / "mine.txt").write_text("not ours")
        export_to(loa, folder)
        assert (folder / "mine.txt").exists()


def test_nothing_is_rendered_again_that_is_made_of_the_same(loa: Loa, folder: Path) -> None:
    (post_id,) = store_posts(loa, make_post(1))
    exporter = Exporter(loa, folder)
    exporter.run()
    page, feed = folder / f"posts/{post_id}/index.html", folder / "feeds/quangxuong.rss"
    for file in (page, feed):
        file.write_text("touched by somebody")  # only who renders it anew can see that
    assert exporter.run().written == Exporter(loa, folder).run().written == 0
    page.unlink()
    assert exporter.run().written == 1
    assert export_to(loa, folder).written == 1
    assert feed.read_bytes().startswith(b"<?xml")


def test_a_change_is_written_wherever_it_shows(loa: Loa, folder: Path) -> None:
    first, second = store_posts(loa, make_post(1), make_post(2))
    exporter = Exporter(loa, folder)
    exporter.run()
    before = files_in(folder)
    with loa.database.writing() as conn:
        set_categories(conn, first, ["events"], loa.clock())
    exporter.run()
    after = files_in(folder)
    changed = {
        name for name in after if after[name] != before.get(name) and not name.endswith(".gz")
    }
    assert {
        f"posts/{first}/index.html",
        "feeds/directives.atom",
        "feeds/events.rss",
        "feeds/all.json",
    } <= changed
    assert not {f"posts/{second}/index.html", "feeds/meetings.rss", "static/loa.css"} & changed


def test_pages_of_the_same_document_are_written_when_another_post_of_it_arrives(
    loa: Loa, folder: Path
) -> None:
    document = Document(
        "chi-thi", "06/CT-UBND", date(2023, 6, 5), "UBND huyện Quảng Xương", Relation.RELAYS
    )

    def of_document(number: int, title: str) -> str:
        post = make_post(number, title)
        known = replace(post.understanding, document=document)
        (post_id,) = store_posts(
            loa, replace(post, understanding=known, text=f"Chỉ thị số {document.number}")
        )
        return post_id

    first = of_document(2, "Triển khai chỉ thị")
    exporter = Exporter(loa, folder)
    exporter.run()
    of_document(1, "Tin khác về chỉ thị ấy")
    exporter.run()
    assert "Tin khác về chỉ thị ấy" in (folder / f"posts/{first}/index.html").read_text("utf-8")


def test_a_withdrawn_post_is_a_tombstone_in_the_files_too(loa: Loa, folder: Path) -> None:
    (post_id,) = store_posts(loa, make_post(1))
    exporter = Exporter(loa, folder)
    exporter.run()
    with loa.database.writing() as conn:
        conn.execute(schema.post.update().values(withdrawn_at=AT + timedelta(days=1)))
        bump(conn, "feeds")
    exporter.run()
    assert b"deleted-entry" in (folder / "feeds/all.atom").read_bytes()
    assert "đã gỡ tin này" in (folder / f"posts/{post_id}/index.html").read_text("utf-8")


def test_M1_a_crash_at_any_instant_leaves_whole_files_and_the_next_export_completes_them(
    loa: Loa, folder: Path
) -> None:
    store_posts(loa, *(make_post(n) for n in range(8)))
    context = get_context("fork")
    for place, least in (("feeds", 1), ("feeds", 20), ("posts", 3)):
        exporting = context.Process(target=export_to, args=(loa.for_child(), folder))
        exporting.start()
        while exporting.is_alive() and count_in(folder / place) < least:
            time.sleep(0.002)
        os.kill(exporting.pid or 0, signal.SIGKILL)
        exporting.join()
        require_whole(folder)
    assert count_in(folder / "posts") >= 3
    empty = open_loa(None, {"LOA_DATABASE__URL": f'"sqlite:///{folder.parent / "empty.db"}"'})
    export_to(empty, folder)  # what the crash left is known for Loa's, and goes when it is no more
    empty.close()
    assert count_in(folder / "posts") == 0
    assert not (folder / ".loa-export.parts").exists()


def test_two_exports_never_work_in_one_folder(loa: Loa, folder: Path) -> None:
    with Folder(folder), pytest.raises(Conflict, match="another export is at work"):
        export_to(loa, folder)
    export_to(loa, folder)


def _export_to_a_full_disk(loa: Loa, folder: Path, told: object) -> None:
    resource.setrlimit(
        resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY)
    )  # no file may grow beyond it
    try:
        export_to(loa, folder)
    except ConfigurationError as error:
        told.send(str(error))  # type: ignore[attr-defined] # a Connection


def test_M1_a_disk_that_is_full_is_told_and_leaves_what_was_there(loa: Loa, folder: Path) -> None:
    (first,) = store_posts(loa, make_post(1))
    export_to(loa, folder)
    before = files_in(folder)
    words = " ".join(str(number * number) for number in range(20_000))
    store_posts(loa, make_post(0, html=f"<p>{words}</p>"))
    context = get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    exporting = context.Process(
        target=_export_to_a_full_disk, args=(loa.for_child(), folder, sender)
    )
    exporting.start()
    assert receiver.poll(30)
    assert receiver.recv() == f"cannot export to {str(folder)!r}: File too large"
    exporting.join()
    assert files_in(folder)["feeds/all.rss"] == before["feeds/all.rss"]
    require_whole(folder)
    export_to(loa, folder)
    assert f"urn:uuid:{first}" in (folder / "feeds/all.rss").read_text("utf-8")
    assert words[:1000] in (folder / "feeds/all.rss").read_text("utf-8")


def test_the_job_exports_after_each_change_and_the_first_page_every_minute(
    loa: Loa, folder: Path, clock: FakeClock
) -> None:
    job = export_job(loa)
    job.run()
    assert (folder / "feeds/all.rss").exists()
    (folder / "index.html").write_text("touched by somebody")
    job.run()
    assert (folder / "index.html").read_text() == "touched by somebody"
    clock.advance(61)
    job.run()
    assert "</html>" in (folder / "index.html").read_text("utf-8")
    (post_id,) = store_posts(loa, make_post(1))
    job.run()
    assert (folder / f"posts/{post_id}/index.html").exists()


def test_M1_a_folder_that_cannot_be_written_is_an_alarm_until_it_can(
    loa: Loa, folder: Path, clock: FakeClock
) -> None:
    with loa.database.writing() as conn:
        bump(conn, "feeds")
    set_feed_problems(loa.database, {"/feeds/all.atom": "is wrong"}, clock())
    folder.write_text("a file where the folder should be")
    job = export_job(loa)
    with pytest.raises(ConfigurationError, match=r"cannot export to '.*': File exists"):
        job.run()
    with loa.database.reading() as conn:
        told = feed_problems(conn)
    assert told.keys() == {"/feeds/all.atom", f"export: {folder}"}
    (alarm,) = tell_alarms(loa.database, loa)
    assert alarm.key == "feeds" and "File exists" in alarm.text
    folder.unlink()
    job.run()
    assert not folder.exists()  # it waits a minute before it tries again
    clock.advance(61)
    job.run()
    assert (folder / "feeds/all.rss").exists()
    with loa.database.reading() as conn:
        assert feed_problems(conn) == {"/feeds/all.atom": "is wrong"}


def test_an_export_beside_the_job_is_no_alarm(loa: Loa, folder: Path) -> None:
    job = export_job(loa)
    with Folder(folder):
        job.run()
    with loa.database.reading() as conn:
        assert feed_problems(conn) == {}
    job.run()
    assert (folder / "feeds/all.rss").exists()


def test_a_feed_that_cannot_be_made_keeps_its_last_good_file_and_is_told(
    loa: Loa, folder: Path, clock: FakeClock
) -> None:
    (first,) = store_posts(loa, make_post(1))
    export_to(loa, folder)
    unwritable = loa.settings.service.model_copy(
        update={"language": "vi\x01"}
    )  # what no XML can carry
    broken = Loa(loa.settings.model_copy(update={"service": unwritable}), clock)
    store_posts(loa, make_post(0))
    done = export_to(broken, folder)
    assert done.removed == 0
    assert {name for name in done.problems if "quangxuong" not in name} >= {
        "/feeds/all.atom",
        "/feeds/all.rss",
    }
    assert [
        entry.id for entry in feedparser.parse((folder / "feeds/all.rss").read_bytes()).entries
    ] == [f"urn:uuid:{first}"]
    assert len(orjson.loads((folder / "feeds/all.json").read_bytes())["items"]) == 2
    job = export_job(broken)
    job.run()
    with loa.database.reading() as conn:
        assert "export: /feeds/all.atom" in feed_problems(conn)
    broken.close()
    export_job(loa).run()
    assert len(feedparser.parse((folder / "feeds/all.rss").read_bytes()).entries) == 2
    with loa.database.reading() as conn:
        assert feed_problems(conn) == {}


def test_the_command_says_what_it_did_and_refuses_what_is_no_folder(
    terminal: Terminal, tmp_path: Path
) -> None:
    folder = tmp_path / "served"
    first = terminal.json("export", str(folder))
    assert first["files"] == first["written"] > 20 and (first["removed"], first["problems"]) == (
        0,
        {},
    )
    assert "0 new or changed" in terminal.run("export", str(folder)).stdout
    (tmp_path / "file").write_text("")
    assert "cannot export to" in terminal.refused("export", str(tmp_path / "file/below"))


def test_a_worker_keeps_the_files_up_to_date(terminal: Terminal, tmp_path: Path) -> None:
    folder = tmp_path / "served"
    terminal.configure(f'[feeds]\nexport_dir = "{folder}"\n')
    with running(terminal, "worker"):
        eventually(lambda: (folder / "feeds/all.atom").exists())
        other = open_loa(terminal.config, {})
        store_posts(other, make_post(1, "Tin vừa đăng"))
        eventually(lambda: "Tin vừa đăng" in (folder / "feeds/all.atom").read_text("utf-8"))
        other.close()
