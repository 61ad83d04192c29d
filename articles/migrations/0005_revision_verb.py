"""A revision says which verb of the workflow wrote it: so nobody has to guess it from the states around it."""

from django.db import migrations, models

# Of those written before: the state that each led to tells the verb. Two verbs lead back to the start.
FILL = """
UPDATE articles_revision SET verb = CASE
    WHEN snapshot->>'withdraw_at' IS NOT NULL THEN 'withdraw' ELSE CASE snapshot->>'status' WHEN 'in_review' THEN 'submit' WHEN 'published' THEN 'publish' WHEN 'withdrawn' THEN 'withdraw'
    WHEN 'declined' THEN 'decline' ELSE 'reopen' END END
WHERE kind = 'workflow'
"""


class Migration(migrations.Migration):
    dependencies = [("articles", "0004_groups")]

    operations = [
        migrations.AddField(
            model_name="revision",
            name="verb",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Of the workflow, where one wrote this revision.",
                max_length=20,
                verbose_name="verb",
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
