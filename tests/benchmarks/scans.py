"""How well scanned pages are read, and how dear: `python -m tests.benchmarks.scans [--stamped]`.

Makes ten letters, each scanned in three ways (and with --stamped a fourth, a stamp over the number),
reads them as a worker does, and prints how many numbers, days and deadlines are right, wrong and
missing, and what a page costs. A deadline is to be found where the same words are read as text.
"""

from __future__ import annotations

import argparse
import resource
import tomllib
from collections import Counter
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from service.portals.page_images import render_page
from service.portals.tesseract import Tesseract
from service.posts.rules import parse_rules
from service.posts.understand import Understander
from service.types import OCR, ScanReading
from tests.fakes_places import parse_places
from tests.fakes_scan import CLEAN, LOW, MID, STAMPED, Letter, Look, draw_letter

ROOT = Path(__file__).resolve().parent.parent.parent
PROVINCE = ("ỦY BAN NHÂN DÂN", "TỈNH THANH HÓA")
COMMUNE = ("ỦY BAN NHÂN DÂN", "XÃ QUẢNG NGỌC")
PARTY = ("TỈNH ỦY THANH HÓA", "BAN THƯỜNG VỤ")
COUNCIL = ("HỘI ĐỒNG NHÂN DÂN", "PHƯỜNG QUẢNG PHÚ")

ROWS = (
    (PROVINCE, "17/CĐ-UBND", date(2026, 11, 21), "CÔNG ĐIỆN", "Về việc khắc phục hậu quả mưa lũ", date(2026, 11, 27)),
    (PROVINCE, "06/CT-UBND", date(2026, 10, 5), "CHỈ THỊ", "Về việc phòng, chống rét cho vật nuôi", date(2026, 10, 15)),
    (PARTY, "38-CT/TU", date(2026, 9, 12), "CHỈ THỊ", "Về việc lãnh đạo công tác chuyển đổi số", date(2026, 12, 20)),
    (PROVINCE, "2208/UBND-NN", date(2026, 11, 3), "CÔNG VĂN", "Về việc báo cáo kết quả sản xuất vụ đông", date(2026, 11, 30)),
    (COMMUNE, "145/KH-UBND", date(2026, 8, 18), "KẾ HOẠCH", "Tổ chức Ngày hội Văn hóa - Thể thao năm 2026", date(2026, 8, 31)),
    (COMMUNE, "704/TB-UBND", date(2026, 7, 9), "THÔNG BÁO", "Về việc niêm yết danh sách hộ nghèo", date(2026, 7, 25)),
    (COUNCIL, "54/GM-HĐND", date(2026, 11, 14), "GIẤY MỜI", "Dự kỳ họp thứ năm Hội đồng nhân dân phường", date(2026, 11, 24)),
    (PROVINCE, "3391/QĐ-UBND", date(2026, 6, 26), "QUYẾT ĐỊNH", "Về việc phê duyệt danh mục dịch vụ công", date(2026, 7, 15)),
    (COMMUNE, "88/TTr-UBND", date(2026, 10, 2), "TỜ TRÌNH", "Về việc đề nghị hỗ trợ kinh phí tu sửa đê", date(2026, 10, 19)),
    (PROVINCE, "219/BC-UBND", date(2026, 5, 29), "BÁO CÁO", "Kết quả cải cách thủ tục hành chính quý II", date(2026, 6, 10)),
)  # fmt: skip


def letter_of(
    heads: tuple[str, str], number: str, on: date, kind: str, about: str, until: date
) -> Letter:
    body = (
        f"Thực hiện Công văn số 5127/UBND-VX ngày {on:%d/%m/%Y} của cơ quan cấp trên về nội dung "
        "nêu trên; để bảo đảm việc triển khai kịp thời, thống nhất, hiệu quả trên địa bàn,",
        "1. Ủy ban nhân dân các xã, phường rà soát, tổng hợp, gửi báo cáo bằng văn bản trước ngày "
        f"{until:%d/%m/%Y} để tổng hợp, theo dõi.",
        "2. Văn phòng theo dõi, đôn đốc việc thực hiện, kịp thời báo cáo những khó khăn, vướng mắc "
        "phát sinh trong quá trình tổ chức thực hiện.",
    )
    place = "Thanh Hóa" if heads != COMMUNE else "Quảng Ngọc"
    day = f"{place}, ngày {on:%d} tháng {on:%m} năm {on.year}"
    return Letter(*heads, number, day, kind, about, body)


def pictures_of(letter: Letter, look: Look) -> tuple[bytes, bytes]:
    body = draw_letter(letter, look)
    pictures = render_page(body, 0, 300, False, 1.0), render_page(body, 0, 200, True, 0.5)
    return pictures[0] or b"", pictures[1] or b""


def read_as_a_worker(reader: Tesseract, pictures: tuple[bytes, bytes]) -> ScanReading:
    first, second = reader.read(pictures[0], 300), reader.read(pictures[1], 200)
    return ScanReading("", first.text, second.text, first.confidence)


def understander_of_config() -> Understander:
    rules = parse_rules(tomllib.loads((ROOT / "config/categories.toml").read_text("utf-8")))
    places = parse_places(tomllib.loads((ROOT / "config/places.toml").read_text("utf-8")))
    return Understander(rules, places)


def score(
    name: str, look: Look, drawer: Executor, reader: Tesseract, understander: Understander
) -> None:
    counts: Counter[tuple[str, str]] = Counter()
    for seed, row in enumerate(ROWS):
        letter = letter_of(*row)
        drawn = drawer.submit(pictures_of, letter, replace(look, seed=seed)).result()
        scan = read_as_a_worker(reader, drawn)
        title, at = (
            f"{letter.kind.capitalize()} {letter.about}",
            datetime(*row[2].timetuple()[:3], 5, tzinfo=UTC),
        )
        facts = understander.understand(title, "", scans=(scan,), published_at=at)
        text = understander.understand(title, "\n".join(letter.body), published_at=at)
        scanned = facts.scanned
        read = (
            ("number", {scanned and scanned.number}, {letter.number}),
            ("day", {scanned and scanned.issued_on}, {row[2]}),
            ("deadline", {one.on for one in facts.deadlines if one.source == OCR},
             {one.on for one in text.deadlines}),
        )  # fmt: skip
        for what, got, wanted in read:
            state = "right" if got == wanted else "wrong" if got - {None} - wanted else "missing"
            counts[what, state] += 1
            if state != "right":
                print(
                    f"  {letter.number}: {what} {state}: {got} for {wanted}; {scanned and scanned.words!r}"
                )
    said = (
        f"{what} {counts[what, 'right']} right, {counts[what, 'wrong']} wrong"
        for what in ("number", "day", "deadline")
    )
    print(f"{name}, {len(ROWS)} pages: {'; '.join(said)}")


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--stamped", action="store_true")
    looks = {"clean 300": CLEAN, "worn 200": MID, "low 150": LOW}
    if options.parse_args().stamped:
        looks["stamped 200"] = STAMPED
    reader = Tesseract("tesseract")
    print(reader.describe())
    understander = understander_of_config()
    with ProcessPoolExecutor(1) as drawer:  # what draws is not to count
        for name, look in looks.items():
            score(name, look, drawer, reader, understander)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = (used.ru_utime + used.ru_stime) / len(looks) / len(ROWS)
    print(f"{cpu_s:.1f} s of CPU a page, both readings; {used.ru_maxrss / 1024:.0f} MB at the most")


if __name__ == "__main__":
    main()
