"""Pages made like scans: a document in the layout of Nghị định 30/2020/NĐ-CP, drawn by PDFium with
a font that has Vietnamese letters, turned, blurred, shaded, speckled, stamped in red, and put into
a PDF as a picture."""

from __future__ import annotations

import ctypes
import math
import random
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium

FONTS = Path("/usr/share/fonts/truetype/liberation2")
"""Debian's fonts-liberation2; its predecessor has no Vietnamese letters."""
WIDTH, HEIGHT = 595, 842
_LINE = 17.0
_CHARS = 78


@dataclass(frozen=True, slots=True)
class Letter:
    """A document; `over` and `issuer` are the two lines of the left column."""

    over: str
    issuer: str
    number: str
    place_day: str
    kind: str
    about: str
    body: tuple[str, ...]
    stamp: str = ""
    """Of urgency, in a red box."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a page was scanned. `noise` and `shade` are of 255; `is_stamped_over`: a red stamp over
    the number."""

    dpi: int = 300
    degrees: float = 0.0
    noise: int = 0
    shade: int = 0
    is_blurred: bool = False
    specks: int = 0
    is_stamped_over: bool = False
    seed: int = 1


CLEAN = Look()
MID = Look(200, 0.7, noise=24, shade=20, is_blurred=True, specks=200)
LOW = Look(150, -0.6, noise=16, shade=12)
STAMPED = replace(MID, is_stamped_over=True, specks=2000, noise=40)


def draw_letter(letter: Letter, look: Look = CLEAN) -> bytes:
    """A PDF whose only page is a picture of the letter."""
    drawn = _drawn(letter, look)
    page = drawn[0]
    bitmap = page.render(scale=look.dpi / 72, rev_byteorder=True, may_draw_forms=False)
    step = bitmap.n_channels
    raw = bytes(bitmap.buffer)
    columns, rows = bitmap.width, bitmap.height
    if bitmap.stride != columns * step:
        raw = b"".join(
            raw[row * bitmap.stride : row * bitmap.stride + columns * step] for row in range(rows)
        )
    if step == 4:
        rgb = bytearray(columns * rows * 3)
        for channel in range(3):
            rgb[channel::3] = raw[channel::4]
        raw = bytes(rgb)
    drawn.close()
    return _picture_pdf(columns, rows, _worn(raw, columns, look))


