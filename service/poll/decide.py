"""What a poll decides, given the time and the data: pure. It reads no page, asks no database and writes nothing."""

from __future__ import annotations

import re
import socket
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from service.errors import PortalError
from service.posts.diff import is_alike_title
from service.posts.identity import canonical_key, is_cut, parse_article_path
from service.settings import PollingSettings
from service.storage.listings import ListingState
from service.storage.posts import KnownPost
from service.text import LOCAL, fold
from service.types import Article, ListedPost, Moment, Outcome

MAX_BACK_OFF_S = 86_400.0  # a day
RECHECKS = (
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
    timedelta(days=7),
    timedelta(days=30),
)
WITHDRAWAL_AFTER = timedelta(hours=3)  # between the two checks that both must find nothing
FLAP_LIMIT = 3  # revisions of one post within an hour; the next state is looked at an hour later
_NO_RESOLVER = socket.EAI_AGAIN
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
_FRONT_PAGES = frozenset({"", "/", "/portal", "/index.html", "/default.aspx", "/portal/pages/default.aspx"})
_SHORT_FOR = timedelta(days=7)
_MIN_ROWS = 6  # a listing with fewer rows may lose most of them without having been redesigned


@dataclass(frozen=True, slots=True)
class Sorted:
    """The rows of a listing by what must be done. Keys are identity keys."""

    new: dict[str, ListedPost]
    again: dict[str, ListedPost]
    """Known, shown as before."""
    edited: dict[str, ListedPost]
    """Known, under another title than this listing showed last, or withdrawn and back."""
    other: dict[str, ListedPost]
    """Known from another listing, shown here for the first time."""


def merge_rows(rows: Sequence[ListedPost]) -> dict[str, ListedPost]:
    """One row for each post, in the page's order: a whole title before a cut one, a dated row before one without."""
    merged: dict[str, ListedPost] = {}
    for row in rows:
        key = canonical_key(row.url)
        other = merged.get(key)
        if other is None or _worth(row) > _worth(other):
            merged[key] = row
    return merged


def _worth(row: ListedPost) -> tuple[bool, bool, bool]:
    return bool(row.title) and not row.is_cut, row.moment is not None, bool(row.title)


def sort_rows(rows: Mapping[str, ListedPost], known: Mapping[str, KnownPost], listing_url: str) -> Sorted:
    sorted_ = Sorted({}, {}, {}, {})
    for key, row in rows.items():
        post = known.get(key)
        if post is None:
            sorted_.new[key] = row
        elif listing_url not in post.listed_titles:
            sorted_.other[key] = row
        elif post.is_withdrawn or fold(post.listed_titles[listing_url]) != fold(row.title):
            sorted_.edited[key] = row
        else:
            sorted_.again[key] = row
    return sorted_


