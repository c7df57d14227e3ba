from django.db import models


class ViolationState(models.TextChoices):
    """Until a violation is established the words stay careful: 线索, 复核中."""

    LEAD = "lead", "线索"
    IN_REVIEW = "in_review", "复核中"
    ESTABLISHED = "established", "已成立"
    DISMISSED = "dismissed", "不成立"
    LIFTED = "lifted", "已撤销"
