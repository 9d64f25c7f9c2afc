//! Compares a digest with the beginning of its article, which it often repeats to the letter.

use crate::archive::body::html::clean::BodyHtml;
use crate::archive::body::html::pieces::HtmlPiece;
use crate::archive::body::html::{element, text};

/// Number of paragraphs at the beginning of a body; one of them may begin like the digest.
const STARTS: usize = 3;
/// Number of paragraphs that are compared: a digest may repeat several paragraphs.
const PARAGRAPHS: usize = 6;
/// Maximum length of a mark at either end of a text, such as a source's name in brackets, in characters.
const LONGEST_MARK: usize = 40;
/// Maximum number of marks at the beginning of a text.
const MOST_MARKS: usize = 4;
/// Minimum length of a digest that may end within a sentence of the body, in letters.
const SHORTEST_BEGINNING: usize = 20;
/// Minimum length of a digest without the marks at its ends, in letters.
const SHORTEST_CORE: usize = 6;
/// Maximum length of a source's name without `来源：`, in characters.
const LONGEST_SOURCE: usize = 12;
/// Maximum length of a dateline of a digest, in characters.
const LONGEST_DATELINE: usize = 16;

/// The brackets around marks.
const BRACKETS: [(char, char); 6] =
    [('（', '）'), ('(', ')'), ('【', '】'), ('[', ']'), ('［', '］'), ('〔', '〕')];
/// The words that stand before a colon or in brackets at the beginning of a text.
const LABELS: [&str; 19] = [
    "快讯",
    "速报",
    "速递",
    "简讯",
    "消息",
    "要闻",
    "突发",
    "播报",
    "最新",
    "摘要",
    "提要",
    "导读",
    "导语",
    "核心提示",
    "晨报",
    "早报",
    "午报",
    "晚报",
    "快报",
];
/// The endings of the names of newspapers, agencies and sites.
const MEDIA: [&str; 8] = ["报", "网", "社", "新闻", "财经", "客户端", "经济报道", "周刊"];
/// Words with such an ending that name no source.
const OTHER_ENDINGS: [&str; 26] = [
    "财报",
    "年报",
    "季报",
    "中报",
    "月报",
    "快报",
    "预报",
    "通报",
    "简报",
    "研报",
    "公报",
    "汇报",
    "回报",
    "申报",
    "举报",
    "情报",
    "捷报",
    "海报",
    "播报",
    "电报",
    "电网",
    "官网",
    "联网",
    "上网",
    "旅行社",
    "合作社",
];

/// Returns whether the first paragraphs of a body begin with the text of the digest. White space, punctuation and the
/// marks at both ends of the paragraphs do not count. The digest may also begin with a label such as `快讯：`, a
/// dateline, a source or the post's title that the body lacks, and end with a source. Readers would miss any other
/// mark. A short digest must end with a sentence of the body.
pub(crate) fn is_digest_repeated(digest: &str, title: &str, html: &BodyHtml) -> bool {
    let readings = readings(digest, title);
    let is_repeated = |opening: &str, is_first: bool| {
        let core = without_head(opening, |_| true);
        let texts = [Some(opening), Some(core).filter(|core| core.len() < opening.len())];
        texts.into_iter().flatten().any(|text| readings.iter().any(|letters| begins(text, letters, is_first)))
    };
    let (mut opening, mut starts, mut end) = (String::new(), Vec::new(), 0);
    let mut paragraphs = 0;
    for piece in html.pieces().map(Some).chain([None]) {
        match piece {
            Some(HtmlPiece::Text(part)) => opening.push_str(&text::decode(part)),
            Some(HtmlPiece::Tag(tag)) if tag.name == "br" => opening.push('\n'),
            Some(HtmlPiece::Tag(tag)) if !element::ends_line(tag.name) => {}
            _ if opening[end..].trim().is_empty() => {}
            // A paragraph ends here.
            _ => {
                if starts.len() < STARTS {
                    starts.push(end);
                }
                let mut openings = starts.iter().map(|start| &opening[*start..]).enumerate();
                if openings.any(|(place, opening)| is_repeated(opening, place == 0)) {
                    return true;
                }
                paragraphs += 1;
                if paragraphs == PARAGRAPHS {
                    return false;
                }
                opening.push('\n');
                end = opening.len();
            }
        }
    }
    false
}

