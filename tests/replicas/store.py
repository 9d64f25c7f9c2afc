"""SeaweedFS on loopback, and a client of S3 that the trial uses to look into a bucket and to damage it."""

import datetime
import hashlib
import hmac
import http.client
import json
import re
import socket
import subprocess
import time
import urllib.parse
from pathlib import Path

BUCKET = "news"
REGION = "us-east-1"
# The credentials of the owner, and those of a reader without the permission to list the bucket.
OWNER = ("owner", "owner-secret")
READER = ("reader", "reader-secret")
# The ports are all explicit: a default port may be in use, and the default port of gRPC is 10,000 above another one.
PORTS = ["master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc", "s3.port", "s3.port.grpc"]


def signed(method, target, headers, credentials=OWNER, payload="UNSIGNED-PAYLOAD"):
    """The headers of a request with a signature of AWS, version 4. The headers must have `host`."""
    key, secret = credentials
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    path, _, query = target.partition("?")
    headers = {name.lower(): value for name, value in headers.items()} | {"x-amz-date": now, "x-amz-content-sha256": payload}
    names = [name for name in sorted(headers) if name in ("host", "if-none-match", "range") or name.startswith("x-amz-")]
    pairs = sorted(pair if "=" in pair else pair + "=" for pair in query.split("&") if pair)
    canonical = [method, path, "&".join(pairs), *(f"{name}:{headers[name].strip()}" for name in names), "", ";".join(names), payload]
    scope = f"{now[:8]}/{REGION}/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256("\n".join(canonical).encode()).hexdigest()])
    signature = ("AWS4" + secret).encode()
    for part in (*scope.split("/"), text):
        signature = hmac.new(signature, part.encode(), hashlib.sha256).digest()
    authorization = f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={';'.join(names)}, Signature={signature.hex()}"
    return headers | {"authorization": authorization}


def free_ports(count):
    """Different free ports on loopback."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


class Store:
    """A running SeaweedFS with one bucket. The end of the `with` block stops it."""

    def __init__(self, program, folder):
        self.folder = Path(folder)
        data = self.folder / "store"
        data.mkdir()
        identities = [
            {"name": "owner", "credentials": [dict(zip(("accessKey", "secretKey"), OWNER))], "actions": ["Admin"]},
            {"name": "reader", "credentials": [dict(zip(("accessKey", "secretKey"), READER))], "actions": [f"Read:{BUCKET}"]},
        ]
        config = self.folder / "s3.json"
        config.write_text(json.dumps({"identities": identities}))
        ports = dict(zip(PORTS, free_ports(len(PORTS))))
        self.sockets = [Path(f"/tmp/seaweedfs-{name.split('.')[0]}-grpc-{port}.sock") for name, port in ports.items()]
        self.port = ports["s3.port"]
        command = [program, "server", f"-dir={data}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-volume.max=50", "-master.telemetry=false"]
        command += ["-s3", f"-s3.config={config}", "-s3.port.iceberg=0", "-s3.port.lance=0"]
        command += [f"-{part}.localSocket={self.folder}/{part}.sock" for part in ("s3", "filer")]
        command += [f"-{name}={port}" for name, port in ports.items()]
        self.log = (self.folder / "store.log").open("w")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, cwd=self.folder)
        try:
            self.create_bucket(time.monotonic() + 60)
        except BaseException:
            self.__exit__()
            raise

    def create_bucket(self, deadline):
        """Creates the bucket, and writes an object: the first write fails until the store has a volume."""
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if self.request("PUT", "")[0] in (200, 409) and self.put("ready", b"ready") == 200:
                    self.request("DELETE", "ready")
                    return
            except OSError:
                pass
            time.sleep(0.1)
        raise TimeoutError("SeaweedFS is not ready: " + (self.folder / "store.log").read_text()[-2000:])

    def request(self, method, key, body=None, query="", headers=None):
        """Sends a request for a key of the bucket. Returns status and body."""
        target = f"/{BUCKET}/" + urllib.parse.quote(key) + (f"?{query}" if query else "")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            all_headers = signed(method, target, {"host": f"127.0.0.1:{self.port}"} | (headers or {}))
            connection.request(method, target, body, all_headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def put(self, key, body):
        return self.request("PUT", key, body)[0]

    def get(self, key):
        """An object, or `None`."""
        status, body = self.request("GET", key)
        if status not in (200, 404):
            raise OSError(f"the store answers {status} for {key}: {body[:200]}")
        return body if status == 200 else None

    def keys(self, prefix):
        """The keys that begin with a prefix, in order."""
        keys, start = [], ""
        while True:
            query = f"list-type=2&prefix={urllib.parse.quote(prefix, safe='')}&start-after={urllib.parse.quote(start, safe='')}"
            status, body = self.request("GET", "", query=query)
            if status != 200:
                raise OSError(f"the store answers {status} for a list: {body[:200]}")
            page = re.findall(r"<Key>(.*?)</Key>", body.decode())
            keys += page
            if "<IsTruncated>true" not in body.decode():
                return sorted(keys)
            start = page[-1]

    def newest(self, prefix):
        """The position of the newest commit, or 0."""
        return max([int(key.rsplit("/", 1)[1][:20]) for key in self.keys(f"{prefix}/log/")], default=0)

    def flip(self, key):
        """Replaces an object by one with another byte in its middle. Returns the former object."""
        good = self.get(key)
        middle = len(good) // 2
        self.put(key, good[:middle] + bytes([good[middle] ^ 0x10]) + good[middle + 1 :])
        return good

    def memory(self):
        """The resident memory in bytes."""
        return int(re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{self.process.pid}/status").read_text())[1]) * 1024

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # A shutdown takes some seconds, and the data is temporary.
        self.process.kill()
        self.process.wait()
        self.log.close()
        for socket_file in self.sockets:
            socket_file.unlink(missing_ok=True)
