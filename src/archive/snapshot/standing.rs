//! Where a post stands: whether it is served, or what keeps it from that. Nothing of it is stored,
//! so nothing of it can be out of date.

use super::{Post, PostId, Problem, Snapshot, stray};
use crate::archive::address::decoded;
use crate::archive::permalink::{self, FileName};
use crate::archive::post::Visibility;
use crate::archive::problem::{Code, Defect};

/// Where a post stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is shown at its URL.
    Served,
    /// Its time is yet to come.
    Future,
    /// Its owner withdrew it.
    Withdrawn,
    /// It has no date in its name, and another file of the same slug has.
    Superseded(PostId),
    /// Its URL is that of a page of finews.
    Reserved,
    /// Its URL is that of a post that is listed before it.
    Duplicate(PostId),
}

impl Snapshot {
    /// Whether a post is shown at its URL.
    pub(super) fn is_served(&self, id: PostId) -> bool {
        self.standing(id) == Standing::Served
    }

    pub(super) fn standing(&self, id: PostId) -> Standing {
        self.standing_of(id, |post| self.owner(&decoded(post.url())))
    }

    /// Where a post stands that has its URL for itself.
    pub(super) fn standing_alone(&self, id: PostId) -> Standing {
        self.standing_of(id, |_| None)
    }

    fn standing_of(&self, id: PostId, owner: impl Fn(&Post) -> Option<PostId>) -> Standing {
        let post = self.post(id);
        if let Some(twin) = self.dated_twin(post) {
            Standing::Superseded(twin)
        } else if post.visibility == Visibility::Withdrawn {
            Standing::Withdrawn
        } else if self.is_future(post) {
            Standing::Future
        } else if post.reserved {
            Standing::Reserved
        } else {
            match owner(post) {
                Some(owner) if owner != id => Standing::Duplicate(owner),
                _ => Standing::Served,
            }
        }
    }

    /// The post at a decoded path: of several the one that is listed first.
    pub(super) fn owner(&self, path: &str) -> Option<PostId> {
        let claims = |id: &PostId| {
            let post = self.post(*id);
            post.visibility != Visibility::Withdrawn && !self.is_future(post) && !post.reserved
        };
        let claimants =
            self.at_url(path).filter(claims).filter(|id| self.dated_twin(self.post(*id)).is_none());
        self.newest(claimants)
    }

    /// Whether a withdrawn post has a decoded path.
    pub(super) fn is_gone(&self, path: &str) -> bool {
        self.at_url(path).any(|id| self.standing(id) == Standing::Withdrawn)
    }

    /// The post that a former path, decoded, leads to: of several the newest.
    pub(super) fn moved(&self, path: &str) -> Option<PostId> {
        if (self.rules.claims.always)(path) {
            return None;
        }
        let was_here = |id: &PostId| self.post(*id).former().iter().any(|former| **former == *path);
        let posts = self.former.find(path).filter(was_here).filter(|id| self.is_served(*id));
        self.newest(posts)
    }

    /// Of some posts the one that is listed first.
    fn newest(&self, posts: impl Iterator<Item = PostId>) -> Option<PostId> {
        posts.max_by(|a, b| self.post(*a).order().cmp(&self.post(*b).order()))
    }

    /// Whether a decoded path is the URL of a post, which may not be served yet.
    pub fn is_taken(&self, path: &str) -> bool {
        self.at_url(path).next().is_some()
    }

    /// Every post of a decoded URL path, served or not.
    pub(super) fn at_url<'s>(&'s self, path: &'s str) -> impl Iterator<Item = PostId> + 's {
        self.urls.find(path).filter(move |id| decoded(self.post(*id).url()) == path)
    }

    /// The post of a file.
    pub fn at_file(&self, path: &str) -> Option<PostId> {
        self.files.find(path).find(|id| self.post(*id).path() == path)
    }

    /// Whether lists show a post.
    pub fn is_listed(&self, id: PostId) -> bool {
        self.posts.find(id).is_some_and(|post| post.visibility == Visibility::Listed) && self.is_served(id)
    }

    /// The post of a file whose path has a hash, as [`Post::key`] gives it.
    pub fn of_key(&self, key: u64) -> Option<PostId> {
        self.files.find_hash(key).find(|id| self.post(*id).key() == key)
    }

    /// Whether a post's time is yet to come.
    pub(super) fn is_future(&self, post: &Post) -> bool {
        !self.rules.shows_future && post.date > self.moment
    }

