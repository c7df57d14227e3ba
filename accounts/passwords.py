"""Password rules beyond Django's own: length by role, and words everybody here would guess."""

from django.core.exceptions import ValidationError

from accounts.permissions import roles_anywhere
from accounts.roles import SECOND_FACTOR_ROLES

STAFF_LENGTH = 12
LONGEST = 256
LOCAL_WORDS = ("yaodian", "药店", "xiehui", "协会", "password", "mima", "qwerty", "admin")


class StaffLengthValidator:
    """Twelve characters for people of the association and the authority, eight for shops.

    A role that is proposed and not yet confirmed counts already. No rules of composition and no
    forced change (docs/adr): length and a blocked list hold more and are written on no note.
    """

    def validate(self, password, user=None) -> None:
        if len(password) > LONGEST:
            raise ValidationError(f"密码最长 {LONGEST} 个字符。")
        if user is not None and user.pk and is_staff_account(user) and len(password) < STAFF_LENGTH:
            raise ValidationError(
                f"协会和监管账号的密码至少 {STAFF_LENGTH} 个字符，可以是一句好记的话。"
            )

    def get_help_text(self) -> str:
        return f"药店账号至少 8 个字符，协会和监管账号至少 {STAFF_LENGTH} 个；可以是一句好记的话。"


class LocalWordsValidator:
    """Refuses a password that is little more than a word of the trade."""

    def validate(self, password, user=None) -> None:
        rest = password.lower()
        for word in LOCAL_WORDS:
            rest = rest.replace(word, "")
        if len(rest.strip("0123456789!@#.")) < 3 and rest != password.lower():
            raise ValidationError("这个密码太容易猜到，请换一句别人想不到的话。")

    def get_help_text(self) -> str:
        return "不要只用“药店”“协会”这类词加数字。"


def is_staff_account(user) -> bool:
    """Return whether the account has, or is about to have, a role beyond one shop."""
    if roles_anywhere(user) & SECOND_FACTOR_ROLES:
        return True
    return user.role_grants.held_or_awaited().exists()
