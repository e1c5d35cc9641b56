"""The private PostgreSQL, by breaking it: killed parents, killed servers, left-over files, closed folders."""

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from doorstep import processes
from doorstep.embedded_postgres import EmbeddedPostgres, unprivileged_user
from doorstep.postgres_binaries import choose_bindir
from doorstep.processes import CannotStart

HERE = Path(__file__).parents[2]
START_AND_WAIT = """
import sys, time
from pathlib import Path
from doorstep.embedded_postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
server.start()
print(server.pid, flush=True)
sys.stdin.readline()
server.stop()
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path / "var")
    yield server
    server.stop()


def ask(server: EmbeddedPostgres, sql: str) -> tuple[object, ...] | None:
    with psycopg.connect(server.url, autocommit=True) as connection:
        cursor = connection.execute(sql)
        return cursor.fetchone() if cursor.description else None


def in_another_process(home: Path, *before: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*before, sys.executable, "-c", START_AND_WAIT, str(home)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HERE, env={**os.environ, "PYTHONPATH": str(HERE)},
    )  # fmt: skip


def pid_said_by(child: subprocess.Popen[str]) -> int:
    assert child.stdout
    said = child.stdout.readline()
    assert said.strip().isdigit(), f"the server did not start: {said!r}, exit code {child.poll()}"
    return int(said)


def close(child: subprocess.Popen[str]) -> None:
    child.communicate()


def test_a_first_start_answers_in_utf8_and_never_trades_safety_for_speed(server: EmbeddedPostgres) -> None:
    server.start()
    assert ask(server, "select upper('äé'), '漏水' ~ '^\\w+$'") == ("ÄÉ", True)
    for setting, wanted in (("fsync", "on"), ("synchronous_commit", "on"), ("full_page_writes", "on")):
        assert ask(server, f"show {setting}") == (wanted,)
    assert ask(server, "show listen_addresses") == ("127.0.0.1",)
    assert ask(server, "select datctype from pg_database where datname = current_database()") == ("C.UTF-8",)
    assert (server.bindir / "psql").exists()


def test_data_password_and_port_are_kept_between_starts(server: EmbeddedPostgres) -> None:
    url = server.start()
    ask(server, "create table kept as select 1 as one")
    server.stop()
    assert not server.alive
    assert server.start() == url
    assert ask(server, "select one from kept") == (1,)
    assert (server.folder / "password").stat().st_mode & 0o777 == 0o600


def test_without_the_password_nobody_comes_in(server: EmbeddedPostgres) -> None:
    wrong = re.sub(":[^:@]+@", ":wrong@", server.start())
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(wrong)


def test_killing_the_parent_with_9_leaves_no_orphan(tmp_path: Path, server: EmbeddedPostgres) -> None:
    parent = in_another_process(tmp_path / "var")
    postmaster = pid_said_by(parent)
    parent.kill()
    close(parent)
    assert processes.wait_until(lambda: not processes.is_running(postmaster), 60)
    server.start()


def test_a_second_start_on_the_same_home_is_refused_with_a_sentence(tmp_path: Path, server: EmbeddedPostgres) -> None:
    server.start()
    with pytest.raises(CannotStart, match="already running"):
        EmbeddedPostgres(tmp_path / "var").start()
    assert server.ready()


def test_a_server_that_outlived_its_run_is_stopped_and_replaced(tmp_path: Path, server: EmbeddedPostgres) -> None:
    orphan = EmbeddedPostgres(tmp_path / "var")
    orphan.start()
    ask(orphan, "create table kept as select 1 as one")
    # The crash of the earlier run: its lock is gone, its server is not.
    orphan._release()
    server.start()
    assert not orphan.alive
    assert server.pid != orphan.pid
    assert ask(server, "select one from kept") == (1,)


def test_a_server_killed_with_9_comes_back_on_its_port_with_what_was_committed(server: EmbeddedPostgres) -> None:
    url = server.start()
    ask(server, "create table kept as select 1 as one")
    with psycopg.connect(url) as busy:
        busy.execute("insert into kept values (2)")
        assert server.pid
        os.kill(server.pid, signal.SIGKILL)
        assert processes.wait_until(lambda: not server.alive, 60)
        assert server.start() == url
        assert ask(server, "select array_agg(one) from kept") == ([1],)
        # The connection's transaction died with the server; closing it must not try to commit.
        busy.close()


def test_a_left_over_pid_file_does_not_cost_another_process_its_life(server: EmbeddedPostgres) -> None:
    server.start()
    server.stop()
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        (server.data / "postmaster.pid").write_text(f"{stranger.pid}\n{server.data}\n")
        server.start()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_zombie_is_not_taken_for_a_server(server: EmbeddedPostgres) -> None:
    server.start()
    server.stop()
    zombie = subprocess.Popen(["true"])
    assert processes.wait_until(lambda: not processes.is_running(zombie.pid), 60)
    (server.data / "postmaster.pid").write_text(f"{zombie.pid}\n{server.data}\n")
    server.start()
    assert server.ready()
    zombie.wait()


def test_an_interrupted_first_start_is_begun_anew(server: EmbeddedPostgres) -> None:
    server.start()
    server.stop()
    (server.data / "PG_VERSION").unlink()
    server.start()
    assert server.ready()


def test_it_works_below_a_folder_that_other_users_cannot_enter() -> None:
    with tempfile.TemporaryDirectory() as closed:
        assert Path(closed).stat().st_mode & 0o777 == 0o700
        server = EmbeddedPostgres(Path(closed) / "clone" / "var")
        try:
            server.start()
            ask(server, "create table kept as select generate_series(1, 1000) as n")
            assert ask(server, "select count(*) from kept") == (1000,)
            # Nobody's permissions were loosened for it.
            assert Path(closed).stat().st_mode & 0o777 == 0o700
            assert server.data.stat().st_mode & 0o077 == 0
        finally:
            server.stop()


def test_the_server_never_runs_as_root(server: EmbeddedPostgres) -> None:
    server.start()
    owner = Path(f"/proc/{server.pid}").stat().st_uid
    assert owner == (os.geteuid() or unprivileged_user().pw_uid)


def test_a_normal_user_can_run_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    with tempfile.TemporaryDirectory() as home:
        before: list[str] = []
        if os.geteuid() == 0:
            user = unprivileged_user()
            os.chown(home, user.pw_uid, user.pw_gid)
            # The test's own checkout may lie where that user cannot enter; reading is all that this adds.
            read = "dac_read_search"
            before = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--securebits",
                      "+no_setuid_fixup", f"--inh-caps=+{read}", f"--ambient-caps=+{read}", "--"]  # fmt: skip
        child = in_another_process(Path(home) / "var", *before)
        postmaster = pid_said_by(child)
        assert Path(f"/proc/{postmaster}").stat().st_uid != 0
        close(child)
        assert child.returncode == 0
        assert not processes.is_running(postmaster)


def test_data_is_only_opened_by_binaries_of_its_own_version() -> None:
    with pytest.raises(CannotStart, match="PostgreSQL 9, which made this folder's data, was not found"):
        choose_bindir(9)
