//! The immutable archive: posts by id, lists of ids, indexes by path, and the queries of the pages. Each
//! change builds a new snapshot, which shares all unchanged parts with the previous one.

mod around;
mod change;
mod days;
mod empty_groups;
mod fill;
mod fuzzy_path;
pub(super) mod group;
mod index;
mod list;
mod own_pages;
mod paging;
mod periods;
mod post_status;
mod posts;
mod problems;
mod repeated_tags;
mod reserved_paths;
mod since;
mod story;

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, OnceLock};

use chrono::NaiveDate;
use chrono_tz::Tz;
use rpds::{RedBlackTreeMapSync, RedBlackTreeSetSync};

use crate::archive::address::decoded;
use crate::archive::article_id::ArticleId;
use crate::archive::compressed::{ArticleCodec, ArticleContent};
use crate::archive::jekyll::files::PostFolders;
use crate::archive::names::{NameId, Names};
use crate::archive::page::{OwnPage, PageBody, Replacement};
use crate::archive::post::{Mention, Post, PostId, Timestamp};
use crate::archive::problem::Problem;
use crate::archive::snapshot::group::RecentPeriods;
use crate::archive::snapshot::index::HashIndex;
use crate::archive::snapshot::own_pages::OwnPages;
use crate::config::Author;

pub use change::Change;
pub(super) use fill::Contents;
pub use fill::SnapshotRules;
pub use fuzzy_path::last_part;
pub use group::kind::{ByKind, GroupKind};
pub use group::{Group, Groups, RecentCounts};
pub use list::List;
pub use paging::{ListPage, NewerPage, PER_PAGE, PageNumber};
pub use periods::Period;
pub(super) use posts::Posts;
pub use reserved_paths::ReservedPaths;
pub use since::ListedChanges;
pub use story::Story;

/// Limit of [`Snapshot::active_categories`].
const MOST_ACTIVE: usize = 32;

/// The content at a URL path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// An article.
    Post(PostId),
    /// One of the site's own pages, by its index in [`Snapshot::pages`].
    Page(usize),
    /// A post that the operator withdrew.
    Gone,
    /// A redirect to another path of this site, percent-encoded and without `baseurl`.
    Moved(Box<str>),
    /// A post that redirects to the URL in its `redirect_to`.
    Away(Box<str>),
}

/// The whole archive at one moment.
#[derive(Debug, Clone)]
pub struct Snapshot {
    zone: Tz,
    shows_future: bool,
    /// The prefix of local links in bodies.
    baseurl: Arc<str>,
    post_folders: Arc<PostFolders>,
    reserved_paths: ReservedPaths,
    /// The current time of this snapshot: posts with a later date are not shown yet.
    moment: Timestamp,
    codec: Arc<ArticleCodec>,
    names: Names,
    posts: Posts,
    /// Four indexes of posts: by file path, decoded URL, former URL path, and [`fuzzy_path`] key of a damaged URL.
    files: HashIndex,
    urls: HashIndex,
    former: HashIndex,
    fuzzy_paths: HashIndex,
    /// Posts whose file names have no date, by slug.
    undated: HashIndex,
    /// Posts with a date after the snapshot's moment.
    future: RedBlackTreeSetSync<(Timestamp, PostId)>,
    /// Posts that another file supersedes, or whose URL belongs to another page or post.
    unserved: RedBlackTreeSetSync<PostId>,
    /// Posts whose URL has the shape of a list's URL.
    list_like: RedBlackTreeSetSync<PostId>,
    /// Posts whose bodies link to other posts by file name.
    linking: RedBlackTreeSetSync<PostId>,
    /// The number of dated posts below `posts/`.
    dated_in_posts: usize,
    served: usize,
    listed: List,
    groups: ByKind<Groups>,
    recent_since: RecentPeriods,
    active: OnceLock<Vec<NameId>>,
    tags_repeat_sources: OnceLock<bool>,
    days: RedBlackTreeMapSync<NaiveDate, List>,
    /// Listed posts with a modification date.
    modified: RedBlackTreeSetSync<(Timestamp, PostId)>,
    pages: Arc<OwnPages>,
    /// The problems of each file, by path.
    problems: RedBlackTreeMapSync<Arc<str>, Vec<Problem>>,
}

impl Snapshot {
    /// The time zone of days and local times.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// The current time of this snapshot.
    pub fn moment(&self) -> Timestamp {
        self.moment
    }

    /// The day of [`Snapshot::moment`] in the site's time zone.
    pub fn today(&self) -> NaiveDate {
        self.moment.day(self.zone())
    }

    /// The post with this id. Panics if the post was removed.
    pub fn post(&self, id: PostId) -> &Post {
        self.posts.get(id)
    }

