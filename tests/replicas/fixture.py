"""The parts that all trials use: a site, commands of finews on a prefix of the bucket, replicas, and commits as files."""

import io
import json
import os
import random
import subprocess
import sys
import tarfile
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "load"))

from common import Finews, Program, get, wait_until  # noqa: E402
from proxy import Proxy  # noqa: E402
from store import BUCKET, OWNER, REGION  # noqa: E402

# Each command ends within this time, in seconds. The first push of the long form reads 100,000 posts.
COMMAND_TIMEOUT = 300
# Racing writes of the same object take SeaweedFS seconds, so one trial checks the fitness of the store, and the others
# omit the check.
UNCHECKED = "--only-writer"
# The seconds between two of the first posts of a site.
INTERVAL = 3607
CONFIG = "title: {}\nurl: https://news.example\nlang: zh-CN\ntimezone: UTC\n"
FILES = {
    "about.md": "---\ntitle: About\n---\n{{ site.data.contact.mail }}\n",
    "_data/contact.yml": "mail: news@example.org\n",
    "assets/style.css": "body { color: black }\n",
    f"assets/{'很长的名字' * 8}.txt": "The path has more than 100 bytes.\n",
}
# Files that never leave the machine of the owner.
PRIVATE_FILES = [".git/HEAD", "_site/index.html", "secret.pem", "_posts/2026-01-01-old.md.bak"]


# The processes of all trials, also those that have ended.
running = []


class NewsSite:
    """A folder of posts, pages and files."""

    def __init__(self, root, posts):
        self.root = Path(root)
        self.times = {}
        self.title("快讯")
        now = int(time.time())
        for number in range(posts):
            self.times[number] = now - (posts - number) * INTERVAL
            self.write(number)
        self.count = posts
        for path, text in FILES.items():
            replace(self.root / path, text)
        for path in PRIVATE_FILES:
            replace(self.root / path, "private\n")
        # A time without a fraction of a second, and one in another century.
        os.utime(self.root / "about.md", (1_000_000_000, 1_000_000_000))
        os.utime(self.root / "_data" / "contact.yml", ns=(1, 915_148_799_123_456_789))

    def __fspath__(self):
        return str(self.root)

    def title(self, title):
        replace(self.root / "_config.yml", CONFIG.format(title))

    def time(self, number):
        """The time of a post. A new post is of this second."""
        return time.gmtime(self.times.setdefault(number, time.time() - 1))

    def file(self, number):
        return self.root / "_posts" / f"{time.strftime('%Y-%m-%d', self.time(number))}-p{number}.md"

    def path(self, number):
        """The URL path of a post."""
        return f"/source{number % 7}{time.strftime('/%Y/%m/%d/', self.time(number))}p{number}.html"

    def lists(self, number):
        """The URL paths of the pages that list a new post."""
        return ["/", f"/category/source{number % 7}.html", f"/tag/tag{number % 5}.html", time.strftime("/%Y/%m/%d/", self.time(number))]

    def write(self, number, version=0, is_renamed=True):
        """Writes a post to a temporary file and renames it, or writes it in place."""
        date = time.strftime("%Y-%m-%d %H:%M:%S +0000", self.time(number))
        front_matter = f"title: 第 {number} 条，version-{version}-mark\ndate: {date}\ncategories: [source{number % 7}]\ntags: [tag{number % 5}]"
        lines = (f"央行降准 {number} {line} {version}，板块资金市场消息。" for line in range(20))
        text = f"---\n{front_matter}\n---\n" + "\n\n".join(lines) + "\n"
        if is_renamed:
            replace(self.file(number), text)
        else:
            self.file(number).write_text(text)


