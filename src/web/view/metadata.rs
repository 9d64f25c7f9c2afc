//! The head of a page, and its metadata for link previews (<https://ogp.me/>) and for search engines
//! (<https://schema.org/>, in the form of
//! <https://developers.google.com/search/docs/appearance/structured-data/article>).

use std::fmt::Display;

use serde_json::{Value, json};

use crate::archive::Post;
use crate::archive::head_fields::HeadFields;
use crate::archive::post::Mention;
use crate::archive::snapshot::{ByKind, Group, GroupKind};
use crate::config::Author;
use crate::web::http::request::PageRequest;
use crate::web::paths::Route;
use crate::web::view::feed_link::FeedLink;
use crate::web::view::html::JsonData;
use crate::web::view::link::Link;
use crate::web::view::site::Site;
use crate::web::view::timeline;

/// The content of a page's `<head>`.
#[derive(Debug, Default)]
pub struct Head {
    /// The page's own title, without the site's name; empty on the home page.
    pub title: String,
    /// One or two sentences for search engines.
    pub description: String,
    /// The canonical URL; empty for pages without one.
    pub canonical: String,
    /// The page's own authors, in the form of [`Author::from_lines`]; empty without any.
    pub authors: String,
    /// The lists that the default links of the header leave out.
    pub hidden_lists: ByKind<bool>,
    /// The feed of the page's list, if it is not the whole site's.
    pub feed: Option<FeedLink>,
    /// Structured data and link previews; `None` for pages without them.
    pub metadata: Option<Box<Metadata>>,
}

impl Head {
    /// Makes the head of the page at a path without `baseurl`.
    pub fn new(
        request: &PageRequest<'_>,
        title: impl Into<String>,
        description: impl Into<String>,
        path: impl Display,
    ) -> Self {
        Self {
            title: title.into(),
            description: description.into(),
            canonical: request.site.absolute(path),
            hidden_lists: request.hidden_lists(),
            ..Self::default()
        }
    }

    /// Makes the head of a page without a URL of its own, such as an error. The archive may be unavailable.
    pub fn nowhere(title: &str, hidden_lists: ByKind<bool>) -> Self {
        Self { title: title.into(), hidden_lists, ..Self::default() }
    }

    /// Replaces the canonical URL and the authors by those of the front matter, if it has any.
    #[must_use]
    pub fn with_front_matter(self, fields: Option<&HeadFields>, authors: &str) -> Self {
        let canonical = fields.map(|fields| &*fields.canonical_url).filter(|url| !url.is_empty());
        let canonical = canonical.map_or(self.canonical, Into::into);
        Self { canonical, authors: authors.into(), ..self }
    }

    /// Adds the feed of the page's list.
    #[must_use]
    pub fn with_feed(self, feed: Option<FeedLink>) -> Self {
        Self { feed, ..self }
    }

    /// Adds metadata.
    #[must_use]
    pub fn with_metadata(self, metadata: Metadata) -> Self {
        Self { metadata: Some(Box::new(metadata)), ..self }
    }

    /// Adds the metadata of a list; `above` holds the pages above it.
    #[must_use]
    pub fn with_collection_metadata(self, site: &Site, above: &[&Link]) -> Self {
        let metadata = Metadata::for_page(site, "CollectionPage", &self, above);
        self.with_metadata(metadata)
    }

    /// Adds the metadata of a page that is neither a list nor an article.
    #[must_use]
    pub fn with_page_metadata(self, site: &Site) -> Self {
        let metadata = Metadata::for_page(site, "WebPage", &self, &[]);
        self.with_metadata(metadata)
    }

    /// Replaces the preview image in the metadata by the page's own, if the front matter has one.
    #[must_use]
    pub fn with_own_image(mut self, site: &Site, fields: &HeadFields) -> Self {
        if let Some(metadata) = &mut self.metadata
            && !fields.image.is_empty()
        {
            metadata.image = Some(site.absolute_image(&fields.image));
            metadata.image_alt = fields.image_alt.to_string();
            metadata.has_own_image = true;
        }
        self
    }

