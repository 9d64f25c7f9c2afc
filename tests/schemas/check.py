#!/usr/bin/env python3
"""Checks the documents that finews writes for programs, with rules and parsers of other projects.

The checks read feeds with feedparser and by RFC 4287, sitemaps with the XML schema of the protocol, JSON-LD by Google's
requirements for articles, and the OpenSearch description by its specification.

    python3 tests/schemas/check.py --finews target/debug/finews --sitemap-xsd FILE [--site DIR]

The packages are in `tests/schemas/requirements.txt`. The program prints a line for each document. The exit code is 1
if a document has a problem."""

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
# The date-time of RFC 3339 in the form of RFC 4287, section 3.3.
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
# https://developers.google.com/search/docs/appearance/structured-data/article
ARTICLE_PROPERTIES = ["headline", "image", "datePublished", "dateModified", "author"]
# The approximate number of articles to read.
ARTICLE_SAMPLE = 30
NEWS = "{http://www.google.com/schemas/sitemap-news/0.9}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def get(server, path):
    """The body of a response and its content type. If `path` is a URL, the request goes to its path on this server."""
    parts = urllib.parse.urlsplit(path)
    url = f"http://127.0.0.1:{server.port}{parts.path}" + (f"?{parts.query}" if parts.query else "")
    with urllib.request.urlopen(url) as response:
        return response.read(), response.headers["content-type"]


def feed_urls(server):
    """The URLs of the feeds that pages of the site link to."""
    pages = ["/", "/category/", "/tag/", "/stock/"]
    for page in pages[1:]:
        html = get(server, page)[0].decode()
        links = re.findall(r'href="((?:/[^"]*)?/(?:category|tag|stock|board)/[^"]+\.html)"', html)
        pages = pages + links[:5]
    feeds = []
    for page in pages:
        html = get(server, page)[0].decode()
        for href in re.findall(r'<link rel="alternate" type="application/(?:atom|feed)\+(?:xml|json)"[^>]*href="([^"]+)"', html):
            if href not in feeds:
                feeds.append(href)
    return feeds


def check_atom(content, path, problems):
    """Returns the number of entries, and the URL of the previous archive document."""
    feed = feedparser.parse(content)
    if feed.bozo:
        problems.append(f"{path}: {feed.bozo_exception}")
    if feed.version != "atom10":
        problems.append(f"{path}: feedparser reads it as {feed.version}")
    # RFC 4287, sections 4.1.1 and 4.1.2, names the required elements of a feed and of an entry.
    for name in ["id", "title", "updated", "author"]:
        if not feed.feed.get(name):
            problems.append(f"{path}: the feed has no {name}")
    check_rfc4287(ElementTree.fromstring(content), path, problems)
    ids = [entry.get("id") for entry in feed.entries]
    if len(set(ids)) != len(ids):
        problems.append(f"{path}: two entries have the same id")
    # An entry without an author has that of the feed (section 4.2.1).
    for entry in feed.entries:
        for name in ["id", "title", "updated", "published", "link"]:
            if not entry.get(name):
                problems.append(f"{path}: an entry has no {name}")
        if not entry.get("id", "").startswith("http"):
            problems.append(f"{path}: the id {entry.get('id')} is not an absolute URL")
    return len(feed.entries), next((link.href for link in feed.feed.links if link.rel == "prev-archive"), None)


def check_rfc4287(feed, path, problems):
    """Checks the rules that RFC 4287 states in prose: the number of elements and their content."""

    def report(problem):
        problems.append(f"{path}: {problem}")

    limits = {"id": (1, 1), "title": (1, 1), "updated": (1, 1), "subtitle": (0, 1), "generator": (0, 1), "icon": (0, 1)}
    check_counts(feed, limits, "feed", report)
    relations = [(link.get("rel"), link.get("type")) for link in feed.findall(f"{ATOM}link")]
    if len(set(relations)) != len(relations):
        report(f"two links have the same relation and type: {relations}")
    if "self" not in dict(relations):
        report("no link with the relation self (section 4.1.1)")
    limits = {"id": (1, 1), "title": (1, 1), "updated": (1, 1), "published": (0, 1), "summary": (0, 1), "content": (0, 1)}
    for entry in feed.findall(f"{ATOM}entry"):
        check_counts(entry, limits, "entry", report)
        alternates = [link for link in entry.findall(f"{ATOM}link") if link.get("rel") == "alternate"]
        if len(alternates) != 1:
            report(f"an entry has {len(alternates)} alternate links (section 4.1.2)")
        for category in entry.findall(f"{ATOM}category"):
            if not category.get("term"):
                report("a category without a term (section 4.2.2)")
    for element in feed.iter():
        name = element.tag.removeprefix(ATOM)
        if name in ("updated", "published") and not DATE_TIME.fullmatch(element.text or ""):
            report(f"{name} is {element.text} (section 3.3)")
        if name == "id" and not urllib.parse.urlsplit((element.text or "").strip()).scheme:
            report(f"the id {element.text} is not an absolute IRI (section 4.2.6)")
        if name == "link" and not urllib.parse.urlsplit(element.get("href", "")).scheme:
            report(f"the link {element.get('href')} is not absolute")
        if name in ("title", "subtitle", "summary", "content") and element.get("type", "text") not in ("text", "html"):
            report(f"{name} has the type {element.get('type')} (section 3.1.1)")
        if name == "author" and not (element.findtext(f"{ATOM}name") or "").strip():
            report("an author without a name (section 3.2.1)")


