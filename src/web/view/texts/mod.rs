//! The only table of interface text: Chinese if the site's `lang` starts with `zh`, English otherwise.

mod phrases;

/// Every string that readers see, except the operator's.
#[derive(Debug, PartialEq, Eq)]
pub struct InterfaceTexts {
    language: Language,
    /// Link to the main content, for screen readers and keyboards.
    pub skip: &'static str,
    /// Name of the header's navigation.
    pub site_navigation: &'static str,
    /// Label of a link to a feed.
    pub feed: &'static str,
    /// Title of the data set: the archive as files for programs.
    pub dataset: &'static str,
    /// Description of the data set's files.
    pub dataset_text: &'static str,
    /// Text in place of a checksum that is still being computed.
    pub sum_pending: &'static str,
    /// Column heading of file sizes.
    pub size_column: &'static str,
    /// Link to the data set's index in JSON.
    pub index_json: &'static str,
    /// Link to the home page.
    pub home: &'static str,
    /// Link to the list of sources.
    pub sources: &'static str,
    /// Link to the list of tags.
    pub tags: &'static str,
    /// Heading of the newest posts.
    pub latest: &'static str,
    /// Text before today's date.
    pub today: &'static str,
    /// Text before yesterday's date.
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
    /// Link to the place where an article was first published.
    pub original: &'static str,
    /// Text before the name of an article's first publisher.
    pub published_by: &'static str,
    /// Link to an article's source text.
    pub source_text: &'static str,
    /// Label of the digest above an article.
    pub digest: &'static str,
    /// Heading of the securities that an article mentions.
    pub securities: &'static str,
    /// Name of the navigation between articles of a source.
    pub same_source: &'static str,
    /// Link to the article before this one.
    pub earlier_article: &'static str,
    /// Link to the article after this one.
    pub later_article: &'static str,
    /// Text of a list without posts.
    pub empty: &'static str,
    /// Heading of the 404 page.
    pub not_found: &'static str,
    /// Text of the 404 page.
    pub not_found_text: &'static str,
    /// Link of the 404 page to the nearest day with posts.
    pub nearest_day: &'static str,
    /// Link of the 404 page to the newest day.
    pub newest_day: &'static str,
    /// Heading of the 410 page.
    pub gone: &'static str,
    /// Text of the 410 page.
    pub gone_text: &'static str,
    /// Heading of the 429 and 503 pages.
    pub busy: &'static str,
    /// Text of the 429 and 503 pages.
    pub busy_text: &'static str,
    /// Heading of the 500 page.
    pub failed: &'static str,
    /// Text of the 500 page.
    pub failed_text: &'static str,
    /// Title of the list of securities and sectors.
    pub securities_page: &'static str,
    /// Column heading of names.
    pub name: &'static str,
    /// Heading of sectors.
    pub boards: &'static str,
    /// Label of a number of posts in the last 7 days.
    pub last_week: &'static str,
    /// Label of a number of posts in the last 30 days.
    pub last_month: &'static str,
    /// Heading of the ranking of securities.
    pub most_mentioned: &'static str,
    /// Label of the names that posts use for a security.
    pub names_seen: &'static str,
    /// Label of a security's market.
    pub market: &'static str,
    /// Label of a security's code.
    pub code: &'static str,
    /// Label of the date of the oldest post.
    pub first_post: &'static str,
    /// Label of the date of the newest post.
    pub last_post: &'static str,
    /// Label of the number of all posts.
    pub total: &'static str,
    /// Label of a source's name in URLs.
    pub slug: &'static str,
    /// Title of the page that lists the securities with the same number.
    pub security_choice: &'static str,
    /// Label of the search form and its button.
    pub search: &'static str,
    /// Placeholder of the search field.
    pub search_hint: &'static str,
    /// Button that opens the help on search syntax; it also says what a search covers.
    pub search_scope: &'static str,
    /// The search syntax: examples with their meaning.
    pub syntax: [(&'static str, &'static str); 7],
    /// Label of the order by relevance.
    pub best_first: &'static str,
    /// Label of the order by time.
    pub newest_first: &'static str,
    /// Label of the choice between the orders.
    pub order: &'static str,
    /// Label of the links that narrow a search.
    pub narrow: &'static str,
    /// Label of the active filters of a search.
    pub narrowed_by: &'static str,
    /// Text before the name of a filter, on the button that removes it.
    pub remove: &'static str,
    /// Label of a source.
    pub source: &'static str,
    /// Label of a tag.
    pub tag: &'static str,
    /// Label of a security.
    pub security: &'static str,
    /// Link to the next page of search results.
    pub next_page: &'static str,
    /// Link to the first page of search results.
    pub first_page: &'static str,
    /// Heading of related queries with results, after a search without any.
    pub try_instead: &'static str,
    /// Notice that the index is not ready yet.
    pub index_waiting: &'static str,
    /// Notice that the index cannot be written any more.
    pub index_stale: &'static str,
    /// Notice that there is no index, because none can be written.
    pub index_missing: &'static str,
    /// Notice that only a part of a query was used.
    pub query_too_long: &'static str,
    /// Link from the last ranked result to all results by time.
    pub older_by_time: &'static str,
    /// Label of the suggestions while a reader types.
    pub suggestions: &'static str,
    /// Text of a search without results.
    pub nothing_found: &'static str,
    /// Text of a filter without matches.
    pub nothing_of_the_name: &'static str,
    /// Text for an archive that mentions no security.
    pub no_securities: &'static str,
    /// Placeholder of the filter of securities.
    pub security_hint: &'static str,
    /// Label of the filter of a list.
    pub filter: &'static str,
    /// Placeholder of the filter of sources.
    pub source_hint: &'static str,
    /// Placeholder of the filter of tags.
    pub tag_hint: &'static str,
    /// Label of the links to the initials of a list.
    pub initials: &'static str,
    /// Heading of names that start with neither a letter nor a digit.
    pub other_initials: &'static str,
    /// Title of the chart of days.
    pub posts_a_day: &'static str,
    /// Title of the chart of months.
    pub posts_a_month: &'static str,
    /// Title of the chart of hours.
    pub posts_an_hour: &'static str,
    /// Button that opens a chart's numbers as a table.
    pub as_table: &'static str,
    /// Column heading of months.
    pub month_column: &'static str,
    /// Column heading of hours.
    pub hour_column: &'static str,
    /// Column heading of numbers of posts.
    pub count_column: &'static str,
    /// Label of the breadcrumb navigation.
    pub breadcrumb: &'static str,
    /// Heading of the posts around an article.
    pub around_this_time: &'static str,
    /// Button that copies an article's link.
    pub copy_link: &'static str,
    /// Text of that button after a copy.
    pub copied: &'static str,
    /// Button that opens the system's share dialog.
    pub share: &'static str,
    /// Label of the theme button while the theme follows the system.
    pub theme_auto: &'static str,
    /// Label of that button in the light theme.
    pub theme_light: &'static str,
    /// Label of that button in the dark theme.
    pub theme_dark: &'static str,
    /// Label of the font size button at the small size.
    pub size_small: &'static str,
    /// Label of that button at the normal size.
    pub size_normal: &'static str,
    /// Label of that button at the large size.
    pub size_large: &'static str,
    /// Heading of the keyboard shortcuts.
    pub keys: &'static str,
    /// Label of the switch that enables the shortcuts.
    pub keys_on: &'static str,
    /// Effect of the key `/`.
    pub key_search: &'static str,
    /// Effect of the key `j`.
    pub key_next: &'static str,
    /// Effect of the key `k`.
    pub key_previous: &'static str,
    /// Effect of the key `?`.
    pub key_help: &'static str,
    /// Button that closes the help.
    pub close: &'static str,
    /// Number of new posts; `{n}` is replaced.
    pub live_news: &'static str,
    /// Button that pauses new posts.
    pub live_pause: &'static str,
    /// Button that resumes new posts.
    pub live_resume: &'static str,
    /// Age of a post below one minute.
    pub ago_now: &'static str,
    /// Age of a post in minutes; `{n}` is replaced.
    pub ago_minutes: &'static str,
    /// Button that leads to new posts further up the page.
    pub live_up: &'static str,
    /// Age of a post in hours; `{n}` is replaced.
    pub ago_hours: &'static str,
    /// Age of a post in days; `{n}` is replaced.
    pub ago_days: &'static str,
    /// Number of sources that match the filter; `{n}` is replaced.
    pub sources_found: &'static str,
    /// Number of tags that match the filter; `{n}` is replaced.
    pub tags_found: &'static str,
    /// Text in place of an image without alternative text.
    pub image: &'static str,
    /// Weekdays from Monday, short enough for a calendar.
    pub weekdays: [&'static str; 7],
}

#[derive(Debug, PartialEq, Eq)]
enum Language {
    Chinese,
    English,
}

/// The Chinese texts.
pub static CHINESE: InterfaceTexts = InterfaceTexts {
    language: Language::Chinese,
    skip: "跳到正文",
    site_navigation: "网站导航",
    feed: "订阅",
    dataset: "数据下载",
    dataset_text: "每月一个文件，每行一篇，JSON 格式：路径、网址、编号、标题、时间、来源、标签和正文文字。大小和 SHA-256 都按解压后的文件计算；新文章接在当月文件末尾。",
    sum_pending: "正在计算，稍后刷新",
    size_column: "大小",
    index_json: "程序用的目录",
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
    published_by: "文章来源：",
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
    newest_day: "最近的消息：",
    gone: "文章已撤下",
    gone_text: "发布者撤下了这篇文章。",
    busy: "稍等片刻",
    busy_text: "此刻请求太多，请稍后再试。",
    failed: "出错了",
    failed_text: "服务器处理这个页面时出错，请稍后再试。",
    securities_page: "证券",
    name: "名称",
    boards: "板块",
    last_week: "近 7 天",
    last_month: "近 30 天",
    most_mentioned: "提及最多",
    names_seen: "曾用称呼",
    market: "市场",
    code: "代码",
    first_post: "最早",
    last_post: "最新",
    total: "总数",
    slug: "网址名",
    security_choice: "这个代码对应多只证券",
    search: "搜索",
    search_hint: "标题、来源、公司、代码",
    search_scope: "查找全部文章的标题和正文，怎样写？",
    syntax: [
        ("央行 降准", "两个词都有，不分先后，简体繁体都算"),
        ("\"MLF 利率\"", "连在一起，一字不差"),
        ("降准 -传闻", "有前一个词，没有后一个"),
        ("source:红网", "只看一个来源，也可以写拼音网址名"),
        ("stock:600160", "只看提到一只证券的，代码或名称"),
        ("tag:收盘", "只看一个标签"),
        ("from:2022-05 to:2022-06-15", "只看一段时间"),
    ],
    best_first: "最相关",
    newest_first: "最新",
    order: "排序",
    narrow: "缩小范围",
    narrowed_by: "当前范围",
    remove: "去掉",
    source: "来源",
    tag: "标签",
    security: "证券",
    next_page: "下一页",
    first_page: "第一页",
    try_instead: "换成这样能找到",
    index_waiting: "搜索索引正在准备，请稍后再试。",
    index_stale: "搜索索引暂时无法写入，新文章可能还找不到；已经收录的不受影响。",
    index_missing: "搜索暂不可用：服务器上没有可以存放索引的地方。其他页面不受影响。",
    query_too_long: "搜索词太长，只用了前面的部分。",
    older_by_time: "更早的文章没有参与排序，按时间查看全部",
    suggestions: "搜索建议",
    nothing_found: "没有找到。换一个词，或者从下面的页面找起。",
    nothing_of_the_name: "没有这样的名称。",
    no_securities: "还没有文章提及证券。",
    security_hint: "名称或代码",
    filter: "筛选",
    source_hint: "名称或拼音",
    tag_hint: "标签",
    other_initials: "其他",
    initials: "按首字母",
    posts_a_day: "每日篇数",
    posts_a_month: "每月篇数",
    posts_an_hour: "发布时段",
    as_table: "查看数据",
    month_column: "月份",
    hour_column: "时刻",
    count_column: "篇数",
    breadcrumb: "所在位置",
    around_this_time: "同一时间",
    copy_link: "复制链接",
    copied: "已复制",
    share: "分享",
    theme_auto: "主题：跟随系统",
    theme_light: "主题：浅色",
    theme_dark: "主题：深色",
    size_small: "字号：小",
    size_normal: "字号：中",
    size_large: "字号：大",
    keys: "键盘快捷键",
    keys_on: "启用快捷键",
    key_search: "搜索",
    key_next: "下一条",
    key_previous: "上一条",
    key_help: "显示本说明",
    close: "关闭",
    live_up: "↑ 看新消息",
    live_news: "{n} 条新消息",
    live_pause: "暂停更新",
    live_resume: "继续更新",
    ago_now: "刚刚",
    ago_minutes: "{n} 分钟前",
    ago_hours: "{n} 小时前",
    ago_days: "{n} 天前",
    sources_found: "{n} 个来源",
    tags_found: "{n} 个标签",
    image: "图片",
    weekdays: ["一", "二", "三", "四", "五", "六", "日"],
};

/// The English texts.
pub static ENGLISH: InterfaceTexts = InterfaceTexts {
    language: Language::English,
    skip: "Skip to content",
    site_navigation: "Site",
    feed: "Feed",
    dataset: "Data",
    dataset_text: "One file per month, one post per line, in JSON: path, url, id, title, date, categories, tags and text. Size and SHA-256 describe the decompressed file. New posts are appended to the file of their month.",
    sum_pending: "not computed yet; reload later",
    size_column: "Size",
    index_json: "JSON index",
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
    published_by: "Published by ",
    source_text: "Source text",
    digest: "Digest",
    securities: "Securities mentioned",
    same_source: "From the same source",
    earlier_article: "Previous",
    later_article: "Next",
    empty: "There are no posts yet.",
    not_found: "Page not found",
    not_found_text: "The address may be mistyped, or the post never existed. This archive keeps every post, however old it is.",
    nearest_day: "The day closest to this address: ",
    newest_day: "Newest posts: ",
    gone: "Post withdrawn",
    gone_text: "The publisher has withdrawn this post.",
    busy: "Too many requests",
    busy_text: "The server has too many requests right now. Please try again in a moment.",
    failed: "Something went wrong",
    failed_text: "The server could not create this page. Please try again later.",
    securities_page: "Securities",
    name: "Name",
    boards: "Sectors",
    last_week: "Last 7 days",
    last_month: "Last 30 days",
    most_mentioned: "Most mentioned",
    names_seen: "Names used",
    market: "Market",
    code: "Code",
    first_post: "First post",
    last_post: "Latest post",
    total: "Total",
    slug: "Name in URLs",
    security_choice: "Several securities have this code",
    search: "Search",
    search_hint: "Titles, sources, companies, codes",
    search_scope: "All titles and texts are searched. Search syntax",
    syntax: [
        ("rate cut", "both words, anywhere"),
        ("\"rate cut\"", "this exact phrase"),
        ("cut -rumour", "the first word, without the second"),
        ("source:hongwang", "from one source: its name, or its name in URLs"),
        ("stock:600160", "mentioning a security: its code or name"),
        ("tag:closing", "with one tag"),
        ("from:2022-05 to:2022-06-15", "in a date range"),
    ],
    best_first: "Most relevant",
    newest_first: "Newest",
    order: "Sort order",
    narrow: "Refine results",
    narrowed_by: "Active filters",
    remove: "Remove",
    source: "Source",
    tag: "Tag",
    security: "Security",
    next_page: "Next page",
    first_page: "First page",
    try_instead: "These searches have results",
    index_waiting: "The search index is not ready yet. Please try again in a moment.",
    index_stale: "The search index cannot be updated at the moment. New posts may be missing; all other posts can be found.",
    index_missing: "Search is not available: the server has no place to store its index. All other pages work.",
    query_too_long: "Your query is too long; only the first part was used.",
    older_by_time: "Older posts are not ranked. Show all results by date",
    suggestions: "Suggestions",
    nothing_found: "No results. Try another word, or start from one of these pages.",
    nothing_of_the_name: "No name matches.",
    no_securities: "No post mentions a security yet.",
    security_hint: "Name or code",
    filter: "Filter",
    source_hint: "Name",
    tag_hint: "Tag",
    other_initials: "Other",
    initials: "By first letter",
    posts_a_day: "Posts per day",
    posts_a_month: "Posts per month",
    posts_an_hour: "Posts by hour of the day",
    as_table: "View as table",
    month_column: "Month",
    hour_column: "Hour",
    count_column: "Posts",
    breadcrumb: "Breadcrumb",
    around_this_time: "Around this time",
    copy_link: "Copy link",
    copied: "Copied",
    share: "Share",
    theme_auto: "Theme: system",
    theme_light: "Theme: light",
    theme_dark: "Theme: dark",
    size_small: "Text size: small",
    size_normal: "Text size: normal",
    size_large: "Text size: large",
    keys: "Keyboard shortcuts",
    keys_on: "Enable keyboard shortcuts",
    key_search: "Search",
    key_next: "Next post",
    key_previous: "Previous post",
    key_help: "Show this help",
    close: "Close",
    live_up: "↑ Show new posts",
    live_news: "{n} new posts",
    live_pause: "Pause updates",
    live_resume: "Resume updates",
    ago_now: "just now",
    ago_minutes: "{n} min ago",
    ago_hours: "{n} h ago",
    ago_days: "{n} d ago",
    sources_found: "{n} sources",
    tags_found: "{n} tags",
    image: "Image",
    weekdays: ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"],
};

impl InterfaceTexts {
    /// The texts of a site, by its language.
    pub fn for_language(is_chinese: bool) -> &'static Self {
        if is_chinese { &CHINESE } else { &ENGLISH }
    }
}
