//! The variables that a site gives to the Liquid of its posts: the scalars of the configuration, and those of the
//! files in the data folder. They hold no secrets, since posts are scraped.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::config::encoding::decode_text;
use crate::config::error::ConfigError;
use crate::config::file::{self, ConfigFile, Node};
use crate::config::keys;

/// Size limit of a data file, in bytes. A parsed file takes many times its size.
const LARGEST_FILE: u64 = 1 << 20;

/// Size limit of all data files together, in bytes.
const LARGEST_SUM: u64 = 16 << 20;

/// Limit of the folders inside one another, so that a link to a folder above it ends.
const MOST_FOLDERS: usize = 8;

/// Words in the names of secrets.
const SECRET_WORDS: [&str; 4] = ["secret", "token", "key", "password"];

/// The variables that Jekyll computes or gives a default (`drops/site_drop.rb`, `configuration.rb`), and
/// those of the plugins of GitHub Pages. finews reads data files only in part.
const JEKYLL_VARIABLES: [&str; 62] = [
    "baseurl",
    "cache_dir",
    "categories",
    "collections",
    "collections_dir",
    "config",
    "data",
    "data_dir",
    "defaults",
    "destination",
    "detach",
    "disable_disk_cache",
    "documents",
    "encoding",
    "excerpt_separator",
    "exclude",
    "feed",
    "finews",
    "future",
    "gems",
    "github",
    "highlighter",
    "host",
    "html_files",
    "html_pages",
    "include",
    "includes_dir",
    "incremental",
    "keep_files",
    "kramdown",
    "layouts_dir",
    "limit_posts",
    "liquid",
    "livereload",
    "lsi",
    "markdown",
    "markdown_ext",
    "pages",
    "paginate_path",
    "permalink",
    "plugins",
    "plugins_dir",
    "port",
    "posts",
    "profile",
    "quiet",
    "rdiscount",
    "redcarpet",
    "related_posts",
    "safe",
    "serving",
    "show_dir_listing",
    "show_drafts",
    "source",
    "static_files",
    "strict_front_matter",
    "tags",
    "time",
    "timezone",
    "unpublished",
    "url",
    "verbose",
];

/// The variables of a site.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct SiteVariables {
    /// The configuration, without the items of lists, secrets and `finews`. A collection is a list.
    settings: Node,
    /// The data files by their names, without the items of lists and secrets.
    data: Node,
    errors: Vec<DataFileError>,
}

/// An error in a data file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DataFileError {
    /// The file's path relative to the site's folder.
    pub path: String,
    /// 1-based line, if known.
    pub line: Option<usize>,
    /// One sentence, without a full stop.
    pub reason: String,
    /// The effect on the variables.
    pub kind: DataFileErrorKind,
}

/// The kinds of errors in data files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DataFileErrorKind {
    /// The file cannot be read; its variables are missing.
    Invalid,
    /// A limit of finews excludes the file, which Jekyll would read.
    OverLimit,
    /// The file is not UTF-8. Its text was decoded, and its variables have values.
    Decoded,
}

impl SiteVariables {
    /// Reads the variables of the site in `root`. A data file that cannot be read becomes an error.
    pub(super) fn read(file: &ConfigFile, root: &Path) -> Result<Self, ConfigError> {
        let settings = match file.get(&[]) {
            Some(Node::Map(pairs)) => {
                let pairs = pairs.iter().filter(|(name, _)| name != "finews").cloned();
                let mut pairs: Vec<_> = pairs.collect();
                let collections = file.get(&["collections"]).map(names).unwrap_or_default();
                pairs.extend(collections.into_iter().map(|name| (name, Node::List(Vec::new()))));
                without_secrets(&Node::Map(pairs))
            }
            _ => Node::Null,
        };
        let folder = match keys::folder(file, "data_dir")? {
            folder if folder.is_empty() => "_data".to_owned(),
            folder => folder,
        };
        let mut reader = DataReader { root, left: LARGEST_SUM, errors: Vec::new() };
        let data = reader.folder(&root.join(folder), 0);
        Ok(Self { settings, data: Node::Map(data), errors: reader.errors })
    }

    /// Returns the value of `site.<path>`: a scalar, or null if the author gave it none. Data files are below
    /// `data`.
    pub fn get(&self, path: &[&str]) -> Option<&Node> {
        let (tree, path) = match path {
            ["data", path @ ..] => (&self.data, path),
            _ => (&self.settings, path),
        };
        let found = path.iter().try_fold(tree, |node, name| node.get(name))?;
        (!path.is_empty() && !matches!(found, Node::Map(_) | Node::List(_))).then_some(found)
    }

