//! The sources of the archive's news. A few sources publish most posts, as in real archives.

use std::collections::HashSet;

use super::random::Random;

/// Syllables of source names, each with its Chinese character.
const SYLLABLES: &[(&str, &str)] = &[
    ("qing", "青"),
    ("lu", "麓"),
    ("yun", "云"),
    ("xiu", "岫"),
    ("mo", "墨"),
    ("xi", "溪"),
    ("lan", "兰"),
    ("ting", "亭"),
    ("bei", "北"),
    ("an", "岸"),
    ("cheng", "澄"),
    ("hai", "海"),
    ("zheng", "证"),
    ("quan", "券"),
    ("cai", "财"),
    ("jing", "经"),
    ("ri", "日"),
    ("bao", "报"),
    ("guan", "观"),
    ("cha", "察"),
    ("chen", "晨"),
    ("xun", "讯"),
    ("hang", "航"),
    ("zhou", "周"),
    ("kan", "刊"),
    ("wang", "网"),
    ("shi", "时"),
    ("wen", "闻"),
];

/// A source: the slug used as a category, and the name shown to readers.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) slug: String,
    pub(super) name: String,
}

/// All sources, weighted by Zipf's law: the n-th source has the weight 1/n.
#[derive(Debug)]
pub(super) struct Sources {
    all: Vec<Source>,
    /// Cumulative weights, one for each source.
    sums: Vec<f64>,
}

impl Sources {
    pub(super) fn new(seed: u64, count: usize) -> Self {
        let mut random = Random::new(seed, u64::MAX);
        let mut seen = HashSet::new();
        let all: Vec<_> = (0..count.max(1)).map(|index| source(&mut random, index, &mut seen)).collect();
        let mut sum = 0.0;
        let sums = (1..=all.len())
            .map(|rank| {
                sum += 1.0 / rank as f64;
                sum
            })
            .collect();
        Self { all, sums }
    }

    /// Picks the source of one post at random, by weight.
    pub(super) fn pick(&self, random: &mut Random) -> &Source {
        let at = random.share() * self.sums.last().copied().unwrap_or_default();
        &self.all[self.sums.partition_point(|sum| *sum <= at).min(self.all.len() - 1)]
    }
}

fn source(random: &mut Random, index: usize, seen: &mut HashSet<String>) -> Source {
    let (mut slug, mut name) = (String::new(), String::new());
    for _ in 0..2 + random.below(3) {
        let (latin, han) = random.pick(SYLLABLES);
        slug.push_str(latin);
        name.push_str(han);
    }
    if random.share() < 0.06 {
        let number = 2 + random.below(98);
        slug = format!("{number}{}{}", slug[..1].to_uppercase(), &slug[1..]);
        name.insert_str(0, &number.to_string());
    }
    if !seen.insert(slug.clone()) {
        slug.push_str(&index.to_string());
        name.push_str(&index.to_string());
        seen.insert(slug.clone());
    }
    Source { slug, name }
}
