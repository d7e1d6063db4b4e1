#!/usr/bin/env python3
"""Make a folder as Kaggle hands it out (train.csv, test.csv, sample_submission.csv) from a JSON file
of records: rows shuffled with a seed, a fifth of them for the test, the target left out there."""
import argparse
import csv
import json
import pathlib
import random


def write(path, header, rows):
    with open(path, "w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("records", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--target", default="Species")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()

    records = json.loads(options.records.read_text(encoding="utf-8"))
    random.Random(options.seed).shuffle(records)
    features = [name for name in records[0] if name != options.target]
    rows = [[number] + [record.get(name) for name in features] for number, record in enumerate(records, 1)]
    labels = [record[options.target] for record in records]
    train = len(rows) * 4 // 5

    options.folder.mkdir(parents=True, exist_ok=True)
    write(options.folder / "train.csv", ["id", *features, options.target],
          [row + [label] for row, label in zip(rows[:train], labels)])
    write(options.folder / "test.csv", ["id", *features], rows[train:])
    write(options.folder / "sample_submission.csv", ["id", options.target],
          [[row[0], max(set(labels), key=labels.count)] for row in rows[train:]])


if __name__ == "__main__":
    main()
