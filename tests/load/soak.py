"""Readers, searches and clients of /live, while the site gains, changes and loses posts.

The short form shows that no page is missing, torn or stale; only the long form can show a memory leak.
"""

import http.client
import random
import re
import socket
import subprocess
import threading
import time
from statistics import mean
from urllib.parse import quote

from common import Finews, Load, Site, Trial, get, percentile, wait_until

MARKS = re.compile(r"(first|last)-(\d+)-mark")
# Requests the paths in turn; the pause of each connection keeps the rate.
PACE = """
local paths = {%s}
local at = 0
request = function() at = at %% #paths + 1; return wrk.format("GET", paths[at], {["Accept-Encoding"] = "gzip"}) end
delay = function() return %s end
"""
SEARCHES = [f"/search?q={quote(word)}" for word in ("央行", "降准", "新能源", "黄金", "first", "涨停")]
CONNECTIONS = 256
LIVE_CLIENTS = 20


def soak(program, long):
    trial = Trial("soak")
    seconds = 3600 if long else 22
    site = Site(2000)
    # The page cache is small enough to be full before the first measurement.
    with Finews(program, site, "--page-cache", "16M", "--search-rate", "off") as server:
        paths = ["/", "/category/", "/category/source1.html", "/2024/03/", "/feed.xml", "/stock/"]
        paths += [site.path(number) for number in range(1000)]
        wait_until("searchable", lambda: b"search: ok" in get(server.port, "/readyz?verbose")[2], 120)
        max_rate, warm_up_failed, _ = wrk(server, site, paths, 5, None)
        half = max_rate / 2
        trial.note("maximum requests a second", f"{max_rate:.0f}")
        # A faster quarter of the workload runs first and fills all caches before the trial measures memory. It leaves
        # time to publish each change by itself: several changes at once cost little more than one.
        warm_up = Workload(server, site, *((600, 650) if long else (15, 15)), site.count)
        warm_up_failed += warm_up.run(paths, half)[1]
        # In an hour, 2,000 posts come, 2,000 change and 2,000 go.
        main = Workload(server, site, seconds, max(25, int(2000 * seconds / 3600)), site.count + warm_up.rounds)
        rate, failed, latency = main.run(paths, half)
        # The machine may have been less busy when wrk measured the maximum rate; the check shows that there was load.
        trial.check("requests a second, at half of that rate", f"{rate:.0f}", f"at least {half * 0.6:.0f}", rate >= half * 0.6)
        trial.note("p50 and p99 of these requests", latency)
        trial.check("failed requests, in the main part and the warm-up", f"{failed}, {warm_up_failed}", "0, 0", failed + warm_up_failed == 0)
        trial.note("added, changed and removed posts", f"{main.added}, {main.changed}, {main.removed}")
        stale, remaining = warm_up.stale + main.stale, warm_up.remaining + main.remaining
        trial.check("stale posts, removed posts that remain", f"{stale}, {remaining}", "0, 0", stale + remaining == 0)
        read, torn = warm_up.read + main.read, warm_up.torn + main.torn
        trial.check(f"torn pages, of {read}", torn, "0", torn == 0)
        errors = warm_up.errors + main.errors
        trial.check("other errors", errors[:5], "[]", not errors)
        trial.check("searches and their p99", f"{len(main.searches)}, {percentile(main.searches, 0.99) * 1e3:.0f} ms", "at most 1 s", percentile(main.searches, 0.99) <= 1)
        is_complete = warm_up.received == [warm_up.added] * LIVE_CLIENTS and main.received == [main.added] * LIVE_CLIENTS
        trial.check(f"new posts that each of {LIVE_CLIENTS} clients of /live received", sorted(set(main.received)), f"all {main.added}", is_complete)
        trial.note("anonymous memory, MiB, mean of each twelfth of the time", ", ".join(f"{main.mean_memory(part / 12, (part + 1) / 12) / 2**20:.1f}" for part in range(12)))
        early, late = main.mean_memory(0.25, 0.5), main.mean_memory(0.75, 1)
        growth = late / early - 1
        # The memory varies by a tenth, so that a run of some seconds can show only a larger leak.
        max_growth = 0.05 if long else 0.25
        trial.check("anonymous memory, second quarter and last quarter of the time", f"{early / 2**20:.1f} to {late / 2**20:.1f} MiB ({growth:+.1%})", f"at most {max_growth:.0%} more", growth <= max_growth)
        code = server.stop()[1]
        trial.check("exit code", code, "0", code == 0)
    return trial


def wrk(server, site, paths, seconds, rate):
    """Runs wrk at a rate, or as fast as possible. Returns requests a second, failures and latency."""
    # The pause has whole milliseconds, less one for the response and the client's own work.
    pause = f"{max(1, int(CONNECTIONS / rate * 1000) - 1)}" if rate else "0"
    script = site.scratch / "pace.lua"
    text = PACE % (", ".join(f'"{path}"' for path in paths), pause)
    script.write_text(text if rate else text.split("delay =")[0])
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", str(script)]
    output = subprocess.run([*command, f"http://127.0.0.1:{server.port}"], capture_output=True, text=True, timeout=seconds + 60).stdout
    load = Load.parse(output)
    latency = ", ".join(re.search(rf"^ +{percent}%\s+(\S+)", output, re.M)[1] for percent in (50, 99))
    return load.rate, load.failed, latency


