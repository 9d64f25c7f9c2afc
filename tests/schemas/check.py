#!/usr/bin/env python3
"""Checks what finews writes for machines by other people's rules: feeds by feedparser, which reads what feed
readers meet, and by RFC 4287; sitemaps by the protocol's own schema; JSON-LD by what Google asks of articles;
the OpenSearch description by its specification.

    python3 tests/schemas/check.py --finews target/debug/finews --sitemap-xsd FILE [--site DIR]

It needs what `tests/schemas/requirements.txt` names, prints a line for each document, and ends with 1 if
anything is wrong."""

import argparse
import json
import pathlib
import re
import sys
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ElementTree

import feedparser
import xmlschema

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "load"))

from common import Finews  # noqa: E402

ATOM = "{http://www.w3.org/2005/Atom}"
OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"
# RFC 3339, as RFC 4287, section 3.3, has it.
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
# https://developers.google.com/search/docs/appearance/structured-data/article
ARTICLE = ["headline", "image", "datePublished", "dateModified", "author"]
# Articles whose metadata are read.
MOST_ARTICLES = 30
NEWS = "{http://www.google.com/schemas/sitemap-news/0.9}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def get(server, path):
    """The bytes and the content type of a response. The path may also be a URL of any host."""
    parts = urllib.parse.urlsplit(path)
    url = f"http://127.0.0.1:{server.port}{parts.path}" + (f"?{parts.query}" if parts.query else "")
    with urllib.request.urlopen(url) as response:
        return response.read(), response.headers["content-type"]


def feeds_of(server):
    """The feeds that pages of the site name."""
    pages = ["/", "/category/", "/tag/", "/stock/"]
    for page in pages[1:]:
        html = get(server, page)[0].decode()
        links = re.findall(r'href="((?:/[^"]*)?/(?:category|tag|stock|board)/[^"]+\.html)"', html)
        pages = pages + links[:5]
    found = []
    for page in pages:
        html = get(server, page)[0].decode()
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
    check_rfc4287(ElementTree.fromstring(content), path, problems)
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


def check_rfc4287(feed, path, problems):
    """What RFC 4287 says in words: how often an element may stand, and what it may hold."""

    def wrong(what):
        problems.append(f"{path}: {what}")

    once = {"id": (1, 1), "title": (1, 1), "updated": (1, 1), "subtitle": (0, 1), "generator": (0, 1), "icon": (0, 1)}
    check_counts(feed, once, "feed", wrong)
    relations = [(link.get("rel"), link.get("type")) for link in feed.findall(f"{ATOM}link")]
    if len(set(relations)) != len(relations):
        wrong(f"links of one relation and type: {relations}")
    if "self" not in dict(relations):
        wrong("no link to itself (section 4.1.1)")
    once = {"id": (1, 1), "title": (1, 1), "updated": (1, 1), "published": (0, 1), "summary": (0, 1), "content": (0, 1)}
    for entry in feed.findall(f"{ATOM}entry"):
        check_counts(entry, once, "entry", wrong)
        alternates = [link for link in entry.findall(f"{ATOM}link") if link.get("rel") == "alternate"]
        if len(alternates) != 1:
            wrong(f"an entry has {len(alternates)} alternate links (section 4.1.2)")
        for category in entry.findall(f"{ATOM}category"):
            if not category.get("term"):
                wrong("a category without a term (section 4.2.2)")
    for element in feed.iter():
        name = element.tag.removeprefix(ATOM)
        if name in ("updated", "published") and not MOMENT.fullmatch(element.text or ""):
            wrong(f"{name} is {element.text} (section 3.3)")
        if name == "id" and not urllib.parse.urlsplit((element.text or "").strip()).scheme:
            wrong(f"{element.text} is no IRI (section 4.2.6)")
        if name == "link" and not urllib.parse.urlsplit(element.get("href", "")).scheme:
            wrong(f"a link leads to {element.get('href')}")
        if name in ("title", "subtitle", "summary", "content") and element.get("type", "text") not in ("text", "html"):
            wrong(f"{name} is of the type {element.get('type')} (section 3.1.1)")
        if name == "author" and not (element.findtext(f"{ATOM}name") or "").strip():
            wrong("an author without a name (section 3.2.1)")


def check_counts(element, counts, kind, wrong):
    for name, (least, most) in counts.items():
        count = len(element.findall(f"{ATOM}{name}"))
        if not least <= count <= most:
            wrong(f"{kind} with {count} of {name} (sections 4.1.1 and 4.1.2)")


