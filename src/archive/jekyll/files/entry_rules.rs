//! The kinds of entries: which files are posts, which the archive reads as pages, and which it leaves out.

use std::path::Path;

use crate::archive::jekyll::files::collections::collection_of;
use crate::archive::jekyll::files::entry::{
    WalkEntry, base_name, below_posts, is_at_or_below, is_below, relative,
};
use crate::archive::jekyll::files::fence::{begins_with_fence, may_have_front_matter};
use crate::archive::jekyll::files::filter::{EntryFilter, is_special};
use crate::archive::jekyll::files::page_name::{is_page_name, may_share_url};
use crate::archive::jekyll::files::published::{FileStatus, LINKED_OUT, PublishedFiles};
use crate::archive::jekyll::files::site_file::SiteFileKind;
use crate::archive::jekyll::permalink::FileName;
use crate::archive::problem::{Code, Defect};
use crate::config::Config;

/// The rules for the entries of a site.
pub(super) struct EntryRules<'a> {
    config: &'a Config,
    pub(super) filter: EntryFilter,
    pub(super) published: PublishedFiles,
}

impl<'a> EntryRules<'a> {
    pub(super) fn new(config: &'a Config) -> Self {
        Self { config, filter: EntryFilter::new(config), published: PublishedFiles::new(config) }
    }

    /// Classifies a path that no filter rejects.
    pub(super) fn kind(&self, path: &str) -> Option<SiteFileKind> {
        let in_posts = below_posts(path).is_some();
        let is_below_any = |folders: &[String]| folders.iter().any(|folder| is_below(path, folder));
        let in_root_posts = path.starts_with("posts/") || is_below_any(&self.config.archives);
        let is_post_name = || FileName::from_path(path).is_some();
        let counts = in_root_posts || is_below(path, &self.config.source.collections_dir);
        if self.config.source.posts.is_empty() && counts && (in_posts || in_root_posts) {
            if is_post_name() {
                return Some(SiteFileKind::Post);
            }
            if in_posts {
                return None;
            }
        }
        let in_named = is_below_any(&self.config.source.posts);
        let is_page = !(in_posts || in_named && is_post_name()) && is_page_name(path, self.config);
        is_page.then_some(SiteFileKind::Page)
    }

    /// Returns whether the archive reads a file that is not a post and that Jekyll does not ignore: it may be a page,
    /// or its URL may belong to a page.
    pub(super) fn is_read(&self, file: &Path, path: &str) -> bool {
        below_posts(path).is_none()
            && self.published.forbidden(path).is_none()
            && (is_page_name(path, self.config)
                || may_share_url(path, self.config) && self.published.status(path) == FileStatus::Served
                || may_have_front_matter(path) && begins_with_fence(file).unwrap_or(false))
    }

    /// Returns whether Jekyll reads a file as part of a collection with output.
    pub(super) fn keeps_document(&self, path: &str) -> bool {
        let Some((_, below)) = collection_of(self.config, path) else { return false };
        !below.split('/').any(|part| part.starts_with('.')) && self.filter.passes(path, below, false)
    }

    /// Returns why a file is not served that Jekyll would publish and that the archive does not read. `is_refused`
    /// tests whether a symbolic link leads to a file that must not be served.
    pub(super) fn reason_withheld(&self, path: &str, is_refused: impl Fn() -> bool) -> Option<&'static str> {
        if self.keeps_document(path) {
            return self.published.forbidden(path);
        }
        match self.published.status(path) {
            FileStatus::Withheld(reason) => Some(reason),
            FileStatus::Served => is_refused().then_some(LINKED_OUT),
            FileStatus::Ignored => None,
        }
    }

    /// Returns the defect of a file in a folder of posts that is no post, because its name has no date.
    pub(super) fn undated(&self, path: &str) -> Option<Defect> {
        let source = &self.config.source;
        let is_in_posts = below_posts(path).is_some()
            && match source.posts[..] {
                [] => is_below(path, &source.collections_dir),
                _ => self.is_named(path),
            };
        let is_undated = is_in_posts
            && is_page_name(path, self.config)
            && FileName::from_path(path).is_none()
            && self.filter.keeps_path(path);
        is_undated.then(|| {
            let message = format!(
                "the file name has no date, so the file is no post, as in Jekyll; expected a name such as `2024-01-02-{}`",
                base_name(path)
            );
            Defect::warning(Code::DateMissing, message)
        })
    }

    /// Returns whether the filters keep a path and all folders above it.
    pub(super) fn keeps_with_ancestors(&self, path: &Path, keeps: impl Fn(&WalkEntry<'_>) -> bool) -> bool {
        let Ok(below) = path.strip_prefix(&self.config.root) else { return false };
        let mut place = self.config.root.clone();
        below.components().all(|part| {
            place.push(part);
            let relative = relative(&self.config.root, &place);
            let is_link = std::fs::symlink_metadata(&place).is_ok_and(|meta| meta.is_symlink());
            keeps(&WalkEntry { path: &relative, is_dir: place != *path || place.is_dir(), is_link })
        })
    }

    /// Returns whether an entry of a named folder of posts is kept. The named folder itself always is;
    /// the filters apply to the entries below it.
    pub(super) fn keeps_in(&self, named: &str, seen: &WalkEntry<'_>) -> bool {
        if !is_below(seen.path, named) {
            return true;
        }
        let name = base_name(seen.path);
        !(is_special(name) && name != "_posts")
            && (self.filter.excludes(named) || !self.filter.excludes(seen.path))
    }

    /// Returns whether a folder is named in the configuration, or lies below one that is.
    pub(super) fn is_named(&self, folder: &str) -> bool {
        self.config.source.posts.iter().any(|named| is_at_or_below(folder, named))
    }

    /// Files that `include` names by path although Jekyll ignores their folder.
    pub(super) fn included(&self) -> impl Iterator<Item = &str> {
        self.config.source.include.iter().map(|path| path.trim_matches('/')).filter(|path| {
            let is_inside = !path.split('/').any(|part| matches!(part, "" | "." | ".."));
            is_inside && below_posts(path).is_none()
        })
    }
}
