//! Any texts as the parts of a post's URL. The first line is the template; then follow the file, the slugs of
//! its name and of its front matter, and the categories.
#![no_main]

use chrono::{DateTime, Utc};
use chrono_tz::{Asia::Shanghai, Tz};
use finews::archive::jekyll::permalink::{self, Template, UrlParts};
use finews::archive::jekyll::slug;
use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|text: &str| {
    let mut lines = text.split('\n');
    let mut line = || lines.next().unwrap_or_default();
    let (template, path, file_slug, own_slug) = (line(), line(), line(), line());
    // A quoted permalink may contain line breaks.
    let template = template.replace("\\n", "\n");
    let categories: Vec<String> = lines.map(ToOwned::to_owned).collect();
    let name = path.rsplit('/').next().unwrap_or_default();
    let (basename, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let date: DateTime<Tz> =
        DateTime::<Utc>::from_timestamp(1_700_000_000, 0).expect("a time").with_timezone(&Shanghai);
    let parts = UrlParts {
        collection: "posts",
        path,
        basename,
        slug: file_slug,
        fm_slug: (!own_slug.is_empty()).then_some(own_slug),
        categories: &categories,
        date: &date,
        output_ext: ".html",
    };
    let templates = [permalink::post_permalink(&template), Template::from_settings(&template, None)];
    for template in templates.into_iter().flatten() {
        let url = template.expand(&parts);
        check(&url);
        assert!(!url.contains(['?', '#']), "{url:?}");
        assert!(permalink::jekyll_id(&url, file_slug).starts_with('/'));
        // A URL without a placeholder is its own permalink.
        if !url.contains(':') {
            let again = permalink::post_permalink(&url).expect("no placeholder").expand(&parts);
            assert_eq!(again, url);
        }
    }
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    for style in ["date", "pretty", "weekdate"] {
        let style: Template = style.parse().expect("a style");
        for own in [None, Some(&*template)] {
            check(&permalink::page_url(folder, basename, &format!(".{extension}"), &style, own));
        }
    }
    if let Some(file) = permalink::file_name(name) {
        assert!(name.ends_with(&file.ext) && name.contains(&file.slug) && !file.slug.ends_with('.'));
        let days = file.date.map(|(year, month, day)| year <= 9999 && month <= 99 && day <= 99);
        assert!(days.unwrap_or(!file.slug.is_empty()));
    }
    let slug = slug::slugify(file_slug, slug::SlugMode::Default, false);
    assert_eq!(slug::slugify(&slug, slug::SlugMode::Default, false), slug);
    let _ = slug::titleize(file_slug);
});

/// Asserts that a URL is a path of the site, as browsers resolve it too.
fn check(url: &str) {
    assert!(url.starts_with('/') && !url.contains("//"), "{url:?}");
    assert!(!url.contains(char::is_control), "{url:?}");
    let is_up = |part: &str| part.to_ascii_lowercase().replace("%2e", ".") == "..";
    assert!(!url.split('/').any(is_up), "{url:?}");
    let site = Url::parse("https://news.example/deep/below/").expect("a URL");
    let followed = site.join(url).expect("a URL");
    assert_eq!(followed.origin(), site.origin(), "{url:?}");
    assert!(!followed.path().starts_with("//"), "{url:?}");
}
