"""finews behind the proxies of the README, configured by its examples, and restarts behind them without a failed request."""

import http.client
import os
import re
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from common import Finews, Load, Site, Trial, free_port, get, paced_requests, wait_until

README = Path(__file__).resolve().parents[2] / "README.md"
PROXIES = ["nginx", "caddy", "haproxy"]
# The address of the clients, which differs from the address of the proxy.
CLIENT = "127.0.0.9"


def example(language):
    """The README's example for a proxy."""
    return re.search(rf"```{language}\n(.*?)```", README.read_text(), re.S)[1]


def with_servers(text, ports):
    """An example with its `server` line repeated for each instance of finews."""
    line = re.search(r"^ *server .*127\.0\.0\.1:8080.*$", text, re.M)[0]
    lines = (line.replace("8080", str(port)).replace(" one ", f" s{port} ") for port in ports)
    return text.replace(line, "\n".join(lines))


class Proxy:
    """A running proxy with the README's example, on other ports, in front of some instances."""

    def __init__(self, kind, scratch, ports):
        self.port = free_port()
        text = example({"nginx": "nginx", "caddy": "caddyfile", "haproxy": "haproxy"}[kind])
        config = scratch / f"{kind}.conf"
        environment = dict(os.environ)
        if kind == "nginx":
            text = with_servers(text, ports).replace("listen 80;", f"listen 127.0.0.1:{self.port};")
            head = f"daemon off; pid {scratch}/nginx.pid; error_log stderr warn; worker_rlimit_nofile 8192;\nevents {{ worker_connections 4096; }}\n"
            folders = "".join(f"{use}_temp_path {scratch}/nginx-{use};\n" for use in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"])
            text = f"{head}http {{ access_log off;\n{folders}{text}}}\n"
            command = ["nginx", "-e", "stderr", "-p", str(scratch), "-c", str(config)]
        elif kind == "caddy":
            text = text.replace("news.example.org", f"http://127.0.0.1:{self.port}")
            text = text.replace("127.0.0.1:8080", " ".join(f"127.0.0.1:{port}" for port in ports))
            text = "{\n\tadmin off\n}\n" + text
            environment.update(XDG_CONFIG_HOME=str(scratch), XDG_DATA_HOME=str(scratch), HOME=str(scratch))
            command = ["caddy", "run", "--adapter", "caddyfile", "--config", str(config)]
        else:
            text = with_servers(text, ports).replace("bind :80", f"bind 127.0.0.1:{self.port}")
            command = ["haproxy", "-db", "-f", str(config)]
        config.write_text(text)
        self.log = (scratch / f"{kind}.log").open("w")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, env=environment)
        wait_until(f"{kind} ready", lambda: get(self.port, "/")[0] == 200, 20)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.log.close()


def proxies_trial(program, _long):
    trial = Trial("proxies")
    for kind in PROXIES:
        site = Site(100)
        flags = ["--trusted-proxy", "127.0.0.1", "--access-log", "all", "--log-format", "json"]
        with Finews(program, site, *flags) as server, Proxy(kind, site.scratch, [server.port]) as proxy:
            article = site.path(7)

            def check(label, value, expected):
                trial.check(f"{kind}: {label}", value, expected, value == expected)

            status, headers, body = get(proxy.port, article, {"Accept-Encoding": "gzip"}, source=CLIENT)
            check("article", (status, headers["content-encoding"], body[:2]), (200, "gzip", b"\x1f\x8b"))
            etag = headers["etag"]
            check("unchanged article", get(proxy.port, article, {"Accept-Encoding": "gzip", "If-None-Match": etag})[0], 304)
            status, _, body = get(proxy.port, article, method="HEAD")
            check("HEAD of an article", (status, body), (200, b""))
            status, headers, body = get(proxy.port, "/assets/large.bin", {"Range": "bytes=256-263"})
            check("byte range of a file", (status, body), (206, bytes(range(8))))
            check("missing page", get(proxy.port, "/nowhere")[0], 404)
            status, headers, _ = get(proxy.port, "/category")
            check("redirect", (status, headers["location"]), (301, "/category/"))
            entry = [entry for entry in server.logged_requests() if entry["target"] == article][0]
            check("client address in the log", entry["client"], CLIENT)
            forged = {"X-Forwarded-For": "192.0.2.1", "X-Request-Id": "forged"}
            get(proxy.port, "/forged", forged, source=CLIENT)
            wait_until("logged", lambda: any(entry["target"] == "/forged" for entry in server.logged_requests()), 5)
            entry = [entry for entry in server.logged_requests() if entry["target"] == "/forged"][0]
            check("client address in the log, with a forged X-Forwarded-For", entry["client"], CLIENT)
            check("request id: exists, is the client's", (bool(entry["id"]), entry["id"] == "forged"), (True, False))
            seconds = live_delay(proxy.port, site)
            trial.check(f"{kind}: new post in /live after", f"{seconds:.2f} s", "at most 1 s", seconds <= 1)
    return trial


