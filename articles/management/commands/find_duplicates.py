"""Look for texts that are nearly the same: `manage.py find_duplicates [--again]`. An editor decides about them."""

from argparse import ArgumentParser
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error
from django.utils.translation import gettext as _
from tqdm import tqdm

from articles import duplicates
from articles.management.reporting import TROUBLE, show_progress
from articles.models import DuplicatePair


class Command(BaseCommand):
    help = "Look for texts that are nearly the same among new and changed articles. The worker does that too."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--again", action="store_true", help="look at all articles again; what was decided stays"
        )

    def handle(self, *, again: bool, **options: Any) -> None:
        try:
            if again:
                duplicates.queue_all()
            with tqdm(unit=" " + _("articles"), disable=None, leave=False) as bar:
                looked_at = duplicates.find_all(partial(show_progress, bar))
            waiting = DuplicatePair.objects.waiting().count()
        except Error as error:
            raise CommandError(str(error), returncode=TROUBLE) from error
        self.stdout.write(_("articles looked at: %(number)d") % {"number": looked_at})
        self.stdout.write(_("possible duplicates that wait for a decision: %(number)d") % {"number": waiting})
