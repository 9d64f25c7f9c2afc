"""HTTP/2 without TLS, as proxies speak it: many requests at once on few connections."""

import re
import subprocess

from common import Finews, Site, Trial


def http2(program, long):
    trial = Trial("HTTP/2")
    count = 200_000 if long else 30_000
    site = Site(200)
    with Finews(program, site) as server:
        paths = [f"http://127.0.0.1:{server.port}{path}" for path in ["/", "/feed.xml", *[site.path(n) for n in range(20)]]]
        command = ["h2load", f"-n{count}", "-c10", "-m100", "-t1", "-H", "accept-encoding: gzip", *paths]
        said = subprocess.run(command, capture_output=True, text=True, timeout=300).stdout
        succeeded, failed = (int(re.search(rf"(\d+) {what}", said)[1]) for what in ("succeeded", "failed"))
        good = int(re.search(r"status codes: (\d+) 2xx", said)[1])
        trial.note("requests a second, 10 connections of 100 streams", re.search(r"([\d.]+) req/s", said)[1])
        trial.check("answered well", f"{succeeded} succeeded, {good} with 2xx, {failed} failed", f"all {count}", (succeeded, good, failed) == (count, count, 0))
        code = server.stop()[1]
        trial.check("exit code", code, "0", code == 0)
    return trial
