//! The one table of interface text: Chinese when the site's `lang` begins with `zh`, English otherwise.

use chrono::{DateTime, Datelike, NaiveDate};
use chrono_tz::Tz;

/// Every string that readers see and that is not the owner's.
#[derive(Debug, PartialEq, Eq)]
pub struct Words {
    language: Language,
    /// Link to the main part, for those who do not see the page.
    pub skip: &'static str,
    /// Name of the header's navigation.
    pub site_navigation: &'static str,
    /// The front page.
    pub home: &'static str,
    /// All sources.
    pub sources: &'static str,
    /// All tags.
    pub tags: &'static str,
    /// Heading of the newest posts.
    pub latest: &'static str,
    /// Before the date of today.
    pub today: &'static str,
    /// Before the date of yesterday.
    pub yesterday: &'static str,
    /// Heading of the most active sources.
    pub active_sources: &'static str,
    /// Heading of the calendar.
    pub calendar: &'static str,
    /// Link to older posts.
    pub older: &'static str,
    /// Link to newer posts.
    pub newer: &'static str,
    /// Name of the navigation between pages of a list.
    pub pages: &'static str,
    /// Link to where an article was first published.
    pub original: &'static str,
    /// Before the name of who first published it.
    pub published_by: &'static str,
    /// Link to an article's source text.
    pub source_text: &'static str,
    /// Name of the digest above an article.
    pub digest: &'static str,
    /// Securities that an article mentions.
    pub securities: &'static str,
    /// Name of the navigation between articles of a source.
    pub same_source: &'static str,
    /// The article before this one.
    pub earlier_article: &'static str,
    /// The article after this one.
    pub later_article: &'static str,
    /// An archive without posts.
    pub empty: &'static str,
    /// Heading of the 404 page.
    pub not_found: &'static str,
    /// Text of the 404 page.
    pub not_found_text: &'static str,
    /// Link of the 404 page to the nearest day with posts.
    pub nearest_day: &'static str,
    /// Heading of the 410 page.
    pub gone: &'static str,
    /// Text of the 410 page.
    pub gone_text: &'static str,
    /// Heading of the 500 page.
    pub failed: &'static str,
    /// Text of the 500 page.
    pub failed_text: &'static str,
    /// Weekdays, from Monday, as short as a calendar wants them.
    pub weekdays: [&'static str; 7],
}

#[derive(Debug, PartialEq, Eq)]
enum Language {
    Chinese,
    English,
}

/// Chinese.
pub static CHINESE: Words = Words {
    language: Language::Chinese,
    skip: "跳到正文",
    site_navigation: "网站导航",
    home: "首页",
    sources: "全部来源",
    tags: "全部标签",
    latest: "最新消息",
    today: "今天",
    yesterday: "昨天",
    active_sources: "近期活跃来源",
    calendar: "日历",
    older: "更早",
    newer: "更新",
    pages: "翻页",
    original: "查看原文",
    published_by: "文章来源",
    source_text: "源文件",
    digest: "摘要",
    securities: "提及证券",
    same_source: "同一来源",
    earlier_article: "上一篇",
    later_article: "下一篇",
    empty: "这里还没有文章。",
    not_found: "没有找到这个页面",
    not_found_text: "地址可能写错了，或者文章从未发布过。本站保存全部历史文章，旧文不会因为时间久而消失。",
    nearest_day: "离这个地址最近的一天：",
    gone: "文章已撤下",
    gone_text: "发布者撤下了这篇文章。",
    failed: "出错了",
    failed_text: "服务器处理这个页面时出错，请稍后再试。",
    weekdays: ["一", "二", "三", "四", "五", "六", "日"],
};

/// English.
pub static ENGLISH: Words = Words {
    language: Language::English,
    skip: "Skip to content",
    site_navigation: "Site",
    home: "Home",
    sources: "All sources",
    tags: "All tags",
    latest: "Latest",
    today: "Today",
    yesterday: "Yesterday",
    active_sources: "Most active sources",
    calendar: "Calendar",
    older: "Older",
    newer: "Newer",
    pages: "Pages",
    original: "Original article",
    published_by: "Published by",
    source_text: "Source text",
    digest: "Digest",
    securities: "Securities mentioned",
    same_source: "From the same source",
    earlier_article: "Previous",
    later_article: "Next",
    empty: "There are no posts yet.",
    not_found: "Page not found",
    not_found_text: "The address may be mistyped, or there never was such a post. This archive keeps everything: nothing goes away for being old.",
    nearest_day: "The nearest day to this address: ",
    gone: "Withdrawn",
    gone_text: "The publisher has withdrawn this post.",
    failed: "Something went wrong",
    failed_text: "The server failed to make this page. Please try again later.",
    weekdays: ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"],
};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

fn month_name(month: u32) -> &'static str {
    MONTHS[(month as usize + 11) % 12]
}

