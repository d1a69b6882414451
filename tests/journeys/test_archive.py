"""Files of posts from the portal to the archive, its limits, the page, the check and a backup
(S4)."""

from __future__ import annotations

import json
import resource
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from service.bootstrap import open_loa
from service.round import step_archive
from service.services.post_shapes import show_posts, show_whole_post
from service.storage.archive import ArchivedFile
from service.values import plain
from tests.fakes_site import NEW, OLD, PUBLISHED, WITH_FILE, Item, World, open_world, pdf, post_of
from tests.hostile import reply
from tests.hostile_files import FILES
from tests.journeys.cli import Terminal

SIZE = 300_000
BIG = replace(
    WITH_FILE,
    files=tuple(f"/portal/VanBan/2026-11/phu-luc-{n:02d}-a78e75d1.pdf" for n in range(30)),
)
LIMITS = '\n[archive]\nmax_post_mb = 1\nmin_free_mb = 0\nfolder = "{folder}"\n'


def body_of(number: int) -> bytes:
    return b"%PDF-1.7 " + bytes([number]) * SIZE


def show_big(world: World, item: Item = BIG) -> None:
    for number, path in enumerate(item.files):
        world.site.answers[path] = pdf(body_of(number))
    world.show(item, *OLD)


def page_of(world: World, title: str) -> str:
    return world.get(f"/posts/{post_of(world, title).id}").get_data(as_text=True)


def begin(world: World) -> None:
    world.show(*OLD)
    world.poll(0)


