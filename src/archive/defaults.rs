//! Front matter defaults of the configuration: Jekyll's `frontmatter_defaults.rb`.

use globset::{GlobBuilder, GlobMatcher};

use super::front_matter::{Field, Value};
use crate::config::{Config, DefaultValues, Node};

/// The kinds of document that a scope's `type` can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file in a folder of posts.
    Posts,
    /// A page outside them.
    Pages,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Posts => "posts",
            Self::Pages => "pages",
        }
    }
}

/// The configured defaults, ready to be asked.
pub struct Defaults(Vec<Scope>);

struct Scope {
    path: String,
    glob: Option<GlobMatcher>,
    kind: Option<String>,
    values: Vec<(String, Field)>,
}

impl Defaults {
    /// The defaults of a configuration.
    pub fn new(config: &Config) -> Self {
        Self(config.defaults.iter().map(Scope::new).collect())
    }

    /// The values for a file, the strongest of each key: the longer path wins, then the one with
    /// a type, then the later.
    pub fn for_file(&self, path: &str, kind: Kind) -> Vec<(String, Field)> {
        let mut merged: Vec<(String, Field)> = Vec::new();
        let mut strongest: Option<&Scope> = None;
        for scope in self.0.iter().filter(|scope| scope.holds(path, kind)) {
            let wins = strongest.is_none_or(|old| scope.wins_over(old));
            for (key, field) in &scope.values {
                match merged.iter_mut().find(|(known, _)| known == key) {
                    Some((_, old)) if wins => *old = field.clone(),
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
}

impl Scope {
    fn new(given: &DefaultValues) -> Self {
        let path = given.path.trim_start_matches('/').to_owned();
        let glob = path
            .contains('*')
            .then(|| GlobBuilder::new(&path).literal_separator(true).build().ok())
            .flatten()
            .map(|glob| glob.compile_matcher());
        let field = |node: &Node| Field { value: value(node), quoted: false, line: 0 };
        let values = given.values.iter().map(|(key, node)| (key.clone(), field(node))).collect();
        Self { path, glob, kind: given.kind.clone(), values }
    }

    fn holds(&self, path: &str, kind: Kind) -> bool {
        let typed = self.kind.as_deref().is_none_or(|name| name == kind.name());
        typed
            && match &self.glob {
                // A glob that matches a folder covers what is below it.
                Some(glob) => {
                    let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
                    ends.map(|end| &path[..end]).any(|part| glob.is_match(part))
                }
                None => path.starts_with(&self.path),
            }
    }

    /// `has_precedence?`: against the scope that has won so far.
    fn wins_over(&self, old: &Self) -> bool {
        if self.path.len() != old.path.len() {
            return self.path.len() > old.path.len();
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
    fn the_stronger_scope_wins() {
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
            (vec![all, scope("", None, "later")], "_posts/a.md", "later"),
        ];
        for (scopes, path, layout) in table {
            let defaults = Defaults(scopes.iter().map(Scope::new).collect());
            let found = defaults.for_file(path, Kind::Posts);
            assert_eq!(found[0].1.value, Value::Text(layout.into()), "{path} in {scopes:?}");
        }
    }

    #[test]
    fn a_typed_scope_leaves_other_kinds_alone() {
        let defaults = Defaults(vec![Scope::new(&scope("", Some("pages"), "page"))]);
        assert!(defaults.for_file("_posts/a.md", Kind::Posts).is_empty());
        assert_eq!(defaults.for_file("about.md", Kind::Pages).len(), 1);
    }
}
