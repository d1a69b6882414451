"""What becomes of what is owed while its subscription is not active, and in which words; and our own faults.

The one place that says so: fan-out, parking, both channels and `why` take it from here.
"""

from __future__ import annotations

from datetime import timedelta

from service.types import State, SubscriptionStatus

UNDER: dict[SubscriptionStatus, tuple[State, str]] = {
    SubscriptionStatus.PENDING: (State.HELD, "đăng ký chưa được xác nhận"),
    SubscriptionStatus.PAUSED: (State.HELD, "đăng ký đang tạm dừng"),
    SubscriptionStatus.DISABLED: (State.SUSPENDED, "đăng ký bị ngừng vì đầu nhận hỏng"),
    SubscriptionStatus.SUSPENDED: (State.SUSPENDED, "đăng ký bị ngừng vì thư bị trả lại"),
    SubscriptionStatus.REMOVED: (State.SKIPPED, "đăng ký đã được gỡ bỏ"),
}
"""Of a subscription that is not active. Active: it is sent."""

UNSIGNABLE = "không mở được khoá ký bằng service.secret_key hiện tại"
UNPREPARED = "lỗi của Loa: không soạn được tin"
OWN_FAULTS = (UNSIGNABLE, UNPREPARED)
"""Why a message waits that could not be prepared: it stays due, and its endpoint is not blamed."""

OWN_FAULT_REST = timedelta(minutes=15)
"""Between two tries to prepare it: somebody must mend something first."""
