"""Replicas that serve while nothing happens, while processes end, and while the store fails."""

import http.client
import threading
import time

from fixture import Result, is_ready, tree, wait_for_position
from common import free_port, get, wait_until


def idle_replica(fixture):
    """An idle replica asks the store about three times a second."""
    result = Result()
    fixture.push(fixture.site(20))
    proxy = fixture.new_proxy()
    fixture.replica("one", endpoint=proxy.url)
    time.sleep(1)
    seconds = 60 if fixture.long else 12
    proxy.requests.clear()
    time.sleep(seconds)
    gets, lists, puts = proxy.count("GET") - proxy.count("GET", "list"), proxy.count("GET", "list"), proxy.count("PUT")
    limit = 245 * seconds / 60
    result.check(f"GETs in {seconds} s", gets, f"at most {limit:.0f}, at least {limit / 2:.0f}", limit / 2 <= gets <= limit)
    result.equal("LISTs, PUTs, others", (lists, puts, sum(proxy.requests.values()) - gets - lists - puts), (0, 0, 0))
    return result


class Balancer:
    """A client that sends requests to the ready replicas in turn, as HAProxy does: it goes on to another replica if a
    connection is refused, and with `retries_empty` also if a connection ends without a response."""

    def __init__(self, ports, paths, retries_empty):
        self.ports, self.paths, self.retries_empty = ports, paths, retries_empty
        self.ready = set()
        self.requests, self.retries, self.failures = 0, 0, []
        self.is_over = threading.Event()
        self.check()
        self.threads = [threading.Thread(target=target, daemon=True) for target in (self.check_often, *[self.send] * 3)]
        for thread in self.threads:
            thread.start()

    def check(self):
        for port in self.ports:
            try:
                is_ready = get(port, "/readyz", timeout=1)[0] == 200
            except OSError:
                is_ready = False
            (self.ready.add if is_ready else self.ready.discard)(port)

    def check_often(self):
        while not self.is_over.wait(0.05):
            self.check()

    def send(self):
        while not self.is_over.wait(0.005):
            number = self.requests
            self.requests += 1
            path = self.paths[number % len(self.paths)]
            ready = sorted(self.ready)
            if not (any(self.request(ready[(number + step) % len(ready)], path) for step in range(len(ready)))):
                self.failures.append(f"{path}: no replica")

    def request(self, port, path):
        """Returns whether the request needs no other replica."""
        try:
            status = get(port, path)[0]
            if status != 200:
                self.failures.append(f"{path}: {status}")
            return True
        except ConnectionRefusedError:
            self.retries += 1
            return False
        except (OSError, http.client.HTTPException) as error:
            is_empty = isinstance(error, (ConnectionResetError, http.client.RemoteDisconnected))
            if is_empty and self.retries_empty:
                self.retries += 1
                return False
            self.failures.append(f"{path}: {error!r}")
            return True

    def stop(self):
        self.is_over.set()
        for thread in self.threads:
            thread.join(20)


def restarted_replicas(fixture):
    """Three replicas behind a balancer: each is stopped and started, then each is killed and started, in turn."""
    result = Result()
    site = fixture.site()
    fixture.push(site)
    names = ["one", "two", "three"]
    ports = [free_port() for _ in names]
    replicas = [fixture.replica(name, port=port) for name, port in zip(names, ports)]
    paths = ["/", *(site.path(number) for number in range(0, site.count, 7))]
    version = 0
    for kind in ("SIGTERM", "kill -9"):
        balancer = Balancer(ports, paths, retries_empty=kind == "kill -9")
        for _ in range(2 if fixture.long else 1):
            for index, name in enumerate(names):
                time.sleep(0.2)
                if kind == "SIGTERM":
                    result.check(f"exit code of {name}", code := replicas[index].stop()[1], "0", code == 0)
                else:
                    replicas[index].process.kill()
                    replicas[index].process.wait()
                version += 1
                site.write(site.count + index, version)
                fixture.push(site)
                time.sleep(120 if fixture.long else 0.5)
                replicas[index] = fixture.replica(name, port=ports[index])
                wait_until("in service again", lambda: ports[index] in balancer.ready, 20)
        balancer.stop()
        failed = f"{len(balancer.failures)} {balancer.failures[:3]}" if balancer.failures else 0
        result.check(f"{kind}: failed, of {balancer.requests} with {balancer.retries} on another replica", failed, "0", not balancer.failures)
    wait_for_position(replicas, fixture.newest())
    result.same("copies", tree(site), tree(fixture.copy("one")))
    return result


