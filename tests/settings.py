"""The product's settings with what tests need differently: speed, nothing else."""

import os

os.environ.setdefault("SECRET_KEY", "only-for-tests")
os.environ.setdefault("DATABASE_URL", "postgresql:///portal")
os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:6379/0")
os.environ.setdefault("PORTAL_MODE", "demo")
os.environ.setdefault("HTTPS", "false")
os.environ.setdefault("MFA_REQUIRED", "false")
os.environ.setdefault("ADMIN_SITE", "true")
os.environ.setdefault("EMAIL_HOST", "mail.example.test")
os.environ.setdefault("ALLOWED_HOSTS", "testserver 127.0.0.1 localhost")

from association.settings import *  # noqa: F403 -- the environment must stand first

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
WHITENOISE_AUTOREFRESH = True
