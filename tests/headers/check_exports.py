#!/usr/bin/env python3
"""The library exports what its headers declare, and nothing else.

Usage: check_exports.py INCLUDE_DIRECTORY LIBMDM
"""

import pathlib
import re
import subprocess
import sys

COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
DIRECTIVE = re.compile(r"^[ \t]*#(?:.*\\\n)*.*$", re.MULTILINE)
DECLARATION = re.compile(r"\bMDM_API\b([^;{]*);")
NAME = re.compile(r"\b(mdm_\w+)\s*(?:\(|\[|$)")


def declared(include):
    """Names of all functions and objects marked MDM_API."""
    names = set()
    for header in include.glob("mdm/*.h"):
        text = DIRECTIVE.sub("", COMMENT.sub("", header.read_text(encoding="utf-8")))
        for match in DECLARATION.finditer(text):
            name = NAME.search(match[1])
            if not name:
                sys.exit(f"{header.name}: no name in: {match[0]}")
            names.add(name[1])
    return names


def exported(library):
    listing = subprocess.run(["nm", "-D", "--defined-only", "--format=posix", library],
                             capture_output=True, text=True, check=True).stdout
    return {line.split()[0].split("@")[0] for line in listing.splitlines()}


def main():
    promises = declared(pathlib.Path(sys.argv[1]))
    symbols = exported(sys.argv[2])
    for name in sorted(promises - symbols):
        print(f"declared in a public header, not in the library: {name}")
    for name in sorted(symbols - promises):
        print(f"in the library, not declared in a public header: {name}")
    print(f"{len(promises)} declared, {len(symbols)} exported")
    return 1 if promises != symbols or not promises else 0


if __name__ == "__main__":
    sys.exit(main())
