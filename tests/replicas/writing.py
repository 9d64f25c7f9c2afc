"""Objects that `finews push` writes, files that `finews pull` returns, and requests that both refuse."""

import os
import re
import shutil
import subprocess
import time

from fixture import Result, read_log, replace, tree, wait_for_position
from common import get
from store import READER

# The kinds of keys that a push writes; `finews.json` is a kind of its own. The check of the store writes others.
ARCHIVE = ("finews.json", "log", "pack")
# A message names its cause within this time, in seconds.
MESSAGE_LIMIT = 2
# A debug build needs a part of this time to start.
MARGIN = 0.5


def store_fitness(fixture):
    """The store is fit; one that ignores conditions is not, and push needs --only-writer."""
    result = Result()
    site = fixture.site(20)
    result.equal("exit code of `bucket`", fixture.run("bucket", fixture.url).code, 0)
    fixture.proxy.faults.unconditional = True
    result.equal("without conditions", fixture.run("bucket", fixture.url).code, 1)
    refused = fixture.run("push", site, fixture.url)
    result.equal("push", (refused.code, fixture.newest()), (2, 0))
    result.check("its message", refused.sentences[-1:], "names --only-writer", "--only-writer" in refused.errors)
    fixture.push(site)
    result.same("with --only-writer", tree(site), tree(fixture.pull()))
    return result


def push_counts(fixture):
    """The first push has at most 60 PUTs, a second push has none."""
    result = Result()
    site = fixture.site(100_000 if fixture.long else 300)
    first = fixture.push(site)
    puts = fixture.proxy.count("PUT", *ARCHIVE)
    result.check(f"first push of {site.count} posts", f"{puts} PUTs in {first.seconds:.1f} s", "at most 60 in 60 s", puts <= 60 and first.seconds <= 60)
    before = fixture.proxy.count("PUT")
    again = fixture.push(site)
    puts = fixture.proxy.count("PUT") - before
    result.check("second push", f"{puts} PUTs in {again.seconds:.1f} s", "0 in 5 s", puts == 0 and again.seconds <= 5)
    before = fixture.proxy.count("PUT")
    again = fixture.push(site, cache="empty")
    puts = fixture.proxy.count("PUT") - before
    result.check("without its cache", f"{puts} PUTs in {again.seconds:.1f} s", "0", puts == 0)
    os.utime(site.file(1))
    before = fixture.proxy.count("PUT")
    fixture.push(site)
    result.equal("PUTs for a file with another time and equal bytes", fixture.proxy.count("PUT") - before, 0)
    return result


def pull_equals_folder(fixture):
    """A pull has the paths, bytes and times of the folder, at each position and time of the log."""
    result = Result()
    site = fixture.site()
    (site.root / "assets" / "gone.txt").write_text("gone\n")
    states, times = [], []
    for step in range(6):
        if step > 0:
            site.write(step, version=step)
            site.write(site.count + step)
        if step == 2:
            (site.root / "assets" / "gone.txt").unlink()
        if step == 3:
            # More than 8 MiB go into a pack.
            replace(site.root / "assets" / "noise.bin", fixture.random.randbytes(9 << 20))
        if step == 4:
            # A folder in the place of a file, and a file in the place of a folder.
            (site.root / "assets" / "style.css").unlink()
            replace(site.root / "assets" / "style.css" / "a.css", "a\n")
            (site.root / "_data" / "contact.yml").unlink()
            (site.root / "_data").rmdir()
            replace(site.root / "_data", "no folder\n")
        fixture.push(site, "--delete")
        states.append(tree(site))
        times.append(time.time())
    result.equal("commits", fixture.newest(), len(states))
    result.same("newest", states[-1], tree(fixture.pull()))
    for step in range(5):
        result.same(f"--at {step + 1}", states[step], tree(fixture.pull("--at", str(step + 1))))
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(times[2])) + f"{times[2] % 1:.6f}Z"[1:]
    result.same("--at TIME", states[2], tree(fixture.pull("--at", moment)))
    full = fixture.pull()
    refused = fixture.run("pull", fixture.url, full)
    result.equal("exit code for a folder with files", refused.code, 2)
    result.same("and the folder", states[-1], tree(full))
    return result


