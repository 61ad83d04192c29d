"""What the desk corrects again and again becomes a rule."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("taxonomy", "0008_no_cycles")]

    operations = []
