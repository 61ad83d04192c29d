"""No term is its own ancestor."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("taxonomy", "0007_parents_and_declined")]

    operations = []