    /// The number of served posts.
    pub fn len(&self) -> usize {
        self.served
    }

    /// True if no post is served.
    pub fn is_empty(&self) -> bool {
        self.served == 0
    }

    /// Every served post, newest first.
    pub fn posts(&self) -> Vec<&Post> {
        let mut posts: Vec<&Post> =
            self.posts.iter().filter(|(id, _)| self.is_served(*id)).map(|(_, post)| post).collect();
        posts.sort_by(|a, b| b.order().cmp(&a.order()));
        posts
    }

    /// The posts that lists show, oldest first.
    pub fn listed(&self) -> &List {
        &self.listed
    }

    /// The text of an interned name.
    pub fn name(&self, id: NameId) -> &str {
        self.names.text(id)
    }

    /// Decompresses the parts of a post that only its article page shows. Links to articles that the archive
    /// holds become local.
    ///
    /// # Errors
    /// If the stored bytes are damaged.
    pub fn article(&self, post: &Post) -> io::Result<ArticleContent> {
        let article = self.codec.decompress(&post.body)?;
        let links = self.local_links(post);
        if links.is_empty() {
            return Ok(article);
        }
        let local = |id: ArticleId| {
            let (_, url) = links.iter().find(|(linked, _)| *linked == id)?;
            Some(format!("{}{url}", self.baseurl))
        };
        Ok(ArticleContent { html: article.html.with_local_links(local), ..article })
    }

    /// Finds the content at a decoded path, without `baseurl`.
    pub fn at_path(&self, path: &str) -> Option<Target> {
        if let Some(id) = self.owner(path) {
            let away = self.post(id).away();
            return Some(away.map_or(Target::Post(id), |away| Target::Away(away.into())));
        }
        if let Some(page) = self.pages.at_path(path) {
            return Some(Target::Page(page));
        }
        if self.is_gone(path) {
            return Some(Target::Gone);
        }
        let post = self.moved(path).or_else(|| self.successor(path)).map(|id| self.post(id).url());
        post.or_else(|| self.pages.moved(path)).map(|to| Target::Moved(to.into()))
    }

    /// The folders outside `_posts` that are archives of posts by their files, relative to the site.
    pub fn archive_folders(&self) -> &[String] {
        self.post_folders.found()
    }

    /// True if the archive holds dated posts of the folder `posts/`.
    pub fn has_dated_posts(&self) -> bool {
        self.dated_in_posts > 0
    }

    pub(super) fn post_folders(&self) -> &PostFolders {
        &self.post_folders
    }

    pub(super) fn codec(&self) -> Arc<ArticleCodec> {
        Arc::clone(&self.codec)
    }

    pub(super) fn names(&self) -> &Names {
        &self.names
    }

    /// The number of ids assigned so far.
    pub(super) fn ids(&self) -> usize {
        self.posts.ids()
    }

    /// Every post, served or not, with its id.
    pub(super) fn every_post_with_id(&self) -> impl Iterator<Item = (PostId, &Post)> {
        self.posts.iter()
    }

    /// Every post, served or not.
    pub(super) fn every_post(&self) -> impl Iterator<Item = &Post> {
        self.posts.iter().map(|(_, post)| post)
    }

    /// The problems of single files, ordered by path.
    pub(super) fn file_problems(&self) -> impl Iterator<Item = &Problem> {
        self.problems.values().flatten()
    }

    /// The paths of files with problems and of unreadable folders.
    pub(super) fn paths_with_problems(&self) -> impl Iterator<Item = &Arc<str>> {
        self.problems.keys()
    }

    pub(super) fn problems_of(&self, path: &str) -> &[Problem] {
        self.problems.get(path).map_or(&[], Vec::as_slice)
    }

    /// The start of the next day in the site's time zone.
    pub fn next_midnight(&self) -> Timestamp {
        let next = self.today().succ_opt();
        next.map_or(self.moment, |day| Timestamp::start_of_day(day, self.zone()))
    }

    /// Posts whose bodies link to other posts by file name.
    pub(super) fn linking(&self) -> impl Iterator<Item = &Post> {
        self.linking.iter().map(|id| self.post(*id))
    }

    /// All of the site's own pages, served or not.
    pub fn pages(&self) -> &[OwnPage] {
        self.pages.all()
    }

    /// The page of a file of the site, served or not.
    pub(super) fn page_of_file(&self, path: &str) -> Option<&OwnPage> {
        self.pages.at_file(path)
    }

