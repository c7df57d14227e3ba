import factory

from desk.models import AssociationProfile


class AssociationProfileFactory(factory.django.DjangoModelFactory):
    """The association of this installation."""

    class Meta:
        model = AssociationProfile

    name = "示例区药品经营行业协会"
