"""Production refuses to start without its secrets, and is silent under Django's own deployment checks."""

import os
import secrets
import subprocess
import sys

import pytest
from django.conf import settings

PRODUCTION = {
    "PRODUCTION": "1",
    "SECRET_KEY": secrets.token_urlsafe(64),
    "ALLOWED_HOSTS": "newsroom.invalid",
    "DATABASE_URL": "postgresql://newsroom:secret@newsroom.invalid/newsroom",
}


def check(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess:
    # The browser tests set the last one, which a deployment check rightly objects to.
    names = {*PRODUCTION, "DEBUG", "HOST", "PORT", "DJANGO_ALLOW_ASYNC_UNSAFE"}
    clean = {key: value for key, value in os.environ.items() if key not in names}
    command = [sys.executable, "manage.py", "check", *arguments]
    return subprocess.run(
        command, cwd=settings.BASE_DIR, env=clean | environment, capture_output=True, text=True
    )


@pytest.mark.parametrize("missing", ["SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL"])
def test_production_does_not_start_without(missing: str) -> None:
    done = check({key: value for key, value in PRODUCTION.items() if key != missing})
    assert done.returncode != 0
    assert f"Set the environment variable {missing}" in done.stderr


def test_production_passes_the_deployment_checks_without_a_warning() -> None:
    done = check(PRODUCTION, "--deploy", "--fail-level", "WARNING")
    assert (done.returncode, done.stderr) == (0, "")
    assert "no issues" in done.stdout


def test_production_has_no_debug_pages_whatever_the_environment_says() -> None:
    code = "from newsroom import settings; print(settings.DEBUG)"
    environment = os.environ | PRODUCTION | {"DEBUG": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True
    )
    assert done.stdout == "False\n", done.stderr


def test_another_kind_of_database_is_refused() -> None:
    done = check({"DATABASE_URL": "mysql://localhost/newsroom"})
    assert done.returncode != 0
    assert "DATABASE_URL must begin with postgresql://" in done.stderr


def test_a_first_run_needs_no_variable_at_all() -> None:
    done = check({})
    assert (done.returncode, done.stderr) == (0, "")


def test_a_slip_in_a_switch_does_not_mean_development():
    answer = check({"PRODUCTION": "ja"})
    assert answer.returncode != 0
    assert "PRODUCTION must be 1 or 0" in answer.stderr
