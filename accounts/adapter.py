"""What the portal asks of allauth: closed sign-up, phone login, limits that lock nobody out."""

import logging

from allauth.account.adapter import DefaultAccountAdapter
from django import forms
from django.core import signing
from django.utils import timezone

from accounts import phone
from accounts.middleware import begin_session
from accounts.models import User
from accounts.queries import find_user

logger = logging.getLogger(__name__)

DEVICE_COOKIE = "known_device"
DEVICE_SALT = "accounts.device"
DEVICE_AGE = 365 * 24 * 3600
STRANGER = "stranger"


class PhoneField(forms.CharField):
    """A mainland mobile number in any of the ways people write it."""

    def clean(self, value):
        number = phone.normalise(super().clean(value))
        if number is None:
            raise forms.ValidationError("请填写 11 位手机号。")
        return number


class AccountAdapter(DefaultAccountAdapter):
    """The secretariat invites; phone, user name and e-mail open the same door."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "invalid_login": "账号或密码不对，请核对后再试。",
        "email_password_mismatch": "账号或密码不对，请核对后再试。",
        "username_password_mismatch": "账号或密码不对，请核对后再试。",
        "phone_password_mismatch": "账号或密码不对，请核对后再试。",
        "too_many_login_attempts": "试错次数太多，请过一会儿再试，或请秘书处发一个重设链接。",
    }

    def is_open_for_signup(self, request) -> bool:
        return False

    # ---- phone: five methods that allauth asks for

    def phone_form_field(self, **options):
        return PhoneField(label="手机号", **options)

    def get_phone(self, user) -> tuple[str, bool] | None:
        return (user.phone, user.phone_verified_at is not None) if user.phone else None

    def set_phone(self, user, phone: str, verified: bool) -> None:
        user.phone, user.phone_verified_at = phone, timezone.now() if verified else None
        user.save(update_fields=["phone", "phone_verified_at"])

    def set_phone_verified(self, user, phone: str) -> None:
        self.set_phone(user, phone, True)

    def get_user_by_phone(self, phone_typed: str) -> User | None:
        number = phone.normalise(phone_typed)
        return User.objects.filter(phone=number).first() if number else None

    def send_verification_code_sms(self, user, phone: str, code: str, **options) -> None:
        raise NotImplementedError("Codes by SMS come with the SMS channel.")

    # ---- mail

    def send_mail(self, template_prefix, email, context) -> None:
        """Send; a mail server that is away fails no page, which says whom else to ask."""
        try:
            super().send_mail(template_prefix, email, context)
        except OSError:  # refused, timed out, and all of smtplib's own errors
            logger.exception("The mail %s was not sent.", template_prefix)

    # ---- limits

    def _get_login_attempts_cache_key(self, request, **credentials) -> str:
        """Count failures per account *and* per known device.

        allauth's own key leaves the phone out, so that all phone logins would share one bucket,
        and gives each of the three names of an account a bucket of its own. And a stranger who
        guesses fills the strangers' bucket only: whoever has logged in on this device before
        still gets in, deadline night or not.
        """
        typed = next(
            (credentials[k] for k in ("phone", "email", "username") if k in credentials), ""
        ).strip()
        user = find_user(typed)
        if user is None:
            return f"unknown:{phone.normalise(typed) or typed.lower()}"
        return f"user-{user.pk}:{self._device_of(request, user)}"

    def _device_of(self, request, user: User) -> str:
        cookie = request.COOKIES.get(DEVICE_COOKIE, "")
        try:
            user_pk = signing.loads(cookie, salt=DEVICE_SALT, max_age=DEVICE_AGE)
        except signing.BadSignature:
            return STRANGER
        return "known" if user_pk == user.pk else STRANGER

    # ---- after the login

    def post_login(self, request, user, **options):
        response = super().post_login(request, user, **options)
        begin_session(request, user)
        response.set_cookie(
            DEVICE_COOKIE,
            signing.dumps(user.pk, salt=DEVICE_SALT),
            max_age=DEVICE_AGE,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure(),
        )
        return response
