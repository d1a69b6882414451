"""Feeds the parsers of foreign bytes for as long as it is told, and keeps what was too much for
them.

    python tests/benchmarks/fuzz.py --minutes 60 [--target feed --target wire] [--write]

The targets and their inputs are those of `tests/unit/test_fuzz.py`. Each turn gives every target
some hundred inputs with a seed that nobody had. A find is shrunk and printed; with `--write` it is
kept in `tests/data/fuzz`, where every run of the tests feeds it again. Slower than a second for an
input is a find too. Exit code 1 where there was one.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import time
import traceback
from collections import Counter
from hashlib import sha256
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fuzz_targets import KEPT, TARGETS, Feed, Target, fed

TURN = 300
"""Inputs of a target in a turn."""
SLOW_S = 1.0
"""Of CPU, for one input; the greatest are some 15 kB."""


class SlowError(AssertionError):
    """An input took too long."""


def turn(target: Target, feed: Feed) -> tuple[int, bytes | None, str]:
    """How many inputs were taken, and of a find the input and what it did."""
    last, taken = b"", 0

    @seed(secrets.randbits(64))
    @settings(
        max_examples=TURN,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(target.inputs())
    def run(data: bytes) -> None:
        nonlocal last, taken
        taken += 1
        began = time.process_time()
        try:
            feed(data)
        except BaseException:
            last = data
            raise
        took = time.process_time() - began
        if took > SLOW_S:
            last = data
            raise SlowError(f"{took:.1f} s of CPU for {len(data)} bytes")

    try:
        run()
    except KeyboardInterrupt:
        raise
    except (
        BaseException
    ) as error:  # whatever a parser raises that is not ours: that is what is looked for
        return taken, last, "".join(traceback.format_exception(error)[-4:])
    return taken, None, ""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--target", action="append", choices=sorted(TARGETS), help="by default all")
    parser.add_argument("--write", action="store_true", help="keep what was found")
    asked = parser.parse_args()
    until = time.monotonic() + asked.minutes * 60
    counts: Counter[str] = Counter()
    found: dict[str, str] = {}
    while time.monotonic() < until:
        for name in asked.target or TARGETS:
            with fed(TARGETS[name]) as feed:
                taken, data, said = turn(TARGETS[name], feed)
            counts[name] += taken
            what = said.strip().rpartition("\n")[2]
            if data is not None and f"{name}: {what}" not in found:
                found[f"{name}: {what}"] = said
                print(f"--- {name}, {len(data)} bytes\n{data[:600]!r}\n{said}", flush=True)
                if asked.write:
                    (KEPT / name).mkdir(parents=True, exist_ok=True)
                    (KEPT / name / sha256(data).hexdigest()[:16]).write_bytes(data)
            if time.monotonic() >= until:
                break
    print(
        f"{sum(counts.values())} inputs: {', '.join(f'{name} {n}' for name, n in counts.items())}"
    )
    print(f"finds: {len(found)}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
