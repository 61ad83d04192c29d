"""The embedded PostgreSQL: it starts when it is needed, heals by itself, and stops when told."""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest
from django.conf import settings
from django.db.utils import DEFAULT_DB_ALIAS

from newsroom.embedded import server
from newsroom.embedded.base import DatabaseWrapper


def connect(data: Path) -> psycopg.Connection:
    """A connection as Django's backend makes it."""
    entry = settings.DATABASES[DEFAULT_DB_ALIAS] | {
        "NAME": "newsroom",
        "EMBEDDED_DATA": data,
        "EMBEDDED_SETTINGS": {"fsync": "off"},  # survives a killed server, if not a power cut
        "OPTIONS": {},
    }
    wrapper = DatabaseWrapper(entry, "scratch")
    return wrapper.get_new_connection(wrapper.get_connection_params())


def notes(data: Path) -> list[str]:
    with connect(data) as connection:
        return [text for (text,) in connection.execute("SELECT text FROM note").fetchall()]


def postmaster(data: Path) -> psutil.Process:
    return psutil.Process(int((data / "postmaster.pid").read_text().split()[0]))


def kill_nine(data: Path) -> None:
    postmaster(data).kill()
    while server.is_running(data):
        time.sleep(0.01)


def processes_in(data: Path) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if server._belongs(process, data)]


def rewrite_pid(data: Path, first_line: str) -> None:
    path = data / "postmaster.pid"
    path.write_text("\n".join([first_line, *path.read_text().split("\n")[1:]]))


