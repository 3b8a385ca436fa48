"""A ledger in PostgreSQL: who is not let in is told why, and what was acknowledged is there after the server died."""

import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from bakeoff.errors import StorageError, UsageError
from bakeoff.evaluate.store import ConnectionLost, Ledger
from bakeoff.evaluate.store import postgres as door
from bakeoff.evaluate.store.postgres import PostgresDatabase
from tests.postgres import PASSWORD, PostgresServer
from tests.test_store import ANSWER, call


def named(address: str, **parts: str) -> str:
    """An address with another user, port or database."""
    user, _, rest = address.removeprefix("postgresql://").partition("@")
    place, _, database = rest.partition("/")
    host, _, port = place.partition(":")
    found = {"user": user, "host": host, "port": port, "database": database} | parts
    return "postgresql://{user}@{host}:{port}/{database}".format(**found)


@pytest.mark.parametrize(
    ("parts", "password", "words", "hint"),
    [
        ({"user": "guarded"}, "another", "password authentication failed", "PGPASSWORD"),
        ({"user": "guarded"}, None, "no password supplied", "PGPASSWORD"),
        ({"user": "nobody"}, None, 'role "nobody" does not exist', "createuser"),
        ({"database": "none"}, None, 'database "none" does not exist', "createdb"),
        ({"port": "9"}, None, "refused", "pg_isready"),
        ({"host": "host.invalid"}, None, "host.invalid", "pg_isready"),
    ],
)
def test_who_is_not_let_in_is_told_why(
    postgres: str,
    monkeypatch: pytest.MonkeyPatch,
    parts: dict[str, str],
    password: str | None,
    words: str,
    hint: str,
) -> None:
    monkeypatch.setenv("PGPASSFILE", "/dev/null")
    if password is not None:
        monkeypatch.setenv("PGPASSWORD", password)
    address = named(postgres, **parts)
    with pytest.raises(StorageError, match=words) as caught:
        Ledger(address)
    assert address in caught.value.message
    assert hint in (caught.value.hint or "")


def test_a_password_comes_by_the_environment(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    with Ledger(named(postgres, user="guarded")) as ledger:
        assert ledger.begin_run({}) == 1


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("postgresql://me:secret@127.0.0.1/x", "holds a password"),
        ("postgresql://me@127.0.0.1/x?password=secret", "holds a password"),
        ("postgresql://me:se%20cret@127.0.0.1/x", "holds a password"),
        ("postgresql://me@127.0.0.1/x?colour=red", "not the address.*colour"),
        ("postgresql://me:secret@127.0.0.1/x?colour=red", "not the address"),
        ("postgres://me:secret@[::1/x", "not the address"),
        ("postgresql://me@127.0.0.1/x?colour=red&password=secret", "not the address"),
        ("postgresql://me@127.0.0.1/x?password=secret&colour", "not the address"),
    ],
)
def test_a_wrong_address_is_refused_and_no_password_is_shown(address: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        Ledger(address)
    assert "cret" not in f"{caught.value.message}{caught.value.hint}"


def test_without_psycopg_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "bakeoff.evaluate.store.postgres")
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(UsageError, match="psycopg") as caught:
        Ledger("postgresql://127.0.0.1/x")
    assert caught.value.hint == 'pip install "bakeoff[ray]"'


def test_a_database_of_another_program_is_refused(postgres: str) -> None:
    database = PostgresDatabase(postgres)
    database.run("CREATE TABLE orders (id BIGINT)")
    with pytest.raises(StorageError, match=r"another program.*orders") as caught:
        Ledger(postgres)
    assert "createdb" in (caught.value.hint or "")
    assert database.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == [("orders",)]
    database.close()


