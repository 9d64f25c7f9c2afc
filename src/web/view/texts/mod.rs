//! The only table of interface text: Chinese if the site's `lang` starts with `zh`, English otherwise.
//! A new text is one row of the table.

pub(crate) mod phrases;

use crate::archive::snapshot::GroupKind;

/// Defines [`InterfaceTexts`] and its two values. A row has a name, the Chinese text and the English text;
/// a row after `lists` also has a type.
macro_rules! texts {
    (
        $($(#[$doc:meta])+ $name:ident: $chinese:literal, $english:literal;)+
        lists
        $($(#[$list_doc:meta])+ $list:ident: $list_type:ty = $chinese_list:expr, $english_list:expr;)+
    ) => {
        /// Every string that readers see, except the operator's.
        #[derive(Debug, PartialEq, Eq)]
        pub struct InterfaceTexts {
            language: Language,
            $($(#[$doc])+ pub $name: &'static str,)+
            $($(#[$list_doc])+ pub $list: $list_type,)+
        }

        /// The Chinese texts.
        pub static CHINESE: InterfaceTexts = InterfaceTexts {
            language: Language::Chinese,
            $($name: $chinese,)+
            $($list: $chinese_list,)+
        };

        /// The English texts.
        pub static ENGLISH: InterfaceTexts = InterfaceTexts {
            language: Language::English,
            $($name: $english,)+
            $($list: $english_list,)+
        };
    };
}

texts! {
    /// Link to the main content, for screen readers and keyboards.
    skip: "跳到正文", "Skip to content";
    /// Name of the header's navigation.
    site_navigation: "网站导航", "Site";
    /// Label of a link to a feed.
    feed: "订阅", "Feed";
    /// Title of the data set: the archive as files for programs.
    dataset: "数据下载", "Data";
    /// Description of the data set's files.
    dataset_text:
        "每月一个文件，每行一篇，JSON 格式：路径、网址、编号、标题、时间、来源、标签和正文文字；文章写明的首发媒体（source_name）、作者、修改时间、摘要、配图和规范网址也在其中；同一报道的另一文件列在 story 里，附其独有的文字。大小和 SHA-256 都按解压后的文件计算；新文章接在当月文件末尾。",
        "One file per month, one post per line, in JSON: path, url, id, title, date, categories, tags and text; where a post has them, also source_name (the original publisher), authors, last_modified_at, description, image and canonical_url, and in story the other file of the same story with the text that only it has. Size and SHA-256 describe the decompressed file. New posts are appended to the file of their month.";
    /// Text in place of a checksum that is still being computed.
    sum_pending: "正在计算，稍后刷新", "not computed yet; reload later";
    /// Column heading of file sizes.
    size_column: "大小", "Size";
    /// Link to the data set's index in JSON.
    index_json: "程序用的目录", "JSON index";
    /// Link to the home page.
    home: "首页", "Home";
    /// Link to the list of sources.
    sources: "全部来源", "All sources";
    /// Link to the list of tags.
    tags: "全部标签", "All tags";
    /// Heading of the newest posts.
    latest: "最新消息", "Latest";
    /// Text before today's date.
    today: "今天", "Today";
    /// Text before yesterday's date.
    yesterday: "昨天", "Yesterday";
    /// Heading of the most active sources.
    active_sources: "近期活跃来源", "Most active sources";
    /// Heading of the calendar.
    calendar: "日历", "Calendar";
    /// Link to older posts, an older post or an earlier day or month.
    older: "更早", "Older";
    /// Link to newer posts, a newer post or a later day or month.
    newer: "更新", "Newer";
    /// Name of the navigation between pages of a list.
    pages: "翻页", "Pages";
    /// Link to the place where an article was first published.
    original: "查看原文", "Original article";
    /// Text before the name of an article's first publisher.
    published_by: "文章来源：", "Published by ";
    /// Link to an article's source text.
    source_text: "源文件", "Source text";
    /// Label of the digest above an article.
    digest: "摘要", "Digest";
    /// Heading of the securities that an article mentions.
    securities: "提及证券", "Securities mentioned";
    /// Title of a link to a quote page.
    quote: "行情", "Quote";
    /// Text before the links to the other articles of a story.
    also: "同一报道另见：", "The same story from: ";
    /// Name of the navigation between articles of a source.
    same_source: "同一来源", "From the same source";
    /// Text of a list without posts.
    empty: "这里还没有文章。", "There are no posts yet.";
    /// Heading of the 404 page.
    not_found: "没有找到这个页面", "Page not found";
    /// Text of the 404 page.
    not_found_text:
        "地址可能写错了，文章可能从未发布，也可能已被撤下。本站不会因为时间久而移除旧文。",
        "The address may be mistyped, the post may never have existed, or it has been removed. Posts are not removed because of their age.";
    /// Link of the 404 page to the nearest day with posts.
    nearest_day: "离这个地址最近的一天：", "The day closest to this address: ";
    /// Link of the 404 page to the newest day.
    newest_day: "最近的消息：", "Newest posts: ";
    /// Heading of the 410 page.
    gone: "文章已撤下", "Post withdrawn";
    /// Text of the 410 page.
    gone_text: "发布者撤下了这篇文章。", "The publisher has withdrawn this post.";
    /// Heading of the 429 and 503 pages.
    busy: "稍等片刻", "Too many requests";
    /// Text of the 429 and 503 pages.
    busy_text:
        "此刻请求太多，请稍后再试。",
        "The server has too many requests right now. Please try again in a moment.";
    /// Heading of the 500 page.
    failed: "出错了", "Something went wrong";
    /// Text of the 500 page.
    failed_text:
        "服务器处理这个页面时出错，请稍后再试。",
        "The server could not create this page. Please try again later.";
    /// Title of the list of securities and sectors.
    securities_page: "证券", "Securities";
    /// Column heading of names.
    name: "名称", "Name";
    /// Heading of sectors.
    boards: "板块", "Sectors";
    /// Label of a number of posts in the last 7 days.
    last_week: "近 7 天", "Last 7 days";
    /// Label of a number of posts in the last 30 days.
    last_month: "近 30 天", "Last 30 days";
    /// Heading of the ranking of securities.
    most_mentioned: "提及最多", "Most mentioned";
    /// Label of the names that posts use for a security.
    names_seen: "曾用称呼", "Names used";
    /// Label of a security's market.
    market: "市场", "Market";
    /// Label of a security's code.
    code: "代码", "Code";
    /// Label of the date of the oldest post.
    first_post: "最早", "First post";
    /// Label of the date of the newest post.
    last_post: "最新", "Latest post";
    /// Label of the number of all posts.
    total: "总数", "Total";
    /// Label of a source's name in URLs.
    slug: "网址名", "Name in URLs";
    /// Title of the page that lists the securities with the same number.
    security_choice: "这个代码对应多只证券", "Several securities have this code";
    /// Label of the search form and its button.
    search: "搜索", "Search";
    /// Placeholder of the search field.
    search_hint: "标题、来源、公司、代码", "Titles, sources, companies, codes";
    /// Button that opens the help on search syntax; it also says what a search covers.
    search_scope: "查找全部文章的标题和正文，怎样写？", "Search covers all titles and texts. Show the syntax";
    /// Heading of the site's own pages that match a search.
    own_pages: "本站页面", "Pages of this site";
    /// Label of the order by relevance.
    best_first: "最相关", "Most relevant";
    /// Label of the order by time.
    newest_first: "最新", "Newest";
    /// Label of the choice between the orders.
    order: "排序", "Sort order";
    /// Label of the links that narrow a search.
    narrow: "缩小范围", "Refine results";
    /// Label of the active filters of a search.
    narrowed_by: "当前范围", "Active filters";
    /// Text before the name of a filter, on the button that removes it.
    remove: "去掉", "Remove";
    /// Label of a source.
    source: "来源", "Source";
    /// Label of a tag.
    tag: "标签", "Tag";
    /// Label of a security.
    security: "证券", "Security";
    /// Link to the next page of search results.
    next_page: "下一页", "Next page";
    /// Link to the first page of search results.
    first_page: "第一页", "First page";
    /// Heading of related queries with results, after a search without any.
    try_instead: "换成这样能找到", "These searches have results";
    /// Notice that the index is not ready yet.
    index_waiting:
        "搜索索引正在准备，请稍后再试。",
        "The search index is not ready yet. Please try again in a moment.";
    /// Notice that the index cannot be written any more.
    index_stale:
        "搜索索引暂时无法写入，新文章可能还找不到；已经收录的不受影响。",
        "The search index cannot be updated at the moment. New posts may be missing; all other posts can be found.";
    /// Notice that there is no index, because none can be written.
    index_missing:
        "搜索暂不可用：服务器上没有可以存放索引的地方。其他页面不受影响。",
        "Search is not available: the server has no place to store its index. All other pages work.";
    /// Notice that only a part of a query was used.
    query_too_long: "搜索词太长，只用了前面的部分。", "Your query is too long; only the first part was used.";
    /// Link from the last ranked result to all results by time.
    older_by_time:
        "更早的文章没有参与排序，按时间查看全部",
        "Older posts are not ranked. Show all results by date";
    /// Label of the suggestions while a reader types.
    suggestions: "搜索建议", "Suggestions";
    /// Text of a search without results.
    nothing_found:
        "没有找到。换一个词，或者从下面的页面找起。",
        "No results. Try another word, or start from one of these pages.";
    /// Text of a search that found names or pages, but no posts.
    no_posts_found: "没有文章含有这些词。", "No post contains these words.";
    /// Text of a filter without matches.
    nothing_of_the_name: "没有这样的名称。", "No name matches.";
    /// Text for an archive that mentions no security.
    no_securities: "还没有文章提及证券。", "No post mentions a security yet.";
    /// Placeholder of the filter of securities.
    security_hint: "名称或代码", "Name or code";
    /// Label of the filter of a list.
    filter: "筛选", "Filter";
    /// Placeholder of the filter of sources.
    source_hint: "名称或拼音", "Name";
    /// Placeholder of the filter of tags.
    tag_hint: "标签", "Tag";
    /// Label of the links to the initials of a list.
    initials: "按首字母", "By first letter";
    /// Heading of names that start with neither a letter nor a digit.
    other_initials: "其他", "Other";
    /// Title of the chart of days.
    posts_a_day: "每日篇数", "Posts per day";
    /// Title of the chart of months.
    posts_a_month: "每月篇数", "Posts per month";
    /// Title of the chart of hours.
    posts_an_hour: "发布时段", "Posts by hour of the day";
    /// Button that opens a chart's numbers as a table.
    as_table: "查看数据", "View as table";
    /// Column heading of months.
    month_column: "月份", "Month";
    /// Column heading of hours.
    hour_column: "时刻", "Hour";
    /// Column heading of numbers of posts.
    count_column: "篇数", "Posts";
    /// Label of the breadcrumb navigation.
    breadcrumb: "所在位置", "Breadcrumb";
    /// Heading of the posts around an article that mention its securities.
    related_news: "相关消息", "Related news";
    /// Heading of the posts around an article that share its source only.
    same_source_news: "同来源近期消息", "More from this source, same week";
    /// Button that copies an article's link.
    copy_link: "复制链接", "Copy link";
    /// Text of that button after a copy.
    copied: "已复制", "Copied";
    /// Button that opens the system's share dialog.
    share: "分享", "Share";
    /// Label of the theme button while the theme follows the system.
    theme_auto: "主题：跟随系统", "Theme: system";
    /// Label of that button in the light theme.
    theme_light: "主题：浅色", "Theme: light";
    /// Label of that button in the dark theme.
    theme_dark: "主题：深色", "Theme: dark";
    /// Label of the font size button at the small size.
    size_small: "字号：小", "Text size: small";
    /// Label of that button at the normal size.
    size_normal: "字号：中", "Text size: normal";
    /// Label of that button at the large size.
    size_large: "字号：大", "Text size: large";
    /// Heading of the keyboard shortcuts.
    keys: "键盘快捷键", "Keyboard shortcuts";
    /// Label of the switch that enables the shortcuts.
    keys_on: "启用快捷键", "Enable keyboard shortcuts";
    /// Effect of the key `/`.
    key_search: "搜索", "Search";
    /// Effect of the key `j`.
    key_next: "下一条", "Next post";
    /// Effect of the key `k`.
    key_previous: "上一条", "Previous post";
    /// Effect of the key `?`.
    key_help: "显示本说明", "Show this help";
    /// Button that closes the help.
    close: "关闭", "Close";
    /// Button that leads to new posts further up the page.
    live_up: "↑ 看新消息", "↑ Show new posts";
    /// Number of new posts; `{n}` is replaced.
    live_news: "{n} 条新消息", "New posts: {n}";
    /// Button that pauses new posts.
    live_pause: "暂停更新", "Pause updates";
    /// Button that resumes new posts.
    live_resume: "继续更新", "Resume updates";
    /// Age of a post below one minute.
    ago_now: "刚刚", "just now";
    /// Age of a post in minutes; `{n}` is replaced.
    ago_minutes: "{n} 分钟前", "{n} min ago";
    /// Age of a post in hours; `{n}` is replaced.
    ago_hours: "{n} 小时前", "{n} h ago";
    /// Age of a post in days; `{n}` is replaced.
    ago_days: "{n} 天前", "{n} d ago";
    /// Number of sources that match the filter; `{n}` is replaced.
    sources_found: "{n} 个来源", "Sources: {n}";
    /// Number of tags that match the filter; `{n}` is replaced.
    tags_found: "{n} 个标签", "Tags: {n}";
    /// Text in place of an image without alternative text.
    image: "图片", "Image";

    lists
    /// The search syntax: examples with their meaning.
    syntax: [(&'static str, &'static str); 7] = [
        ("央行 降准", "两个词都有，不分先后，简体繁体都算"),
        ("\"MLF 利率\"", "连在一起，一字不差"),
        ("降准 -传闻", "有前一个词，没有后一个"),
        ("source:红网", "只看一个来源，也可以写拼音网址名"),
        ("stock:600160", "只看提到一只证券的，代码或名称"),
        ("tag:收盘", "只看一个标签"),
        ("from:2022-05 to:2022-06-15", "只看一段时间"),
    ], [
        ("rate cut", "both words, anywhere"),
        ("\"rate cut\"", "this exact phrase"),
        ("cut -rumour", "the first word, without the second"),
        ("source:hongwang", "from one source: its name, or its name in URLs"),
        ("stock:600160", "mentioning a security: its code or name"),
        ("tag:closing", "with one tag"),
        ("from:2022-05 to:2022-06-15", "in a date range"),
    ];
    /// Weekdays from Monday, short enough for a calendar.
    weekdays: [&'static str; 7] =
        ["一", "二", "三", "四", "五", "六", "日"],
        ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];
}

#[derive(Debug, PartialEq, Eq)]
enum Language {
    Chinese,
    English,
}

impl InterfaceTexts {
    /// The texts of a site, by its language.
    pub fn for_language(is_chinese: bool) -> &'static Self {
        if is_chinese { &CHINESE } else { &ENGLISH }
    }

    /// The title of the list of all groups of a kind.
    pub fn all_groups(&self, kind: GroupKind) -> &'static str {
        match kind {
            GroupKind::Source => self.sources,
            GroupKind::Tag => self.tags,
            GroupKind::Security => self.securities_page,
        }
    }

    /// The label of a group of a kind.
    pub fn group_label(&self, kind: GroupKind) -> &'static str {
        match kind {
            GroupKind::Source => self.source,
            GroupKind::Tag => self.tag,
            GroupKind::Security => self.security,
        }
    }
}