def _worn(pixels: bytes, columns: int, look: Look) -> bytes:
    chance = random.Random(look.seed)
    if look.is_blurred:
        half = bytes(value >> 1 for value in range(256))
        moved = pixels[3:] + pixels[-3:]
        pixels = _sum(pixels.translate(half), moved.translate(half))
    if look.noise or look.shade:
        top = 255 - look.noise - look.shade
        dark = bytes(25 + value * (top - 25) // 255 for value in range(256))
        grain = bytes(value * look.noise // 255 for value in range(256))
        noise = chance.randbytes(len(pixels)).translate(grain)
        pixels = _sum(pixels.translate(dark), noise)
    if look.specks:
        spoiled = bytearray(pixels)
        for _ in range(look.specks):
            at = chance.randrange(len(pixels) // 3 - columns) * 3
            spoiled[at : at + 6] = bytes([chance.choice((20, 90))]) * 6
        pixels = bytes(spoiled)
    return pixels


def _sum(one: bytes, other: bytes) -> bytes:
    """Byte by byte; no sum may be above 255."""
    return (int.from_bytes(one) + int.from_bytes(other)).to_bytes(len(one))


def _picture_pdf(columns: int, rows: int, pixels: bytes) -> bytes:
    packed = zlib.compress(pixels, 1)
    shown = b"q %d 0 0 %d 0 0 cm /P Do Q" % (WIDTH, HEIGHT)
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents 4 0 R"
        b" /Resources << /XObject << /P 5 0 R >> >> >>" % (WIDTH, HEIGHT),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(shown), shown),
        b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB"
        b" /BitsPerComponent 8 /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream"
        % (columns, rows, len(packed), packed),
    )
    body, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return body + (
        b"xref\n0 6\n0000000000 65535 f \n%strailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (table, len(body))
    )


# --- drawing ----------------------------------------------------------------------------------


class _Sheet:
    def __init__(self, look: Look) -> None:
        self.document = pypdfium2.PdfDocument.new()
        self.page = self.document.new_page(WIDTH, HEIGHT)
        self._turn = math.radians(look.degrees)
        self._fonts: dict[str, object] = {}
        self._kept: list[object] = []

    def write(self, text: str, x: float, y: float, size: float, style: str, at: str) -> None:
        """`y` from the top; `at`: left or middle. In red where the style ends with `!`."""
        item = pdfium.FPDFPageObj_CreateTextObj(
            self.document.raw, self._font(style.rstrip("!")), size
        )
        words = ctypes.create_string_buffer(text.encode("utf-16-le") + b"\0\0")
        pdfium.FPDFText_SetText(item, ctypes.cast(words, ctypes.POINTER(ctypes.c_ushort)))
        if style.endswith("!"):
            pdfium.FPDFPageObj_SetFillColor(item, 210, 20, 30, 255)
        if at == "middle":
            bounds = [ctypes.c_float() for _ in range(4)]
            pdfium.FPDFPageObj_GetBounds(item, *map(ctypes.byref, bounds))
            x -= (bounds[2].value - bounds[0].value) / 2
        self._place(item, x, HEIGHT - y)

    def ring(self, x: float, y: float, radius: float, width: float) -> None:
        points = [
            (
                x + radius * math.cos(step / 32 * math.pi),
                HEIGHT - y + radius * math.sin(step / 32 * math.pi),
            )
            for step in range(65)
        ]
        path = pdfium.FPDFPageObj_CreateNewPath(*points[0])
        for point in points[1:]:
            pdfium.FPDFPath_LineTo(path, *point)
        pdfium.FPDFPageObj_SetStrokeColor(path, 210, 20, 30, 255)
        pdfium.FPDFPageObj_SetStrokeWidth(path, width)
        pdfium.FPDFPath_SetDrawMode(path, pdfium.FPDF_FILLMODE_NONE, True)
        pdfium.FPDFPage_InsertObject(self.page.raw, path)

    def _place(self, item: object, x: float, y: float) -> None:
        cos, sin = math.cos(self._turn), math.sin(self._turn)
        from_x, from_y = x - WIDTH / 2, y - HEIGHT / 2
        to_x = from_x * cos - from_y * sin + WIDTH / 2
        to_y = from_x * sin + from_y * cos + HEIGHT / 2
        pdfium.FPDFPageObj_Transform(item, cos, sin, -sin, cos, to_x, to_y)
        pdfium.FPDFPage_InsertObject(self.page.raw, item)

    def _font(self, style: str) -> object:
        if style not in self._fonts:
            data = (FONTS / f"LiberationSerif-{style}.ttf").read_bytes()
            held = (ctypes.c_ubyte * len(data)).from_buffer_copy(data)
            self._kept.append(held)
            self._fonts[style] = pdfium.FPDFText_LoadFont(
                self.document.raw, held, len(data), pdfium.FPDF_FONT_TRUETYPE, True
            )
        return self._fonts[style]


def _drawn(letter: Letter, look: Look) -> pypdfium2.PdfDocument:
    sheet = _Sheet(look)
    left, right = 165.0, 415.0
    sheet.write(letter.over, left, 62, 12, "Regular", "middle")
    sheet.write("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", right, 62, 12, "Bold", "middle")
    sheet.write(letter.issuer, left, 78, 12, "Bold", "middle")
    sheet.write("Độc lập - Tự do - Hạnh phúc", right, 78, 13, "Bold", "middle")
    sheet.write(f"Số: {letter.number}", left, 106, 13, "Regular", "middle")
    sheet.write(letter.place_day, right, 106, 13, "Italic", "middle")
    y = 150.0
    if letter.stamp:
        sheet.write(letter.stamp, left, 132, 13, "Bold!", "middle")
    sheet.write(letter.kind, WIDTH / 2, y, 14, "Bold", "middle")
    for line in _wrapped(letter.about, 62):
        y += 18
        sheet.write(line, WIDTH / 2, y, 13, "Bold", "middle")
    y += 14
    for paragraph in letter.body:
        y += 5
        for number, line in enumerate(_wrapped(paragraph, _CHARS)):
            y += _LINE
            sheet.write(line, 85 + (20 if number == 0 else 0), y, 13, "Regular", "left")
    y += 30
    sheet.write("TM. ỦY BAN NHÂN DÂN", 420, y, 13, "Bold", "middle")
    sheet.write("CHỦ TỊCH", 420, y + 16, 13, "Bold", "middle")
    sheet.write("Nguyễn Văn Bình", 420, y + 90, 13, "Bold", "middle")
    spots = [(365.0, y + 45)] + ([(left + 30, 104.0)] if look.is_stamped_over else [])
    for x, top in spots:
        sheet.ring(x, top, 46, 2.5)
        sheet.ring(x, top, 32, 1.2)
        sheet.write("U.B.N.D ★", x, top + 4, 12, "Bold!", "middle")
    pdfium.FPDFPage_GenerateContent(sheet.page.raw)
    return sheet.document


def _wrapped(text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
