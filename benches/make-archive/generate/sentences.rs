//! Sentences and titles, generated once from the rules of `words.txt`. Posts pick from them.

use std::collections::HashMap;

use super::random::Random;

const WORDS: &str = include_str!("words.txt");
const SENTENCES: usize = 27_000;
const TITLES: usize = 10_000;

/// The sentences and titles that posts are built from.
#[derive(Debug)]
pub(super) struct Texts {
    pub(super) sentences: Vec<String>,
    pub(super) titles: Vec<String>,
}

impl Texts {
    /// Generates the texts of a seed.
    pub(super) fn new(seed: u64) -> Self {
        let rules = rules();
        let make = |stream: u64, rule: &str, count: usize| {
            let mut random = Random::new(seed, u64::MAX - stream);
            (0..count)
                .map(|_| {
                    let mut text = String::new();
                    expand(&rules, rule, &mut random, &mut text);
                    text
                })
                .collect()
        };
        Self { sentences: make(1, "sentence", SENTENCES), titles: make(2, "title", TITLES) }
    }
}

/// Parses `words.txt`: the choices of each rule, by name.
fn rules() -> HashMap<&'static str, Vec<&'static str>> {
    let mut rules: HashMap<_, Vec<_>> = HashMap::new();
    let mut rule = "";
    for line in WORDS.lines().filter(|line| !line.starts_with('#')) {
        match line.strip_suffix(':') {
            Some(name) => rule = name,
            None => rules.entry(rule).or_default().extend(line.split_whitespace()),
        }
    }
    rules
}

fn expand(rules: &HashMap<&str, Vec<&str>>, rule: &str, random: &mut Random, out: &mut String) {
    let Some(choices) = rules.get(rule) else { panic!("the grammar has no {rule}") };
    let mut rest = *random.pick(choices);
    while let Some((before, after)) = rest.split_once('{') {
        let (inner, after) = after.split_once('}').unwrap_or((after, ""));
        out.push_str(before);
        expand(rules, inner, random, out);
        rest = after;
    }
    out.push_str(rest);
}