def check_counts(element, limits, kind, report):
    for name, (minimum, maximum) in limits.items():
        count = len(element.findall(f"{ATOM}{name}"))
        if not minimum <= count <= maximum:
            report(f"{kind} with {count} {name} elements (sections 4.1.1 and 4.1.2)")


def check_opensearch(content, path, problems):
    """https://github.com/dewitt/opensearch/blob/master/opensearch-1-1-draft-6.md"""
    root = ElementTree.fromstring(content)
    if root.tag != f"{OPENSEARCH}OpenSearchDescription":
        problems.append(f"{path}: the root element is {root.tag}")
    for name, max_length in [("ShortName", 16), ("Description", 1024)]:
        texts = [element.text or "" for element in root.findall(f"{OPENSEARCH}{name}")]
        if len(texts) != 1 or not 0 < len(texts[0]) <= max_length:
            problems.append(f"{path}: {name} is {texts}")
    urls = root.findall(f"{OPENSEARCH}Url")
    if not any("{searchTerms}" in url.get("template", "") and url.get("type") == "text/html" for url in urls):
        problems.append(f"{path}: no URL template for a search page")
    for url in urls:
        if not url.get("template", "").startswith("http") or not url.get("type"):
            problems.append(f"{path}: a URL without an absolute template or without a type")
    for name in ["InputEncoding", "OutputEncoding"]:
        for element in root.findall(f"{OPENSEARCH}{name}"):
            if element.text != "UTF-8":
                problems.append(f"{path}: {name} is {element.text}")


def check_article(html, path, has_site_image, problems):
    blocks = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    if len(blocks) != 1:
        problems.append(f"{path}: {len(blocks)} blocks of JSON-LD")
        return
    graph = json.loads(blocks[0])["@graph"]
    article = next((node for node in graph if node["@type"] == "NewsArticle"), {})
    for name in ARTICLE_PROPERTIES:
        # An article without an image has the image of the site, if the site has one.
        if not article.get(name) and (name != "image" or has_site_image):
            problems.append(f"{path}: no {name}")
    for author in article.get("author", []):
        kind = author.get("@type")
        if kind not in ("Person", "Organization") or not author.get("name") or (kind != "Person" and not author.get("url")):
            problems.append(f"{path}: the author is {author}")
    for name in ["datePublished", "dateModified"]:
        if not DATE_TIME.fullmatch(article.get(name, "")):
            problems.append(f"{path}: {name} is {article.get(name)}")
    for image in article.get("image", []):
        if not image.startswith("http"):
            problems.append(f"{path}: the image is {image}")
    crumbs = next((node for node in graph if node["@type"] == "BreadcrumbList"), {}).get("itemListElement", [])
    if [crumb.get("position") for crumb in crumbs] != list(range(1, len(crumbs) + 1)) or len(crumbs) < 2:
        problems.append(f"{path}: the breadcrumbs are {crumbs}")


def check_json(content, path, problems):
    """Returns the number of items, and the URL of the next page."""
    feed = json.loads(content)
    if feed.get("version") != "https://jsonfeed.org/version/1.1" or not feed.get("title"):
        problems.append(f"{path}: not a JSON Feed 1.1 with a title")
    for item in feed["items"]:
        if not item.get("id") or not (item.get("content_html") or item.get("content_text")):
            problems.append(f"{path}: an item has no id or no content")
    return len(feed["items"]), feed.get("next_url")


def check_news(root, path, problems):
    """Checks news elements by Google's requirements, and removes them: the schema of the protocol does not have them."""
    for url in root:
        for item in url.findall(f"{NEWS}news"):
            for name in [f"{NEWS}publication/{NEWS}name", f"{NEWS}publication/{NEWS}language", f"{NEWS}publication_date", f"{NEWS}title"]:
                if not (item.findtext(name) or "").strip():
                    problems.append(f"{path}: a news element without {name}")
            url.remove(item)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--finews", required=True)
    parser.add_argument("--sitemap-xsd", required=True)
    parser.add_argument("--site", default=str(pathlib.Path(__file__).resolve().parents[2]))
    options = parser.parse_args()
    problems = []
    documents = 0
    articles = []
    with Finews(options.finews, options.site, "--search-rate", "off") as server:
        for path in feed_urls(server):
            check = check_json if path.endswith(".json") else check_atom
            while path:
                count, next_path = check(get(server, path)[0], path, problems)
                documents += 1
                print(f"{path}: {count} entries")
                path = next_path
        schema = xmlschema.XMLSchema(options.sitemap_xsd)
        index = ElementTree.fromstring(get(server, "/sitemap.xml")[0])
        for location in index.iter(f"{SITEMAP}loc"):
            content = get(server, location.text)[0].decode()
            root = ElementTree.fromstring(content)
            urls = len(root)
            check_news(root, location.text, problems)
            problems += [f"{location.text}: {error.reason}" for error in schema.iter_errors(root)]
            documents += 1
            print(f"{location.text}: {urls} URLs")
            if re.search(r"/sitemap/\d{4}-", location.text):
                articles += [url.findtext(f"{SITEMAP}loc") for url in root]
        check_opensearch(get(server, "/opensearch.xml")[0], "/opensearch.xml", problems)
        has_site_image = 'property="og:image"' in get(server, "/")[0].decode()
        sample = articles[:: max(1, len(articles) // ARTICLE_SAMPLE)]
        for url in sample:
            check_article(get(server, url)[0].decode(), url, has_site_image, problems)
            documents += 1
        print(f"{len(articles)} articles, {len(sample)} of them read")
    for problem in problems:
        print(f"PROBLEM: {problem}")
    print(f"{documents} documents, {len(problems)} problems")
    if problems or documents < 10 or not articles:
        sys.exit(1)


main()
