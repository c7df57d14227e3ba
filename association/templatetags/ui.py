"""Components that carry a rule; built into every template."""

from django import template

register = template.Library()