/// The letters and digits of a text.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The letters and digits of a digest: all of them, and those without the marks at its ends that the body may lack.
fn readings(digest: &str, title: &str) -> Vec<String> {
    let core = |text| without_head(text, |mark| is_head_mark(mark, title));
    let without_source = before_source(digest, is_source);
    let cores = [without_source, Some(core(digest)), without_source.map(core)];
    let mut readings = vec![letters(digest)];
    for letters in cores.into_iter().flatten().map(letters) {
        if letters.chars().nth(SHORTEST_CORE - 1).is_some() && !readings.contains(&letters) {
            readings.push(letters);
        }
    }
    readings.retain(|letters| !letters.is_empty());
    readings
}

/// Returns whether a text begins with the letters of a digest, and ends or goes on in an allowed way.
fn begins(text: &str, letters: &str, is_first: bool) -> bool {
    let Some(rest) = after_letters(text, letters) else { return false };
    let is_number_cut = letters.ends_with(char::is_numeric)
        && rest.trim_start_matches(['.', ',']).starts_with(char::is_numeric);
    let is_long = || letters.chars().count() >= SHORTEST_BEGINNING;
    let ends_sentence = || {
        let rest = rest.trim_start_matches(['”', '’', '"', '」', '』', '）', ')', '%', '％']);
        rest.starts_with(['。', '！', '？', '；', '…', '.', '!', '?', '\n'])
    };
    let has_no_letters = |text: &str| !text.contains(char::is_alphanumeric);
    let is_whole = || has_no_letters(rest) || before_source(rest, |_| true).is_some_and(has_no_letters);
    !is_number_cut && (is_long() || is_whole() || is_first && ends_sentence())
}

/// The text after the given letters, if its letters and digits begin with them.
fn after_letters<'t>(text: &'t str, letters: &str) -> Option<&'t str> {
    let mut letters = letters.chars();
    let mut next = letters.next();
    for (at, c) in text.char_indices() {
        match next {
            None => return Some(&text[at..]),
            Some(letter) if c == letter => next = letters.next(),
            Some(_) if c.is_alphanumeric() => return None,
            Some(_) => {}
        }
    }
    next.is_none().then_some("")
}

/// The text before a source at its end, which stands in brackets or after `来源：`, if `is_mark` accepts the source.
fn before_source(text: &str, is_mark: impl Fn(&str) -> bool) -> Option<&str> {
    let text = text.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '。' | '.'));
    let is_short = |source: &str| source.chars().nth(LONGEST_MARK).is_none();
    let bracketed = BRACKETS.iter().find_map(|(open, close)| text.strip_suffix(*close)?.rsplit_once(*open));
    if let Some((before, source)) = bracketed
        && is_short(source)
        && is_mark(&text[before.len()..])
    {
        return Some(before);
    }
    let (before, source) = text.rsplit_once("来源：")?;
    let before = before.trim_end_matches("文章");
    // `资金来源：` is a part of the sentence.
    let is_in_word = before.ends_with(char::is_alphanumeric);
    (!is_in_word && is_short(source) && is_mark(&text[before.len()..])).then_some(before)
}

/// Returns whether a mark at the beginning of a digest may be left out.
fn is_head_mark(mark: &str, title: &str) -> bool {
    let is_dateline = mark.ends_with(['讯', '电'])
        && mark.chars().nth(LONGEST_DATELINE).is_none()
        && mark.chars().all(char::is_alphanumeric);
    let text = letters(mark);
    is_dateline || is_source(mark) || LABELS.contains(&text.as_str()) || text == letters(title)
}

