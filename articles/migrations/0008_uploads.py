"""Batches that are uploaded, previewed and run by the worker."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("articles", "0007_retags")]

    operations = []
