import pytest

from accounts.permissions import allowed, roles_anywhere
from accounts.roles import GLOBAL_ROLES, Permission, Role
from tests.factories.accounts import make_user
from tests.factories.members import PharmacyFactory, head_office_of, owner_of, staff_of


@pytest.mark.django_db
@pytest.mark.parametrize("role", sorted(GLOBAL_ROLES))
def test_make_user_holds_the_role_everywhere(role):
    assert make_user(role).global_roles == {role}


@pytest.mark.django_db
def test_people_of_a_shop_hold_their_role_there_only():
    shop, other = PharmacyFactory(), PharmacyFactory()
    owner = owner_of(shop)

    assert roles_anywhere(owner) == {Role.OWNER}
    assert shop.roles_of(owner) == {Role.OWNER}
    assert other.roles_of(owner) == frozenset()
    assert allowed(owner, Permission.ASSESSMENT_SUBMIT, shop)
    assert not allowed(owner, Permission.ASSESSMENT_SUBMIT)
    assert shop.roles_of(staff_of(shop)) == {Role.STAFF}
    assert shop.roles_of(head_office_of(shop.unit)) == {Role.HEAD_OFFICE}
