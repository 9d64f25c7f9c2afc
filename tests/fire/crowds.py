"""Clients that are slow on purpose, and clients that are too many."""

import resource
import socket
import subprocess
import threading
import time

from common import Finews, Site, Trial, get, paced, percentile, wait_until

ATTACKS = {
    # What is sent: heads that never end, bodies that never end, answers that are hardly read.
    "slow heads": (["-H", "-i", "2", "-x", "24"], "/", 20),
    "slow bodies": (["-B", "-i", "2", "-x", "24", "-s", "8192", "-t", "POST"], "/", 20),
    # With a file that is larger than what the system takes over; it takes 30 s to give up on a writer.
    "slow readers": (["-X", "-w", "8", "-y", "16", "-n", "5", "-z", "16", "-k", "1"], "/assets/large.bin", 55),
}
# Below this a p99 on a machine that does other things says nothing.
FLOOR = 0.010


def slow(program, long):
    trial = Trial("slow clients")
    count = 1000 if long else 200
    site = Site()
    paths = ["/", *[site.path(number) for number in range(0, 200, 10)]]
    for name, (flags, path, lasts) in ATTACKS.items():
        with Finews(program, site) as server:
            paced(server.port, paths, 2)
            quiet, _ = paced(server.port, paths, 15 if long else 8)
            attack = ["nice", "slowhttptest", "-c", str(count), "-r", "200", "-l", str(lasts + 30), "-p", "5", *flags]
            attacker = subprocess.Popen([*attack, "-u", f"http://127.0.0.1:{server.port}{path}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                begun = time.monotonic()
                most = [0]
                wait_until("attacked", lambda: server.established() > count / 2, 30) if name != "slow bodies" else None
                watching = threading.Thread(target=watch, args=(server, most, begun + lasts))
                watching.start()
                times, failed = paced(server.port, paths, 15 if long else 8)
                watching.join()
                left = server.established()
            finally:
                attacker.kill()
                attacker.wait()
        before, during = percentile(quiet, 0.99), percentile(times, 0.99)
        bound = max(2 * before, FLOOR)
        trial.note(f"{name}: connections held at once", most[0])
        trial.check(f"{name}: p99 of others, quiet {before * 1e3:.2f} ms", f"{during * 1e3:.2f} ms", f"at most {bound * 1e3:.2f} ms", during <= bound)
        trial.check(f"{name}: others that failed", failed, "0", failed == 0)
        trial.check(f"{name}: left after {lasts} s", left, "0", left == 0)
    return trial


def watch(server, most, until):
    while time.monotonic() < until:
        most[0] = max(most[0], server.established())
        time.sleep(0.25)


def crowd(program, long):
    trial = Trial("too many connections")
    count = 10_000 if long else 2_000
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    count = min(count, files - 200)
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
        trial.note("connections, and what they were answered", f"{count}: {answers}")
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
