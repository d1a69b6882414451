"""What a poll decides, given the time and the data: pure. It reads no page, asks no database and
writes nothing."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from service.errors import PortalError
from service.instants import Dating, Source
from service.moments.label import split_trailing_moment
from service.moments.vote import is_old
from service.posts.identity import parse_article_path
from service.text import LOCAL, fold
from service.types import Article, ListedPost, Moment, Outcome, Post
from service.words import code_of

if TYPE_CHECKING:
    from service.settings import PollingSettings
    from service.storage.listings import ListingState
    from service.storage.posts import KnownPost

MAX_BACK_OFF_S = 86_400.0  # a day
RECHECKS = (
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
    timedelta(days=7),
    timedelta(days=30),
)
WITHDRAWAL_AFTER = timedelta(hours=3)  # between the two checks that both must find nothing
_NO_RESOLVER = "fetch.name_not_now"
_SHORT_PAGE = 400  # characters; an article about something that cannot be found says more
_NOT_FOUND = re.compile(
    fold(
        r"(?:trang|nội dung|bài viết|bản tin|đường dẫn|địa chỉ|dữ liệu)[^.\n]{0,60}"
        r"(?:không (?:được )?tìm thấy|không tồn tại|đã bị (?:gỡ|xóa|xoá))"
        r"|không tìm thấy (?:trang|nội dung|bài viết|bản tin|đường dẫn|địa chỉ|dữ liệu)"
        r"|(?:page|file|article) (?:was )?not found|404 not found|(?:error|lỗi|http) 404"
    )
)
_GONE = frozenset({404, 410})
_FRONT_PAGES = frozenset(
    {"", "/", "/portal", "/index.html", "/default.aspx", "/portal/pages/default.aspx"}
)
_SHORT_FOR = timedelta(days=7)
_OF_LISTINGS = frozenset({Source.ROW, Source.FEED, Source.ORDER})
_MIN_ROWS = 6  # a listing with fewer rows may lose most of them without having been redesigned


@dataclass(frozen=True, slots=True)
class SortedRows:
    """The rows of a listing by what must be done. Keys are identity keys."""

    new: dict[str, ListedPost]
    again: dict[str, ListedPost]
    """Known, shown as before."""
    edited: dict[str, ListedPost]
    """Known, under another title than this listing showed last, or withdrawn and back."""
    other: dict[str, ListedPost]
    """Known from another listing, shown here for the first time."""


def best_row(one: ListedPost | None, other: ListedPost) -> ListedPost:
    """Of two rows of one post: a whole title before a cut one, a dated row before one without."""
    return other if one is None or _worth(other) > _worth(one) else one


def _worth(row: ListedPost) -> tuple[bool, bool, bool]:
    return bool(row.title) and not row.is_cut, row.moment is not None, bool(row.title)


def sort_rows(
    rows: Mapping[str, ListedPost], known: Mapping[str, KnownPost], listing_url: str
) -> SortedRows:
    sorted_ = SortedRows({}, {}, {}, {})
    for key, row in rows.items():
        post = known.get(key)
        if post is None:
            sorted_.new[key] = row
        elif listing_url not in post.listed_titles:
            sorted_.other[key] = row
        elif post.is_withdrawn or not is_same_title(post.listed_titles[listing_url], row.title):
            sorted_.edited[key] = row
        else:
            sorted_.again[key] = row
    return sorted_


def is_same_title(before: str, now: str) -> bool:
    """Whether a listing shows the same title: one that was read without the date at its end once
    is."""
    one, other = fold(before), fold(now)
    if one == other:
        return True
    longer, shorter = (now, one) if len(other) > len(one) else (before, other)
    return fold(split_trailing_moment(longer)[0]) == shorter


def is_joined(rows: Mapping[str, ListedPost], known: Collection[str]) -> bool:
    """Whether a page reaches back to what is known: a known post that is not merely pinned on top.

    Known rows that all stand above the unknown ones and are older than every one of those are
    pinned.
    """
    keys = list(rows)
    unknown = [place for place, key in enumerate(keys) if key not in known]
    familiar = [place for place, key in enumerate(keys) if key in known]
    if not unknown:
        return True
    if not familiar or familiar[-1] > unknown[0]:
        return bool(familiar)
    old, new = _instants(rows, keys, familiar), _instants(rows, keys, unknown)
    return not old or not new or max(old) >= min(new)


def _instants(
    rows: Mapping[str, ListedPost], keys: Sequence[str], places: Sequence[int]
) -> list[datetime]:
    moments = (rows[keys[place]].moment for place in places)
    return [moment.at for moment in moments if moment is not None]


def moved_up(
    rows: Mapping[str, ListedPost],
    known: Collection[str],
    last_rows: int | None,
    oldest: datetime | None,
) -> set[str]:
    """Unknown posts that only moved up from page two because another post left page one.

    They stand below every known post of a page that has not grown, and are older than `oldest`, the
    oldest post that the listing ever showed: younger ones would have been seen, had they been
    there.
    """
    if oldest is None or last_rows is None or len(rows) > last_rows:
        return set()
    keys = list(rows)
    familiar = [place for place, key in enumerate(keys) if key in known]
    below = keys[familiar[-1] + 1 :] if familiar else []
    return {key for key in below if (moment := rows[key].moment) is not None and moment.at < oldest}


def remembered_row(post: Post) -> ListedPost:
    """A stored post as its listing showed it; of one stored before witnesses were kept, by its
    instant."""
    if post.dating is not None:
        told = tuple(one for one in post.dating.witnesses if one.source in _OF_LISTINGS)
        return ListedPost(post.url, post.title, None, witnesses=told)
    if post.published_at == post.first_seen_at:
        return ListedPost(post.url, post.title, None)
    local = post.published_at.astimezone(LOCAL)
    has_time = (local.hour, local.minute, local.second) != (0, 0, 0)
    return ListedPost(post.url, post.title, Moment(post.published_at, has_time))


def silence(
    is_old: bool, polling: PollingSettings, *, is_baseline: bool, is_flood: bool
) -> str | None:
    """Why nobody is told of a new post; None when all who asked are."""
    if is_baseline and not polling.alert_on_first_poll:
        return "baseline"
    if is_old:
        return "too_old"
    return "flood" if is_flood else None


def alerted_since(polling: PollingSettings, now: datetime) -> datetime:
    """Nobody is alerted of posts of before."""
    return now - timedelta(days=polling.max_alert_age_days)


def is_agreed_old(dating: Dating | None, polling: PollingSettings, now: datetime) -> bool:
    """Whether a new post is silenced as too old: two independent witnesses agree that it is; one is
    not enough."""
    return dating is not None and is_old(dating, alerted_since(polling, now))


def success_outcome(
    *,
    new: int,
    rows: int,
    last_rows: int | None,
    is_flood: bool,
    is_gap: bool,
    is_by_detection: bool,
) -> Outcome:
    """The outcome of a poll that could read its listing: what the operator must know comes
    first."""
    if is_flood:
        return Outcome.HELD
    if is_by_detection:
        return Outcome.LAYOUT_CHANGED
    if is_gap:
        return Outcome.POSSIBLE_GAP
    if has_dropped(rows, last_rows):
        return Outcome.YIELD_DROPPED
    return Outcome.NEW if new else Outcome.UNCHANGED


def has_dropped(rows: int, last_rows: int | None) -> bool:
    """Whether a listing shows far fewer posts than it last did."""
    return last_rows is not None and last_rows >= _MIN_ROWS and rows * 3 <= last_rows


def rows_expected(state: ListingState, now: datetime) -> int | None:
    """How many posts a listing should show. One that stays short for a week after the operator was
    told is short."""
    is_told = state.told_what == Outcome.YIELD_DROPPED and state.told_at is not None
    return None if is_told and now - (state.told_at or now) > _SHORT_FOR else state.last_rows


def back_off_s(
    polling: PollingSettings, failures: int, retry_after_s: float | None, chance: float
) -> float:
    """Seconds until a failing listing is tried again: doubling from the interval, jittered, at most
    a day.

    `failures` in a row, this one included; `chance` in [0, 1).
    """
    grown = polling.interval_s * 2.0 ** min(failures, 20)
    waited = min(jittered(grown, polling.jitter, chance), MAX_BACK_OFF_S)
    return min(max(waited, retry_after_s or 0.0), MAX_BACK_OFF_S)


def jittered(seconds: float, jitter: float, chance: float) -> float:
    return seconds * (1 + jitter * (2 * chance - 1))


def is_our_fault(error: BaseException) -> bool:
    """Whether a failure is evidence against our own network: no route, or no answer of our own
    resolver."""
    return isinstance(error, PortalError) and (
        error.outcome is Outcome.OWN_NETWORK or code_of(error.reason) == _NO_RESOLVER
    )


def is_own_network(
    outcomes: Mapping[str, Collection[Outcome]], *, has_evidence: bool = False
) -> bool:
    """Whether it is our own network that is down: every portal fails to be reached at once.

    Of a single portal that says nothing: there it takes evidence.
    """
    ours = (Outcome.NETWORK, Outcome.OWN_NETWORK)
    all_fail = all(some and all(one in ours for one in some) for some in outcomes.values())
    return all_fail and (len(outcomes) > 1 or (len(outcomes) == 1 and has_evidence))


def failure_outcome(outcome: Outcome, *, is_ours: bool) -> Outcome:
    """How a failed poll is booked: while other portals answer, no route to one is that portal's
    matter."""
    if is_ours:
        return Outcome.OWN_NETWORK
    return Outcome.NETWORK if outcome is Outcome.OWN_NETWORK else outcome


def next_check_at(first_seen_at: datetime, now: datetime) -> datetime | None:
    """The next recheck of a post on the thinning schedule; None when it has had them all."""
    return next((first_seen_at + after for after in RECHECKS if first_seen_at + after > now), None)


def is_gone(status: int | None) -> bool:
    return status in _GONE


def is_front_page(asked_url: str, answered_url: str) -> bool:
    """Whether an article's address led to the front page instead: a soft 404."""
    path = urlsplit(answered_url).path.lower().rstrip("/")
    return path in _FRONT_PAGES and urlsplit(asked_url).path.lower().rstrip("/") != path


def says_not_found(article: Article) -> bool:
    """Whether a page that came with success only says that the article is gone: a soft 404."""
    said = fold(f"{article.title}\n{article.text}")
    return (
        len(said) < _SHORT_PAGE and not article.attachments and _NOT_FOUND.search(said) is not None
    )


def may_be_renamed(new_url: str, old_key: str) -> bool:
    """Whether date folder and token of two addresses agree, though the slugs differ."""
    new, old = parse_article_path(new_url), parse_article_path(old_key)
    if new is None or old is None or not new.token:
        return False
    return (new.site, new.day, new.token) == (old.site, old.day, old.token) and new.slug != old.slug


def left_the_listing(
    old_key: str,
    old_published_at: datetime,
    new_key: str,
    rows: Mapping[str, ListedPost],
    known: Mapping[str, KnownPost],
) -> bool:
    """Whether a post is missing where the page still shows older ones below its new address.

    Then it was taken off and did not fall off. What stands above may be pinned, and says nothing.
    """
    keys = list(rows)
    below = keys[keys.index(new_key) + 1 :]
    return old_key not in rows and any(
        known[key].published_at < old_published_at for key in below if key in known
    )
