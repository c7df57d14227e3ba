"""allauth's log-in form with the length of a staff session."""

from allauth.account import forms

from accounts.middleware import STAFF_SESSION
from accounts.passwords import is_staff_account


class LoginForm(forms.LoginForm):
    """Log in; a staff session lasts a working day, a shop's two weeks."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "手机号、登录名或邮箱"
        for name in ("login", "password"):  # what the label says already
            self.fields[name].widget.attrs.pop("placeholder", None)

    def login(self, request, redirect_url=None):
        response = super().login(request, redirect_url)
        if request.user.is_authenticated and is_staff_account(request.user):
            request.session.set_expiry(STAFF_SESSION)
        return response
