"""The rules of the house that no linter knows; see ARCHITECTURE.md for the why of each."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("services", "gateway", "doorstep", "deploy", "tests")
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers", "base"}
MOST_LINES = 300


def tracked(*patterns: str) -> list[Path]:
    """Return the files of the repository, and those about to be added to it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode:  # An unpacked archive has no repository: then every file counts.
        return [path for room in ROOMS for path in (ROOT / room).rglob("*") if path.is_file()]
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def sources(*rooms: str) -> list[Path]:
    return [path for path in tracked() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in rooms]


def said(path: Path) -> str:
    return str(path.relative_to(ROOT))


def called(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield the dotted name and line of every call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno


CODE = sources("services", "gateway", "doorstep")
EVERYTHING = sources(*ROOMS)
# A migration is a list of statements, as long as there are tables.
WRITTEN = [path for path in CODE if "migrations" not in path.parts]


def test_there_is_something_to_look_at():
    assert len(CODE) > 50


@pytest.mark.parametrize("path", EVERYTHING, ids=said)
def test_a_file_says_on_top_what_lives_there(path):
    source = path.read_text(encoding="utf-8")
    if source.strip():
        assert ast.get_docstring(ast.parse(source)), "begin the file with one sentence that says what lives there"


def test_no_name_is_vague():
    vague = [said(path) for path in CODE if VAGUE & {path.stem, *path.relative_to(ROOT).parts}]
    assert vague == [], "name the file by what it holds"


def test_no_file_is_two():
    long = {said(path): lines for path in WRITTEN if (lines := len(path.read_text().splitlines())) > MOST_LINES}
    assert long == {}, f"past {MOST_LINES} lines a file wants to be two"


# Who may wait without being woken: the supervisor watches processes, and a stopping gateway its last requests.
MAY_SLEEP = ("doorstep/", "gateway/stopping.py")
# Who may look at the clock by themselves: the clock.
MAY_ASK_THE_TIME = ("services/kit/clock.py",)


def offenders(paths: list[Path], wrong: set[str], allowed: tuple[str, ...] = ()) -> list[str]:
    return [
        f"{said(path)}:{line} {name}()"
        for path in paths
        if not said(path).startswith(allowed or ("\0",))
        for name, line in called(ast.parse(path.read_text(encoding="utf-8")))
        if name in wrong
    ]


def test_nobody_sleeps_where_something_could_wake_them():
    assert offenders(CODE, {"time.sleep", "sleep", "gevent.sleep"}, MAY_SLEEP) == []


def test_only_the_clock_asks_the_time():
    asking = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "datetime.datetime.now", "time.time"}
    assert offenders(CODE, asking, MAY_ASK_THE_TIME) == [], "use services.kit.clock.now()"


def test_services_write_logs_and_print_nothing():
    assert offenders([path for path in CODE if said(path).startswith(("services", "gateway"))], {"print"}) == []


def test_nothing_is_swallowed():
    swallowed = []
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler):
                wide = node.type is None or ast.unparse(node.type) in ("Exception", "BaseException")
                silent = all(isinstance(line, ast.Pass | ast.Continue) for line in node.body)
                if node.type is None or (wide and silent):
                    swallowed.append(f"{said(path)}:{node.lineno}")
    assert swallowed == [], "raise, or say what you do about it"


def test_no_test_is_skipped_or_excused():
    excuses = re.compile(r"pytest\.(mark\.)?(skip|skipif|xfail|importorskip)\b|unittest\.skip")
    excused = [
        f"{said(path)}:{number}"
        for path in sources("tests")
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if excuses.search(line)
    ]
    assert excused == []


# Places of one machine, and addresses of package registries, have no business in a repository.
FOREIGN = re.compile(
    r"/home/[a-z]|/Users/[A-Za-z]|/root/|[A-Z]:\\\\Users"
    r"|https?://[^\s\"')]*(pypi|artifactory|nexus|registry)[^\s\"')]*"
)
TEXTS = {".py", ".md", ".toml", ".yaml", ".yml", ".json", ".txt", ".lock", ".conf", ".sh", ".cfg", ".ini", ".html",
         ".js", ".css", ".sql", ".example", ""}  # fmt: skip


def test_no_file_speaks_of_one_machine_or_of_a_registry():
    found = []
    for path in tracked():
        if path.suffix not in TEXTS or path == Path(__file__):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if match := FOREIGN.search(line):
                found.append(f"{said(path)}:{number} {match[0]}")
    assert found == []


def test_no_secret_is_in_the_repository():
    key = re.compile(r"BEGIN [A-Z ]*PRIVATE KEY|AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}")
    found = [said(path) for path in tracked() if path.suffix in TEXTS and key.search(path.read_text(errors="replace"))]
    assert [path for path in found if path != said(Path(__file__))] == []


def test_a_service_imports_at_the_top():
    """An import inside a function hides a circle. The bus is the exception: a transport unused is not loaded."""
    allowed = ("services/kit/bus/__init__.py",)
    hidden = []
    for path in EVERYTHING:
        if said(path).startswith(("doorstep", *allowed)) or path.name == "__main__.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for inner in ast.walk(node):
                    if isinstance(inner, ast.Import | ast.ImportFrom):
                        hidden.append(f"{said(path)}:{inner.lineno}")
    assert hidden == []


def test_no_view_or_command_is_longer_than_a_page():
    long = []
    for path in WRITTEN:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno > 50:
                long.append(f"{said(path)}:{node.lineno} {node.name}")
    assert long == []


def test_the_import_rules_are_kept():
    kept = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert kept.returncode == 0, kept.stdout[-3000:] + kept.stderr[-1000:]
