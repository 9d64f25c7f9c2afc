//! The immutable archive: posts by id, lists of ids, a map from URL path, and the queries
//! that pages ask. A change publishes the next snapshot; this one stays as it is.

mod build;
mod group;
mod paging;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::ops::RangeInclusive;

use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;

use super::body::BodyHtml;
use super::names::{NameId, Names};
use super::packed::Packing;
use super::page::Page;
use super::post::{Post, PostId};
use super::problem::Problem;

pub use build::Builder;
pub use group::{Group, Groups};
pub use paging::{ListPage, Newer, Number, PER_PAGE};

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
#[derive(Debug)]
pub struct Snapshot {
    zone: Tz,
    posts: Vec<Post>,
    names: Names,
    /// The posts that lists show, oldest first.
    listed: Vec<PostId>,
    categories: Groups,
    /// Indexes of the categories that published of late, the busiest first.
    active: Vec<usize>,
    tags: Groups,
    days: BTreeMap<NaiveDate, Vec<PostId>>,
    paths: HashMap<Box<str>, Target>,
    pages: Vec<Page>,
    packing: Packing,
    problems: Vec<Problem>,
}

impl Snapshot {
    /// The zone of days and local times.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// The post of an id.
    pub fn post(&self, id: PostId) -> &Post {
        &self.posts[id.index()]
    }

    /// Every post that is served, newest first.
    pub fn posts(&self) -> impl ExactSizeIterator<Item = &Post> {
        self.posts.iter().rev()
    }

    /// The posts that lists show, oldest first.
    pub fn listed(&self) -> &[PostId] {
        &self.listed
    }

    /// The text of a name.
    pub fn name(&self, id: NameId) -> &str {
        self.names.text(id)
    }

    /// The cleaned body of a post.
    ///
    /// # Errors
    /// When the stored bytes are damaged.
    pub fn body(&self, post: &Post) -> io::Result<BodyHtml> {
        self.packing.unpack(&post.body)
    }

    /// What stands at a decoded path, without `baseurl`.
    pub fn at_path(&self, path: &str) -> Option<&Target> {
        self.paths.get(path)
    }

    /// The site's own pages.
    pub fn pages(&self) -> &[Page] {
        &self.pages
    }

    /// What is wrong with the site's files.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Sources.
    pub fn categories(&self) -> &Groups {
        &self.categories
    }

    /// The sources that published most in the 30 days before the newest post, the busiest first.
    pub fn active_categories(&self) -> impl Iterator<Item = &Group> {
        self.active.iter().map(|index| self.categories.at(*index))
    }

    /// Tags.
    pub fn tags(&self) -> &Groups {
        &self.tags
    }

    /// The category of a name.
    pub fn category(&self, name: &str) -> Option<&Group> {
        self.categories.get(self.names.find(name)?)
    }

    /// The tag of a name.
    pub fn tag(&self, name: &str) -> Option<&Group> {
        self.tags.get(self.names.find(name)?)
    }

    /// The posts that carry every category of a list separated by white space: what the page of
    /// `categories: Career In hongwang` showed when it was taken for one name.
    pub fn joined_categories(&self, names: &str) -> Option<Vec<PostId>> {
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
        let has_all = |id: &PostId| groups.iter().all(|group| group.posts().binary_search(id).is_ok());
        let posts: Vec<_> = smallest.posts().iter().copied().filter(has_all).collect();
        (!posts.is_empty()).then_some(posts)
    }

    /// The listed posts of a day, oldest first.
    pub fn day(&self, day: NaiveDate) -> Option<&[PostId]> {
        self.days.get(&day).map(Vec::as_slice)
    }

    /// The page of a day's list that shows a listed post: the plain one if the post is among its newest.
    pub fn day_page(&self, id: PostId) -> (NaiveDate, Number) {
        let day = self.post(id).date.day(self.zone);
        let list = self.day(day).unwrap_or_default();
        let place = list.partition_point(|other| *other < id);
        let is_newest = place + PER_PAGE >= list.len();
        let fits = list.len() <= PER_PAGE || place + 1 == list.len();
        let number = if is_newest && fits { Number::Latest } else { Number::Page(place / PER_PAGE + 1) };
        (day, number)
    }

    /// The days in a range that have posts, with their number, in ascending order.
    pub fn days(
        &self,
        range: RangeInclusive<NaiveDate>,
    ) -> impl DoubleEndedIterator<Item = (NaiveDate, usize)> {
        self.days.range(range).map(|(day, posts)| (*day, posts.len()))
    }

    /// The day of the newest listed post.
    pub fn newest_day(&self) -> Option<NaiveDate> {
        self.days.keys().next_back().copied()
    }

    /// The day of the oldest listed post.
    pub fn oldest_day(&self) -> Option<NaiveDate> {
        self.days.keys().next().copied()
    }

    /// The nearest days with posts before and after a day.
    pub fn days_beside(&self, day: NaiveDate) -> (Option<NaiveDate>, Option<NaiveDate>) {
        use std::ops::Bound::{Excluded, Unbounded};
        let before = self.days.range(..day).next_back().map(|(day, _)| *day);
        let after = self.days.range((Excluded(day), Unbounded)).next().map(|(day, _)| *day);
        (before, after)
    }

    /// The day with posts that is nearest to a day; of two, the earlier.
    pub fn nearest_day(&self, day: NaiveDate) -> Option<NaiveDate> {
        if self.days.contains_key(&day) {
            return Some(day);
        }
        let (before, after) = self.days_beside(day);
        [before, after].into_iter().flatten().min_by_key(|near| (*near - day).num_days().abs())
    }

    /// Years that have posts, newest first, with their number.
    pub fn years(&self) -> Vec<(i32, usize)> {
        let mut years: Vec<(i32, usize)> = Vec::new();
        for (day, posts) in self.days.iter().rev() {
            match years.last_mut() {
                Some((year, count)) if *year == day.year() => *count += posts.len(),
                _ => years.push((day.year(), posts.len())),
            }
        }
        years
    }
}
