"""Which batches a timer ran: of those before, nobody has said it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("articles", "0013_waiting")]

    operations = [
        migrations.AddField(
            "importbatch",
            "scheduled",
            models.BooleanField(
                db_default=False,
                default=False,
                help_text="The command says so: it is the run that is expected, no trial by hand.",
                verbose_name="by the timer",
            ),
        ),
    ]
