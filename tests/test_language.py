"""The Chinese catalogue is complete, and what is compiled is what is written."""

import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest
from django.conf import settings

CATALOGUE = settings.BASE_DIR / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
SOURCES = ("articles", "newsroom", "taxonomy", "templates")


def texts(path: Path) -> dict[tuple, tuple]:
    load = polib.mofile if path.suffix == ".mo" else polib.pofile
    return {
        (entry.msgctxt, entry.msgid): (entry.msgstr, tuple(entry.msgstr_plural.values()))
        for entry in load(str(path))
        if not entry.obsolete
    }


def test_every_message_has_a_translation_and_none_is_fuzzy():
    catalogue = polib.pofile(str(CATALOGUE))
    assert [entry.msgid for entry in catalogue.untranslated_entries()] == []
    assert [entry.msgid for entry in catalogue.fuzzy_entries()] == []
    assert [entry.msgid for entry in catalogue.obsolete_entries()] == []


def test_placeholders_are_the_same_in_both_languages():
    wrong = []
    for entry in polib.pofile(str(CATALOGUE)):
        for translation in [entry.msgstr, *entry.msgstr_plural.values()]:
            names = {part.split(")")[0] for part in entry.msgid.split("%(")[1:]}
            if translation and {part.split(")")[0] for part in translation.split("%(")[1:]} != names:
                wrong.append(entry.msgid)
    assert wrong == []


def test_the_compiled_catalogue_is_up_to_date():
    assert texts(CATALOGUE.with_suffix(".mo")) == texts(CATALOGUE)


@pytest.mark.skipif(not shutil.which("xgettext"), reason="needs GNU gettext: apt-get install gettext")
def test_no_message_of_the_code_is_missing_from_the_catalogue(tmp_path):
    for name in SOURCES:
        shutil.copytree(settings.BASE_DIR / name, tmp_path / name, ignore=shutil.ignore_patterns("*.pyc"))
    (tmp_path / "locale").mkdir()
    command = [sys.executable, "-m", "django", "makemessages", "-l", "zh_Hans", "-v", "0"]
    subprocess.run(command, cwd=tmp_path, check=True, env={"PATH": shutil.os.environ["PATH"]})
    found = texts(tmp_path / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po")
    assert sorted(str(key) for key in found.keys() - texts(CATALOGUE).keys()) == []
    assert sorted(str(key) for key in texts(CATALOGUE).keys() - found.keys()) == []
