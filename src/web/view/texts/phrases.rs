//! Phrases with dates and numbers, in the site's language.

use chrono::{DateTime, Datelike, NaiveDate, Timelike};
use chrono_tz::Tz;

use crate::web::view::texts::{CHINESE, InterfaceTexts, Language};

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

/// The hour and minute of a time, such as `08:12`.
pub(crate) fn clock_time(at: DateTime<Tz>) -> String {
    format!("{:02}:{:02}", at.hour(), at.minute())
}

fn month_name(month: u32) -> &'static str {
    MONTHS[(month as usize + 11) % 12]
}

impl InterfaceTexts {
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
    pub(crate) fn month(&self, year: i32, month: u32) -> String {
        self.pick(format!("{year}年{month}月"), format!("{} {year}", month_name(month)))
    }

    /// A day with its year: `2026年11月20日`.
    pub fn day(&self, day: NaiveDate) -> String {
        let (y, m, d) = (day.year(), day.month(), day.day());
        self.pick(format!("{y}年{m}月{d}日"), format!("{d} {} {y}", month_name(m)))
    }

    /// A day with its weekday: `2026年11月20日 星期五`.
    pub(crate) fn day_heading(&self, day: NaiveDate) -> String {
        let weekday = day.weekday().num_days_from_monday() as usize;
        let date = self.day(day);
        self.pick(
            format!("{date} 星期{}", CHINESE.weekdays[weekday]),
            format!("{}, {date}", WEEKDAYS[weekday]),
        )
    }

    /// A moment: `2026年11月20日 08:12`.
    pub(crate) fn moment(&self, at: DateTime<Tz>) -> String {
        let (date, clock) = (self.day(at.date_naive()), clock_time(at));
        self.pick(format!("{date} {clock}"), format!("{date}, {clock}"))
    }

    /// The short name of a month, for a chart.
    pub(crate) fn short_month(&self, month: u32) -> String {
        self.pick(format!("{month}月"), month_name(month).chars().take(3).collect())
    }

    /// A day without its year: `11月20日`.
    pub(crate) fn day_of_year(&self, day: NaiveDate) -> String {
        let (m, d) = (day.month(), day.day());
        self.pick(format!("{m}月{d}日"), format!("{d} {}", month_name(m)))
    }

    /// The time that a text takes to read. Its length counts 1 for each Han character and 2 for each word of another
    /// script.
    pub(crate) fn reading_time(&self, length: u32) -> String {
        // About 400 Han characters, or 200 words, a minute.
        let minutes = length.div_ceil(400).max(1);
        self.pick(format!("约 {minutes} 分钟读完"), format!("{minutes} min read"))
    }