    /// All own pages after some files were read again: each file has its new page, or none. Returns `None` if no page
    /// differs.
    pub(super) fn pages_with(&self, read: BTreeMap<Box<str>, Option<OwnPage>>) -> Option<Vec<OwnPage>> {
        let hash = |page: &OwnPage| page.hash;
        if read.iter().all(|(path, page)| self.page_of_file(path).map(hash) == page.as_ref().map(hash)) {
            return None;
        }
        let others = self.pages().iter().filter(|page| !read.contains_key(&page.path)).cloned();
        let mut pages: Vec<OwnPage> = others.collect();
        pages.extend(read.into_values().flatten());
        pages.sort_by(|a, b| a.path.cmp(&b.path));
        Some(pages)
    }

    /// The own pages that are served. The URL of any other belongs to a post, to finews or to another page.
    pub fn served_pages(&self) -> impl Iterator<Item = &OwnPage> {
        let pages = self.pages().iter().enumerate();
        pages.filter(|(index, _)| self.is_page_served(*index)).map(|(_, page)| page)
    }

    /// True if the own page with this index in [`Snapshot::pages`] is served.
    pub fn is_page_served(&self, index: usize) -> bool {
        self.pages().get(index).is_some_and(|page| {
            let path = decoded(&page.url);
            self.at_path(&path) == Some(Target::Page(index)) && !self.has_generated_list(&path)
        })
    }

    /// True if the own pages are those of another snapshot, unchanged.
    pub fn shares_pages_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.pages, &other.pages)
    }

    /// The served page whose URL equals a decoded path but for case and the extension.
    pub fn page_by_fuzzy_path(&self, path: &str) -> Option<&OwnPage> {
        let index = self.pages.at_fuzzy_path(path)?;
        self.pages().get(index).filter(|_| self.is_page_served(index))
    }

    /// The file that is sent for a decoded path: that of a page without front matter.
    pub fn page_file(&self, path: &str) -> Option<&str> {
        match self.at_path(path)? {
            Target::Page(index) => {
                self.pages().get(index).filter(|page| page.body == PageBody::File).map(|page| &*page.path)
            }
            _ => None,
        }
    }

    /// The list that replaces the page at a decoded path, if finews does not serve that page.
    pub fn list_of_page(&self, path: &str) -> Option<&Replacement> {
        self.pages.list_at(path)
    }

    /// The page that the site shows for missing pages.
    pub fn not_found_page(&self) -> Option<&OwnPage> {
        self.pages.not_found()
    }

    /// True if the archive creates a list at a decoded path, which takes precedence over a post or page.
    fn has_generated_list(&self, path: &str) -> bool {
        (self.reserved_paths.list_like)(path) && (self.reserved_paths.in_archive)(self, path)
    }

    /// Takes the site's own pages. The title of a source's page names the source.
    fn set_pages(&mut self, pages: Vec<OwnPage>) {
        let pages = OwnPages::new(pages, self.reserved_paths.always, self.reserved_paths.group_at);
        self.groups[GroupKind::Source].set_titles(&self.names, pages.titles());
        self.pages = Arc::new(pages);
    }

    /// All groups of a kind.
    pub fn groups(&self, kind: GroupKind) -> &Groups {
        &self.groups[kind]
    }

    /// The group with exactly this name. The name of a security is its canonical code.
    pub fn group(&self, kind: GroupKind, name: &str) -> Option<&Group> {
        self.groups(kind).get(self.names.find(name)?)
    }

    /// Finds a group by the slug of its jekyll-archives URL. A group whose name differs from the slug only
    /// in case takes precedence; among several such names, the first in order wins.
    pub fn group_by_slug(&self, kind: GroupKind, slug: &str) -> Option<&Group> {
        let (groups, folded) = (self.groups(kind), slug.to_lowercase());
        let alike = groups.iter().filter(|group| self.name(group.name()).to_lowercase() == folded);
        let alike = alike.min_by_key(|group| self.name(group.name()));
        alike.or_else(|| groups.by_slug(&self.posts, slug))
    }

    /// The source of a post: its last and therefore most specific category. Returns `None` if no post of
    /// that category is listed.
    pub fn source(&self, post: &Post) -> Option<&Group> {
        self.groups(GroupKind::Source).get(*post.categories().last()?)
    }

    /// The authors of a post, as its front matter names them.
    pub fn authors<'s>(&'s self, post: &Post) -> impl Iterator<Item = Author<'s>> + use<'s> {
        Author::from_lines(post.authors().map_or("", |lines| self.name(lines)))
    }

    /// The sources with the most posts in the 30 days before the newest post, most active first; at most 32.
    pub fn active_categories(&self) -> impl Iterator<Item = &Group> {
        let sources = self.groups(GroupKind::Source);
        let most_active = || sources.most_active(&self.names, &self.posts, MOST_ACTIVE);
        self.active.get_or_init(most_active).iter().filter_map(move |name| sources.get(*name))
    }

    /// The names that a group's posts use for it, most frequent first: tags for a source, mentioned names
    /// for a security.
    pub fn used_names(&self, group: &Group) -> Vec<&str> {
        group.used_names(&self.names)
    }

    /// True if the group's posts use a name for it that satisfies `is_it`.
    pub fn has_used_name(&self, group: &Group, is_it: impl Fn(&str) -> bool) -> bool {
        group.has_used_name(&self.names, is_it)
    }

    /// The display name of a mention: the name in the post, else the label of the security, else its code.
    pub fn shown_name(&self, mention: &Mention) -> &str {
        let security = || self.groups(GroupKind::Security).get(mention.code);
        match self.name(mention.name) {
            "" => security().map_or(self.name(mention.code), Group::label),
            name => name,
        }
    }

    /// The codes equal to `text` in any case, with or without their market suffix, in ascending order. Codes of Hong
    /// Kong may lack their leading zeros.
    pub fn securities_meant_by(&self, text: &str) -> Vec<&str> {
        let text = text.to_ascii_uppercase();
        let in_hong_kong = text.strip_suffix(".HK").unwrap_or(&text);
        let is_meant = |code: &&str| match code.rsplit_once('.') {
            Some((number, "HK")) => is_number_with_zeros(number, in_hong_kong),
            Some((number, _)) => *code == text || number == text,
            None => *code == text,
        };
        let securities = self.groups(GroupKind::Security).iter();
        let mut codes: Vec<&str> = securities.map(|group| self.name(group.name())).filter(is_meant).collect();
        codes.sort_unstable();
        codes
    }

    /// Returns the posts that carry every category in a list separated by white space. Such lists come
    /// from old URLs, when `categories: Career In hongwang` was read as one name.
    pub fn joined_categories(&self, names: &str) -> Option<List> {
        // No post has more categories than this, so a longer list would only cost time.
        const MOST: usize = 8;
        let mut groups: Vec<&Group> = Vec::new();
        for name in names.split_whitespace() {
            let group = self.group(GroupKind::Source, name)?;
            if groups.len() == MOST || groups.iter().any(|known| known.name() == group.name()) {
                return None;
            }
            groups.push(group);
        }
        if groups.len() < 2 {
            return None;
        }
        let smallest = groups.iter().min_by_key(|group| group.posts().len())?;
        let has_all = |id: &PostId| {
            let categories = self.post(*id).categories();
            groups.iter().all(|group| categories.contains(&group.name()))
        };
        let posts: Vec<_> = smallest.posts().iter().filter(has_all).collect();
        (!posts.is_empty()).then(|| List::from_sorted(&posts))
    }

    /// The posts before and after a post in a list. Both are `None` if the list does not contain the post.
    pub fn neighbours(&self, list: &List, id: PostId) -> (Option<PostId>, Option<PostId>) {
        match list.place(&self.posts, id) {
            Ok(place) => (place.checked_sub(1).and_then(|before| list.get(before)), list.get(place + 1)),
            Err(_) => (None, None),
        }
    }
}

