//! The folders of collections with output, whose documents are pages.

use crate::config::{Collection, Config};

/// Returns the collection with output whose folder holds a path, and the path relative to that folder.
pub(crate) fn collection_of<'c, 'p>(config: &'c Config, path: &'p str) -> Option<(&'c Collection, &'p str)> {
    let source = &config.source;
    let inside = match source.collections_dir.as_str() {
        "" => path,
        folder => path.strip_prefix(folder)?.strip_prefix('/')?,
    };
    let (folder, below) = inside.strip_prefix('_')?.split_once('/')?;
    let collection = source.collections.iter().find(|collection| collection.label == folder)?;
    Some((collection, below))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Overrides;

    #[test]
    fn files_belong_to_the_collection_of_their_folder() {
        let table = [
            ("", "_docs/a/b.md", Some(("docs", "a/b.md"))),
            ("", "_docs", None),
            ("", "_docs2/a.md", None),
            ("", "docs/a.md", None),
            ("", "_team/a.md", None),
            ("cols", "cols/_docs/a.md", Some(("docs", "a.md"))),
            ("cols", "_docs/a.md", None),
        ];
        for (folder, path, expected) in table {
            let site = tempfile::tempdir().expect("a folder");
            let text =
                format!("collections_dir: {folder}\ncollections: {{docs: {{output: true}}, team: {{}}}}\n");
            std::fs::write(site.path().join("_config.yml"), text).expect("a file");
            let config = Config::read(site.path(), &Overrides::default(), &|_| None).expect("valid");
            let found = collection_of(&config, path);
            assert_eq!(
                found.map(|(collection, below)| (collection.label.as_str(), below)),
                expected,
                "{path}"
            );
        }
    }
}
