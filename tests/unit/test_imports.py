"""Imports point one way: a package imports only from packages above it, no two modules import one
another, and the pure ones stay pure."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import service

ROOT = Path(service.__file__).parent
ORDER = (
    "instants", "documents", "types", "words", "errors", "logs", "heartbeat", "supervisor", "text", "moments",
    "values", "posts",
    "alerts", "office", "channels", "feeds", "settings", "portals", "storage", "services", "delivery", "poll",
    "schedule", "round", "bootstrap", "web", "export", "bench", "demo", "cli",
)  # fmt: skip
PURE = (
    "errors",
    "instants",
    "documents",
    "types",
    "text",
    "words",
    "moments",
    "values",
    "posts",
    "alerts",
    "channels",
    "feeds",
)
PURE_MODULES = ("poll/decide.py",)
"""Modules of other packages that claim to be pure, and are held to it."""
IMPURE_MODULES = {
    "flask",
    "requests",
    "sqlalchemy",
    "smtplib",
    "apscheduler",
    "socket",
    "os",
    "pycurl",
    "sqlite3",
}
IMPURE_NAMES = {
    "datetime.now",
    "datetime.utcnow",
    "date.today",
    "time.time",
    "time.monotonic",
    "os.environ",
}


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def package_of(path: Path) -> str:
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
    path
    for path in ROOT.rglob("*.py")
    if path.name not in ("__init__.py", "__main__.py") or path.parent != ROOT
)


def test_a_package_imports_only_from_packages_above_it() -> None:
    for path in FILES:
        room = package_of(path)
        assert room in ORDER, f"{room} has no place in the order of packages"
        above = set(ORDER[: ORDER.index(room) + 1])
        used = {
            name.split(".")[1] for name in imports_of(parsed(path)) if name.startswith("service.")
        }
        assert used - {"__version__"} <= above, path


def is_for_typing(node: ast.AST) -> bool:
    """Whether it is `if TYPE_CHECKING:`, whose imports never happen."""
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def really_done(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes below that run, those within functions included."""
    for child in ast.iter_child_nodes(node):
        if not is_for_typing(child):
            yield child
            yield from really_done(child)


def taken_by(tree: ast.AST, modules: frozenset[str]) -> frozenset[str]:
    """The modules, of those given, that a source imports when it runs, sooner or later."""
    found: set[str] = set()
    for node in really_done(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= inner & modules or {node.module}
    return frozenset(found)


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__")


@cache
def graph() -> dict[str, frozenset[str]]:
    """What each module of Loa imports when it runs, of Loa and of others."""
    modules = frozenset(name_of(path) for path in ROOT.rglob("*.py"))
    return {name_of(path): taken_by(parsed(path), modules) for path in ROOT.rglob("*.py")}


def circle_in(imports: dict[str, frozenset[str]]) -> list[str]:
    """A circle of modules that import one another; empty where there is none."""
    within = {name: (taken - {name}) & imports.keys() for name, taken in imports.items()}
    try:
        TopologicalSorter(within).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_two_modules_import_one_another_not_even_later() -> None:
    assert circle_in(graph()) == []


@pytest.mark.parametrize(
    ("source", "is_circle"),
    [
        ("from service.b import f", True),
        ("from service import b", True),
        ("import service.b", True),
        ("def f():\n    from service.b import g", True),
        ("if TYPE_CHECKING:\n    from service.b import F", False),
        ("if typing.TYPE_CHECKING:\n    from service import b", False),
        ("from service.c import b", False),
    ],
)
def test_the_measure_itself_sees_a_circle(source: str, is_circle: bool) -> None:
    names = frozenset({"service", "service.a", "service.b", "service.c"})
    imports = {
        "service.a": taken_by(ast.parse(source), names),
        "service.b": taken_by(ast.parse("from service import c"), names),
        "service.c": taken_by(ast.parse("class F:\n    from service.a import x"), names),
    }
    if "service.c" in source:
        imports["service.c"] = frozenset()
    assert bool(circle_in(imports)) == is_circle


OPENERS = frozenset(
    {
        "service.cli.common",  # `pass_loa`: the one place where commands open Loa
        "service.cli.serve",  # opens it within the process that serves
        "service.demo.demonstration",  # opens one over a folder of its own
        "service.bench.freshness",  # likewise
    }
)


def test_who_is_handed_loa_imports_it_for_typing_only() -> None:
    assert {name for name, taken in graph().items() if "service.bootstrap" in taken} == OPENERS


PURE_FILES = [
    path
    for path in FILES
    if package_of(path) in PURE or str(path.relative_to(ROOT)) in PURE_MODULES
]


def reached_from(name: str) -> set[str]:
    """All that is imported once a module is, of Loa and of others."""
    seen: set[str] = set()
    left = [name]
    while left:
        for taken in graph().get(left.pop(), frozenset()) - seen:
            seen.add(taken)
            left.append(taken)
    return seen


def test_a_pure_module_knows_no_network_database_clock_or_environment() -> None:
    for path in PURE_FILES:
        reached = {name.split(".")[0] for name in reached_from(name_of(path))}
        assert not reached & IMPURE_MODULES, path
        named = {f"{node.value.id}.{node.attr}" for node in ast.walk(parsed(path))
                 if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)}  # fmt: skip
        assert not named & IMPURE_NAMES, path


