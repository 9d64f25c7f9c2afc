//! The immutable archive: posts by id, lists of ids, indexes from path, and the queries that pages
//! ask. A change makes the next snapshot, which shares with this one all that stays the same.

mod around;
mod change;
mod days;
mod fill;
mod group;
mod index;
mod list;
mod own_pages;
mod paging;
mod periods;
mod posts;
mod since;
mod standing;
mod stray;

use std::io;
use std::sync::{Arc, OnceLock};

use chrono::NaiveDate;
use chrono_tz::Tz;
use rpds::{RedBlackTreeMapSync, RedBlackTreeSetSync};

use super::address::decoded;
use super::names::{NameId, Names};
use super::packed::{Packing, Unpacked};
use super::page::Page;
use super::post::{Mention, Post, PostId, Timestamp};
use super::problem::Problem;

pub use change::Change;
pub(super) use fill::Contents;
pub use fill::{Claims, Rules};
use group::Since;
pub use group::{Group, Groups, Recent};
use index::Index;
pub(super) use index::hash as index_hash;
pub use list::List;
use own_pages::OwnPages;
pub use paging::{ListPage, Newer, Number, PER_PAGE};
pub use periods::Period;
pub(super) use posts::Posts;
pub use since::Changed;
pub use stray::last_part;

/// Of the active sources as many are known at once.
const MOST_ACTIVE: usize = 32;

/// What stands at a URL path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// An article.
    Post(PostId),
    /// A page of the site's own, by its index.
    Page(usize),
    /// A post that its owner withdrew.
    Gone,
    /// Another path of this site, percent-encoded and without `baseurl`.
    Moved(Box<str>),
    /// A post whose `redirect_to` leads elsewhere.
    Away(Box<str>),
}

/// A whole archive at one moment.
#[derive(Debug, Clone)]
pub struct Snapshot {
    rules: Arc<Rules>,
    /// The moment: later posts are not shown yet.
    moment: Timestamp,
    packing: Arc<Packing>,
    names: Names,
    posts: Posts,
    /// Posts by their file's path, their decoded URL, former URLs, and what a damaged address leaves of it.
    files: Index,
    urls: Index,
    former: Index,
    strays: Index,
    /// Those without a date in their files' names, by the slug.
    undated: Index,
    /// Posts whose time is yet to come.
    future: RedBlackTreeSetSync<(Timestamp, PostId)>,
    /// Posts that are not served for want of a URL of their own.
    lost: RedBlackTreeSetSync<PostId>,
    /// Posts whose URL is of the shape of a list's.
    list_like: RedBlackTreeSetSync<PostId>,
    /// Posts whose bodies name others.
    linking: RedBlackTreeSetSync<PostId>,
    served: usize,
    listed: List,
    categories: Groups,
    recent_since: Since,
    active: OnceLock<Vec<NameId>>,
    tags: Groups,
    /// Posts by the codes of the securities and sectors that they mention.
    securities: Groups,
    days: RedBlackTreeMapSync<NaiveDate, List>,
    /// Listed posts that say when they were changed.
    modified: RedBlackTreeSetSync<(Timestamp, PostId)>,
    pages: Arc<OwnPages>,
    /// What is wrong with each file, by its path.
    problems: RedBlackTreeMapSync<Arc<str>, Vec<Problem>>,
}

impl Snapshot {
    /// The zone of days and local times.
    pub fn zone(&self) -> Tz {
        self.rules.zone
    }

    /// The moment that the snapshot is of.
    pub fn moment(&self) -> Timestamp {
        self.moment
    }

    /// The day of the moment.
    pub fn today(&self) -> NaiveDate {
        self.moment.day(self.zone())
    }

    /// The post of an id.
    pub fn post(&self, id: PostId) -> &Post {
        self.posts.get(id)
    }

    /// How many posts are served.
    pub fn len(&self) -> usize {
        self.served
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.served == 0
    }

    /// Every post that is served, newest first.
    pub fn posts(&self) -> Vec<&Post> {
        let mut posts: Vec<&Post> =
            self.posts.iter().filter(|(id, _)| self.is_served(*id)).map(|(_, post)| post).collect();
        posts.sort_by(|a, b| b.order().cmp(&a.order()));
        posts
    }

    /// The posts that lists show.
    pub fn listed(&self) -> &List {
        &self.listed
    }

    /// The text of a name.
    pub fn name(&self, id: NameId) -> &str {
        self.names.text(id)
    }

    /// What only a post's article shows.
    ///
    /// # Errors
    /// When the stored bytes are damaged.
    pub fn article(&self, post: &Post) -> io::Result<Unpacked> {
        self.packing.unpack(&post.body)
    }

