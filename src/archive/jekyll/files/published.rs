//! The files that are served unchanged: those that Jekyll would copy, except for some that it should not have
//! published. The archive reports the exceptions, and the web layer serves the others.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use walkdir::WalkDir;

use crate::archive::jekyll::files::entry::{
    base_name, below_posts, is_at_or_below, is_below, relative, without_compression,
};
use crate::archive::jekyll::files::fence::{begins_with_fence, has_front_matter, may_have_front_matter};
use crate::archive::jekyll::files::filter::{EntryFilter, is_special};
use crate::archive::jekyll::files::temporary::is_temporary;
use crate::archive::jekyll::front_matter;
use crate::archive::jekyll::permalink::FileName;
use crate::archive::problem::{Code, Defect};
use crate::config::Config;

/// The folders and files that a site without a `_config.yml` serves.
const FOLDERS: [&str; 7] = ["assets", "images", "img", "static", "media", "uploads", WELL_KNOWN];
const FILES: [&str; 4] = [ICON, "robots.txt", "ads.txt", "humans.txt"];
/// The icon that browsers request without a link.
const ICON: &str = "favicon.ico";
/// The folder of RFC 8615, which is public although its name begins with a dot.
const WELL_KNOWN: &str = ".well-known";

/// Reasons why a file is not served that Jekyll would publish.
const TEMPORARY: &str = "its name is that of a temporary or backup file";
const SECRET: &str = "files of its type may hold secrets";
const SERVER: &str = "it configures a web server";
const CONFIGURATION: &str = "it configures the site";
const DRAFT: &str = "drafts are not for readers";
const PRIVATE: &str = "finews keeps it for itself";
const IN_POSTS: &str = "it is in a folder of posts; `finews.static` can name it";
const WITHOUT_CONFIG: &str = "the site has no `_config.yml`, so only the usual folders of files are served";
/// The reason for a file that only a symbolic link reaches.
pub(crate) const LINKED_OUT: &str =
    "a symbolic link leads out of the site, or to a file that is never served";

/// Whether a file is served unchanged at its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileStatus {
    /// The file is served, unless it has front matter.
    Served,
    /// Jekyll would publish the file, but finews does not serve it, for this reason.
    Withheld(&'static str),
    /// Jekyll would not publish the file either.
    Ignored,
}

/// The rule for the files of a site.
pub struct PublishedFiles {
    filter: EntryFilter,
    /// The site's folder.
    root: PathBuf,
    has_config_file: bool,
    /// The files and folders of `finews.static`.
    named: Vec<String>,
    /// The configured folders of posts.
    posts: Vec<String>,
    /// The archives of posts, if the configuration names no folders.
    archives: Vec<String>,
    /// Files and folders inside the site that finews keeps for itself.
    private: Vec<String>,
    /// Whether `posts/` holds dated files, once it matters.
    has_dated_posts: OnceLock<bool>,
}

impl PublishedFiles {
    /// Creates the rule of a site.
    pub fn new(config: &Config) -> Self {
        let roots = [Some(config.root.clone()), config.root.canonicalize().ok()];
        let private =
            config.private_paths.iter().flat_map(|path| [Some(path.clone()), path.canonicalize().ok()]);
        let inside = |path: PathBuf| {
            roots.iter().flatten().find(|root| path.starts_with(root)).map(|root| relative(root, &path))
        };
        Self {
            filter: EntryFilter::new(config),
            root: config.root.clone(),
            has_config_file: config.source.has_config_file,
            named: config.site.static_files.iter().filter(|path| !path.is_empty()).cloned().collect(),
            posts: config.source.posts.iter().filter(|path| !path.is_empty()).cloned().collect(),
            archives: config.archives.clone(),
            private: private.flatten().filter_map(inside).filter(|path| !path.is_empty()).collect(),
            has_dated_posts: OnceLock::new(),
        }
    }

    /// The rule of a site whose folder `posts/` holds dated files.
    #[must_use]
    pub fn with_dated_posts(self) -> Self {
        Self { has_dated_posts: OnceLock::from(true), ..self }
    }

    /// Returns whether a file without front matter is served, by its path relative to the site. The file need not
    /// exist.
    pub fn status(&self, path: &str) -> FileStatus {
        let is_named = self.is_named(path);
        if !is_named && !self.is_published(path) {
            return FileStatus::Ignored;
        }
        let reason = self.forbidden(path).or_else(|| if is_named { None } else { self.unserved_place(path) });
        reason.map_or(FileStatus::Served, FileStatus::Withheld)
    }