    /// The market of a security, from the suffix of its code; a code without a known suffix is a sector.
    pub(crate) fn market_of(&self, code: &str) -> &'static str {
        let [chinese, english] = match code.rsplit_once('.').map(|(_, market)| market) {
            Some("SH") => ["上海证券交易所", "Shanghai Stock Exchange"],
            Some("SZ") => ["深圳证券交易所", "Shenzhen Stock Exchange"],
            Some("BJ") => ["北京证券交易所", "Beijing Stock Exchange"],
            Some("HK") => ["香港交易所", "Hong Kong Exchange"],
            Some("US") => ["美国市场", "United States"],
            _ => ["板块", "Sector"],
        };
        if self.language == Language::Chinese { chinese } else { english }
    }

    /// The description of a chart of posts, in a sentence: total, time span and maximum.
    pub(crate) fn chart_description(&self, total: usize, span: &str, most: &str) -> String {
        self.pick(
            format!("{span}，共 {} 篇；最多的是{most}。", grouped(total)),
            format!("{}, {span}; peak {most}.", self.posts(total)),
        )
    }

    /// The number of posts at a time: `11月20日 12 篇`.
    pub(crate) fn posts_at(&self, when: &str, count: usize) -> String {
        self.pick(format!("{when} {}", self.posts(count)), format!("{when}: {}", self.posts(count)))
    }

    /// The description of a security's page, for its metadata.
    pub(crate) fn security_description(&self, name: &str, code: &str, count: usize) -> String {
        self.pick(
            format!("提到{name}（{code}）的全部文章，共 {} 篇，按时间排列。", grouped(count)),
            format!("{} mentioning {name} ({code}), sorted by date.", self.posts(count)),
        )
    }

    /// The heading of the search results for a query.
    pub(crate) fn results_for(&self, query: &str) -> String {
        self.pick(format!("“{query}”的搜索结果"), format!("Results for “{query}”"))
    }

    /// A number with a `+` if counting stopped there.
    pub(crate) fn counted(&self, count: usize, is_more: bool) -> String {
        format!("{}{}", grouped(count), if is_more { "+" } else { "" })
    }

    /// The number of posts that a search found; `count` comes from [`InterfaceTexts::counted`].
    pub(crate) fn found(&self, count: &str) -> String {
        let posts = if count == "1" { "post" } else { "posts" };
        self.pick(format!("共 {count} 篇"), format!("{count} {posts}"))
    }

    /// The progress of the search index.
    pub(crate) fn index_building(&self, done: usize, total: usize) -> String {
        let (done, total) = (grouped(done), grouped(total));
        self.pick(
            format!("搜索索引正在建立：已收录 {done} / {total} 篇，从最新的开始。"),
            format!("The search index is being built: {done} of {total} posts indexed, newest first."),
        )
    }

    /// A number of posts: `12,345 篇`.
    pub fn posts(&self, count: usize) -> String {
        self.count("篇", "post", count)
    }

    /// The number of a day's posts that the page leaves out.
    pub(crate) fn other_posts(&self, count: usize) -> String {
        self.pick(
            format!("当日其余 {} 篇", grouped(count)),
            format!("Remaining on this day: {}", self.posts(count)),
        )
    }

    /// A number of sources: `12 个来源`.
    pub(crate) fn count_of_sources(&self, count: usize) -> String {
        self.count("个来源", "source", count)
    }

    /// A number of tags: `12 个标签`.
    pub(crate) fn count_of_tags(&self, count: usize) -> String {
        self.count("个标签", "tag", count)
    }

    /// The number of securities and sectors that an article folds.
    pub(crate) fn more_securities(&self, count: usize) -> String {
        self.pick(format!("其余 {} 个", grouped(count)), format!("{} more", grouped(count)))
    }

    fn count(&self, chinese: &str, english: &str, count: usize) -> String {
        let ending = if count == 1 { "" } else { "s" };
        let count = grouped(count);
        self.pick(format!("{count} {chinese}"), format!("{count} {english}{ending}"))
    }

    /// A chart's description, with the note that it covers the newest posts of a list only.
    pub(crate) fn of_the_newest(&self, count: usize, description: &str) -> String {
        self.pick(
            format!("最新的 {} 篇：{description}", grouped(count)),
            format!("The newest {}: {description}", self.posts(count)),
        )
    }

    /// The span between two days; a single day if they are equal.
    pub(crate) fn span(&self, first: NaiveDate, last: NaiveDate) -> String {
        if first == last { self.day(first) } else { self.date_range(&self.day(first), &self.day(last)) }
    }

    /// A range of two formatted dates.
    pub(crate) fn date_range(&self, first: &str, last: &str) -> String {
        self.pick(format!("{first} 至 {last}"), format!("{first} to {last}"))
    }

    /// A range of days with an optional start and end; empty without both.
    pub fn time(&self, from: Option<NaiveDate>, to: Option<NaiveDate>) -> String {
        match (from.map(|day| self.day(day)), to.map(|day| self.day(day))) {
            (Some(from), Some(to)) => self.date_range(&from, &to),
            (Some(from), None) => self.pick(format!("{from}起"), format!("from {from}")),
            (None, Some(to)) => self.pick(format!("截至{to}"), format!("until {to}")),
            (None, None) => String::new(),
        }
    }

    /// The last day of the counts of recent posts: the day of the newest post, not today.
    pub(crate) fn recent_until(&self, day: NaiveDate) -> String {
        let day = self.day(day);
        self.pick(format!("近 7 天、近 30 天均截至{day}"), format!("The last 7 and 30 days end on {day}"))
    }

    /// The number of a page; page 1 has the oldest posts.
    pub fn page(&self, page: usize) -> String {
        self.pick(format!("第 {page} 页"), format!("Page {page}"))
    }

    /// The description of a source's or tag's page, for its metadata.
    pub(crate) fn list_description(&self, name: &str, count: usize) -> String {
        self.pick(
            format!("{name}的全部文章，共 {} 篇，按时间排列。", grouped(count)),
            format!("{} from {name}, sorted by date.", self.posts(count)),
        )
    }

    /// The description of the page of a day, month or year, for its metadata.
    pub(crate) fn date_description(&self, date: &str, count: usize) -> String {
        self.pick(
            format!("{date}发布的文章，共 {} 篇。", grouped(count)),
            format!("{}: {date}.", self.posts(count)),
        )
    }
}

/// A number with thousands separators: `12,345`.
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
    use crate::web::view::texts::ENGLISH;

    #[test]
    fn dates_and_numbers_are_formatted_per_language() {
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
