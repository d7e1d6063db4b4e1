#!/usr/bin/env python3
"""How the program behaves as a process: signals, time limits, closed pipes, full disks, terminals.

Each test is a function whose name is a sentence that is true; it gets a folder of its own with a
home in it. Run with names as arguments only those run."""
import fcntl
import json
import os
import pathlib
import pty
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

PROGRAM = os.environ["MDM_TEST_PROGRAM"]
DATA = pathlib.Path(os.environ["MDM_TEST_DATA"])
BACKENDS = ["sqlite", "duckdb"]
if os.environ.get("MDM_TEST_POSTGRESQL"):
    BACKENDS.append("postgresql")

TESTS = []


def test(function):
    TESTS.append(function)
    return function


ENDLESS = ("WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 2000000000) "
           "SELECT count(*) FROM t")


def environment(folder, **more):
    settings = dict(os.environ, MDM_HOME_DIR=str(folder / "home"), TERM="xterm", **more)
    for name in ("NO_COLOR", "CLICOLOR_FORCE", "PAGER", "MDM_PAGER"):
        if name not in more:
            settings.pop(name, None)
    if "postgresql" in BACKENDS:
        settings["MDM_DATABASE_POSTGRESQL_URL"] = os.environ["MDM_TEST_POSTGRESQL"]
    return settings


def mdm(folder, *words, code=0, **more):
    """Runs the program to its end; (standard output, standard error)."""
    done = subprocess.run([PROGRAM, *words], cwd=folder, env=environment(folder, **more),
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == code, f"{words}: {done.returncode} instead of {code}\n{done.stderr}"
    return done.stdout, done.stderr


def register(folder, name, rows=3, backend="sqlite"):
    path = folder / f"{name}.csv"
    path.write_text("n,word\n" + "".join(f"{i},word number {i}\n" for i in range(rows)))
    mdm(folder, "register", name, str(path), "--backend", backend, "-q")


def on_terminal(folder, *words, size=(24, 80), keys=b"", **more):
    """Runs the program on a terminal of (lines, columns); (all that was shown, exit code)."""
    child, terminal = pty.fork()
    if child == 0:
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        os.chdir(folder)
        os.execve(PROGRAM, [PROGRAM, *words], environment(folder, **more))
    shown = b""
    while select.select([terminal], [], [], 60)[0]:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        shown += piece
        if keys and b"\n" in shown:
            os.write(terminal, keys)
            keys = b""
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.close(terminal)
    return shown.decode().replace("\r\n", "\n"), code


def wait_until(condition, process):
    """Polls until the condition holds; False when the process ended first."""
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.002)
    return False


