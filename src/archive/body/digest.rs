//! Compares a digest with the beginning of its article, which it often repeats to the letter.

use crate::archive::body::html::clean::BodyHtml;
use crate::archive::body::html::pieces::HtmlPiece;
use crate::archive::body::html::{element, text};

/// Number of paragraphs at the beginning of a body that a digest may repeat.
const PARAGRAPHS: usize = 3;
/// Maximum length of a source's name in brackets at the end of a text, in characters.
const LONGEST_SOURCE: usize = 30;
/// Minimum length of a digest that a longer paragraph repeats, in letters.
const SHORTEST_BEGINNING: usize = 20;

/// Returns whether one of the first paragraphs of a body is the same text as the digest, or begins with a long
/// digest. White space, marks and a source in brackets at the end do not count.
pub(crate) fn is_digest_repeated(digest: &str, html: &BodyHtml) -> bool {
    let digest = readings(digest);
    let is_same = |paragraph: &str| {
        let paragraph = readings(paragraph);
        let is_begun = |whole: &String| digest.iter().flatten().any(|digest| begins_with(whole, digest));
        paragraph.iter().flatten().any(|one| is_one_of(one, &digest))
            || paragraph[0].as_ref().is_some_and(is_begun)
    };
    let (mut paragraph, mut seen) = (String::new(), 0);
    for piece in html.pieces() {
        match piece {
            HtmlPiece::Text(part) => paragraph.push_str(&text::decode(part)),
            HtmlPiece::Tag(tag) if tag.name != "br" && element::ends_line(tag.name) => {
                if is_same(&paragraph) {
                    return true;
                }
                seen += usize::from(!paragraph.trim().is_empty());
                if seen == PARAGRAPHS {
                    return false;
                }
                paragraph.clear();
            }
            HtmlPiece::Tag(_) => {}
        }
    }
    is_same(&paragraph)
}

fn is_one_of(text: &str, readings: &[Option<String>; 2]) -> bool {
    readings.iter().flatten().any(|reading| reading == text)
}

/// Returns whether a paragraph begins with a long digest. Both are given as letters and digits; a number at the
/// end of the digest must end in the paragraph too.
fn begins_with(paragraph: &str, digest: &str) -> bool {
    paragraph.strip_prefix(digest).is_some_and(|rest| {
        let is_number_cut = digest.ends_with(char::is_numeric) && rest.starts_with(char::is_numeric);
        !is_number_cut && digest.chars().count() >= SHORTEST_BEGINNING
    })
}

/// The letters and digits of a text: all of them, and those before a source in brackets. Empty readings are
/// left out.
fn readings(text: &str) -> [Option<String>; 2] {
    let letters = |text: &str| {
        let letters: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
        Some(letters).filter(|letters| !letters.is_empty())
    };
    [letters(text), before_source(text).and_then(letters)]
}

/// The text before a source in brackets at its end.
fn before_source(text: &str) -> Option<&str> {
    let text = text.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '。' | '.'));
    let (before, source) = text.strip_suffix(['）', ')'])?.rsplit_once(['（', '('])?;
    (source.chars().count() <= LONGEST_SOURCE).then_some(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_is_repeated_by_a_paragraph_with_the_same_letters() {
        let digest = "河滩股份 公告，一季度签约“三亿元”。（河滩晨报）";
        for (html, expected) in [
            ("<p>河滩股份公告，一季度签约“三亿元”。</p><p>后文。</p>", true),
            ("<p>河滩股份公告，<a href=\"/x\">一季度</a>签约 &quot;三亿元&quot;（某报）。</p>", true),
            ("<p>河滩股份公告，一季度签约“三亿元”（河滩晨报）</p>", true),
            (
                "<p class=\"quote-chart\"><img alt=\"\"></p><p>导语。</p><p>河滩股份公告，一季度签约三亿元</p>",
                true,
            ),
            ("河滩股份公告，一季度签约三亿元", true),
            // The digest is too short to be a copy of the beginning.
            ("<p>河滩股份公告，一季度签约三亿元，同比持平。</p>", false),
            ("<p>一</p><p>二</p><p>三</p><p>河滩股份公告，一季度签约三亿元</p>", false),
            ("<p>（河滩晨报）</p>", false),
            ("", false),
        ] {
            let html = BodyHtml::from_stored(html.to_owned());
            assert_eq!(is_digest_repeated(digest, &html), expected, "{}", html.as_str());
        }
        let digest = "河滩股份公告，一季度签约三亿元，同比增长10%。（河滩晨报）";
        for (html, expected) in [
            ("<p>河滩股份公告，一季度签约三亿元，同比增长10%。公司称订单饱满。</p>", true),
            ("<p>导语。</p><p>　　河滩股份公告：<b>一季度</b>签约三亿元<br>同比增长10%，订单饱满</p>", true),
            ("<p>河滩股份公告，一季度签约三亿元，同比增长10.5%。公司称订单饱满。</p>", false),
            ("<p>3月1日，河滩股份公告，一季度签约三亿元，同比增长10%。</p>", false),
            ("<p>河滩股份公告，一季度签约三亿元，同比增长</p><p>10%。</p>", false),
            (
                "<p>一</p><p>二</p><p>三</p><p>河滩股份公告，一季度签约三亿元，同比增长10%。订单饱满。</p>",
                false,
            ),
        ] {
            let html = BodyHtml::from_stored(html.to_owned());
            assert_eq!(is_digest_repeated(digest, &html), expected, "{}", html.as_str());
        }
        let html = BodyHtml::from_stored("<p>……</p>".to_owned());
        assert!(!is_digest_repeated("！", &html));
        let html = BodyHtml::from_stored("<p>河滩(HT)公告(HT)</p>".to_owned());
        assert!(is_digest_repeated("河滩(HT)公告(HT)（某报）", &html));
    }
}
