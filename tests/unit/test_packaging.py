"""What is installed: every imported package is declared, and two installs of one commit have the
same tree."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions, version
from pathlib import Path

import service

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
CONSTRAINTS = ROOT / "config" / "constraints.txt"

_NAME = re.compile(r"[A-Za-z0-9._-]+")


def normal(name: str) -> str:
    """As PEP 503 compares names of distributions."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(extras: tuple[str, ...]) -> set[str]:
    """Names of the distributions that `loa[extras]` names, those of the extras that these name
    included."""
    lines = list(PROJECT["dependencies"])
    for extra in extras:
        lines += PROJECT["optional-dependencies"][extra]
    names = set()
    for line in lines:
        if nested := re.fullmatch(r"loa\[([a-z]+)\]", line):
            names |= declared((nested.group(1),))
        else:
            found = _NAME.match(line)
            assert found is not None, line
            names.add(normal(found.group()))
    return names


def imported(files: Iterator[Path]) -> dict[str, set[str]]:
    """Top-level packages that are not of the standard library, with the files that import them."""
    users: dict[str, set[str]] = {}
    for path in files:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            else:
                continue
            for name in names:
                users.setdefault(name.partition(".")[0], set()).add(str(path.relative_to(ROOT)))
    return {
        name: at
        for name, at in users.items()
        if name not in sys.stdlib_module_names | {"service", "tests"}
    }


def undeclared(files: Iterator[Path], extras: tuple[str, ...]) -> dict[str, set[str]]:
    owners = packages_distributions()
    allowed = declared(extras)
    return {
        package: at
        for package, at in imported(files).items()
        if not {normal(owner) for owner in owners.get(package, [package])} & allowed
    }


def test_every_package_that_the_program_imports_is_declared() -> None:
    benchmarks = ROOT / "service" / "bench"
    receivers = ROOT / "service" / "web" / "help" / "receivers"  # for others to copy
    program = (
        path
        for path in (ROOT / "service").rglob("*.py")
        if not {benchmarks, receivers} & set(path.parents)
    )
    assert undeclared(program, ("postgres",)) == {}
    assert undeclared(benchmarks.rglob("*.py"), ("bench",)) == {}


def test_every_package_that_the_tests_import_is_declared() -> None:
    assert undeclared((ROOT / "tests").rglob("*.py"), ("test", "bench")) == {}


def needed_by(name: str, seen: set[str]) -> None:
    """Adds to `seen` the distributions that `name` needs here, its extras left out."""
    try:
        needs = distribution(name).requires or []
    except PackageNotFoundError:
        return
    for line in needs:
        found = _NAME.match(line)
        assert found is not None, line
        needed = normal(found.group())
        if "extra ==" not in line and needed not in seen:
            seen.add(needed)
            needed_by(needed, seen)


def test_what_is_installed_is_what_the_constraints_say() -> None:
    pinned = dict(
        line.split("==", 1)
        for line in CONSTRAINTS.read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    )
    names = declared(("test", "bench"))
    for name in sorted(names):
        needed_by(name, names)
    installed = {}
    for name in names:
        try:
            installed[name] = version(name)
        except PackageNotFoundError:
            continue  # a marker leaves it out on this Python, or the benchmarks are not installed
    assert {name: pinned.get(name) for name in installed} == installed


def test_what_the_benchmarks_need_has_a_version_too() -> None:
    pinned = {line.partition("==")[0] for line in CONSTRAINTS.read_text("utf-8").splitlines()}
    assert declared(("bench",)) - {"psycopg"} <= pinned


def test_the_version_stands_once() -> None:
    assert "version" in PROJECT["dynamic"] and "version" not in PROJECT
    assert version("loa") == service.__version__
    assert f"## {service.__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")