def test_a_database_that_cannot_hold_every_text_is_refused(postgres_server: PostgresServer) -> None:
    address = postgres_server.new_database("ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(StorageError, match="LATIN1") as caught:
        Ledger(address)
    assert "UTF8" in (caught.value.hint or "")
    postgres_server.drop(address)


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("REVOKE CREATE ON SCHEMA public FROM PUBLIC", "make and change tables"),
        ("ALTER ROLE reader SET default_transaction_read_only = on", "only be read"),
    ],
)
def test_who_may_not_write_is_told(postgres_server: PostgresServer, postgres: str, sql: str, words: str) -> None:
    name = postgres.rpartition("/")[2]
    postgres_server.ask("CREATE ROLE reader LOGIN")
    try:
        postgres_server.ask("GRANT ALL ON SCHEMA public TO PUBLIC", name)
        postgres_server.ask(sql, name)
        with pytest.raises(StorageError) as caught:
            Ledger(named(postgres, user="reader"))
        assert words in (caught.value.hint or "")
    finally:
        postgres_server.ask("DROP ROLE reader", name)


@pytest.mark.parametrize(("code", "hint"), door.REFUSED.items())
def test_what_the_server_refuses_has_a_way_out(postgres: str, code: str, hint: str) -> None:
    with Ledger(postgres) as ledger:
        with pytest.raises(StorageError, match="no more") as caught:
            ledger.database.run(f"DO $$ BEGIN RAISE EXCEPTION 'no more' USING ERRCODE = '{code}'; END $$")
        assert caught.value.hint == hint
        assert ledger.seq() == 0


def count_calls(ledger: Ledger) -> list[tuple[str, int]]:
    return [tuple(row) for row in ledger.database.rows("SELECT digest, attempt FROM call ORDER BY seq")]


def test_what_was_acknowledged_survives_a_server_that_is_killed(own_postgres_server: PostgresServer) -> None:
    """Twice, in the middle of writing; it starts again within the patience, and nobody who writes notices."""
    server = own_postgres_server
    address = server.new_database()
    acknowledged: list[str] = []
    enough = threading.Event()
    errors: list[BaseException] = []

    def write(number: int) -> None:
        try:
            with Ledger(address) as ledger:
                opened.wait()
                turn = 0
                while not enough.is_set():
                    names = [f"{number}-{turn}-{i}" for i in range(20)]
                    ledger.record([call(name, answer=None if i % 4 == 0 else ANSWER) for i, name in enumerate(names)])
                    acknowledged.extend(names)
                    turn += 1
        except BaseException as error:
            errors.append(error)

    Ledger(address).close()
    opened = threading.Barrier(3)
    writers = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for thread in writers:
        thread.start()
    for _ in range(2):
        before = len(acknowledged)
        while len(acknowledged) < before + 400 and not errors:
            time.sleep(0.01)
        server.kill()
        server.start()
    before = len(acknowledged)
    while len(acknowledged) < before + 400 and not errors:
        time.sleep(0.01)
    enough.set()
    for thread in writers:
        thread.join()
    assert errors == []
    with Ledger(address) as ledger:
        stored = count_calls(ledger)
    assert len(stored) == len(set(stored)), "nothing twice, failures neither"
    assert set(acknowledged) == {digest for digest, _ in stored}


def test_a_server_that_does_not_come_back_is_an_error(
    own_postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "PATIENCE_SECONDS", 0.2)
    ledger = Ledger(own_postgres_server.new_database())
    own_postgres_server.kill()
    for work in (lambda: ledger.record([call("d1")]), ledger.seq, lambda: ledger.begin_run({})):
        with pytest.raises(StorageError) as caught:
            work()
        assert "pg_isready" in (caught.value.hint or "")
    own_postgres_server.start()
    ledger.record([call("d1")])
    assert ledger.answered(["d1"]) == {"d1"}
    ledger.close()


