"""What is said of a list of subscriptions that somebody brings: (Vietnamese, English)."""

from __future__ import annotations

IMPORT: dict[str, tuple[str, str]] = {
    "import.at": ("dòng {line}, cột {column}: {reason}", "line {line}, column {column}: {reason}"),
    "import.line": ("dòng {line}: {reason}", "line {line}: {reason}"),
    "import.unreadable": ("không phải là tệp CSV: {text}", "is no CSV file: {text}"),
    "import.empty": ("tệp không có dòng nào", "the file has no line"),
    "import.column": ("không có cột {text!r}", "there is no column {text!r}"),
    "import.column_twice": ("cột {text!r} có hai lần", "the column {text!r} is there twice"),
    "import.lacks": ("thiếu cột {text!r}", "the column {text!r} is missing"),
    "import.many_cells": ("có nhiều ô hơn dòng đầu", "has more cells than the first line"),
    "import.twice": ("giống dòng {line}", "is like line {line}"),
    "allowed.yes": ("yes hoặc để trống", "yes, or nothing"),
    "import.unit_added": ("thêm đơn vị {name}", "unit {name} is added"),
    "import.unit_updated": ("sửa đơn vị {name}", "unit {name} is changed"),
    "import.added": ("thêm đăng ký {channel} tới {target}", "{channel} to {target} is added"),
    "import.updated": ("sửa đăng ký {channel} tới {target}", "{channel} to {target} is changed"),
    "import.unchanged": ("{channel} tới {target} giữ nguyên", "{channel} to {target} stays"),
}
