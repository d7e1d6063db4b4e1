#!/usr/bin/env python3
"""Every cell survives: registered on each database, exported to each format, registered again, equal.

Also the headline query gives the same rows from all databases. PostgreSQL takes part when
MDM_TEST_POSTGRESQL names a server."""
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

PROGRAM = os.environ["MDM_TEST_PROGRAM"]
DATA = pathlib.Path(os.environ["MDM_TEST_DATA"])
SERVER = os.environ.get("MDM_TEST_POSTGRESQL")
BACKENDS = ["sqlite", "duckdb"] + (["postgresql"] if SERVER else [])
FORMATS = [("parquet", "zstd", ".parquet"), ("csv", "gzip", ".csv.gz"), ("jsonl", "none", ".jsonl"),
           ("json", "none", ".json"), ("tsv", "none", ".tsv")]

# One column per type and trap; empty text differs from no value.
TYPES_CSV = '''id,flag,small,big,price,share,code,word,day,moment,zoned,odd
1,true,-1,9223372036854775807,1.50,0.1,00501,plain,2024-02-29,2024-02-29 13:05:00,2024-02-29 13:05:00+00:00,"a,b"
2,false,0,-9223372036854775808,12.25,1e-07,7,"say ""hi""",1999-12-31,1970-01-01 00:00:00.123456,1970-01-01 00:00:00+00:00,"line
break"
3,,,,,,,,,,,
4,true,42,0,0.00,-2.5,0,"",2000-01-01,2038-01-19 03:14:08,2038-01-19 03:14:08+00:00,NA
5,false,7,1,-3.75,123456789.125,x1,żółć 🎉,0001-01-01,9999-12-31 23:59:59,9999-12-31 23:59:59+00:00,'
'''


class Home:
    def __init__(self, folder):
        self.folder = folder
        self.environment = dict(os.environ, MDM_HOME_DIR=str(folder / "home"))
        if SERVER:
            self.environment["MDM_DATABASE_POSTGRESQL_URL"] = SERVER
            self.environment["MDM_DATABASE_POSTGRESQL_DATABASE_PREFIX"] = f"rt{os.getpid()}_"

    def mdm(self, *words):
        done = subprocess.run([PROGRAM, *map(str, words)], env=self.environment, cwd=self.folder,
                              capture_output=True, timeout=300, check=False)
        if done.returncode:
            raise SystemExit(f"mdm {' '.join(map(str, words))}: {done.returncode}\n{done.stderr.decode()}")
        return done.stdout.decode()

    def rows(self, name, sql):
        return json.loads(self.mdm("query", name, sql, "--json"))


def same(a, b):
    if isinstance(a, float) or isinstance(b, float):
        return a is not None and b is not None and math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)
    return a == b


def check(what, a, b):
    if len(a) != len(b):
        raise SystemExit(f"{what}: {len(a)} rows became {len(b)}")
    for number, (left, right) in enumerate(zip(a, b), 1):
        for column in left:
            if not (left[column] == right.get(column) or same(left[column], right.get(column))):
                raise SystemExit(f"{what}: row {number}, {column}: {left[column]!r} became {right.get(column)!r}")


def round_trip(home, source, backend, order):
    stem = source.name.split(".")[0]
    name = f"{stem}_{backend}"
    home.mdm("register", name, source, "--backend", backend, "-q")
    first = home.rows(name, f"SELECT * FROM data ORDER BY {order}")
    types = [column["type"] for column in first["columns"]]
    for format_, compression, suffix in FORMATS:
        folder = home.folder / f"{name}_{format_}"
        home.mdm("export", name, "-f", format_, "--compression", compression, "-o", folder, "-q")
        again = f"{name}_{format_}"
        home.mdm("register", again, folder / f"{name}_data{suffix}", "--backend", backend, "-q")
        second = home.rows(again, f"SELECT * FROM data ORDER BY {order}")
        check(f"{again} through {format_}", first["rows"], second["rows"])
        if format_ == "parquet":
            seen = [column["type"] for column in second["columns"]]
            if types != seen:
                raise SystemExit(f"{again}: types {types} became {seen}")
        home.mdm("remove", again, "--force")
    home.mdm("remove", name, "--force")
    return first["rows"]


def main():
    with tempfile.TemporaryDirectory() as name:
        home = Home(pathlib.Path(name))
        types = home.folder / "types.csv"
        types.write_text(TYPES_CSV, encoding="utf-8")
        sources = [(types, "id"), (DATA / "zipcodes.csv", "zip_code, city, latitude"),
                   (DATA / "penguins.json", '"Body Mass (g)", "Beak Length (mm)", "Beak Depth (mm)", "Flipper Length (mm)"')]
        for source, order in sources:
            rows = {backend: round_trip(home, source, backend, order) for backend in BACKENDS}
            print(f"{source.name}: {len(rows['sqlite'])} rows equal through {len(FORMATS)} formats on {', '.join(BACKENDS)}")

        answers = []
        for backend in BACKENDS:
            home.mdm("register", f"flights_{backend}", DATA / "flights-3m.parquet", "--backend", backend, "-q")
            answers.append(home.rows(f"flights_{backend}", "SELECT origin, count(*) AS n, avg(delay) AS mean_delay "
                                     "FROM data GROUP BY 1 ORDER BY n DESC LIMIT 5")["rows"])
            home.mdm("remove", f"flights_{backend}", "--force")
        for backend, answer in zip(BACKENDS[1:], answers[1:]):
            check(f"the headline query on {backend}", answers[0], answer)
        print(f"the headline query: {answers[0][0]} first on {', '.join(BACKENDS)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
