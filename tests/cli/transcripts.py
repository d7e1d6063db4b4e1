#!/usr/bin/env python3
"""Runs the transcripts beside it: what a person types, and what they must get to see.

A transcript is a text file:

    # a comment
    + printf 'a,b\\n1,2\\n' > t.csv        a shell command that prepares something, must succeed
    < yes                                  a line of standard input for the next command
    $ mdm list                             a command, run by a shell in a folder of its own
    No datasets registered yet.            standard output
    ! note: ...                            standard error
    ? 3                                    exit code, when it is not 0

In expected lines [N] stands for any number and [...] for any text within the line; a line of only
[...] stands for any number of lines. mdm is the program under test, $DATA the folder of real data, $HERE
the transcript's own folder. Each transcript has a home of its own. With names as arguments only those
run; --write puts what was seen into the files (read the difference before you commit it)."""
import difflib
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = os.environ["MDM_TEST_PROGRAM"]


class Step:
    """A command with what was expected of it."""

    def __init__(self, command, stdin):
        self.command, self.stdin = command, stdin
        self.lines = []  # as they stand in the file


def parse(text):
    """The steps of a transcript; lines that prepare something are steps that start with '+'."""
    steps, stdin, step = [], [], None
    for line in text.splitlines():
        if line.startswith("< "):
            stdin.append(line[2:])
        elif line.startswith(("$ ", "+ ")):
            step = Step(line, stdin)
            stdin = []
            steps.append(step)
        elif line.startswith("#"):
            step = Step(line, [])
            steps.append(step)
        elif step is not None and step.command.startswith("$ "):
            step.lines.append(line)
        elif line.strip():
            raise SystemExit(f"a line before any command: {line!r}")
    return steps


def strip_blank(lines):
    """Blank lines at the end of a step only separate it from the next."""
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    return lines


def pattern(line):
    parts = re.split(r"(\[N\]|\[\.\.\.\])", line)
    known = {"[N]": r"-?[0-9][0-9,.]*(?:e[+-][0-9]+)?", "[...]": ".*"}
    return re.compile("".join(known.get(part, re.escape(part)) for part in parts) + r"\Z")


def matches(expected, seen):
    """Do the lines seen match the expected ones, of which some stand for any number of lines?"""
    if not expected:
        return not seen
    if expected[0].lstrip("! ") == "[...]":
        return any(matches(expected[1:], seen[i:]) for i in range(len(seen) + 1))
    return bool(seen) and bool(pattern(expected[0]).match(seen[0])) and matches(expected[1:], seen[1:])


def rewrite(expected, seen):
    """What was seen, with the expected lines that still hold kept as they were, wildcards and all."""
    kept = [next((old for old in expected if pattern(old).match(line)), line) for line in seen]
    return [re.sub(r"\b[0-9.]+ ms\b", "[N] ms", line) for line in kept]


def run(step, folder, environment):
    command = step.command[2:]
    done = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, capture_output=True,
                          input="".join(line + "\n" for line in step.stdin).encode(), timeout=120,
                          check=False)
    out = done.stdout.decode("utf-8", "backslashreplace").splitlines()
    errors = done.stderr.decode("utf-8", "backslashreplace").splitlines()
    seen = [line.replace(str(folder), "$WORK") for line in out]
    seen += ["! " + line.replace(str(folder), "$WORK") for line in errors]
    if done.returncode:
        seen.append(f"? {done.returncode}")
    return seen


def play(path, write):
    """True when the transcript holds."""
    steps, good, text = parse(path.read_text(encoding="utf-8")), True, []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name).resolve()
        (folder / "bin").mkdir()
        (folder / "bin" / "mdm").symlink_to(PROGRAM)
        outside = {key: value for key, value in os.environ.items() if not key.startswith("MDM_TEST_")}
        environment = dict(outside, DATA=os.environ["MDM_TEST_DATA"], HERE=str(HERE),
                           MDM_HOME_DIR=str(folder / "home"), WORK=str(folder), TERM="dumb",
                           PATH=f"{folder / 'bin'}:{os.environ['PATH']}")
        for step in steps:
            if step.command.startswith("#"):
                text += [step.command]
                continue
            seen = run(step, folder, environment)
            expected = strip_blank(step.lines)
            text += ["< " + line for line in step.stdin] + [step.command]
            if step.command.startswith("+ "):
                if any(line.startswith("? ") for line in seen):
                    print(f"{path.name}: {step.command}\n  " + "\n  ".join(seen))
                    return False
                continue
            holds = matches(expected, strip_blank(seen))
            text += (expected if holds else rewrite(expected, seen)) + [""]
            if holds:
                continue
            good = False
            print(f"{path.name}: {step.command}")
            print("\n".join(list(difflib.unified_diff(expected, seen, "expected", "seen", lineterm="", n=2))))
    if write and not good:
        path.write_text("\n".join(strip_blank(text)) + "\n", encoding="utf-8")
    return good


def main():
    names = [name for name in sys.argv[1:] if name != "--write"]
    paths = sorted((HERE / "transcripts").glob("*.txt"))
    if names:
        paths = [path for path in paths if path.stem in names]
    if not paths:
        raise SystemExit("no such transcript: " + " ".join(map(shlex.quote, names)))
    failed = [path.name for path in paths if not play(path, "--write" in sys.argv)]
    print(f"{len(paths) - len(failed)} of {len(paths)} transcripts hold")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