    /// What stands at a decoded path, without `baseurl`.
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
        let post = self.moved(path).map(|id| self.post(id).url());
        post.or_else(|| self.pages.moved(path)).map(|to| Target::Moved(to.into()))
    }

    /// How its articles are packed.
    pub(super) fn packing(&self) -> Arc<Packing> {
        Arc::clone(&self.packing)
    }

    /// Every name of its posts.
    pub(super) fn names(&self) -> &Names {
        &self.names
    }

    /// Ids given so far.
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

    /// What is wrong with each file by itself, by path.
    pub(super) fn file_problems(&self) -> impl Iterator<Item = &Problem> {
        self.problems.values().flatten()
    }

    /// The files that something is wrong with, and folders that cannot be read.
    pub(super) fn paths_with_problems(&self) -> impl Iterator<Item = &Arc<str>> {
        self.problems.keys()
    }

    /// What is wrong with one file by itself.
    pub(super) fn problems_of(&self, path: &str) -> &[Problem] {
        self.problems.get(path).map_or(&[], Vec::as_slice)
    }

    /// When the next day begins.
    pub fn next_midnight(&self) -> Timestamp {
        let next = self.today().succ_opt();
        next.map_or(self.moment, |day| Timestamp::start_of(day, self.zone()))
    }

    /// The posts whose bodies name others.
    pub(super) fn linking(&self) -> impl Iterator<Item = &Post> {
        self.linking.iter().map(|id| self.post(*id))
    }

    /// The site's own pages.
    pub fn pages(&self) -> &[Page] {
        self.pages.all()
    }

    /// Those of them that are served: what stands at their URLs is theirs.
    pub fn served_pages(&self) -> impl Iterator<Item = &Page> {
        let is_served =
            |page: &(usize, &Page)| self.at_path(&decoded(&page.1.url)) == Some(Target::Page(page.0));
        self.pages().iter().enumerate().filter(is_served).map(|(_, page)| page)
    }

    /// Sources.
    pub fn categories(&self) -> &Groups {
        &self.categories
    }

    /// A post's source: the last of its categories, which is the most particular. One whose posts are all
    /// out of lists is none.
    pub fn source(&self, post: &Post) -> Option<&Group> {
        self.categories.get(*post.categories().last()?)
    }

    /// The sources that published most in the 30 days before the newest post, the busiest first; not
    /// more than 32.
    pub fn active_categories(&self) -> impl Iterator<Item = &Group> {
        let active =
            self.active.get_or_init(|| self.categories.most_active(&self.names, &self.posts, MOST_ACTIVE));
        active.iter().filter_map(|name| self.categories.get(*name))
    }

    /// Tags.
    pub fn tags(&self) -> &Groups {
        &self.tags
    }

    /// The category of a name.
    pub fn category(&self, name: &str) -> Option<&Group> {
        self.categories.get(self.names.find(name)?)
    }

    /// The category that jekyll-archives put at a slug; before it, one of that name in another case.
    pub fn category_by_slug(&self, slug: &str) -> Option<&Group> {
        self.in_other_case(&self.categories, slug).or_else(|| self.categories.by_slug(&self.posts, slug))
    }

    /// Of groups the one whose name is a text in another case; of several the first by name.
    fn in_other_case<'s>(&'s self, groups: &'s Groups, text: &str) -> Option<&'s Group> {
        let text = text.to_lowercase();
        let alike = groups.iter().filter(|group| self.name(group.name()).to_lowercase() == text);
        alike.min_by_key(|group| self.name(group.name()))
    }

    /// The tag of a name.
    pub fn tag(&self, name: &str) -> Option<&Group> {
        self.tags.get(self.names.find(name)?)
    }

    /// The tag that jekyll-archives put at a slug.
    pub fn tag_by_slug(&self, slug: &str) -> Option<&Group> {
        self.in_other_case(&self.tags, slug).or_else(|| self.tags.by_slug(&self.posts, slug))
    }

    /// Securities and sectors, by their codes.
    pub fn securities(&self) -> &Groups {
        &self.securities
    }

    /// What the posts of a group call it, the most frequent first: tags of a source, names of a security.
    pub fn called(&self, group: &Group) -> Vec<&str> {
        group.called(&self.names)
    }

    /// Whether the posts of a group call it by a name like this.
    pub fn is_called(&self, group: &Group, is_it: impl Fn(&str) -> bool) -> bool {
        group.is_called(&self.names, is_it)
    }

    /// The security or sector of a canonical code.
    pub fn security(&self, code: &str) -> Option<&Group> {
        self.securities.get(self.names.find(code)?)
    }

    /// What a mention is shown as: its name, else what others call the security, else its code.
    pub fn shown_name(&self, mention: &Mention) -> &str {
        match self.name(mention.name) {
            "" => self.securities.get(mention.code).map_or(self.name(mention.code), Group::label),
            name => name,
        }
    }

    /// The codes that are a text in any case of letters, or that with any market behind it; in their order.
    pub fn securities_meant_by(&self, text: &str) -> Vec<&str> {
        let text = text.to_ascii_uppercase();
        let is_meant =
            |code: &&str| *code == text || code.rsplit_once('.').is_some_and(|(number, _)| number == text);
        let mut codes: Vec<&str> =
            self.securities.iter().map(|group| self.name(group.name())).filter(is_meant).collect();
        codes.sort_unstable();
        codes
    }

    /// The posts that carry every category of a list separated by white space: what the page of
    /// `categories: Career In hongwang` showed when it was taken for one name.
    pub fn joined_categories(&self, names: &str) -> Option<List> {
        // More names than a post ever had would only cost time.
        const MOST: usize = 8;
        let mut groups: Vec<&Group> = Vec::new();
        for name in names.split_whitespace() {
            let group = self.category(name)?;
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
        (!posts.is_empty()).then(|| List::of_sorted(&posts))
    }

    /// The posts before and after one in a list that holds it.
    pub fn neighbours(&self, list: &List, id: PostId) -> (Option<PostId>, Option<PostId>) {
        match list.place(&self.posts, id) {
            Ok(place) => (place.checked_sub(1).and_then(|before| list.get(before)), list.get(place + 1)),
            Err(_) => (None, None),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::path::Path;

    use super::*;
    use crate::archive::load::{Claims, Progress};
    use crate::config::{Config, Overrides};

    /// An archive of posts of these moments, in a zone.
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
        let nothing = Claims { always: |_| false, list_like: |_| false, in_archive: |_, _| false };
        crate::archive::load(&config, nothing, &Progress::default()).expect("an archive")
    }
}