def stopped_by(number, folder, words, condition):
    """Exit code and errors of a command that gets a signal as soon as a condition holds."""
    process = subprocess.Popen([PROGRAM, *words], cwd=folder, env=environment(folder),
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert wait_until(condition, process), f"{words} was over too soon: {process.communicate()}"
    process.send_signal(number)
    return process.communicate(timeout=60)[1], process.returncode


def leftovers(folder):
    home = folder / "home"
    return sorted(str(path.relative_to(home)) for place in ("datasets", "config/datasets")
                  for path in (home / place).glob("*") if path.name != ".lock")


# --- stopping ----------------------------------------------------------------


@test
def an_interrupted_query_ends_with_130(folder):
    for backend in BACKENDS:
        name = f"small_{backend}"
        register(folder, name, backend=backend)
        for number in (signal.SIGINT, signal.SIGTERM):
            start = time.monotonic()
            errors, code = stopped_by(number, folder, ["query", name, ENDLESS],
                                      lambda: time.monotonic() - start > 0.3)
            assert code == 130, (backend, code, errors)
            assert errors == f"mdm: query on '{name}': cancelled\n", errors


@test
def an_interrupted_registration_leaves_nothing(folder):
    flights = str(DATA / "flights-3m.parquet")
    for backend in ("sqlite", "duckdb"):
        for number in (signal.SIGINT, signal.SIGTERM):
            staged = folder / "home/datasets"
            errors, code = stopped_by(
                number, folder, ["register", "flights", flights, "--backend", backend],
                lambda: any(path.stat().st_size > 8192 for path in staged.glob(".staging-*/*")))
            assert code == 130, (backend, code, errors)
            assert leftovers(folder) == [], leftovers(folder)
            assert mdm(folder, "list")[0] == "No datasets registered yet.\n"


@test
def an_interrupted_export_leaves_no_file(folder):
    register(folder, "large", rows=300000)
    out = folder / "out"
    errors, code = stopped_by(signal.SIGINT, folder, ["export", "large", "-o", str(out)],
                              lambda: out.exists() and any(out.iterdir()))
    assert code == 130, (code, errors)
    assert list(out.iterdir()) == []


@test
def time_runs_out_with_124(folder):
    for backend in BACKENDS:
        name = f"small_{backend}"
        register(folder, name, backend=backend)
        errors = mdm(folder, "query", name, ENDLESS, "--timeout", "0.3", code=124)[1]
        assert errors == f"mdm: query on '{name}': timed out\n", errors
    flights = str(DATA / "flights-3m.parquet")
    mdm(folder, "register", "f", flights, "--backend", "sqlite", "--timeout", "0.2", code=124)
    assert not any("f" == pathlib.Path(path).stem for path in leftovers(folder))


# --- standard output -----------------------------------------------------------


@test
def a_reader_who_leaves_ends_the_work_quietly(folder):
    register(folder, "large", rows=200000)
    for words in (["query", "large", "SELECT * FROM data", "-f", "csv"],
                  ["export", "large", "--output", "-", "-f", "csv", "--compression", "none"]):
        process = subprocess.Popen([PROGRAM, *words], cwd=folder, env=environment(folder),
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()
        assert process.wait(timeout=60) == 0 and errors == b"", (words, errors)


@test
def a_full_disk_is_told_with_1(folder):
    register(folder, "some", rows=50000)
    for words in (["list"], ["info", "some"], ["version"], ["help"],
                  ["query", "some", "SELECT * FROM data"],
                  ["export", "some", "--output", "-", "-f", "csv", "--compression", "none"]):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([PROGRAM, *words], cwd=folder, env=environment(folder), stdout=full,
                                  stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        assert done.returncode == 1, (words, done)
        assert done.stderr.endswith("standard output: No space left on device\n"), (words, done.stderr)
        assert done.stderr.count("\n") == 1, (words, done.stderr)


@test
def an_unreadable_file_is_told_with_5(folder):
    if os.geteuid() == 0:
        return  # root reads everything
    (folder / "secret.csv").write_text("a\n1\n")
    (folder / "secret.csv").chmod(0)
    mdm(folder, "register", "secret", "secret.csv", code=5)


# --- terminals -------------------------------------------------------------------


@test
def a_table_fits_the_terminal(folder):
    (folder / "wide.csv").write_text("n,text,day\n1234567," + "long " * 40 + "ü中,2024-01-31\n")
    mdm(folder, "register", "wide", "wide.csv", "--backend", "sqlite", "-q")
    shown, code = on_terminal(folder, "query", "wide", "SELECT * FROM data", "-q", size=(24, 50),
                              NO_COLOR="1")
    assert code == 0
    lines = shown.splitlines()
    assert all(len(line) <= 50 for line in lines), shown
    assert "1234567" in lines[2] and "…" in lines[2] and lines[2].endswith("2024-01-31"), shown
    piped = mdm(folder, "query", "wide", "SELECT * FROM data", "-q")[0]
    assert "…" not in piped and "ü中" in piped, piped


@test
def columns_without_room_are_counted(folder):
    (folder / "many.csv").write_text(",".join(f"column{i}" for i in range(30)) + "\n"
                                     + ",".join("some words" for _ in range(30)) + "\n")
    mdm(folder, "register", "many", "many.csv", "--backend", "sqlite", "-q")
    shown, _ = on_terminal(folder, "query", "many", "SELECT * FROM data", "-q", size=(24, 80))
    assert "more columns, for which the terminal is too narrow" in shown, shown


@test
def colour_is_for_terminals(folder):
    register(folder, "some")
    escape = "\033["
    assert escape in on_terminal(folder, "list")[0]
    assert escape not in on_terminal(folder, "list", NO_COLOR="1")[0]
    assert escape not in on_terminal(folder, "list", "--no-color")[0]
    assert escape not in on_terminal(folder, "--color", "never", "list")[0]
    assert escape not in mdm(folder, "list")[0]
    assert escape in mdm(folder, "list", "--color", "always")[0]
    assert escape in mdm(folder, "list", CLICOLOR_FORCE="1")[0]


@test
def a_pager_shows_more_than_a_screen(folder):
    register(folder, "some", rows=100)
    words = ("query", "some", "SELECT * FROM data", "-q")
    paged = {"MDM_PAGER": "sed s/^/paged:/"}
    assert on_terminal(folder, *words, **paged)[0].count("paged:") == 102
    assert "paged:" not in on_terminal(folder, *words, "--limit", "5", **paged)[0]
    assert "paged:" not in on_terminal(folder, *words, "--no-pager", **paged)[0]
    assert "paged:" not in mdm(folder, *words, **paged)[0]
    assert on_terminal(folder, *words, PAGER="sed s/^/paged:/")[0].count("paged:") == 102
    shown, code = on_terminal(folder, *words, MDM_PAGER="no-such-program")
    assert code == 0 and "word number 99" in shown, shown
    shown, code = on_terminal(folder, *words, MDM_PAGER="head -n 2")
    assert code == 0 and "word number 99" not in shown, shown


@test
def progress_is_for_terminals(folder):
    path = folder / "long.csv"
    path.write_text("n,word\n" + "".join(f"{i},word number {i}\n" for i in range(400000)))
    words = ("register", "long", "long.csv", "--backend", "sqlite", "--force")
    assert "\r" in on_terminal(folder, *words)[0]
    assert "\r" not in on_terminal(folder, *words, "--no-progress")[0].replace("\r\n", "\n")
    assert "\r" not in mdm(folder, *words)[1]


# --- saying more -------------------------------------------------------------------


@test
def verbose_tells_settings_and_times(folder):
    register(folder, "some")
    errors = mdm(folder, "list", "-v")[1]
    assert "note: settings " in errors and " ms in all" in errors, errors
    assert mdm(folder, "list", "-v", "-q")[1] == ""
    mdm(folder, "query", "some", "SELECT 1", "--debug")
    log = (folder / "home/logs/mdm.log").read_text()
    assert "done: " in log and "SELECT" in log.upper(), log
    (folder / "home/logs/mdm.log").unlink()
    mdm(folder, "query", "some", "SELECT 1", "--set", "development.debug_mode=true")
    assert (folder / "home/logs/mdm.log").exists()
    plan = mdm(folder, "query", "some", "SELECT * FROM data", "--set",
               "development.explain_queries=true")[1]
    assert "SCAN data" in plan, plan


# --- documents ------------------------------------------------------------------------

DATASET = {"name", "display_name", "backend", "problem_type", "target_column", "id_columns", "tables",
           "description", "tags", "source", "row_count", "size_bytes", "size_mb", "memory_bytes",
           "registered_at", "last_updated_at", "available"}
OLD = {"name", "display_name", "problem_type", "target_column", "tables", "description", "tags",
       "created_at", "registration_date", "database", "source", "row_count", "size", "backend",
       "backend_compatible", "current_backend"}


def document(folder, schema, keys, *words, code=0):
    found = json.loads(mdm(folder, *words, code=code)[0])
    assert list(found)[0] == "schema" and found["schema"] == schema, found
    assert not keys - set(found), (words, keys - set(found))
    return found


@test
def each_document_has_the_keys_of_its_schema(folder):
    path = folder / "t.csv"
    path.write_text("id,word\n1,a\n2\n3,\n")
    made = document(folder, "mdm.dataset.register/1",
                    {"name", "backend", "path", "target_column", "problem_type", "id_columns",
                     "datetime_columns", "tables", "feature_tables", "rows", "size_bytes", "elapsed_ms",
                     "notes"}, "register", "t", str(path), "--backend", "sqlite", "--on-error", "reject",
                    "--json")
    assert set(made["tables"][0]) >= {"key", "table", "file", "rows", "columns", "rejected", "encoding",
                                      "delimiter"}
    assert made["rows"] == 2 and made["tables"][0]["rejected"] == 1

    listed = document(folder, "mdm.dataset.list/1", {"count", "datasets"}, "list", "--json")
    assert not DATASET - set(listed["datasets"][0])
    bare = json.loads(mdm(folder, "dataset", "list", "--format", "json")[0])
    assert isinstance(bare, list) and not OLD - set(bare[0]), bare

    info = document(folder, "mdm.dataset.info/1",
                    DATASET | {"time_column", "group_column", "feature_tables", "database",
                               "data_version", "files", "columns"}, "info", "t", "--json")
    assert set(info["database"]) == {"backend", "path", "host", "port", "database", "schema"}
    assert set(info["files"][0]) >= {"key", "path", "bytes", "rows", "hash", "changed"}
    assert set(info["columns"][0]) >= {"table", "name", "type", "role", "nullable", "missing_count",
                                       "distinct", "min", "max", "mean", "std", "description"}
    path.write_text("id,word\n1,a\n2\n3,\n4,b\n")
    assert document(folder, "mdm.dataset.info/1", set(), "info", "t", "--json")["files"][0]["changed"]

    stats = document(folder, "mdm.dataset.stats/1",
                     {"dataset_name", "computed_at", "mode", "tables", "summary"}, "dataset", "stats",
                     "t", "--json")
    assert stats["tables"]["data"]["row_count"] == 2

    rows = document(folder, "mdm.query/1",
                    {"dataset", "columns", "rows", "row_count", "truncated", "elapsed_ms", "cache",
                     "plan"}, "query", "t",
                    "SELECT 1 AS a, 2 AS a, NULL AS n, x'00ff' AS b, 9e999 AS i", "--json")
    assert rows["rows"] == [{"a": 1, "a_2": 2, "n": None, "b": "AP8=", "i": None}], rows["rows"]

    files = document(folder, "mdm.dataset.export/1", {"name", "files"}, "export", "t", "-o", "out",
                     "--json")["files"]
    assert set(files[0]) == {"path", "table", "rows", "bytes"} and files[-1]["table"] is None
    rejects = document(folder, "mdm.rejects/1", {"rejects", "count"}, "rejects", "t", "--json")
    assert set(rejects["rejects"][0]) == {"file", "line", "byte", "column", "reason", "text"}

    options = document(folder, "mdm.config/1", {"options"}, "config", "show", "--json")["options"]
    assert set(options[0]) >= {"path", "value", "default", "origin", "environment", "type", "allowed",
                               "doc"}
    checks = document(folder, "mdm.doctor/1", {"checks"}, "doctor", "--json")["checks"]
    assert set(checks[0]) == {"name", "status", "detail", "fix"}
    assert {check["status"] for check in checks} <= {"ok", "warn", "fail"}
    document(folder, "mdm.version/1", {"version", "libraries"}, "version", "--json")
    document(folder, "mdm.info/1",
             {"version", "home", "config_file", "default_backend", "paths", "datasets", "storage_bytes",
              "free_bytes"}, "info", "--json")
    document(folder, "mdm.dataset.remove/1", {"name", "dry_run", "paths", "size_bytes"}, "remove", "t",
             "--dry-run", "--json")

    line = mdm(folder, "info", "nothing", "--json", code=3)[1]
    assert line.count("\n") == 1
    assert set(json.loads(line)) == {"schema", "status", "exit_code", "message", "hint", "sqlstate"}


@test
def exported_statistics_are_json_and_yaml(folder):
    register(folder, "some")
    mdm(folder, "dataset", "stats", "some", "--export", "s.json")
    mdm(folder, "dataset", "stats", "some", "--export", "s.yaml")
    found = json.loads((folder / "s.json").read_text())
    assert found["tables"]["data"]["row_count"] == 3
    text = (folder / "s.yaml").read_text()
    assert "\t" not in text, "a tab may indent JSON, not YAML"
    assert max(len(line) for line in text.splitlines()) < 1024, "YAML takes no longer keys"


@test
def every_command_explains_itself_with_examples(folder):
    for words in (["register"], ["list"], ["info"], ["dataset", "stats"], ["query"], ["export"],
                  ["rejects"], ["remove"], ["config", "show"], ["config", "get"], ["config", "set"],
                  ["config", "paths"], ["doctor"], ["version"], ["help"]):
        helped = mdm(folder, "help", *words)[0]
        assert helped == mdm(folder, *words, "--help")[0]
        assert "\nExamples:\n  mdm " in helped, helped
        assert max(len(line) for line in helped.splitlines()) <= 110, helped


def main():
    chosen = sys.argv[1:]
    failed = 0
    for one in TESTS:
        if chosen and one.__name__ not in chosen:
            continue
        with tempfile.TemporaryDirectory() as name:
            try:
                one(pathlib.Path(name).resolve())
                print(f"ok      {one.__name__}", flush=True)
            except AssertionError as error:
                failed += 1
                print(f"FAILED  {one.__name__}: {error}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