def test_S4_an_article_with_thirty_big_files_alerts_with_its_links_and_takes_its_share(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "files"
    with open_world(tmp_path, polling=LIMITS.format(folder=folder.as_posix())) as world:
        begin(world)
        show_big(world)
        world.poll()
        assert world.alerts() == [(BIG.title, PUBLISHED)]
        (payload,) = [body for body in world.payloads() if BIG.title in body]
        assert all(path in payload for path in BIG.files)
        kept = [path for path in folder.rglob("*") if path.is_file()]
        assert len(kept) == 3
        assert (
            sum(path.startswith("/portal/VanBan/") for path in world.site.paths()) == 4
        )  # one in vain
        page = page_of(world, BIG.title)
        assert (page.count("Tải bản lưu"), page.count("đã dùng hết phần được lưu")) == (3, 27)
        for _ in range(3):
            step_archive(world.loa)
        assert [key for key in world.told() if "archive" in key or key == "huyen"] == ["huyen"]
        (letter,) = world.letters()
        assert "archive.post_full" in letter and "huyen" in letter
        metrics = world.get("/metrics").get_data(as_text=True)
        assert 'loa_archive_stops{reason="post_full"} 1.0' in metrics
        assert "loa_archive_files 3.0" in metrics
        assert "files are not kept" in world.get("/readyz").get_data(as_text=True)
        for _ in range(5):
            world.poll(7 * 3600)
        assert (world.alerts(), len(list(folder.rglob("*.pdf")))) == ([(BIG.title, PUBLISHED)], 0)


def test_S4_a_bomb_of_any_kind_is_kept_as_it_came_told_with_its_post_and_opened_by_nobody(
    tmp_path: Path,
) -> None:
    """Pictures without measure, animations, office files of a thousand to one, zips within zips."""
    names = {kind: f"/portal/VanBan/2026-11/{kind}-a78e75d1702156dd.docx" for kind in FILES}
    bodies = {path: FILES[kind]() for kind, path in names.items()}
    with open_world(tmp_path, polling="\n[archive]\nmin_free_mb = 0\n") as world:
        begin(world)
        for path, body in bodies.items():
            world.site.answers[path] = reply(body, Content_Type="application/octet-stream")
        world.show(replace(WITH_FILE, files=tuple(bodies)), *OLD)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        world.poll()
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000
        assert world.alerts() == [(WITH_FILE.title, PUBLISHED)]
        links = post_of(world, WITH_FILE.title).attachments
        assert [link.bytes for link in links] == [len(body) for body in bodies.values()]
        for link, body in zip(links, bodies.values(), strict=True):
            kept = world.get(f"/attachments/{link.sha256}/x.bin")
            assert kept.data == body
            assert kept.headers["Content-Disposition"].startswith("attachment")
            assert kept.headers["X-Content-Type-Options"] == "nosniff"
        world.show(NEW, replace(WITH_FILE, files=tuple(bodies)), *OLD)
        world.poll()
        assert world.alerts()[1:] == [(NEW.title, PUBLISHED)]


def test_S4_below_the_floor_nothing_is_kept_alerts_go_on_and_files_are_kept_when_there_is_room(
    tmp_path: Path,
) -> None:
    with open_world(tmp_path, polling="\n[archive]\nmin_free_mb = 999999999\n") as world:
        begin(world)
        show_big(world, replace(BIG, files=BIG.files[:2]))
        world.poll()
        assert world.alerts() == [(BIG.title, PUBLISHED)]
        links = post_of(world, BIG.title).attachments
        assert [link.sha256 for link in links] == [sha256(body_of(n)).hexdigest() for n in range(2)]
        assert world.get(f"/attachments/{links[0].sha256}/x.pdf").status_code == 404
        assert page_of(world, BIG.title).count("quá ít chỗ trống") == 2
        assert not (tmp_path / "loa.db.files").exists()
        world.loa.fetcher.close()
        world.loa.close()
        world.loa = open_loa(
            tmp_path / "loa.toml", {"LOA_ARCHIVE__MIN_FREE_MB": "0"}, clock=world.clock
        )
        world.poll(7 * 3600)
        assert world.get(f"/attachments/{links[0].sha256}/x.pdf").data == body_of(0)
        assert world.alerts() == [(BIG.title, PUBLISHED)]
        assert "quá ít chỗ trống" not in page_of(world, BIG.title)
        world.loa.fetcher.close()
        world.loa.close()


def test_S4_a_backup_has_the_files_adds_what_is_new_and_is_restored(tmp_path: Path) -> None:
    (tmp_path / "live").mkdir()
    with open_world(tmp_path / "live", polling="\n[archive]\nmin_free_mb = 0\n") as world:
        begin(world)
        show_big(world, replace(BIG, files=BIG.files[:2]))
        world.poll()
        digests = [link.sha256 for link in post_of(world, BIG.title).attachments]
        terminal = Terminal(tmp_path)
        terminal.environ["LOA_DATABASE__URL"] = f"sqlite:///{tmp_path}/live/loa.db"
        first = terminal.json("backup", str(tmp_path / "a.db"))
        assert (first["files_folder"], first["files_new"]) == (str(tmp_path / "a.db.files"), 2)
        assert (first["files_kept"], first["files_in_database"]) == (0, 0)
        shared = ("--files", str(tmp_path / "all"))
        assert terminal.json("backup", str(tmp_path / "b.db"), *shared)["files_new"] == 2
        world.site.answers[BIG.files[7]] = pdf(body_of(7))
        world.show(replace(NEW, files=(BIG.files[7],)), BIG, *OLD)
        world.poll()
        again = terminal.json("backup", str(tmp_path / "c.db"), *shared)
        assert (again["files_new"], again["files_kept"]) == (1, 2)
    (tmp_path / "restored").mkdir()
    restored = Terminal(tmp_path / "restored")
    for name, target in (("a.db", ""), ("a.db.secret", ".secret"), ("a.db.files", ".files")):
        (tmp_path / name).rename(tmp_path / "restored" / f"loa.db{target}")
    told = {one["what"]: one for one in restored.json("check", "--offline")["checks"]}
    assert told["archive"]["verdict"] == "ok" and "2 files" in told["archive"]["detail"]
    assert digests[0] is not None
    lost = restored.folder / "loa.db.files" / digests[0][:2] / digests[0][2:4] / digests[0]
    assert lost.read_bytes() == body_of(0)
    lost.unlink()
    told = {one["what"]: one for one in restored.json("check", "--offline", code=1)["checks"]}
    assert told["archive"]["verdict"] == "bad" and "restore the folder" in told["archive"]["remedy"]


def test_S6_what_is_no_file_and_what_is_a_strangers_is_linked_and_not_republished(
    tmp_path: Path,
) -> None:
    files = ("/portal/VanBan/2026-11/a78e75d1-chuong-trinh.pdf", "http://stranger.example/files/ke-hoach-chung.pdf",
             "http://127.0.0.1:6379/files/ke-hoach-rieng.pdf")  # fmt: skip
    with open_world(tmp_path, polling="\n[archive]\nmin_free_mb = 0\n") as world:
        begin(world)
        world.site.answers[files[0]] = pdf(b"MZ\x90\0 a program under the name of a directive")
        world.show(replace(WITH_FILE, files=files), *OLD)
        world.poll()
        assert world.alerts() == [(WITH_FILE.title, PUBLISHED)]
        links = post_of(world, WITH_FILE.title).attachments
        assert [link.sha256 for link in links] == [None] * 3
        page = page_of(world, WITH_FILE.title)
        assert "không phải loại tệp được lưu" in page and "máy chủ khác (stranger.example)" in page
        assert all(url in page for url in files[1:])
        assert not (tmp_path / "loa.db.files").exists()
        folder = world.loa.archive.folder
        kept = ArchivedFile(sha256(b"<html>").hexdigest(), "text/html", b"<html>", world.clock())
        assert world.loa.archive.keep(kept, "huyen") is None  # as a Loa of before did
        assert folder.size_of(kept.sha256) == 6
        assert world.get(f"/attachments/{kept.sha256}/x.pdf").status_code == 404


def test_S4_a_payload_and_every_answer_name_the_copies_that_are_kept_and_null_for_the_others(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "files"
    with open_world(tmp_path, polling=LIMITS.format(folder=folder.as_posix())) as world:
        begin(world)
        show_big(world)
        world.poll()
        (payload,) = [body for body in world.payloads() if BIG.title in body]
        told = json.loads(payload)["data"]["attachments"]
        post = post_of(world, BIG.title)
        with world.loa.database.reading() as conn:
            whole = plain(show_whole_post(conn, post, world.loa.links))
            (listed,) = plain(show_posts(conn, [post], world.loa.links))
        assert told == whole["attachments"] == listed["attachments"]
        copies = [one["archive_url"] for one in told]
        assert [copy is not None for copy in copies] == [True] * 3 + [False] * 27
        for number, copy in enumerate(copies[:3]):
            public = world.loa.settings.service.public_url.rstrip("/")
            answer = world.get(copy.removeprefix(public))
            assert (copy.startswith(public), answer.data) == (True, body_of(number))
        assert [one["name"] for one in told][:2] == [link.name for link in post.attachments[:2]]
