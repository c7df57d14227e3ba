"""Bots in a group of WeCom, DingTalk or Feishu, by apprise; their keys stand in the environment."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from apprise import NotifyBase
from apprise.plugins.dingtalk import NotifyDingTalk
from apprise.plugins.feishu import NotifyFeishu
from apprise.plugins.wecombot import NotifyWeComBot
from django.conf import settings

from association import sms_words
from association.carriers.interface import (
    CarrierAwayError,
    NotSentError,
    Parcel,
    RefusedForGoodError,
    Send,
)


class GroupBot:
    """One bot in one group; ``made`` takes the values of the settings that it needs."""

    def __init__(
        self, made: Callable[..., NotifyBase], *needed: str, optional: tuple[str, ...] = ()
    ) -> None:
        self.made, self.needed, self.optional = made, needed, optional

    def missing(self, options: dict) -> list[str]:
        return [name for name in self.needed if not getattr(settings, name)]

    def address_of(self, person) -> str:
        return ""

    @contextmanager
    def connect(self, options: dict) -> Iterator[Send]:
        values = [getattr(settings, name) or None for name in (*self.needed, *self.optional)]
        try:
            bot = self.made(*values)
        except TypeError as error:
            # Apprise's way of saying that a key has not the form of one; every message meets it.
            raise CarrierAwayError("机器人的密钥写得不对，请维护人员核对。") from error
        yield lambda parcel: _send(parcel, bot)


def _send(parcel: Parcel, bot: NotifyBase) -> str:
    if reason := sms_words.refusal(f"{parcel.subject} {parcel.body}"):
        raise RefusedForGoodError(reason)
    # The services differ in whether they show a title: the subject is the first line everywhere.
    lines = [line for line in (parcel.subject, parcel.body, parcel.link) if line]
    if not bot.send(body="\n".join(lines)):
        raise NotSentError("群机器人没有收下，可能是密钥失效、关键词不符或发得太快。")
    return ""


def _wecom(key: str) -> NotifyBase:
    return NotifyWeComBot(key=key)


def _dingtalk(token: str, secret: str | None) -> NotifyBase:
    return NotifyDingTalk(token=token, secret=secret)


def _feishu(token: str) -> NotifyBase:
    return NotifyFeishu(token=token)


WECOM = GroupBot(_wecom, "WECOM_BOT_KEY")
DINGTALK = GroupBot(_dingtalk, "DINGTALK_BOT_TOKEN", optional=("DINGTALK_BOT_SECRET",))
FEISHU = GroupBot(_feishu, "FEISHU_BOT_TOKEN")
