//! Finds the codes of securities in plain text: in brackets after a name, as in `河滩股份(699001.SH)`,
//! `（08991.HK）` and `Far Island (NYSE: YUYU)`.

use crate::archive::body::html::bytes;
use crate::archive::body::lift::ends_in_source_line;
use crate::archive::body::security::SecurityCode;

/// Maximum length of the text in brackets, in characters.
const LONGEST: usize = 48;
/// Maximum number of parts of that text, such as the codes of a company on several exchanges.
const MOST_PARTS: usize = 8;
/// Number of characters before a bracket that may hold its name.
const LONGEST_RUN: usize = 40;

/// Passes each code in a text, and the name before it, to `found`. The name is empty if the text before the
/// bracket is no name.
pub(super) fn in_text(text: &str, mut found: impl FnMut(SecurityCode, &str)) {
    let mut from = 0;
    // The last byte of `（` is 0x88, and few other characters of a text have this byte.
    while let Some(at) = bytes::find(&text.as_bytes()[from..], b"(\x88") {
        let at = from + at;
        from = at + 1;
        let open = if text.as_bytes()[at] == b'(' { Some(at) } else { at.checked_sub(2) };
        let Some(open) = open.filter(|open| text.get(*open..=at).is_some_and(is_open_bracket)) else {
            continue;
        };
        let (before, inner) = (&text[..open], &text[from..]);
        let Some(inner) = bracketed(inner).filter(|_| !ends_in_source_line(before)) else { continue };
        let mut name = None;
        for part in inner.split(['，', ',', '；', ';', '、', '/', '|']).take(MOST_PARTS) {
            let Some((code, is_bare)) = code_of(part) else { continue };
            let name = *name.get_or_insert_with(|| name_before(before));
            // Six digits alone may also be a year and a month, or a postcode.
            if !is_bare || !name.is_empty() {
                found(code, name);
            }
        }
    }
}

fn is_open_bracket(text: &str) -> bool {
    matches!(text, "(" | "（")
}

/// The text up to the closing bracket, if it may hold a code.
fn bracketed(text: &str) -> Option<&str> {
    let is_bracket = |c: char| matches!(c, '(' | '（' | ')' | '）');
    let (end, bracket) = text.char_indices().take(LONGEST).find(|(_, c)| is_bracket(*c))?;
    let inner = &text[..end];
    let may_hold_code = inner.bytes().any(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
    (may_hold_code && matches!(bracket, ')' | '）')).then_some(inner)
}

/// Parses a code with its exchange, or six digits alone. The second value is true for digits alone.
fn code_of(part: &str) -> Option<(SecurityCode, bool)> {
    let part = part.trim();
    let (label, code) = match part.rsplit_once([':', '：']) {
        Some((label, code)) => (without_code_word(label.trim()), code.trim()),
        None => ("", part),
    };
    if !label.is_empty() {
        // The label of another value, such as the price, is no exchange.
        return Some((canonical(market_of(label)?, code)?, false));
    }
    // `600519.SH`, `700 HK`
    let suffixed =
        code.rsplit_once(['.', ' ']).and_then(|(code, exchange)| Some((market_of(exchange)?, code)));
    // `SH600519`
    let prefixed =
        || code.split_at_checked(2).and_then(|(exchange, code)| Some((market_of(exchange)?, code)));
    if let Some((market, code)) = suffixed.or_else(prefixed) {
        return Some((canonical(market, code.trim_end())?, false));
    }
    Some((canonical(market_of_digits(code)?, code)?, true))
}

/// Removes the word for "code" from a label: `深交所股票代码` names the exchange only.
fn without_code_word(label: &str) -> &str {
    let words = ["股票代码", "证券代码", "股份代号", "股票代号", "代码", "代号"];
    words.iter().find_map(|word| label.strip_suffix(word)).unwrap_or(label)
}

/// The suffix of codes on an exchange.
fn market_of(exchange: &str) -> Option<&'static str> {
    Some(match exchange.to_ascii_uppercase().as_str() {
        "SH" | "SS" | "SSE" | "SHSE" | "SHA" | "XSHG" | "上交所" | "上海证券交易所" | "沪市" | "科创板" => {
            "SH"
        }
        "SZ" | "SZSE" | "SHE" | "XSHE" | "深交所" | "深圳证券交易所" | "深市" | "创业板" => {
            "SZ"
        }
        "BJ" | "BJSE" | "北交所" | "北京证券交易所" => "BJ",
        "HK" | "HKG" | "HKEX" | "SEHK" | "港交所" | "联交所" | "香港交易所" | "香港联交所" | "港股" => {
            "HK"
        }
        "US"
        | "N"
        | "O"
        | "OQ"
        | "NYSE"
        | "NASDAQ"
        | "AMEX"
        | "NYSE AMERICAN"
        | "纽交所"
        | "纽约证券交易所"
        | "纳斯达克"
        | "美股" => "US",
        _ => return None,
    })
}

