//! Computes whether a post is served, and if not, why. The result is never stored, so it cannot become stale.

use crate::archive::address::decoded;
use crate::archive::jekyll::files::base_name;
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
    /// Another file has the same post: a file with a date in its name, or the original of this copy.
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
        if let Some(other) = self.superseded_by(post) {
            PostStatus::Superseded(other)
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
            self.at_url(path).filter(is_candidate).filter(|id| self.superseded_by(self.post(*id)).is_none());
        self.newest(candidates)
    }

    /// The served post that a path leads to although it is not its URL: the post that supersedes the one at the
    /// path, or the post of a file that Jekyll published there as a page.
    pub(super) fn successor(&self, path: &str) -> Option<PostId> {
        let superseded = self.at_url(path).find_map(|id| self.superseded_by(self.post(id)));
        let found = superseded.or_else(|| {
            let file = self.file_of_page(path)?;
            self.superseded_by(self.post(file)).or(Some(file))
        });
        found.filter(|id| self.is_served(*id))
    }

    /// The post of a file outside `_posts` that Jekyll published as a page at a decoded path.
    fn file_of_page(&self, path: &str) -> Option<PostId> {
        let path = path.strip_prefix('/').filter(|path| self.post_folders.is_of_page(path))?;
        let stem = path.strip_suffix("/index.html").unwrap_or(path).trim_end_matches('/');
        let stem = stem.strip_suffix(".html").unwrap_or(stem);
        let slug = FileName::from_path(&format!("{stem}.html"))?.slug;
        let is_page = |id: &PostId| {
            let file = self.post(*id).path();
            file == path || file.rsplit_once('.').is_some_and(|(file, _)| file == stem)
        };
        // The name may have an extension of its own, such as `.txt`.
        self.at_file(path).or_else(|| self.by_slug(&slug).find(is_page))
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
        self.led_story(id).is_some()
    }

    /// The post whose file path has this hash; see [`Post::key`].
    pub fn by_key(&self, key: u64) -> Option<PostId> {
        self.files.find_hash(key).find(|id| self.post(*id).key() == key)
    }

    pub(super) fn is_future(&self, post: &Post) -> bool {
        !self.shows_future && post.date > self.moment
    }

    /// The post of another file that is served instead of this post.
    pub(super) fn superseded_by(&self, post: &Post) -> Option<PostId> {
        self.dated_twin(post).or_else(|| self.original(post))
    }

    /// For a copy in a folder of old posts, the post of the original, which has the same name in another folder. A
    /// file is in both folders while it moves.
    fn original(&self, post: &Post) -> Option<PostId> {
        let originals = self.post_folders.originals(post.path());
        originals.filter_map(|path| self.at_file(&path)).find(|id| is_same_post(self.post(*id), post))
    }

    /// For a file `-ID.md`, the post of the file `YYYY-MM-DD-ID.md`, which replaces it.
    fn dated_twin(&self, post: &Post) -> Option<PostId> {
        // Nearly all file names have a date, so this check returns early for them.
        if !base_name(post.path()).starts_with('-') {
            return None;
        }
        let slug = post.file_name()?.slug;
        let is_twin = |id: &PostId| is_dated(self.post(*id)) && self.original(self.post(*id)).is_none();
        let dated = self.by_slug(&slug).filter(is_twin);
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
                && self.superseded_by(post).is_none()
                && (is_called(post.path(), name)
                    || is_called(&self.post_folders.usual_path(post.path()), name))
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

/// True if two files with the same name have the same post. A correction may change its title or its URL.
pub(super) fn is_same_post(one: &Post, other: &Post) -> bool {
    one.url() == other.url() || one.title() == other.title()
}

/// True if a post makes `posts/` a folder of posts.
pub(super) fn is_dated_in_posts(post: &Post) -> bool {
    post.path().starts_with("posts/") && is_dated(post)
}

fn is_dated(post: &Post) -> bool {
    post.file_name().is_some_and(|name| name.date.is_some())
}
