#!/usr/bin/env python3
"""Whole processes: what a person waits for and what a machine must hold.

Metadata commands on a home of 100 datasets are judged beside the start of an empty process in the same run;
`register birdstrikes.csv` by its processor time; the load of a CSV file of 1 GB with
chunk_memory_limit_mb 100 by its peak of resident memory, on each database. One JSON object a line."""
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

PROGRAM = os.environ["MDM_TEST_PROGRAM"]
DATA = pathlib.Path(os.environ["MDM_TEST_DATA"])
ROUNDS = 31
GIGABYTE = 1_000_000_000


def figure(name, value, unit, bar=None):
    line = {"name": f"whole/{name}", "value": round(value, 4), "unit": unit}
    if bar is not None:
        line |= {"bar": bar, "reached": value <= bar}
    print(json.dumps(line), flush=True)


def run(command, environment):
    """Seconds of the wall clock, of the processor, and the peak of resident memory in MB."""
    start = time.perf_counter()
    child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{command}: {child.returncode}: {errors.decode()}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def empty_program(folder):
    """The start of a process that does nothing, not even load what a shell loads."""
    source = folder / "empty.c"
    source.write_text("int main(void) { return 0; }\n")
    subprocess.run(["cc", "-O2", "-o", folder / "empty", source], check=True)
    return str(folder / "empty")


def peak_of(command, environment, folder):
    """Peak of resident memory as the kernel counted it for the process itself (ru_maxrss of a child is
    never below that of the process that forked it)."""
    script = folder / "peak.sh"
    script.write_text('#!/bin/sh\n"$@" >/dev/null 2>&1 &\npid=$!\npeak=0\nwhile kill -0 $pid 2>/dev/null; do\n'
                      "now=$(sed -n 's/^VmHWM:[^0-9]*\\([0-9]*\\).*/\\1/p' /proc/$pid/status 2>/dev/null)\n"
                      '[ -n "$now" ] && peak=$now\nsleep 0.05\ndone\nwait $pid || exit 1\necho $peak\n')
    done = subprocess.run(["sh", script, *command], env=environment, capture_output=True, check=True)
    return int(done.stdout) / 1024


def metadata(folder, environment):
    empty = empty_program(folder)
    for i in range(100):
        name = f"d{i}"
        if i == 0:
            run([PROGRAM, "register", name, DATA / "birdstrikes.csv", "--backend", "sqlite", "-q"], environment)
            first = (folder / "home/config/datasets/d0.yaml").read_text()
        else:
            path = folder / f"home/config/datasets/{name}.yaml"
            path.write_text(first.replace("name: d0", f"name: {name}"))
            path.chmod(0o600)
    time.sleep(2.1)  # a description younger than two seconds is read again
    commands = {"version": ["--version"], "list": ["list"], "info": ["info", "d7"]}
    for name, words in commands.items():
        run([PROGRAM, *words], environment)
        beyond, base = [], []
        for _ in range(ROUNDS):
            base.append(run([empty], environment)[0])
            beyond.append(run([PROGRAM, *words], environment)[0] - base[-1])
        figure(f"{name}/empty_process", 1000 * statistics.median(base), "ms")
        figure(f"{name}/beyond_process_start", 1000 * statistics.median(beyond), "ms", 5)
        traced = subprocess.run(["strace", "-f", "-e", "trace=openat", PROGRAM, *words], env=environment,
                                capture_output=True, check=False) if shutil.which("strace") else None
        if traced:
            figure(f"{name}/libduckdb_mapped", traced.stderr.count(b"libduckdb"), "times", 0)


def resident(folder, environment):
    """Memory of the metadata commands. GNU time forks them: a fork of this interpreter would count its own."""
    for name, words in {"list": ["list"], "info": ["info", "d7"]}.items():
        peaks = []
        for program in (str(folder / "empty"), PROGRAM):
            arguments = words if program == PROGRAM else []
            done = subprocess.run(["/usr/bin/env", "time", "-f", "%M", program, *arguments], env=environment,
                                  capture_output=True, check=False) if shutil.which("time") else None
            if not done or done.returncode:
                print(json.dumps({"skipped": f"whole/{name}/resident: GNU time is not installed"}))
                return
            peaks.append(int(done.stderr.splitlines()[-1]) / 1024)
        figure(f"{name}/resident_beyond_process_start", peaks[1] - peaks[0], "MB", 8)


def birdstrikes(environment):
    spent = []
    for i in range(7):
        spent.append(run([PROGRAM, "register", f"b{i}", DATA / "birdstrikes.csv", "--backend",
                          ("sqlite", "duckdb")[i % 2], "-q"], environment)[1])
    figure("register_birdstrikes_cpu/sqlite", statistics.median(spent[0::2]), "s", 0.15)
    figure("register_birdstrikes_cpu/duckdb", statistics.median(spent[1::2]), "s", 0.15)


def large_file(folder, environment):
    run([PROGRAM, "register", "flights", DATA / "flights-3m.parquet", "-q"], environment)
    part = folder / "part.csv"
    run([PROGRAM, "export", "flights", "--output", part, "-f", "csv", "-q"], environment)
    header, body = part.read_bytes().split(b"\n", 1)
    large = folder / "large.csv"
    with large.open("wb") as out:
        out.write(header + b"\n")
        while out.tell() < GIGABYTE:
            out.write(body)
    figure("large_csv/size", large.stat().st_size / 1e6, "MB")
    part.unlink()
    del body
    for backend in ("sqlite", "duckdb"):
        peak = peak_of([PROGRAM, "register", "large", str(large), "--backend", backend, "--force", "-q",
                        "--set", "performance.batch.chunk_memory_limit_mb=100"], environment, folder)
        figure(f"large_csv/peak_resident/{backend}", peak, "MB", 350)


def main():
    where = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=where) as name:
        folder = pathlib.Path(name)
        environment = dict(os.environ, MDM_HOME_DIR=str(folder / "home"))
        metadata(folder, environment)
        resident(folder, environment)
        birdstrikes(environment)
        large_file(folder, environment)
    return 0


if __name__ == "__main__":
    sys.exit(main())
