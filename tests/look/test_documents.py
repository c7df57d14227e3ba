"""Papers: the certificate as a PDF with the portal's own fonts."""

from datetime import date
from io import BytesIO

import segno
from pypdf import PdfReader

from association.pdf import html_to_pdf, render_pdf
from association.templatetags.ui import cn_formal_date
from tests.look.test_assets import STATIC


def certificate(**other) -> dict:
    return {
        "shop": "示例大药房·新阳店",
        "stars": 4,
        "scheme": "《规范诚信经营星级药店评定标准（2026 版）》",
        "number": "XJ2026-0088",
        "valid_from": date(2027, 1, 1),
        "valid_to": date(2027, 12, 31),
        "issued_on": date(2026, 12, 28),
        "qr": segno.make("https://portal.example.cn/v/1").svg_data_uri(border=1),
    } | other


def test_a_certificate_is_one_page_with_embedded_fonts_and_says_what_it_is():
    context = {
        "organisation": {"name": "示例区药品经营行业协会"},
        "certificates": [
            certificate(),
            certificate(shop="示例区同心示例连锁大药房第十二分店䶮", stars=5),
        ],
    }
    reader = PdfReader(BytesIO(render_pdf("documents/certificate.html", context)))
    assert len(reader.pages) == 2
    text = reader.pages[0].extract_text()
    for words in (
        "星级药店证书",
        "四星级要求",
        "XJ2026-0088",
        "二〇二六年十二月二十八日",
        "第九十条",
    ):
        assert words in text
    fonts = reader.pages[0]["/Resources"]["/Font"].values()
    assert {font.get_object()["/BaseFont"].split("+")[1].split("-")[0] for font in fonts} == {
        "PortalSans",
        "PortalSerif",
    }


def test_a_paper_uses_the_fonts_and_styles_of_the_house():
    sheet = '<link rel="stylesheet" href="static:css/document.css"><h1>告知书</h1><p>示例</p>'
    reader = PdfReader(BytesIO(html_to_pdf(sheet)))
    names = str(
        [font.get_object()["/BaseFont"] for font in reader.pages[0]["/Resources"]["/Font"].values()]
    )
    assert "PortalSerif" in names
    assert "PortalSans" in names


def test_the_picture_of_the_certificate_stays_light():
    assert (STATIC / "img" / "certificate.svg").stat().st_size <= 12 * 1024


def test_formal_dates_are_written_in_characters():
    assert cn_formal_date(date(2026, 12, 28)) == "二〇二六年十二月二十八日"
    assert cn_formal_date(date(2030, 10, 20)) == "二〇三〇年十月二十日"
    assert cn_formal_date(date(2027, 1, 31)) == "二〇二七年一月三十一日"
    assert cn_formal_date(None) == "—"