    /// The names of the page's authors, else of the site's.
    pub fn author_names<'h>(&'h self, site: &'h Site) -> impl Iterator<Item = &'h str> {
        let lines = if self.authors.is_empty() { &site.authors } else { &self.authors };
        Author::from_lines(lines).map(|author| author.name)
    }

    /// The links of the header.
    pub fn nav<'h>(&'h self, site: &'h Site) -> impl Iterator<Item = &'h Link> {
        site.nav(self.hidden_lists)
    }

    /// The links to the lists of groups.
    pub fn list_links(&self, site: &Site) -> impl Iterator<Item = Link> {
        site.list_links(self.hidden_lists)
    }

    /// The feeds that the page links to: its list's, and the whole site's.
    pub fn feeds<'h>(&'h self, site: &'h Site) -> impl Iterator<Item = &'h FeedLink> {
        self.feed.iter().chain([&site.feed])
    }

    /// The title of the browser window.
    pub fn window_title(&self, site: &Site) -> String {
        if self.title.is_empty() { site.title.clone() } else { format!("{} - {}", self.title, site.title) }
    }
}

/// The metadata of a page, besides its title and description.
#[derive(Debug)]
pub struct Metadata {
    /// The Open Graph type: `article` or `website`.
    pub kind: &'static str,
    /// Absolute URL of the image in link previews.
    pub image: Option<String>,
    /// The alternative text of the image; may be empty.
    pub image_alt: String,
    /// Whether the image is the page's own, not the site's.
    pub has_own_image: bool,
    /// Publication date of an article, RFC 3339.
    pub published: Option<String>,
    /// Date of the last change of an article, RFC 3339.
    pub modified: Option<String>,
    /// Structured data, as JSON-LD.
    pub data: JsonData,
}

/// The parts of an article that its metadata need.
pub struct ArticleParts<'a> {
    /// The post of the article.
    pub post: &'a Post,
    /// The URL, without `baseurl`, of the post that leads the story.
    pub leader: &'a str,
    /// The securities that the story mentions.
    pub mentions: &'a [Mention],
    /// Absolute URL of the first image in its body.
    pub image: Option<String>,
    /// URL of the original publication.
    pub original: Option<&'a str>,
    /// The page above the article, for breadcrumbs.
    pub above: Option<&'a Link>,
}

impl Metadata {
    /// Returns the metadata of the home page: a schema.org `WebSite` with its search.
    pub fn for_home(site: &Site) -> Self {
        let home = site.absolute(Route::Home);
        let data = json!({
            "@context": "https://schema.org",
            "@type": "WebSite",
            "url": home,
            "name": site.title,
            "description": site.description,
            "inLanguage": site.lang,
            "publisher": publisher(site),
            "potentialAction": {
                "@type": "SearchAction",
                "target": {
                    "@type": "EntryPoint",
                    "urlTemplate": format!("{}?q={{search_term_string}}", site.absolute(Route::Search)),
                },
                "query-input": "required name=search_term_string",
            },
        });
        Self::for_list(site, data)
    }

    /// Returns the metadata of a page with a schema.org type, from its head and the pages above it.
    pub fn for_page(site: &Site, kind: &str, head: &Head, above: &[&Link]) -> Self {
        let (name, address) = (&head.title, &head.canonical);
        let page = json!({
            "@type": kind,
            "url": address,
            "name": name,
            "description": head.description,
            "inLanguage": site.lang,
            "isPartOf": { "@type": "WebSite", "url": site.absolute(Route::Home), "name": site.title },
        });
        Self::for_list(site, graph(vec![page, breadcrumbs(site, above, name, address)]))
    }

    fn for_list(site: &Site, data: Value) -> Self {
        Self {
            kind: "website",
            image: site.preview_image(),
            image_alt: String::new(),
            has_own_image: false,
            published: None,
            modified: None,
            data: JsonData::new(&data),
        }
    }