class Reader(threading.Thread):
    """Asks a server for pages and for its readiness, and counts the failures."""

    def __init__(self, server, paths):
        super().__init__(daemon=True)
        self.server, self.paths = server, [*paths, "/readyz"]
        self.requests, self.failures = 0, []
        self.is_over = threading.Event()
        self.start()

    def run(self):
        while not self.is_over.wait(0.005):
            path = self.paths[self.requests % len(self.paths)]
            self.requests += 1
            try:
                status = get(self.server.port, path, timeout=5)[0]
            except OSError as error:
                status = repr(error)
            if status != 200:
                self.failures.append(f"{path}: {status}")

    def check(self, result, label):
        self.is_over.set()
        self.join(20)
        result.check(f"{label}, failed of {self.requests}", f"{len(self.failures)} {self.failures[:3]}" if self.failures else 0, "0", not self.failures)


def absent_store(fixture):
    """While the store is away or silent, replicas serve; afterwards they are current within 2 s."""
    result = Result()
    site = fixture.site()
    fixture.push(site)
    proxy = fixture.new_proxy()
    replica = fixture.replica("one", endpoint=proxy.url)
    seconds = 60 if fixture.long else 4
    for number, (name, leave, come_back) in enumerate([("away", proxy.disappear, proxy.appear), ("silent", proxy.freeze, proxy.thaw)]):
        reader = Reader(replica, ["/", site.path(3), site.path(11), "/feed.xml"])
        leave()
        site.write(site.count + number)
        fixture.push(site)
        time.sleep(seconds)
        lag = replica.metric("finews_replica_lag_seconds")
        result.check(f"{name}: lag", f"{lag:.1f} s", f"about {seconds} s", seconds - 1 <= lag <= seconds + 5)
        come_back()
        start = time.monotonic()
        wait_until("current", lambda: get(replica.port, site.path(site.count + number))[0] == 200, 20)
        current = time.monotonic() - start
        result.check(f"{name}: current after", f"{current:.1f} s", "at most 2 s", current <= 2)
        reader.check(result, name)
    time.sleep(1)
    lag = replica.metric("finews_replica_lag_seconds")
    result.check("lag at the end", f"{lag:.1f} s", "at most 1 s", lag <= 1)
    return result


def start_without_store(fixture):
    """A start without the store serves the local copy; without a copy it answers 503 until the store is there."""
    result = Result()
    site = fixture.site()
    fixture.push(site)
    proxy = fixture.new_proxy()
    fixture.replica("copy", endpoint=proxy.url).stop()
    for name, leave, come_back in [("away", proxy.disappear, proxy.appear), ("silent", proxy.freeze, proxy.thaw)]:
        leave()
        start = time.monotonic()
        with_copy = fixture.replica("copy", endpoint=proxy.url)
        seconds = time.monotonic() - start
        result.check(f"{name}: ready with a copy after", f"{seconds:.1f} s", "at most 10 s", seconds <= 10)
        result.equal(f"{name}: page", get(with_copy.port, site.path(3))[0], 200)
        without = fixture.replica(f"none-{name}", endpoint=proxy.url, is_ready_soon=False)
        time.sleep(1)
        result.equal(f"{name}: without a copy", (get(without.port, "/")[0], get(without.port, "/readyz")[0], get(without.port, "/healthz")[0]), (503, 503, 200))
        come_back()
        start = time.monotonic()
        wait_until("ready", lambda: is_ready(without), 60)
        seconds = time.monotonic() - start
        result.check(f"{name}: ready after the store", f"{seconds:.1f} s", "at most 10 s", seconds <= 10)
        with_copy.stop()
        without.stop()
    return result


def expired_credentials(fixture):
    """While credentials are expired, a replica serves; it is current 5 s after new ones."""
    result = Result()
    site = fixture.site()
    fixture.push(site)
    proxy = fixture.new_proxy()
    replica = fixture.replica("one", endpoint=proxy.url)
    reader = Reader(replica, ["/", site.path(3)])
    proxy.faults.denial = "ExpiredToken"
    site.write(site.count)
    fixture.push(site)
    time.sleep(30 if fixture.long else 4)
    result.equal("log lines that name the cause", sum("credentials have expired" in line for line in replica.lines), 1)
    proxy.faults.denial = ""
    start = time.monotonic()
    wait_until("current", lambda: get(replica.port, site.path(site.count))[0] == 200, 30)
    seconds = time.monotonic() - start
    result.check("current after", f"{seconds:.1f} s", "at most 5 s", seconds <= 5)
    reader.check(result, "pages")
    return result