/// The market of six digits, by the numbers that the exchanges have assigned to shares.
fn market_of_digits(code: &str) -> Option<&'static str> {
    let is_code = code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()) && code != "000000";
    match is_code.then(|| &code[..3])? {
        // Lower numbers are postcodes.
        "830" if code >= "830700" => Some("BJ"),
        "600" | "601" | "603" | "605" | "688" | "689" => Some("SH"),
        "000" | "001" | "002" | "003" | "300" | "301" | "302" => Some("SZ"),
        "430" | "831" | "832" | "833" | "834" | "835" | "836" | "837" | "838" | "839" | "870" | "871"
        | "872" | "873" | "920" => Some("BJ"),
        _ => None,
    }
}

fn canonical(market: &str, code: &str) -> Option<SecurityCode> {
    let is_number = code.bytes().all(|b| b.is_ascii_digit());
    let is_ticker = code.starts_with(|c: char| c.is_ascii_uppercase())
        && code.bytes().all(|b| b.is_ascii_uppercase() || matches!(b, b'.' | b'-'));
    let canonical = match market {
        "SH" | "SZ" | "BJ" if is_number => format!("{code}.{market}"),
        "HK" if is_number && !code.is_empty() => format!("{code:0>5}.HK"),
        "US" if is_ticker => format!("{code}.US"),
        _ => return None,
    };
    canonical.parse().ok()
}

/// Words of a sentence that may stand right before a name, longer ones first.
const WORDS: &str = "控股子公司 上市公司 控股股东 子公司 概念股 龙头股 旗下的 分别为 分别是 其中的 以及 包括 其中 例如 比如 \
                     诸如 维持 给予 予以 上调 下调 首予 重申 推荐 建议 关注 看好 增持 减持 买入 卖出 持有 抢筹 对于 \
                     关于 旗下 公司 股东 港股 美股 个股 股票 龙头 此外 同时 另外 截至 目前 近日 今日 昨日 日前 当日 获悉 \
                     据悉 显示 表示 宣布 公告 报道 收购 入股 投资 起诉 持股 入主 参股 还有 或者 来自 名为 成为 A股 H股";
/// Words of one character that do so. Names begin with some of them too.
const SINGLE_WORDS: &str = "将与及对向由在从据而但的是为被给让使并或即如以至于像因了等和";
/// The words before a name that end a longer part of a sentence: the name of a questioner, another company's name, or
/// words that no name holds.
const ENDS_BEFORE_NAME: &str = "投资者向 股民向 网友向 记者从 记者向 股份和 股份与 股份及 股份以及 集团和 集团与 \
                                集团及 集团以及 公司和 公司与 公司及 公司以及 银行和 银行与 银行及 银行以及 影响 \
                                受益于 得益于 旗下 控股股东 实际控制人 实控人 大股东 控股子公司 全资子公司 \
                                旗下子公司 的子公司 母公司 关联方 其中 此外 另外 截至 截止 目前 包括 例如 比如 诸如 \
                                方面 以来 早盘 盘中 盘后 午后 尾盘 收盘 开盘 盘面上 消息面上 发稿 近日 日前 近期 \
                                此前 随后 昨晚 今晚 今日 昨日 当日 同日 今天 昨天 晚间 年内 与此同时 的是 宣布 表示 \
                                数据显示 公告显示 资料显示 信息显示 公告称 披露 收购 入股 起诉 关于 来自 名为";