/// Returns whether a number equals `short` with zeros before it, or without any.
fn is_number_with_zeros(number: &str, short: &str) -> bool {
    !short.is_empty()
        && number.strip_suffix(short).is_some_and(|zeros| zeros.bytes().all(|byte| byte == b'0'))
}

#[cfg(test)]
pub(super) mod tests {
    use std::path::Path;

    use super::*;
    use crate::archive::load::Progress;
    use crate::config::{Config, Overrides};

    /// Loads an archive with one post per date.
    pub(super) fn snapshot_of(dates: &[&str], zone: Tz) -> Snapshot {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let write = |path: String, text: String| {
            std::fs::write(folder.path().join(path), text).expect("a file");
        };
        std::fs::create_dir(folder.path().join("_posts")).expect("a folder");
        write("_config.yml".into(), format!("timezone: {zone}\nfuture: true\n"));
        for (number, date) in dates.iter().enumerate() {
            write(format!("_posts/2024-01-01-{number}.md"), format!("---\ndate: {date}\n---\nText.\n"));
        }
        load_folder(folder.path())
    }

    fn load_folder(folder: &Path) -> Snapshot {
        let config = Config::read(folder, &Overrides::default(), &|_| None).expect("a configuration");
        let nothing = ReservedPaths {
            always: |_| false,
            list_like: |_| false,
            in_archive: |_, _| false,
            group_at: |_| None,
        };
        crate::archive::load(&config, nothing, &Progress::default()).expect("an archive")
    }
}
