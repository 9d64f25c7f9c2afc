//! Writes the files of commits into a folder.

use std::fs::{self, File, FileTimes};
use std::io::{self, ErrorKind, Write};
use std::path::{Component, Path, PathBuf};

use walkdir::WalkDir;

use crate::archive::jekyll::files::relative;
use crate::bucket::commit::StoredFile;

/// A folder that receives files by their paths in the site.
#[derive(Debug, Clone)]
pub(super) struct FolderWriter {
    root: PathBuf,
}

impl FolderWriter {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The place of a path of the site.
    pub(super) fn place(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// Writes a file with its modification time.
    pub(super) fn write(&self, file: &StoredFile) -> io::Result<()> {
        self.put(&file.path, |place| {
            let mut out = File::create(place)?;
            out.write_all(&file.bytes)?;
            out.set_times(FileTimes::new().set_modified(file.modified))
        })
    }

    /// Moves a file from another folder on the same disk. A file that has moved already stays where it is.
    pub(super) fn move_from(&self, other: &Self, path: &str) -> io::Result<()> {
        let from = other.place(path);
        match fs::symlink_metadata(&from) {
            // A folder has replaced the file; its files have paths of their own.
            Ok(meta) if meta.is_dir() => return Ok(()),
            Err(error) if is_absent(&error) => return Ok(()),
            _ => {}
        }
        self.put(path, |place| fs::rename(&from, place))
    }

    /// Removes a file, if there is one.
    pub(super) fn remove(&self, path: &str) -> io::Result<()> {
        let place = self.checked(path)?;
        match fs::symlink_metadata(&place) {
            // A folder has replaced the file.
            Ok(meta) if meta.is_dir() => Ok(()),
            Ok(_) => fs::remove_file(&place).map_err(|error| at(&place, &error)),
            Err(error) if is_absent(&error) => Ok(()),
            Err(error) => Err(at(&place, &error)),
        }
    }

    /// The paths of the files; none if the folder does not exist.
    pub(super) fn paths(&self) -> io::Result<Vec<String>> {
        let mut paths = Vec::new();
        for entry in WalkDir::new(&self.root) {
            match entry {
                Ok(entry) if entry.file_type().is_dir() => {}
                Ok(entry) => paths.push(relative(&self.root, entry.path())),
                Err(error) if error.depth() == 0 && error.io_error().is_some_and(is_absent) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(paths)
    }

    /// Removes the folders without files. Returns the number of files.
    pub(super) fn remove_empty_folders(&self) -> io::Result<u64> {
        remove_empty(&self.root).map_err(|error| at(&self.root, &error))
    }

    /// Puts a file in its place, and makes room for it if that fails.
    fn put(&self, path: &str, write: impl Fn(&Path) -> io::Result<()>) -> io::Result<()> {
        let place = self.checked(path)?;
        write(&place)
            .or_else(|_| self.make_room(&place).and_then(|()| write(&place)))
            .map_err(|error| at(&place, &error))
    }

    /// Makes the folders above a place. Removes a file in the place of one of them, and a folder in the place itself.
    fn make_room(&self, place: &Path) -> io::Result<()> {
        let above = place.parent().unwrap_or(&self.root);
        for folder in above.ancestors().take_while(|folder| *folder != self.root) {
            if fs::symlink_metadata(folder).is_ok_and(|meta| !meta.is_dir()) {
                fs::remove_file(folder)?;
            }
        }
        fs::create_dir_all(above)?;
        match fs::remove_dir_all(place) {
            Err(error) if !is_absent(&error) => Err(error),
            _ => Ok(()),
        }
    }

    /// The place of a path, which must be inside the folder.
    fn checked(&self, path: &str) -> io::Result<PathBuf> {
        let is_inside = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
        if path.is_empty() || !is_inside {
            let message = format!("`{path}` is not a path inside the site");
            return Err(io::Error::new(ErrorKind::InvalidInput, message));
        }
        Ok(self.place(path))
    }
}

/// An error with the path of the file.
pub(super) fn at(place: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot write {}: {error}", place.display()))
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn remove_empty(folder: &Path) -> io::Result<u64> {
    let mut files = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_type()?.is_dir() {
            files += 1;
            continue;
        }
        let below = remove_empty(&entry.path())?;
        if below == 0 {
            fs::remove_dir(entry.path())?;
        }
        files += below;
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    fn file(path: &str, text: &'static str) -> StoredFile {
        let modified = SystemTime::UNIX_EPOCH + Duration::new(1_700_000_000, 123_456_789);
        StoredFile { path: path.to_owned(), modified, bytes: text.into() }
    }

    fn folder() -> (tempfile::TempDir, FolderWriter) {
        let folder = tempfile::tempdir().expect("a folder");
        let writer = FolderWriter::new(folder.path().to_owned());
        (folder, writer)
    }

    #[test]
    fn written_file_has_its_bytes_and_time() {
        let (_folder, writer) = folder();
        for text in ["first", "second, longer", ""] {
            writer.write(&file("news/_posts/a b.md", text)).expect("a file");
            let place = writer.place("news/_posts/a b.md");
            assert_eq!(fs::read_to_string(&place).expect("a file"), text);
            let modified = fs::metadata(&place).and_then(|meta| meta.modified()).expect("a time");
            assert_eq!(modified, file("", "").modified);
        }
    }

    #[test]
    fn file_and_folder_replace_one_another() {
        let (_folder, writer) = folder();
        let (_other_folder, other) = folder();
        for (before, after) in [("a", "a/b/c.md"), ("d/e/f.md", "d"), ("g/h", "g/h/i/j"), ("k/l/m", "k/l")] {
            writer.write(&file(before, "before")).expect("a file");
            other.write(&file(after, "after")).expect("a file");
            writer.move_from(&other, after).expect("a file");
            writer.remove(before).expect("no file");
            assert_eq!(fs::read_to_string(writer.place(after)).expect("a file"), "after");
            // An interrupted commit repeats its moves.
            writer.move_from(&other, after).expect("the file has moved");
            assert_eq!(fs::read_to_string(writer.place(after)).expect("a file"), "after");
        }
    }

    #[test]
    fn removed_files_leave_no_empty_folders() {
        let (_folder, writer) = folder();
        writer.write(&file("a/b/c.md", "c")).expect("a file");
        writer.write(&file("a/d.md", "d")).expect("a file");
        for path in ["a/b/c.md", "a/b/c.md", "a/b", "none/e.md", "a/d.md/f"] {
            writer.remove(path).expect("no file");
        }
        assert!(writer.place("a/b").is_dir());
        assert_eq!(writer.remove_empty_folders().expect("a count"), 1);
        assert!(!writer.place("a/b").exists() && writer.place("a/d.md").exists());
    }

    #[test]
    fn paths_are_those_of_the_files() {
        let (_folder, writer) = folder();
        for path in ["a/b/c d.md", "a/e.md", "f"] {
            writer.write(&file(path, "x")).expect("a file");
        }
        fs::create_dir(writer.place("empty")).expect("a folder");
        let mut paths = writer.paths().expect("paths");
        paths.sort();
        assert_eq!(paths, ["a/b/c d.md", "a/e.md", "f"]);
        let absent = FolderWriter::new(writer.place("absent"));
        assert_eq!(absent.paths().expect("no paths"), Vec::<String>::new());
    }

    #[test]
    fn paths_outside_the_folder_are_rejected() {
        let (_folder, writer) = folder();
        for path in ["", "..", "../a", "/a", "a/../../b", "./a"] {
            let error = writer.write(&file(path, "x")).expect_err(path);
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{path}");
            assert!(writer.remove(path).is_err(), "{path}");
        }
    }
}
