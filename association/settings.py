"""Settings, read once from the environment.

One file for every place the portal runs: what differs between a laptop, CI and production is
the environment, never the code (``.env.example`` lists each name).
"""

import os
from pathlib import Path

import dj_database_url
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from association.log import logging_settings

BASE_DIR = Path(__file__).resolve().parent.parent


def env(name: str, default: str | None = None) -> str:
    """Return the variable ``name``; without a default a missing one stops the boot."""
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"Environment variable {name} is not set; see .env.example.")
    return value


def env_bool(name: str, default: str) -> bool:
    """Read a switch; anything but ``true``/``false`` is a mistake worth stopping for."""
    value = env(name, default)
    if value not in {"true", "false"}:
        raise ImproperlyConfigured(f"{name}={value!r}: write 'true' or 'false'.")
    return value == "true"


def env_count(name: str, default: str) -> int:
    """Read a whole number that is not negative."""
    value = env(name, default)
    if not (value.isascii() and value.isdecimal()):
        raise ImproperlyConfigured(f"{name}={value!r}: write a whole number.")
    return int(value)


PORTAL_MODE = env("PORTAL_MODE", "server")
if PORTAL_MODE not in {"demo", "server"}:
    raise ImproperlyConfigured(f"PORTAL_MODE={PORTAL_MODE!r}: write 'demo' or 'server'.")
HTTPS = env_bool("HTTPS", "true")
BEHIND_PROXY = env_bool("BEHIND_PROXY", "false")
MFA_REQUIRED = env_bool("MFA_REQUIRED", "true")
# Django's own admin is for rescue; an office needs it never and a server opens it knowingly.
ADMIN_SITE = env_bool("ADMIN_SITE", "false")

DEBUG = False
SECRET_KEY = env("SECRET_KEY")
ALLOWED_HOSTS = env("ALLOWED_HOSTS", "").split()
# What a QR code on a door and a link in a message start with, e.g. https://portal.example.cn
PUBLIC_URL = env("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",  # its templates are the base of ours in templates/django/forms
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "import_export",
    # Ours, from the ground floor up; the order is the import order (see pyproject.toml).
    "association",
    "accounts",
    "desk",
    "members",
    "party",
    "pledges",
    "activities",
    "inspections",
    "starrating",
    "reports",
]

MIDDLEWARE = [
    "association.middleware.request_log",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "association.middleware.response_headers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "association.middleware.readable_parameters",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # Every page asks for a login; a public one says so with @public_page.
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.middleware.session_lifetime",
    "accounts.middleware.second_factor",
    "association.middleware.refusals",
]

ROOT_URLCONF = "association.urls"
WSGI_APPLICATION = "association.wsgi.application"
ASGI_APPLICATION = "association.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

DATABASES = {
    "default": {
        **dj_database_url.parse(env("DATABASE_URL"), conn_max_age=60, conn_health_checks=True),
        # An act is a transaction, a request is not (docs/adr/0030-an-act-is-a-transaction.md).
        "ATOMIC_REQUESTS": False,
    }
}
# Web processes set all three (gunicorn.conf.py), workers a long first one, management none.
TIMEOUTS_MS = {
    "statement_timeout": env_count("STATEMENT_TIMEOUT_MS", "0"),
    "lock_timeout": env_count("LOCK_TIMEOUT_MS", "0"),
    "idle_in_transaction_session_timeout": env_count("IDLE_TRANSACTION_TIMEOUT_MS", "0"),
}
DATABASES["default"].setdefault("OPTIONS", {})["options"] = " ".join(
    ["-c TimeZone=UTC", *(f"-c {name}={value}" for name, value in TIMEOUTS_MS.items() if value)]
)

