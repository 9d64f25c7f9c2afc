"""finews behind the proxies of the README, by its own examples, and restarts behind them that lose nobody."""

import os
import re
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import http.client

from common import Finews, Load, Site, Trial, free_port, get, paced, wait_until

README = Path(__file__).resolve().parents[2] / "README.md"
PROXIES = ["nginx", "caddy", "haproxy"]
# Where clients come from, to be told from the proxy.
READER = "127.0.0.9"


def example(language):
    """The README's example for a proxy."""
    return re.search(rf"```{language}\n(.*?)```", README.read_text(), re.S)[1]


def for_each(text, ports):
    """The line of an example that names finews, once for each of several."""
    line = re.search(r"^ *server .*127\.0\.0\.1:8080.*$", text, re.M)[0]
    lines = (line.replace("8080", str(port)).replace(" one ", f" s{port} ") for port in ports)
    return text.replace(line, "\n".join(lines))


class Proxy:
    """A proxy that runs by the README's example, with other ports, before some instances."""

    def __init__(self, kind, scratch, ports):
        self.port = free_port()
        text = example({"nginx": "nginx", "caddy": "caddyfile", "haproxy": "haproxy"}[kind])
        file = scratch / f"{kind}.conf"
        environment = dict(os.environ)
        if kind == "nginx":
            text = for_each(text, ports).replace("listen 80;", f"listen 127.0.0.1:{self.port};")
            head = f"daemon off; pid {scratch}/nginx.pid; error_log stderr warn; worker_rlimit_nofile 8192;\nevents {{ worker_connections 4096; }}\n"
            folders = "".join(f"{what}_temp_path {scratch}/nginx-{what};\n" for what in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"])
            text = f"{head}http {{ access_log off;\n{folders}{text}}}\n"
            command = ["nginx", "-e", "stderr", "-p", str(scratch), "-c", str(file)]
        elif kind == "caddy":
            text = text.replace("news.example.org", f"http://127.0.0.1:{self.port}")
            text = text.replace("127.0.0.1:8080", " ".join(f"127.0.0.1:{port}" for port in ports))
            text = "{\n\tadmin off\n}\n" + text
            environment.update(XDG_CONFIG_HOME=str(scratch), XDG_DATA_HOME=str(scratch), HOME=str(scratch))
            command = ["caddy", "run", "--adapter", "caddyfile", "--config", str(file)]
        else:
            text = for_each(text, ports).replace("bind :80", f"bind 127.0.0.1:{self.port}")
            command = ["haproxy", "-db", "-f", str(file)]
        file.write_text(text)
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


def behind(program, _long):
    trial = Trial("behind proxies")
    for kind in PROXIES:
        site = Site(100)
        flags = ["--trusted-proxy", "127.0.0.1", "--access-log", "all", "--log-format", "json"]
        with Finews(program, site, *flags) as server, Proxy(kind, site.scratch, [server.port]) as proxy:
            article = site.path(7)

            def check(what, figure, bound):
                trial.check(f"{kind}: {what}", figure, bound, figure == bound)

            status, headers, body = get(proxy.port, article, {"Accept-Encoding": "gzip"}, source=READER)
            check("an article", (status, headers["content-encoding"], body[:2]), (200, "gzip", b"\x1f\x8b"))
            tag = headers["etag"]
            check("an article that is known", get(proxy.port, article, {"Accept-Encoding": "gzip", "If-None-Match": tag})[0], 304)
            check("the head of one", (lambda a: (a[0], a[2]))(get(proxy.port, article, method="HEAD")), (200, b""))
            status, headers, body = get(proxy.port, "/assets/large.bin", {"Range": "bytes=256-263"})
            check("a part of a file", (status, body), (206, bytes(range(8))))
            check("a page that is not there", get(proxy.port, "/nowhere")[0], 404)
            status, headers, _ = get(proxy.port, "/category")
            check("an address that leads on", (status, headers["location"]), (301, "/category/"))
            entry = [entry for entry in server.requests() if entry["target"] == article][0]
            check("whom it asks for", entry["client"], READER)
            forged = {"X-Forwarded-For": "192.0.2.1", "X-Request-Id": "forged"}
            get(proxy.port, "/forged", forged, source=READER)
            wait_until("logged", lambda: any(entry["target"] == "/forged" for entry in server.requests()), 5)
            entry = [entry for entry in server.requests() if entry["target"] == "/forged"][0]
            check("whom it asks for when a client lies", entry["client"], READER)
            check("the request has an id of the proxy's, not of the client's", (bool(entry["id"]), entry["id"] == "forged"), (True, False))
            took = live_delay(proxy.port, site)
            trial.check(f"{kind}: a new post at /live after", f"{took:.2f} s", "at most 1 s", took <= 1)
    return trial


def live_delay(port, site):
    """How long a post that is written takes to be told through a proxy."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/live")
    answer = connection.getresponse()
    while not answer.readline().startswith(b"event: hello"):
        pass
    site.write(site.count + 1)
    begun = time.monotonic()
    while not answer.readline().startswith(b"event: post"):
        pass
    took = time.monotonic() - begun
    connection.close()
    return took


def crowded(trial, kind, proxy, site):
    """Who asks both instances for more than they can do has the proxy give up neither of them."""
    # More than two instances let wait, each by its cores, and never the same, which would be known from memory.
    count = max(200, 2 * 17 * os.cpu_count() + 100)
    script = site.scratch / "searches.lua"
    script.write_text('count = 0\nfunction request()\n  count = count + 1\n  return wrk.format("GET", "/search?q=%E5%A4%AE%E8%A1%8C+" .. count)\nend\n')
    search = ["wrk", "-t1", f"-c{count}", "-d5s", "-s", str(script), f"http://127.0.0.1:{proxy.port}"]
    flood = subprocess.Popen(search, stdout=subprocess.PIPE, text=True)
    time.sleep(0.5)
    times, failed = paced(proxy.port, ["/", site.path(3)], 4)
    refused = Load.of(flood.communicate(timeout=30)[0]).refused
    trial.check(f"{kind}: searches that were turned away", refused, "some", refused > 0)
    trial.check(f"{kind}: pages that failed meanwhile, of {len(times)}", failed, "0", failed == 0)


def restarts(program, long):
    """Rolling restarts behind each proxy; in the short form behind all of them at once."""
    trial = Trial("rolling restarts")
    with ThreadPoolExecutor(1 if long else len(PROXIES)) as pool:
        for finished in [pool.submit(restarts_behind, trial, kind, program, long) for kind in PROXIES]:
            finished.result()
    return trial


def restarts_behind(trial, kind, program, long):
    """Restarts two instances in turn while clients send requests through the proxy."""
    wanted, least, burst = (100_000, 4, 10) if long else (5_000, 2, 4)
    site = Site(200)
    ports = [free_port(), free_port()]
    instances = [Finews(program, site, port=port) for port in ports]
    try:
        with Proxy(kind, site.scratch, ports) as proxy:
            crowded(trial, kind, proxy, site)
            load = ProxyLoad(proxy.port, site.path(3), wanted, burst)
            load.start()
            time.sleep(1)
            count, slowest, codes = 0, 0, set()
            while count < least or (load.done < wanted and count < 100):
                number = count % 2
                took, code = instances[number].stop()
                slowest, codes = max(slowest, took), codes | {code}
                instances[number] = Finews(program, site, port=ports[number])
                # A rollout restarts the next instance once the proxy has seen this one again.
                time.sleep(3)
                count += 1
            load.stop()
            trial.note(f"{kind}: requests, restarts", f"{load.done}, {count}")
            trial.check(f"{kind}: requests that failed", f"{load.failed} {load.errors}" if load.errors else load.failed, "0", load.failed == 0)
            trial.check(f"{kind}: requests", load.done, f"at least {wanted}", load.done >= wanted)
            trial.check(f"{kind}: the slowest end", f"{slowest:.1f} s", "at most 8 s", slowest <= 8)
            trial.check(f"{kind}: exit codes", codes, "{0}", codes == {0})
    finally:
        for instance in instances:
            instance.__exit__()


class ProxyLoad(threading.Thread):
    """Sends requests in bursts of wrk until it is stopped and has sent the wanted number."""

    def __init__(self, port, path, wanted, burst):
        super().__init__()
        self.command = ["wrk", "-t1", "-c20", f"-d{burst}s", "--timeout", "8s", f"http://127.0.0.1:{port}{path}"]
        self.wanted = wanted
        self.stopping = threading.Event()
        self.done, self.failed, self.errors = 0, 0, []

    def run(self):
        try:
            while not self.stopping.is_set() or self.done < self.wanted:
                seen = Load.of(subprocess.run(self.command, capture_output=True, text=True, timeout=60).stdout)
                self.done, self.failed = self.done + seen.requests, self.failed + seen.failed
                self.errors.extend(seen.errors)
        except Exception as error:  # a load that ends early must not pass unseen
            self.failed += 1
            self.errors.append(repr(error))

    def stop(self):
        self.stopping.set()
        self.join(120)
        if self.is_alive():
            raise RuntimeError("the load has no end")
