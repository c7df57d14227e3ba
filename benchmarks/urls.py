"""The product's addresses and the floor beside them."""

from django.urls import path

from association.urls import *  # noqa: F403
from benchmarks.floor import bare, floor

urlpatterns = [
    path("floor/<path:path>", floor),
    path("bare/<path:path>", bare),
    *urlpatterns,  # noqa: F405
]