/// Returns whether a mark, with its brackets, names a source and no reporter: `（某报）`, `来源：某报`.
fn is_source(mark: &str) -> bool {
    let text = mark.trim_matches(|c: char| !c.is_alphanumeric());
    if ["记者", "作者", "编辑", "责编"].into_iter().any(|word| text.contains(word)) {
        return false;
    }
    if let Some((label, name)) = text.split_once("来源：") {
        return matches!(label, "" | "文章")
            && !name.contains(['，', ',', '、', '；', ';', '。', '！', '？']);
    }
    let ends_with = |words: &[&str]| words.iter().any(|word| text.ends_with(*word));
    text.chars().nth(LONGEST_SOURCE).is_none()
        && text.chars().all(|c| c.is_alphanumeric() || c == '·')
        && ends_with(&MEDIA)
        && !ends_with(&OTHER_ENDINGS)
}

/// The text without the marks at its beginning that `is_mark` accepts.
fn without_head(text: &str, is_mark: impl Fn(&str) -> bool) -> &str {
    let is_separator = |c: char| c.is_whitespace() || "：:，,。|｜丨—-".contains(c);
    let mut rest = text.trim_start_matches(is_separator);
    for _ in 0..MOST_MARKS {
        let after = after_bracket(rest).or_else(|| after_label(rest)).or_else(|| after_dateline(rest));
        let Some(after) = after.filter(|after| is_mark(&rest[..rest.len() - after.len()])) else { break };
        rest = after.trim_start_matches(is_separator);
    }
    rest
}

fn after_bracket(text: &str) -> Option<&str> {
    let (_, close) = BRACKETS.iter().find(|(open, _)| text.starts_with(*open))?;
    let (end, _) = text.char_indices().take(LONGEST_MARK).find(|(_, c)| c == close)?;
    Some(&text[end + close.len_utf8()..])
}

fn after_label(text: &str) -> Option<&str> {
    let rest = LABELS.iter().find_map(|label| text.strip_prefix(*label))?;
    rest.strip_prefix(['：', ':', '｜', '|', '丨'])
}

