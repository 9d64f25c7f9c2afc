//! Checks files against the archive and collects the changes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::{Edition, Editor};
use crate::archive::files::{SiteFile, is_absent, leads_nowhere};
use crate::archive::load::{self, Press, Problems, Sighting};
use crate::archive::names::Interner;
use crate::archive::post::Post;
use crate::archive::problem::{Code, Defect, Problem, Severity};
use crate::archive::read::{Links, Reader};
use crate::archive::snapshot::Change;
use crate::archive::stamp::{self, Stamp};

/// Delay before an unreadable file is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// The files and folders to check.
#[derive(Debug, Default)]
pub(super) struct Sight {
    /// Files of posts, which may have been removed.
    pub(super) posts: Vec<SiteFile>,
    /// True if the site's own pages must be checked.
    pub(super) pages: bool,
    /// The problems of unreadable folders.
    pub(super) problems: Vec<Problem>,
    /// Completely scanned folders: `problems` lists every unreadable folder below them.
    pub(super) cleared: Vec<String>,
    /// Read files even if time and size are unchanged.
    pub(super) anew: bool,
}

impl Sight {
    pub(super) fn files(posts: Vec<SiteFile>) -> Self {
        Self { posts, ..Self::default() }
    }
}

/// The result of checking a file.
enum Verdict {
    /// The file is unchanged.
    Same,
    /// The file was rewritten with the same bytes.
    Touched(Stamp),
    /// The file was removed.
    Gone,
    /// The file cannot be read.
    Failed(Defect),
    /// The file has new content.
    Read(Box<Sighting>),
}

impl Editor {
    /// The stamp of a file when it was last read. `None` if it is unknown or was unreadable.
    fn last_seen(&self, path: &str) -> Option<Stamp> {
        if let Some(stamp) = self.barren.get(path) {
            return *stamp;
        }
        let id = self.archive.at_file(path)?;
        Some(self.touched.get(&id).copied().unwrap_or(self.archive.post(id).stamp))
    }

    /// Checks files, and publishes a snapshot if anything changed.
    pub(super) fn look_at(&mut self, mut sight: Sight) -> Option<Edition> {
        sight.posts.sort_by(|a, b| a.path.cmp(&b.path));
        sight.posts.dedup();
        let config = Arc::clone(&self.config);
        // The configuration was validated when the archive was opened.
        let reader = Reader::new(&config).ok()?;
        let press = Press {
            reader,
            names: Interner::new(self.archive.names().clone()),
            packing: self.archive.packing(),
            claims: self.claims,
        };
        let archive = self.archive();
        let links = |name: &str| archive.named(name);
        let verdicts: Vec<Verdict> =
            sight.posts.par_iter().map(|file| self.verdict(&press, file, sight.anew, &links)).collect();
        let mut change = Change::default();
        let mut away = HashMap::new();
        for (file, verdict) in sight.posts.into_iter().zip(verdicts) {
            if matches!(verdict, Verdict::Gone) && self.archive.at_file(&file.path).is_some() {
                let root = self.root_of(&file.path);
                let is_away = *away.entry(root.clone()).or_insert_with(|| self.is_away(&root));
                if is_away {
                    self.note_vanished(root);
                    continue;
                }
            }
            self.judge(&mut change, file, verdict);
        }
        self.note_folders(&mut change, sight.problems, &sight.cleared);
        if sight.pages {
            self.look_at_pages(&mut change, &press.reader, &links);
        }
        let archive = self.archive();
        change.problems.retain(|(path, found)| archive.problems_of(path) != found.as_slice());
        let Press { reader, names, .. } = press;
        change.names = names.into_names();
        if change.is_empty() {
            return None;
        }
        let moves_urls = !change.gone.is_empty() || !change.posts.is_empty();
        let edition = self.publish(change);
        Some(if moves_urls { self.relink(reader, edition) } else { edition })
    }

