"""HTTP/2 without TLS, as proxies use it: many concurrent requests on few connections."""

import re
import subprocess

from common import Finews, Site, Trial


def http2(program, long):
    trial = Trial("HTTP/2")
    count = 200_000 if long else 30_000
    site = Site(200)
    with Finews(program, site) as server:
        urls = [f"http://127.0.0.1:{server.port}{path}" for path in ["/", "/feed.xml", *[site.path(n) for n in range(20)]]]
        command = ["h2load", f"-n{count}", "-c10", "-m100", "-t1", "-H", "accept-encoding: gzip", *urls]
        output = subprocess.run(command, capture_output=True, text=True, timeout=300).stdout
        succeeded, failed = (int(re.search(rf"(\d+) {outcome}", output)[1]) for outcome in ("succeeded", "failed"))
        ok = int(re.search(r"status codes: (\d+) 2xx", output)[1])
        trial.note("requests a second, 10 connections of 100 streams", re.search(r"([\d.]+) req/s", output)[1])
        trial.check("responses", f"{succeeded} succeeded, {ok} with 2xx, {failed} failed", f"all {count} with 2xx", (succeeded, ok, failed) == (count, count, 0))
        code = server.stop()[1]
        trial.check("exit code", code, "0", code == 0)
    return trial
