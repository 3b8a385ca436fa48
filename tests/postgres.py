"""A real PostgreSQL server for tests: started when the first test asks for it, with a database of its own for each."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest

PASSWORD = "a secret"
"""Of the user `guarded`, the only one who needs one."""

HBA = "host all guarded 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n"

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",  # a process that is killed loses nothing by that, only a machine would
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "max_connections": "60",
    "autovacuum": "off",
}

NUMBERS = count(1)


def programs() -> Path | None:
    """The folder of `initdb` and `postgres`; None where there is no PostgreSQL."""
    found = shutil.which("postgres")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    return Path(found).resolve().parent if found else folders[-1] if folders else None


class PostgresServer:
    """One server on a port of 127.0.0.1 with its files in a folder of its own; root starts it as `postgres`."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._folder = Path(tempfile.mkdtemp(prefix="bakeoff-postgres-"))
        self._data = self._folder / "data"
        self._as = ["setpriv"]
        if os.getuid() == 0:
            import pwd

            owner = pwd.getpwnam("postgres")
            os.chown(self._folder, owner.pw_uid, owner.pw_gid)
            self._as += [f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
        self._process: subprocess.Popen[bytes] | None = None
        subprocess.run(
            [*self._as, programs / "initdb", "-D", self._data, "-U", "tester", "-E", "UTF8", "--locale=C", "--no-sync"],
            check=True,
            capture_output=True,
            cwd=self._folder,
        )
        (self._data / "pg_hba.conf").write_text(HBA)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.start()
        self.ask(f"CREATE ROLE guarded LOGIN SUPERUSER PASSWORD '{PASSWORD}'")

    def start(self) -> None:
        """Start it, also after it was killed, and wait until it lets in."""
        settings = [f"--{name}={value}" for name, value in (SETTINGS | {"port": str(self.port)}).items()]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._as, "--pdeathsig=INT", self._programs / "postgres", "-D", self._data, *settings],
                stdout=log,
                stderr=log,
                cwd=self._folder,
            )
        until = time.monotonic() + 30
        while True:
            try:
                return self.ask("SELECT 1")
            except psycopg.OperationalError as error:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise AssertionError((self._folder / "log").read_text()) from error
                time.sleep(0.02)

    def kill(self) -> None:
        """End it in the middle of everything: no transaction is ended, no connection is taken leave of."""
        self._end(signal.SIGQUIT)

    def close(self) -> None:
        """End it and take its files away."""
        self._end(signal.SIGINT)
        shutil.rmtree(self._folder)

    def ask(self, sql: str, database: str = "postgres") -> None:
        """One statement."""
        with psycopg.connect(self.address(database), autocommit=True, connect_timeout=30) as connection:
            connection.execute(sql.encode())

    def address(self, database: str, user: str = "tester") -> str:
        """Of a database on it."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def new_database(self, options: str = "") -> str:
        """The address of an empty database."""
        name = f"test_{next(NUMBERS)}"
        self.ask(f"CREATE DATABASE {name} {options}")
        return self.address(name)

    def drop(self, address: str) -> None:
        """Take a database away, whoever uses it."""
        self.ask(f"DROP DATABASE {address.rpartition('/')[2]} WITH (FORCE)")

    def _end(self, sign: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(sign)
            self._process.wait(30)
            self._process = None


def _started() -> PostgresServer:
    found = programs()
    if found is None or shutil.which("setpriv") is None:
        pytest.skip("no PostgreSQL on this machine")
    return PostgresServer(found)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """The server that all tests share."""
    server = _started()
    yield server
    server.close()


@pytest.fixture
def own_postgres_server() -> Iterator[PostgresServer]:
    """A server that the test may kill."""
    server = _started()
    yield server
    server.close()


@pytest.fixture
def postgres(postgres_server: PostgresServer) -> Iterator[str]:
    """The address of an empty database."""
    address = postgres_server.new_database()
    yield address
    postgres_server.drop(address)


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where a ledger may be, in both databases: `Ledger(where)`."""
    if request.param == "sqlite":
        return tmp_path / "bakeoff.db"
    address: str = request.getfixturevalue("postgres")
    return address
