import os

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

SOME_RECORDS_NEED_CARE = 1


class Command(BaseCommand):
    help = "What `make run` needs before it serves: the tables, the sample seeds, an administrator."

    def handle(self, **options: object) -> None:
        call_command("migrate", verbosity=0)
        try:
            call_command("import_seeds", os.path.relpath(settings.BASE_DIR / "seeds"), publish=True)
        except SystemExit as ended:
            # In a shell this could not be told from a crash, which exits with 1 as well.
            if ended.code != SOME_RECORDS_NEED_CARE:
                raise
        call_command("first_admin")