    /// Returns whether [`Self::status`] reads the disk for this path.
    pub fn status_needs_disk(&self, path: &str) -> bool {
        self.may_be_in_posts(path) && self.has_dated_posts.get().is_none()
    }

    /// Returns the reason why files at this place are not served unless `finews.static` names them.
    fn unserved_place(&self, path: &str) -> Option<&'static str> {
        if self.is_in_posts(path) {
            Some(IN_POSTS)
        } else if !self.has_config_file && !is_usual(path) {
            Some(WITHOUT_CONFIG)
        } else {
            None
        }
    }

    /// Returns the reason why neither a file nor a page made of it is ever served.
    pub(crate) fn forbidden(&self, path: &str) -> Option<&'static str> {
        let name = base_name(path);
        if is_temporary(name) {
            Some(TEMPORARY)
        } else if is_secret(name) {
            Some(SECRET)
        } else if name.starts_with(".ht") {
            Some(SERVER)
        } else if path.starts_with("_config.") {
            Some(CONFIGURATION)
        } else if path.split('/').any(|part| part == "_drafts") {
            Some(DRAFT)
        } else if self.private.iter().any(|private| is_at_or_below(path, private)) {
            Some(PRIVATE)
        } else {
            None
        }
    }

    /// Returns whether Jekyll would publish a file outside its folders of posts and collections, as it is or as a
    /// page.
    pub(crate) fn is_published(&self, path: &str) -> bool {
        if below_posts(path).is_some() {
            return false;
        }
        let well_known = path.strip_prefix(WELL_KNOWN).and_then(|rest| rest.strip_prefix('/'));
        let is_well_known = well_known.is_some_and(|rest| !rest.split('/').any(is_special));
        (is_well_known && !self.filter.excludes(path))
            || self.filter.keeps_path(path)
            || self.filter.names(path)
    }

    /// Returns the file to send for a path of the site that is served. `None` if there is no such file without
    /// front matter, or if a symbolic link leads to a file that must not be served.
    ///
    /// # Errors
    /// If the file cannot be found, or its folders cannot be read.
    pub fn file(&self, path: &str) -> io::Result<Option<PathBuf>> {
        let Some(file) = self.resolved(path)?.filter(|file| file.is_file()) else { return Ok(None) };
        // Files that the operator names are served unchanged whatever they hold.
        let is_page = !self.is_named(path) && may_have_front_matter(path) && is_page(&file);
        Ok((!is_page).then_some(file))
    }

    /// Resolves the symbolic links in a path. Returns `None` if they lead out of the site, or to a file that is
    /// never served.
    ///
    /// # Errors
    /// If there is no such file.
    pub(crate) fn resolved(&self, path: &str) -> io::Result<Option<PathBuf>> {
        let file = self.root.join(path).canonicalize()?;
        let root = self.root.canonicalize()?;
        if !file.starts_with(&root) {
            return Ok(None);
        }
        let target = relative(&root, &file);
        // Kubernetes publishes the files of a ConfigMap through names such as `..data`.
        let is_hidden_part = |part: &str| match part.strip_prefix('.') {
            Some(rest) => !rest.starts_with('.') && part != WELL_KNOWN,
            None => part.starts_with('_') && !path.split('/').any(|own| own == part),
        };
        let is_hidden = || target.split('/').any(is_hidden_part);
        let is_open = || below_posts(&target).is_none() && self.forbidden(&target).is_none() && !is_hidden();
        Ok((target == path || is_open()).then_some(file))
    }

    /// Returns whether `finews.static` names the file or a folder above it.
    fn is_named(&self, path: &str) -> bool {
        self.named.iter().any(|named| {
            let below = path.strip_prefix(&**named);
            below.is_some_and(|below| match below.strip_prefix('/') {
                Some(rest) => !rest.split('/').any(is_special),
                None => below.is_empty(),
            })
        })
    }

    fn is_in_posts(&self, path: &str) -> bool {
        let mut folders = self.posts.iter().chain(&self.archives);
        folders.any(|folder| is_below(path, folder)) || self.may_be_in_posts(path) && self.has_dated_posts()
    }

    /// Returns whether a path is below `posts/`, whose files decide whether it is a folder of posts.
    fn may_be_in_posts(&self, path: &str) -> bool {
        self.posts.is_empty() && is_below(path, "posts")
    }

    /// Returns whether `posts/` is a folder of posts and not an ordinary folder of the site.
    fn has_dated_posts(&self) -> bool {
        let is_dated = |entry: walkdir::DirEntry| {
            let name = entry.file_name().to_str().and_then(FileName::from_path);
            entry.file_type().is_file() && name.is_some_and(|name| name.date.is_some())
        };
        *self.has_dated_posts.get_or_init(|| {
            let entries = WalkDir::new(self.root.join("posts")).follow_links(true).into_iter();
            entries.filter_map(Result::ok).any(is_dated)
        })
    }
}

