"""How a signer shows once more who they are: a strategy each, recorded with the signature."""

from dataclasses import dataclass
from typing import Protocol

from pledges.enums import ConfirmedWith


class Confirmation(Protocol):
    """One way to confirm; ``kind`` goes into the signature."""

    kind: ConfirmedWith

    def refusal(self, person) -> str:
        """Return why it does not hold for ``person``; empty when it does."""
        ...


@dataclass(frozen=True)
class PasswordAgain:
    """The password of the account, typed once more at the moment of signing."""

    typed: str
    kind: ConfirmedWith = ConfirmedWith.PASSWORD

    def refusal(self, person) -> str:
        if not person.has_usable_password():
            return "您的账号还没有设密码。请先在“我的”里设好密码，再回来签。"
        if not self.typed:
            return "请再输入一次登录密码，确认是您本人。"
        return "" if person.check_password(self.typed) else "登录密码不对，请重新输入。"
