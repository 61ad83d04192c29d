"""Django's PostgreSQL backend over the embedded server, which it starts when the first connection fails.

So `check`, `--help` and importing the settings start nothing, every process shares one server, and one that was
killed is back with the next connection.
"""

import os
from collections.abc import Iterable
from pathlib import Path

import psycopg
from django.db.backends.postgresql import base, client

from newsroom.embedded import server

# libpq prefers these to the socket folder it is told: they are about the user's own servers.
for name in ("PGHOSTADDR", "PGSERVICE"):
    os.environ.pop(name, None)


class DatabaseClient(client.DatabaseClient):
    @classmethod
    def settings_to_cmd_args_env(cls, settings_dict: dict, parameters: Iterable[str]) -> tuple[list, dict]:
        data = Path(settings_dict["EMBEDDED_DATA"])
        place = {key.upper(): value for key, value in server.address(data).items()}
        arguments, environment = super().settings_to_cmd_args_env(settings_dict | place, parameters)
        return [str(server.program(data, "psql")), *arguments[1:]], environment

    def runshell(self, parameters: Iterable[str]) -> None:
        self.connection.ensure_connection()
        super().runshell(parameters)


class DatabaseWrapper(base.DatabaseWrapper):
    client_class = DatabaseClient

    def get_connection_params(self) -> dict:
        # Asked anew for every connection: tests give the settings another data directory.
        return super().get_connection_params() | server.address(self._data)

    def get_new_connection(self, conn_params: dict) -> psycopg.Connection:
        try:
            return super().get_new_connection(conn_params)
        except psycopg.OperationalError as error:
            if error.sqlstate:  # a running server said no
                raise
        try:
            server.ensure_running(self._data, self.settings_dict.get("EMBEDDED_SETTINGS"))
            server.ensure_database(self._data, conn_params["dbname"])
        except (server.ServerError, OSError) as error:
            raise psycopg.OperationalError(str(error)) from error
        return super().get_new_connection(conn_params)

    @property
    def _data(self) -> Path:
        return Path(self.settings_dict["EMBEDDED_DATA"])