class Workload:
    """Changes of the site, and the clients other than wrk."""

    def __init__(self, server, site, seconds, rounds, first):
        """In each round one post is added, one changed and one removed. `first` is the number of the first new post."""
        self.server, self.site = server, site
        self.seconds, self.rounds, self.first = seconds, rounds, first
        self.added = self.changed = self.removed = self.read = self.torn = self.stale = self.remaining = 0
        # The versions of the changed posts by number, and the numbers of the removed posts.
        self.versions, self.removed_numbers = {}, []
        self.last_changed = 1000
        self.errors, self.searches, self.received, self.memory = [], [], [], []
        self.is_over = threading.Event()
        self.live_sockets = []

    def run(self, paths, rate):
        """Runs the workload while wrk requests the paths at a rate. Returns the result of `wrk`."""
        parts = (self.change_posts, self.read_posts, self.search, self.measure_memory)
        threads = [threading.Thread(target=self.collect_errors, args=(part,)) for part in parts]
        live_clients = [threading.Thread(target=self.collect_errors, args=(self.receive_live,), daemon=True) for _ in range(LIVE_CLIENTS)]
        self.start = time.monotonic()
        for thread in [*live_clients, *threads]:
            thread.start()
        result = wrk(self.server, self.site, paths, self.seconds, rate)
        for thread in threads:
            thread.join()
        self.is_over.set()
        # The last events arrive within this second. The closed sockets then spare the clients the next heartbeat.
        time.sleep(1)
        for live_socket in self.live_sockets:
            live_socket.shutdown(socket.SHUT_RD)
        for thread in live_clients:
            thread.join(30)
        self.check_final_state()
        return result

    def collect_errors(self, part):
        try:
            part()
        except Exception as error:  # an error of any kind must fail the trial
            self.errors.append(f"{part.__name__}: {error!r}")

    def is_running(self):
        return time.monotonic() < self.start + self.seconds

    def change_posts(self):
        # The last ten seconds are left for finews to publish the changes.
        pause = (self.seconds - 10) / self.rounds / 3
        for number in range(self.rounds):
            self.site.write(self.first + number)
            self.added += 1
            time.sleep(pause)
            changed, version = 1000 + number % 1000, self.first + number
            self.last_changed = changed
            self.site.write(changed, version)
            self.versions[changed] = version
            self.changed += 1
            time.sleep(pause)
            # A round removes the post of ten rounds before; the first ten rounds remove no post.
            if number >= 10:
                self.removed_numbers.append(self.first + number - 10)
                self.site.file(self.removed_numbers[-1]).unlink()
                self.removed += 1
            time.sleep(pause)

    def read_posts(self):
        """Reads the post of the last change and the posts that can change, in turn, and counts torn pages."""
        while self.is_running():
            self.read += 1
            self.torn += self.version(1000 + self.read % 1000 if self.read % 2 else self.last_changed) is None
            time.sleep(0.02)

    def version(self, number):
        """The version of a post that finews shows, or `None` if the page is incomplete or mixes versions."""
        status, _, body = get(self.server.port, self.site.path(number))
        marks = MARKS.findall(body.decode())
        versions = {int(version) for _, version in marks}
        is_whole = status == 200 and {kind for kind, _ in marks} == {"first", "last"} and len(versions) == 1
        return versions.pop() if is_whole else None

    def check_final_state(self):
        """Counts changed posts that have an old version, and removed posts that are not 404."""
        self.stale = sum(self.version(number) != version for number, version in self.versions.items())
        self.remaining = sum(get(self.server.port, self.site.path(number))[0] != 404 for number in self.removed_numbers)

    def search(self):
        while self.is_running():
            start = time.monotonic()
            path = SEARCHES[len(self.searches) % len(SEARCHES)]
            status, _, body = get(self.server.port, path)
            self.searches.append(time.monotonic() - start)
            if (status, b"<mark>" in body) != (200, True):
                self.errors.append(f"{path}: status {status}, {body.count(b'<mark>')} marks")
            time.sleep(0.2)

    def receive_live(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        connection.request("GET", "/live")
        response = connection.getresponse()
        self.live_sockets.append(connection.sock)
        count = 0
        while line := response.readline():
            count += line == b"event: post\n"
            if line == b"event: reset\n":
                raise ValueError("the client missed too many events")
        if not self.is_over.is_set():
            raise EOFError(f"the stream ended after {count} posts")
        self.received.append(count)
        connection.close()

    def measure_memory(self):
        while self.is_running():
            self.memory.append((time.monotonic() - self.start, self.server.memory()))
            # Publishing takes some memory for a fraction of a second, and posts come at a steady rate. Samples at
            # another steady rate would for a while all fall into this fraction, or all outside it.
            time.sleep(random.uniform(0.1, 0.9))

    def mean_memory(self, start, end):
        """The mean in bytes over a part of the time, whose ends are fractions of the whole."""
        return mean(memory for at, memory in self.memory if start <= at / self.seconds < end)
