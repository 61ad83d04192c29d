"""Terms changed on many articles at once."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("articles", "0006_undo")]

    operations = []
