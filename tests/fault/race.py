#!/usr/bin/env python3
"""Many processes, few names: of those that register one name at the same time exactly one wins, the others say
that it exists; a reader never sees half a dataset; nothing is left behind."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

PROGRAM = os.environ["MDM_TEST_PROGRAM"]
PROCESSES = 8
ROUNDS = 12 if os.environ.get("MDM_TEST_SANITIZER", "none") == "none" else 3


def start(environment, *words):
    return subprocess.Popen([PROGRAM, *map(str, words)], env=environment, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finish(child):
    out, errors = child.communicate(timeout=120)
    return child.returncode, out.decode(), errors.decode()


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        environment = dict(os.environ, MDM_HOME_DIR=str(folder / "home"))
        files = []
        for i in range(PROCESSES):
            files.append(folder / f"{i}.csv")
            files[i].write_text("a,b\n" + "".join(f"{i},{row}\n" for row in range(500 + i)))
        for round_ in range(ROUNDS):
            racers = [start(environment, "register", "x", path, "--backend", ("sqlite", "duckdb")[i % 2], "-q", "--json")
                      for i, path in enumerate(files)]
            readers = [start(environment, "list", "--json") for _ in range(3)]
            results = [finish(child) for child in racers]
            for code, out, errors in map(finish, readers):
                if code or any(one["row_count"] < 500 for one in json.loads(out)["datasets"]):
                    raise SystemExit(f"a reader saw {code} {out} {errors}")
            codes = sorted(code for code, _, _ in results)
            if codes != [0] + [4] * (PROCESSES - 1):
                raise SystemExit(f"round {round_}: exit codes {codes}\n" + "".join(errors for _, _, errors in results))
            winner = next(i for i, (code, _, _) in enumerate(results) if code == 0)
            code, out, errors = finish(start(environment, "query", "x", "SELECT count(*) AS n, min(a) AS a FROM data", "--json"))
            if code or json.loads(out)["rows"] != [{"n": 500 + winner, "a": winner}]:
                raise SystemExit(f"round {round_}: {winner} won, but {out} {errors}")
            removers = [finish(start(environment, "remove", "x", "--force"))[0]]
            if removers != [0]:
                raise SystemExit(f"remove: {removers}")
            left = [path.name for path in (folder / "home/datasets").iterdir() if path.name != ".lock"]
            if left:
                raise SystemExit(f"left behind: {left}")
        print(f"{ROUNDS} rounds of {PROCESSES} processes: one winner each, nothing left")
    return 0


if __name__ == "__main__":
    sys.exit(main())
