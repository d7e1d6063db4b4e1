#!/usr/bin/env python3
"""A home that the Python MDM 1.0.6 left is used as it is: listed, described, counted, queried, written,
exported, removed. It is built here by hand: descriptions as PyYAML writes them, tables as pandas does."""
import csv
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile

PROGRAM = os.environ["MDM_TEST_PROGRAM"]

DESCRIPTION = """\
name: houses
display_name: Houses
description: Prices of houses
database:
  backend: sqlite
  cache_size: -64000
  journal_mode: WAL
  mmap_size: 268435456
  path: {path}
  synchronous: NORMAL
  temp_store: MEMORY
tables:
  test: test
  train: train
  train_features: train_features
feature_tables:
  train_features: train_features
problem_type: regression
target_column: SalePrice
id_columns:
- Id
time_column: null
group_column: null
registered_at: '2024-07-01T10:11:12.131415'
last_updated_at: null
tags:
- kaggle
source: data/houses
version: 1.0.0
metadata:
  datetime_columns: []
  statistics:
    row_count: 5
    memory_size_bytes: 1234.0
    computed_at: '2024-07-01T10:11:13.141516'
  remark: mine
"""

# As pandas.DataFrame.to_sql and the Python MDM's bookkeeping write them.
TABLES = """
CREATE TABLE train ("Id" BIGINT, "Street" TEXT, "Area" FLOAT, "SalePrice" BIGINT);
INSERT INTO train VALUES (1, 'Pave', 12.5, 100), (2, 'Grvl', NULL, 200), (3, 'Pave', 14.0, 300);
CREATE TABLE test ("Id" BIGINT, "Street" TEXT, "Area" FLOAT);
INSERT INTO test VALUES (4, NULL, 9.25), (5, 'Pave', 8.0);
CREATE TABLE train_features ("Id" BIGINT, "Street" TEXT, "Area" FLOAT, "SalePrice" BIGINT, "Area_zscore" FLOAT);
INSERT INTO train_features SELECT *, 0.5 FROM train;
CREATE TABLE _metadata (key VARCHAR NOT NULL PRIMARY KEY, value JSON, created_at DATETIME, updated_at DATETIME);
CREATE TABLE _columns (table_name VARCHAR NOT NULL, column_name VARCHAR NOT NULL, dtype VARCHAR,
    column_type VARCHAR, nullable BOOLEAN, "unique" BOOLEAN, missing_count INTEGER, missing_ratio FLOAT,
    cardinality INTEGER, min_value VARCHAR, max_value VARCHAR, mean_value FLOAT, std_value FLOAT,
    sample_values JSON, description TEXT, metadata JSON, created_at DATETIME, updated_at DATETIME,
    PRIMARY KEY (table_name, column_name));
INSERT INTO _columns VALUES
    ('train', 'Id', 'int64', 'id', 0, 1, 0, 0.0, 3, '1', '3', 2.0, 1.0, '[1, 2, 3]', NULL, '{}',
     '2024-07-01 10:11:12.131415', '2024-07-01 10:11:12.131415'),
    ('train', 'Area', 'float64', 'numeric', 1, 0, 1.0, 0.3333, 2, '12.5', '14.0', 13.25, 1.06, '[12.5]', NULL,
     'null', '2024-07-01 10:11:12.131415', '2024-07-01 10:11:12.131415');
CREATE TABLE _statistics (id INTEGER NOT NULL PRIMARY KEY, table_name VARCHAR, row_count INTEGER,
    column_count INTEGER, memory_usage_mb FLOAT, missing_values INTEGER, column_types JSON, numeric_columns JSON,
    categorical_columns JSON, datetime_columns JSON, text_columns JSON, computed_at DATETIME);
"""


class Home:
    def __init__(self, folder):
        self.folder = folder / "home"
        self.environment = dict(os.environ, MDM_HOME_DIR=str(self.folder))
        self.description = self.folder / "config" / "datasets" / "houses.yaml"
        self.data = self.folder / "datasets" / "houses"
        self.description.parent.mkdir(parents=True)
        self.data.mkdir(parents=True)
        database = self.data / "houses.sqlite"
        self.description.write_text(DESCRIPTION.format(path=database), encoding="utf-8")
        (self.data / "dataset_info.json").write_text('{"name": "houses"}', encoding="utf-8")
        with sqlite3.connect(database) as connection:
            connection.executescript(TABLES)
        connection.close()

    def mdm(self, *words, code=0):
        done = subprocess.run([PROGRAM, *map(str, words)], env=self.environment, cwd=self.folder.parent,
                              capture_output=True, timeout=60, check=False)
        if done.returncode != code:
            raise SystemExit(f"mdm {' '.join(map(str, words))}: {done.returncode}\n"
                             f"{done.stdout.decode()}{done.stderr.decode()}")
        return done.stdout.decode()

    def rows(self, sql):
        return json.loads(self.mdm("query", "houses", sql, "--json"))["rows"]


def expect(what, seen, wanted):
    if seen != wanted:
        raise SystemExit(f"{what}: {seen!r} instead of {wanted!r}")


