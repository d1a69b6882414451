"""What is installed from the wheel: laid out as pyproject.toml tells the builder, and used far from
any checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as pip fills it: the packages, and beside them what the wheel is told to take
    along."""
    site = tmp_path_factory.mktemp("site")
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"][
        "targets"
    ]["wheel"]
    for package in wheel["packages"]:
        shutil.copytree(
            ROOT / package, site / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    for source, target in wheel["force-include"].items():
        shutil.copytree(ROOT / source, site / target)
    return site


def run(site: Path, folder: Path, *arguments: str, stdin: str = "") -> str:
    environ = {key: value for key, value in os.environ.items() if not key.startswith("LOA_")}
    command = [sys.executable, "-m", "service", *arguments]
    environ["PYTHONPATH"] = str(site)
    done = subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, input=stdin, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_installed_loa_works_in_any_folder_with_the_configuration_that_came_along(
    installed: Path, tmp_path: Path
) -> None:
    found = json.loads(run(installed, tmp_path, "check", "--offline", "--json"))
    shipped = next(item for item in found["checks"] if item["what"] == "configuration")
    assert shipped["detail"] == str(installed / "service" / "_config" / "loa.toml")
    assert not (tmp_path / "var").exists()  # a look makes nothing
    portals = json.loads(run(installed, tmp_path, "portal", "list", "--json"))["portals"]
    assert [portal["id"] for portal in portals] == [
        path.stem for path in sorted((ROOT / "config" / "portals").glob("*.toml"))
    ]
    assert (tmp_path / "var" / "loa.db").is_file()
    title = json.dumps({"title": "Chỉ thị về phòng, chống rét"})
    assert json.loads(run(installed, tmp_path, "classify", stdin=title))["primary"] == "directives"


def test_what_is_no_python_comes_along_too(installed: Path) -> None:
    names = {path.suffix for path in (installed / "service").rglob("*") if path.is_file()}
    assert {".html", ".css", ".svg", ".toml", ".txt"} <= names
