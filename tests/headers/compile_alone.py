#!/usr/bin/env python3
"""Every public header compiles alone, as C17 and as C++17, without a warning.

Usage: compile_alone.py INCLUDE_DIRECTORY. Uses each compiler that is there.
"""

import pathlib
import shutil
import subprocess
import sys

LANGUAGES = {
    "c": ("c17", ("gcc", "clang", "clang-14")),
    "c++": ("c++17", ("g++", "clang++", "clang++-14")),
}
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"]


def compile_alone(compiler, language, standard, include, header):
    """The compiler's complaints about a file that only includes this header."""
    command = [compiler, "-x", language, f"-std={standard}", *WARNINGS, "-fsyntax-only",
               f"-I{include}", "-"]
    if language == "c":
        command[5:5] = ["-Wstrict-prototypes"]
    source = f"#include <{header.relative_to(include)}>\n"
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr


def main():
    include = pathlib.Path(sys.argv[1]).resolve()
    headers = sorted(include.glob("mdm/*.h"))
    failures = checks = 0
    for language, (standard, compilers) in LANGUAGES.items():
        for compiler in filter(shutil.which, compilers):
            for header in headers:
                checks += 1
                words = compile_alone(compiler, language, standard, include, header)
                if words:
                    failures += 1
                    print(f"{header.name} with {compiler} as {standard}:\n{words}")
    print(f"{checks} compilations, {failures} failed")
    return 1 if failures or not checks else 0


if __name__ == "__main__":
    sys.exit(main())
