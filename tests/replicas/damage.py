"""Faults of the network and of the store, and damaged objects."""

import shutil
import subprocess
import threading

from fixture import Result, position, read_log, replace, tree, wait_for_position
from common import get, wait_until
from serving import Reader


def faults(fixture):
    """Two writers and three replicas with many faults: a gapless log, each post once, equal replicas."""
    result = Result()
    sites = [fixture.site(50, name) for name in ("site", "other")]
    fixture.push(sites[0])
    shutil.rmtree(sites[1].root)
    shutil.copytree(sites[0].root, sites[1].root)
    proxy = fixture.new_proxy(refuse=0.2, forget=0.15, cut=0.05, flip=0.01, delay=(0, 0.3 if fixture.long else 0.05), stall=(0.01, 3))
    replicas = fixture.replicas("one", "two", "three", endpoint=proxy.url)
    commits = 300 if fixture.long else 12
    attempts = [0, 0]

    def write(index):
        site = sites[index]
        for number in range(commits):
            site.write(site.count + index * 10_000 + number)
            done = False
            while not done:
                attempts[index] += 1
                ended = fixture.run_push(site, cache=f"push-{index}", endpoint=proxy.url, timeout=120)
                done = ended.code == 0
                if not done and attempts[index] > 4 * commits:
                    raise RuntimeError(f"push: exit code {ended.code}: {ended.errors[-500:]}")

    run_all([lambda: write(0), lambda: write(1)])
    proxy.faults.stall, proxy.faults.delay = (0, 0), (0, 0)
    newest = fixture.newest()
    wait_for_position(replicas, newest, 90)
    log = read_log(fixture.store, fixture.prefix)
    result.note("requests, pushes for their commits", f"{sum(proxy.requests.values())}, {sum(attempts)} for {2 * commits}")
    result.equal("numbers of the log", [header["seq"] for header, _ in log] == list(range(1, newest + 1)), True)
    result.equal("commits, ids", (newest, len({header["id"] for header, _ in log})), (2 * commits + 1, 2 * commits + 1))
    written = [path for header, entries in log[1:] for path, _, _ in entries]
    result.equal("posts, each once", (len(written), len(set(written))), (2 * commits, 2 * commits))
    expected = tree(sites[0]) | tree(sites[1])
    for name in ("one", "two", "three"):
        result.same(f"replica {name}", expected, tree(fixture.copy(name)))
    result.equal("lists", len({fixture.list(fixture.copy(name)) for name in ("one", "two", "three")}), 1)
    return result


def run_all(functions):
    """Runs functions at once, and raises the first error."""
    errors = []

    def run(function):
        try:
            function()
        except Exception as error:  # an error of any kind must fail the trial
            errors.append(error)

    threads = [threading.Thread(target=run, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def damaged_commit(fixture):
    """A replica stops before a damaged commit, serves on, names the object, and goes on once it is restored."""
    result = Result()
    site = fixture.site()
    fixture.push(site)
    proxy = fixture.new_proxy()
    replica = fixture.replica("one", endpoint=proxy.url)
    before = tree(site)
    proxy.disappear()
    for number in (1, 2):
        site.write(site.count + number)
        fixture.push(site)
    good = fixture.store.flip(fixture.commit_key(2))
    reader = Reader(replica, ["/", site.path(3), site.path(11)])
    proxy.appear()
    key = fixture.commit_key(2).removeprefix(f"{fixture.prefix}/")
    wait_until("named", lambda: any(key in line for line in replica.lines), 20)
    lines = [line for line in replica.lines if key in line]
    result.equal("position, lines that name the object", (position(replica), len(lines)), (1, 1))
    folder = fixture.new_folder()
    pull = fixture.run("pull", fixture.url, folder)
    result.equal("pull names it", (pull.code, key in pull.errors), (2, True))
    result.same("pull --at 1", before, tree(fixture.pull("--at", "1")))
    fixture.store.put(fixture.commit_key(2), good)
    seconds = wait_for_position([replica], 3, 30)
    result.check("current after the repair", f"{seconds:.1f} s", "at most 7 s", seconds <= 7)
    reader.check(result, "pages")
    return result


def damaged_pack(fixture):
    """A start with a damaged pack is refused, with the key of the pack."""
    result = Result()
    site = fixture.site(50)
    replace(site.root / "assets" / "noise.bin", fixture.random.randbytes(9 << 20))
    fixture.push(site)
    keys = fixture.store.keys(f"{fixture.prefix}/pack/")
    result.check("packs", len(keys), "at least 1", keys)
    good = fixture.store.flip(keys[0])
    key = keys[0].removeprefix(f"{fixture.prefix}/")
    ended = fixture.run("pull", fixture.url, fixture.new_folder())
    result.equal("pull names it", (ended.code, key in ended.errors), (2, True))
    arguments = ["serve", fixture.url, "--listen", "127.0.0.1:0", "--cache-dir", fixture.cache("one")]
    try:
        ended = fixture.run(*arguments, timeout=20)
        result.equal("start names it", (ended.code, key in ended.errors), (2, True))
    except subprocess.TimeoutExpired:
        result.check("start", "goes on", "exit code 2", False)
    fixture.store.put(keys[0], good)
    replica = fixture.replica("one")
    result.same("after the repair", tree(site), tree(fixture.copy("one")))
    result.equal("page", get(replica.port, site.path(3))[0], 200)
    return result
