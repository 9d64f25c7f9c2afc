//! Finds the file of a post that the archive lacks, by the day and the slug in its name. The search checks a limited
//! number of names and lists no folder, because every client can cause it.

use std::path::PathBuf;

use chrono::NaiveDate;

use crate::archive::jekyll::files::relative;
use crate::archive::updater::Updater;

/// The usual extensions of post files.
const EXTENSIONS: [&str; 4] = ["md", "markdown", "html", "htm"];
/// Number of newest posts whose folders are searched.
const NEWEST: usize = 32;
/// Maximum number of folders.
const MOST_FOLDERS: usize = 16;

impl Updater {
    /// Returns the existing files `<day>-<slug>.<extension>` that the archive has no post of. The search covers the main
    /// folders of posts and those of the newest posts. The slug must not contain a slash.
    pub fn unknown_files(&self, day: NaiveDate, slug: &str) -> Vec<PathBuf> {
        let (root, archive) = (&self.config.root, &self.archive);
        let main = self.folder_states.main_folders().into_iter().filter(|folder| folder != root);
        let newest = archive.listed().newest(NEWEST).map(|id| root.join(archive.post(id).path()));
        let mut folders: Vec<PathBuf> = Vec::new();
        for folder in main.chain(newest.filter_map(|file| Some(file.parent()?.to_owned()))) {
            if folders.len() < MOST_FOLDERS && !folders.contains(&folder) {
                folders.push(folder);
            }
        }
        let files =
            |folder: &PathBuf| EXTENSIONS.map(|extension| folder.join(format!("{day}-{slug}.{extension}")));
        let mut files: Vec<PathBuf> = folders.iter().flat_map(files).collect();
        files.retain(|file| archive.at_file(&relative(root, file)).is_none() && file.is_file());
        files
    }
}
