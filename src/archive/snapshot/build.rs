//! Drafts → a [`Snapshot`]: who is served at which URL, interned names, and the lists.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};

use chrono::{Days, NaiveDate};
use percent_encoding::percent_decode_str;
use xxhash_rust::xxh3::Xxh3;

use super::group::{Groups, source_label};
use super::{Snapshot, Target};
use crate::archive::body::Body;
use crate::archive::load::Claims;
use crate::archive::names::Names;
use crate::archive::packed::Packing;
use crate::archive::page::Page;
use crate::archive::post::{Mention, Post, PostId};
use crate::archive::problem::{Code, Defect, Problem};
use crate::archive::read::{Draft, Visibility};
use crate::config::Config;

/// How long before the newest post a source counts as active.
const ACTIVE_DAYS: Days = Days::new(30);

/// Collects posts and pages for one snapshot.
pub struct Builder<'a> {
    config: &'a Config,
    packing: Packing,
    claims: Claims,
    /// Newest first.
    drafts: Vec<Draft>,
    taken: HashMap<Box<str>, Box<str>>,
    withdrawn: Vec<Box<str>>,
    pages: Vec<Page>,
    problems: Vec<Problem>,
}

impl<'a> Builder<'a> {
    /// An empty archive.
    pub fn new(config: &'a Config, packing: Packing, claims: Claims) -> Self {
        Self {
            config,
            packing,
            claims,
            drafts: Vec::new(),
            taken: HashMap::new(),
            withdrawn: Vec::new(),
            pages: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Adds a post. They must come newest first: of posts with one URL the first is served.
    pub fn post(&mut self, draft: Draft) {
        let path = decoded(&draft.url);
        match draft.visibility {
            Visibility::Future => return,
            Visibility::Withdrawn => return self.withdrawn.push(path),
            Visibility::Listed | Visibility::Unlisted => {}
        }
        let refusal = if (self.claims.always)(&path) {
            let message = format!("`{}` belongs to a page of finews; the post is not served", draft.url);
            Some(Defect::error(Code::PathReserved, message))
        } else {
            self.taken.get(&path).map(|winner| {
                let message =
                    format!("`{}` is already the URL of `{winner}`; the post is not served", draft.url);
                Defect::error(Code::UrlDuplicate, message)
            })
        };
        match refusal {
            Some(defect) => self.problems.push(defect.of(&draft.path)),
            None => {
                self.taken.insert(path, draft.path.as_str().into());
                self.drafts.push(draft);
            }
        }
    }

    /// Adds a page of the site, after all posts.
    pub fn page(&mut self, page: Page) {
        let path = decoded(&page.url);
        let owner = if (self.claims.always)(&path) {
            Some("a page of finews")
        } else {
            self.taken.get(&path).map(|path| &**path)
        };
        match owner {
            Some(owner) => {
                let message = format!("`{}` belongs to {owner}", page.url);
                self.problems.push(Defect::warning(Code::PageSkipped, message).of(&page.path));
            }
            None => {
                self.taken.insert(path, page.path.clone());
                self.pages.push(page);
            }
        }
    }

    /// The snapshot, with what else was found wrong.
    pub fn finish(mut self, mut problems: Vec<Problem>) -> Snapshot {
        let zone = self.config.timezone;
        let mut names = Names::default();
        let mut paths = HashMap::with_capacity(self.taken.len());
        let mut asides = Asides::default();
        let mut posts = Vec::with_capacity(self.drafts.len());
        let mut listed = Vec::with_capacity(self.drafts.len());
        let mut days: BTreeMap<_, Vec<PostId>> = BTreeMap::new();
        for draft in self.drafts.drain(..).rev() {
            let id = PostId::new(posts.len());
            asides.note(&draft.url, draft.redirect_from.iter().chain(&draft.other_day_url));
            let away = draft.redirect_to.as_deref().map(web_address);
            if away == Some(None) {
                let message = "`redirect_to` is no address; the post is shown instead";
                problems.push(Defect::warning(Code::PermalinkInvalid, message).of(&draft.path));
            }
            // A body that could not be packed was reported when that was tried.
            let Some(post) = finished(draft, &mut names, &self.packing) else { continue };
            if !post.hidden {
                listed.push(id);
                days.entry(post.date.day(zone)).or_default().push(id);
            }
            paths.insert(decoded(&post.url), away.flatten().map_or(Target::Post(id), Target::Away));
            posts.push(post);
        }
        for (index, page) in self.pages.iter().enumerate() {
            paths.insert(decoded(&page.url), Target::Page(index));
            asides.note(&page.url, &page.redirect_from);
        }
        for path in self.withdrawn {
            paths.entry(path).or_insert(Target::Gone);
        }
        // Of several claims to a former address the newest post's wins, as it does for URLs.
        for (from, to) in asides.0.into_iter().rev() {
            if !(self.claims.always)(&from) {
                paths.entry(from).or_insert(Target::Moved(to));
            }
        }
        let own_names: HashMap<&str, &str> =
            self.config.names.iter().map(|(name, label)| (name.as_str(), label.as_str())).collect();
        let categories = Groups::build(
            &names,
            &posts,
            &listed,
            |post| &post.categories,
            |name, ids| match own_names.get(names.text(name)) {
                Some(label) => (*label).into(),
                None => source_label(&names, &posts, name, ids),
            },
        );
        let tags =
            Groups::build(&names, &posts, &listed, |post| &post.tags, |name, _| names.text(name).into());
        // Ids are in the order of dates, so one of them divides the recent posts from the others.
        let active = days.keys().next_back().map(|newest| {
            let since = newest.checked_sub_days(ACTIVE_DAYS).unwrap_or(NaiveDate::MIN);
            let first = days.range(since..).flat_map(|(_, posts)| posts.first()).next();
            first.map(|first| categories.most_active_since(*first)).unwrap_or_default()
        });
        problems.append(&mut self.problems);
        let mut snapshot = Snapshot {
            zone,
            posts,
            names,
            listed,
            categories,
            active: active.unwrap_or_default(),
            tags,
            days,
            paths,
            pages: self.pages,
            packing: self.packing,
            problems: Vec::new(),
        };
        problems.extend(shadowed(&snapshot, self.claims));
        problems.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
        snapshot.problems = problems;
        snapshot
    }
}

/// Posts at the address of a list that the archive itself gives rise to.
fn shadowed(snapshot: &Snapshot, claims: Claims) -> Vec<Problem> {
    let is_shadowed = |post: &&Post| (claims.in_archive)(snapshot, &decoded(&post.url));
    let shadowed = snapshot.posts.iter().filter(is_shadowed);
    shadowed
        .map(|post| {
            let message = format!("`{}` belongs to a list of finews, which readers get instead", post.url);
            Defect::error(Code::PathReserved, message).of(&post.path)
        })
        .collect()
}

/// Former addresses and where each leads, in the order of the posts that claim them: newest last.
#[derive(Default)]
struct Asides(Vec<(Box<str>, Box<str>)>);

impl Asides {
    fn note<'f>(&mut self, to: &str, from: impl IntoIterator<Item = &'f String>) {
        for from in from {
            let from = format!("/{}", from.trim_start_matches('/'));
            self.0.push((decoded(&from), to.into()));
        }
    }
}

fn decoded(url: &str) -> Box<str> {
    match percent_decode_str(url).decode_utf8_lossy() {
        Cow::Borrowed(text) => text.into(),
        Cow::Owned(text) => text.into(),
    }
}

/// An address that a redirect may lead to: a path of this site, or a page of the web.
fn web_address(to: &str) -> Option<Box<str>> {
    let is_visible =
        !to.is_empty() && !to.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\');
    let has_scheme = to.split_once(':').is_some_and(|(scheme, _)| !scheme.contains('/'));
    match to {
        _ if !is_visible || to.starts_with("//") => None,
        _ if to.starts_with("https://") || to.starts_with("http://") || to.starts_with('/') => {
            Some(to.into())
        }
        _ if has_scheme => None,
        // jekyll-redirect-from takes it from the site's root.
        _ => Some(format!("/{to}").into()),
    }
}

/// The finished post; nothing if its body cannot be packed.
fn finished(mut draft: Draft, names: &mut Names, packing: &Packing) -> Option<Post> {
    let body = std::mem::take(&mut draft.body);
    let packed = match draft.packed.take() {
        Some(packed) => packed,
        None => packing.packer().ok()?.pack(&body.html).ok()?,
    };
    let hash = version(&draft, &body);
    let Body { excerpt, digest, source_url, source_name, securities, text_len, .. } = body;
    Some(Post {
        path: draft.path.into(),
        url: draft.url.into(),
        id: draft.id.into(),
        title: draft.title.into(),
        date: draft.date,
        modified: draft.modified,
        lang: draft.lang.as_deref().map(|lang| names.intern(lang)),
        categories: names.intern_all(&draft.categories),
        tags: names.intern_all(&draft.tags),
        author: draft.author.as_deref().map(|author| names.intern(author)),
        excerpt: excerpt.into(),
        digest: digest.map(Into::into),
        source_url: source_url.map(Into::into),
        source_name: source_name.as_deref().map(|name| names.intern(name)),
        securities: securities
            .into_iter()
            .map(|security| Mention { code: security.code, name: names.intern(&security.name) })
            .collect(),
        body: packed,
        length: u32::try_from(text_len).unwrap_or(u32::MAX),
        hidden: draft.visibility == Visibility::Unlisted,
        sitemap: draft.sitemap,
        hash,
    })
}

/// A hash of everything that pages show of a post, wherever it came from: its file, the
/// configuration's defaults, or the posts that it links to.
fn version(draft: &Draft, body: &Body) -> u64 {
    let mut hasher = Xxh3::new();
    let Draft { path, url, id, title, date, modified, categories, tags, author, .. } = draft;
    (path, url, id, title, date, modified, categories, tags, author).hash(&mut hasher);
    (&draft.lang, draft.hash, draft.sitemap, draft.visibility == Visibility::Unlisted).hash(&mut hasher);
    (&body.excerpt, &body.digest, &body.source_url, &body.source_name).hash(&mut hasher);
    for security in &body.securities {
        (security.code.as_str(), &security.name).hash(&mut hasher);
    }
    hasher.finish()
}
