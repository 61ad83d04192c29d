"""The only settings file. The environment decides; every variable is listed in docs/operators.md."""

import os
import sys
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("NEWSROOM_VAR", BASE_DIR / "var"))


def env(name: str, default: str | None = None) -> str:
    """The variable's value; without a default it is required in production."""
    value = os.environ.get(name, "").strip()
    if value:
        return value
    if default is None:
        raise ImproperlyConfigured(
            f"Set the environment variable {name}: production does not start without it."
        )
    return default


def env_bool(name: str, default: bool = False) -> bool:
    """Raises ImproperlyConfigured for other words: a slip must not mean development."""
    value = env(name, "1" if default else "0").lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}.")


def env_list(name: str, default: str | None = None) -> list[str]:
    return [part.strip() for part in env(name, default).split(",") if part.strip()]


def database(url: str) -> dict:
    """Django's DATABASES entry for a postgresql:// address.

    Raises ImproperlyConfigured if the address names another kind of database.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(f"DATABASE_URL must begin with postgresql://, not {parts.scheme}://")
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or options.pop("host", "")),
        "PORT": str(parts.port or ""),
        # A database that answers nothing must not hold a request or a readiness probe for minutes.
        "OPTIONS": {"connect_timeout": "10"} | options,
    }


# --- what kind of place this is -------------------------------------------------------------------

PRODUCTION = env_bool("PRODUCTION")
DEBUG = env_bool("DEBUG") and not PRODUCTION
SECRET_KEY = env("SECRET_KEY", None if PRODUCTION else "development-only-" + "not-a-secret-" * 4)
HOST = env("HOST", "127.0.0.1")
PORT = env("PORT", "8000")
_any_host = HOST in {"0.0.0.0", "::"}
ALLOWED_HOSTS = env_list(
    "ALLOWED_HOSTS", None if PRODUCTION else "*" if _any_host else f"localhost,127.0.0.1,[::1],{HOST}"
)
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS", "")

# --- database: the user's own by DATABASE_URL, or the embedded one under var/ ----------------------

DATABASE_URL = env("DATABASE_URL", None if PRODUCTION else "embedded")
if DATABASE_URL == "embedded":
    _database = {"ENGINE": "newsroom.embedded", "NAME": "newsroom", "EMBEDDED_DATA": VAR_DIR / "postgres"}
else:
    _database = database(DATABASE_URL)
DATABASES = {
    "default": _database | {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True},
}
# Seconds after which PostgreSQL ends a statement of a public page, or of the desk.
PUBLIC_STATEMENT_TIMEOUT = float(env("PUBLIC_STATEMENT_TIMEOUT", "3"))
ADMIN_STATEMENT_TIMEOUT = 60
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- applications ---------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_filters",
    "taggit",
    "axes",
    "taxonomy",
    "articles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "newsroom.security.ContentSecurityPolicyMiddleware",
    "newsroom.security.QueryGuardMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "newsroom.caching.RevalidationMiddleware",
    "newsroom.deadline.DeadlineMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "newsroom.language.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "newsroom.urls"
WSGI_APPLICATION = "newsroom.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- language and time ----------------------------------------------------------------------------

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

# --- people ---------------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "admin:login"
# Five wrong passwords for one name from one address close the door for a quarter of an hour: to that name from
# that address, not to the name from elsewhere nor to others from there.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "newsroom.security.client_address"
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "429.html"
AXES_VERBOSE = False
AXES_USERNAME_CALLABLE = "newsroom.security.client_name"
AXES_ENABLE_ADMIN = False  # `manage.py axes_reset` opens the door again

# An article of 2,000 points, or a text of a million characters, must be saved, not answered with an error.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 20_000_000
# Counted by the first handler, which can say why.
DATA_UPLOAD_MAX_NUMBER_FILES = None
FILE_UPLOAD_HANDLERS = [
    "newsroom.uploading.BoundedUpload",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# --- the desk -------------------------------------------------------------------------------------

# Nobody publishes what she wrote or submitted herself, unless this is off.
FOUR_EYES = env_bool("FOUR_EYES", True)
# So long a link shows an article that is not public to somebody without an account.
PREVIEW_DAYS = int(env("PREVIEW_DAYS", "7"))
# What an import has changed can be undone for so many days; 0 is for ever. What it created, at any time.
IMPORT_UNDO_DAYS = int(env("IMPORT_UNDO_DAYS", "90"))
# Within so many hours a run of the timer is expected to have ended; 0 expects none.
IMPORT_EXPECTED_HOURS = int(env("IMPORT_EXPECTED_HOURS", "0"))
# Terms that wait for an editor have pages, filters and links like the confirmed ones.
UNCONFIRMED_TERMS_PUBLIC = env_bool("UNCONFIRMED_TERMS_PUBLIC")
# One delivery by hand: files as they are sent, bytes of them, and what they may hold once unpacked.
UPLOAD_MAX_FILES = int(env("UPLOAD_MAX_FILES", "1000"))
UPLOAD_MAX_BYTES = int(env("UPLOAD_MAX_MB", "60")) * 1_000_000
UPLOAD_MAX_UNPACKED_FILES = int(env("UPLOAD_MAX_UNPACKED_FILES", "10000"))
UPLOAD_MAX_UNPACKED_BYTES = int(env("UPLOAD_MAX_UNPACKED_MB", "300")) * 1_000_000
# A preview shows so many records at most: while it is made, whoever saves one of the same articles waits.
UPLOAD_PREVIEW_RECORDS = int(env("UPLOAD_PREVIEW_RECORDS", "5000"))
# Uploads that nobody decides on are discarded after so many days.
UPLOAD_DAYS = int(env("UPLOAD_DAYS", "30"))

# --- static files ---------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Production serves hashed, compressed files that `collectstatic` made; development serves the sources.
_static = (
    "whitenoise.storage.CompressedManifestStaticFilesStorage"
    if PRODUCTION
    else "django.contrib.staticfiles.storage.StaticFilesStorage"
)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _static},
}
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = not PRODUCTION

# --- security -------------------------------------------------------------------------------------

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
if PRODUCTION:
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
BEHIND_PROXY = env_bool("BEHIND_PROXY")
if BEHIND_PROXY:
    # Only for a proxy that overwrites this header: otherwise anybody could claim to come by https.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- messages on the terminal ---------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": sys.stderr}},
    "root": {"handlers": ["stderr"], "level": env("LOG_LEVEL", "WARNING")},
}
