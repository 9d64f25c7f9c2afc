#!/usr/bin/env python3
"""Trials of a finews under attack, load and restarts: what is promised of it, each with what was seen.

In the short form it takes some minutes; with --long it is what an owner's worst day would be, and takes two hours.
Needs Debian's slowhttptest, nghttp2-client, wrk, nginx, caddy and haproxy.
"""

import argparse
import os
import platform
import re
import resource
import shutil
import subprocess
import sys
import time

from overload import crowd, slow
from shutdown import endings
from http2 import http2
from proxies import behind, restarts
from soak import soak

TRIALS = {"slow": slow, "crowd": crowd, "http2": http2, "endings": endings, "proxies": behind, "restarts": restarts, "soak": soak}
HEAD = "# Under fire\n\nWhat `tests/load/load.py` saw. Clients, proxies and finews share the cores.\n"
NEEDED = ["slowhttptest", "h2load", "wrk", "nginx", "caddy", "haproxy"]


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--finews", default="target/release/finews", help="the program")
    options.add_argument("--long", action="store_true", help="the long form")
    options.add_argument("--results", help="a Markdown file for what was seen; in one that is there, only the trials that were run are put anew")
    options.add_argument("trials", nargs="*", metavar="TRIAL", help=f"which: {', '.join(TRIALS)}; all, if none is named")
    said = options.parse_args()
    unknown = set(said.trials) - set(TRIALS)
    if unknown:
        options.error(f"no such trial: {', '.join(sorted(unknown))}")
    missing = [program for program in NEEDED if not shutil.which(program)]
    if missing:
        options.error(f"not installed: {', '.join(missing)}")
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    done = []
    for name in said.trials or TRIALS:
        load = os.getloadavg()[0]
        begun = time.monotonic()
        trial = TRIALS[name](os.path.abspath(said.finews), said.long)
        done.append((trial, load, time.monotonic() - begun))
    if said.results:
        keep(said.results, {trial.name: section(trial, load, took, said) for trial, load, took in done})
    sys.exit(any(trial.failed for trial, *_ in done))


def section(trial, load, took, said):
    version = subprocess.run([said.finews, "--version"], capture_output=True, text=True).stdout.strip()
    when = f"{time.strftime('%Y-%m-%d')}, {version}, {'the long form' if said.long else 'the short form'}"
    where = f"{os.cpu_count()} cores, Linux {platform.release()}; load before: {load:.1f}; took {took:.0f} s"
    lines = [f"## {trial.name}", "", f"{when}; {where}.", "", "| what | seen | bound | |", "|---|---|---|---|"]
    # The file is read by people: a bar would end a cell.
    cell = lambda value: str(value).replace("|", "\\|")  # noqa: E731
    lines += [f"| {cell(what)} | {cell(figure)} | {bound} | {'ok' if holds else '**failed**'} |" for what, figure, bound, holds in trial.rows]
    return "\n".join(lines) + "\n"


def keep(path, sections):
    """Puts sections into a file, each in the place of the one of its name."""
    text = open(path).read() if os.path.exists(path) else HEAD
    head, *known = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    name = lambda text: text.splitlines()[0].removeprefix("## ")  # noqa: E731
    parts = {name(part): part for part in known} | sections
    with open(path, "w") as file:
        file.write("\n".join([head.rstrip() + "\n", *(part.rstrip() + "\n" for part in parts.values())]))


if __name__ == "__main__":
    main()
