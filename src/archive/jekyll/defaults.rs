//! Front matter defaults of the configuration: a port of Jekyll's `frontmatter_defaults.rb`.

use globset::{GlobBuilder, GlobMatcher};

use crate::archive::jekyll::front_matter::{Field, Value};
use crate::config::{Config, DefaultValues, Node};

/// The configured defaults, compiled for lookup.
pub struct Defaults {
    scopes: Vec<Scope>,
    /// Paths of documents are relative to this folder; may be empty.
    collections_dir: String,
}

struct Scope {
    /// The path as written in the configuration.
    path: String,
    /// The path relative to `collections_dir`, as the paths of documents are.
    prefix: String,
    glob: Option<GlobMatcher>,
    kind: Option<String>,
    values: Vec<(String, Field)>,
}

impl Defaults {
    /// Compiles the configured defaults; an invalid glob becomes a plain prefix.
    pub fn new(config: &Config) -> Self {
        Self::within(&config.source.collections_dir, &config.source.defaults)
    }

    fn within(collections_dir: &str, given: &[DefaultValues]) -> Self {
        let scopes = given.iter().map(|given| Scope::new(given, collections_dir)).collect();
        Self { scopes, collections_dir: collections_dir.to_owned() }
    }

    /// Returns the path of a post or another document as Jekyll knows it: relative to `collections_dir`.
    pub fn document_path<'p>(&self, path: &'p str) -> &'p str {
        below(path, &self.collections_dir)
    }

    /// Returns the values for a post, one per key.
    pub fn for_post(&self, path: &str) -> Vec<(String, Field)> {
        self.for_document(path, "posts")
    }

    /// Returns the values for a document of a collection, one per key: the longer scope path wins, then the scope
    /// with a type, then the later scope (`FrontmatterDefaults#all`).
    pub fn for_document(&self, path: &str, collection: &str) -> Vec<(String, Field)> {
        let mut merged: Vec<(String, Field)> = Vec::new();
        let mut strongest: Option<&Scope> = None;
        for scope in self.scopes.iter().filter(|scope| scope.holds(path, &self.collections_dir, collection)) {
            let wins = strongest.is_none_or(|old| scope.wins_over(old));
            for (key, field) in &scope.values {
                match merged.iter_mut().find(|(known, _)| known == key) {
                    Some((_, old)) if is_null(old) || (wins && !is_null(field)) => *old = field.clone(),
                    Some(_) => {}
                    None => merged.push((key.clone(), field.clone())),
                }
            }
            if wins {
                strongest = Some(scope);
            }
        }
        merged
    }

    /// Returns the value of a key for a page. Only scopes that have the key compete, and a null
    /// counts as a value (`FrontmatterDefaults#find`).
    pub fn for_page(&self, path: &str, key: &str) -> Option<&Field> {
        let mut found: Option<(&Scope, &Field)> = None;
        for scope in self.scopes.iter().filter(|scope| scope.holds(path, "", "pages")) {
            let Some((_, field)) = scope.values.iter().find(|(name, _)| name == key) else { continue };
            if found.is_none_or(|(old, _)| scope.wins_over(old)) {
                found = Some((scope, field));
            }
        }
        found.map(|(_, field)| field)
    }
}

/// Strips `folder` from a path; a path outside the folder stays as it is.
fn below<'p>(path: &'p str, folder: &str) -> &'p str {
    let below = path.strip_prefix(folder).and_then(|below| below.strip_prefix('/'));
    below.filter(|_| !folder.is_empty()).unwrap_or(path)
}

fn is_null(field: &Field) -> bool {
    field.value == Value::Null
}

impl Scope {
    fn new(given: &DefaultValues, collections_dir: &str) -> Self {
        let path = given.path.clone();
        let prefix = below(&path, collections_dir).to_owned();
        let glob = path
            .contains('*')
            .then(|| GlobBuilder::new(&path).literal_separator(true).build().ok())
            .flatten()
            .map(|glob| glob.compile_matcher());
        let field = |node: &Node| Field { value: value(node), quoted: false, line: 0 };
        let values = given.values.iter().map(|(key, node)| (key.clone(), field(node))).collect();
        // Jekyll still accepts the old, singular names.
        let kind = given.kind.as_deref().map(|kind| match kind {
            "post" => "posts",
            "page" => "pages",
            other => other,
        });
        Self { path, prefix, glob, kind: kind.map(Into::into), values }
    }

