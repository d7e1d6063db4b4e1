#!/usr/bin/env python3
"""Counts the results of one or more runs of `meson test`.

Usage: test_summary.py BUILD_FOLDER... Prints `N passed, N failed, N skipped`.
The functions of a cmocka program count one by one; everything else, and a
program that ended before it could count, counts as one, and so does a build in
which nothing ran. Exit code 1 when anything failed.
"""

import collections
import json
import pathlib
import re
import sys

COUNTED = re.compile(r"^\[  (PASSED|FAILED |SKIPPED) \] (\d+) test\(s\)", re.MULTILINE)
WORDS = {"PASSED": "passed", "FAILED ": "failed", "SKIPPED": "skipped"}
PROGRAM_RESULTS = {"OK": "passed", "EXPECTEDFAIL": "passed", "SKIP": "skipped"}


def count(test):
    """passed, failed and skipped of one line of testlog.json."""
    counts = collections.Counter()
    output = (test.get("stdout") or "") + (test.get("stderr") or "")
    for word, number in COUNTED.findall(output):
        counts[WORDS[word]] += int(number)
    result = PROGRAM_RESULTS.get(test["result"], "failed")
    if not counts or (result == "failed" and not counts["failed"]):
        counts[result] += 1
    return counts


def main():
    total = collections.Counter()
    for build in sys.argv[1:]:
        log = pathlib.Path(build) / "meson-logs" / "testlog.json"
        if not log.exists():
            print(f"failed: no test ran in {build}")
            total["failed"] += 1
            continue
        for line in log.read_text(encoding="utf-8").splitlines():
            counts = count(json.loads(line))
            total += counts
            if counts["failed"]:
                test = json.loads(line)
                print(f"failed: {test['name']} in {build} ({test['result'].lower()})")
    print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
    return 1 if total["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