def test_each_library_with_one_user_has_one() -> None:
    users = {"feedgen": {"feeds/rss.py"}, "apscheduler": {"schedule.py"}}
    for library, allowed in users.items():
        found = {
            str(path.relative_to(ROOT))
            for path in FILES
            if any(
                name.split(".")[0] == library
                for name in imports_of(ast.parse(path.read_text("utf-8")))
            )
        }
        assert found <= allowed | {f"bench/{name}.py" for name in ("bench_feeds",)}, library


def test_no_file_is_longer_than_400_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): n
        for path in FILES
        if (n := len(path.read_text("utf-8").splitlines())) > 400
    }
    assert not long


DOORS = ("web", "cli")
ACTS = frozenset(
    {
        "NewSubscription", "add_subscription", "set_status", "set_filters", "set_frequency",
        "set_headers",
        "rename_subscription", "rename_unit", "set_target", "space_endpoint", "set_min_interval", "rotate_secret", "add_unit", "remove_unit",
        "set_contacts",
        "set_place", "write_acknowledgement", "make_due_again", "switch_sending_off", "switch_sending_on", "send_test",
        "ask_confirmation",
        "create_token", "revoke_token", "release_flood", "queue_letter", "queue_message",
        "forget_address", "explain_delivery",
    }
)  # fmt: skip
"""What of `storage` writes, or answers for a rule: doors reach it through `services` only."""


def written_by(tree: ast.AST) -> set[str]:
    """Those of ACTS that a module takes from `service.storage`, by name or through a module of
    it."""
    taken: set[str] = set()
    modules: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("service.storage"):
            taken |= {alias.name for alias in node.names}
            modules |= {alias.asname or alias.name for alias in node.names}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in modules
        ):
            taken.add(node.attr)
    return taken & ACTS


def test_a_door_acts_through_services_only() -> None:
    doors = [path for path in FILES if package_of(path) in DOORS]
    assert doors
    for path in doors:
        assert written_by(parsed(path)) == set(), path


def test_the_measure_itself_sees_an_act_of_storage() -> None:
    by_name = "from service.storage.subscriptions import set_status as move"
    by_module = (
        "def f(conn):\n    from service.storage import subscriptions\n    "
        "subscriptions.rename_unit(conn)"
    )
    through_a_service = "from service.services import subscriptions\nsubscriptions.replay(1)"
    found = [written_by(ast.parse(source)) for source in (by_name, by_module, through_a_service)]
    assert found == [{"set_status"}, {"rename_unit"}, set()]


def test_every_act_that_is_named_is_one_of_storage() -> None:
    defined = {
        node.name
        for path in FILES
        if package_of(path) == "storage"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    }
    assert defined >= ACTS


FACES = ("storage/queue",)
"""Packages that are taken from by their `__init__` alone."""


def behind_a_face(path: Path, tree: ast.AST) -> set[str]:
    """The modules within a package with a face that a file outside of it imports."""
    faces = [face for face in FACES if not path.is_relative_to(ROOT / face)]
    inner = tuple(f"service.{face.replace('/', '.')}." for face in faces)
    return {name for name in imports_of(tree) if inner and name.startswith(inner)}


def test_a_package_with_a_face_is_taken_from_by_it() -> None:
    for path in FILES:
        assert behind_a_face(path, parsed(path)) == set(), path


def test_the_measure_itself_sees_a_module_behind_a_face() -> None:
    tree = ast.parse("def f():\n    from service.storage.queue.claim import claim_due")
    found = {
        where: behind_a_face(ROOT / where, tree)
        for where in ("web/app.py", "storage/queue/record.py")
    }
    assert found == {
        "web/app.py": {"service.storage.queue.claim"},
        "storage/queue/record.py": set(),
    }
