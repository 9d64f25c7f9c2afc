"""The parts that all trials use: generated sites, a running finews, requests and measurements."""

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
    """A post with its version at the start and at the end, so that a client can detect a page of two versions."""
    words = [WORDS[(number * 7 + n * (n + 3)) % len(WORDS)] for n in range(400)]
    lines = ["，".join(words[start : start + 20]) + "。" for start in range(0, 400, 20)]
    text = "\n\n".join([f"first-{version}-mark", *lines, f"last-{version}-mark"])
    return f"---\ntitle: 第 {number} 条：{words[0]}{words[1]}\ncategories: [source{number % 40}]\n---\n{text}\n"


class Site:
    """A temporary folder of posts. Python removes it together with this object."""

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

    def __fspath__(self):
        return str(self.root)

    @property
    def scratch(self):
        """A folder for files that are not part of the site."""
        return Path(self.folder.name)

    def file(self, number):
        return self.root / "_posts" / f"2024-{1 + number % 12:02}-{1 + number % 28:02}-p{number}.md"

    @staticmethod
    def path(number):
        """The URL path of a post."""
        return f"/source{number % 40}/p{number}.html"

    def write(self, number, version=0):
        """Writes a post to a temporary file and renames it, as a careful scraper does."""
        file = self.file(number)
        temporary = file.with_name(f".{file.name}.part")
        temporary.write_text(post_text(number, version))
        os.replace(temporary, file)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Program:
    """A running program that logs to its standard error. The end of the `with` block kills it."""

    def __init__(self, command, **options):
        self.lines = []
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, errors="replace", **options)
        threading.Thread(target=self.read_log, daemon=True).start()

    def read_log(self):
        for line in self.process.stderr:
            self.lines.append(line)

    def find_in_log(self, pattern, timeout=20):
        """Waits for a log line that matches, and returns the first group of the match."""
        matches = []

        def is_logged():
            matches.extend(match[1] for line in list(self.lines) if (match := re.search(pattern, line)))
            return matches

        wait_until(pattern, is_logged, timeout)
        return matches[0]

    def stop(self, timeout=8):
        """Sends SIGTERM. Returns the seconds until the exit, and the exit code, or `None` after a kill."""
        start = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(timeout + 5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = None
        return time.monotonic() - start, code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


class Finews(Program):
    """A running finews that serves a `Site` or another folder. The constructor returns once finews is ready."""

    def __init__(self, program, folder, *flags, port=0, max_files=None, is_ready_soon=True):
        command = [program, "serve", os.fspath(folder), "--listen", f"127.0.0.1:{port}", "--admin-listen", "127.0.0.1:0", *flags]
        limit = (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (max_files, max_files))) if max_files else None
        super().__init__(command, preexec_fn=limit)
        try:
            self.port = int(self.find_in_log(r"listening on http://127\.0\.0\.1:(\d+)"))
            self.admin_port = int(self.find_in_log(r"admin listener on http://127\.0\.0\.1:(\d+)"))
            if is_ready_soon:
                wait_until("ready", lambda: get(self.port, "/readyz")[0] == 200, 60)
        except BaseException:
            self.__exit__()
            raise

    def logged_requests(self):
        """The request entries of a log in JSON."""
        entries = [json.loads(line) for line in list(self.lines) if line.startswith("{")]
        return [entry for entry in entries if entry.get("message") == "request"]

    def metric(self, name):
        """The sum of all values in /metrics whose line starts with a name."""
        text = get(self.admin_port, "/metrics")[2].decode()
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name))

    def memory(self):
        """The anonymous resident memory, in bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"RssAnon:\s+(\d+) kB", status)[1]) * 1024

    def established_connections(self):
        """The number of established connections, including those that finews has not accepted yet."""
        rows = Path("/proc/net/tcp").read_text().splitlines()[1:]
        address = f"0100007F:{self.port:04X}"
        return sum(row.split()[1] == address and row.split()[3] == "01" for row in rows)


def wait_until(state, condition, timeout):
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        try:
            if condition():
                return
        except OSError:
            pass
        time.sleep(0.02)
    raise TimeoutError(f"not {state} within {timeout} s")


def get(port, path, headers=None, source=None, method="GET", timeout=10):
    """Sends a request, from a source address if one is given. Returns status, headers and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout, source_address=source and (source, 0))
    try:
        connection.request(method, path, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def percentile(values, fraction):
    return sorted(values)[min(len(values) - 1, int(len(values) * fraction))] if values else float("inf")


def paced_requests(port, paths, seconds, interval=0.01):
    """Requests the paths in turn at a steady rate, each on a new connection. Returns the seconds of each request and
    the number of failures."""
    durations, failed = [], 0
    end = time.monotonic() + seconds
    due = time.monotonic()
    while (now := time.monotonic()) < end:
        if now < due:
            time.sleep(due - now)
        # A late client does not catch up: a burst would measure the client, not finews.
        due = max(due + interval, time.monotonic())
        start = time.monotonic()
        try:
            status, _, _ = get(port, paths[len(durations) % len(paths)])
            failed += status != 200
        except OSError:
            failed += 1
        durations.append(time.monotonic() - start)
    return durations, failed


class Trial:
    """The measurements of one trial, each with its bound."""

    def __init__(self, name):
        self.name = name
        self.rows = []

    def check(self, label, value, bound, passed):
        self.rows.append((label, value, bound, passed))
        print(f"{'ok    ' if passed else 'FAILED'} {self.name}: {label}: {value} ({bound})", flush=True)

    def note(self, label, value):
        """Records a measurement without a bound."""
        self.rows.append((label, value, "", True))
        print(f"       {self.name}: {label}: {value}", flush=True)

    @property
    def failed(self):
        return not all(passed for *_, passed in self.rows)


@dataclass
class Load:
    """The output of wrk: requests, requests a second, responses with an error status, socket errors, and wrk's own
    words about the errors."""

    requests: int
    rate: float
    error_responses: int
    socket_errors: int
    errors: list

    @staticmethod
    def parse(output):
        socket_errors = re.search(r"Socket errors: (.*)", output)
        error_responses = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
        return Load(
            requests=int(re.search(r"(\d+) requests in", output)[1]),
            rate=float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1]),
            error_responses=int(error_responses[1]) if error_responses else 0,
            socket_errors=sum(map(int, re.findall(r"\d+", socket_errors[1]))) if socket_errors else 0,
            errors=[match[0] for match in (socket_errors, error_responses) if match],
        )

    @property
    def failed(self):
        return self.error_responses + self.socket_errors
