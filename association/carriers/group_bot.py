"""Bots in a group of WeCom, DingTalk or Feishu, by apprise; their keys stand in the environment."""

from collections.abc import Iterator
from contextlib import contextmanager

import apprise
from django.conf import settings

from association import sms_words
from association.carriers.interface import NotSentError, Parcel, RefusedForGoodError, Send


class GroupBot:
    """One bot in one group. ``secrets`` are the settings that its address is made of."""

    def __init__(self, address: str, *secrets: str, optional: tuple[str, ...] = ()) -> None:
        self.address, self.secrets, self.optional = address, secrets, optional

    def missing(self, options: dict) -> list[str]:
        return [name for name in self.secrets if not getattr(settings, name)]

    def address_of(self, person) -> str:
        return ""

    @contextmanager
    def connect(self, options: dict) -> Iterator[Send]:
        bot = apprise.Apprise.instantiate(self._address())
        if bot is None:
            raise RefusedForGoodError("机器人的密钥写得不对，请维护人员核对。")
        yield lambda parcel: self._send(parcel, bot)

    def _address(self) -> str:
        given = {name: getattr(settings, name) for name in (*self.secrets, *self.optional)}
        before = "".join(f"{given[name]}@" for name in self.optional if given[name])
        return self.address.format(before=before, **given)

    def _send(self, parcel: Parcel, bot) -> str:
        if reason := sms_words.refusal(f"{parcel.subject} {parcel.body}"):
            raise RefusedForGoodError(reason)
        body = f"{parcel.body}\n{parcel.link}".strip()
        if not bot.notify(body=body or parcel.subject, title=parcel.subject):
            raise NotSentError("群机器人没有收下，可能是密钥失效、关键词不符或发得太快。")
        return ""


WECOM = GroupBot("wecombot://{WECOM_BOT_KEY}", "WECOM_BOT_KEY")
DINGTALK = GroupBot(
    "dingtalk://{before}{DINGTALK_BOT_TOKEN}",
    "DINGTALK_BOT_TOKEN",
    optional=("DINGTALK_BOT_SECRET",),
)
FEISHU = GroupBot("feishu://{FEISHU_BOT_TOKEN}", "FEISHU_BOT_TOKEN")
