"""Clients that are slow on purpose, and clients that are too many."""

import resource
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass

from common import Finews, Site, Trial, get, paced, percentile, wait_until

ATTACKS = {
    # What is sent: heads that never end, bodies that never end, answers that are hardly read.
    "slow heads": (["-H", "-i", "2", "-x", "24"], "/", 20),
    "slow bodies": (["-B", "-i", "2", "-x", "24", "-s", "8192", "-t", "POST"], "/", 20),
    # With a file that is larger than what the system takes over; it takes 30 s to give up on a writer.
    "slow readers": (["-X", "-w", "8", "-y", "16", "-n", "5", "-z", "16", "-k", "1"], "/assets/large.bin", 55),
}
# What answers to other methods than those of readers are counted as.
REFUSED = 'finews_http_request_duration_seconds_count{method="other"'
# Below this a p99 on a machine that does other things says nothing.
FLOOR = 0.010


# How often a p99 is looked at: what else a machine does only ever makes it longer.
TRIES = 3


def slow(program, long):
    trial = Trial("slow clients")
    site = Site()
    for name in ATTACKS:
        failed = gone = 0
        for tried in range(1, TRIES + 1):
            seen = attacked(program, site, name, long)
            failed, gone = failed + seen.failed, max(gone, seen.gone)
            bound = max(2 * seen.before, FLOOR)
            p99 = f"{name}: p99 of others, quiet {seen.before * 1e3:.2f} ms"
            if seen.during <= bound or tried == TRIES:
                break
            trial.note(f"{p99}, at first", f"{seen.during * 1e3:.2f} ms")
        trial.check(f"{name}: clients that attacked", seen.attackers, f"at least {seen.wanted}", seen.attackers >= seen.wanted)
        trial.note(f"{name}: connections held at once", seen.held)
        trial.check(p99, f"{seen.during * 1e3:.2f} ms", f"at most {bound * 1e3:.2f} ms", seen.during <= bound)
        trial.check(f"{name}: others that failed", failed, "0", failed == 0)
        most = ATTACKS[name][2]
        trial.check(f"{name}: all gone after", f"{gone:.0f} s", f"at most {most} s", gone <= most)
    return trial


@dataclass
class Seen:
    """What an attack did: the p99 of others before and during it in seconds, how many of theirs failed, how many
    attacked and how many should have, how many connections they held at once, and after how many seconds the last of
    these was gone."""

    before: float
    during: float
    failed: int
    attackers: int
    wanted: int
    held: int
    gone: float


def attacked(program, site, name, long):
    flags, path, lasts = ATTACKS[name]
    count = 1000 if long else 200
    paths = ["/", *[site.path(number) for number in range(0, 200, 10)]]
    with Finews(program, site) as server:
        paced(server.port, paths, 2)
        quiet, _ = paced(server.port, paths, 15 if long else 8)
        attack = ["nice", "slowhttptest", "-c", str(count), "-r", "200", "-l", str(lasts + 30), "-p", "5", *flags]
        attacker = subprocess.Popen([*attack, "-u", f"http://127.0.0.1:{server.port}{path}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            begun = time.monotonic()
            # Bodies are refused at once: of these there are seldom more than a few at a time.
            if name != "slow bodies":
                wait_until("attacked", lambda: server.established() > count / 2, 30)
            times, failed, held = [], 0, 0
            # They are counted between, as a look at all connections takes as long as the slowest answers.
            for seconds in (3, 12) if long else (1, 7):
                took, lost = paced(server.port, paths, seconds)
                times += took
                failed += lost
                held = max(held, server.established())
            with suppress(TimeoutError):
                wait_until("rid of them", lambda: server.established() == 0, lasts + 30)
            gone = time.monotonic() - begun
            # Some of them may come only once it is over; the others must have been there.
            attackers = max(held, int(server.number(REFUSED)) if name == "slow bodies" else 0)
        finally:
            attacker.kill()
            attacker.wait()
    return Seen(percentile(quiet, 0.99), percentile(times, 0.99), failed, attackers, count // 2, held, gone)


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
