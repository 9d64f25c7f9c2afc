"""Clients that are slow on purpose, and clients that are too many."""

import resource
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass

from common import Finews, Site, Trial, get, paced, percentile, wait_until

BODIES = "slow bodies"
# The flags of slowhttptest, the path, and the seconds after which finews has closed all connections. The clients send
# heads that never end, send bodies that never end, or hardly read the response.
ATTACKS = {
    "slow heads": (["-H", "-i", "2", "-x", "24"], "/", 20),
    BODIES: (["-B", "-i", "2", "-x", "24", "-s", "8192", "-t", "POST"], "/", 20),
    # The file is larger than the kernel's buffers; finews closes a connection after 30 s without progress.
    "slow readers": (["-X", "-w", "8", "-y", "16", "-n", "5", "-z", "16", "-k", "1"], "/assets/large.bin", 55),
}
# What answers to other methods than those of readers are counted as.
REFUSED = 'finews_http_request_duration_seconds_count{method="other"'
# Below this a p99 on a machine that does other things says nothing.
FLOOR = 0.010


# How often a p99 is looked at: what else a machine does only ever makes it longer.
TRIES = 3


def slow(program, long):
    """Each attack by itself with 1,000 clients; in the short form all at once, with fewer."""
    trial = Trial("slow clients")
    site = Site()
    for names in [[name] for name in ATTACKS] if long else [list(ATTACKS)]:
        title = ", ".join(names)
        failed, gone = 0, {}
        for tried in range(1, TRIES + 1):
            seen = attacked(program, site, names, 1000 if long else 100, long)
            failed += seen.failed
            gone = {bound: max(gone.get(bound, 0), took) for bound, took in seen.gone.items()}
            bound = max(2 * seen.before, FLOOR)
            p99 = f"{title}: p99 of others, quiet {seen.before * 1e3:.2f} ms"
            if seen.during <= bound or tried == TRIES:
                break
            trial.note(f"{p99}, at first", f"{seen.during * 1e3:.2f} ms")
        for what, (attackers, wanted) in seen.attackers.items():
            trial.check(what, attackers, f"at least {wanted}", attackers >= wanted)
        trial.check(p99, f"{seen.during * 1e3:.2f} ms", f"at most {bound * 1e3:.2f} ms", seen.during <= bound)
        trial.check(f"{title}: others that failed", failed, "0", failed == 0)
        for bound, took in gone.items():
            ended = ", ".join(name for name in names if ATTACKS[name][2] <= bound)
            trial.check(f"{ended}: all gone after", f"{took:.0f} s", f"at most {bound} s", took <= bound)
    return trial


@dataclass
class Seen:
    """The measurements of one round of attacks.

    `before` and `during` are the p99 of other clients in seconds, `failed` counts their failures. `attackers` has the
    counted and the wanted clients by kind. `gone` has, for each time limit, the seconds until finews had closed the
    connections that it must have closed by then.
    """

    before: float
    during: float
    failed: int
    attackers: dict
    gone: dict


def attacked(program, site, names, count, long):
    """Runs these attacks at once, each with `count` clients, and measures other clients before and during them."""
    paths = ["/", *[site.path(number) for number in range(0, 200, 10)]]
    lasts = max(ATTACKS[name][2] for name in names)
    # finews refuses bodies at once, so that few of these connections are open at a time.
    holding = [name for name in names if name != BODIES]
    with Finews(program, site) as server:
        paced(server.port, paths, 2)
        quiet, _ = paced(server.port, paths, 15 if long else 5)
        attackers = []
        try:
            begun = time.monotonic()
            for name in names:
                flags, path, _ = ATTACKS[name]
                attack = ["nice", "slowhttptest", "-c", str(count), "-r", "200", "-l", str(lasts + 30), "-p", "5", *flags]
                attack += ["-u", f"http://127.0.0.1:{server.port}{path}"]
                attackers.append(subprocess.Popen(attack, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            if holding:
                wait_until("attacked", lambda: server.established() > count * len(holding) / 2, 30)
            times, failed, held = [], 0, 0
            # Connections are counted between two periods: a look at all of them takes as long as the slowest responses.
            for seconds in (3, 12) if long else (1, 4):
                took, lost = paced(server.port, paths, seconds)
                times += took
                failed += lost
                held = max(held, server.established())
            gone = {}
            for bound in sorted({ATTACKS[name][2] for name in names}):
                left = count * sum(ATTACKS[name][2] > bound for name in names)
                with suppress(TimeoutError):
                    wait_until("rid of them", lambda: server.established() <= left, lasts + 30)
                gone[bound] = time.monotonic() - begun
            refused = int(server.number(REFUSED))
        finally:
            for attacker in attackers:
                attacker.kill()
                attacker.wait()
    seen = {}
    if holding:
        seen[f"{', '.join(holding)}: connections held at once"] = (held, count * len(holding) // 2)
    if BODIES in names:
        seen[f"{BODIES}: requests refused"] = (refused, count // 2)
    return Seen(percentile(quiet, 0.99), percentile(times, 0.99), failed, seen, gone)


def crowd(program, long):
    trial = Trial("too many connections")
    count = 10_000 if long else 2_000
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if count > files - 200:
        raise RuntimeError(f"{count} connections need more than the {files} files that there may be (ulimit -Hn)")
    with Finews(program, Site(50), files=512) as server:
        held = []
        answers = {}
        for number in range(count):
            client = socket.socket()
            client.settimeout(10)
            # Each address has so many ports.
            client.bind((f"127.0.1.{1 + number // 5000}", 0))
            try:
                client.connect(("127.0.0.1", server.port))
                client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                held.append(client)
            except OSError:
                client.close()
                answers["refused"] = answers.get("refused", 0) + 1
        for client in held:
            answer = first_answer(client)
            answers[answer] = answers.get(answer, 0) + 1
        refused, unanswered = answers.get("503", 0), count - answers.get("200", 0) - answers.get("503", 0)
        trial.note("connections, and what they were answered", f"{count}: {answers}")
        trial.check("told that there is no room", refused, "some", refused > 0)
        trial.check("not answered", unanswered, "0", unanswered == 0)
        trial.check("served", answers.get("200", 0), "at least 256", answers.get("200", 0) >= 256)
        for client in held:
            client.close()
        begun = time.monotonic()
        wait_until("served", lambda: get(server.port, "/", timeout=2)[0] == 200, 20)
        took = time.monotonic() - begun
        trial.check("the next is served after", f"{took:.2f} s", "at most 2 s", took <= 2)
        code = server.stop()[1]
        trial.check("exit code", code, "0", code == 0)
    return trial


def first_answer(client):
    try:
        return client.recv(12)[9:12].decode() or "closed"
    except TimeoutError:
        return "silence"
    except OSError:
        return "closed"
