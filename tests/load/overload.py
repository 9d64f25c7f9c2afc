"""Clients that are slow on purpose, and more clients than finews accepts."""

import resource
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass

from common import Finews, Site, Trial, get, paced_requests, percentile, wait_until

BODIES = "slow bodies"
# The attacks: flags of slowhttptest, a path, and the seconds after which finews has closed all connections. The clients
# send request heads without an end, send request bodies without an end, or read the response very slowly.
ATTACKS = {
    "slow heads": (["-H", "-i", "2", "-x", "24"], "/", 20),
    BODIES: (["-B", "-i", "2", "-x", "24", "-s", "8192", "-t", "POST"], "/", 20),
    # The file is larger than the kernel's buffers; finews closes a connection after 30 s without progress.
    "slow readers": (["-X", "-w", "8", "-y", "16", "-n", "5", "-z", "16", "-k", "1"], "/assets/large.bin", 55),
}
# The metric that counts responses to POST.
REFUSED_BODIES = 'finews_http_request_duration_seconds_count{method="other"'
# The smallest bound of a p99, in seconds. Other work of the machine has a larger effect on a shorter p99.
MIN_P99_BOUND = 0.010
# The number of attempts for a p99: other work of the machine can only make it longer.
ATTEMPTS = 3


def slow_clients(program, long):
    """Runs each attack by itself with 1,000 clients. The short form runs all attacks at once, each with 100 clients."""
    trial = Trial("slow clients")
    site = Site()
    for names in [[name] for name in ATTACKS] if long else [list(ATTACKS)]:
        title = ", ".join(names)
        failed, closed = 0, {}
        for attempt in range(1, ATTEMPTS + 1):
            result = attack(program, site, names, 1000 if long else 100, long)
            failed += result.failed
            closed = {limit: max(closed.get(limit, 0), seconds) for limit, seconds in result.closed.items()}
            bound = max(2 * result.before, MIN_P99_BOUND)
            label = f"{title}: p99 of other clients ({result.before * 1e3:.2f} ms before the attack)"
            if result.during <= bound or attempt == ATTEMPTS:
                break
            trial.note(f"{label}, attempt {attempt}", f"{result.during * 1e3:.2f} ms")
        for kind, (attackers, minimum) in result.attackers.items():
            trial.check(kind, attackers, f"at least {minimum}", attackers >= minimum)
        trial.check(label, f"{result.during * 1e3:.2f} ms", f"at most {bound * 1e3:.2f} ms", result.during <= bound)
        trial.check(f"{title}: failed requests of other clients", failed, "0", failed == 0)
        for limit, seconds in closed.items():
            ended = ", ".join(name for name in names if ATTACKS[name][2] <= limit)
            trial.check(f"{ended}: all closed after", f"{seconds:.0f} s", f"at most {limit} s", seconds <= limit)
    return trial


@dataclass
class AttackResult:
    """The measurements of one round of attacks.

    `before` and `during` are the p99 of other clients in seconds, `failed` counts their failures. `attackers` has the
    counted clients and the minimum by kind. `closed` has, for each time limit, the seconds until finews had closed the
    connections with that limit or a shorter one.
    """

    before: float
    during: float
    failed: int
    attackers: dict
    closed: dict


def attack(program, site, names, count, long):
    """Runs these attacks at once, each with `count` clients, and measures other clients before and during them."""
    paths = ["/", *[site.path(number) for number in range(0, 200, 10)]]
    longest = max(ATTACKS[name][2] for name in names)
    # finews refuses bodies at once, so that few of these connections are open at a time.
    holding = [name for name in names if name != BODIES]
    with Finews(program, site) as server:
        paced_requests(server.port, paths, 2)
        before, _ = paced_requests(server.port, paths, 15 if long else 5)
        attackers = []
        try:
            start = time.monotonic()
            for name in names:
                flags, path, _ = ATTACKS[name]
                command = ["nice", "slowhttptest", "-c", str(count), "-r", "200", "-l", str(longest + 30), "-p", "5", *flags]
                command += ["-u", f"http://127.0.0.1:{server.port}{path}"]
                attackers.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            if holding:
                wait_until("under attack", lambda: server.established_connections() > count * len(holding) / 2, 30)
            during, failed, held = [], 0, 0
            # The trial counts connections between two periods: the count takes as long as the slowest responses.
            for seconds in (3, 12) if long else (1, 4):
                period, period_failed = paced_requests(server.port, paths, seconds)
                during += period
                failed += period_failed
                held = max(held, server.established_connections())
            closed = {}
            for limit in sorted({ATTACKS[name][2] for name in names}):
                remaining = count * sum(ATTACKS[name][2] > limit for name in names)
                with suppress(TimeoutError):
                    wait_until("free of attackers", lambda: server.established_connections() <= remaining, longest + 30)
                closed[limit] = time.monotonic() - start
            refused = int(server.metric(REFUSED_BODIES))
        finally:
            for attacker in attackers:
                attacker.kill()
                attacker.wait()
    counts = {}
    if holding:
        counts[f"{', '.join(holding)}: connections open at once"] = (held, count * len(holding) // 2)
    if BODIES in names:
        counts[f"{BODIES}: refused requests"] = (refused, count // 2)
    return AttackResult(percentile(before, 0.99), percentile(during, 0.99), failed, counts, closed)


def too_many_connections(program, long):
    trial = Trial("too many connections")
    count = 10_000 if long else 2_000
    max_files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if count > max_files - 200:
        raise RuntimeError(f"{count} connections need more than {max_files} open files, the limit of this process (ulimit -Hn)")
    site = Site(50)
    with Finews(program, site, max_files=512) as server:
        clients = []
        outcomes = {}
        for number in range(count):
            client = socket.socket()
            client.settimeout(10)
            # One address has too few ports for all clients.
            client.bind((f"127.0.1.{1 + number // 5000}", 0))
            try:
                client.connect(("127.0.0.1", server.port))
                client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                clients.append(client)
            except OSError:
                client.close()
                outcomes["connection refused"] = outcomes.get("connection refused", 0) + 1
        for client in clients:
            outcome = response_status(client)
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
        served, refused = outcomes.get("200", 0), outcomes.get("503", 0)
        no_response = count - served - refused
        trial.note("connections and their responses", f"{count}: {outcomes}")
        trial.check("refused with 503", refused, "at least 1", refused > 0)
        trial.check("without a response", no_response, "0", no_response == 0)
        trial.check("served with 200", served, "at least 256", served >= 256)
        for client in clients:
            client.close()
        start = time.monotonic()
        wait_until("serving", lambda: get(server.port, "/", timeout=2)[0] == 200, 20)
        seconds = time.monotonic() - start
        trial.check("next request served after", f"{seconds:.2f} s", "at most 2 s", seconds <= 2)
        code = server.stop()[1]
        trial.check("exit code", code, "0", code == 0)
    return trial


def response_status(client):
    """The status code of the response on a connection, or the reason why it is missing."""
    try:
        return client.recv(12)[9:12].decode() or "closed"
    except TimeoutError:
        return "timeout"
    except OSError:
        return "closed"
