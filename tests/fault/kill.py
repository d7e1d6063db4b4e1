#!/usr/bin/env python3
"""kill -9 at any moment: no committed dataset is lost, no half one is listed, no command that is repeated is
refused, and the next writing command removes every leftover.

Commands are killed after times spread over their whole run. The seed is printed; MDM_TEST_SEED repeats a run."""
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

PROGRAM = os.environ["MDM_TEST_PROGRAM"]
SERVER = os.environ.get("MDM_TEST_POSTGRESQL")
BACKENDS = ["sqlite", "duckdb"] + (["postgresql"] if SERVER else [])
KILLS = 60 if os.environ.get("MDM_TEST_SANITIZER", "none") == "none" else 12
ROWS = 20000


class Home:
    def __init__(self, folder):
        self.folder = folder
        self.environment = dict(os.environ, MDM_HOME_DIR=str(folder / "home"))
        if SERVER:
            self.environment["MDM_DATABASE_POSTGRESQL_URL"] = SERVER
            self.environment["MDM_DATABASE_POSTGRESQL_DATABASE_PREFIX"] = f"kill{os.getpid()}_"

    def start(self, *words):
        return subprocess.Popen([PROGRAM, *map(str, words)], env=self.environment, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def mdm(self, *words):
        child = self.start(*words)
        out, errors = child.communicate(timeout=120)
        return child.returncode, out.decode(), errors.decode()

    def must(self, *words):
        code, out, errors = self.mdm(*words)
        if code:
            raise SystemExit(f"mdm {' '.join(map(str, words))}: {code}: {errors}")
        return out

    def names(self):
        return [one["name"] for one in json.loads(self.must("list", "--json"))["datasets"]]

    def leftovers(self):
        described = {path.stem for path in (self.folder / "home/config/datasets").glob("*.yaml")}
        odd = [path.name for path in (self.folder / "home/config/datasets").iterdir() if path.suffix != ".yaml"]
        for path in (self.folder / "home/datasets").iterdir():
            if path.name == ".lock":
                continue
            if path.name.split(".")[0] not in described or (path / "owner").exists():
                odd.append(path.name)
        return odd


def kill_after(child, seconds):
    """True when it was still running."""
    time.sleep(seconds)
    running = child.poll() is None
    child.kill()
    child.communicate()
    return running


def check(home, what, expected):
    """Whatever is listed is whole."""
    for name in home.names():
        rows = json.loads(home.must("query", name, "SELECT count(*) AS n FROM data", "--json"))["rows"][0]["n"]
        if rows not in expected:
            raise SystemExit(f"{what}: {name} is listed with {rows} rows")


def timed(home, *words):
    start = time.monotonic()
    home.must(*words)
    return time.monotonic() - start


def schemas(backend):
    """Schemas of ours in the server."""
    if backend != "postgresql":
        return ""
    sql = f"SELECT nspname FROM pg_namespace WHERE nspname LIKE 'mdm_stage_%' OR nspname LIKE 'kill{os.getpid()}_%'"
    return subprocess.run(["psql", "-At", SERVER, "-c", sql], capture_output=True, check=True).stdout.decode()


def one_backend(home, backend, dice, files):
    small, large = files
    in_flight = 0
    register = ["register", "x", large, "--backend", backend, "-q"]
    length = timed(home, *register)
    home.must("remove", "x", "--force")

    for _ in range(KILLS):
        in_flight += kill_after(home.start(*register), dice.uniform(0, length))
        check(home, "register", {ROWS})
        if "x" in home.names():
            home.must("remove", "x", "--force")

    home.must("register", "x", small, "--backend", backend, "-q")
    for _ in range(KILLS // 3):
        in_flight += kill_after(home.start(*register, "--force"), dice.uniform(0, length))
        if home.names() != ["x"]:
            raise SystemExit("register --force lost the dataset that it was to replace")
        check(home, "register --force", {2, ROWS})

    for _ in range(KILLS // 3):
        in_flight += kill_after(home.start("remove", "x", "--force"), dice.uniform(0, 0.03))
        check(home, "remove", {2, ROWS})
        if "x" not in home.names():
            home.must("register", "x", small, "--backend", backend, "-q")

    home.must("register", "x", small, "--backend", backend, "--force", "-q")
    home.must("remove", "x", "--force")
    if home.leftovers() or schemas(backend):
        raise SystemExit(f"{backend}: left behind: {home.leftovers()} {schemas(backend)}")
    print(f"{backend}: {KILLS + 2 * (KILLS // 3)} kills, {in_flight} in flight, nothing lost, nothing left")


def main():
    seed = int(os.environ.get("MDM_TEST_SEED", random.randrange(1 << 30)))
    print(f"seed {seed}")
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        home = Home(pathlib.Path(name))
        small, large = home.folder / "small.csv", home.folder / "large.csv"
        small.write_text("a,b\n1,x\n2,y\n")
        large.write_text("a,b,c\n" + "".join(f"{i},{i * 0.5},text {i}\n" for i in range(ROWS)))
        for backend in BACKENDS:
            one_backend(home, backend, dice, (small, large))
    return 0


if __name__ == "__main__":
    sys.exit(main())
