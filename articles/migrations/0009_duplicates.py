"""Texts that are nearly the same."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("articles", "0008_uploads")]

    operations = []
