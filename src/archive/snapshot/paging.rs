//! Splits lists into pages, numbered from the oldest. A numbered page changes only when an older post is
//! added, corrected or withdrawn, so links to it stay valid.

use crate::archive::post::PostId;
use crate::archive::snapshot::list::List;

/// Number of posts per page.
pub const PER_PAGE: usize = 50;

/// Identifies a page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PageNumber {
    /// The newest posts, at the list's plain URL.
    Latest,
    /// A numbered page; page 1 is the oldest.
    Page(usize),
}

/// The target of the "newer" link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NewerPage {
    /// To a numbered page.
    Page(usize),
    /// To the list's plain URL.
    Latest,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPage {
    /// Its posts, newest first.
    pub posts: Vec<PostId>,
    /// Number of posts in the whole list.
    pub total: usize,
    /// Number of numbered pages in the whole list.
    pub pages: usize,
    /// The page's own number.
    pub number: PageNumber,
    /// The numbered page that holds the next older post.
    pub older: Option<usize>,
    /// The page that holds the next newer post.
    pub newer: Option<NewerPage>,
}

impl ListPage {
    /// True if newer posts do not change the page.
    pub fn is_settled(&self) -> bool {
        matches!(self.newer, Some(NewerPage::Page(_)))
    }

    /// Returns a page of a list in ascending order. An empty list has only the latest page.
    pub fn new(list: &List, number: PageNumber) -> Option<Self> {
        let pages = list.len().div_ceil(PER_PAGE);
        let range = match number {
            PageNumber::Latest => list.len().saturating_sub(PER_PAGE)..list.len(),
            PageNumber::Page(page) if (1..=pages).contains(&page) => {
                (page - 1) * PER_PAGE..list.len().min(page * PER_PAGE)
            }
            PageNumber::Page(_) => return None,
        };
        // The post before the range has the 1-based position `range.start`, which gives its page.
        let older = (range.start > 0).then(|| range.start.div_ceil(PER_PAGE));
        let newer = match number {
            PageNumber::Latest => None,
            PageNumber::Page(page) if page < pages => Some(NewerPage::Page(page + 1)),
            PageNumber::Page(_) => Some(NewerPage::Latest),
        };
        let posts = list.range(range).rev().collect();
        Some(Self { posts, total: list.len(), pages, number, older, newer })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(length: usize) -> List {
        List::from_sorted(&(0..length).map(PostId::new).collect::<Vec<_>>())
    }

    #[test]
    fn numbered_pages_hold_each_post_once_latest_the_newest() {
        for length in [1, 49, 50, 51, 99, 100, 101, 250] {
            let all = list(length);
            let latest = ListPage::new(&all, PageNumber::Latest).expect("a latest page");
            assert_eq!(latest.posts.first().copied(), all.last());
            assert_eq!(latest.posts.len(), length.min(PER_PAGE));
            let mut seen: Vec<_> = (1..=latest.pages)
                .flat_map(|n| ListPage::new(&all, PageNumber::Page(n)).expect("a page").posts)
                .collect();
            seen.sort();
            assert_eq!(seen, all.iter().collect::<Vec<_>>(), "{length}");
        }
    }

    #[test]
    fn older_page_of_latest_holds_the_next_older_post() {
        for length in [51, 99, 100, 101, 250] {
            let all = list(length);
            let latest = ListPage::new(&all, PageNumber::Latest).expect("a latest page");
            let next = all.get(length - PER_PAGE - 1).expect("a post");
            let older = ListPage::new(&all, PageNumber::Page(latest.older.expect("older"))).expect("a page");
            assert!(older.posts.contains(&next), "{length}");
        }
    }

    #[test]
    fn pages_beyond_the_ends_of_a_list_do_not_exist() {
        let all = list(120);
        assert_eq!(ListPage::new(&all, PageNumber::Page(0)), None);
        assert_eq!(ListPage::new(&all, PageNumber::Page(4)), None);
        assert_eq!(
            ListPage::new(&all, PageNumber::Page(3)).map(|page| page.newer),
            Some(Some(NewerPage::Latest))
        );
        assert_eq!(ListPage::new(&all, PageNumber::Page(1)).map(|page| page.older), Some(None));
        assert_eq!(ListPage::new(&list(0), PageNumber::Latest).map(|page| page.pages), Some(0));
    }
}