def manage(var: Path, *arguments: str) -> subprocess.CompletedProcess:
    environment = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    environment |= {"NEWSROOM_VAR": str(var)}
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One server for all tests here, in a folder with an awkward name, with one note in it."""
    data = tmp_path_factory.mktemp("编辑部 the desk's, " + "长" * 30) / "postgres"
    with connect(data) as connection:
        connection.execute("CREATE TABLE note (text text)")
        connection.execute("INSERT INTO note VALUES ('kept')")
    yield data
    server.stop(data)


@pytest.fixture
def new_data(tmp_path: Path) -> Iterator[Path]:
    """A place for another server, which does not outlive its test, however that ends."""
    data = tmp_path / "postgres"
    yield data
    server.stop(data)


@pytest.mark.parametrize("arguments", [["check"], ["--help"], ["check_seeds", "tests/data"]])
def test_a_command_that_needs_no_database_starts_none(tmp_path: Path, arguments: list[str]) -> None:
    done = manage(tmp_path, *arguments)
    assert "Unknown command" not in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "postgres").exists()


def test_the_first_connections_start_one_server(new_data: Path) -> None:
    with ThreadPoolExecutor(5) as pool:
        connections = list(pool.map(connect, [new_data] * 5))
    starts = {
        connection.execute("SELECT pg_postmaster_start_time()").fetchone() for connection in connections
    }
    for connection in connections:
        connection.close()
    assert len(starts) == 1


def test_it_listens_on_no_network_address_and_lets_nobody_else_in(data: Path) -> None:
    with connect(data) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    assert Path(server.address(data)["host"]).stat().st_mode & 0o077 == 0


def test_it_does_not_run_as_root(data: Path) -> None:
    assert postmaster(data).uids().effective != 0


def test_it_orders_text_the_same_on_every_machine(data: Path) -> None:
    with connect(data) as connection:
        row = connection.execute("SELECT datlocale FROM pg_database WHERE datname = 'newsroom'").fetchone()
    assert row == ("C.UTF-8",)


def test_a_killed_server_is_back_with_the_next_connection(data: Path) -> None:
    kill_nine(data)
    assert notes(data) == ["kept"]


def test_a_busy_backend_that_outlived_its_server_is_ended(data: Path) -> None:
    connection = connect(data)
    busy = threading.Thread(target=count_for_ever, args=[connection])
    busy.start()
    kill_nine(data)
    assert notes(data) == ["kept"]
    busy.join(10)
    connection.close()
    assert not busy.is_alive()


def count_for_ever(connection: psycopg.Connection) -> None:
    with suppress(psycopg.OperationalError):
        connection.execute("SELECT count(*) FROM generate_series(1, 1000000000000) AS n WHERE n < 0")


def test_a_stale_pid_file_that_names_a_foreign_process_harms_nobody(data: Path) -> None:
    kill_nine(data)
    bystander = subprocess.Popen(["sleep", "60"], **server._account(data))
    try:
        rewrite_pid(data, str(bystander.pid))
        assert not server.is_running(data)
        assert notes(data) == ["kept"]
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


@pytest.mark.parametrize("first_line", ["", "not a number", "99999999999999999999", "1"])
def test_a_damaged_pid_file_does_not_keep_it_from_starting(data: Path, first_line: str) -> None:
    kill_nine(data)
    rewrite_pid(data, first_line)
    assert notes(data) == ["kept"]


def test_a_pid_file_that_names_a_zombie_does_not_keep_it_from_starting(data: Path) -> None:
    kill_nine(data)
    zombie = subprocess.Popen(["true"], **server._account(data))
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    rewrite_pid(data, str(zombie.pid))
    assert notes(data) == ["kept"]
    zombie.wait()


def test_stopping_ends_no_process_that_is_not_the_server(data: Path) -> None:
    kill_nine(data)
    bystander = subprocess.Popen(["sleep", "60"], **server._account(data))
    try:
        rewrite_pid(data, str(bystander.pid))
        assert not server.stop(data)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_it_finds_itself_again_when_its_socket_was_swept_away(data: Path) -> None:
    assert notes(data) == ["kept"]
    shutil.rmtree(server.address(data)["host"])
    assert notes(data) == ["kept"]


def test_it_moves_with_its_folder(data: Path) -> None:
    assert notes(data) == ["kept"]
    moved = data.with_name("moved")
    data.rename(moved)
    try:
        assert notes(moved) == ["kept"]
        assert len({process.ppid() for process in processes_in(moved)}) == 2  # one server and its children
    finally:
        server.stop(moved)
        moved.rename(data)


def test_the_users_own_postgresql_variables_do_not_lead_it_astray(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.stop(data)
    for name in ("PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGDATA"):
        monkeypatch.setenv(name, "5999")
    assert notes(data) == ["kept"]


def test_a_socket_folder_that_others_can_enter_is_refused(new_data: Path) -> None:
    folder = Path(server.address(new_data)["host"])
    folder.mkdir()
    folder.chmod(0o755)
    try:
        with pytest.raises(psycopg.OperationalError, match="is not a private folder"):
            connect(new_data)
    finally:
        folder.rmdir()


def test_data_of_a_version_that_is_not_installed_is_left_alone(new_data: Path) -> None:
    new_data.mkdir()
    (new_data / "PG_VERSION").write_text("99\n")
    with pytest.raises(psycopg.OperationalError, match="PostgreSQL 99 .* is needed"):
        connect(new_data)
    assert [path.name for path in new_data.iterdir()] == ["PG_VERSION"]


def test_dbshell_opens_the_embedded_database(data: Path) -> None:
    done = manage(data.parent, "dbshell", "--", "-Atc", "SELECT text FROM note")
    assert (done.stdout, done.returncode) == ("kept\n", 0), done.stderr


def test_stopping_leaves_nothing_behind_and_may_be_repeated(data: Path) -> None:
    assert notes(data) == ["kept"]
    assert server.stop(data)
    assert processes_in(data) == []
    assert not Path(server.address(data)["host"]).exists()
    assert not server.stop(data)


def test_a_signal_to_the_terminal_does_not_reach_it(data: Path) -> None:
    assert notes(data) == ["kept"]
    assert os.getsid(postmaster(data).pid) != os.getsid(0)