    /// Returns whether `site.<path>` has no value: neither the author nor Jekyll gives it one.
    pub fn is_absent(&self, path: &[&str]) -> bool {
        let Some(first) = path.first() else { return false };
        // The values of these names are not known.
        if JEKYLL_VARIABLES.contains(first) || path.iter().any(|name| is_secret(name)) {
            return false;
        }
        let mut node = &self.settings;
        for name in path {
            match node.get(name) {
                Some(found) => node = found,
                // Liquid computes these names of a mapping, a list and a text.
                None => return !matches!(node, Node::List(_)) && !matches!(*name, "size" | "first" | "last"),
            }
        }
        false
    }

    /// Returns `site.data.authors`.
    pub(super) fn authors(&self) -> Option<&Node> {
        self.data.get("authors")
    }

    /// The data files whose variables are missing.
    pub fn errors(&self) -> &[DataFileError] {
        &self.errors
    }
}

/// Returns a value without secrets and without the items of lists.
fn without_secrets(node: &Node) -> Node {
    match node {
        Node::List(_) => Node::List(Vec::new()),
        Node::Map(pairs) => {
            let public = pairs.iter().filter(|(name, _)| !is_secret(name));
            Node::Map(public.map(|(name, node)| (name.clone(), without_secrets(node))).collect())
        }
        scalar => scalar.clone(),
    }
}

/// The names of a mapping or a list.
fn names(node: &Node) -> Vec<String> {
    match node {
        Node::Map(pairs) => pairs.iter().map(|(name, _)| name.clone()).collect(),
        Node::List(items) => items.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    }
}

/// Returns whether the name of a variable sounds like that of a secret. `keywords` does not.
pub(crate) fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase().replace("keyword", "");
    SECRET_WORDS.iter().any(|word| name.contains(word))
}

/// Reads data files, as Jekyll's `data_reader.rb` does.
struct DataReader<'a> {
    root: &'a Path,
    /// Bytes that further files may have.
    left: u64,
    errors: Vec<DataFileError>,
}

impl DataReader<'_> {
    /// The variables of the files in a folder, by name. A folder inside it is a mapping.
    fn folder(&mut self, folder: &Path, depth: usize) -> Vec<(String, Node)> {
        let mut paths = match entries(folder) {
            Ok(paths) => paths,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Vec::new();
            }
            Err(error) => {
                self.add_error(folder, None, error.to_string(), DataFileErrorKind::Invalid);
                return Vec::new();
            }
        };
        if depth > MOST_FOLDERS || !self.is_inside(folder) {
            return Vec::new();
        }
        // A folder replaces a file of the same name.
        paths.sort_by_cached_key(|path| (path.is_dir(), path.clone()));
        let mut pairs: Vec<(String, Node)> = Vec::new();
        for path in paths {
            let Some(file_name) = path.file_name().and_then(OsStr::to_str) else { continue };
            let (stem, extension) = file_name.rsplit_once('.').unwrap_or((file_name, ""));
            if file_name.starts_with('.') || is_secret(file_name) {
                continue;
            }
            let (name, found) = if path.is_dir() {
                (file_name, Some(Node::Map(self.folder(&path, depth + 1))))
            } else if matches!(extension, "yml" | "yaml" | "json") && self.is_inside(&path) {
                (stem, self.file(&path, extension))
            } else {
                continue;
            };
            let name = variable_name(name);
            pairs.retain(|(other, _)| *other != name);
            pairs.extend(found.map(|node| (name, node)));
        }
        pairs
    }

    fn file(&mut self, path: &Path, extension: &str) -> Option<Node> {
        let text = match self.text(path) {
            Ok(text) => text?,
            Err(error) => {
                self.add_error(path, None, error.to_string(), DataFileErrorKind::Invalid);
                return None;
            }
        };
        let text = text.trim_start_matches('\u{feff}');
        let parsed = match extension {
            "json" => serde_json::from_str::<Node>(text)
                .map_err(|error| (Some(error.line()), format!("not valid JSON: {error}"))),
            _ => file::yaml(text).map_err(|error| {
                (error.location().map(|place| place.line()), format!("not valid YAML: {error}"))
            }),
        };
        match parsed {
            Ok(node) => Some(without_secrets(&node)),
            Err((line, reason)) => {
                self.add_error(path, line, reason, DataFileErrorKind::Invalid);
                None
            }
        }
    }

    /// Reads a file; `None` if it is larger than a limit.
    fn text(&mut self, path: &Path) -> io::Result<Option<String>> {
        let meta = fs::metadata(path)?;
        if !meta.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        let limit = LARGEST_FILE.min(self.left);
        if meta.len() > limit {
            let reason = format!(
                "the file has {} bytes; a data file may have {LARGEST_FILE}, all together {LARGEST_SUM}",
                meta.len()
            );
            self.add_error(path, None, reason, DataFileErrorKind::OverLimit);
            return Ok(None);
        }
        self.left -= meta.len();
        let bytes = fs::read(path)?;
        let (text, repair) = decode_text(&bytes);
        if let Some(repair) = repair {
            self.add_error(path, Some(repair.line), repair.message.to_owned(), DataFileErrorKind::Decoded);
        }
        Ok(Some(text.into_owned()))
    }

    /// Returns whether a path stays inside the site when its links are followed.
    fn is_inside(&mut self, path: &Path) -> bool {
        let reason = match (fs::canonicalize(path), fs::canonicalize(self.root)) {
            (Ok(path), Ok(root)) if path.starts_with(&root) => return true,
            (Ok(_), Ok(_)) => "the link leads out of the site".to_owned(),
            (Err(error), _) | (_, Err(error)) => error.to_string(),
        };
        self.add_error(path, None, reason, DataFileErrorKind::Invalid);
        false
    }

    fn add_error(&mut self, path: &Path, line: Option<usize>, reason: String, kind: DataFileErrorKind) {
        let path = path.strip_prefix(self.root).unwrap_or(path).to_string_lossy().into_owned();
        self.errors.push(DataFileError { path, line, reason, kind });
    }
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
}

