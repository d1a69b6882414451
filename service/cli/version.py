"""What `loa --version` says: the version, the revision it was made of, the database's schema."""

from __future__ import annotations

import json
import re
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import service

_COMMIT = re.compile(r"[0-9a-f]{40}")


def version_line() -> str:
    """As `loa 0.2.0, revision 26c7590a1b2c, schema 0009`."""
    from service.storage.engine import HEAD

    return f"loa {service.__version__}, revision {revision()}, schema {HEAD}"


def revision() -> str:
    """The commit it was installed from (PEP 610) or lies in; where neither is known, a mark of its
    own files, which is the same for the same program."""
    root = Path(service.__file__).parent
    commit = _installed_commit() or _commit_of(root.parent)
    return commit[:12] if commit else f"files-{_mark_of(root)}"


def _installed_commit() -> str | None:
    try:
        said = json.loads(distribution("loa").read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        return None
    commit = said.get("vcs_info", {}).get("commit_id", "")
    return commit if _COMMIT.fullmatch(commit) else None


def _commit_of(folder: Path) -> str | None:
    """Of a checkout, a worktree of one included; None for any other folder."""
    git = folder / ".git"
    try:
        if git.is_file():
            git = folder / git.read_text("utf-8").removeprefix("gitdir:").strip()
        head = (git / "HEAD").read_text("utf-8").strip()
        if not head.startswith("ref:"):
            return head if _COMMIT.fullmatch(head) else None
        common = git / "commondir"
        shared = git / common.read_text("utf-8").strip() if common.is_file() else git
        commit = _commit_named(shared, head.removeprefix("ref:").strip())
    except OSError:
        return None
    return commit if _COMMIT.fullmatch(commit) else None


def _commit_named(git: Path, name: str) -> str:
    loose = git / name
    if loose.is_file():
        return loose.read_text("utf-8").strip()
    packed = (git / "packed-refs").read_text("utf-8").splitlines()
    return next((line.split(" ")[0] for line in packed if line.endswith(f" {name}")), "")


def _mark_of(root: Path) -> str:
    hashed = blake2b(digest_size=6)
    for path in sorted(root.rglob("*.py")):
        hashed.update(path.relative_to(root).as_posix().encode())
        hashed.update(path.read_bytes())
    return hashed.hexdigest()
