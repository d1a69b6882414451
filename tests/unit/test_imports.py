"""Imports point one way : a room imports only from rooms above it, and the pure ones stay pure."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import service

ROOT = Path(service.__file__).parent
ORDER = (
    "errors", "types", "logs", "heartbeat", "supervisor", "text", "posts", "alerts", "feeds", "settings", "portals",
    "storage", "delivery", "poll", "watchdogs", "schedule", "bootstrap", "web", "export", "bench", "demo", "cli",
)  # fmt: skip
PURE = ("errors", "types", "text", "posts", "alerts", "feeds")
IMPURE_MODULES = {"flask", "requests", "sqlalchemy", "smtplib", "apscheduler", "socket", "os", "pycurl", "sqlite3"}
IMPURE_NAMES = {"datetime.now", "datetime.utcnow", "date.today", "time.time", "time.monotonic", "os.environ"}


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports_of(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            if node.module == "service":
                names |= {f"service.{alias.name}" for alias in node.names}
    return names


FILES = sorted(
    path for path in ROOT.rglob("*.py") if path.name not in ("__init__.py", "__main__.py") or path.parent != ROOT
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_imports_only_from_rooms_above_it(path: Path) -> None:
    room = room_of(path)
    assert room in ORDER, f"{room} has no place in the order of rooms"
    above = set(ORDER[: ORDER.index(room) + 1])
    if room == "types":
        above.discard("errors")
    elif room == "errors":
        above.add("types")
    used = {
        name.split(".")[1] for name in imports_of(ast.parse(path.read_text("utf-8"))) if name.startswith("service.")
    }
    assert used - {"__version__"} <= above


@pytest.mark.parametrize(
    "path", [p for p in FILES if room_of(p) in PURE], ids=lambda path: str(path.relative_to(ROOT))
)
def test_a_pure_room_knows_no_network_database_clock_or_environment(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert not {name.split(".")[0] for name in imports_of(tree)} & IMPURE_MODULES
    named = {f"{node.value.id}.{node.attr}" for node in ast.walk(tree)
             if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)}  # fmt: skip
    assert not named & IMPURE_NAMES


def test_each_library_with_one_user_has_one() -> None:
    users = {"feedgen": {"feeds/rss.py"}, "apscheduler": {"schedule.py"}}
    for library, allowed in users.items():
        found = {
            str(path.relative_to(ROOT))
            for path in FILES
            if any(name.split(".")[0] == library for name in imports_of(ast.parse(path.read_text("utf-8"))))
        }
        assert found <= allowed | {f"bench/{name}.py" for name in ("feeds",)}, library


def test_no_file_is_longer_than_400_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): n for path in FILES if (n := len(path.read_text("utf-8").splitlines())) > 400
    }
    assert not long
