"""Readers, searches and clients of /live, while posts are added, changed and removed.

The short form shows that nothing is lost, torn or stale; only the long form can show a leak."""

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
# What readers ask for, in turn; the rate is kept by each connection's pause.
PACE = """
local paths = {%s}
local at = 0
request = function() at = at %% #paths + 1; return wrk.format("GET", paths[at], {["Accept-Encoding"] = "gzip"}) end
delay = function() return %s end
"""
SEARCHES = [f"/search?q={quote(word)}" for word in ("央行", "降准", "新能源", "黄金", "first", "涨停")]
CONNECTIONS = 256
LIVE = 20


def soak(program, long):
    trial = Trial("soak")
    seconds = 3600 if long else 22
    site = Site(2000)
    # So small that it is full before the first figure is taken.
    with Finews(program, site, "--page-cache", "16M", "--search-rate", "off") as server:
        paths = ["/", "/category/", "/category/source1.html", "/2024/03/", "/feed.xml", "/stock/"]
        paths += [site.path(number) for number in range(1000)]
        wait_until("searchable", lambda: b"search: ok" in get(server.port, "/readyz?verbose")[2], 120)
        rate, lost, _ = wrk(server, site, paths, 5, None)
        half = rate / 2
        trial.note("sustainable requests a second", f"{rate:.0f}")
        # A fast quarter of the day beforehand, so that what fills with it is full before memory is looked at. It is no
        # faster than each change can be published by itself: several at once cost hardly more than one.
        before = Day(server, site, *((600, 650) if long else (13, 15)), site.count)
        lost += before.live(paths, half)[1]
        # 2,000 of each kind an hour.
        day = Day(server, site, seconds, max(25, int(2000 * seconds / 3600)), site.count + before.rounds)
        done, failed, latency = day.live(paths, half)
        # The machine may have had more to spare when the rate was measured; what is to be seen is that it was asked.
        trial.check("requests a second, of half of that", f"{done:.0f}", f"at least {half * 0.6:.0f}", done >= half * 0.6)
        trial.note("p50 and p99 of those", latency)
        trial.check("requests that failed, and beforehand", f"{failed}, {lost}", "0, 0", failed + lost == 0)
        trial.note("posts that came, changed, went", f"{day.came}, {day.changed}, {day.gone}")
        stale, stay = before.missed + day.missed, before.stayed + day.stayed
        trial.check("posts not shown as last written, gone ones that are still shown", f"{stale}, {stay}", "0, 0", stale + stay == 0)
        read, torn = before.read + day.read, before.torn + day.torn
        trial.check(f"pages that were torn, of {read}", torn, "0", torn == 0)
        errors = before.errors + day.errors
        trial.check("other errors", errors[:5], "none", not errors)
        trial.check("searches, and their p99", f"{len(day.searches)}, {percentile(day.searches, 0.99) * 1e3:.0f} ms", "at most 1 s", percentile(day.searches, 0.99) <= 1)
        told = before.told == [before.came] * LIVE and day.told == [day.came] * LIVE
        trial.check(f"new posts told to each of {LIVE} followers", sorted(set(day.told)), f"all {day.came}", told)
        trial.note("own memory, MiB, means of each twelfth of the time", ", ".join(f"{day.mean_memory(part / 12, (part + 1) / 12) / 2**20:.1f}" for part in range(12)))
        early, late = day.mean_memory(0.25, 0.5), day.mean_memory(0.75, 1)
        change = late / early - 1
        # It goes up and down by a tenth: in minutes only a leak that is larger can be seen.
        most = 0.05 if long else 0.25
        trial.check("own memory, from the second quarter of the time to the last", f"{early / 2**20:.1f} to {late / 2**20:.1f} MiB ({change:+.1%})", f"at most {most:.0%} more", change <= most)
        code = server.stop()[1]
        trial.check("exit code", code, "0", code == 0)
    return trial


def wrk(server, site, paths, seconds, rate):
    """Requests a second, how many failed, and the latency that wrk saw; at a rate, or as fast as can be."""
    # In whole milliseconds, and without the one that an answer and a turn of the client take.
    pause = f"{max(1, int(CONNECTIONS / rate * 1000) - 1)}" if rate else "0"
    script = site.scratch / "pace.lua"
    text = PACE % (", ".join(f'"{path}"' for path in paths), pause)
    script.write_text(text if rate else text.split("delay =")[0])
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", str(script)]
    said = subprocess.run([*command, f"http://127.0.0.1:{server.port}"], capture_output=True, text=True, timeout=seconds + 60).stdout
    load = Load.of(said)
    latency = ", ".join(re.search(rf"^ +{part}%\s+(\S+)", said, re.M)[1] for part in (50, 99))
    return load.rate, load.failed, latency


