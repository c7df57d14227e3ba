"""The product's settings, with the floor beside the pages it is the floor of."""

from association.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.urls"
LOGGING["root"]["level"] = "WARNING"  # noqa: F405 -- a line a request is for people, not for a race
