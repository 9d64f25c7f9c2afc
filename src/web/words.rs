//! The one table of interface text: Chinese when the site's `lang` begins with `zh`, English otherwise.

mod phrases;

/// Every string that readers see and that is not the owner's.
#[derive(Debug, PartialEq, Eq)]
pub struct Words {
    language: Language,
    /// Link to the main part, for those who do not see the page.
    pub skip: &'static str,
    /// Name of the header's navigation.
    pub site_navigation: &'static str,
    /// A feed, for readers who follow by one.
    pub feed: &'static str,
    /// The archive as files for programs.
    pub dataset: &'static str,
    /// What these files are.
    pub dataset_text: &'static str,
    /// A sum that is not taken yet.
    pub sum_pending: &'static str,
    /// Heading of a column of sizes.
    pub size_column: &'static str,
    /// Link to the same for programs.
    pub index_json: &'static str,
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
    /// Link of the 404 page to the newest day.
    pub newest_day: &'static str,
    /// Heading of the 410 page.
    pub gone: &'static str,
    /// Text of the 410 page.
    pub gone_text: &'static str,
    /// Heading of the page for when there is too much to do.
    pub busy: &'static str,
    /// Text of that page.
    pub busy_text: &'static str,
    /// Heading of the 500 page.
    pub failed: &'static str,
    /// Text of the 500 page.
    pub failed_text: &'static str,
    /// All securities and sectors.
    pub securities_page: &'static str,
    /// Column of names.
    pub name: &'static str,
    /// Sectors.
    pub boards: &'static str,
    /// Of the last seven days.
    pub last_week: &'static str,
    /// Of the last 30 days.
    pub last_month: &'static str,
    /// Heading of the ranking of securities.
    pub most_mentioned: &'static str,
    /// The names that posts call a security by.
    pub names_seen: &'static str,
    /// The market of a security.
    pub market: &'static str,
    /// The code of a security.
    pub code: &'static str,
    /// The oldest post.
    pub first_post: &'static str,
    /// The newest post.
    pub last_post: &'static str,
    /// All posts.
    pub total: &'static str,
    /// A source's name in addresses.
    pub slug: &'static str,
    /// Heading of the choice between securities of one number.
    pub security_choice: &'static str,
    /// Name of the search.
    pub search: &'static str,
    /// In the empty field of the search.
    pub search_hint: &'static str,
    /// Opens the help of the search, which stands where the searching is.
    pub search_scope: &'static str,
    /// What may be typed, and what it means.
    pub syntax: [(&'static str, &'static str); 7],
    /// The order by how well posts fit.
    pub best_first: &'static str,
    /// The order by time.
    pub newest_first: &'static str,
    /// Name of the choice of an order.
    pub order: &'static str,
    /// Name of what narrows a search.
    pub narrow: &'static str,
    /// Name of what a search is narrowed by.
    pub narrowed_by: &'static str,
    /// Before the name of what a search is narrowed by.
    pub remove: &'static str,
    /// A source.
    pub source: &'static str,
    /// A tag.
    pub tag: &'static str,
    /// A security.
    pub security: &'static str,
    /// A post.
    pub article: &'static str,
    /// Link to the next page of what was found.
    pub next_page: &'static str,
    /// Link to the first.
    pub first_page: &'static str,
    /// Before what finds something where a search found nothing.
    pub try_instead: &'static str,
    /// The index is not begun yet.
    pub index_waiting: &'static str,
    /// The index cannot be written any more.
    pub index_stale: &'static str,
    /// There is no index, since none can be written.
    pub index_missing: &'static str,
    /// Only a part of a query was looked for.
    pub query_too_long: &'static str,
    /// Link from the last of what is ranked to all that was found.
    pub older_by_time: &'static str,
    /// Name of what is offered while one types.
    pub suggestions: &'static str,
    /// A search that found nothing.
    pub nothing_found: &'static str,
    /// A filter that found nothing.
    pub nothing_of_the_name: &'static str,
    /// An archive that mentions no security.
    pub no_securities: &'static str,
    /// In the empty field of the filter of securities.
    pub security_hint: &'static str,
    /// Name of the filter of a list.
    pub filter: &'static str,
    /// In the empty field of the filter of sources.
    pub source_hint: &'static str,
    /// What is typed to find tags.
    pub tag_hint: &'static str,
    /// Name of the links to the letters of a list.
    pub initials: &'static str,
    /// Names that begin with neither a letter nor a digit.
    pub other_initials: &'static str,
    /// Title of the calendar of a year.
    pub posts_a_day: &'static str,
    /// Title of the months' picture.
    pub posts_a_month: &'static str,
    /// Title of the hours' picture.
    pub posts_an_hour: &'static str,
    /// Opens the numbers of a picture.
    pub as_table: &'static str,
    /// Heading of a table's column of months.
    pub month_column: &'static str,
    /// Heading of a table's column of hours.
    pub hour_column: &'static str,
    /// Heading of a table's column of numbers.
    pub count_column: &'static str,
    /// Name of the way from the front page.
    pub breadcrumb: &'static str,
    /// Heading of posts near an article.
    pub around_this_time: &'static str,
    /// Button.
    pub copy_link: &'static str,
    /// When a link was copied.
    pub copied: &'static str,
    /// Button.
    pub share: &'static str,
    /// The button of colours, which follow the system.
    pub theme_auto: &'static str,
    /// The same, light.
    pub theme_light: &'static str,
    /// The same, dark.
    pub theme_dark: &'static str,
    /// The button of the text's size.
    pub size_small: &'static str,
    /// The same, normal.
    pub size_normal: &'static str,
    /// The same, large.
    pub size_large: &'static str,
    /// Heading of the keys.
    pub keys: &'static str,
    /// The switch of the keys.
    pub keys_on: &'static str,
    /// What `/` does.
    pub key_search: &'static str,
    /// What `j` does.
    pub key_next: &'static str,
    /// What `k` does.
    pub key_previous: &'static str,
    /// What `?` does.
    pub key_help: &'static str,
    /// Closes the help.
    pub close: &'static str,
    /// New posts that have come; `{n}` is their number.
    pub live_news: &'static str,
    /// Button that stops new posts.
    pub live_pause: &'static str,
    /// Button that goes on with them.
    pub live_resume: &'static str,
    /// Less than a minute ago.
    pub ago_now: &'static str,
    /// `{n}` minutes ago, short.
    pub ago_minutes: &'static str,
    /// The button that leads to news that are shown further up.
    pub live_up: &'static str,
    /// `{n}` hours ago.
    pub ago_hours: &'static str,
    /// `{n}` days ago.
    pub ago_days: &'static str,
    /// `{n}` sources pass the filter.
    pub sources_found: &'static str,
    /// The same of tags.
    pub tags_found: &'static str,
    /// An image without a text.
    pub image: &'static str,
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
    article: "文章",
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

/// English.
pub static ENGLISH: Words = Words {
    language: Language::English,
    skip: "Skip to content",
    site_navigation: "Site",
    feed: "Feed",
    dataset: "Data",
    dataset_text: "A file for each month, a post a line, as JSON: path, url, id, title, date, categories, tags and text. Size and SHA-256 are of the unpacked file; new posts are added at the end of their month.",
    sum_pending: "being taken; reload in a while",
    size_column: "Size",
    index_json: "The same for programs",
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
    not_found_text: "The address may be mistyped, or there never was such a post. This archive keeps everything: nothing goes away for being old.",
    nearest_day: "The nearest day to this address: ",
    newest_day: "The newest posts: ",
    gone: "Withdrawn",
    gone_text: "The publisher has withdrawn this post.",
    busy: "One moment",
    busy_text: "There are too many requests just now. Please try again in a little while.",
    failed: "Something went wrong",
    failed_text: "The server failed to make this page. Please try again later.",
    securities_page: "Securities",
    name: "Name",
    boards: "Sectors",
    last_week: "Last 7 days",
    last_month: "Last 30 days",
    most_mentioned: "Most mentioned",
    names_seen: "Named",
    market: "Market",
    code: "Code",
    first_post: "First",
    last_post: "Latest",
    total: "Total",
    slug: "In addresses",
    security_choice: "Several securities have this code",
    search: "Search",
    search_hint: "Titles, sources, companies, codes",
    search_scope: "Every title and text is searched. How to ask",
    syntax: [
        ("rate cut", "both words, anywhere"),
        ("\"rate cut\"", "together, as they are"),
        ("cut -rumour", "the first word without the second"),
        ("source:hongwang", "of one source, by its name or as in addresses"),
        ("stock:600160", "that mention a security, by its code or name"),
        ("tag:closing", "of one tag"),
        ("from:2022-05 to:2022-06-15", "of a time"),
    ],
    best_first: "Best",
    newest_first: "Newest",
    order: "Order",
    narrow: "Narrow down",
    narrowed_by: "Narrowed to",
    remove: "Remove",
    source: "Source",
    tag: "Tag",
    security: "Security",
    article: "Article",
    next_page: "Next page",
    first_page: "First page",
    try_instead: "These find something",
    index_waiting: "The search index is being prepared. Please try again in a moment.",
    index_stale: "The search index cannot be written at the moment: new posts may be missing from it; all else is found.",
    index_missing: "Search is not available: the server has nowhere to keep its index. All other pages are as usual.",
    query_too_long: "This is too much to look for: only the beginning of it was used.",
    older_by_time: "Older posts are not ranked: see all of them by time",
    suggestions: "Suggestions",
    nothing_found: "Nothing was found. Try another word, or start from one of these pages.",
    nothing_of_the_name: "There is none of this name.",
    no_securities: "No post mentions a security yet.",
    security_hint: "Name or code",
    filter: "Filter",
    source_hint: "Name",
    tag_hint: "Tag",
    other_initials: "Other",
    initials: "By letter",
    posts_a_day: "Posts a day",
    posts_a_month: "Posts a month",
    posts_an_hour: "Hours of publication",
    as_table: "As a table",
    month_column: "Month",
    hour_column: "Hour",
    count_column: "Posts",
    breadcrumb: "Breadcrumb",
    around_this_time: "Around this time",
    copy_link: "Copy link",
    copied: "Copied",
    share: "Share",
    theme_auto: "Colours: as the system",
    theme_light: "Colours: light",
    theme_dark: "Colours: dark",
    size_small: "Text: small",
    size_normal: "Text: normal",
    size_large: "Text: large",
    keys: "Keys",
    keys_on: "Use these keys",
    key_search: "Search",
    key_next: "Next entry",
    key_previous: "Previous entry",
    key_help: "Show this",
    close: "Close",
    live_up: "↑ See what is new",
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

impl Words {
    /// The words of a site.
    pub fn of(is_chinese: bool) -> &'static Self {
        if is_chinese { &CHINESE } else { &ENGLISH }
    }
}
