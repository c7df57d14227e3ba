"""What may never stand in a text message or in a group: Party status and identity numbers.

A text passes the provider, the carrier and the lock screen of a phone; a group has readers that
the portal does not know. Both carry the subject of a message only, and not even that when it
would tell one of these things.
"""

import re

ID_NUMBER = re.compile(r"(?<![0-9])(?:[0-9]{17}[0-9Xx]|[0-9]{15})(?![0-9Xx])")
PARTY_STATUS = (
    "党员",
    "入党",
    "党支部",
    "党总支",
    "党委",
    "党组织",
    "党小组",
    "党费",
    "支部",
    "发展对象",
    "积极分子",
    "组织关系",
    "三会一课",
    "转正",
    "民主评议",
)


def refusal(text: str) -> str:
    """Return why ``text`` may not leave as a text message, empty when it may."""
    if ID_NUMBER.search(text):
        return "短信和群消息里不能有身份证号码。"
    for word in PARTY_STATUS:
        if word in text:
            return f"短信和群消息里不能出现“{word}”，党务消息只走站内和邮件。"
    return ""
