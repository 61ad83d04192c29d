"""The roles of the desk. An administrator may change what a group may do; this gives each its start."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

VOCABULARIES = ("keyword", "technology", "industry")
VIEW = ["article", "source", "importbatch", "importrow", "seedfile", "revision", "correction", *VOCABULARIES]

IMPORTERS = {*(f"view_{model}" for model in VIEW), "add_importbatch"}
EDITORS = {
    *(f"view_{model}" for model in VIEW),
    *("add_article", "change_article", "submit_article", "decline_article"),
    *(f"add_{vocabulary}" for vocabulary in VOCABULARIES),
}
REVIEWERS = EDITORS | {
    "publish_article",
    *(f"change_{vocabulary}" for vocabulary in VOCABULARIES),
    *(f"{act}_{name}alias" for act in ("view", "add", "change", "delete") for name in VOCABULARIES),
}
CHIEF_EDITORS = REVIEWERS | {
    *("withdraw_article", "add_source", "change_source", "add_importbatch"),
    *(f"delete_{vocabulary}" for vocabulary in VOCABULARIES),
}
GROUPS = {
    "Editors": EDITORS,
    "Reviewers": REVIEWERS,
    "Chief editors": CHIEF_EDITORS,
    "Importers": IMPORTERS,
}


def make_groups(apps, schema_editor):
    _make_permissions(apps)
    Group, Permission = (apps.get_model("auth", name) for name in ("Group", "Permission"))
    ours = Permission.objects.filter(content_type__app_label__in=["articles", "taxonomy"])
    for name, codenames in GROUPS.items():
        group, _made = Group.objects.get_or_create(name=name)  # one that the desk made keeps its rights
        group.permissions.add(*ours.filter(codename__in=codenames))


def _make_permissions(apps):
    """Django itself makes them only when all migrations are done."""
    for label in ("taxonomy", "articles"):
        config = apps.get_app_config(label)
        config.models_module = True
        create_permissions(config, apps=apps, verbosity=0)
        config.models_module = None


class Migration(migrations.Migration):
    dependencies = [
        ("articles", "0003_editing_desk"),
        ("taxonomy", "0005_sort_key_index"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop)]