impl Words {
    /// The words of a site.
    pub fn of(is_chinese: bool) -> &'static Self {
        if is_chinese { &CHINESE } else { &ENGLISH }
    }

    fn pick(&self, chinese: String, english: String) -> String {
        match self.language {
            Language::Chinese => chinese,
            Language::English => english,
        }
    }

    /// A year: `2026年`.
    pub fn year(&self, year: i32) -> String {
        self.pick(format!("{year}年"), year.to_string())
    }

    /// A month with its year: `2026年11月`.
    pub fn month(&self, year: i32, month: u32) -> String {
        self.pick(format!("{year}年{month}月"), format!("{} {year}", month_name(month)))
    }

    /// A day with its year: `2026年11月20日`.
    pub fn day(&self, day: NaiveDate) -> String {
        let (y, m, d) = (day.year(), day.month(), day.day());
        self.pick(format!("{y}年{m}月{d}日"), format!("{d} {} {y}", month_name(m)))
    }

    /// A day with its weekday: `2026年11月20日 星期五`.
    pub fn day_heading(&self, day: NaiveDate) -> String {
        let weekday = day.weekday().num_days_from_monday() as usize;
        let date = self.day(day);
        self.pick(
            format!("{date} 星期{}", CHINESE.weekdays[weekday]),
            format!("{}, {date}", WEEKDAYS[weekday]),
        )
    }

    /// A moment: `2026年11月20日 08:12`.
    pub fn moment(&self, at: DateTime<Tz>) -> String {
        let (date, clock) = (self.day(at.date_naive()), at.format("%H:%M"));
        self.pick(format!("{date} {clock}"), format!("{date}, {clock}"))
    }

    /// A number of posts.
    pub fn posts(&self, count: usize) -> String {
        let english = if count == 1 { "1 post".into() } else { format!("{} posts", grouped(count)) };
        self.pick(format!("{} 篇", grouped(count)), english)
    }

    /// A number of sources.
    pub fn count_of_sources(&self, count: usize) -> String {
        let english = if count == 1 { "1 source".into() } else { format!("{} sources", grouped(count)) };
        self.pick(format!("{} 个来源", grouped(count)), english)
    }

    /// A number of tags.
    pub fn count_of_tags(&self, count: usize) -> String {
        let english = if count == 1 { "1 tag".into() } else { format!("{} tags", grouped(count)) };
        self.pick(format!("{} 个标签", grouped(count)), english)
    }

    /// From when to when.
    pub fn span(&self, first: NaiveDate, last: NaiveDate) -> String {
        if first == last {
            return self.day(first);
        }
        self.pick(
            format!("{} 至 {}", self.day(first), self.day(last)),
            format!("{} to {}", self.day(first), self.day(last)),
        )
    }

    /// Which page of a list, counted from the oldest.
    pub fn page(&self, page: usize) -> String {
        self.pick(format!("第 {page} 页"), format!("Page {page}"))
    }

    /// The description of a list of a source's or tag's posts.
    pub fn list_description(&self, name: &str, count: usize) -> String {
        self.pick(
            format!("{name}的全部文章，共 {} 篇，按时间排列。", grouped(count)),
            format!("All {} from {name}, by time.", self.posts(count)),
        )
    }

    /// The description of the posts of a day, month or year.
    pub fn date_description(&self, date: &str, count: usize) -> String {
        self.pick(
            format!("{date}发布的文章，共 {} 篇。", grouped(count)),
            format!("{}: {date}.", self.posts(count)),
        )
    }
}

/// A number with its thousands apart: `12,345`.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_numbers_read_as_in_each_language() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 20).expect("a day");
        assert_eq!(CHINESE.day_heading(day), "2026年11月20日 星期五");
        assert_eq!(ENGLISH.day_heading(day), "Friday, 20 November 2026");
        assert_eq!(CHINESE.posts(12_345), "12,345 篇");
        assert_eq!(ENGLISH.posts(1), "1 post");
        assert_eq!(ENGLISH.month(2026, 12), "December 2026");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(123), "123");
    }
}
