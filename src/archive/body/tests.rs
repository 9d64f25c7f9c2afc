use super::*;

pub(super) fn site() -> SiteContext {
    SiteContext {
        url: "https://news.example".to_owned(),
        baseurl: "/base".to_owned(),
        title: "某站".to_owned(),
        host: Some("news.example".to_owned()),
        legacy_hosts: vec!["old.example".to_owned()],
    }
}

fn post(name: &str) -> Option<String> {
    (name == "2024-01-02-a").then(|| "/2024/01/02/a.html".to_owned())
}

pub(super) fn context(site: &SiteContext) -> Context<'_> {
    Context { site, title: "题目", url: "/2024/01/02/b.html", posts: &post }
}

fn markdown(source: &str) -> Body {
    read(source, Format::Markdown, &context(&site()))
}
