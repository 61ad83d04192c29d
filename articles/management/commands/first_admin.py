import secrets

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from django.utils.translation import gettext as _

NAME = "admin"
# Without the letters and digits that look alike.
ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


def new_password() -> str:
    """Four groups of four, to be copied by hand: 80 bits."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))


def site_address() -> str:
    """Where a browser on this machine finds the site."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.HOST, settings.HOST)
    return f"http://[{host}]:{settings.PORT}" if ":" in host else f"http://{host}:{settings.PORT}"


class Command(BaseCommand):
    help = "Makes the account `admin` if there is no administrator yet, and says where the site is."

    def handle(self, **options: object) -> None:
        people = get_user_model().objects
        known = people.filter(is_superuser=True, is_active=True).order_by("pk").first()
        password = None if known else self.make_admin()
        name = known.get_username() if known else NAME
        site = site_address()
        lines = [
            (_("Site"), f"{site}/"),
            (_("Editing desk"), site + reverse("admin:index")),
            (_("Name"), name),
        ]
        if password:
            lines.append((_("One-time password"), password))
        self.stdout.write("\n" + "\n".join(f"  {label}: {value}" for label, value in lines))
        self.stdout.write(self.advice(name, site, first=bool(password)) + "\n")
        self.stdout.flush()  # the server's own lines follow

    def make_admin(self) -> str:
        people = get_user_model().objects
        if people.filter(username=NAME).exists():
            raise CommandError(
                _(
                    "The account %(name)s exists but is no active administrator: run .venv/bin/python manage.py createsuperuser."
                )
                % {"name": NAME}
            )
        password = new_password()
        people.create_superuser(NAME, password=password)
        return password

    def advice(self, name: str, site: str, *, first: bool) -> str:
        if first:
            return _("  It is shown only this once. Change it after your first visit: %(address)s") % {
                "address": site + reverse("admin:password_change")
            }
        return _("  Forgotten the password? .venv/bin/python manage.py changepassword %(name)s") % {
            "name": name
        }
