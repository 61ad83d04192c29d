"""python -m newsroom.embedded start | stop | status | url | run PROGRAM [ARGUMENTS…]

`run` starts one of PostgreSQL's programs of the server's own version, with the server's address in its
environment: python -m newsroom.embedded run pg_dump --format=custom --file=newsroom.dump newsroom
"""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

from newsroom.embedded import server
from newsroom.settings import DATABASES, VAR_DIR

DATABASE = DATABASES["default"]
IN_USE = DATABASE["ENGINE"] == "newsroom.embedded"


def start(data: Path) -> int:
    server.ensure_running(data, DATABASE.get("EMBEDDED_SETTINGS"))
    server.ensure_database(data, DATABASE["NAME"])
    return 0


def stop(data: Path) -> int:
    if server.stop(data):
        print("The embedded PostgreSQL has stopped.")
    return 0


def status(data: Path) -> int:
    running = server.is_running(data)
    print(f"{'running' if running else 'stopped'}: {data}")
    return 0 if running else 1


def url(data: Path) -> int:
    place = server.address(data)
    print(
        f"postgresql://{place['user']}@/{DATABASE['NAME']}?host={quote(place['host'])}&port={place['port']}"
    )
    return 0


def run(data: Path, name: str, *arguments: str) -> int:
    start(data)
    place = {f"PG{key.upper()}": value for key, value in server.address(data).items()}
    return subprocess.run([server.program(data, name), *arguments], env=os.environ | place).returncode


def main(name: str = "", *arguments: str) -> int:
    command = {"start": start, "stop": stop, "status": status, "url": url, "run": run}.get(name)
    if command is None or (command is run) != bool(arguments):
        print(__doc__, file=sys.stderr)
        return 2
    if not IN_USE and command not in (stop, status):  # one from before DATABASE_URL was set can be stopped
        print("DATABASE_URL names the database: the embedded one is not in use.", file=sys.stderr)
        return 1
    try:
        return command(Path(DATABASE.get("EMBEDDED_DATA", VAR_DIR / "postgres")), *arguments)
    except (server.ServerError, OSError) as error:
        print(error, file=sys.stderr)
        return 1


sys.exit(main(*sys.argv[1:]))