def killed_push(fixture):
    """A push after a push that was killed completes the log; a replica never serves a part of a commit."""
    result = Result()
    site = fixture.site()
    fixture.push(site)
    replica = fixture.replica("one")
    # The requests of a push take long enough to be interrupted.
    fixture.proxy.faults.delay = (0.002, 0.03)
    duration, torn, kills, rounds = 1.0, [], 0, 50 if fixture.long else 5
    newest = range(site.count - 8, site.count)
    for version in range(1, rounds + 1):
        for number in newest:
            site.write(number, version)
        site.write(site.count + version)
        if version % 3 == 0:
            replace(site.root / "assets" / "noise.bin", fixture.random.randbytes(9 << 20))
        push = subprocess.Popen(fixture.command(*fixture.push_arguments(site)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            push.wait(fixture.random.uniform(0.02, duration))
        except subprocess.TimeoutExpired:
            kills += 1
        push.kill()
        push.wait()
        torn += versions_of(replica, newest)
        duration = 0.2 + 0.8 * min(3, fixture.push(site).seconds)
        torn += versions_of(replica, newest)
        if version % 2 == 0 or version == rounds:
            result.same(f"pull after {version}", tree(site), tree(fixture.pull()))
    wait_for_position([replica], fixture.newest())
    result.same("replica", tree(site), tree(fixture.copy("one")))
    result.check("killed pushes", kills, "at least 1", kills > 0)
    torn = [versions for versions in torn if len(versions) != 1]
    result.equal("pages of two versions", len(torn), 0)
    return result


def versions_of(replica, numbers):
    """The versions of posts on the home page, asked some times."""
    found = []
    for _ in range(20):
        body = get(replica.port, "/")[2].decode()
        found.append({version for number, version in re.findall(r"第 (\d+) 条，version-(\d+)-mark", body) if int(number) in numbers})
        time.sleep(0.01)
    return found


def emptied_folder(fixture):
    """An empty, missing or half-copied folder deletes nothing."""
    result = Result()
    site = fixture.site()
    fixture.push(site)
    whole, before = tree(site), fixture.proxy.count("PUT")
    empty = fixture.new_folder()
    half = fixture.folder / "half"
    shutil.copytree(site.root, half)
    for number in range(0, site.count, 2):
        (half / "_posts" / site.file(number).name).unlink()
    headless = fixture.folder / "headless"
    shutil.copytree(half, headless)
    (headless / "_config.yml").unlink()
    for name, folder in {"empty": empty, "missing": fixture.folder / "missing", "without _config.yml": headless, "half": half}.items():
        for flags in ([], ["--delete"]):
            ended = fixture.run_push(folder, *flags)
            # Without --delete, fewer files are normal.
            expected = 0 if name == "half" and not flags else 2
            result.equal(" ".join([name, *flags]), (ended.code, len(ended.sentences) > 0), (expected, True))
    result.equal("PUTs", fixture.proxy.count("PUT") - before, 0)
    result.same("pull", whole, tree(fixture.pull()))
    for number in range(9):
        site.file(number).unlink()
    fixture.push(site)
    result.same("nine posts fewer", whole, tree(fixture.pull()))
    fixture.push(site, "--delete")
    result.same("with --delete", tree(site), tree(fixture.pull()))
    return result


def refused_access(fixture):
    """A wrong credential, bucket, prefix or endpoint: one sentence, soon."""
    result = Result()
    site = fixture.site(20)
    fixture.push(site)
    new = fixture.new_folder
    commands = {
        "bucket": ["bucket", fixture.url],
        "push": fixture.push_arguments(site),
        "pull": ["pull", fixture.url, new()],
        "serve": ["serve", fixture.url, "--listen", "127.0.0.1:0", "--cache-dir", new()],
    }

    def check(label, ended, *words):
        is_named = all(word in ended.errors for word in words)
        # The log of `serve` has a line of the listener.
        lines = [line for line in ended.sentences if not re.search(" INFO ", line)]
        passed = ended.code == 2 and len(lines) == 1 and is_named and ended.seconds <= MESSAGE_LIMIT + MARGIN
        shown = f"{ended.seconds:.1f} s" if passed else f"exit code {ended.code} after {ended.seconds:.1f} s: {' | '.join(lines)}"
        result.check(label, shown, f"2, one line with {', '.join(words)} in {MESSAGE_LIMIT} s", passed)

    for name, arguments in commands.items():
        check(f"{name}, wrong secret", fixture.run(*arguments, credentials=("owner", "wrong"), timeout=20), "AWS_SECRET_ACCESS_KEY")
    check("pull, unknown key", fixture.run("pull", fixture.url, new(), credentials=("unknown", "x"), timeout=20), "AWS_ACCESS_KEY_ID")
    check("push, read-only credentials", fixture.run_push(fixture.site(21, "other"), credentials=READER, timeout=20), "s3:PutObject")
    check("pull, empty prefix", fixture.run("pull", fixture.url + "-absent", new(), timeout=20), "finews push")
    check("serve, empty prefix", fixture.run("serve", fixture.url + "-absent", "--listen", "127.0.0.1:0", "--cache-dir", new(), timeout=20), "finews push")
    check("pull, no bucket", fixture.run("pull", "s3://absent/x", new(), timeout=20), "bucket does not exist")
    fixture.proxy.faults.hidden = True
    for name in ("pull", "serve"):
        arguments = [*commands[name][:-1], new()]
        check(f"{name}, no s3:ListBucket", fixture.run(*arguments, credentials=READER, timeout=20), "s3:ListBucket")
    fixture.proxy.faults.hidden = False
    fixture.proxy.disappear()
    ended = fixture.run("pull", fixture.url, new(), timeout=60)
    result.equal("pull, store away", (ended.code, len(ended.sentences)), (2, 1))
    return result


def way_out(fixture):
    """tar and zstd restore the files of the log without finews."""
    result = Result()
    site = fixture.site()
    replace(site.root / "assets" / "noise.bin", fixture.random.randbytes(9 << 20))
    fixture.push(site)
    site.write(3, version=1)
    site.file(4).unlink()
    fixture.push(site, "--delete")
    folder = fixture.new_folder()
    for header, _ in read_log(fixture.store, fixture.prefix):
        for key in [*(f"{fixture.prefix}/{pack['key']}" for pack in header["packs"]), fixture.commit_key(header["seq"])]:
            subprocess.run(["tar", "--zstd", "-xf", "-", "-C", folder], input=fixture.store.get(key), check=True, timeout=60)
        for path in header["gone"]:
            (folder / path).unlink()
    shutil.rmtree(folder / ".finews")
    result.same("files of the log", tree(site), tree(folder))
    return result