    /// Returns the metadata of an article: a schema.org `NewsArticle` with breadcrumbs.
    pub fn for_article(request: &PageRequest<'_>, article: &ArticleParts<'_>) -> Self {
        let (site, archive, post) = (request.site, request.archive, article.post);
        let [published, modified] = [post.date, post.updated()].map(|at| at.to_rfc3339(archive.zone()));
        let address = site.absolute(post.url());
        let own = |field: fn(&HeadFields) -> &str| post.head().map(field).filter(|own| !own.is_empty());
        let leader = site.absolute(article.leader);
        let canonical = own(|head| &head.canonical_url).unwrap_or(&leader);
        let headline = timeline::headline(request, post);
        let own_image = own(|head| &head.image).map(|image| site.absolute_image(image));
        let image_alt = if own_image.is_some() { own(|head| &head.image_alt) } else { None };
        let own_image = own_image.or_else(|| article.image.clone());
        let has_own_image = own_image.is_some();
        let image = own_image.or_else(|| site.preview_image());
        let source = archive.source(post).map(Group::label);
        // The name of a source is no author.
        let mut authors: Vec<Value> = authors(request, post).into_iter().map(person).collect();
        if authors.is_empty() {
            authors.push(publisher(site));
        }
        let mentions: Vec<Value> = article
            .mentions
            .iter()
            .filter(|mention| archive.groups(GroupKind::Security).get(mention.code).is_some())
            .map(|mention| {
                let code = archive.name(mention.code);
                let page = site.absolute(Route::group(GroupKind::Security, code));
                let name = archive.shown_name(mention);
                json!({ "@type": "Thing", "name": name, "alternateName": code, "url": page })
            })
            .collect();
        let mut news = json!({
            "@type": "NewsArticle",
            "mainEntityOfPage": canonical,
            "url": canonical,
            "headline": headline,
            "description": post.description(),
            "datePublished": published,
            "dateModified": modified,
            "inLanguage": post.lang().map_or(&*site.lang, |lang| archive.name(lang)),
            "author": authors,
            "publisher": publisher(site),
        });
        let mut add = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                news[key] = value;
            }
        };
        add("image", image.as_ref().map(|image| json!([image])));
        add("articleSection", source.map(Into::into));
        add("isBasedOn", article.original.map(Into::into));
        add("mentions", (!mentions.is_empty()).then(|| mentions.into()));
        Self {
            kind: "article",
            image,
            image_alt: image_alt.unwrap_or_default().to_owned(),
            has_own_image,
            published: Some(published),
            modified: Some(modified),
            data: JsonData::new(&graph(vec![
                news,
                breadcrumbs(site, article.above.as_slice(), &headline, &address),
            ])),
        }
    }
}

/// The authors of a post, else those of the site.
pub fn authors<'a>(request: &PageRequest<'a>, post: &Post) -> Vec<Author<'a>> {
    let own: Vec<_> = request.archive.authors(post).collect();
    if own.is_empty() { Author::from_lines(&request.site.authors).collect() } else { own }
}

fn person(author: Author<'_>) -> Value {
    let mut person = json!({ "@type": "Person", "name": author.name });
    if !author.uri.is_empty() {
        person["url"] = author.uri.into();
    }
    person
}

fn graph(things: Vec<Value>) -> Value {
    json!({ "@context": "https://schema.org", "@graph": things })
}

fn publisher(site: &Site) -> Value {
    let mut publisher =
        json!({ "@type": "Organization", "name": site.title, "url": site.absolute(Route::Home) });
    if let Some(logo) = site.preview_image() {
        publisher["logo"] = json!({ "@type": "ImageObject", "url": logo });
    }
    publisher
}

/// The breadcrumbs of a page: the home page, the pages above it, and the page itself.
fn breadcrumbs(site: &Site, above: &[&Link], name: &str, address: &str) -> Value {
    let home = (site.texts.home, site.absolute(Route::Home));
    let above = above.iter().map(|link| (link.label.as_str(), site.absolute_href(&link.href)));
    let all = [home].into_iter().chain(above).chain([(name, address.to_owned())]);
    let items = all.enumerate().map(|(place, (name, address))| {
        json!({ "@type": "ListItem", "position": place + 1, "name": name, "item": address })
    });
    json!({ "@type": "BreadcrumbList", "itemListElement": items.collect::<Vec<_>>() })
}
