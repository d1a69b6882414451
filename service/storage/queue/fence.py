"""The restore fence: a database that is behind the counter in a file beside the key was restored
from a backup.

It sends nothing until an operator says what of it may still be sent. The counter moves when a
process begins to deliver and within a second of whatever it sends, in the database first and then
in the file, so that the file is never ahead of a database that was not restored. On SQLite a
database whose file is absent, or names others alone, was put in its place alone, which is what
restoring on a new disk looks like; on PostgreSQL it is only another machine, unless the tables are
others than before (see `place`): a dump restored to machines that are all new. A file that is there
and empty or garbled says nothing of a restore: it is written anew, and that is said.

What a restored database may send is remembered: a listing's first poll after the restore finds
again what the lost database had told, and that is told to nobody.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import orjson
from sqlalchemy import Connection, text

from service.storage.engine import Database, uuid7
from service.storage.file import open_private
from service.storage.meta import drop_meta, get_meta, keep_meta, put_meta
from service.storage.place import is_elsewhere, keep_place
from service.storage.queue.capacity import heal
from service.storage.schema import to_micros
from service.text import LOCAL
from service.types import Clock, Frequency

COUNTER = "restore_counter"
RESTORED = "restored_at"
RELEASED = "restore_released"
BEFORE_RESTORE = "restored"
"""Why nobody is told of a post that is found again: the lost database had told of it."""
DATABASE_ID = "database_id"
FENCED_WORDS = (
    "the database was restored from a backup: nothing is sent until `loa delivery release --since "
    "WHEN` "
    "(what was written since then) or `loa delivery release --discard` (nothing of what waits)"
)
_CHUNK = 2000
_LAST_ID = "zzzz"  # sorts after every UUID, by bytes and by language
_WHY = "message.restored"
_OPEN = "('due', 'failed', 'suspended', 'held')"

_log = logging.getLogger(__name__)


class Fence:
    """Guards one database for one process. `file` may hold the counters of several databases, by
    their ids."""

    def __init__(self, database: Database, file: Path, clock: Clock) -> None:
        self._database = database
        self._file = file
        self._clock = clock
        self._reached = ("", 0)  # of which database: another one in its place is no restore
        self._moved_at = 0
        self._is_warned = False

    def check(self) -> bool:
        """As `look`, and says so in the log where nothing is sent."""
        is_open = self.look()
        if not is_open:
            _log.error(FENCED_WORDS)
        return is_open

    def look(self) -> bool:
        """Moves the counter on in both places. False, and nothing is sent, when the database was
        restored."""
        in_file, _ = _read(
            self._file
        )  # first: read after the database it could be ahead by another process's step
        now = self._clock()
        with self._database.writing() as conn:
            database_id = _own_id(conn)
            before = _step(conn)
            own_id, reached = self._reached
            known = max(in_file.get(database_id, 0), reached if own_id == database_id else 0)
            # within the transaction, so that no other process meets a counter without its file
            here, is_whole = _read(self._file)
            is_new_here = database_id not in here and self._keep_file(database_id, 1) and is_whole
            is_moved = is_new_here and before > 0 and is_elsewhere(conn)
            keep_place(conn)
            if before < known or is_moved:
                put_meta(conn, RESTORED, str(to_micros(now)))
                put_meta(conn, COUNTER, str(max(before, known) + 1))
            is_open = not is_fenced(conn)
        self._reached, self._moved_at = (database_id, max(before, known) + 1), to_micros(now)
        self._keep_file(*self._reached)
        if not is_whole and not self._is_warned:
            self._is_warned = True
            _log.warning(
                "%s was damaged: it is written anew, a restore before now would not be noticed",
                self._file,
            )
        return is_open

    def is_restored(self) -> bool:
        """Whether nothing would be sent: it waits for its release, or would when a process began to
        deliver. Only reads."""
        counters, _ = _read(self._file)
        with self._database.reading() as conn:
            before, database_id = (
                int(get_meta(conn, COUNTER) or 0),
                get_meta(conn, DATABASE_ID) or "",
            )
            is_moved_here = before > 0 and database_id not in counters and is_elsewhere(conn)
            return is_fenced(conn) or before < counters.get(database_id, 0) or is_moved_here

    def move_on(self) -> None:
        """Moves the counter where something was sent since it last moved: called every second."""
        query = text("SELECT 1 FROM message WHERE done_at >= :since LIMIT 1")
        with self._database.reading() as conn:
            since = min(self._moved_at, to_micros(self._clock()))  # the clock may have gone back
            has_sent = conn.execute(query, {"since": since}).first() is not None
        if has_sent:
            self.check()

    def _keep_file(self, database_id: str, reached: int) -> bool:
        """False where the file cannot be written: then nothing guards, and that is said once."""
        counters, _ = _read(self._file)
        counters[database_id] = max(counters.get(database_id, 0), reached)
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            _replace(
                self._file,
                "".join(f"{key} {reached}\n" for key, reached in sorted(counters.items())),
            )
        except OSError as error:
            if not self._is_warned:
                _log.warning(
                    "cannot keep the restore counter, a restored database would not be noticed: %s",
                    error,
                )
            self._is_warned = True
            return False
        return True


def is_fenced(conn: Connection) -> bool:
    """Whether the database was restored and nobody has yet said what it may send."""
    return get_meta(conn, RESTORED) is not None


def release_fence(
    database: Database,
    at: datetime,
    *,
    since: datetime | None = None,
    digests: Mapping[Frequency, datetime] | None = None,
) -> int:
    """Lets the database send again: what was written since a time, or nothing that was due by now
    (`since` None).

    Only what was due before then, and was not tried yet, may have gone and is skipped. What is due
    later, waits for a digest that had not run by then (`digests`: when each frequency ran last
    before that), is held or is known to have failed stays, and is sent under its id: whoever got it
    all the same knows the id.

    What was found anew after the restore counts by when the portal published it: it was told
    before, unless it is newer than `since`. A post that has a day and no time is of that whole day.
    Gives how many messages were discarded: they are skipped, with the reason kept. In chunks, for
    nothing is sent meanwhile.
    """
    limit = since or at
    day = limit.astimezone(LOCAL).replace(hour=0, minute=0, second=0, microsecond=0)
    with database.reading() as conn:
        restored_at = int(get_meta(conn, RESTORED) or to_micros(at))
    values = {
        "at": to_micros(at),
        "since": to_micros(limit) + (since is None),
        "restored": restored_at,
        "day": to_micros(day),
        "why": _WHY,
        "daily": _micros_of(digests, Frequency.DAILY),
        "weekly": _micros_of(digests, Frequency.WEEKLY),
    }
    for table, statement in (("delivery", _SKIP_DELIVERIES), ("message", _SKIP_MESSAGES)):
        done = _walk(database, table, statement, values)
    with database.writing() as conn:
        if since is None:
            conn.execute(
                text("UPDATE change SET fanned_out_at = :at WHERE fanned_out_at IS NULL"), values
            )
        kept = {
            "restored": restored_at,
            "since": values["since"],
            "day": None if since is None else values["day"],
        }
        put_meta(conn, RELEASED, orjson.dumps(kept).decode())
        conn.execute(text("UPDATE endpoint SET next_due_at = NULL, urgent_due_at = NULL"))
        conn.execute(text("UPDATE host_group SET next_due_at = NULL, urgent_due_at = NULL"))
        heal(conn)
        drop_meta(conn, RESTORED)
    return done


def was_alerted_before_restore(
    conn: Connection, portal_id: str, listing_url: str, *, published_at: datetime, seen_at: datetime
) -> bool:
    """Whether the lost database is taken to have told of a post that is new to the one in its
    place.

    So in a listing's first good poll since the restore, for what was published before the time that
    the release named; a day without a time counts as that whole day. Without a date it is told
    again, for it may be new, unless all that waited was discarded.
    """
    kept = orjson.loads(get_meta(conn, RELEASED) or "null")
    if kept is None:
        return False
    read = (
        "SELECT 1 FROM listing WHERE portal_id = :portal AND url = :url AND last_ok_at >= :restored"
    )
    where = {"portal": portal_id, "url": listing_url, "restored": kept["restored"]}
    if conn.execute(text(read), where).first() is not None:
        return False
    at = to_micros(published_at)
    is_undated = kept["day"] is None and published_at == seen_at
    return is_undated or (at < kept["since"] and at != kept["day"])


def keep_owed(conn: Connection, post_id: str) -> None:
    """A post that the lost database had told of: who wants it hears of what becomes of it, as who
    was told does."""
    conn.execute(
        text(
            "INSERT INTO owed(post_id, subscription_id) SELECT DISTINCT c.post_id, s.id FROM "
            "change c"
            " JOIN change_match cm ON cm.change_id = c.id JOIN subscription s ON s.filter_id = "
            "cm.filter_id"
            " WHERE c.post_id = :post AND c.silenced = :told AND s.status NOT IN ('pending', "
            "'removed')"
            " ON CONFLICT DO NOTHING"
        ),
        {"post": post_id, "told": BEFORE_RESTORE},
    )


_MAY_HAVE_GONE = "{0}.state = 'due' AND {0}.attempts = 0 AND {0}.due_at < :since"

_SKIP_DELIVERIES = f"""UPDATE delivery SET state = 'skipped', done_at = :at, reason = :why
    WHERE id > :after AND id <= :upto AND ((state = 'due' AND created_at < :since AND CASE
    WHEN message_id IS NULL
    THEN created_at < (SELECT CASE s.frequency WHEN 'daily' THEN :daily WHEN 'weekly'
    THEN :weekly ELSE :since END
        FROM subscription s WHERE s.id = delivery.subscription_id)
    ELSE EXISTS (SELECT 1 FROM message m WHERE m.id = delivery.message_id
    AND {_MAY_HAVE_GONE.format("m")}) END)
    OR (state IN {_OPEN} AND created_at >= :restored
    AND EXISTS (SELECT 1 FROM change c JOIN post p ON p.id = c.post_id
    WHERE c.id = delivery.change_id
        AND c.type = 'post.published' AND p.published_at < :since
        AND p.published_at <> :day)))"""

_SKIP_MESSAGES = f"""UPDATE message SET state = 'skipped', done_at = :at, detail = :why
    WHERE id > :after AND id <= :upto AND state IN ('due', 'failed', 'suspended', 'held') AND CASE
    WHEN EXISTS (SELECT 1 FROM delivery d WHERE d.message_id = message.id)
    THEN NOT EXISTS (SELECT 1 FROM delivery d WHERE d.message_id = message.id
    AND d.state IN {_OPEN})
    ELSE created_at < :since AND {_MAY_HAVE_GONE.format("message")} END"""


def _micros_of(digests: Mapping[Frequency, datetime] | None, frequency: Frequency) -> int:
    """When a digest ran last; 0 where none did, so that none of what waits for it has gone."""
    ran = (digests or {}).get(frequency)
    return 0 if ran is None else to_micros(ran)


def _walk(database: Database, table: str, statement: str, values: dict[str, object]) -> int:
    """Runs a statement over all rows of a table, some at a time; returns how many it changed."""
    end = text(f"SELECT id FROM {table} WHERE id > :after ORDER BY id LIMIT 1 OFFSET :chunk")
    after, done = "", 0
    while True:
        with database.writing() as conn:
            upto = conn.execute(end, {"after": after, "chunk": _CHUNK}).scalar_one_or_none()
            done += conn.execute(
                text(statement), {**values, "after": after, "upto": upto or _LAST_ID}
            ).rowcount
        if upto is None:
            return done
        after = upto


def _own_id(conn: Connection) -> str:
    keep_meta(conn, DATABASE_ID, uuid7())
    return get_meta(conn, DATABASE_ID) or ""


def _step(conn: Connection) -> int:
    """Moves the counter in the database on by one; returns what it was."""
    reached = conn.execute(
        text(
            "INSERT INTO meta(key, value) VALUES (:key, '1') ON CONFLICT (key)"
            " DO UPDATE SET value = CAST(CAST(meta.value AS BIGINT) + 1 AS TEXT) RETURNING value"
        ),
        {"key": COUNTER},
    ).scalar_one()
    return int(reached) - 1


def _read(file: Path) -> tuple[dict[str, int], bool]:
    """The counters by database, and whether the file says all it ever said: False where it is empty
    or garbled."""
    try:
        lines = [line.split() for line in file.read_text().splitlines()]
    except FileNotFoundError:
        return {}, True
    except (OSError, UnicodeDecodeError):
        return {}, False
    good = [line for line in lines if len(line) == 2 and line[1].isdecimal()]
    return {key: int(reached) for key, reached in good}, 0 < len(lines) == len(good)


def _replace(file: Path, content: str) -> None:
    """A power cut leaves the old file or the new one, whole."""
    fresh = file.with_name(f"{file.name}.{uuid7()}")
    try:
        with open_private(fresh) as writer:
            writer.write(content)
            writer.flush()
            os.fsync(writer.fileno())
        fresh.replace(file)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
