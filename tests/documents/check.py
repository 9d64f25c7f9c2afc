#!/usr/bin/env python3
"""Checks what finews writes for machines by other people's rules: feeds by feedparser, which reads what feed
readers meet, and sitemaps by the protocol's own schema.

    python3 tests/documents/check.py --finews target/debug/finews --sitemap-xsd FILE [--site DIR]

It needs what `tests/documents/requirements.txt` names, prints a line for each document, and ends with 1 if
anything is wrong."""

import argparse
import json
import pathlib
import re
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ElementTree

import feedparser
import xmlschema

NEWS = "{http://www.google.com/schemas/sitemap-news/0.9}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
# A start takes no longer, in seconds.
PATIENCE = 30


class Site:
    """A finews that runs, on free ports."""

    def __init__(self, finews, folder):
        ports = [free_port(), free_port()]
        flags = ["--listen", f"127.0.0.1:{ports[0]}", "--admin-listen", f"127.0.0.1:{ports[1]}"]
        self.origin = f"http://127.0.0.1:{ports[0]}"
        self.process = subprocess.Popen([finews, "serve", folder, *flags], stderr=subprocess.DEVNULL)
        start = time.monotonic()
        while not self.is_ready():
            if time.monotonic() - start > PATIENCE or self.process.poll() is not None:
                raise SystemExit("finews does not start")
            time.sleep(0.05)

    def is_ready(self):
        try:
            return urllib.request.urlopen(f"{self.origin}/readyz").status == 200
        except OSError:
            return False

    def get(self, path):
        """The bytes and the type of what stands at a path, or at the path of a whole URL."""
        parts = urllib.parse.urlsplit(path)
        address = self.origin + parts.path + (f"?{parts.query}" if parts.query else "")
        with urllib.request.urlopen(address) as answer:
            return answer.read(), answer.headers["content-type"]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def feeds_of(site):
    """The feeds that pages of the site name."""
    pages = ["/", "/category/", "/tag/", "/stock/"]
    for page in pages[1:]:
        html = site.get(page)[0].decode()
        links = re.findall(r'href="((?:/[^"]*)?/(?:category|tag|stock|board)/[^"]+\.html)"', html)
        pages = pages + links[:5]
    found = []
    for page in pages:
        html = site.get(page)[0].decode()
        for href in re.findall(r'<link rel="alternate" type="application/(?:atom|feed)\+(?:xml|json)"[^>]*href="([^"]+)"', html):
            if href not in found:
                found.append(href)
    return found


def check_atom(content, path, problems):
    feed = feedparser.parse(content)
    if feed.bozo:
        problems.append(f"{path}: {feed.bozo_exception}")
    if feed.version != "atom10":
        problems.append(f"{path}: read as {feed.version}")
    # RFC 4287, sections 4.1.1 and 4.1.2: what a feed and an entry must have.
    for name in ["id", "title", "updated", "author"]:
        if not feed.feed.get(name):
            problems.append(f"{path}: the feed has no {name}")
    ids = [entry.get("id") for entry in feed.entries]
    if len(set(ids)) != len(ids):
        problems.append(f"{path}: an id stands twice")
    for entry in feed.entries:
        for name in ["id", "title", "updated", "published", "link", "author"]:
            if not entry.get(name):
                problems.append(f"{path}: an entry has no {name}")
        if not entry.get("id", "").startswith("http"):
            problems.append(f"{path}: {entry.get('id')} is no whole URL")
    return len(feed.entries), next((link.href for link in feed.feed.links if link.rel == "prev-archive"), None)


def check_json(content, path, problems):
    feed = json.loads(content)
    if feed.get("version") != "https://jsonfeed.org/version/1.1" or not feed.get("title"):
        problems.append(f"{path}: no JSON Feed 1.1")
    for item in feed["items"]:
        if not item.get("id") or not (item.get("content_html") or item.get("content_text")):
            problems.append(f"{path}: an item has no id or no content")
    return len(feed["items"]), feed.get("next_url")


def check_news(root, path, problems):
    """Checks news for what Google asks of them, and takes them out: the protocol's schema knows nothing of them."""
    for url in root:
        for item in url.findall(f"{NEWS}news"):
            for name in [f"{NEWS}publication/{NEWS}name", f"{NEWS}publication/{NEWS}language", f"{NEWS}publication_date", f"{NEWS}title"]:
                if not (item.findtext(name) or "").strip():
                    problems.append(f"{path}: news without {name}")
            url.remove(item)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--finews", required=True)
    arguments.add_argument("--sitemap-xsd", required=True)
    arguments.add_argument("--site", default=str(pathlib.Path(__file__).resolve().parents[2]))
    given = arguments.parse_args()
    site = Site(given.finews, given.site)
    problems = []
    documents = 0
    try:
        for path in feeds_of(site):
            check = check_json if path.endswith(".json") else check_atom
            entries = 0
            while path:
                count, older = check(site.get(path)[0], path, problems)
                documents, entries = documents + 1, entries + count
                print(f"{path}: {count} entries")
                path = older
        schema = xmlschema.XMLSchema(given.sitemap_xsd)
        index = ElementTree.fromstring(site.get("/sitemap.xml")[0])
        for location in index.iter(f"{SITEMAP}loc"):
            content = site.get(location.text)[0].decode()
            root = ElementTree.fromstring(content)
            urls = len(root)
            check_news(root, location.text, problems)
            problems += [f"{location.text}: {error.reason}" for error in schema.iter_errors(root)]
            documents += 1
            print(f"{location.text}: {urls} addresses")
    finally:
        site.process.kill()
    for problem in problems:
        print(f"WRONG: {problem}")
    print(f"{documents} documents, {len(problems)} problems")
    if problems or documents < 10:
        sys.exit(1)


main()
