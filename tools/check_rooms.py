#!/usr/bin/env python3
"""Says which include lines break the order of the rooms in src/.

A room includes headers of lower rooms and its own only; the program's rooms
include public headers and themselves only; a database's own header is seen by
few rooms only. Usage: check_rooms.py [ROOT]
"""

import pathlib
import re
import sys

RANKS = {
    "base": 0,
    "data": 1, "config": 1,
    "sqlite": 2, "monitor": 2,
    "duckdb": 3, "cache": 3, "batch": 3,
    "storage": 4,
    "pool": 5, "query": 5, "file": 5,
    "session": 6,
    "scan": 7,
    "feature": 8,
    "dataset": 9,
}
PROGRAM_RANKS = {"web": 10, "cli": 11}
FOREIGN_HEADERS = {"sqlite3.h", "duckdb.h", "libpq-fe.h"}
FOREIGN_ROOMS = {"storage", "duckdb", "sqlite"}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def complaint(room, header, quoted):
    """Why a file of this room may not include this header, or None."""
    if header in FOREIGN_HEADERS and room not in FOREIGN_ROOMS:
        return f"only {', '.join(sorted(FOREIGN_ROOMS))} see a database's own header"
    if not quoted:
        return None
    other = header.split("/")[0] if "/" in header else None
    if other is None or other == "..":
        return 'write the room: "room/name.h"'
    if other in ("mdm", room):
        return None
    if room in PROGRAM_RANKS:
        if PROGRAM_RANKS.get(other, 99) < PROGRAM_RANKS[room]:
            return None
        return "the program uses public headers only"
    if other not in RANKS:
        return f"no library room '{other}'"
    if RANKS[other] >= RANKS[room]:
        return f"{other} (rank {RANKS[other]}) is not below {room} (rank {RANKS[room]})"
    return None


def check(root):
    """All complaints below root/src as 'file:line: words'."""
    source = root / "src"
    for path in sorted(p for p in source.rglob("*") if p.suffix in (".c", ".h")):
        parts = path.relative_to(source).parts
        name = path.relative_to(root)
        if len(parts) < 2 or parts[0] not in RANKS | PROGRAM_RANKS:
            yield f"{name}: belongs to no room"
            continue
        lines = path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines, 1):
            match = INCLUDE.match(line)
            if match:
                why = complaint(parts[0], match[2], match[1] == '"')
                if why:
                    yield f"{name}:{number}: {match[2]}: {why}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    complaints = list(check(root))
    print("\n".join(complaints) or "every include line respects the order of the rooms")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