class Day:
    """All that happens beside the readers."""

    def __init__(self, server, site, seconds, rounds, first):
        """So many posts come, from the number `first` on; as many change, and go."""
        self.server, self.site = server, site
        self.seconds, self.rounds, self.first = seconds, rounds, first
        self.came = self.changed = self.gone = self.read = self.torn = self.missed = self.stayed = 0
        # The versions of what was changed, by number, and what was removed.
        self.written, self.removed = {}, []
        self.newest = 1000
        self.errors, self.searches, self.told, self.memory = [], [], [], []
        self.over = threading.Event()
        self.streams = []

    def live(self, paths, rate):
        """All of it, while paths are asked for at a rate; what wrk saw."""
        parts = (self.write, self.look, self.search, self.watch_memory)
        threads = [threading.Thread(target=self.guarded, args=(part,)) for part in parts]
        followers = [threading.Thread(target=self.guarded, args=(self.follow,), daemon=True) for _ in range(LIVE)]
        self.begun = time.monotonic()
        for thread in [*followers, *threads]:
            thread.start()
        seen = wrk(self.server, self.site, paths, self.seconds, rate)
        for thread in threads:
            thread.join()
        self.over.set()
        # Events that are still on their way arrive within this second; then no client waits for a heartbeat.
        time.sleep(1)
        for stream in self.streams:
            stream.shutdown(socket.SHUT_RD)
        for thread in followers:
            thread.join(30)
        self.look_back()
        return seen

    def guarded(self, part):
        try:
            part()
        except Exception as error:  # whatever it is, it must not pass unseen
            self.errors.append(f"{part.__name__}: {error!r}")

    def lasts(self):
        return time.monotonic() < self.begun + self.seconds

    def write(self):
        # Spread over the time but for a last while in which all is heard of.
        pause = (self.seconds - 10) / self.rounds / 3
        for number in range(self.rounds):
            self.site.write(self.first + number)
            self.came += 1
            time.sleep(pause)
            changed, version = 1000 + number % 1000, self.first + number
            self.newest = changed
            self.site.write(changed, version)
            self.written[changed] = version
            self.changed += 1
            time.sleep(pause)
            # What came a while ago goes; the first few have nothing before them.
            if number >= 10:
                self.removed.append(self.first + number - 10)
                self.site.file(self.removed[-1]).unlink()
                self.gone += 1
            time.sleep(pause)

    def look(self):
        """Reads what is being changed, and by turns all that is: first and last words must be of one version."""
        while self.lasts():
            self.read += 1
            self.torn += self.version(1000 + self.read % 1000 if self.read % 2 else self.newest) is None
            time.sleep(0.02)

    def version(self, number):
        """Which version of a post is shown; none if it is not shown whole."""
        status, _, body = get(self.server.port, self.site.path(number))
        marks = MARKS.findall(body.decode())
        versions = {int(version) for _, version in marks}
        is_whole = status == 200 and {kind for kind, _ in marks} == {"first", "last"} and len(versions) == 1
        return versions.pop() if is_whole else None

    def look_back(self):
        """Whether all is shown as it was last written, and nothing that was removed."""
        self.missed = sum(self.version(number) != version for number, version in self.written.items())
        self.stayed = sum(get(self.server.port, self.site.path(number))[0] != 404 for number in self.removed)

    def search(self):
        while self.lasts():
            begun = time.monotonic()
            path = SEARCHES[len(self.searches) % len(SEARCHES)]
            status, _, body = get(self.server.port, path)
            self.searches.append(time.monotonic() - begun)
            if (status, b"<mark>" in body) != (200, True):
                self.errors.append(f"{path} was answered {status}, with {body.count(b'<mark>')} marks")
            time.sleep(0.2)

    def follow(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        connection.request("GET", "/live")
        answer = connection.getresponse()
        self.streams.append(connection.sock)
        count = 0
        while line := answer.readline():
            count += line == b"event: post\n"
            if line == b"event: reset\n":
                raise ValueError("too much was missed")
        if not self.over.is_set():
            raise EOFError(f"the end after {count} posts")
        self.told.append(count)
        connection.close()

    def watch_memory(self):
        while self.lasts():
            self.memory.append((time.monotonic() - self.begun, self.server.memory()))
            # What is published takes some memory for a part of a second, and posts come at a steady pace: at a pace
            # of its own this would see the one or the other part only, for as long as the two go together.
            time.sleep(random.uniform(0.1, 0.9))

    def mean_memory(self, start, end):
        """Bytes, over a part of the time; its ends are given as parts of the whole."""
        return mean(memory for at, memory in self.memory if start <= at / self.seconds < end)