class Unsure:
    """Loses the connection just after a commit, as if its acknowledgement had been lost."""

    def __init__(self, database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
        self.times = 0
        original = database._do

        def do(work):  # type: ignore[no-untyped-def]
            found = original(work)
            if found == "COMMIT":
                self.times += 1
                if self.times == 1:
                    raise ConnectionLost("the acknowledgement was lost")
            return found

        monkeypatch.setattr(database, "_do", do)


def test_a_commit_that_nobody_knows_of_is_not_done_twice(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = [call("d1"), call("d2", answer=None), replace(call("d2", answer=None), attempt=2)]
    grades = [("r", "d1", 1.0, None, None), ("s", "d1", None, "x", "{}")]
    with Ledger(postgres) as ledger:
        assert isinstance(ledger.database, PostgresDatabase)
        unsure = Unsure(ledger.database, monkeypatch)
        ledger.record(calls)
        assert (unsure.times, count_calls(ledger)) == (2, [("d1", 1), ("d2", 1), ("d2", 2)])
        ledger.record_grades("g", grades)
        monkeypatch.undo()
        unsure = Unsure(ledger.database, monkeypatch)
        ledger.record_grades("h", grades)
        assert unsure.times == 2
        assert (ledger.grades("g"), ledger.grades("h")) == (grades, grades)


def test_a_connection_that_is_lost_in_a_transaction_undoes_it(postgres_server: PostgresServer, postgres: str) -> None:
    def lose(ledger: Ledger) -> None:
        with ledger.database.transaction():
            ledger.next_seq()
            postgres_server.ask(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                f" WHERE datname = '{postgres.rpartition('/')[2]}' AND pid <> pg_backend_pid()"
            )
            for _ in range(2):
                with pytest.raises(ConnectionLost):
                    ledger.seq()
            ledger.next_seq()

    with Ledger(postgres) as ledger:
        with pytest.raises(ConnectionLost):
            lose(ledger)
        assert ledger.seq() == 0
        assert ledger.begin_run({}) == 1


def test_an_error_that_is_passed_over_does_not_pass_for_a_commit(postgres: str) -> None:
    def wrong(ledger: Ledger) -> None:
        with ledger.database.transaction():
            ledger.next_seq()
            with pytest.raises(StorageError):
                ledger.database.run("INSERT INTO nowhere VALUES (1)")

    with Ledger(postgres) as ledger:
        with pytest.raises(StorageError, match="undone"):
            wrong(ledger)
        assert ledger.seq() == 0


def test_who_stops_in_a_transaction_does_not_hold_up_all_others(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(stopped: Ledger, other: Ledger) -> None:
        with stopped.database.transaction():
            stopped.next_seq()
            assert other.begin_run({}) == 1, "it waits until the server has had enough"
            stopped.next_seq()

    session = door.SESSION.replace(f"{door.IDLE_SECONDS}s", "500ms")
    assert session != door.SESSION
    with Ledger(postgres) as other:
        monkeypatch.setattr(door, "SESSION", session)
        with Ledger(postgres) as stopped, pytest.raises(ConnectionLost):
            stop(stopped, other)
        assert other.seq() == 1


def test_a_reader_beside_a_transaction_waits_for_its_end(postgres: str) -> None:
    seen: list[int] = []
    with Ledger(postgres) as ledger:
        reader = threading.Thread(target=lambda: seen.append(ledger.seq()))
        with ledger.database.transaction():
            ledger.next_seq(7)
            reader.start()
            time.sleep(0.05)
            assert seen == []
        reader.join()
    assert seen == [7]


def test_a_server_that_is_full_of_connections_says_so(postgres_server: PostgresServer, postgres: str) -> None:
    name = postgres.rpartition("/")[2]
    postgres_server.ask("CREATE ROLE worker LOGIN CONNECTION LIMIT 1")
    postgres_server.ask("GRANT ALL ON SCHEMA public TO worker", name)
    address = named(postgres, user="worker")
    with Ledger(address), pytest.raises(StorageError, match="too many connections") as caught:
        Ledger(address)
    postgres_server.ask("DROP OWNED BY worker", name)
    postgres_server.ask("DROP ROLE worker")
    assert "max_connections" in (caught.value.hint or "")


def test_a_file_is_not_taken_for_an_address(tmp_path: Path) -> None:
    with Ledger(str(tmp_path / "bakeoff.db")) as ledger:
        assert ledger.database.kind == "sqlite"
    assert (tmp_path / "bakeoff.db").exists()


def test_both_clocks_go_forward(where: Path | str) -> None:
    with Ledger(where) as ledger:
        first = ledger.database.clock()
        assert abs(first - time.time()) < 60
        assert ledger.database.clock() >= first