/// Words of one character that no name begins with.
const SINGLE_WORDS_OF_SENTENCES: [char; 2] = ['与', '而'];
/// Particles after a word of a sentence, as in `投资了河滩`. `和` is left out: many names begin with it.
const PARTICLES: [char; 6] = ['的', '了', '与', '及', '对', '为'];
/// Maximum length of a name that begins with one of `ENDS_BEFORE_NAME`, such as `今天国际`, in characters.
const LONGEST_NAME_WITH_WORD: usize = 4;
/// The endings of names that are no name alone.
const NAME_ENDINGS: &str = "股份 证券 科技 集团 银行 控股 国际 电子 医药 生物 医疗 环保 能源 新能源 材料 新材料 化工 电气 \
                            电力 机械 实业 传媒 通信 信息 软件 智能 汽车 光电 半导体 食品 药业 制药 地产 房地产 置业 \
                            重工 精密 航空 保险 有限公司 股份有限公司";

/// Returns whether a text ends with a word of a sentence that may stand right before a name.
pub(super) fn ends_with_word(text: &str) -> bool {
    let mut words = WORDS.split(' ').chain(ENDS_BEFORE_NAME.split(' '));
    text.ends_with(|c: char| SINGLE_WORDS.contains(c)) || words.any(|word| text.ends_with(word))
}

/// Returns whether a text is only the ending of a name.
pub(crate) fn is_name_ending(text: &str) -> bool {
    NAME_ENDINGS.split(' ').any(|ending| ending == text)
}

/// The name at the end of a text; empty if the text ends without a name.
fn name_before(text: &str) -> &str {
    let text = text.trim_end();
    // `Far Island Inc.`
    let text = text
        .strip_suffix('.')
        .filter(|text| text.ends_with(|c: char| c.is_ascii_alphabetic()))
        .unwrap_or(text);
    let text = without_legal_forms(text);
    if let Some(name) = quoted_name(text) {
        return name;
    }
    let mut start = text.len();
    for (place, (at, c)) in text.char_indices().rev().enumerate() {
        let is_latin = |c: char| c.is_ascii_alphanumeric() || c == '&';
        let is_gap = c == ' ' && text[start..].starts_with(is_latin) && text[..at].ends_with(is_latin);
        if place == LONGEST_RUN || !(is_name_character(c) || is_gap) {
            break;
        }
        start = at;
    }
    let run = text[start..].trim_start_matches(['-', '·', '&', '\'']);
    if run.is_ascii() { latin_name(run) } else { han_name(run) }
}

fn is_name_character(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '*' | '＊' | '-' | '·' | '&' | '\'')
}

/// The name in the quotation marks at the end of a text.
fn quoted_name(text: &str) -> Option<&str> {
    let marks = [('“', '”'), ('「', '」'), ('『', '』'), ('‘', '’'), ('《', '》'), ('"', '"')];
    // A name of at most 20 characters in its marks; a search through the whole text would take quadratic time.
    let tail = text.char_indices().rev().nth(21).map_or(text, |(start, _)| &text[start..]);
    marks.iter().find_map(|(open, close)| {
        let (_, name) = tail.strip_suffix(*close)?.rsplit_once(*open)?;
        let is_name = (2..=20).contains(&name.chars().count())
            && name.chars().all(|c| is_name_character(c) || c == ' ');
        is_name.then_some(name)
    })
}

/// The Latin words that end a company's name and are no name alone.
const LEGAL_FORMS: [&str; 12] =
    ["Inc", "Ltd", "Corp", "Co", "Limited", "PLC", "AG", "SE", "SA", "Holding", "Holdings", "Group"];