    /// Returns whether the scope covers a file. `dir` is the base folder of the file's kind, which is `pages` or the
    /// label of a collection.
    fn holds(&self, path: &str, dir: &str, kind: &str) -> bool {
        let typed = self.kind.as_deref().is_none_or(|name| name == kind);
        typed
            && match &self.glob {
                // A glob that matches a folder covers everything below it. It matches hidden names only
                // if the pattern itself contains one.
                Some(glob) => {
                    let is_hidden = |path: &str| path.starts_with('.') || path.contains("/.");
                    let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
                    let mut parts = ends.filter(|end| *end > dir.len()).map(|end| &path[..end]);
                    parts.any(|part| glob.is_match(part) && (is_hidden(&self.path) || !is_hidden(part)))
                }
                None => below(path, dir).starts_with(&self.prefix),
            }
    }

    /// `has_precedence?`, compared with the scope that has won so far.
    fn wins_over(&self, old: &Self) -> bool {
        let length = |scope: &Self| scope.path.trim_start_matches('/').chars().count();
        if length(self) != length(old) {
            return length(self) > length(old);
        }
        self.kind.is_some() || old.kind.is_none()
    }
}

fn value(node: &Node) -> Value {
    match node {
        Node::Null => Value::Null,
        Node::Bool(_) | Node::Text(_) => Value::Text(node.to_string()),
        Node::List(items) => Value::List(items.iter().map(value).collect()),
        Node::Map(pairs) => Value::Map(pairs.iter().map(|(key, node)| (key.clone(), value(node))).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(path: &str, kind: Option<&str>, layout: &str) -> DefaultValues {
        let values = vec![("layout".to_owned(), Node::Text(layout.to_owned()))];
        DefaultValues { path: path.into(), kind: kind.map(Into::into), values }
    }

    #[test]
    fn more_specific_scope_wins_then_the_later() {
        let all = scope("", None, "all");
        let typed = scope("", Some("posts"), "typed");
        let deep = scope("_posts/deep", None, "deep");
        let glob = scope("_posts/*/x", None, "glob");
        let table = [
            (vec![all.clone(), typed.clone()], "_posts/a.md", "typed"),
            (vec![typed.clone(), all.clone()], "_posts/a.md", "typed"),
            (vec![deep.clone(), typed.clone()], "_posts/deep/a.md", "deep"),
            (vec![deep.clone(), typed.clone()], "_posts/a.md", "typed"),
            (vec![all.clone(), glob.clone()], "_posts/deep/x/a.md", "glob"),
            (vec![all.clone(), glob], "_posts/deep/y/a.md", "all"),
            (vec![all.clone(), scope("*/_posts", None, "glob")], ".y/_posts/a.md", "all"),
            (vec![all.clone(), scope(".*/_posts", None, "glob")], ".y/_posts/a.md", "glob"),
            (vec![all, scope("", None, "later")], "_posts/a.md", "later"),
        ];
        for (scopes, path, layout) in table {
            let defaults = Defaults::within("", &scopes);
            let found = defaults.for_post(path);
            assert_eq!(found[0].1.value, Value::Text(layout.into()), "{path} in {scopes:?}");
        }
    }

    #[test]
    fn typed_scope_applies_only_to_its_kind() {
        let defaults = Defaults::within("", &[scope("", Some("pages"), "page")]);
        assert!(defaults.for_post("_posts/a.md").is_empty());
        assert!(defaults.for_page("about.md", "layout").is_some());
        let defaults = Defaults::within("", &[scope("/_posts", Some("post"), "never")]);
        assert!(defaults.for_post("_posts/a.md").is_empty());
        let defaults = Defaults::within("", &[scope("_posts", Some("post"), "post")]);
        assert_eq!(defaults.for_post("_posts/a.md").len(), 1);
        let defaults = Defaults::within("", &[scope("", Some("docs"), "guide")]);
        assert_eq!(defaults.for_document("_docs/a.md", "docs").len(), 1);
        assert!(defaults.for_document("_team/a.md", "team").is_empty());
    }

    #[test]
    fn scope_paths_match_posts_in_the_collections_folder() {
        let table =
            [("_posts", true), ("cols/_posts", true), ("*/_posts", true), ("*", false), ("_posts/*", false)];
        for (path, expected) in table {
            let defaults = Defaults::within("cols", &[scope(path, None, "x")]);
            assert_eq!(!defaults.for_post("cols/_posts/a.md").is_empty(), expected, "{path}");
        }
        assert_eq!(Defaults::within("cols", &[]).document_path("cols/_posts/a.md"), "_posts/a.md");
    }

    #[test]
    fn null_default_clears_values_of_pages_but_not_of_posts() {
        let null = DefaultValues {
            path: "_posts".into(),
            kind: None,
            values: vec![("layout".to_owned(), Node::Null)],
        };
        let given = scope("", None, "given");
        for scopes in [[given.clone(), null.clone()], [null, given]] {
            let defaults = Defaults::within("", &scopes);
            assert_eq!(defaults.for_post("_posts/a.md")[0].1.value, Value::Text("given".into()));
            assert_eq!(defaults.for_page("_posts/a.md", "layout").map(is_null), Some(true));
        }
    }
}
