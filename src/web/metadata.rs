//! What a page's head tells those who show links to it (<https://ogp.me/>) and search engines
//! (<https://schema.org/>, as <https://developers.google.com/search/docs/appearance/structured-data/article>
//! wants it).

use serde_json::{Value, json};

use super::html::Data;
use super::pages::Head;
use super::paths::Route;
use super::reply::Visit;
use super::site::Site;
use super::timeline::Link;
use crate::archive::Post;
use crate::archive::snapshot::Group;

/// What is said of a page beside its title and description.
#[derive(Debug)]
pub struct Metadata {
    /// `article`, or `website`.
    pub kind: &'static str,
    /// The picture beside a link to it, a whole URL.
    pub image: Option<String>,
    /// Whether the picture is the page's own.
    pub has_own_image: bool,
    /// When an article was published.
    pub published: Option<String>,
    /// When it was last changed.
    pub modified: Option<String>,
    /// JSON-LD.
    pub data: Data,
}

/// An article, as far as metadata go.
pub struct Article<'a> {
    /// The post.
    pub post: &'a Post,
    /// Its first image, a whole URL.
    pub image: Option<String>,
    /// Where it was first published.
    pub original: Option<&'a str>,
    /// The page above it.
    pub above: Option<&'a Link>,
}

impl Metadata {
    /// The site as a whole.
    pub fn of_home(site: &Site) -> Self {
        let home = site.absolute("/");
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
                    "urlTemplate": format!("{}?q={{search_term_string}}", site.absolute("/search")),
                },
                "query-input": "required name=search_term_string",
            },
        });
        Self::of_list(site, data)
    }

    /// A page of a type of schema.org's, with what its head says already, below others.
    pub fn of_page(site: &Site, kind: &str, head: &Head, above: &[&Link]) -> Self {
        let (name, address) = (&head.title, &head.canonical);
        let page = json!({
            "@type": kind,
            "url": address,
            "name": name,
            "description": head.description,
            "inLanguage": site.lang,
            "isPartOf": { "@type": "WebSite", "url": site.absolute("/"), "name": site.title },
        });
        Self::of_list(site, graph(vec![page, breadcrumbs(site, above, name, address)]))
    }

    fn of_list(site: &Site, data: Value) -> Self {
        Self {
            kind: "website",
            image: site.picture(),
            has_own_image: false,
            published: None,
            modified: None,
            data: Data::new(&data),
        }
    }

    /// An article.
    pub fn of_article(visit: &Visit<'_>, article: &Article<'_>) -> Self {
        let (site, archive, post) = (visit.site, visit.archive, article.post);
        let [published, modified] = [post.date, post.updated()].map(|at| at.to_rfc3339(archive.zone()));
        let address = site.absolute(post.url());
        let headline = post.headline();
        let image = article.image.clone().or_else(|| site.picture());
        let source = archive.source(post).map(Group::label);
        // A page of all who write for a source would make one person of them.
        let author = match (post.author(), archive.source(post)) {
            (Some(name), _) => json!({ "@type": "Person", "name": archive.name(name) }),
            (None, Some(group)) => json!({
                "@type": "Organization",
                "name": group.label(),
                "url": site.absolute(Route::source(archive.name(group.name()))),
            }),
            (None, None) => publisher(site),
        };
        let mentions: Vec<Value> = post
            .securities
            .iter()
            .filter(|mention| archive.securities().get(mention.code).is_some())
            .map(|mention| {
                let code = archive.name(mention.code);
                let (name, page) = (archive.shown_name(mention), site.absolute(Route::security(code)));
                json!({ "@type": "Thing", "name": name, "alternateName": code, "url": page })
            })
            .collect();
        let mut news = json!({
            "@type": "NewsArticle",
            "mainEntityOfPage": address,
            "url": address,
            "headline": headline,
            "description": post.excerpt(),
            "datePublished": published,
            "dateModified": modified,
            "inLanguage": post.lang().map_or(&*site.lang, |lang| archive.name(lang)),
            "author": [author],
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
            has_own_image: article.image.is_some(),
            published: Some(published),
            modified: Some(modified),
            data: Data::new(&graph(vec![
                news,
                breadcrumbs(site, article.above.as_slice(), &headline, &address),
            ])),
        }
    }
}

fn graph(things: Vec<Value>) -> Value {
    json!({ "@context": "https://schema.org", "@graph": things })
}

fn publisher(site: &Site) -> Value {
    let mut publisher = json!({ "@type": "Organization", "name": site.title, "url": site.absolute("/") });
    if let Some(logo) = site.picture() {
        publisher["logo"] = json!({ "@type": "ImageObject", "url": logo });
    }
    publisher
}

/// The way to a page: the front page, those above it, itself.
fn breadcrumbs(site: &Site, above: &[&Link], name: &str, address: &str) -> Value {
    let home = (site.words.home, site.absolute(Route::Home));
    let above = above.iter().map(|link| (link.label.as_str(), site.whole(&link.href)));
    let all = [home].into_iter().chain(above).chain([(name, address.to_owned())]);
    let items = all.enumerate().map(|(place, (name, address))| {
        json!({ "@type": "ListItem", "position": place + 1, "name": name, "item": address })
    });
    json!({ "@type": "BreadcrumbList", "itemListElement": items.collect::<Vec<_>>() })
}
