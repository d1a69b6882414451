"""Words about files of posts: why one is not kept, and what the operator is told of that."""

from __future__ import annotations

from collections.abc import Mapping

ARCHIVE: Mapping[str, tuple[str, str]] = {
    "archive.post_full": (
        "tệp của tin này đã dùng hết phần được lưu",
        "the files of this post have all the room that one post has",
    ),
    "archive.portal_full": (
        "tệp của cổng này trong ngày đã dùng hết phần được lưu",
        "the files of this portal have all the room that a portal has in a day",
    ),
    "archive.day_full": (
        "tệp của các cổng trong ngày đã dùng hết phần được lưu",
        "the files of all portals have all the room that there is in a day",
    ),
    "archive.disk_full": (
        "đĩa lưu tệp còn quá ít chỗ trống",
        "the disk of the archive has too little free space",
    ),
    "archive.unwritable": (
        "không ghi được vào thư mục lưu tệp",
        "the folder of the archive cannot be written to",
    ),
    "archive.forgotten": (
        "bản lưu đã xóa vì hết thời hạn lưu",
        "the copy is gone, it was kept for as long as copies are",
    ),
    "archive.damaged": ("bản lưu bị hỏng", "the copy is damaged"),
    "alarm.archive": ("Loa: có tệp không được lưu", "Loa: files are not kept"),
    "alarm.archive_text": (
        "Có tệp đính kèm không được lưu: {reason}. Tin vẫn được gửi như thường, kèm liên kết gốc.",
        "Attachments are not kept: {reason}. Alerts go out as ever, with the portal's own links.",
    ),
    "alarm.archive_portal": ("Cổng: {portal}", "The portal: {portal}"),
    "alarm.archive_do": (
        "Các giới hạn đặt trong mục [archive]; `loa check` cho biết thư mục và chỗ trống.",
        "The limits stand in [archive]; `loa check` shows the folder and its free space.",
    ),
}