/// The text after a dateline such as `某报3月1日讯` or `某社北京3月1日电`.
fn after_dateline(text: &str) -> Option<&str> {
    let is_end = |(at, c): &(usize, char)| {
        matches!(c, '讯' | '电')
            && text[..*at].ends_with(['日', '报', '社', '网', '台', '刊'])
            && !text[at + c.len_utf8()..].starts_with(char::is_alphanumeric)
    };
    let (at, mark) = text.char_indices().take(LONGEST_MARK).find(is_end)?;
    let is_part =
        |c: char| c.is_alphanumeric() || c.is_whitespace() || matches!(c, '（' | '）' | '(' | ')' | '·');
    text[..at].chars().all(is_part).then(|| &text[at + mark.len_utf8()..])
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
            // A short digest ends with a sentence of the first paragraph.
            ("<p>河滩股份公告，一季度签约三亿元。同比持平。</p>", true),
            ("<p>河滩股份公告，一季度签约“三亿元”！<br>同比持平。</p>", true),
            ("<p>河滩股份公告，一季度签约三亿元，同比持平。</p>", false),
            ("<p>导语。</p><p>河滩股份公告，一季度签约三亿元。同比持平。</p>", false),
            ("<p>一</p><p>二</p><p>三</p><p>河滩股份公告，一季度签约三亿元</p>", false),
            ("<p>（河滩晨报）</p>", false),
            ("", false),
        ] {
            let html = BodyHtml::from_stored(html.to_owned());
            assert_eq!(is_digest_repeated(digest, "", &html), expected, "{}", html.as_str());
        }
        let digest = "河滩股份公告，一季度签约三亿元，同比增长10%。（河滩晨报）";
        for (html, expected) in [
            ("<p>河滩股份公告，一季度签约三亿元，同比增长10%。公司称订单饱满。</p>", true),
            ("<p>导语。</p><p>　　河滩股份公告：<b>一季度</b>签约三亿元<br>同比增长10%，订单饱满</p>", true),
            ("<p>河滩股份公告，一季度签约三亿元，同比增长10.5%。公司称订单饱满。</p>", false),
            ("<p>3月1日，河滩股份公告，一季度签约三亿元，同比增长10%。</p>", false),
            // The digest repeats two paragraphs.
            ("<p>河滩股份公告，一季度签约三亿元，同比增长</p><p>10%。</p>", true),
            ("<p>河滩股份公告。</p><p>一季度签约三亿元，同比增长10%，订单饱满。</p>", true),
            ("<p>河滩股份公告。</p><p>全年签约三亿元，同比增长10%。</p>", false),
            (
                "<p>一</p><p>二</p><p>三</p><p>河滩股份公告，一季度签约三亿元，同比增长10%。订单饱满。</p>",
                false,
            ),
        ] {
            let html = BodyHtml::from_stored(html.to_owned());
            assert_eq!(is_digest_repeated(digest, "", &html), expected, "{}", html.as_str());
        }
        let html = BodyHtml::from_stored("<p>……</p>".to_owned());
        assert!(!is_digest_repeated("！", "", &html));
        let html = BodyHtml::from_stored("<p>河滩(HT)公告(HT)</p>".to_owned());
        assert!(is_digest_repeated("河滩(HT)公告(HT)（某报）", "", &html));
    }

    #[test]
    fn marks_at_the_ends_of_digest_and_text_do_not_count() {
        let html = |text: &str| BodyHtml::from_stored(format!("<p>{text}</p><p>后文。</p>"));
        let is_repeated =
            |digest: &str, text: &str| is_digest_repeated(digest, "河滩股份：签约", &html(text));
        for mark in [
            "【河滩股份签约】",
            "（晨报）",
            "[晨报] ",
            "（河滩晨报）",
            "快讯：",
            "【快讯】消息｜",
            "河滩晨报3月1日讯 ",
            "本报讯　",
        ] {
            let digest = format!("{mark}河滩股份签约三亿元。");
            assert!(is_repeated(&digest, "河滩股份签约三亿元。"), "{mark}");
            assert!(is_repeated("河滩股份签约三亿元。", &digest), "{mark}");
        }
        for mark in [
            "[晨报]",
            "（晨报）",
            "【晨报】。",
            "（证券时报·网）",
            "（21世纪经济报道）",
            " 来源：晨报",
            "文章来源：晨报",
            "（来源：Wind）",
        ] {
            let digest = format!("河滩股份签约三亿元。{mark}");
            assert!(is_repeated(&digest, "河滩股份签约三亿元。同比持平。"), "{mark}");
            assert!(is_repeated("河滩股份签约三亿元。", &digest), "{mark}");
        }
        for (digest, text) in [
            ("【河滩】签约三亿元。", "河滩。签约两亿元。"),
            ("公告（一季度增三倍）", "公告。全文如下。"),
            ("河滩网电商签约三亿元。", "商签约三亿元。"),
            ("（晨报）", "正文。"),
        ] {
            assert!(!is_repeated(digest, text), "{digest}");
        }
    }

    #[test]
    fn marks_that_only_the_digest_has_keep_it() {
        let text = "河滩股份一季度签约三亿元，同比增长百分之十。";
        let html = BodyHtml::from_stored(format!("<p>{text}</p><p>后文。</p>"));
        for (head, end) in [
            ("【净利大增】", ""),
            ("【快讯】【净利大增】", ""),
            ("[河滩财报]", ""),
            ("（净利大增）", ""),
            ("某社河滩3月1日电（记者 甲）", ""),
            ("净利大增 本报讯 ", ""),
            ("", "（记者王五）"),
            ("", "（来源：晨报 记者王五）"),
            ("", "（净利大增）"),
            ("", "（资金来源：自有）"),
            ("", "资金来源：自有"),
            ("", "（河滩电网）"),
            ("【净利大增】", "（晨报）"),
        ] {
            let digest = format!("{head}{text}{end}");
            assert!(!is_digest_repeated(&digest, "标题", &html), "{digest}");
            let whole = BodyHtml::from_stored(format!("<p>{digest}</p>"));
            assert!(is_digest_repeated(&digest, "标题", &whole), "{digest}");
        }
    }
}
