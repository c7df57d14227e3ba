from django.apps import AppConfig


class StarratingConfig(AppConfig):
    name = "starrating"
    verbose_name = "星级评定"
