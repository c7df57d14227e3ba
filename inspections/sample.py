"""The demo's violations: one established, one under review, one lead, one dismissed."""

from datetime import date, timedelta

from django.utils import timezone

from association import files, sample
from inspections import actions
from inspections.default_content import grounds
from inspections.models import Violation

# An empty page: enough to stand for the scanned decision.
PAPER = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)


@sample.chapter(45, "违法违规事实")
def violations(story: sample.Story) -> None:
    """Four shops, four stages; the secretariat prepares, the adjudicator decides."""
    grounds(story.days_ago(300))
    shops = [shop for shop in story.shops if shop.status == "active"]
    if len(shops) < 20:
        return
    by, judge = story.user("secretary"), story.user("adjudicator")
    upheld = _lead(story, shops[-3], "veto/V05", 12, days=75, facts="从无证人员处购进药品一批。")
    actions.review(upheld, by=by, now=story.days_ago(74))
    actions.establish(
        upheld,
        reason="处罚决定书已生效，文书号与原件一致。",
        by=judge,
        now=story.days_ago(72),
    )
    empty = _lead(story, shops[7], "veto/V12", 15, days=50, facts="顾客反映养生讲座夸大疗效。")
    actions.review(empty, by=by, now=story.days_ago(49))
    actions.dismiss(
        empty, reason="主管部门核查后不予立案，线索不成立。", by=judge, now=story.days_ago(44)
    )
    waiting = _lead(
        story, shops[15], "veto/V06", 21, days=9, facts="执业药师社保与注册单位不一致。"
    )
    actions.review(waiting, by=by, now=story.days_ago(8))
    actions.prepare(
        shops[18],
        actions.Draft(
            code="veto/V10",
            facts="检查时未能提供进货票据，待区局出具材料。",
            starts_on=timezone.localdate(story.days_ago(3)),
        ),
        by=by,
        now=story.days_ago(3),
    )


def _lead(story: sample.Story, shop, code: str, number: int, *, days: int, facts: str) -> Violation:
    by, now = story.user("secretary"), story.days_ago(days)
    day: date = timezone.localdate(now) - timedelta(days=6)
    paper = files.keep(
        PAPER, name="示例处罚决定书.pdf", content_type="application/pdf", by=by, now=now
    )
    draft = actions.Draft(
        code=code,
        facts=facts,
        starts_on=day,
        document_number=f"示例市监罚〔{day.year}〕{number}号",
        authority="示例区市场监督管理局",
        decided_on=day,
    )
    return actions.prepare(shop, draft, paper=paper, by=by, now=now)
