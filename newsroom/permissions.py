"""Who may do what with which kind of thing: Django's own permissions, asked by model."""

from django.contrib.auth import get_permission_codename
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Model


def may(user: AbstractBaseUser, act: str, model: type[Model]) -> bool:
    return user.has_perm(f"{model._meta.app_label}.{get_permission_codename(act, model._meta)}")


def may_see(user: AbstractBaseUser, model: type[Model]) -> bool:
    """Whoever may change it sees it too, as in Django's admin."""
    return may(user, "view", model) or may(user, "change", model)
