//! Generates one post, in one of the three shapes that such archives hold: a digest alone, a digest over
//! scraped HTML, or scraped HTML alone. Some posts get a defect.

use std::fmt::Write;

use chrono::{Duration, NaiveDate};

use super::random::Random;
use super::sentences::Texts;
use super::sources::{Source, Sources};
use super::{Options, defect};

const STOCKS: &[(&str, &str)] = &[
    ("1.699018", "澄汐证券"),
    ("0.009935", "驿路物流"),
    ("1.699160", "磐石化工"),
    ("0.309343", "霁光新材"),
    ("0.009001", "岚桥银行"),
    ("1.699318", "苍梧保险"),
    ("0.009594", "骊马汽车"),
    ("1.699036", "棠溪银行"),
    ("0.309750", "曜能电池"),
    ("116.09700", "鹤讯科技"),
    ("106.YXC", "云岫出行"),
    ("1.689981", "砚芯微电"),
];

/// A post file: its name and text, and the parts that a defect may change.
#[derive(Debug)]
pub(super) struct Post {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) date: String,
    pub(super) category: String,
    pub(super) tags: String,
    pub(super) link: String,
    pub(super) text: String,
}

/// Generates post number `index` of the archive; returns its file name and text.
pub(super) fn make(index: usize, options: &Options, texts: &Texts, sources: &Sources) -> (String, String) {
    let mut random = Random::new(options.seed, index as u64);
    let source = sources.pick(&mut random);
    let title = random.pick(&texts.titles).clone();
    let day = day(index, options);
    let second = 6 * 3600 + (index % options.per_day) * 64_800 / options.per_day;
    let mut date = format!("{day} {:02}:{:02}:{:02} +0800", second / 3600, second / 60 % 60, second % 60);
    let slug = format!("{}22{index:08}", day.format("%Y%m%d"));
    let Source { slug: category, name } = source;
    let mut body = html(index, name, texts, &mut random);
    let mut back = format!(
        "[返回{name}新闻](//old.example.com/category/{category}.html)｜[返回首页](//old.example.com/)"
    );

    let shape = random.share();
    if shape < 0.05 {
        date.truncate(date.len() - " +0800".len());
        body = format!("\n{}", paragraph(texts, &mut random));
        back = format!("[返回{name}新闻](../{category}/)\n[返回首页](../)");
    } else if shape < 0.30 {
        let hidden =
            "<p style=\"display:none;height:1px;overflow:hidden;\"><br /></p><!-- EM_StockImg_Start -->";
        body = format!("> {}\n\n{hidden}{body}", paragraph(texts, &mut random));
    }
    let link = format!("<https://wire.example.org/html_News/NewsShare.html?infoCode=NW{slug}>");
    let tags = format!("tags: {name}新闻\n");
    let text = format!(
        "---\nlayout: post\ntitle: \"{title}\"\ndate: {date}\ncategories: {category}\n{tags}---\n{body}\n\n{link}\n\n{back}"
    );
    let name = format!("{day}-{slug}.md");
    let mut post = Post { name, title, date, category: category.clone(), tags, link, text };
    if random.share() < options.bad {
        defect::add(&mut post, &slug, random.below(defect::KINDS));
    }
    (post.name, post.text)
}

/// The day of a post: `per_day` posts for each day, from the first day on.
fn day(index: usize, options: &Options) -> NaiveDate {
    options.start + Duration::days((index / options.per_day) as i64)
}

fn html(index: usize, source: &str, texts: &Texts, random: &mut Random) -> String {
    let count = (random.lognormal(1.9, 0.8) as usize).clamp(1, 120);
    let mut out = String::new();
    for number in 0..count {
        if number > 0 {
            out.push_str("\n ");
        }
        let mut text = paragraph(texts, random);
        let is_linked = random.share() < 0.25;
        if is_linked {
            text.insert_str(0, &stock(random));
        }
        if number > 0 && number % 5 == 0 {
            text = if is_linked { text } else { text.chars().take(18).collect() };
            text = format!("<strong>{text}</strong>");
        }
        let _ = write!(out, "<p>{text}</p>");
        if number == 0 && random.share() < 0.12 {
            let _ = write!(
                out,
                "\n <center><img src=\"https://pictures.example.net/D2{index}.jpg\" alt=\"Image\" width=\"552\" \
                 style=\"border:#d1d1d1 1px solid;padding:3px;margin:5px 0;\" /></center>"
            );
        }
    }
    let _ = write!(out, "<p class=\"em_media\">（文章来源：{source}）</p>");
    out
}

fn paragraph(texts: &Texts, random: &mut Random) -> String {
    (0..=random.below(4)).map(|_| random.pick(&texts.sentences).as_str()).collect()
}

fn stock(random: &mut Random) -> String {
    let (code, name) = random.pick(STOCKS);
    let data = code.replace('.', ",");
    format!(
        "<span id=\"stock_{code}\"><a href=\"http://quote.example.com/unify/r/{code}\" class=\"keytip\" \
         data-code=\"{data}\">{name}</a></span><span id=\"quote_{code}\"></span>"
    )
}