def live_delay(port, site):
    """The seconds between the write of a post and its event in /live."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/live")
    response = connection.getresponse()
    while not response.readline().startswith(b"event: hello"):
        pass
    site.write(site.count + 1)
    start = time.monotonic()
    while not response.readline().startswith(b"event: post"):
        pass
    seconds = time.monotonic() - start
    connection.close()
    return seconds


def overload_instances(trial, kind, proxy, site):
    """Sends more searches than both instances accept. The proxy must take neither instance out of service."""
    # Both instances together queue fewer searches; a queue grows with the number of cores. No query repeats, so that no
    # response comes from a cache.
    connections = max(200, 2 * 17 * os.cpu_count() + 100)
    script = site.scratch / "searches.lua"
    script.write_text('count = 0\nfunction request()\n  count = count + 1\n  return wrk.format("GET", "/search?q=%E5%A4%AE%E8%A1%8C+" .. count)\nend\n')
    command = ["wrk", "-t1", f"-c{connections}", "-d5s", "-s", str(script), f"http://127.0.0.1:{proxy.port}"]
    searches = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    time.sleep(0.5)
    durations, failed = paced_requests(proxy.port, ["/", site.path(3)], 4)
    refused = Load.parse(searches.communicate(timeout=30)[0]).error_responses
    trial.check(f"{kind}: refused searches", refused, "at least 1", refused > 0)
    trial.check(f"{kind}: failed page requests during the searches, of {len(durations)}", failed, "0", failed == 0)


def restarts(program, long):
    """Restarts instances behind one proxy after the other. The short form restarts them behind all proxies at once."""
    trial = Trial("rolling restarts")
    with ThreadPoolExecutor(1 if long else len(PROXIES)) as pool:
        for future in [pool.submit(restarts_behind, trial, kind, program, long) for kind in PROXIES]:
            future.result()
    return trial


def restarts_behind(trial, kind, program, long):
    """Restarts two instances in turn while clients send requests through the proxy."""
    min_requests, min_restarts, burst = (100_000, 4, 10) if long else (5_000, 2, 4)
    site = Site(200)
    ports = [free_port(), free_port()]
    instances = [Finews(program, site, port=port) for port in ports]
    try:
        with Proxy(kind, site.scratch, ports) as proxy:
            overload_instances(trial, kind, proxy, site)
            load = ProxyLoad(proxy.port, site.path(3), min_requests, burst)
            load.start()
            time.sleep(1)
            count, slowest, codes = 0, 0, set()
            while count < min_restarts or (load.requests < min_requests and count < 100):
                number = count % 2
                seconds, code = instances[number].stop()
                slowest, codes = max(slowest, seconds), codes | {code}
                instances[number] = Finews(program, site, port=ports[number])
                # A rolling restart goes on when the proxy has found this instance again.
                time.sleep(3)
                count += 1
            load.stop()
            trial.note(f"{kind}: requests, restarts", f"{load.requests}, {count}")
            trial.check(f"{kind}: failed requests", f"{load.failed} {load.errors}" if load.errors else load.failed, "0", load.failed == 0)
            trial.check(f"{kind}: requests", load.requests, f"at least {min_requests}", load.requests >= min_requests)
            trial.check(f"{kind}: slowest shutdown", f"{slowest:.1f} s", "at most 8 s", slowest <= 8)
            trial.check(f"{kind}: exit codes", codes, "{0}", codes == {0})
    finally:
        for instance in instances:
            instance.__exit__()


class ProxyLoad(threading.Thread):
    """Runs wrk in bursts until `stop` is called and the minimum number of requests is reached."""

    def __init__(self, port, path, min_requests, burst):
        super().__init__()
        self.command = ["wrk", "-t1", "-c20", f"-d{burst}s", "--timeout", "8s", f"http://127.0.0.1:{port}{path}"]
        self.min_requests = min_requests
        self.stopping = threading.Event()
        self.requests, self.failed, self.errors = 0, 0, []

    def run(self):
        try:
            while not self.stopping.is_set() or self.requests < self.min_requests:
                load = Load.parse(subprocess.run(self.command, capture_output=True, text=True, timeout=60).stdout)
                self.requests, self.failed = self.requests + load.requests, self.failed + load.failed
                self.errors.extend(load.errors)
        except Exception as error:  # an error that ends the load must fail the trial
            self.failed += 1
            self.errors.append(repr(error))

    def stop(self):
        self.stopping.set()
        self.join(120)
        if self.is_alive():
            raise RuntimeError("the load does not end")
