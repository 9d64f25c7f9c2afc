#!/usr/bin/env python3
"""Tests finews under load, attacks and restarts, and compares each measurement with its bound.

The short form takes some minutes. The long form (--long) takes about two hours: it uses more clients and runs longer.
The tests need Debian's slowhttptest, nghttp2-client, wrk, nginx, caddy and haproxy.
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

from http2 import http2
from overload import slow_clients, too_many_connections
from proxies import proxies_trial, restarts
from shutdown import shutdown
from soak import soak

TRIALS = {
    "slow": slow_clients,
    "connections": too_many_connections,
    "http2": http2,
    "shutdown": shutdown,
    "proxies": proxies_trial,
    "restarts": restarts,
    "soak": soak,
}
HEAD = "# Load and abuse tests\n\nResults of `tests/load/load.py`. Clients, proxies and finews share the cores.\n"
PROGRAMS = ["slowhttptest", "h2load", "wrk", "nginx", "caddy", "haproxy"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--finews", default="target/release/finews", help="the program")
    parser.add_argument("--long", action="store_true", help="the long form")
    parser.add_argument("--results", help="a Markdown file for the results; an existing file keeps the sections of other trials")
    parser.add_argument("trials", nargs="*", metavar="TRIAL", help=f"a trial of {', '.join(TRIALS)}; the default is all of them")
    options = parser.parse_args()
    unknown = set(options.trials) - set(TRIALS)
    if unknown:
        parser.error(f"no such trial: {', '.join(sorted(unknown))}")
    missing = [program for program in PROGRAMS if not shutil.which(program)]
    if missing:
        parser.error(f"not installed: {', '.join(missing)}")
    hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard_limit, hard_limit))
    finished = []
    for name in options.trials or TRIALS:
        load_average = os.getloadavg()[0]
        start = time.monotonic()
        trial = TRIALS[name](os.path.abspath(options.finews), options.long)
        finished.append((trial, load_average, time.monotonic() - start))
    if options.results:
        sections = {trial.name: section(trial, load_average, seconds, options) for trial, load_average, seconds in finished}
        update_results(options.results, sections)
    sys.exit(any(trial.failed for trial, *_ in finished))


def section(trial, load_average, seconds, options):
    version = subprocess.run([options.finews, "--version"], capture_output=True, text=True).stdout.strip()
    run = f"{time.strftime('%Y-%m-%d')}, {version}, {'long form' if options.long else 'short form'}"
    machine = f"{os.cpu_count()} cores, Linux {platform.release()}; load average before: {load_average:.1f}; duration: {seconds:.0f} s"
    lines = [f"## {trial.name}", "", f"{run}; {machine}.", "", "| measurement | value | bound | |", "|---|---|---|---|"]
    # A bar would end the cell of the table.
    cell = lambda value: str(value).replace("|", "\\|")  # noqa: E731
    lines += [f"| {cell(label)} | {cell(value)} | {bound} | {'ok' if passed else '**failed**'} |" for label, value, bound, passed in trial.rows]
    return "\n".join(lines) + "\n"


def update_results(path, sections):
    """Writes sections to a file. A section replaces the section of the same name."""
    text = open(path).read() if os.path.exists(path) else HEAD
    head, *known = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    name = lambda text: text.splitlines()[0].removeprefix("## ")  # noqa: E731
    parts = {name(part): part for part in known} | sections
    with open(path, "w") as file:
        file.write("\n".join([head.rstrip() + "\n", *(part.rstrip() + "\n" for part in parts.values())]))


if __name__ == "__main__":
    main()
