//! The files of a site that belong into its bucket: all but those of other programs, temporary files and secrets.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use crate::archive::file_version::FileVersion;
use crate::archive::jekyll::files::{
    base_name, enter, is_absent, is_link, is_private_name, relative, unreadable,
};
use crate::archive::problem::{Code, Defect, Problem};
use crate::config::Config;

/// Names of files and folders of other programs, and of the folder that commits reserve.
const FOREIGN: [&str; 8] =
    [".finews", ".git", ".hg", ".jekyll-cache", ".jekyll-metadata", ".sass-cache", ".svn", "node_modules"];

/// The files at and below some paths of a site.
#[derive(Debug, Default)]
pub(super) struct SiteScan {
    /// The files by their paths relative to the site.
    pub(super) files: BTreeMap<String, FoundFile>,
    /// Paths at and below which the scan could not see all files.
    pub(super) unseen: Vec<String>,
    pub(super) problems: Vec<Problem>,
    /// The number of temporary files and secrets.
    pub(super) omitted: usize,
    /// Links, each with its target inside the site.
    pub(super) links: Vec<(PathBuf, PathBuf)>,
}

#[derive(Debug)]
pub(super) struct FoundFile {
    pub(super) place: PathBuf,
    /// The times and the size.
    pub(super) version: FileVersion,
}

impl SiteScan {
    /// Returns whether files of the site take the place of a path: at a folder above it, or below it.
    pub(super) fn replaces(&self, path: &str) -> bool {
        let below = format!("{path}/");
        path.match_indices('/').any(|(end, _)| self.files.contains_key(&path[..end]))
            || self.files.range(below.clone()..).next().is_some_and(|(next, _)| next.starts_with(&below))
    }

    fn leave_out(&mut self, path: &str, defect: Defect) {
        self.problems.push(defect.in_file(path));
        self.unseen.push(path.to_owned());
    }
}

/// The walk through a site.
pub(super) struct SiteScanner<'a> {
    site: &'a Path,
    real_site: PathBuf,
    /// Places that other programs or finews use.
    foreign: Vec<PathBuf>,
}

impl<'a> SiteScanner<'a> {
    /// Creates the scanner of a site whose bucket may be a folder.
    pub(super) fn new(site: &'a Path, config: &Config, bucket: Option<&Path>) -> Self {
        let destination = &config.source.destination;
        let places = [
            site.join("vendor/bundle"),
            site.join(destination),
            config.root.join(destination),
            bucket.unwrap_or(Path::new("/")).to_owned(),
        ];
        let places = places.iter().chain(&config.private_paths);
        let mut foreign: Vec<PathBuf> =
            places.flat_map(|place| [Some(place.clone()), place.canonicalize().ok()]).flatten().collect();
        let real_site = site.canonicalize().unwrap_or_else(|_| site.to_owned());
        // A place around the site would hide all of it.
        foreign.retain(|place| ![site, &real_site, &config.root].iter().any(|site| site.starts_with(place)));
        Self { site, real_site, foreign }
    }

    /// Scans the whole site.
    pub(super) fn all(&self) -> SiteScan {
        let mut scan = SiteScan::default();
        self.add(self.site, &mut scan);
        scan
    }

    /// Adds the files at and below a place of the site, which may not exist.
    pub(super) fn add(&self, start: &Path, scan: &mut SiteScan) {
        let mut entries = WalkDir::new(start).follow_links(true).into_iter();
        while let Some(entry) = entries.next() {
            match entry {
                Ok(entry) if entry.file_type().is_dir() => {
                    if !self.visit(&entry, scan) {
                        entries.skip_current_dir();
                    }
                }
                Ok(entry) => {
                    self.visit(&entry, scan);
                }
                Err(error) => self.record_error(&error, scan),
            }
        }
    }

    /// Adds an entry. Returns whether the walk enters it, if it is a folder.
    fn visit(&self, entry: &DirEntry, scan: &mut SiteScan) -> bool {
        let (place, is_dir) = (entry.path(), entry.file_type().is_dir());
        let path = relative(self.site, place);
        if self.is_foreign(&path, place) {
            return false;
        }
        if !is_dir && is_private_name(base_name(&path)) {
            scan.omitted += 1;
            return false;
        }
        if place != self.site {
            if place.strip_prefix(self.site).is_ok_and(|below| below.to_str().is_none()) {
                let message = "the path is not UTF-8, so it is not pushed; rename the file or folder";
                scan.leave_out(&path, Defect::error(Code::FileSkipped, message));
                return false;
            }
            if entry.path_is_symlink() && !self.follows(place, &path, is_dir, scan) {
                return false;
            }
        }
        if is_dir {
            let entered = enter(place);
            if let Err(error) = &entered {
                scan.leave_out(&path, Defect::error(Code::Unreadable, error.to_string()));
            }
            return entered.is_ok();
        }
        // Pipes, sockets and devices are not site files.
        if entry.file_type().is_file() {
            match FileVersion::from_path(place) {
                Ok(version) => {
                    scan.files.insert(path, FoundFile { place: place.to_owned(), version });
                }
                Err(error) if is_absent(&error) => {}
                Err(error) => scan.leave_out(&path, Defect::error(Code::Unreadable, error.to_string())),
            }
        }
        false
    }

