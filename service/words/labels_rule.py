"""What the rules are called by which the program decided what a post is: (Vietnamese, English).

Those of `config/categories.toml` by the names that stand there; an operator's own rules are shown
by theirs.
"""

from __future__ import annotations

from collections.abc import Mapping

RULES: Mapping[str, tuple[str, str]] = {
    # of a category
    "rule.document noun first": ("tiêu đề mở đầu bằng tên loại văn bản", "document noun first"),
    "rule.subject of a letter": ("trích yếu của công văn", "subject of a letter"),
    "rule.subject of a letter without its V/v": (
        "trích yếu của công văn, không có chữ V/v",
        "subject of a letter without its V/v",
    ),
    "rule.abstract of a decision": ("trích yếu của quyết định", "abstract of a decision"),
    "rule.abstract of a decision that no lead tells as news": (
        "trích yếu của quyết định, phần mở đầu không kể như tin tức",
        "abstract of a decision that no lead tells as news",
    ),
    "rule.order to stop or put off": ("lệnh dừng hoặc hoãn", "order to stop or put off"),
    "rule.document noun": ("có tên loại văn bản", "document noun"),
    "rule.letters of a number": ("ký hiệu của số văn bản", "letters of a number"),
    "rule.an office directs": ("cơ quan chỉ đạo", "an office directs"),
    "rule.imperative without a subject": (
        "câu ra lệnh không có chủ ngữ",
        "imperative without a subject",
    ),
    "rule.lead relays a document": (
        "phần mở đầu đưa tin về văn bản",
        "lead relays a document",
    ),
    "rule.lead has a letter": ("phần mở đầu nhắc tới công văn", "lead has a letter"),
    "rule.lead tells who must act": ("phần mở đầu nói ai phải làm", "lead tells who must act"),
    "rule.lead decides": ("phần mở đầu quyết định", "lead decides"),
    "rule.lead gives the order that the title repeats": (
        "phần mở đầu ra lệnh mà tiêu đề nhắc lại",
        "lead gives the order that the title repeats",
    ),
    "rule.invitation or papers of a session": (
        "giấy mời, tài liệu kỳ họp",
        "invitation or papers of a session",
    ),
    "rule.meeting noun": ("có từ chỉ cuộc họp", "meeting noun"),
    "rule.meeting verb": ("có động từ chỉ việc họp", "meeting verb"),
    "rule.training": ("tập huấn, bồi dưỡng", "training"),
    "rule.opening of a session": ("khai mạc kỳ họp", "opening of a session"),
    "rule.lead tells of a meeting": ("phần mở đầu kể về cuộc họp", "lead tells of a meeting"),
    "rule.launch at a conference": ("phát động tại hội nghị", "launch at a conference"),
    "rule.sports congress": ("đại hội thể thao", "sports congress"),
    "rule.ceremony about a decision": ("lễ công bố quyết định", "ceremony about a decision"),
    "rule.event noun": ("có từ chỉ sự kiện", "event noun"),
    "rule.contest first": ("mở đầu bằng cuộc thi", "contest first"),
    "rule.event verb": ("có động từ chỉ sự kiện", "event verb"),
    "rule.something opens or is awaited": (
        "một việc khai trương hoặc sắp tới",
        "something opens or is awaited",
    ),
    "rule.lead tells of an event": ("phần mở đầu kể về sự kiện", "lead tells of an event"),
    "rule.weekly calendar": ("lịch công tác tuần", "weekly calendar"),
    "rule.letter of a person": ("thư của một người", "letter of a person"),
    "rule.feature": ("bài viết", "feature"),
    "rule.section": ("chuyên mục của cổng", "the portal's own section"),
    "rule.fallback": ("không quy tắc nào khớp", "no rule matched"),
    "rule.document": ("tin là một văn bản có số", "the post is a document with a number"),
    "rule.operator": ("người quyết định", "a person decided"),
    # of an urgency
    "rule.text": ("chữ trong tiêu đề hoặc phần mở đầu", "words of the title or the lead"),
    "rule.file": ("dấu trong tệp đính kèm", "a stamp in the attached file"),
    # of a task
    "rule.task": (
        "câu nêu thời hạn và người phải làm",
        "a sentence that names a day and who has to act",
    ),
    "rule.task_unsure": (
        "câu nêu thời hạn; không chữ nào gần đó nói ai phải làm",
        "a sentence that names a day; no words near it say who has to act",
    ),
    "rule.task_again": ("câu nêu việc làm định kỳ", "a sentence that names what comes again"),
    "rule.task_scan": ("đọc từ bản quét", "read from a scan"),
    # of a relation
    "rule.relation": (
        "câu nêu văn bản kia; chưa có tin nào của văn bản đó",
        "a sentence that names the other document, of which there is no post",
    ),
    "rule.relation_post": (
        "câu nêu văn bản kia; số, loại, ngày và cơ quan trùng với tin được dẫn tới",
        "a sentence that names the other document, whose number, kind, day and office are those of "
        "the post",
    ),
    # of two posts of one document
    "rule.same_number": (
        "số, loại và cơ quan ban hành trùng nhau, ngày không trái nhau",
        "number, kind and issuer agree, and no day contradicts",
    ),
    "rule.same_title": (
        "loại, ngày, cơ quan ban hành và lời tiêu đề trùng nhau",
        "kind, day, issuer and the words of the titles agree",
    ),
}