/// Removes the Latin legal form after a Han name: `河滩股份 Holdings`.
fn without_legal_forms(text: &str) -> &str {
    let mut name = text;
    loop {
        let start = name.trim_end_matches(|c: char| c.is_ascii_alphanumeric()).len();
        if !LEGAL_FORMS.contains(&&name[start..]) {
            break;
        }
        name = name[..start].trim_end_matches([' ', ',', '.']);
    }
    if name.ends_with(|c: char| matches!(c, '\u{3400}'..='\u{9fff}')) { name } else { text }
}

/// The capitalised words at the end of a run of Latin letters.
fn latin_name(run: &str) -> &str {
    let (mut start, mut end) = (run.len(), run.len());
    loop {
        let at = run[..end].rfind(' ').map_or(0, |space| space + 1);
        let word = &run[at..end];
        if word.contains(|c: char| c.is_ascii_uppercase() || c.is_ascii_digit()) {
            start = at;
        } else if !matches!(word, "of" | "and" | "&") {
            break;
        }
        match at.checked_sub(1) {
            Some(space) => end = space,
            None => break,
        }
    }
    let name = &run[start..];
    // The name itself stands before a comma.
    if LEGAL_FORMS.contains(&name) || name.len() < 2 { "" } else { name }
}

/// The name at the end of a run with Han characters, without the words of the sentence before it.
fn han_name(run: &str) -> &str {
    let name = without_words(after_share_word(after_amount(after_other_name(run))));
    let name = without_particle(&run[..run.len() - name.len()], name);
    let han = name.chars().filter(|c| !c.is_ascii()).count();
    let tail = &name[name.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == ' ').len()..];
    let is_latin_name = tail.len() >= 4
        && tail.starts_with(|c: char| c.is_ascii_uppercase())
        && tail.contains(|c: char| c.is_ascii_lowercase());
    let length = name.chars().count();
    match (han, length) {
        _ if is_latin_name => latin_name(tail),
        (1..=8, 2..=12) => name,
        (_, 2..=24) if name.ends_with("公司") => name,
        _ => "",
    }
}

/// The part after a questioner, another company or the words of a sentence: `乙股份和河滩股份`, `受此影响河滩股份`.
fn after_other_name(run: &str) -> &str {
    if run.chars().nth(LONGEST_NAME_WITH_WORD).is_none() {
        return run;
    }
    let ends = ENDS_BEFORE_NAME.split(' ').filter_map(|word| Some(run.rfind(word)? + word.len()));
    ends.map(|end| rest_of_name(run, end)).min_by_key(|rest| rest.len()).unwrap_or(run)
}

/// The part after the last date or amount: `5月31日河滩股份`.
fn after_amount(run: &str) -> &str {
    let characters = run.char_indices().zip(run.chars().skip(1));
    let units = characters
        .filter(|((_, before), unit)| {
            before.is_ascii_digit() && "年月日时分秒元亿万点只家股名天".contains(*unit)
        })
        .map(|((at, _), unit)| at + 1 + unit.len_utf8());
    units.last().map_or(run, |end| rest_of_name(run, end))
}

/// The part after a kind of shares: `白酒股河滩股份`. `股份` and `控股` belong to names.
fn after_share_word(run: &str) -> &str {
    let mut ends =
        run.match_indices('股').map(|(at, share)| (&run[..at], at + share.len())).filter(|(before, end)| {
            !before.ends_with(['控', '参', '入', '持']) && !run[*end..].starts_with(['份', '东', '权', '票'])
        });
    ends.next_back().map_or(run, |(_, end)| rest_of_name(run, end))
}

fn without_words(mut run: &str) -> &str {
    while let Some(rest) = without_word(run).filter(|rest| may_be_name(rest)) {
        run = rest;
    }
    run
}

