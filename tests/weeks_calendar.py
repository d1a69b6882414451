"""Three weeks of a province's office, as data: the units, how their clerks answer, what the portals
publish, and every fault with the hour at which it comes. Days count from Monday, 2 November 2026;
hours are those of Việt Nam."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
BEGIN = datetime(2026, 11, 2, 6, 0, tzinfo=ZONE)
DAYS = 21
OPERATOR = "truc-ban@tinh.example"
PORTALS = {
    "tinh": "Cổng thông tin UBND tỉnh",
    "so": "Sở Nông nghiệp và Môi trường",
    "huyen": "UBND khu vực Quảng Xương",
}


@dataclass(frozen=True)
class Office:
    """One unit: by what it hears, and who answers when. `answers_h`: hours after what came; None:
    nobody, until the contact of that number (`from_contact`) is asked, or never."""

    n: int
    hears: str = "webhook"
    frequency: str = "immediate"
    contacts: int = 2
    answers_h: float | None = 1.0
    from_contact: int | None = None

    @property
    def name(self) -> str:
        return f"UBND xã số {self.n:02d}"

    @property
    def mailbox(self) -> str:
        return f"vanthu{self.n:02d}@xa.example"

    def contact(self, index: int) -> str:
        return self.mailbox if index == 0 else f"lanhdao{self.n:02d}@xa.example"


OFFICES = (
    *(Office(n) for n in range(1, 11)),  # 7: its endpoint fails for long; 8: answers 410
    Office(11, "email"),  # paused by whoever got the mail
    Office(12, "email"),  # its clerk asks to be erased
    Office(13, "email"),  # somebody unsubscribes from a forwarded mail
    Office(14, "email"),  # its mailbox is gone
    Office(15, "email"),  # a contact is taken off
    Office(16, "webhook"),  # its token is revoked
    Office(17, "email", "daily"),
    Office(18, "email", "daily", answers_h=3),
    Office(19, "email", answers_h=None, from_contact=1),  # the chief answers when he is asked
    Office(20, "email", contacts=0),  # nobody to remind
    Office(21, "webhook", contacts=0, answers_h=None),  # nobody to remind, nobody answers
    Office(22, "email", answers_h=30),  # slow
    Office(23, "email"),  # merged into 24
    Office(24, "email"),
    Office(25, "email", answers_h=5),
    Office(26, "email", answers_h=None),  # nobody ever answers
    Office(27, "pull"),  # its machine asks for nothing for some days
    Office(28, "feed"),  # its software does not renew its feed, for some days; webhooks go on
)
PERSON = "lan@nha.example"


@dataclass(frozen=True)
class Event:
    """Something that happens: `what` is a method of the world, given the rest."""

    day: int
    hour: str
    what: str
    about: tuple[object, ...] = ()

    @property
    def at(self) -> datetime:
        hours, minutes = map(int, self.hour.split(":"))
        return BEGIN.replace(hour=hours, minute=minutes) + timedelta(days=self.day - 1)


def _daily() -> list[Event]:
    """Nine posts on every working day, three of them directives; the odd ones with a deadline."""
    found = []
    for day in (day for day in range(1, DAYS + 1) if (day - 1) % 7 < 5):
        for turn, hour in enumerate(("08:20", "10:40", "14:10")):
            for place, portal in enumerate(PORTALS):
                number = len(found) + 1
                if turn == place:
                    until = BEGIN + timedelta(days=day + 4)
                    asks = f" Báo cáo trước ngày {until:%d/%m/%Y}." if number % 2 else ""
                    title = f"Chỉ thị số {number}/CT-UBND về công tác tháng 11, nội dung {number}"
                    words = f"{title}. Yêu cầu UBND các xã triển khai thực hiện.{asks}"
                else:
                    title = f"Hoạt động của nhân dân ngày {day}, tin số {number}"
                    words = f"{title}. Bà con phấn khởi thi đua lao động, sản xuất."
                found.append(Event(day, hour, "publish", (portal, title, words)))
    return found


STORM = "Công điện hỏa tốc số 9/CĐ-UBND về ứng phó bão số 13"
FORWARDED = "Chỉ thị số 700/CT-UBND về trực cơ quan, hạn trong ngày"
LOST = "Chỉ thị số 800/CT-UBND mang ngày sai"
OLD = "Chỉ thị số 801/CT-UBND đăng lại từ năm 2019"
DURING = "Chỉ thị số 900/CT-UBND đăng trong lúc cổng không đọc được"
AFTER_COPY = "Chỉ thị số 950/CT-UBND đăng sau khi sao lưu"

CALENDAR: tuple[Event, ...] = tuple(
    sorted(
        [
            *_daily(),
            # the first week
            Event(2, "09:00", "publish_dated", (LOST, "10/11/2016")),  # one witness is wrong
            Event(2, "15:00", "publish_old", (OLD,)),  # two say that it is old
            Event(4, "08:50", "release", (OLD,)),
            Event(3, "07:00", "endpoint", (7, 500)),  # until day 13
            Event(3, "13:00", "flood", ("so", 54)),
            Event(4, "09:00", "discard_flood", ("so",)),
            Event(3, "16:00", "unsubscribe", (13,)),
            Event(4, "08:00", "subscribe_again", (13,)),
            Event(4, "10:00", "mailbox_gone", (14,)),
            Event(5, "11:00", "new_mailbox", (14,)),
            Event(5, "09:00", "take_contact_off", (15,)),
            Event(5, "10:00", "revoke_token", (16,)),
            Event(1, "06:10", "subscribe_feed", (5,)),  # for so many days
            # a storm on Sunday
            Event(7, "14:05", "publish", ("tinh", STORM, f"{STORM}. Các xã trực 24/24.")),
            # the second week
            Event(8, "09:30", "extend", (STORM,)),
            Event(8, "11:00", "endpoint", (8, 410)),
            Event(9, "09:00", "endpoint", (8, 204)),
            Event(9, "09:05", "resume", (8,)),
            Event(9, "07:40", "pull_stops", (27,)),
            Event(12, "07:40", "pull_goes_on", (27,)),
            Event(9, "08:30", "subscribe_feed", (20,)),
            Event(9, "10:00", "portal_down", ("so",)),
            Event(9, "15:00", "publish", ("so", DURING, f"{DURING}. Các xã thực hiện.")),
            Event(10, "16:00", "portal_up", ("so",)),
            Event(9, "16:00", "pause", (11,)),
            Event(11, "08:00", "resume_by_page", (11,)),
            Event(10, "09:00", "publish", ("tinh", FORWARDED,
                  f"{FORWARDED}. Báo cáo trước 16 giờ ngày 11/11/2026.")),
            Event(11, "10:00", "ask_erasure", (12,)),
            Event(12, "09:00", "erase", (12,)),
            Event(12, "10:10", "relay_down"),
            Event(12, "15:40", "relay_up"),
            Event(13, "07:00", "endpoint", (7, 204)),
            # the third week
            Event(15, "20:00", "copy_database"),
            Event(16, "08:10", "publish", ("huyen", AFTER_COPY, f"{AFTER_COPY}. Các xã thực hiện.")),
            Event(16, "11:00", "restore_copy"),
            Event(16, "11:30", "release_restored"),
            Event(17, "09:10", "merge", (23, 24)),
        ],
        key=lambda event: event.at,
    )
)  # fmt: skip
