#!/usr/bin/env python3
"""An installation in a folder of its own serves users: the program starts, and a
stranger's C program builds and runs with nothing but what pkg-config says.

Usage: installed.py BUILD_FOLDER
"""

import os
import pathlib
import subprocess
import sys
import tempfile

STRANGER = """
#include <mdm/base.h>
#include <stdio.h>

int main(void)
{
    puts(mdm_status_text(MDM_NOT_FOUND));
    return 0;
}
"""


def output(*command, **options):
    """What a command printed; its own words and an exception when it fails."""
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True,
                          **options).stdout


def find(root, name):
    matches = list(root.rglob(name))
    assert len(matches) == 1, f"{name}: expected once, found {matches}"
    return matches[0]


def check(build, root):
    output("meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", root)
    library = find(root, "libmdm.so")
    assert (library.parent / "mdm" / "libduckdb.so").stat().st_size > 1 << 20
    names = output("readelf", "-d", library)
    assert "soname: [libmdm.so.0]" in names, names

    version = output(find(root, "bin") / "mdm", "--version")
    package = find(root, "mdm.pc")
    environment = os.environ | {"PKG_CONFIG_PATH": package.parent, "PKG_CONFIG_SYSROOT_DIR": root}
    pkg_config = ["pkg-config", "mdm"]
    promised = output(*pkg_config, "--modversion", env=environment).strip()
    assert promised in version, f"mdm --version says {version!r}, mdm.pc {promised!r}"

    flags = output(*pkg_config, "--cflags", "--libs", env=environment).split()
    source, program = root / "stranger.c", root / "stranger"
    source.write_text(STRANGER, encoding="utf-8")
    output("cc", "-std=c17", "-o", program, source, *flags)
    words = output(program, env={"LD_LIBRARY_PATH": library.parent})
    assert words == "not found\n", words


def main():
    with tempfile.TemporaryDirectory() as root:
        check(sys.argv[1], pathlib.Path(root))
    print("installed, started, linked")


if __name__ == "__main__":
    main()