def expect_words(what, text, *words):
    for word in words:
        if word not in text:
            raise SystemExit(f"{what}: '{word}' is missing in\n{text}")


def check_list(home):
    listed = json.loads(home.mdm("list", "--format", "json"))
    expect("number of datasets", len(listed), 1)
    expect("name", listed[0]["name"], "houses")
    expect("backend", listed[0]["backend"], "sqlite")
    expect("usable", listed[0]["backend_compatible"], True)
    expect("tags", listed[0]["tags"], ["kaggle"])
    expect("rows", listed[0]["row_count"], 5)


def check_info(home):
    expect_words("info", home.mdm("info", "Houses"), "Prices of houses", "regression", "SalePrice", "Id",
                 "kaggle", "train_features", "2024-07-01")


def check_statistics(home):
    statistics = json.loads(home.mdm("dataset", "stats", "houses", "--json"))
    expect("rows of train", statistics["tables"]["train"]["row_count"], 3)
    expect("missing in Area", statistics["tables"]["train"]["missing_values"]["total_missing_cells"], 1)
    expect("missing in test", statistics["tables"]["test"]["missing_values"]["total_missing_cells"], 1)


def check_export(home):
    folder = home.folder.parent / "out"
    home.mdm("export", "houses", "-f", "csv", "--compression", "none", "-o", folder, "-q")
    with open(folder / "houses_train.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    expect("exported", [(row["Id"], row["Street"], float(row["Area"] or -1)) for row in rows],
           [("1", "Pave", 12.5), ("2", "Grvl", -1.0), ("3", "Pave", 14.0)])
    metadata = json.loads((folder / "houses_metadata.json").read_text(encoding="utf-8"))
    expect("exported name", metadata["dataset_name"], "houses")
    columns = {(c["table"], c["name"]): c for c in metadata["statistics"]["columns"]}
    expect("role from the old bookkeeping", columns["train", "Area"]["role"], "numeric")
    expect("missing from the old bookkeeping", columns["train", "Area"]["missing_count"], 1)
    expect("a feature table is exported", (folder / "houses_train_features.csv").exists(), True)


def check_write(home):
    home.mdm("query", "houses", "DELETE FROM train WHERE Id = 3", "--write")
    expect("rows after DELETE", home.rows("SELECT count(*) AS n FROM train"), [{"n": 2}])
    text = home.description.read_text(encoding="utf-8")
    expect_words("written description", text, "data_version: 1", "remark: mine", "journal_mode: WAL",
                 "registered_at: '2024-07-01T10:11:12.131415'", "train_features: train_features")
    information = json.loads((home.data / "dataset_info.json").read_text(encoding="utf-8"))
    expect("the JSON follows", information["metadata"]["mdm"]["data_version"], 1)
    expect("the JSON follows", information["target_column"], "SalePrice")


def run_any(home, *words):
    """Whatever the exit code: doctor's tells what it found."""
    done = subprocess.run([PROGRAM, *words], env=home.environment, capture_output=True, timeout=60, check=False)
    return done.stdout.decode() + done.stderr.decode()


def check_password(home):
    secret = home.description.parent / "secret.yaml"
    secret.write_text("name: secret\ndatabase:\n  backend: postgresql\n  host: 127.0.0.1\n  port: 1\n"
                      "  database: mdm_secret\n  user: ann\n  password: geheim\ntables:\n  data: data\n"
                      "registered_at: '2024-07-01T10:11:12'\n", encoding="utf-8")
    said = run_any(home, "doctor")
    expect_words("doctor", said, "password")
    if "geheim" in said:
        raise SystemExit("doctor shows the password")
    expect_words("doctor leaves it", secret.read_text(encoding="utf-8"), "geheim")
    run_any(home, "doctor", "--fix")
    text = secret.read_text(encoding="utf-8")
    expect("password after --fix", "password" in text, False)
    expect_words("after --fix", text, "user: ann", "port: 1", "database: mdm_secret")
    secret.unlink()


def check_moved(home):
    moved = home.folder.parent / "moved"
    home.folder.rename(moved)
    home.environment["MDM_HOME_DIR"] = str(moved)
    expect("rows in the moved home", home.rows("SELECT count(*) AS n FROM train"), [{"n": 2}])
    home.mdm("remove", "houses", "--force")
    expect("datasets after remove", json.loads(home.mdm("list", "--format", "json")), [])
    expect("data after remove", (moved / "datasets" / "houses").exists(), False)


def main():
    with tempfile.TemporaryDirectory() as name:
        home = Home(pathlib.Path(name))
        check_list(home)
        check_info(home)
        expect("query", home.rows("SELECT Street, SalePrice FROM train ORDER BY Id"),
               [{"Street": "Pave", "SalePrice": 100}, {"Street": "Grvl", "SalePrice": 200},
                {"Street": "Pave", "SalePrice": 300}])
        check_statistics(home)
        check_export(home)
        check_write(home)
        check_password(home)
        check_moved(home)
    print("an old home is listed, described, counted, queried, exported, written, mended, moved and removed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