/// Removes the particle after the words `before`. A conjunction at their end has no particle after it.
fn without_particle<'r>(before: &str, name: &'r str) -> &'r str {
    if before.is_empty() || before.ends_with(|c: char| SINGLE_WORDS.contains(c)) {
        return name;
    }
    name.strip_prefix(PARTICLES).filter(|rest| may_be_name(rest)).unwrap_or(name)
}

/// Removes the first word of a run, if it is one of a sentence. Names have two to four characters mostly.
fn without_word(run: &str) -> Option<&str> {
    let is_single = |c: char| SINGLE_WORDS.contains(c);
    let rest = WORDS.split(' ').find_map(|word| run.strip_prefix(word));
    rest.or_else(|| run.strip_prefix(SINGLE_WORDS_OF_SENTENCES)).or_else(|| {
        let is_long = run.chars().count() >= 5;
        (is_long && run.starts_with(is_single)).then(|| run.trim_start_matches(is_single))
    })
}

/// The text from a position on, or the whole text if too little of it remains for a name.
fn rest_of_name(run: &str, from: usize) -> &str {
    if may_be_name(&run[from..]) { &run[from..] } else { run }
}

/// Returns whether a text has at least two characters and is not only the ending of a name.
fn may_be_name(text: &str) -> bool {
    text.chars().nth(1).is_some() && !is_name_ending(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(String, String)> {
        let mut all = Vec::new();
        in_text(text, |code, name| all.push((code.as_str().to_owned(), name.to_owned())));
        all
    }

    #[test]
    fn bracketed_codes_are_found_with_the_name_before() {
        for (text, code, name) in [
            ("河滩股份(699001.SH)回应", "699001.SH", "河滩股份"),
            ("，云岫造纸（009927.SZ）与", "009927.SZ", "云岫造纸"),
            ("）与北岸港口（08991.HK）回应", "08991.HK", "北岸港口"),
            ("将澄汐集团(2888.HK)评级", "02888.HK", "澄汐集团"),
            ("金岭生物科技(1548.hk)", "01548.HK", "金岭生物科技"),
            ("，维持岚汀家居(002572.SZ，最新价：23.21元)买入", "002572.SZ", "岚汀家居"),
            ("远屿(NASDAQ:YUYU)", "YUYU.US", "远屿"),
            ("远屿 （NYSE： YUYU）", "YUYU.US", "远屿"),
            ("远屿（纳斯达克股票代码：YUYU）", "YUYU.US", "远屿"),
            ("远屿-SW(09988.HK)", "09988.HK", "远屿-SW"),
            ("The maker Far Island Inc. (NYSE: YUYU) said", "YUYU.US", "Far Island Inc"),
            ("shares of 3M Harbour of Hetan (YUYU.N) fell", "YUYU.US", "3M Harbour of Hetan"),
            ("收购的Far Island(YUYU.O)", "YUYU.US", "Far Island"),
            ("河滩股份(SH600001)", "600001.SH", "河滩股份"),
            ("河滩股份(深交所代码：000001)", "000001.SZ", "河滩股份"),
            ("河滩股份(股票代码：600001.SH)", "600001.SH", "河滩股份"),
            ("河滩股份(600001)公告", "600001.SH", "河滩股份"),
            ("河滩股份（430001）公告", "430001.BJ", "河滩股份"),
            ("河滩(700 HK)", "00700.HK", "河滩"),
            ("*ST河滩(600001.SS)", "600001.SH", "*ST河滩"),
            ("5月31日河滩股份(600001.SH)", "600001.SH", "河滩股份"),
            ("白酒股河滩股份(600001.SH)", "600001.SH", "河滩股份"),
            ("收购上市公司河滩股份(600001.SH)", "600001.SH", "河滩股份"),
            ("简称“河滩”(600001.SH)", "600001.SH", "河滩"),
            ("和胜股份(600001.SH)", "600001.SH", "和胜股份"),
            ("与和胜股份(600001.SH)", "600001.SH", "和胜股份"),
            ("而乙股份(600001.SH)", "600001.SH", "乙股份"),
            ("昨日记者从河滩股份(600001.SH)获悉", "600001.SH", "河滩股份"),
            ("某报记者从河滩股份(600001.SH)获悉", "600001.SH", "河滩股份"),
            ("有投资者向乙河股份（600001.SH）提问", "600001.SH", "乙河股份"),
            ("乙股份和丙股份（600001.SH）", "600001.SH", "丙股份"),
            ("乙集团以及河滩股份（600001.SH）", "600001.SH", "河滩股份"),
            ("乙股份与和胜股份（600001.SH）", "600001.SH", "和胜股份"),
            ("受此影响丁股份（600001.SH）", "600001.SH", "丁股份"),
            ("受益于涨价丁股份今日与戊股份（600001.SH）", "600001.SH", "戊股份"),
            ("丙股份控股股东丁集团（600001.SH）", "600001.SH", "丁集团"),
            ("截至5月31日收盘丁股份（600001.SH）", "600001.SH", "丁股份"),
            ("值得注意的是丁股份（600001.SH）", "600001.SH", "丁股份"),
            ("甲方昨日宣布收购丁股份（600001.SH）", "600001.SH", "丁股份"),
            ("其中丁股份旗下戊科技（600001.SH）", "600001.SH", "戊科技"),
            ("今年以来丁股份（600001.SH）", "600001.SH", "丁股份"),
            ("影响（600001.SH）", "600001.SH", "影响"),
            ("今天国际(300532.SZ)", "300532.SZ", "今天国际"),
            ("晚间科技(300532.SZ)", "300532.SZ", "晚间科技"),
            ("截至收盘今天国际(300532.SZ)", "300532.SZ", "今天国际"),
            ("截至收盘河滩(600001.SH)", "600001.SH", "河滩"),
            ("今天河滩股份(600001.SH)", "600001.SH", "河滩股份"),
            ("A股的万科A(000002.SZ)", "000002.SZ", "万科A"),
            ("投资了当代(600001.SH)", "600001.SH", "当代"),
            ("公司对河滩(600001.SH)", "600001.SH", "河滩"),
            ("A股和胜股份(600001.SH)", "600001.SH", "和胜股份"),
            ("乙股份与为民股份(600001.SH)", "600001.SH", "为民股份"),
            ("其中河滩电子公司（600001.SH）", "600001.SH", "河滩电子公司"),
            ("河滩显示器件（600001.SH）", "600001.SH", "河滩显示器件"),
            ("河滩股份（830799）公告", "830799.BJ", "河滩股份"),
            ("河滩股份 Holdings（600001.SH）", "600001.SH", "河滩股份"),
            ("河滩股份Holdings Ltd.（600001.SH）", "600001.SH", "河滩股份"),
            ("河滩纸业包装股份有限公司(600001.SH)", "600001.SH", "河滩纸业包装股份有限公司"),
            ("，(600001.SH)", "600001.SH", ""),
            ("据介绍这里的句子一直没有停顿到这里(600001.SH)", "600001.SH", ""),
        ] {
            assert_eq!(found(text), [(code.to_owned(), name.to_owned())], "{text}");
        }
        let both = ["601001.SH", "02001.HK"].map(|code| (code.to_owned(), "河滩平安".to_owned()));
        assert_eq!(found("河滩平安(601001.SH/02001.HK)"), both);
    }

    #[test]
    fn brackets_without_a_code_are_skipped() {
        for text in [
            "营收(2.5亿元)",
            "制冷剂(HFO-1234yf)",
            "报告期(202401)",
            "邮编(100000)",
            "邮编(830001)",
            "编号(600001",
            "(600001)",
            "投资者(CPPIB)披露",
            "比例(1：600001)",
            "（文章来源：河滩(600001.SH)报）",
            "河滩(最新价：600.SH)",
            "河滩(99999)",
            "河滩(60001.SH)",
            "A(a(b)",
            "（",
        ] {
            assert!(found(text).is_empty(), "{text}");
        }
    }
}
