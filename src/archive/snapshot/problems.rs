//! Reports the problems of the site's files, and the posts and pages that are not served.

use crate::archive::address::decoded;
use crate::archive::jekyll::files::base_name;
use crate::archive::page::{OwnPage, PageBody};
use crate::archive::post::{Post, PostId, Timestamp, Visibility};
use crate::archive::problem::{Code, Defect, Problem, Severity};
use crate::archive::snapshot::Snapshot;
use crate::archive::snapshot::post_status::PostStatus;

/// The owners of URLs that finews serves itself.
const OUR_PAGE: &str = "a page of finews";
const OUR_LIST: &str = "a generated list";

impl Snapshot {
    /// All problems of the site's files, by path and line.
    pub fn problems(&self) -> Vec<Problem> {
        let superseded = |path: &str| {
            let post = self.at_file(path).map(|id| self.post(id));
            // Other problems of a superseded file do not matter.
            post.is_some_and(|post| self.superseded_by(post).is_some())
        };
        let of_files =
            self.problems.iter().filter(|(path, _)| !superseded(path)).flat_map(|(_, found)| found);
        let mut problems: Vec<Problem> = of_files.cloned().collect();
        problems.extend(self.unserved.iter().filter_map(|id| self.unserved_problem(*id)));
        problems.extend(self.list_like.iter().filter_map(|id| self.shadowed(*id)));
        let pages = self.pages().iter().enumerate();
        problems.extend(pages.filter_map(|(index, page)| self.page_problem(index, page)));
        problems.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
        problems
    }

    /// The dates of the posts that are not served before their dates come, earliest first.
    pub fn waiting(&self) -> Vec<Timestamp> {
        let waiting = self.future.iter().filter(|(_, id)| self.status(*id) == PostStatus::Future);
        waiting.map(|(date, _)| *date).collect()
    }

    /// The number of posts that the operator withdrew.
    pub fn withdrawn(&self) -> usize {
        let withdrawn = |(id, post): &(PostId, &Post)| {
            post.visibility == Visibility::Withdrawn && self.status(*id) == PostStatus::Withdrawn
        };
        self.posts.iter().filter(withdrawn).count()
    }

    /// The errors of posts that another post or a page of finews replaces now, but not in an earlier snapshot. If other
    /// posts leave this state at the same time, some errors may be missing.
    pub(in crate::archive) fn newly_unserved(&self, before: &Self) -> Vec<Problem> {
        // The comparison of all unserved posts at each change would take too long.
        if self.unserved.size() <= before.unserved.size() {
            return Vec::new();
        }
        let new = self.unserved.iter().filter(|id| !before.unserved.contains(*id));
        let errors = new.filter_map(|id| self.unserved_problem(*id));
        errors.filter(|problem| problem.severity == Severity::Error).collect()
    }

    fn unserved_problem(&self, id: PostId) -> Option<Problem> {
        let post = self.post(id);
        let (url, path) = (post.url(), |id| self.post(id).path());
        let defect = match self.status(id) {
            PostStatus::Reserved => {
                let message =
                    format!("`{url}` is the URL of a page of finews, which is served instead of the post");
                Defect::error(Code::PathReserved, message)
            }
            PostStatus::Duplicate(owner) => {
                let message =
                    format!("`{url}` is already the URL of `{}`; the post is not served", path(owner));
                Defect::error(Code::UrlDuplicate, message)
            }
            PostStatus::Superseded(other) if base_name(path(other)) == base_name(post.path()) => {
                if !post.has_other_content(self.post(other)) {
                    return None;
                }
                let message = format!(
                    "`{}` is the same post with other content and takes precedence; this copy is not served",
                    path(other)
                );
                Defect::warning(Code::TwinSuperseded, message)
            }
            PostStatus::Superseded(twin) => {
                let message = format!(
                    "`{}` is the same post with a date in its file name and is served instead",
                    path(twin)
                );
                Defect::warning(Code::TwinSuperseded, message)
            }
            PostStatus::Served | PostStatus::Future | PostStatus::Withdrawn => return None,
        };
        Some(defect.in_file(post.path()))
    }

    /// The error of a served post whose URL belongs to a list that the archive creates.
    fn shadowed(&self, id: PostId) -> Option<Problem> {
        let post = self.post(id);
        if !self.is_served(id) || !self.has_generated_list(&decoded(post.url())) {
            return None;
        }
        let message =
            format!("`{}` is the URL of a generated list, which is served instead of the post", post.url());
        Some(Defect::error(Code::PathReserved, message).in_file(post.path()))
    }

    /// The warning of an own page whose URL belongs to a post, to finews or to another page.
    fn page_problem(&self, index: usize, page: &OwnPage) -> Option<Problem> {
        let path = decoded(&page.url);
        let owner = match (self.owner(&path), self.pages.at_path(&path)) {
            (Some(post), _) => self.post(post).path(),
            // The list says all that such a page does.
            (None, None) if self.pages.is_list(index) => return None,
            (None, None) => OUR_PAGE,
            (None, Some(other)) if other != index => &self.pages()[other].path,
            (None, Some(_)) if self.has_generated_list(&path) => OUR_LIST,
            (None, Some(_)) => return None,
        };
        let (code, kind) = match page.body {
            // The page has a problem of its own.
            PageBody::ReplacedBy(_) => return None,
            PageBody::File => (Code::FileSkipped, "file"),
            PageBody::Html(_) | PageBody::Text(_) | PageBody::RedirectTo(_) => (Code::PageSkipped, "page"),
        };
        let url = &page.url;
        let message = match owner {
            OUR_PAGE | OUR_LIST => {
                format!("`{url}` is the URL of {owner}, which is served instead of the {kind}")
            }
            _ => format!("`{url}` is the URL of `{owner}`; the {kind} is not served"),
        };
        Some(Defect::warning(code, message).in_file(&page.path))
    }
}