def replace(file, content):
    """Writes a file to a temporary one and renames it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.part")
    temporary.write_bytes(content if isinstance(content, bytes) else content.encode())
    os.replace(temporary, file)


def tree(folder):
    """The files of a folder by path, each with its time in nanoseconds and its hash, without private files."""
    files = (file for file in Path(folder).rglob("*") if file.is_file())
    paths = {str(file.relative_to(folder)): file for file in files}
    return {path: (file.stat().st_mtime_ns, sha256(file.read_bytes()).hexdigest()) for path, file in paths.items() if path not in PRIVATE_FILES}


def differences(expected, found):
    """The differences of two trees as a short text, which is empty for equal trees."""
    paths = sorted(expected.keys() | found.keys())
    kinds = {
        "missing": [path for path in paths if path not in found],
        "extra": [path for path in paths if path not in expected],
        "other bytes": [path for path in paths if path in expected and path in found and expected[path][1] != found[path][1]],
        "other time": [f"{path} ({(found[path][0] - expected[path][0]) / 1e9:+.6f} s)" for path in paths if path in expected and path in found and expected[path][0] != found[path][0]],
    }
    return "; ".join(f"{len(paths)} {kind}: {', '.join(paths[:3])}" for kind, paths in kinds.items() if paths)


@dataclass
class Ended:
    """A command that has ended."""

    code: int
    seconds: float
    out: str
    errors: str

    @property
    def sentences(self):
        """The lines of the standard error."""
        return self.errors.strip().splitlines()


class Fixture:
    """A prefix of the bucket for one trial, with a proxy in front of the store, and all processes of the trial. The end
    of the `with` block ends them."""

    def __init__(self, program, store, name, long, seed):
        self.program, self.store, self.prefix, self.long = program, store, name, long
        self.random = random.Random(f"{seed} {name}")
        self.url = f"s3://{BUCKET}/{name}"
        self.seed = seed
        # The running programs and those that have ended.
        self.programs = []

    def __enter__(self):
        self.stack = ExitStack()
        self.folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="finews-replicas-")))
        self.proxy = self.new_proxy()
        return self

    def __exit__(self, *_):
        self.stack.close()

    def new_proxy(self, **faults):
        return self.stack.enter_context(Proxy(self.store, self.seed, **faults))

    def site(self, posts=None, name="site"):
        return NewsSite(self.folder / name, posts or (3000 if self.long else 300))

    def new_folder(self):
        return Path(tempfile.mkdtemp(dir=self.folder))

    def command(self, *arguments, endpoint=None):
        return [self.program, *map(os.fspath, arguments), "--endpoint", endpoint or self.proxy.url]

    def run(self, *arguments, endpoint=None, credentials=None, timeout=COMMAND_TIMEOUT):
        """Runs a command of finews until its end."""
        environment = os.environ | (aws_variables(credentials) if credentials else {})
        start = time.monotonic()
        ended = subprocess.run(self.command(*arguments, endpoint=endpoint), capture_output=True, text=True, env=environment, timeout=timeout)
        return Ended(ended.returncode, time.monotonic() - start, ended.stdout, ended.stderr)

    def push(self, site, *flags, **options):
        return expect_success("push", self.run_push(site, *flags, **options))

    def run_push(self, site, *flags, cache="push", **options):
        """Runs a push, which may fail."""
        return self.run(*self.push_arguments(site, *flags, cache=cache), **options)

    def push_arguments(self, site, *flags, cache="push"):
        return ["push", site, self.url, "--cache-dir", self.folder / cache, UNCHECKED, *flags]

    def pull(self, *flags, **options):
        """Pulls into a new folder. Returns the folder."""
        folder = self.new_folder()
        expect_success("pull", self.run("pull", self.url, folder, *flags, **options))
        return folder

    def start(self, *arguments, endpoint=None):
        """Starts a command of finews that ends with the fixture."""
        return self.keep(Program(self.command(*arguments, endpoint=endpoint)))

    def keep(self, program):
        """Ends a program with the fixture."""
        running.append(program.process)
        self.programs.append(program)
        return self.stack.enter_context(program)

    def follow(self, site, *flags, endpoint=None):
        """Starts `push --follow`, and waits until the log shows that it follows."""
        before = self.newest()
        program = self.start(*self.push_arguments(site, "--follow", *flags), endpoint=endpoint)
        probe = site.root / "assets" / "follow.txt"
        wait_until("following", lambda: replace(probe, str(time.time())) or time.sleep(0.2) or self.newest() > before, 30)
        return program

    def replica(self, name, *flags, port=0, endpoint=None, is_ready_soon=True):
        """Starts a replica with the cache folder of its name. Returns the running finews."""
        flags = ["--cache-dir", str(self.cache(name)), "--endpoint", endpoint or self.proxy.url, *flags]
        return self.keep(Finews(self.program, self.url, *flags, port=port, is_ready_soon=is_ready_soon))

    def replicas(self, *names, **options):
        """Starts replicas at once."""
        with ThreadPoolExecutor(len(names)) as pool:
            return list(pool.map(lambda name: self.replica(name, **options), names))

    def serve(self, folder):
        """Serves a folder."""
        return self.keep(Finews(self.program, folder))

    def cache(self, name):
        return self.folder / f"cache-{name}"

    def copy(self, name):
        """The folder of files of a replica."""
        return self.cache(name) / "replica" / "site"

    def newest(self):
        return self.store.newest(self.prefix)

    def commit_key(self, position):
        return f"{self.prefix}/log/{position:020}.tar.zst"

    def list(self, folder):
        """The output of `finews list --body`."""
        ended = subprocess.run([self.program, "list", "--body", folder], capture_output=True, timeout=COMMAND_TIMEOUT)
        if ended.returncode != 0:
            raise RuntimeError(f"list: exit code {ended.returncode}: {ended.stderr.decode()[-500:]}")
        return ended.stdout

    def last_log_lines(self):
        """The last lines of the programs that run or ran, for a failed trial."""
        return [line.rstrip() for program in self.programs for line in program.lines[-3:]]


def expect_success(command, ended):
    if ended.code != 0:
        lines = ended.sentences
        raise RuntimeError(f"{command}: exit code {ended.code}: " + "; ".join(lines if len(lines) < 6 else [*lines[:4], "…", lines[-1]]))
    return ended


def aws_variables(credentials=OWNER):
    return {"AWS_ACCESS_KEY_ID": credentials[0], "AWS_SECRET_ACCESS_KEY": credentials[1], "AWS_REGION": REGION}


def position(replica):
    return int(replica.metric("finews_replica_position"))


def wait_for_position(replicas, number, timeout=20):
    """Waits until replicas are at a position of the log. Returns the seconds."""
    start = time.monotonic()
    wait_until(f"at position {number}", lambda: all(position(replica) == number for replica in replicas), timeout)
    return time.monotonic() - start


def is_ready(finews):
    return get(finews.port, "/readyz")[0] == 200


def unpack(archive):
    """The entries of a `tar.zst` archive in order: path, time as a decimal text, bytes."""
    tar = subprocess.run(["zstd", "-dcq"], input=archive, capture_output=True, check=True, timeout=60).stdout
    with tarfile.open(fileobj=io.BytesIO(tar)) as entries:
        return [(entry.name, entry.pax_headers.get("mtime", str(entry.mtime)), entries.extractfile(entry).read()) for entry in entries]


def read_log(store, prefix):
    """The commits of a log in order: header and entries, those of its packs first."""
    commits = []
    for key in store.keys(f"{prefix}/log/"):
        (name, _, header), *files = unpack(store.get(key))
        if name != ".finews/commit.json":
            raise ValueError(f"{key} begins with {name}")
        header = json.loads(header)
        packed = [entry for pack in header["packs"] for entry in unpack(store.get(f"{prefix}/{pack['key']}"))]
        commits.append((header, packed + files))
    return commits


class Result:
    """The measurements of one trial. Each failed one names its bound."""

    def __init__(self):
        self.rows = []

    def check(self, label, value, bound, passed):
        self.rows.append((label, value, bound, bool(passed)))

    def equal(self, label, value, expected):
        self.check(label, value, expected, value == expected)

    def same(self, label, expected, found):
        """Compares two trees."""
        text = differences(expected, found)
        self.check(label, text or f"{len(found)} files equal", "no difference", not text)

    def note(self, label, value):
        self.rows.append((label, value, "", True))

    @property
    def passed(self):
        return all(passed for *_, passed in self.rows)

    @property
    def line(self):
        rows = (f"{label}: {value}" if passed else f"**{label}: {value}, expected {bound}**" for label, value, bound, passed in self.rows)
        return "; ".join(rows)
