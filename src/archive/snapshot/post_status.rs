//! Computes whether a post is served, and if not, why. The result is never stored, so it cannot become stale.

use crate::archive::address::decoded;
use crate::archive::jekyll::permalink::FileName;
use crate::archive::post::{Post, PostId, Visibility};
use crate::archive::snapshot::{Snapshot, fuzzy_path};

/// Whether a post is served, or the reason why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PostStatus {
    /// The post is served at its URL.
    Served,
    /// The date of the post is in the future.
    Future,
    /// The operator withdrew the post.
    Withdrawn,
    /// The file name has no date, and another file with the same slug has one.
    Superseded(PostId),
    /// The URL belongs to a page of finews.
    Reserved,
    /// The URL belongs to a newer post.
    Duplicate(PostId),
}

impl PostStatus {
    /// Returns whether another post or a page of finews takes the place of the post.
    pub(super) fn is_unserved(self) -> bool {
        matches!(self, Self::Superseded(_) | Self::Reserved | Self::Duplicate(_))
    }
}

impl Snapshot {
    pub(super) fn is_served(&self, id: PostId) -> bool {
        self.status(id) == PostStatus::Served
    }

    pub(super) fn status(&self, id: PostId) -> PostStatus {
        self.status_with_owner(id, |post| self.owner(&decoded(post.url())))
    }

    /// Like `status`, for a post that shares its URL with no other post.
    pub(super) fn status_alone(&self, id: PostId) -> PostStatus {
        self.status_with_owner(id, |_| None)
    }

    fn status_with_owner(&self, id: PostId, owner: impl Fn(&Post) -> Option<PostId>) -> PostStatus {
        let post = self.post(id);
        if let Some(twin) = self.dated_twin(post) {
            PostStatus::Superseded(twin)
        } else if post.visibility == Visibility::Withdrawn {
            PostStatus::Withdrawn
        } else if self.is_future(post) {
            PostStatus::Future
        } else if post.reserved {
            PostStatus::Reserved
        } else {
            match owner(post) {
                Some(owner) if owner != id => PostStatus::Duplicate(owner),
                _ => PostStatus::Served,
            }
        }
    }

    /// The post that is served at a decoded path. The newest one wins if several have that URL.
    pub(super) fn owner(&self, path: &str) -> Option<PostId> {
        let is_candidate = |id: &PostId| {
            let post = self.post(*id);
            post.visibility != Visibility::Withdrawn && !self.is_future(post) && !post.reserved
        };
        let candidates =
            self.at_url(path).filter(is_candidate).filter(|id| self.dated_twin(self.post(*id)).is_none());
        self.newest(candidates)
    }

    /// True if the decoded path belongs to a withdrawn post.
    pub(super) fn is_gone(&self, path: &str) -> bool {
        self.at_url(path).any(|id| self.status(id) == PostStatus::Withdrawn)
    }

    /// The post that a decoded former path redirects to. The newest one wins if several have that path.
    pub(super) fn moved(&self, path: &str) -> Option<PostId> {
        if (self.reserved_paths.always)(path) {
            return None;
        }
        let was_here = |id: &PostId| self.post(*id).former().iter().any(|former| **former == *path);
        let posts = self.former.find(path).filter(was_here).filter(|id| self.is_served(*id));
        self.newest(posts)
    }

    /// The newest post by date and path, which lists show first.
    fn newest(&self, posts: impl Iterator<Item = PostId>) -> Option<PostId> {
        posts.max_by(|a, b| self.post(*a).order().cmp(&self.post(*b).order()))
    }

    /// True if a decoded path is the URL of a post, even of one that is not served yet.
    pub fn is_taken(&self, path: &str) -> bool {
        self.at_url(path).next().is_some()
    }

    /// Every post with a decoded URL path, served or not.
    pub(super) fn at_url<'s>(&'s self, path: &'s str) -> impl Iterator<Item = PostId> + 's {
        self.urls.find(path).filter(move |id| decoded(self.post(*id).url()) == path)
    }

    /// The post of the file at `path`.
    pub fn at_file(&self, path: &str) -> Option<PostId> {
        self.files.find(path).find(|id| self.post(*id).path() == path)
    }

    /// True if lists show the post.
    pub fn is_listed(&self, id: PostId) -> bool {
        self.posts.find(id).is_some_and(|post| post.visibility == Visibility::Listed) && self.is_served(id)
    }

    /// The post whose file path has this hash; see [`Post::key`].
    pub fn by_key(&self, key: u64) -> Option<PostId> {
        self.files.find_hash(key).find(|id| self.post(*id).key() == key)
    }

    pub(super) fn is_future(&self, post: &Post) -> bool {
        !self.shows_future && post.date > self.moment
    }

    /// For a file `-ID.md`, the post of the file `YYYY-MM-DD-ID.md`, which replaces it.
    pub(super) fn dated_twin(&self, post: &Post) -> Option<PostId> {
        // Nearly all file names have a date, so this check returns early for them.
        if !base_name(post.path()).starts_with('-') {
            return None;
        }
        let slug = post.file_name()?.slug;
        let dated = self.by_slug(&slug).filter(|id| is_dated(self.post(*id)));
        // Any dated file would do. The newest makes the choice deterministic.
        self.newest(dated)
    }

    /// Every post whose file name has this slug, served or not.
    pub(super) fn by_slug<'s>(&'s self, slug: &'s str) -> impl Iterator<Item = PostId> + 's {
        let has_slug = move |id: &PostId| self.post(*id).file_name().is_some_and(|name| name.slug == slug);
        self.fuzzy_paths.find(&fuzzy_path::key(slug)).collect::<Vec<_>>().into_iter().filter(has_slug)
    }

    /// The URL of the post or page that a `{% post_url %}` or `{% link %}` tag names.
    pub fn named(&self, name: &str) -> Option<String> {
        let name = name.trim_start_matches('/');
        let last = base_name(name);
        // `link` includes the extension, `post_url` does not.
        let slugs = [last, &format!("{last}.md")].map(FileName::from_path).into_iter().flatten();
        let posts = slugs.flat_map(|file| self.by_slug(&file.slug).collect::<Vec<_>>());
        let posts = posts.filter(|id| {
            let post = self.post(*id);
            post.visibility != Visibility::Withdrawn
                && self.dated_twin(post).is_none()
                && is_called(post.path(), name)
        });
        let post = self.newest(posts);
        let page = || self.pages.at_file(name).map(|page| page.url.to_string());
        post.map(|id| self.post(id).url().to_owned()).or_else(page)
    }
}

/// True if `post_url` or `link` can refer to a file by this name.
fn is_called(path: &str, name: &str) -> bool {
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    let below = stem.split_once("_posts/").map_or(stem, |(_, below)| below);
    // The name includes the folders above `_posts`, but not `_posts` itself.
    [path, below, base_name(stem)].contains(&name) || stem.replacen("_posts/", "", 1) == name
}

fn is_dated(post: &Post) -> bool {
    post.file_name().is_some_and(|name| name.date.is_some())
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