def is_joined(rows: Mapping[str, ListedPost], known: Collection[str]) -> bool:
    """Whether a page reaches back to what is known: a known post that is not merely pinned on top.

    Known rows that all stand above the unknown ones and are older than every one of those are pinned.
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


def _instants(rows: Mapping[str, ListedPost], keys: Sequence[str], places: Sequence[int]) -> list[datetime]:
    moments = (rows[keys[place]].moment for place in places)
    return [moment.at for moment in moments if moment is not None]


def moved_up(
    rows: Mapping[str, ListedPost], known: Collection[str], last_rows: int | None, oldest: datetime | None
) -> set[str]:
    """Unknown posts that only moved up from page two because another post left page one.

    They stand below every known post of a page that has not grown, and are older than `oldest`, the oldest post
    that the listing ever showed: younger ones would have been seen, had they been there.
    """
    if oldest is None or last_rows is None or len(rows) > last_rows:
        return set()
    keys = list(rows)
    familiar = [place for place, key in enumerate(keys) if key in known]
    below = keys[familiar[-1] + 1 :] if familiar else []
    return {key for key in below if (moment := rows[key].moment) is not None and moment.at < oldest}


def published_at(listed: Moment | None, stated: Moment | None, url: str, now: datetime) -> datetime:
    """When a post was published: by its article, its listing, its date folder, else when it was first seen.

    Where the article gives only a date and the listing an instant of that day, the instant counts. A moment of the
    future (more than a day ahead) is a slip and not believed.
    """
    future = now + timedelta(days=1)
    listed = listed if listed is not None and listed.at <= future else None
    stated = stated if stated is not None and stated.at <= future else None
    if stated is None:
        return listed.at if listed is not None else _folder_day(url, future) or now
    if not stated.has_time and listed is not None and listed.has_time and _day(listed.at) == _day(stated.at):
        return listed.at
    return stated.at


def _day(at: datetime) -> object:
    return at.astimezone(LOCAL).date()


def _folder_day(url: str, future: datetime) -> datetime | None:
    path = parse_article_path(url)
    if path is None:
        return None
    try:
        at = datetime.fromisoformat(path.day).replace(tzinfo=LOCAL).astimezone(UTC)
    except ValueError:
        return None
    return at if at <= future else None


def remembered_moment(stored: datetime, first_seen_at: datetime) -> Moment | None:
    """What the listing said of a post of which only the published instant was kept; None when it said nothing."""
    if stored == first_seen_at:
        return None
    local = stored.astimezone(LOCAL)
    return Moment(stored, (local.hour, local.minute, local.second) != (0, 0, 0))


def silence(
    at: datetime, now: datetime, polling: PollingSettings, *, is_baseline: bool, is_flood: bool
) -> str | None:
    """Why nobody is told of a new post; None when all who asked are."""
    if is_baseline and not polling.alert_on_first_poll:
        return "baseline"
    if at < now - timedelta(days=polling.max_alert_age_days):
        return "too_old"
    return "flood" if is_flood else None


def success_outcome(
    *, new: int, rows: int, last_rows: int | None, is_flood: bool, is_gap: bool, is_by_detection: bool
) -> Outcome:
    """The outcome of a poll that could read its listing: what the operator must know comes first."""
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
    """How many posts a listing should show. One that stays short for a week after the operator was told is short."""
    is_told = state.told_what == Outcome.YIELD_DROPPED and state.told_at is not None
    return None if is_told and now - (state.told_at or now) > _SHORT_FOR else state.last_rows


def back_off_s(polling: PollingSettings, failures: int, retry_after_s: float | None, chance: float) -> float:
    """Seconds until a failing listing is tried again: doubling from the interval, jittered, at most a day.

    `failures` in a row, this one included; `chance` in [0, 1).
    """
    grown = polling.interval_s * 2.0 ** min(failures, 20)
    waited = min(jittered(grown, polling.jitter, chance), MAX_BACK_OFF_S)
    return min(max(waited, retry_after_s or 0.0), MAX_BACK_OFF_S)


def jittered(seconds: float, jitter: float, chance: float) -> float:
    return seconds * (1 + jitter * (2 * chance - 1))


def is_our_fault(error: BaseException) -> bool:
    """Whether a failure is evidence against our own network: no route, or no answer of our own resolver."""
    if isinstance(error, PortalError) and error.outcome is Outcome.OWN_NETWORK:
        return True
    cause = error.__cause__
    return isinstance(cause, socket.gaierror) and cause.errno == _NO_RESOLVER


def is_own_network(outcomes: Mapping[str, Collection[Outcome]], *, has_evidence: bool = False) -> bool:
    """Whether it is our own network that is down: every portal fails to be reached at once.

    Of a single portal that says nothing: there it takes evidence.
    """
    ours = (Outcome.NETWORK, Outcome.OWN_NETWORK)
    all_fail = all(some and all(one in ours for one in some) for some in outcomes.values())
    return all_fail and (len(outcomes) > 1 or (len(outcomes) == 1 and has_evidence))


def failure_outcome(outcome: Outcome, *, is_ours: bool) -> Outcome:
    """How a failed poll is booked: while other portals answer, no route to one is that portal's matter."""
    if is_ours:
        return Outcome.OWN_NETWORK
    return Outcome.NETWORK if outcome is Outcome.OWN_NETWORK else outcome


def next_check_at(first_seen_at: datetime, now: datetime) -> datetime | None:
    """The next recheck of a post on the thinning schedule; None when it has had them all."""
    return next((first_seen_at + after for after in RECHECKS if first_seen_at + after > now), None)


def is_flapping(seen_at: Sequence[datetime], now: datetime) -> bool:
    """Whether a post changed too often in the last hour for another revision; the first one does not count."""
    return sum(at > now - timedelta(hours=1) for at in seen_at[1:]) >= FLAP_LIMIT


def is_gone(status: int | None) -> bool:
    return status in _GONE


def is_front_page(asked_url: str, answered_url: str) -> bool:
    """Whether an article's address led to the front page instead: a soft 404."""
    path = urlsplit(answered_url).path.lower().rstrip("/")
    return path in _FRONT_PAGES and urlsplit(asked_url).path.lower().rstrip("/") != path


def says_not_found(article: Article) -> bool:
    """Whether a page that came with success only says that the article is gone: a soft 404."""
    said = fold(f"{article.title}\n{article.text}")
    return len(said) < _SHORT_PAGE and not article.attachments and _NOT_FOUND.search(said) is not None


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
    return old_key not in rows and any(known[key].published_at < old_published_at for key in below if key in known)


def first_title(listed: str, stated: str) -> str:
    """The title of a new post: its article's where that can be the same, else what the listing says."""
    return whole_title(listed, stated) if not listed or is_alike_title(listed, stated) else listed


def whole_title(listed: str, stated: str) -> str:
    """The title of an article, or of its listing where the article gives none or a cut one."""
    if stated and (is_cut(listed) or not is_cut(stated)):
        return stated
    return listed or stated