    /// Returns whether a link leads to a file or folder of the site that belongs into the bucket.
    fn follows(&self, place: &Path, path: &str, is_dir: bool, scan: &mut SiteScan) -> bool {
        let Ok(target) = place.canonicalize() else { return false };
        if !target.starts_with(&self.real_site) {
            let message =
                "the symbolic link leads out of the site, so it is not pushed; copy its target into the site";
            scan.leave_out(path, Defect::error(Code::FileSkipped, message));
            return false;
        }
        let below = relative(&self.real_site, &target);
        if self.is_foreign(&below, &target) || !is_dir && is_private_name(base_name(&below)) {
            scan.omitted += 1;
            return false;
        }
        scan.links.push((place.to_owned(), target));
        true
    }

    fn is_foreign(&self, path: &str, place: &Path) -> bool {
        path.split('/').any(|part| FOREIGN.contains(&part))
            || self.foreign.iter().any(|foreign| place.starts_with(foreign))
    }

    fn record_error(&self, error: &walkdir::Error, scan: &mut SiteScan) {
        let place = error.path().unwrap_or(self.site);
        let path = relative(self.site, place);
        let is_gone = error.io_error().is_some_and(is_absent) && !is_link(place);
        if !is_gone && !self.is_foreign(&path, place) && !is_private_name(base_name(&path)) {
            scan.problems.push(unreadable(self.site, error));
            scan.unseen.push(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::config::Overrides;

    #[test]
    fn scan_finds_the_files_that_belong_into_the_bucket() {
        let folder = tempfile::tempdir().expect("a folder");
        let site = folder.path().join("site");
        let pushed = [
            ".well-known/a.txt",
            "_config.yml",
            "_drafts/d.md",
            "_posts/2024-01-02-a.md",
            "_site.md",
            "a.pub",
            "a/b/c.css",
            "vendor/other.js",
        ];
        let others = [
            ".git/config",
            "a/.git",
            "a/node_modules/b.js",
            "_out/index.html",
            "vendor/bundle/x.rb",
            ".jekyll-metadata",
            "cache/archive",
            "a.md.swp",
            "id_rsa",
            "a/server.pem",
            ".env",
            "data.sqlite3",
            ".finews/commit.json",
            "bucket/finews.json",
        ];
        for path in pushed.iter().chain(&others) {
            let place = site.join(path);
            fs::create_dir_all(place.parent().expect("a parent")).expect("a folder");
            fs::write(place, if *path == "_config.yml" { "destination: _out\n" } else { "x" })
                .expect("a file");
        }
        fs::write(folder.path().join("outside.txt"), "x").expect("a file");
        let link = |target: &str, path: &str| symlink(target, site.join(path)).expect("a link");
        link("a/b", "linked");
        link("id_rsa", "key.txt");
        link("../outside.txt", "out.txt");
        link("nowhere", "nothing.txt");
        link("..", "a/up");
        let overrides = Overrides(vec![("cache-dir", site.join("cache").display().to_string())]);
        let config = Config::read(&site, &overrides, &|_| None).expect("a configuration");
        let scan = SiteScanner::new(&site, &config, Some(&site.join("bucket"))).all();
        let expected: BTreeMap<&str, ()> =
            pushed.into_iter().chain(["linked/c.css"]).map(|path| (path, ())).collect();
        let found: Vec<&str> = scan.files.keys().map(String::as_str).collect();
        assert_eq!(found, expected.into_keys().collect::<Vec<_>>());
        assert_eq!(scan.omitted, 6, "four names of secrets, a backup, and a link to a secret");
        let mut unseen = scan.unseen.clone();
        unseen.sort();
        assert_eq!(unseen, ["a/up", "nothing.txt", "out.txt"]);
        let mut lines: Vec<String> = scan.problems.iter().map(ToString::to_string).collect();
        lines.sort();
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(
            lines[2].starts_with("out.txt: error[file-skipped]: the symbolic link leads out of the site")
        );
        assert!(scan.replaces("a/b") && scan.replaces("a/b/c.css/d") && !scan.replaces("a/b/c.css"));
    }
}