# Sessions and rate limits live in PostgreSQL, so that losing Redis fails nobody's page.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"},
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
# Shops stay signed in while they come back within 14 days, staff 8 hours at most
# (accounts.middleware.session_lifetime). Saving on every request would be CVE-2026-35192's door.
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_SAVE_EVERY_REQUEST = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "association.context.portal",
                "accounts.context.person",
                "desk.context.desk",
            ],
            "builtins": ["association.templatetags.ui"],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# Accounts: sign-up is closed, the secretariat invites. Login by phone, user name or e-mail.
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 8},
    },
    {"NAME": "accounts.passwords.StaffLengthValidator"},
    {"NAME": "accounts.passwords.LocalWordsValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {"login": "accounts.login_form.LoginForm"}
ACCOUNT_LOGIN_METHODS = {"phone", "username", "email"}
# Nobody signs up; "phone" here would lead allauth into a step that waits for an SMS.
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_USER_DISPLAY = str
# Explicit, because allauth's own default (5 wrong guesses in 5 minutes) locks a shop out on
# deadline night. "key" is the account and the known device (accounts.adapter).
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "20/m/ip,20/h/key",
    "reset_password": "20/m/ip,5/m/key",
    "reset_password_from_key": "20/m/ip",
    "change_password": "5/m/user",
    "reauthenticate": "10/m/user",
    "manage_email": "10/m/user",
}
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if BEHIND_PROXY else 0
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "药品经营行业协会"
MFA_TOTP_TOLERANCE = 1
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TRUST_ENABLED = False

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文")]  # the parser of Accept-Language has had two DoS holes
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
PORTAL_DATA = Path(env("PORTAL_DATA", str(BASE_DIR / "var")))
STATIC_ROOT = Path(env("STATIC_ROOT", str(PORTAL_DATA / "static")))
# Uploaded papers: private, never under STATIC_ROOT, served only through guarded views.
MEDIA_ROOT = PORTAL_DATA / "files"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# The fonts are for papers and read from disk; compressing them takes a minute for nobody.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ["jpg", "jpeg", "png", "webp", "gz", "br", "ttf", "txt", "md"]
# A form without its files: the longest is a scheme's text. Files are limited where they are read.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500  # marks are typed one shop at a time
DATA_UPLOAD_MAX_NUMBER_FILES = 10
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o640
# The keys of sealed columns (association.encryption): a file outside the database and its backup.
KEYRING = Path(env("KEYRING", str(PORTAL_DATA / "keyring")))
# What one uploaded workbook may ask of the machine (association.sheet_guard.Limits).
SHEET_LIMITS = {
    "megabytes": 20,
    "members": 200,
    "unpacked_megabytes": 300,
    "ratio": 100,
    "rows": 200_000,
    "columns": 100,
    "memory_megabytes": 512,
    "cpu_seconds": 20,
    "wall_seconds": 40,
}

# Security. HTTPS decides the hardening, not DEBUG: the demo on a bench has no certificate.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-sid" if HTTPS else "sid"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_COOKIE_HTTPONLY = SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "association.views.csrf_failure"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL.startswith("https://") else []
if BEHIND_PROXY:  # the proxy throws away what a stranger says in this header (docker/Caddyfile)
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# W021: preloading HSTS binds every other site of the domain; that is the domain owner's to decide.
SILENCED_SYSTEM_CHECKS = ["security.W021"]

# Celery only wakes the drainer; a job is a row in PostgreSQL (association.jobs).
CELERY_BROKER_URL = env("REDIS_URL")
CELERY_TASK_IGNORE_RESULT = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TIMEZONE = TIME_ZONE
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SOFT_TIME_LIMIT = 90
CELERY_TASK_TIME_LIMIT = 120
CELERY_WORKER_MAX_TASKS_PER_CHILD = 200
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 400_000
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20
# A dead Redis must cost a request a moment, never fail it: the row is there, beat finds it.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
    "retry_on_timeout": True,
    "max_retries": 0,
}
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = {"visibility_timeout": 3600}
CELERY_VISIBILITY_TIMEOUT = 3600
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULE = {
    "drain": {
        "task": "association.drain",
        "schedule": 15.0,
        "options": {"expires": 14.0, "ignore_result": True},
    },
}

# Mail leaves over TLS from the first byte (port 465); without a server none is sent, and the
# pages say so. A slow mail server may hold a worker for ten seconds, never longer.
EMAIL_HOST = env("EMAIL_HOST", "")
EMAIL_PORT = env_count("EMAIL_PORT", "465")
EMAIL_USE_SSL = True
EMAIL_TIMEOUT = 10
EMAIL_HOST_USER = env("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env("EMAIL_HOST_PASSWORD", "")
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'dummy'}.EmailBackend"
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env("DEFAULT_FROM_EMAIL", "portal@localhost")

# Other channels out of the portal: their secrets stand here, everything else on the page 消息渠道.
SMS_KEY_ID = env("SMS_KEY_ID", "")
SMS_KEY_SECRET = env("SMS_KEY_SECRET", "")
SMS_ENDPOINT = env("SMS_ENDPOINT", "").rstrip("/")
WECOM_BOT_KEY = env("WECOM_BOT_KEY", "")
DINGTALK_BOT_TOKEN = env("DINGTALK_BOT_TOKEN", "")
DINGTALK_BOT_SECRET = env("DINGTALK_BOT_SECRET", "")
FEISHU_BOT_TOKEN = env("FEISHU_BOT_TOKEN", "")

LOGGING = logging_settings(
    style=env("LOG_FORMAT", "json" if PORTAL_MODE == "server" else "line"),
    level=env("LOG_LEVEL", "INFO"),
)
