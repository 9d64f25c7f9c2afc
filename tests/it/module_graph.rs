//! The import graph of `src`: the modules whose items each module uses.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The path of an item or a module, without `crate`.
type Segments = Vec<String>;

/// The modules that each module imports from, by their paths, such as `archive::post`.
pub type Imports = BTreeMap<String, BTreeSet<String>>;

/// A source file without comments and tests.
struct Module {
    text: String,
    /// The items that the file re-exports, and the paths of their origins.
    exports: Vec<(String, Segments)>,
}

/// The Rust files below a folder.
pub fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            files.extend(sources(&entry));
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            files.push(entry);
        }
    }
    files
}

/// Reads the imports of every file below `src`. A re-exported item counts for the file that defines it; `mod` and
/// `pub use` declarations do not count.
pub fn imports() -> Imports {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let modules: BTreeMap<String, Module> = sources(&root)
        .iter()
        .filter(|file| file.file_name().is_some_and(|name| name != "tests.rs"))
        .map(|file| {
            let path = file.strip_prefix(&root).expect("a file below src").with_extension("");
            let path = path.to_string_lossy().replace('/', "::");
            let name = path.strip_suffix("::mod").unwrap_or(&path).to_owned();
            let text = without_tests(&fs::read_to_string(file).expect("a source file"));
            let exports = exports(&name, &text);
            (name, Module { text, exports })
        })
        .collect();
    let imported = |name: &String, module: &Module| {
        let mut origins: BTreeSet<String> =
            uses(name, &module.text).iter().filter_map(|path| origin(&modules, path)).collect();
        origins.remove(name);
        origins
    };
    modules.iter().map(|(name, module)| (name.clone(), imported(name, module))).collect()
}

/// The paths in a module that begin with `crate` or with one of its children, but for re-exports.
fn uses(module: &str, text: &str) -> Vec<Segments> {
    let own: Segments = module.split("::").map(str::to_owned).collect();
    let children =
        text.lines().filter_map(|line| line.strip_suffix(';')?.split_once("mod ")).map(|(_, child)| child);
    let mut starts: Vec<(String, Segments)> = children
        .map(|child| (format!("{child}::"), [own.clone(), vec![child.to_owned()]].concat()))
        .collect();
    starts.push(("crate::".to_owned(), Vec::new()));
    starts.push(("super::".to_owned(), own[..own.len() - 1].to_vec()));
    let mut paths = Vec::new();
    for statement in text.split(';').filter(|statement| !is_export(statement)) {
        for (start, prefix) in &starts {
            for (at, _) in statement.match_indices(start) {
                let is_inside = |before: char| before.is_alphanumeric() || before == '_' || before == ':';
                if !statement[..at].ends_with(is_inside) {
                    let rest = expand(&statement[at + start.len()..]);
                    paths.extend(rest.into_iter().map(|path| [prefix.clone(), path].concat()));
                }
            }
        }
    }
    paths
}

/// The code before the tests, without comments.
fn without_tests(text: &str) -> String {
    let starts = ["#[cfg(test)]\nmod ", "#[cfg(test)]\npub(super) mod "];
    let end = starts.into_iter().filter_map(|start| text.find(start)).min().unwrap_or(text.len());
    text[..end].lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn is_export(statement: &str) -> bool {
    let start = statement.lines().rev().find(|line| line.starts_with("pub")).unwrap_or_default();
    ["pub use", "pub(crate) use", "pub(super) use"].iter().any(|word| start.starts_with(word))
}

fn exports(module: &str, text: &str) -> Vec<(String, Segments)> {
    let statements = text.split(';').filter(|statement| is_export(statement));
    let trees = statements.filter_map(|statement| statement.rsplit_once("use ")).map(|(_, tree)| tree);
    let own = |path: Segments| match path.first().is_some_and(|first| first == "crate") {
        true => path[1..].to_vec(),
        false => module.split("::").map(str::to_owned).chain(path).collect(),
    };
    trees.flat_map(expand).filter_map(|path| Some((path.last()?.clone(), own(path.clone())))).collect()
}

/// The paths of a use tree: `a::{b, c::d}` has `a::b` and `a::c::d`.
fn expand(tree: &str) -> Vec<Segments> {
    let is_name = |character: char| character.is_alphanumeric() || character == '_';
    let tree = tree.trim_start();
    if let Some(list) = tree.strip_prefix('{') {
        return items(list).into_iter().flat_map(expand).collect();
    }
    let end = tree.find(|character| !is_name(character)).unwrap_or(tree.len());
    let (name, rest) = tree.split_at(end);
    if name.is_empty() {
        return vec![Vec::new()];
    }
    let rest = rest.strip_prefix("::").map_or_else(|| vec![Vec::new()], expand);
    rest.into_iter().map(|path| [vec![name.to_owned()], path].concat()).collect()
}

/// The comma-separated items of a list, up to its closing brace.
fn items(list: &str) -> Vec<&str> {
    let (mut items, mut start, mut depth) = (Vec::new(), 0, 0);
    for (at, character) in list.char_indices() {
        match character {
            '{' => depth += 1,
            ',' | '}' if depth == 0 => {
                items.push(&list[start..at]);
                start = at + 1;
                if character == '}' {
                    break;
                }
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    items.retain(|item| !item.trim().is_empty());
    items
}

/// The module that defines the item at a path; `None` outside `src`.
fn origin(modules: &BTreeMap<String, Module>, path: &[String]) -> Option<String> {
    let length = (1..=path.len()).rev().find(|length| modules.contains_key(&path[..*length].join("::")))?;
    let name = path[..length].join("::");
    let exported = path.get(length).and_then(|item| {
        modules[&name].exports.iter().find(|(exported, origin)| exported == item && origin != path)
    });
    match exported {
        Some((_, origin_path)) => origin(modules, origin_path),
        None => Some(name),
    }
}

/// The groups of modules that import from one another, directly or through others.
pub fn circles(imports: &Imports) -> Vec<BTreeSet<String>> {
    let reached = |start: &String| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![start]);
        while let Some(module) = open.pop() {
            for next in &imports[module] {
                if seen.insert(next.clone()) {
                    open.push(next);
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&String, BTreeSet<String>> =
        imports.keys().map(|module| (module, reached(module))).collect();
    let mut circles: Vec<BTreeSet<String>> = Vec::new();
    for (module, reach) in &reached {
        if reach.contains(*module) && !circles.iter().any(|circle| circle.contains(*module)) {
            circles.push(reach.iter().filter(|other| reached[other].contains(*module)).cloned().collect());
        }
    }
    circles
}