    fn verdict(&self, press: &Press<'_>, file: &SiteFile, anew: bool, links: &Links<'_>) -> Verdict {
        let path = file.file(&self.config.root);
        let last = self.last_seen(&file.path);
        match (Stamp::at(&path), last) {
            (Err(error), _) if is_absent(&error) => return Verdict::Gone,
            // A folder above the file cannot be entered. The folder has a problem of its own.
            (Err(_), Some(_)) => return Verdict::Same,
            (Ok(stamp), Some(last)) if !anew && last.looks_like(&stamp) => return Verdict::Same,
            _ => {}
        }
        // The path is no longer a file. Reading a pipe could block forever.
        if std::fs::metadata(&path).is_ok_and(|meta| !meta.is_file()) {
            return Verdict::Gone;
        }
        match stamp::read(&path) {
            Err(defect) => Verdict::Failed(defect),
            Ok(content) => match last {
                Some(last) if !content.torn && last == content.stamp => Verdict::Same,
                Some(last) if !content.torn && last.same_bytes(&content.stamp) => {
                    Verdict::Touched(content.stamp)
                }
                _ => Verdict::Read(Box::new(press.make(file, &content, links))),
            },
        }
    }

    /// Records the result for a file.
    fn judge(&mut self, change: &mut Change, file: SiteFile, verdict: Verdict) {
        let known = self.archive.at_file(&file.path);
        let path = &file.path;
        match verdict {
            Verdict::Same => {}
            Verdict::Touched(stamp) => match (self.barren.get_mut(path), known) {
                (Some(barren), _) => *barren = Some(stamp),
                (None, Some(id)) => {
                    self.touched.insert(id, stamp);
                }
                (None, None) => {}
            },
            Verdict::Gone => {
                if let Some(id) = known {
                    self.touched.remove(&id);
                    change.gone.push(id);
                }
                self.barren.remove(path);
                self.unsettled.remove(path);
                let defect = leads_nowhere(&file.file(&self.config.root));
                change.problems.push(load::of_file(path, defect.into_iter().collect()));
            }
            Verdict::Failed(defect) => {
                self.barren.insert(path.clone(), None);
                if defect.code == Code::Unreadable {
                    // No event reports that a disk responds again or that file descriptors are free.
                    self.unsettled.insert(path.clone(), (file.clone(), Instant::now() + TRY_AGAIN));
                }
                change.problems.push(self.kept(path, vec![defect]));
            }
            Verdict::Read(sighting) => self.take(change, file, *sighting),
        }
    }

    /// Records the new content of a file.
    fn take(&mut self, change: &mut Change, file: SiteFile, sighting: Sighting) {
        let Sighting { post, mut defects, stamp, again } = sighting;
        let path = file.path.clone();
        let known = self.archive.at_file(&path);
        match (post, again) {
            (_, Some(wait)) => {
                defects.push(load::still_changing());
                self.barren.insert(path.clone(), None);
                self.unsettled.insert(path.clone(), (file, Instant::now() + wait));
                change.problems.push(self.kept(&path, defects));
            }
            (Some(post), None) => {
                self.barren.remove(&path);
                match known {
                    Some(id) if self.archive.post(id).hash == post.hash => {
                        self.touched.insert(id, stamp);
                    }
                    Some(id) => {
                        self.touched.remove(&id);
                        change.posts.push(post);
                    }
                    None => change.posts.push(post),
                }
                change.problems.push(load::of_file(&path, defects));
            }
            (None, None) => {
                self.barren.insert(path.clone(), Some(stamp));
                change.problems.push(self.kept(&path, defects));
            }
        }
    }

    /// The problems of a file without a valid post. They are only warnings if an earlier version of the
    /// post is still shown.
    fn kept(&self, path: &str, mut defects: Vec<Defect>) -> Problems {
        if self.archive.at_file(path).is_some() {
            for defect in &mut defects {
                defect.severity = Severity::Warning;
                defect.message.push_str("; the last good version is served");
            }
        }
        load::of_file(path, defects)
    }

    /// Rereads the posts that link to other posts, because the URLs of the linked posts may differ now.
    fn relink(&mut self, reader: Reader<'_>, edition: Edition) -> Edition {
        let before = self.archive();
        let linking: Vec<&Post> = before.linking().collect();
        if linking.is_empty() {
            return edition;
        }
        let press = Press {
            reader,
            names: Interner::new(before.names().clone()),
            packing: before.packing(),
            claims: self.claims,
        };
        let links = |name: &str| before.named(name);
        let relinked = linking.par_iter().filter_map(|post| {
            let sighting = press.read(&SiteFile::of_path(post.path()), &links);
            sighting.post.filter(|new| new.hash != post.hash && new.stamp.same_bytes(&post.stamp))
        });
        let posts: Vec<Post> = relinked.collect();
        if posts.is_empty() {
            return edition;
        }
        let names = press.names.into_names();
        let linked = self.publish(Change { names, posts, ..Change::default() });
        Edition { new: edition.new, ..linked }
    }
}
