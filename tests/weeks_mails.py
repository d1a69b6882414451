"""Writes what the operator was mailed in the three weeks to a folder, one file each, to be read:

python -m tests.weeks_mails FOLDER
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.weeks_calendar import OPERATOR
from tests.weeks_world import World, three_weeks


def write_mails(world: World, folder: Path, to: str = OPERATOR) -> Counter[str]:
    """How many mails of each subject's first words there were."""
    folder.mkdir(parents=True, exist_ok=True)
    found = [mail for mail in world.mails if mail.to == to]
    for n, mail in enumerate(found, 1):
        head = f"{mail.at:%a %d/%m %H:%M}\n{mail.subject}\n\n"
        (folder / f"{n:03d}.txt").write_text(head + mail.text, "utf-8")
    return Counter(" ".join(mail.subject.split()[:6]) for mail in found)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made, three_weeks(Path(made)) as lived:
        folder = Path(sys.argv[1])
        for address in (OPERATOR, *sys.argv[2:]):
            for subject, count in write_mails(lived, folder / address, address).most_common():
                print(count, subject)