/// `DataReader#sanitize_filename`
fn variable_name(name: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let words = name.split_whitespace().map(|word| word.chars().filter(|c| is_word(*c)).collect::<String>());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(files: &[(&str, &str)]) -> SiteVariables {
        let site = tempfile::tempdir().expect("a folder");
        for (path, text) in files {
            let path = site.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        let file = ConfigFile::find(site.path()).expect("a configuration");
        SiteVariables::read(&file, site.path()).expect("variables")
    }

    #[test]
    fn scalars_of_settings_and_data_are_found_by_their_path() {
        let config = "version: 1.0\nempty:\nauthor: {name: A}\nlist: [a]\nlive: true\ndata: {x: y}\n";
        let variables = variables(&[
            ("_config.yml", config),
            ("_data/people.yml", "li: {name: 李, age: 7}\nall: [a, b]\n"),
            ("_data/prices/new york.json", "{\"gold\": 2.5, \"none\": null}"),
            ("_data/prices.yml", "gold: 1\n"),
            ("_data/table.csv", "a,b\n"),
        ]);
        let table = [
            ("version", Some("1.0")),
            ("empty", Some("null")),
            ("author.name", Some("A")),
            ("live", Some("true")),
            ("author", None),
            ("list", None),
            ("nothing", None),
            ("data", None),
            ("data.x", None),
            ("data.people.li.name", Some("李")),
            ("data.people.li.age", Some("7")),
            ("data.people.all", None),
            ("data.prices.new_york.gold", Some("2.5")),
            ("data.prices.new_york.none", Some("null")),
            ("data.prices.gold", None),
            ("data.table", None),
        ];
        for (path, expected) in table {
            let found = variables.get(&path.split('.').collect::<Vec<_>>()).map(ToString::to_string);
            assert_eq!(found.as_deref(), expected, "{path}");
        }
        assert_eq!(variables.errors(), []);
    }

    #[test]
    fn variables_without_a_value_are_absent() {
        let config = "version: 1\nempty:\nauthor: {name: A, api_key: K}\nlist: [a]\n\
                      collections: {team: {output: true}}\nfinews: {footer: x}\n";
        let variables = variables(&[("_config.yml", config), ("_data/people.yml", "li: 李\n")]);
        let table = [
            ("nothing", true),
            ("author.email", true),
            ("nothing.at.all", true),
            ("version.minor", true),
            ("version", false),
            ("empty", false),
            ("author", false),
            ("author.size", false),
            ("author.api_key", false),
            ("token", false),
            ("list", false),
            ("list.first", false),
            ("team", false),
            ("posts", false),
            ("github.repository", false),
            ("data.people.wang", false),
            ("finews.footer", false),
        ];
        for (path, expected) in table {
            assert_eq!(variables.is_absent(&path.split('.').collect::<Vec<_>>()), expected, "{path}");
        }
        assert!(!variables.is_absent(&[]));
    }

    #[test]
    fn secrets_and_own_settings_are_no_variables() {
        let config = "finews: {footer: x}\napi_token: x\nGoogle: {Map_KEY: x, id: y}\nPassword: x\n";
        let variables = variables(&[
            ("_config.yml", config),
            ("_data/secrets.yml", "a: x\n"),
            ("_data/keys/a.yml", "a: x\n"),
            ("_data/open.yml", "client_secret: x\nid: y\n"),
        ]);
        for path in ["finews.footer", "api_token", "Google.Map_KEY", "Password", "data.secrets.a"]
            .into_iter()
            .chain(["data.keys.a.a", "data.open.client_secret"])
        {
            assert_eq!(variables.get(&path.split('.').collect::<Vec<_>>()), None, "{path}");
        }
        assert_eq!(variables.get(&["Google", "id"]), Some(&Node::Text("y".into())));
        assert_eq!(variables.get(&["data", "open", "id"]), Some(&Node::Text("y".into())));
    }

    #[test]
    fn unusable_data_files_are_errors_with_path_and_line() {
        let large = format!("a: {}\n", "x".repeat(LARGEST_FILE as usize));
        let variables = variables(&[
            ("_config.yml", "data_dir: facts\n"),
            ("facts/bad.yml", "a: b\nc: [d\n"),
            ("facts/bad.json", "{\n  \"a\": 1,\n}"),
            ("facts/good.yml", "a: b\n"),
            ("facts/large.yml", &large),
            ("_data/other.yml", "a: b\n"),
        ]);
        let errors: Vec<_> = variables
            .errors()
            .iter()
            .map(|error| (error.path.as_str(), error.line.is_some(), error.kind))
            .collect();
        let expected = [
            ("facts/bad.json", true, DataFileErrorKind::Invalid),
            ("facts/bad.yml", true, DataFileErrorKind::Invalid),
            ("facts/large.yml", false, DataFileErrorKind::OverLimit),
        ];
        assert_eq!(errors, expected);
        assert_eq!(variables.errors()[0].line, Some(3));
        assert_eq!(variables.get(&["data", "good", "a"]), Some(&Node::Text("b".into())));
        assert_eq!(variables.get(&["data", "other", "a"]), None);
    }

    #[test]
    fn data_files_in_other_encodings_are_decoded() {
        let utf16 = || std::iter::once(0xFEFF).chain("name: 河滩\n".encode_utf16());
        let table = [
            ("gbk.yml", b"id: 7\nname: \xBA\xD3\xCC\xB2\n".to_vec(), Some(2)),
            ("gbk.json", b"{\"name\": \"\xBA\xD3\xCC\xB2\"}".to_vec(), Some(1)),
            ("little.yml", utf16().flat_map(u16::to_le_bytes).collect(), Some(1)),
            ("big.yaml", utf16().flat_map(u16::to_be_bytes).collect(), Some(1)),
            ("mark.yml", "\u{feff}name: 河滩\n".into(), None),
        ];
        for (name, bytes, line) in table {
            let site = tempfile::tempdir().expect("a folder");
            fs::create_dir(site.path().join("_data")).expect("a folder");
            fs::write(site.path().join("_data").join(name), bytes).expect("a file");
            let file = ConfigFile::find(site.path()).expect("a configuration");
            let variables = SiteVariables::read(&file, site.path()).expect("variables");
            let (stem, _) = name.split_once('.').expect("an extension");
            let value = variables.get(&["data", stem, "name"]);
            assert_eq!(value, Some(&Node::Text("河滩".into())), "{name}");
            let errors = variables.errors().iter().map(|error| (error.kind, error.line));
            let expected = line.map(|line| (DataFileErrorKind::Decoded, Some(line)));
            assert_eq!(errors.collect::<Vec<_>>(), Vec::from_iter(expected), "{name}");
        }
    }

    #[test]
    fn data_link_out_of_the_site_is_an_error() {
        let (site, outside) =
            (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        fs::write(outside.path().join("a.yml"), "a: b\n").expect("a file");
        fs::create_dir(site.path().join("_data")).expect("a folder");
        for (from, to) in [(outside.path().join("a.yml"), "_data/a.yml"), (outside.path().into(), "_data/b")]
        {
            std::os::unix::fs::symlink(from, site.path().join(to)).expect("a link");
        }
        let file = ConfigFile::find(site.path()).expect("a configuration");
        let variables = SiteVariables::read(&file, site.path()).expect("variables");
        let paths: Vec<_> = variables.errors().iter().map(|error| error.path.as_str()).collect();
        assert_eq!(paths, ["_data/a.yml", "_data/b"]);
        assert_eq!(variables.get(&["data", "a", "a"]), None);
    }
}