/// Returns whether a site has an icon of its own.
pub fn has_icon(root: &Path) -> bool {
    root.join(ICON).is_file()
}

/// Creates the defect of a file that Jekyll would publish and finews does not.
pub(crate) fn withheld(reason: &str) -> Defect {
    let message = format!("Jekyll would publish the file, and finews does not serve it: {reason}");
    Defect::warning(Code::FileSkipped, message)
}

/// Returns whether a file has front matter, perhaps after white space.
fn is_page(file: &Path) -> bool {
    if !begins_with_fence(file).unwrap_or(false) {
        return false;
    }
    let is_late = || {
        let bytes = std::fs::read(file)?;
        let (text, _) = front_matter::decode(&bytes);
        io::Result::Ok(front_matter::split(&text).is_late)
    };
    has_front_matter(file).unwrap_or(false) || is_late().unwrap_or(false)
}

/// Returns whether a site without a `_config.yml` serves the file.
fn is_usual(path: &str) -> bool {
    FILES.contains(&path) || FOLDERS.iter().any(|folder| is_below(path, folder))
}

/// Returns whether a file stays on its machine, by its name: a temporary or backup file, or one that may hold secrets.
pub(crate) fn is_private_name(name: &str) -> bool {
    is_temporary(name) || is_secret(name)
}

/// Returns whether files with such a name usually hold keys, passwords or data, also compressed: `*.pem`, `*.db`,
/// `*.sql.gz`, `id_ed25519`.
fn is_secret(name: &str) -> bool {
    const EXTENSIONS: [&str; 11] =
        ["db", "db3", "env", "jks", "kdbx", "key", "p12", "pem", "pfx", "ppk", "sql"];
    let name = without_compression(name).unwrap_or(name);
    // A private key of SSH has no extension; the public one has.
    let Some((stem, extension)) = name.rsplit_once('.') else { return name.starts_with("id_") };
    let begins =
        |known: &str| extension.get(..known.len()).is_some_and(|start| start.eq_ignore_ascii_case(known));
    // Also the files beside an open database, such as `news.db-wal`, and copies such as `news.sqlite.2`.
    EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(extension))
        || begins("db-")
        || begins("sqlite")
        || has_sqlite(stem)
        || name.starts_with(".env.")
}

