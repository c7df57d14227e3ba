"""Pictures and papers of the reports room."""

import io

import segno
from django.conf import settings
from django.urls import reverse

from association.sheet_writing import workbook
from reports.queries.cockpit import Cockpit

# Pixels a module: about 500 px across, sharp on a counter card and small on the line.
MODULE = 12


def door_code(token: str) -> bytes:
    """Return the QR code of a shop's public page as PNG, with the quiet zone scanners need."""
    address = settings.PUBLIC_URL + reverse("reports:shop", args=[token])
    out = io.BytesIO()
    segno.make(address, error="m", micro=False).save(out, kind="png", scale=MODULE, border=4)
    return out.getvalue()


UNIT_COLUMNS = {
    "5": "五星",
    "4": "四星",
    "3": "三星",
    "2": "二星",
    "1": "一星",
    "0": "未达星",
    "wait": "资料不全",
    "none": "未参评",
    "veto": "涉否决",
}


def cockpit_workbook(page: Cockpit) -> bytes:
    """Return the regulator's figures as a workbook: sub-districts, parts, open risks."""
    areas = (
        [
            row.name,
            row.shops,
            *(row.units.get(kind, 0) for kind in UNIT_COLUMNS),
            row.mean,
            row.risks,
        ]
        for row in page.areas
    )
    parts = ([part.name, part.ratio, part.before, part.change] for part in page.parts)
    risks = (
        [
            risk.pharmacy.name,
            risk.pharmacy.area.name if risk.pharmacy.area else "",
            risk.title,
            risk.document_number,
            risk.get_state_display(),
            risk.prepared_at.date(),
        ]
        for risk in page.risks
    )
    before = page.previous.name if page.previous else "上一周期"
    headings = ["片区", "药店", *UNIT_COLUMNS.values(), "均分", "未结风险"]
    return workbook(
        [
            ("各片区", headings, areas),
            ("各部分得分率", ["部分", "得分率（%）", f"{before}（%）", "变化"], parts),
            ("未结风险", ["药店", "片区", "情形", "文书号", "进展", "登记日期"], risks),
        ],
        widths=(24, 12),
    )
