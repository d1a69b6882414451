"""Writes what polling decided: a post, its revision, its change and its deliveries in one
transaction each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from service.alerts.links import Links
from service.posts.diff import fingerprint, is_flapping, what_changed
from service.posts.scanned import SCAN, adds
from service.services.audit_acts import record
from service.services.publish import SAME_DOCUMENT, payload_of, write_change
from service.services.relation_acts import relate
from service.storage.archive import WatchedFile, store_watch
from service.storage.audit import find_subject
from service.storage.engine import Database
from service.storage.overruling import is_withdrawn_by_hand, kept_overruling, lift_overruling
from service.storage.post_writes import (
    add_alias,
    add_file_revision,
    complete_post,
    keep_attachments,
    lock_post,
    set_facts,
)
from service.storage.posts import (
    Draft,
    add_revision,
    bump,
    get_post,
    insert_post,
    link_listing,
    revisions,
)
from service.storage.queue import BEFORE_RESTORE, keep_owed, was_alerted_before_restore
from service.storage.silence import lift_baseline, move_held, refresh_silenced, silence_of
from service.storage.watch import mark_checked, set_withdrawn
from service.text import LOCAL
from service.types import ChangeType, Post, Understanding


class PostStore:
    """Every method is one short transaction, and may be called again with the same."""

    def __init__(
        self,
        database: Database,
        links: Links,
        urgent: Collection[str],
    ) -> None:
        """`urgent`: the urgencies that go before all else."""
        self._database = database
        self._links = links
        self._urgent = tuple(urgent)

    def _write_change(
        self,
        conn: Connection,
        post: Post,
        kind: ChangeType,
        at: datetime,
        what: Sequence[str] = (),
        silenced: str | None = None,
    ) -> None:
        payload = payload_of(conn, kind, at, post, self._links)
        write_change(
            conn,
            post=post,
            type=kind,
            at=at,
            payload=payload,
            what=what,
            silenced=silenced,
            urgent=self._urgent,
        )
        bump(conn, "feeds")

    def new(
        self, draft: Draft, listing_url: str, listed_title: str, silenced: str | None
    ) -> Post | None:
        """A post that was not known; None when another worker stored it first."""
        with self._database.writing() as conn:
            return self._new(conn, draft, listing_url, listed_title, silenced)

    def new_batch(self, batch: Sequence[tuple[Draft, str, str | None]], listing_url: str) -> int:
        """Several posts that alert nobody yet: (draft, title as listed, silenced). Returns how many
        were stored."""
        with self._database.writing() as conn:
            stored = [
                self._new(conn, draft, listing_url, title, silenced)
                for draft, title, silenced in batch
            ]
        return sum(post is not None for post in stored)

    def _new(
        self,
        conn: Connection,
        draft: Draft,
        listing_url: str,
        listed_title: str,
        silenced: str | None,
    ) -> Post | None:
        post = insert_post(conn, draft)
        if post is None:
            return None
        post = relate(conn, post)
        link_listing(conn, post.id, listing_url, listed_title, draft.seen_at)
        _keep_watch(conn, post.id, draft.files, draft.seen_at)
        if silenced in (None, "flood") and was_alerted_before_restore(
            conn,
            post.portal.id,
            listing_url,
            published_at=draft.published_at,
            seen_at=draft.seen_at,
        ):
            silenced = BEFORE_RESTORE
        self._write_change(conn, post, ChangeType.PUBLISHED, draft.seen_at, silenced=silenced)
        if silenced == BEFORE_RESTORE:
            keep_owed(conn, post.id)
        return post

    def listed(self, post_id: str, listing_url: str, title: str, now: datetime) -> None:
        """The listing shows the post under another title than before."""
        with self._database.writing() as conn:
            link_listing(conn, post_id, listing_url, title, now)

    def listed_elsewhere(
        self,
        post: Post,
        listing_url: str,
        title: str,
        understanding: Understanding | None,
        now: datetime,
        *,
        is_news: bool,
    ) -> None:
        """A further listing shows the post. `is_news`: as new, so that no baseline silences it.

        `understanding`, where the listing's hint changed it, is told to those who come to match by
        it.
        """
        with self._database.writing() as conn:
            link_listing(conn, post.id, listing_url, title, now)
            current = post
            if understanding is not None:
                current = replace(post, understanding=kept_overruling(conn, post.id, understanding))
                set_facts(conn, current)
                self._publish_to_fresh(conn, current, now)
            if is_news and lift_baseline(
                conn, post.id, payload_of(conn, ChangeType.PUBLISHED, now, current, self._links)
            ):
                bump(conn, "feeds")

    def _publish_to_fresh(
        self, conn: Connection, post: Post, now: datetime, silenced: str | None = None
    ) -> None:
        code = silence_of(conn, post.id)
        # that was told by another post; who wants it only now was not
        was_silenced = None if code == SAME_DOCUMENT else code
        if was_silenced is not None:
            refresh_silenced(
                conn, post.id, payload_of(conn, ChangeType.PUBLISHED, now, post, self._links)
            )
        self._write_change(conn, post, ChangeType.PUBLISHED, now, silenced=was_silenced or silenced)

    def read_by_new_rules(
        self,
        post: Post,
        understanding: Understanding,
        now: datetime,
        silenced: str | None,
        *,
        is_lifting: bool,
    ) -> Post | None:
        """What a stored post is about by the rules of now; None where they say nothing else, or it
        was just edited.

        Who comes to want it by that is told, unless it is `silenced`. `is_lifting`: an overruling
        no longer counts.
        """
        with self._database.writing() as conn:
            lock_post(conn, post.id)
            before = find_subject(conn, "post", post.id)
            if is_lifting:
                lift_overruling(conn, post.id)
            current = get_post(conn, post.id)
            newer = replace(current, understanding=kept_overruling(conn, post.id, understanding))
            is_changed = newer != current and current.revision == post.revision
            if is_changed:
                document = newer.understanding.document
                keep_attachments(
                    conn, newer, fingerprint(newer.title, newer.text, document, newer.attachments)
                )
                self._publish_to_fresh(conn, newer, now, silenced)
            if is_lifting or is_changed:
                record(conn, now, "act.post_by_rules", "post", post.id, before)
        return newer if is_changed else None

    def completed(self, post: Post, draft: Draft) -> Post:
        """The article of a post of which only the listing's row was stored; nobody is told
        again."""
        with self._database.writing() as conn:
            lock_post(conn, post.id)
            current = relate(conn, complete_post(conn, get_post(conn, post.id), draft))
            _keep_watch(conn, post.id, draft.files, draft.seen_at)
            self._publish_to_fresh(conn, current, draft.seen_at)
        return current

    def named(self, portal_id: str, aliases: Mapping[str, str]) -> None:
        """What an upstream feed calls posts that are known: a guid's key and a post's id each."""
        with self._database.writing() as conn:
            for key, post_id in aliases.items():
                add_alias(conn, portal_id, key, post_id)

    def renamed(self, post: Post, draft: Draft, listing_url: str, listed_title: str) -> bool:
        """A known post under a new address."""
        with self._database.writing() as conn:
            add_alias(conn, draft.portal.id, draft.identity_key, post.id)
            link_listing(conn, post.id, listing_url, listed_title, draft.seen_at)
        return self.edited(post.id, draft)

    def edited(self, post_id: str, draft: Draft, also: Sequence[str] = ()) -> bool:
        """The present state of a known post: a revision and `post.updated` where it really changed.

        False when it did not, or changes so often that it must wait. A withdrawn post is restored
        by it.
        """
        with self._database.writing() as conn:
            _, old = lock_post(conn, post_id)
            _keep_watch(conn, post_id, draft.files, draft.seen_at)
            post = get_post(conn, post_id)
            what = list(dict.fromkeys([*what_changed(old, draft.fingerprint), *also]))
            if post.withdrawn_at is not None and is_withdrawn_by_hand(conn, post_id):
                mark_checked(conn, post_id, draft)
                return False
            if post.withdrawn_at is not None:
                what.append("restored")
            if not what:
                mark_checked(conn, post_id, draft)
                return False
            if is_flapping(
                [revision.seen_at for revision in revisions(conn, post_id)], draft.seen_at
            ):
                mark_checked(conn, post_id, draft, is_again=True)
                return False
            facts = kept_overruling(conn, post_id, draft.understanding)
            newer = relate(
                conn, add_revision(conn, post, replace(draft, understanding=facts), what)
            )
            self._write_edit(conn, newer, draft.seen_at, what)
        return True

    def files_seen(
        self,
        seen: Post,
        understanding: Understanding,
        files: tuple[WatchedFile, ...],
        now: datetime,
    ) -> bool:
        """What the files of a post are now: an edit where one was replaced, else merely known
        better.

        What a file says that was read only now (a number, a deadline) completes the post: those who
        were told are not told again, those who come to want it by that are.
        """
        with self._database.writing() as conn:
            _, old = lock_post(conn, seen.id)
            _keep_watch(conn, seen.id, files, now)
            post = get_post(conn, seen.id)
            if post.revision != seen.revision or post.attachments == seen.attachments:
                return False
            facts = kept_overruling(conn, seen.id, understanding)
            newer = replace(post, attachments=seen.attachments, understanding=facts)
            new = fingerprint(newer.title, newer.text, facts.document, newer.attachments)
            what = what_changed(old, new)
            if "attachments" not in what:
                keep_attachments(conn, newer, new)
                newer = relate(conn, newer)
                self._publish_to_fresh(conn, newer, now)
                return False
            newer = add_file_revision(conn, newer, new, now, what)
            self._write_edit(conn, newer, now, what)
        return True

    def scan_read(
        self, seen: Post, understanding: Understanding, now: datetime, *, is_old: bool
    ) -> bool | None:
        """What a post is about, now that a scanned file of it was read: an edit where that adds
        what matters and the post is not old, else merely known better.

        Whether it is an edit; None where the post was edited meanwhile.
        """
        with self._database.writing() as conn:
            lock_post(conn, seen.id)
            post = get_post(conn, seen.id)
            if post.revision != seen.revision:
                return None
            facts = kept_overruling(conn, post.id, understanding)
            newer = replace(post, understanding=facts)
            digest = fingerprint(newer.title, newer.text, facts.document, newer.attachments)
            today = now.astimezone(LOCAL).date()
            if is_old or post.withdrawn_at or not adds(post.understanding, facts, today):
                keep_attachments(conn, newer, digest)
                bump(conn, "feeds")
                return False
            newer = relate(conn, add_file_revision(conn, newer, digest, now, [SCAN]))
            self._write_edit(conn, newer, now, [SCAN])
        return True

    def _write_edit(self, conn: Connection, post: Post, now: datetime, what: Sequence[str]) -> None:
        """Those who were owed the post are told; of one that a flood holds, only what is held
        changes."""
        if silence_of(conn, post.id) == "flood":
            move_held(conn, post.id, post.revision)
            self._publish_to_fresh(conn, post, now)
        else:
            self._write_change(conn, post, ChangeType.UPDATED, now, what)

    def withdrawn(self, post: Post, now: datetime, next_check_at: datetime | None) -> None:
        with self._database.writing() as conn:
            lock_post(conn, post.id)
            current = get_post(conn, post.id)
            if current.withdrawn_at is not None:
                return
            set_withdrawn(conn, post.id, now, next_check_at)
            self._write_change(
                conn, replace(current, withdrawn_at=now), ChangeType.WITHDRAWN, now, ["withdrawn"]
            )


def _keep_watch(
    conn: Connection, post_id: str, files: Sequence[WatchedFile], now: datetime
) -> None:
    for file in files:
        store_watch(conn, post_id, file, now)