def check_opensearch(content, path, problems):
    """https://github.com/dewitt/opensearch/blob/master/opensearch-1-1-draft-6.md"""
    root = ElementTree.fromstring(content)
    if root.tag != f"{OPENSEARCH}OpenSearchDescription":
        problems.append(f"{path}: the root is {root.tag}")
    for name, longest in [("ShortName", 16), ("Description", 1024)]:
        texts = [element.text or "" for element in root.findall(f"{OPENSEARCH}{name}")]
        if len(texts) != 1 or not 0 < len(texts[0]) <= longest:
            problems.append(f"{path}: {name} is {texts}")
    urls = root.findall(f"{OPENSEARCH}Url")
    if not any("{searchTerms}" in url.get("template", "") and url.get("type") == "text/html" for url in urls):
        problems.append(f"{path}: no template of a search")
    for url in urls:
        if not url.get("template", "").startswith("http") or not url.get("type"):
            problems.append(f"{path}: an address without template or type")
    for name in ["InputEncoding", "OutputEncoding"]:
        for element in root.findall(f"{OPENSEARCH}{name}"):
            if element.text != "UTF-8":
                problems.append(f"{path}: {name} is {element.text}")


def check_article(html, path, has_picture, problems):
    found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    if len(found) != 1:
        problems.append(f"{path}: {len(found)} blocks of JSON-LD")
        return
    graph = json.loads(found[0])["@graph"]
    article = next((thing for thing in graph if thing["@type"] == "NewsArticle"), {})
    for name in ARTICLE:
        # An article without an image has that of the site, if there is one.
        if not article.get(name) and (name != "image" or has_picture):
            problems.append(f"{path}: no {name}")
    for author in article.get("author", []):
        kind = author.get("@type")
        if kind not in ("Person", "Organization") or not author.get("name") or (kind != "Person" and not author.get("url")):
            problems.append(f"{path}: the author is {author}")
    for name in ["datePublished", "dateModified"]:
        if not MOMENT.fullmatch(article.get(name, "")):
            problems.append(f"{path}: {name} is {article.get(name)}")
    for image in article.get("image", []):
        if not image.startswith("http"):
            problems.append(f"{path}: the image is {image}")
    crumbs = next((thing for thing in graph if thing["@type"] == "BreadcrumbList"), {}).get("itemListElement", [])
    if [crumb.get("position") for crumb in crumbs] != list(range(1, len(crumbs) + 1)) or len(crumbs) < 2:
        problems.append(f"{path}: the way to it is {crumbs}")


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
    problems = []
    documents = 0
    articles = []
    with Finews(given.finews, given.site, "--search-rate", "off") as server:
        for path in feeds_of(server):
            check = check_json if path.endswith(".json") else check_atom
            entries = 0
            while path:
                count, older = check(get(server, path)[0], path, problems)
                documents, entries = documents + 1, entries + count
                print(f"{path}: {count} entries")
                path = older
        schema = xmlschema.XMLSchema(given.sitemap_xsd)
        index = ElementTree.fromstring(get(server, "/sitemap.xml")[0])
        for location in index.iter(f"{SITEMAP}loc"):
            content = get(server, location.text)[0].decode()
            root = ElementTree.fromstring(content)
            urls = len(root)
            check_news(root, location.text, problems)
            problems += [f"{location.text}: {error.reason}" for error in schema.iter_errors(root)]
            documents += 1
            print(f"{location.text}: {urls} addresses")
            if re.search(r"/sitemap/\d{4}-", location.text):
                articles += [url.findtext(f"{SITEMAP}loc") for url in root]
        check_opensearch(get(server, "/opensearch.xml")[0], "/opensearch.xml", problems)
        has_picture = 'property="og:image"' in get(server, "/")[0].decode()
        for address in articles[:: max(1, len(articles) // MOST_ARTICLES)]:
            check_article(get(server, address)[0].decode(), address, has_picture, problems)
            documents += 1
        print(f"{len(articles)} articles, of which {min(len(articles), MOST_ARTICLES)} or a few more were read")
    for problem in problems:
        print(f"WRONG: {problem}")
    print(f"{documents} documents, {len(problems)} problems")
    if problems or documents < 10 or not articles:
        sys.exit(1)


main()