/// Returns whether a name has the extension of a database before another one.
fn has_sqlite(stem: &str) -> bool {
    stem.to_ascii_lowercase().contains(".sqlite")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Overrides;

    /// The rule of a site with these files and a configuration.
    fn rule(config: Option<&str>, files: &[&str]) -> (tempfile::TempDir, PublishedFiles) {
        let site = tempfile::tempdir().expect("a folder");
        for path in files {
            let path = site.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, "x").expect("a file");
        }
        if let Some(config) = config {
            std::fs::write(site.path().join("_config.yml"), config).expect("a file");
        }
        let config = Config::read(site.path(), &Overrides::default(), &|_| None).expect("valid");
        let rule = PublishedFiles::new(&config);
        (site, rule)
    }

    #[test]
    fn files_are_served_as_jekyll_copies_them() {
        use FileStatus::{Ignored, Served, Withheld};
        let config = "exclude: [private, '*.log']\ninclude: [_pages, .nojekyll, _x/keep.txt, .htaccess]\n\
                      finews:\n  static: [posts/images, secret.db]\n  posts: [posts]\n";
        let (_site, rule) = rule(Some(config), &[]);
        let table = [
            ("wp-content/uploads/2015/a.png", Served),
            ("keybase.txt", Served),
            ("CNAME", Served),
            (".well-known/acme/x", Served),
            ("_pages/a.pdf", Served),
            (".nojekyll", Served),
            ("_x/keep.txt", Served),
            ("posts/images/a.png", Served),
            ("_x/other.txt", Ignored),
            ("private/a.txt", Ignored),
            ("deep/error.log", Ignored),
            ("node_modules/a.js", Ignored),
            ("_site/a.html", Ignored),
            ("_data/a.yml", Ignored),
            (".git/config", Ignored),
            (".well-known/.git/config", Ignored),
            ("a/#b", Ignored),
            ("a/b~", Ignored),
            ("_posts/2024-01-01-a.md", Ignored),
            ("x/_posts/a.png", Ignored),
            ("_config.yml", Ignored),
            ("posts/a.png", Withheld(IN_POSTS)),
            ("secret.db", Withheld(SECRET)),
            ("tls/site.PEM", Withheld(SECRET)),
            ("tls/site.key", Withheld(SECRET)),
            ("data/news.sqlite3", Withheld(SECRET)),
            ("data/news.sqlite.gz", Withheld(SECRET)),
            ("data/news.db-wal", Withheld(SECRET)),
            ("data/news.db.zip", Withheld(SECRET)),
            ("data/news.db3", Withheld(SECRET)),
            ("data/dump.sql", Withheld(SECRET)),
            ("data/dump.SQL.gz", Withheld(SECRET)),
            ("keys/id_rsa", Withheld(SECRET)),
            ("keys/id_ed25519", Withheld(SECRET)),
            ("keys/id_ed25519.pub", Served),
            ("images/id_card.png", Served),
            ("tls/site.p12", Withheld(SECRET)),
            ("tls/site.pfx", Withheld(SECRET)),
            ("tls/store.jks", Withheld(SECRET)),
            ("tls/putty.ppk", Withheld(SECRET)),
            ("notes/all.kdbx", Withheld(SECRET)),
            ("deploy/production.env", Withheld(SECRET)),
            ("data/table.csv.gz", Served),
            ("page.md.bak", Withheld(TEMPORARY)),
            (".htaccess", Withheld(SERVER)),
        ];
        for (path, expected) in table {
            assert_eq!(rule.status(path), expected, "{path}");
        }
    }

    #[test]
    fn site_without_config_serves_the_usual_folders() {
        use FileStatus::{Ignored, Served, Withheld};
        let (_site, rule) = rule(None, &[]);
        let table = [
            ("images/a.png", Served),
            (".well-known/security.txt", Served),
            ("favicon.ico", Served),
            ("downloads/r.pdf", Withheld(WITHOUT_CONFIG)),
            ("images/.hidden", Ignored),
        ];
        for (path, expected) in table {
            assert_eq!(rule.status(path), expected, "{path}");
        }
    }

    #[test]
    fn posts_folder_counts_only_with_dated_files() {
        let (_site, rule_of_posts) = rule(Some(""), &["posts/2024/2024-01-01-a.md"]);
        assert_eq!(rule_of_posts.status("posts/a.png"), FileStatus::Withheld(IN_POSTS));
        let (_site, rule_of_pages) = rule(Some(""), &["posts/index.html"]);
        assert_eq!(rule_of_pages.status("posts/a.png"), FileStatus::Served);
    }

    #[test]
    fn links_to_files_that_are_never_served_are_refused() {
        let (site, rule) = rule(
            Some(""),
            &["a.txt", "deep/b.txt", "keys/site.pem", ".git/config", "_posts/2024-01-01-a.md"],
        );
        let outside = tempfile::NamedTempFile::new().expect("a file");
        let targets = [
            (Path::new("a.txt"), true),
            (Path::new("deep/b.txt"), true),
            (Path::new("keys/site.pem"), false),
            (Path::new(".git/config"), false),
            (Path::new("_posts/2024-01-01-a.md"), false),
            (Path::new("_config.yml"), false),
            (outside.path(), false),
        ];
        for (number, (target, expected)) in targets.into_iter().enumerate() {
            let link = format!("link{number}.txt");
            std::os::unix::fs::symlink(target, site.path().join(&link)).expect("a link");
            assert_eq!(rule.file(&link).expect("a file").is_some(), expected, "{}", target.display());
        }
    }
}
