from django.db import models


class PledgeState(models.TextChoices):
    INVITED = "invited", "待签署"
    SIGNED = "signed", "已签署"
    EXPIRED = "expired", "已到期"
