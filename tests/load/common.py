"""Made-up sites, the finews that serves them, and what is asked of it: the vocabulary of the trials."""

import http.client
import json
import os
import re
import resource
import signal
import socket
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

WORDS = "央行 降准 落地 银行 股 涨停 板块 资金 市场 消息 公司 公告 业绩 季度 增长 下跌 新能源 芯片 黄金 原油".split()


def post_text(number, version=0):
    """A post whose text names its version first and last, so that a torn page can be told."""
    words = [WORDS[(number * 7 + n * (n + 3)) % len(WORDS)] for n in range(400)]
    lines = ["，".join(words[start : start + 20]) + "。" for start in range(0, 400, 20)]
    text = "\n\n".join([f"first-{version}-mark", *lines, f"last-{version}-mark"])
    return f"---\ntitle: 第 {number} 条：{words[0]}{words[1]}\ncategories: [source{number % 40}]\n---\n{text}\n"


class Site:
    """A folder of posts, which goes with the trial."""

    def __init__(self, posts=2000):
        self.folder = tempfile.TemporaryDirectory(prefix="finews-load-")
        self.root = Path(self.folder.name) / "site"
        (self.root / "_posts").mkdir(parents=True)
        (self.root / "assets").mkdir()
        (self.root / "assets" / "large.bin").write_bytes(bytes(range(256)) * (16 * 4096))
        (self.root / "_config.yml").write_text("title: 快讯\nlang: zh-CN\npermalink: /:categories/:title.html\n")
        self.count = posts
        for number in range(posts):
            self.write(number)

    @property
    def scratch(self):
        """A folder for what is not part of the site."""
        return Path(self.folder.name)

    def file(self, number):
        return self.root / "_posts" / f"2024-{1 + number % 12:02}-{1 + number % 28:02}-p{number}.md"

    @staticmethod
    def path(number):
        return f"/source{number % 40}/p{number}.html"

    def write(self, number, version=0):
        """Writes aside and renames, as a careful scraper does."""
        file = self.file(number)
        aside = file.with_name(f".{file.name}.part")
        aside.write_text(post_text(number, version))
        os.replace(aside, file)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Finews:
    """A finews that runs, and is killed when its trial ends."""

    def __init__(self, program, site, *flags, port=0, files=None):
        self.lines = []
        command = [program, "serve", str(site.root), "--listen", f"127.0.0.1:{port}", "--admin-listen", "127.0.0.1:0", *flags]
        limit = (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))) if files else None
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, errors="replace", preexec_fn=limit)
        threading.Thread(target=self.read, daemon=True).start()
        self.port = int(self.said(r"listening on http://127\.0\.0\.1:(\d+)"))
        self.admin = int(self.said(r"admin listener on http://127\.0\.0\.1:(\d+)"))
        wait_until("ready", lambda: get(self.port, "/readyz")[0] == 200, 60)

    def read(self):
        for line in self.process.stderr:
            self.lines.append(line)

    def said(self, pattern, limit=20):
        found = []

        def look():
            found.extend(match[1] for line in list(self.lines) if (match := re.search(pattern, line)))
            return found

        wait_until(pattern, look, limit)
        return found[0]

    def requests(self):
        """What its log says of requests, if it is JSON."""
        entries = [json.loads(line) for line in list(self.lines) if line.startswith("{")]
        return [entry for entry in entries if entry.get("message") == "request"]

    def number(self, name):
        """A number of /metrics."""
        text = get(self.admin, "/metrics")[2].decode()
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name))

    def memory(self):
        """Bytes that are its own."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"RssAnon:\s+(\d+) kB", status)[1]) * 1024

    def established(self):
        """How many connections it has, with those that the system still has for it."""
        rows = Path("/proc/net/tcp").read_text().splitlines()[1:]
        here = f"0100007F:{self.port:04X}"
        return sum(row.split()[1] == here and row.split()[3] == "01" for row in rows)

    def stop(self, limit=8):
        """Tells it to end; how long that took and its exit code."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(limit + 5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = None
        return time.monotonic() - begun, code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def wait_until(what, holds, limit):
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        try:
            if holds():
                return
        except OSError:
            pass
        time.sleep(0.02)
    raise TimeoutError(f"not {what} within {limit} s")


def get(port, path, headers=None, source=None, method="GET", timeout=10):
    """Status, headers and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout, source_address=source and (source, 0))
    try:
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def percentile(values, part):
    return sorted(values)[min(len(values) - 1, int(len(values) * part))] if values else float("inf")


def paced(port, paths, seconds, every=0.01):
    """Asks for paths in turn, each on a connection of its own, at a steady pace; the seconds that each took, and
    how many failed."""
    times, failed = [], 0
    end = time.monotonic() + seconds
    due = time.monotonic()
    while (now := time.monotonic()) < end:
        if now < due:
            time.sleep(due - now)
        # Who is late does not ask faster for that: it would be the client that is measured.
        due = max(due + every, time.monotonic())
        begun = time.monotonic()
        try:
            status, _, _ = get(port, paths[len(times) % len(paths)])
            failed += status != 200
        except OSError:
            failed += 1
        times.append(time.monotonic() - begun)
    return times, failed


class Trial:
    """What was measured, each with its bound."""

    def __init__(self, name):
        self.name = name
        self.rows = []

    def check(self, what, figure, bound, holds):
        self.rows.append((what, figure, bound, holds))
        print(f"{'ok    ' if holds else 'FAILED'} {self.name}: {what}: {figure} ({bound})", flush=True)

    def note(self, what, figure):
        self.rows.append((what, figure, "", True))
        print(f"       {self.name}: {what}: {figure}", flush=True)

    @property
    def failed(self):
        return not all(holds for *_, holds in self.rows)


@dataclass
class Load:
    """What wrk saw: requests, how many a second, how many of them were refused and how many lost, and what it said of these."""

    requests: int
    rate: float
    refused: int
    lost: int
    errors: list

    @staticmethod
    def of(said):
        lost = re.search(r"Socket errors: (.*)", said)
        refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
        return Load(
            requests=int(re.search(r"(\d+) requests in", said)[1]),
            rate=float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]),
            refused=int(refused[1]) if refused else 0,
            lost=sum(map(int, re.findall(r"\d+", lost[1]))) if lost else 0,
            errors=[match[0] for match in (lost, refused) if match],
        )

    @property
    def failed(self):
        return self.refused + self.lost
