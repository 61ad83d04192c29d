"""A term may stand below a broader one, and may be declined."""


import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('taxonomy', '0006_merges'),
    ]

    operations = [
        migrations.AddField(
            model_name='industry',
            name='declined',
            field=models.BooleanField(db_default=False, default=False, editable=False, help_text='No term of the desk: no page and no filter of its own, and no longer in the queue.', verbose_name='declined'),
        ),
        migrations.AddField(
            model_name='industry',
            name='parent',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='children', to='taxonomy.industry', verbose_name='broader term'),
        ),
        migrations.AddField(
            model_name='keyword',
            name='declined',
            field=models.BooleanField(db_default=False, default=False, editable=False, help_text='No term of the desk: no page and no filter of its own, and no longer in the queue.', verbose_name='declined'),
        ),
        migrations.AddField(
            model_name='keyword',
            name='parent',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='children', to='taxonomy.keyword', verbose_name='broader term'),
        ),
        migrations.AddField(
            model_name='technology',
            name='declined',
            field=models.BooleanField(db_default=False, default=False, editable=False, help_text='No term of the desk: no page and no filter of its own, and no longer in the queue.', verbose_name='declined'),
        ),
        migrations.AddField(
            model_name='technology',
            name='parent',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='children', to='taxonomy.technology', verbose_name='broader term'),
        ),
        migrations.AddIndex(
            model_name='industry',
            index=models.Index(condition=models.Q(('parent__isnull', False)), fields=['parent'], name='industry_parent'),
        ),
        migrations.AddIndex(
            model_name='industry',
            index=models.Index(condition=models.Q(('confirmed', False), ('declined', False), ('merged_into', None)), fields=['-id'], name='industry_new'),
        ),
        migrations.AddIndex(
            model_name='keyword',
            index=models.Index(condition=models.Q(('parent__isnull', False)), fields=['parent'], name='keyword_parent'),
        ),
        migrations.AddIndex(
            model_name='keyword',
            index=models.Index(condition=models.Q(('confirmed', False), ('declined', False), ('merged_into', None)), fields=['-id'], name='keyword_new'),
        ),
        migrations.AddIndex(
            model_name='technology',
            index=models.Index(condition=models.Q(('parent__isnull', False)), fields=['parent'], name='technology_parent'),
        ),
        migrations.AddIndex(
            model_name='technology',
            index=models.Index(condition=models.Q(('confirmed', False), ('declined', False), ('merged_into', None)), fields=['-id'], name='technology_new'),
        ),
        migrations.AddConstraint(
            model_name='industry',
            constraint=models.CheckConstraint(condition=models.Q(('confirmed', False), ('declined', False), _connector='OR'), name='industry_confirmed_or_declined'),
        ),
        migrations.AddConstraint(
            model_name='industry',
            constraint=models.CheckConstraint(condition=models.Q(('parent', models.F('id')), _negated=True), name='industry_not_its_own_parent'),
        ),
        migrations.AddConstraint(
            model_name='keyword',
            constraint=models.CheckConstraint(condition=models.Q(('confirmed', False), ('declined', False), _connector='OR'), name='keyword_confirmed_or_declined'),
        ),
        migrations.AddConstraint(
            model_name='keyword',
            constraint=models.CheckConstraint(condition=models.Q(('parent', models.F('id')), _negated=True), name='keyword_not_its_own_parent'),
        ),
        migrations.AddConstraint(
            model_name='technology',
            constraint=models.CheckConstraint(condition=models.Q(('confirmed', False), ('declined', False), _connector='OR'), name='technology_confirmed_or_declined'),
        ),
        migrations.AddConstraint(
            model_name='technology',
            constraint=models.CheckConstraint(condition=models.Q(('parent', models.F('id')), _negated=True), name='technology_not_its_own_parent'),
        ),
    ]
