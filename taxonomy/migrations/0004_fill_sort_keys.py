"""The terms that were there before they had a sort key. As `taxonomy.pinyin` made it when this was written."""

import unicodedata
from importlib import import_module

from django.db import migrations

CHUNK = 2000
PHRASES = {"长上下文": "cháng shàng xià wén", "重构": "chóng gòu", "重排": "chóng pái", "重写": "chóng xiě"}


def sort_key(key, lazy_pinyin):
    starts = (place for place, char in enumerate(key) if char.isalnum())
    spoken = " ".join(lazy_pinyin(key[next(starts, 0) :]))
    bare = "".join(char for char in unicodedata.normalize("NFD", spoken) if not unicodedata.combining(char))
    return (bare if "a" <= bare[:1] <= "z" else f"#{bare}")[:200]


def fill(apps, schema_editor):
    # Not imported above: /readyz reads all migrations, and the dictionaries take 60 MB.
    pypinyin = import_module("pypinyin")
    pypinyin.load_phrases_dict({phrase: [[syllable] for syllable in spoken.split()] for phrase, spoken in PHRASES.items()})
    pypinyin.load_single_dict({ord("长"): "cháng,zhǎng", ord("调"): "tiáo,diào"})
    for name in ("industry", "keyword", "technology"):
        terms = apps.get_model("taxonomy", name).objects.using(schema_editor.connection.alias)
        last = 0
        while chunk := list(terms.filter(pk__gt=last).order_by("pk").values_list("pk", "key")[:CHUNK]):
            with schema_editor.connection.cursor() as cursor:
                cursor.execute(
                    f"UPDATE taxonomy_{name} term SET sort_key = new.sort_key "
                    "FROM unnest(%s::bigint[], %s::text[]) AS new (id, sort_key) WHERE term.id = new.id",
                    [[pk for pk, _key in chunk], [sort_key(key, pypinyin.lazy_pinyin) for _pk, key in chunk]],
                )
            last = chunk[-1][0]


class Migration(migrations.Migration):
    atomic = False  # a chunk is a transaction; done again after an interruption, it does no harm
    dependencies = [("taxonomy", "0003_sort_key")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
