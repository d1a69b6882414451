"""The command line, as a person uses it: a folder with a configuration, and commands run in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from service.cli import main
from tests.fakes_database import lay_migrated


class Terminal:
    """Runs commands against one configuration and one SQLite file of its own, which is migrated
    already unless the first command is to make it."""

    def __init__(self, folder: Path, *, is_new: bool = False) -> None:
        self.folder = folder
        self.config = folder / "loa.toml"
        self.database = folder / "loa.db"
        self.environ: dict[str, str | None] = {"LOA_CONFIG": str(self.config)}
        (folder / "portals").mkdir()
        self.configure("")
        if not is_new:
            lay_migrated(f"sqlite:///{self.database}")

    def configure(self, text: str) -> None:
        head = 'portals_dir = "portals"\n'
        tail = '[database]\nurl = "sqlite:///loa.db"\n'
        self.config.write_text(head + text + tail, encoding="utf-8")

    def run(self, *arguments: str, stdin: str | None = None, code: int | None = 0) -> Result:
        """Runs `loa …` and checks its exit code, unless `code` is None; a bug raises here, it is no exit code."""
        result = CliRunner().invoke(main, arguments, input=stdin, env=self.environ, prog_name="loa")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert code in (None, result.exit_code), (arguments, result.exit_code, result.output)
        return result

    def json(self, *arguments: str, code: int | None = 0) -> Any:
        """The one document that `--json` prints."""
        return json.loads(self.run(*arguments, "--json", code=code).stdout)

    def refused(self, *arguments: str, code: int = 2) -> str:
        """What stderr says; nothing is on stdout, and no traceback anywhere."""
        result = self.run(*arguments, code=code)
        assert "Traceback" not in result.output
        return result.stderr
