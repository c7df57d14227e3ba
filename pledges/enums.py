from django.db import models


class PledgeState(models.TextChoices):
    INVITED = "invited", "待签署"
    AWAITING = "awaiting", "待确认"
    SIGNED = "signed", "已签署"
    BREACHED = "breached", "违诺整改中"
    WITHDRAWN = "withdrawn", "已撤回"
    EXPIRED = "expired", "已到期"


class SigningWay(models.TextChoices):
    """How a signature came about (签署方式)."""

    ONLINE = "online", "本人在线签署"
    PAPER = "paper", "纸质盖章后上传"
    HEAD_OFFICE = "head_office", "总部代签、门店确认"


class ConfirmedWith(models.TextChoices):
    """What showed that it was really this person (身份确认)."""

    PASSWORD = "password", "重新输入登录密码"
    SMS = "sms", "短信验证码"
    SECOND_PERSON = "second_person", "秘书处第二人核对"
    SHOP = "shop", "门店负责人确认"


class OfferState(models.TextChoices):
    """Where a signature stands that needs a second person (待确认的签署)."""

    PENDING = "pending", "待确认"
    ACCEPTED = "accepted", "已确认"
    REFUSED = "refused", "未通过"
    OVERTAKEN = "overtaken", "已作废"


class BreachState(models.TextChoices):
    OPENED = "opened", "待告知"
    NOTIFIED = "notified", "已告知，待申辩"
    HEARD = "heard", "已申辩，待决定"
    DECIDED = "decided", "已决定，整改中"
    APPEALED = "appealed", "申诉中"
    REPAIRED = "repaired", "已修复"
    DISMISSED = "dismissed", "不成立"


class NamesFor(models.TextChoices):
    """Who may read the name of the shop (公开范围)."""

    NOBODY = "nobody", "不公开"
    MEMBERS = "members", "会员内部"
    PUBLIC = "public", "向社会公开"


class SourceKind(models.TextChoices):
    """Where a breach came to light (违诺线索来源)."""

    INSPECTION = "inspection", "检查"
    COMPLAINT = "complaint", "投诉"
    VIOLATION = "violation", "违法违规事实"
    REPORT = "report", "来信来电"