    /// Of `-ID.md` the file `YYYY-MM-DD-ID.md`, which counts instead.
    pub(super) fn dated_twin(&self, post: &Post) -> Option<PostId> {
        // All but a few have a date, and then there is no more to ask.
        if !base_name(post.path()).starts_with('-') {
            return None;
        }
        let slug = file_name(post.path())?.slug;
        let dated = self.of_slug(&slug).filter(|id| is_dated(self.post(*id)));
        // Any would do; of several it is always the same.
        self.newest(dated)
    }

    /// Every post whose file has a slug.
    pub(super) fn of_slug<'s>(&'s self, slug: &'s str) -> impl Iterator<Item = PostId> + 's {
        let has_slug =
            move |id: &PostId| file_name(self.post(*id).path()).is_some_and(|name| name.slug == slug);
        self.strays.find(&stray::key(slug)).collect::<Vec<_>>().into_iter().filter(has_slug)
    }

    /// The URL of the post or page that `{% post_url %}` or `{% link %}` names.
    pub fn named(&self, name: &str) -> Option<String> {
        let name = name.trim_start_matches('/');
        let last = base_name(name);
        // With an extension, as `link` has it, or without, as `post_url` does.
        let slugs = [file_name(last), file_name(&format!("{last}.md"))].into_iter().flatten();
        let posts = slugs.flat_map(|file| self.of_slug(&file.slug).collect::<Vec<_>>());
        let posts = posts.filter(|id| {
            let post = self.post(*id);
            post.visibility != Visibility::Withdrawn
                && self.dated_twin(post).is_none()
                && is_called(post.path(), name)
        });
        let post = self.newest(posts);
        let page = || self.pages().iter().find(|page| *page.path == *name).map(|page| page.url.to_string());
        post.map(|id| self.post(id).url().to_owned()).or_else(page)
    }

    /// What is wrong with the site's files, by path and line.
    pub fn problems(&self) -> Vec<Problem> {
        let superseded = |path: &str| {
            let post = self.at_file(path).map(|id| self.post(id));
            // What else is wrong with the file no longer matters.
            post.is_some_and(|post| self.dated_twin(post).is_some())
        };
        let of_files =
            self.problems.iter().filter(|(path, _)| !superseded(path)).flat_map(|(_, found)| found);
        let mut problems: Vec<Problem> = of_files.cloned().collect();
        problems.extend(self.lost.iter().filter_map(|id| self.loss(*id)));
        problems.extend(self.list_like.iter().filter_map(|id| self.shadowed(*id)));
        problems.extend(self.pages.problems(self));
        problems.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
        problems
    }

    fn loss(&self, id: PostId) -> Option<Problem> {
        let post = self.post(id);
        let (url, path) = (post.url(), |id| self.post(id).path());
        let defect = match self.standing(id) {
            Standing::Reserved => {
                let message = format!("`{url}` belongs to a page of finews; the post is not served");
                Defect::error(Code::PathReserved, message)
            }
            Standing::Duplicate(owner) => {
                let message =
                    format!("`{url}` is already the URL of `{}`; the post is not served", path(owner));
                Defect::error(Code::UrlDuplicate, message)
            }
            Standing::Superseded(twin) => {
                let message = format!(
                    "`{}` is the same post with a date in its name, which counts instead",
                    path(twin)
                );
                Defect::warning(Code::TwinSuperseded, message)
            }
            Standing::Served | Standing::Future | Standing::Withdrawn => return None,
        };
        Some(defect.of(post.path()))
    }

    /// A post at the address of a list that the archive itself gives rise to.
    fn shadowed(&self, id: PostId) -> Option<Problem> {
        let post = self.post(id);
        if !self.is_served(id) || !(self.rules.claims.in_archive)(self, &decoded(post.url())) {
            return None;
        }
        let message = format!("`{}` belongs to a list of finews, which readers get instead", post.url());
        Some(Defect::error(Code::PathReserved, message).of(post.path()))
    }
}

/// Whether a file is known to `post_url` and `link` by a name.
fn is_called(path: &str, name: &str) -> bool {
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    let below = stem.split_once("_posts/").map_or(stem, |(_, below)| below);
    // A folder above `_posts` belongs to the name, `_posts` does not.
    [path, below, base_name(stem)].contains(&name) || stem.replacen("_posts/", "", 1) == name
}

pub(super) fn file_name(path: &str) -> Option<FileName> {
    permalink::file_name(base_name(path))
}

fn is_dated(post: &Post) -> bool {
    file_name(post.path()).is_some_and(|name| name.date.is_some())
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
