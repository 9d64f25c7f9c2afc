use chrono_tz::Tz;

use crate::config::*;

fn read(yaml: impl AsRef<[u8]>, flags: &Overrides, env: &[(&str, &str)]) -> Result<Config, String> {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    let root = std::env::temp_dir().join(format!("finews-config-{}-{next}", std::process::id()));
    std::fs::create_dir_all(&root).expect("a temporary folder");
    std::fs::write(root.join("_config.yml"), yaml).expect("a file");
    let lookup =
        |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value));
    let result = Config::read(&root, flags, &lookup)
        .map_err(|error| error.to_string().replace(&*root.to_string_lossy(), ""));
    std::fs::remove_dir_all(&root).expect("the folder is ours");
    result
}

fn file(yaml: impl AsRef<[u8]>) -> Result<Config, String> {
    read(yaml, &Overrides::default(), &[])
}

#[test]
fn empty_config_has_jekyll_defaults() {
    let config = file("").expect("valid");
    assert_eq!(config.source.timezone, Tz::UTC);
    assert_eq!(
        (config.source.permalink.as_str(), config.site.lang.as_str(), config.source.future),
        ("date", "en", false)
    );
    assert_eq!(config.server.listen, ListenAddress::Tcp("127.0.0.1:8080".into()));
    assert!(config.source.exclude.iter().any(|name| name == "node_modules"));
}

#[test]
fn empty_config_has_the_defaults_of_the_help() {
    let server = file("").expect("valid").server;
    assert_eq!((server.log_format, server.access_log), (LogFormat::Text, AccessLog::Errors));
    assert_eq!((server.page_cache, server.watch), (ByteSize(256 << 20), WatchMode::Events));
    assert_eq!(server.rescan, Interval(Some(std::time::Duration::from_secs(600))));
    assert_eq!((server.max_connections, server.announce), (ConnectionLimit::OpenFiles, Announcements(true)));
    assert_eq!(server.max_requests, RequestLimit(512));
    assert_eq!(server.search_rate, SearchRate(std::num::NonZeroU32::new(120)));
    assert_eq!((server.proxy_header, server.admin_listen), (ProxyHeader::XForwardedFor, None));
}

#[test]
fn last_of_duplicate_config_keys_wins() {
    assert_eq!(file("title: a\ntitle: b\n").expect("valid").source.title, "b");
}

#[test]
fn flags_override_environment_which_overrides_the_file() {
    let yaml = "url: https://file.example\nfinews:\n  listen: 127.0.0.1:1\n  log_format: json\n";
    let flags = Overrides(vec![("listen", "127.0.0.1:3".into())]);
    let env = [("FINEWS_LISTEN", "127.0.0.1:2"), ("FINEWS_URL", "https://env.example/")];
    let config = read(yaml, &flags, &env).expect("valid");
    assert_eq!(config.server.listen, ListenAddress::Tcp("127.0.0.1:3".into()));
    assert_eq!(config.source.url, "https://env.example");
    assert_eq!(config.server.log_format, LogFormat::Json);
}

#[test]
fn invalid_value_errors_name_file_line_key_and_allowed_values() {
    let table = [
        ("timezone: [Asia/Shanghai]\n", "/_config.yml:1: timezone: `[Asia/Shanghai]`", "a string"),
        ("title: x\nfuture: maybe\n", "/_config.yml:2: future: `maybe`", "true or false"),
        ("title: x\nunpublished: [yes]\n", "/_config.yml:2: unpublished: `[yes]`", "true or false"),
        ("title: x\npaginate: ten\n", "/_config.yml:2: paginate: `ten`", "at least 1"),
        ("paginate: {per: 5}\n", "/_config.yml:1: paginate: `{per: 5}`", "a string"),
        ("paginate: -1\n", "/_config.yml:1: paginate: `-1`", "a number of posts"),
        ("permalink: [date]\n", "/_config.yml:1: permalink: `[date]`", "a string"),
        ("exclude: {a: b}\n", "/_config.yml:1: exclude: `{a: b}`", "a list of strings"),
        ("include:\n  - [a]\n", "/_config.yml:1: include: `[a]`", "a list of strings"),
        ("collections: 3\n", "/_config.yml:1: collections: `3`", "a mapping of collections"),
        (
            "collections:\n  posts:\n    permalink: [x]\n",
            "/_config.yml:3: collections.posts.permalink: `[x]`",
            "a string",
        ),
        ("collections_dir: [x]\n", "/_config.yml:1: collections_dir: `[x]`", "a string"),
        ("destination: {a: b}\n", "/_config.yml:1: destination: `{a: b}`", "a string"),
        ("markdown_ext: [md]\n", "/_config.yml:1: markdown_ext: `[md]`", "a string"),
        (
            "kramdown:\n  toc_levels: 0..3\n",
            "/_config.yml:2: kramdown.toc_levels: `0..3`",
            "levels from 1 to 6",
        ),
        ("kramdown:\n  toc_levels: h2\n", "/_config.yml:2: kramdown.toc_levels: `h2`", "such as 2..3"),
        (
            "kramdown:\n  toc_levels: [2, 7]\n",
            "/_config.yml:2: kramdown.toc_levels: `2,7`",
            "levels from 1 to 6",
        ),
        ("kramdown:\n  toc_levels: {a: 1}\n", "/_config.yml:2: kramdown.toc_levels: `{a: 1}`", "a string"),
        ("finews: on\n", "/_config.yml:1: finews: `on`", "a mapping of settings"),
        ("finews:\n  source: 5\n", "/_config.yml:2: finews.source: `5`", "true or false"),
        ("finews:\n  cdn: fastly\n", "/_config.yml:2: finews.cdn: `fastly`", "true or false"),
        ("finews:\n  nav: [x]\n", "/_config.yml:2: finews.nav: `x`", "label and url"),
        ("finews: {nav: [x]}\n", "/_config.yml:1: finews.nav: `x`", "label and url"),
        ("finews:\n  posts: [../other]\n", "/_config.yml:2: finews.posts: `../other`", "inside the site"),
        ("finews:\n  images: none\n", "/_config.yml:2: finews.images: `none`", "show, click or off"),
        ("finews:\n  charts: small\n", "/_config.yml:2: finews.charts: `small`", "show or off"),
        ("finews:\n  original_url: x\n", "/_config.yml:2: finews.original_url: `x`", "mapping"),
        (
            "finews:\n  original_url:\n    'a(': https://x.example/\n",
            "/_config.yml:2: finews.original_url: `a(`",
            "unclosed group",
        ),
        (
            "finews:\n  original_url:\n    'a(b)': https://x.example/$2\n",
            "/_config.yml:2: finews.original_url: `https://x.example/$2`",
            "no group `2`",
        ),
        (
            "finews:\n  original_url:\n    a: javascript:x\n",
            "/_config.yml:2: finews.original_url: `javascript:x`",
            "https://",
        ),
        ("finews:\n  naive_dates: mine\n", "/_config.yml:2: finews.naive_dates: `mine`", "utc or local"),
        ("finews:\n  listen: 8080\n", "/_config.yml:2: finews.listen: `8080`", "host:port"),
        ("finews:\n  listen: 'unix:'\n", "/_config.yml:2: finews.listen: `unix:`", "unix:/path"),
        (
            "finews:\n  trusted_proxy: ['::1', caddy]\n",
            "/_config.yml:2: finews.trusted_proxy: `caddy`",
            "network",
        ),
        ("finews:\n  trusted_proxy: 10.0.0.0/33\n", "/_config.yml:2: finews.trusted_proxy:", "10.0.0.0/8"),
        ("finews:\n  proxy_header: Via\n", "/_config.yml:2: finews.proxy_header: `Via`", "forwarded"),
        ("finews:\n  max_requests: 0\n", "/_config.yml:2: finews.max_requests: `0`", "number of requests"),
        ("finews:\n  search_rate: 0\n", "/_config.yml:2: finews.search_rate: `0`", "per minute"),
        ("finews:\n  announce: never\n", "/_config.yml:2: finews.announce: `never`", "on or off"),
        ("finews:\n  access_log: some\n", "/_config.yml:2: finews.access_log: `some`", "all, errors or off"),
        ("defaults:\n  - path: x\n", "/_config.yml:1: defaults: `{path: x}`", "scope"),
        (
            "collections:\n  docs: {output: maybe}\n",
            "/_config.yml:2: collections.docs.output: `maybe`",
            "true or false",
        ),
        ("defaults: x\n", "/_config.yml:1: defaults: `x`", "a list of entries"),
        (
            "defaults:\n  - {scope: _posts, values: {a: b}}\n",
            "/_config.yml:1: defaults: `{scope: _posts, values: {a: b}}`",
            "scope (path, type)",
        ),
        (
            "defaults:\n  - {scope: {path: [x]}, values: {a: b}}\n",
            "/_config.yml:1: defaults: `{scope: {path: [x]}, values: {a: b}}`",
            "scope (path, type)",
        ),
        ("url: ftp://news.example\n", "/_config.yml:1: url: `ftp://news.example`", "https://"),
        ("url: ours\n", "/_config.yml:1: url: `ours`", "https://"),
        ("title: [a\n", "/_config.yml:", "not valid YAML"),
        ("- a\n", "/_config.yml:1: `[a]`", "key: value"),
    ];
    for (yaml, place, allowed) in table {
        let error = file(yaml).expect_err(yaml);
        assert!(error.starts_with(place), "{yaml:?}: {error}");
        assert!(error.contains(allowed), "{yaml:?}: {error}");
    }
}

#[test]
fn invalid_value_errors_name_the_flag_or_variable() {
    let flags = Overrides(vec![("log-format", "xml".into())]);
    let error = read("", &flags, &[]).expect_err("wrong");
    assert_eq!(error, "--log-format: `xml` is invalid; expected text or json");
    let error = read("", &Overrides::default(), &[("FINEWS_ADMIN_LISTEN", "x")]).expect_err("wrong");
    assert!(error.starts_with("FINEWS_ADMIN_LISTEN: `x`"), "{error}");
}

#[test]
fn trusted_proxies_come_from_flags_then_variable_then_file() {
    let proxies = |config: Config| config.server.trusted_proxies;
    let parsed = |all: &[&str]| {
        all.iter().map(|proxy| TrustedProxy::from_text(proxy).expect("a proxy")).collect::<Vec<_>>()
    };
    let yaml = "finews:\n  trusted_proxy: [127.0.0.1, unix]\n";
    let variable = [("FINEWS_TRUSTED_PROXY", "10.0.0.0/8, fd00::/8,")];
    let flags = Overrides(vec![("trusted-proxy", "::1".into())]);
    assert_eq!(proxies(file(yaml).expect("valid")), parsed(&["127.0.0.1/32", "unix"]));
    let read =
        |flags: &Overrides, variables: &[(&str, &str)]| proxies(read(yaml, flags, variables).expect("valid"));
    assert_eq!(read(&Overrides::default(), &variable), parsed(&["10.0.0.0/8", "fd00::/8"]));
    assert_eq!(read(&flags, &variable), parsed(&["::1"]));
}

#[test]
fn announcements_are_a_switch_in_file_flag_and_variable() {
    for (value, expected) in [("on", true), ("true", true), ("off", false), ("false", false)] {
        let expected = Announcements(expected);
        let announce = |config: Config| config.server.announce;
        let in_file = file(format!("finews:\n  announce: {value}\n")).expect("valid");
        assert_eq!(announce(in_file), expected, "{value}");
        let flags = Overrides(vec![("announce", value.into())]);
        let other = "finews:\n  announce: on\n";
        assert_eq!(announce(read(other, &flags, &[]).expect("valid")), expected, "{value}");
        let variable = [("FINEWS_ANNOUNCE", value)];
        let of_variable = read(other, &Overrides::default(), &variable).expect("valid");
        assert_eq!(announce(of_variable), expected, "{value}");
    }
}

#[test]
fn url_without_a_scheme_is_that_of_https_with_a_warning() {
    let table = [
        ("news.example", "https://news.example"),
        ("news.example/", "https://news.example"),
        ("news.example/archive", "https://news.example/archive"),
        ("localhost:4000", "https://localhost:4000"),
    ];
    for (host, url) in table {
        let config = file(format!("url: {host}\n")).expect(host);
        assert_eq!(config.source.url, url);
        assert_eq!(config.warnings.len(), 1, "{host}");
        let reason = format!("/_config.yml:1: url: `{host}` has no scheme, so {url} is used");
        assert!(config.warnings[0].contains(&reason), "{:?}", config.warnings);
    }
    for value in ["news example", "http:news.example", "mailto:a@b.example", "news.example?a"] {
        assert!(file(format!("url: '{value}'\n")).is_err(), "{value}");
    }
    let flags = Overrides(vec![("url", "news.example".into())]);
    assert!(read("", &flags, &[]).is_err());
}

#[test]
fn unknown_finews_key_is_ignored_with_a_warning() {
    let config = file("url: https://news.example\nfinews:\n  source: true\n  sauce: true\nplugins: [x]\n")
        .expect("valid");
    assert!(config.site.source);
    assert_eq!(config.warnings.len(), 1);
    assert!(
        config.warnings[0]
            .contains("/_config.yml:4: finews.sauce: unknown key is ignored; known keys: access_log, ")
    );
}

#[test]
fn missing_site_folder_is_named_in_the_error() {
    let error = Config::read(Path::new("/nowhere/at/all"), &Overrides::default(), &|_| None);
    let error = error.expect_err("missing").to_string();
    assert!(error.starts_with("cannot use the site folder /nowhere/at/all:"), "{error}");
}

#[test]
fn unusual_values_of_real_sites_are_accepted() {
    let table = [
        "author: [a, b]\n",
        "author: {name: {first: x}}\n",
        "title: [a]\nname: {a: b}\n",
        "description:\n  - a\nlang: [en, fr]\nlogo: {src: x}\n",
        "paginate: false\ntimezone: \"\"\nexclude:\ninclude: [a, ~]\n",
        "defaults: []\n",
        "defaults: {scope: {path: x}}\n",
        "defaults:\n  -\n  - scope: {path: x}\n    values:\n",
        "collections: [posts]\n",
        "paginate: 0\n",
        "paginate:\ncollections:\ndefaults:\nfinews:\n",
        "defaults: false\ncollections: false\ndestination: false\n",
        "defaults:\n  - values: {a: b}\n  - {scope: {path: , type: ~}, values: {a: b}}\n",
        "feed: /feed.xml\nplugins: 3\nkramdown: x\n",
        "---\ntitle: a\n---\n",
        "big: 99999999999999999999999\nmine: !mine x\n",
    ];
    for yaml in table {
        assert!(file(yaml).is_ok(), "{yaml:?}: {:?}", file(yaml).err());
    }
}

#[test]
fn values_in_alternative_forms_are_normalised() {
    let config = file("author: [a, {name: b}]\nfuture: 'true'\nunpublished: 1\npaginate: '5'\n");
    let config = config.expect("valid");
    assert_eq!(config.site.authors, "a\nb");
    assert_eq!((config.source.future, config.source.unpublished, config.site.paginate), (true, true, 5));
    let config = file("x: &a {title: t}\ny: &b {title: u, url: https://h/p/}\n<<: [*a, *b]\n");
    let config = config.expect("valid");
    assert_eq!((config.source.title.as_str(), config.source.url.as_str()), ("t", "https://h/p"));
    let config = file("collections:\n  posts:\n    permalink: /p/:title\nbaseurl: https://h.example/b/\n");
    let config = config.expect("valid");
    assert_eq!(config.source.posts_permalink.as_deref(), Some("/p/:title"));
    assert_eq!(config.source.baseurl, "/b");
}

#[test]
fn collections_with_output_are_read_in_each_form() {
    let labels = |yaml: &str| -> Vec<String> {
        let config = file(yaml).expect(yaml);
        config.source.collections.into_iter().map(|collection| collection.label).collect()
    };
    let table: [(&str, &[&str]); 6] = [
        ("collections: [docs]\n", &[]),
        ("collections: {docs: , team: {output: false}}\n", &[]),
        ("collections: {docs: {output: true}, team: {output: yes}}\n", &["docs", "team"]),
        ("collections:\n  my docs!:\n    output: true\n", &["mydocs"]),
        ("collections: {posts: {output: true, permalink: /p/:title}}\n", &[]),
        ("collections: {'!': {output: true}}\n", &[]),
    ];
    for (yaml, expected) in table {
        assert_eq!(labels(yaml), expected, "{yaml}");
    }
    let config =
        file("collections: {docs: {output: true, permalink: '/:name'}}\npaginate_path: blog/p:num\n");
    let config = config.expect("valid");
    assert_eq!(config.source.collections[0].permalink.as_deref(), Some("/:name"));
    assert_eq!(config.site.paginate_path.as_deref(), Some("/blog/p:num"));
    assert!(config.source.has_config_file);
}

#[test]
fn data_file_of_authors_is_read_in_each_format() {
    let site = |files: &[(&str, &str)]| {
        let folder = tempfile::tempdir().expect("a folder");
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        Config::read(folder.path(), &Overrides::default(), &|_| None).expect("valid")
    };
    let yaml =
        "ann:\n  name: Ann Ash\n  email: a@a.example\nbob: Bob\ncid: {url: 'https://c.example'}\ndan: [x]\n";
    let json =
        "{\"ann\": {\"name\": \"Ann Ash\", \"email\": \"a@a.example\"},\n\t\"bob\": \"\\ud83d\\ude00\"}";
    let config =
        site(&[("_data/authors.yml", yaml), ("_data/authors.json", json), ("_config.yml", "author: ann\n")]);
    let expected = [("ann", "Ann Ash\ta@a.example"), ("bob", "Bob"), ("cid", "cid\t\thttps://c.example")];
    let known = config.source.authors.iter().map(|(key, line)| (key.as_str(), line.as_str()));
    assert_eq!(known.collect::<Vec<_>>(), expected);
    assert_eq!((config.site.authors.as_str(), config.warnings.len()), ("Ann Ash\ta@a.example", 0));
    let author = Author::from_lines(&config.site.authors).next();
    assert_eq!(author, Some(Author { name: "Ann Ash", email: "a@a.example", uri: "" }));
    let config = site(&[("d/authors.json", json), ("_config.yml", "data_dir: d\nauthor: [bob, Cid]\n")]);
    assert_eq!(config.site.authors, "😀\nCid");
    for (text, errors) in [("ann: [\n", 1), ("- ann\n", 0)] {
        let config = site(&[("_data/authors.yml", text)]);
        assert!(config.source.authors.is_empty(), "{text}");
        assert_eq!(config.variables.errors().len(), errors, "{text}");
    }
}

#[test]
fn notification_urls_are_normalised_invalid_ones_rejected() {
    let config =
        file("finews:\n  websub: {hub: 'https://例子.测试'}\n  on_publish: https://h.example/a b?c\n");
    let config = config.expect("valid");
    assert_eq!(config.site.hub.as_deref(), Some("https://xn--fsqu00a.xn--0zwm56d/"));
    assert_eq!(config.site.on_publish.as_deref(), Some("https://h.example/a%20b?c"));
    for (yaml, place) in [
        ("finews:\n  websub: https://h.example/\n", "/_config.yml:2: finews.websub: `https://h.example/`"),
        ("finews:\n  websub: {hub: nonsense}\n", "/_config.yml:2: finews.websub.hub: `nonsense`"),
        ("finews:\n  on_publish: ftp://h.example/\n", "/_config.yml:2: finews.on_publish: `ftp:"),
    ] {
        let error = file(yaml).expect_err(yaml);
        assert!(error.starts_with(place), "{yaml:?}: {error}");
    }
    let config = file("finews:\n  websub: {hubs: x}\n").expect("valid");
    assert!(config.warnings[0].contains("finews.websub.hubs: unknown key is ignored; known keys: hub"));
}

#[test]
fn posix_time_zones_are_accepted() {
    let table = [("CST-8", "Etc/GMT-8"), ("UTC+8", "Etc/GMT+8"), ("UTC0", "Etc/GMT+0"), ("''", "UTC")];
    for (written, name) in table {
        let config = file(format!("timezone: {written}\n")).expect(written);
        assert_eq!(config.source.timezone.name(), name, "{written}");
    }
}

#[test]
fn cache_folder_must_not_be_the_site() {
    let site = tempfile::tempdir().expect("a folder");
    let (root, link) = (site.path(), site.path().join("link"));
    std::fs::create_dir(root.join("sub")).expect("a folder");
    std::os::unix::fs::symlink(root, &link).expect("a link");
    let read = |folder: &Path| {
        let flags = Overrides(vec![("cache-dir", folder.to_string_lossy().into_owned())]);
        Config::read(root, &flags, &|_| None).map_err(|error| error.to_string())
    };
    for folder in [root.to_owned(), root.join("."), root.join("sub/.."), link] {
        let error = read(&folder).expect_err("the folder of the site");
        assert!(error.contains("it is also the cache folder; choose another --cache-dir"), "{error}");
    }
    for folder in [root.join("sub"), root.join("none")] {
        assert_eq!(read(&folder).expect("another folder").private_paths, [folder]);
    }
}

#[test]
fn unknown_time_zone_is_utc_with_a_warning() {
    let table = [
        ("Asia/Beijing", Some("is not a time zone that finews knows, so UTC is used; write Asia/Shanghai")),
        ("CST", Some("write Asia/Shanghai for China, or America/Chicago")),
        ("+08:00", Some("write Asia/Shanghai")),
        ("Mars/Base", Some("write an IANA time zone, such as Asia/Shanghai")),
        ("UTC+8", Some("is 8 hours behind UTC, as in Jekyll; for 8 hours ahead of UTC write Etc/GMT-8")),
        ("Asia/Shanghai", None),
        ("CST-8", None),
        ("UTC", None),
        ("false", None),
    ];
    for (written, warning) in table {
        let config = file(format!("title: x\ntimezone: {written}\n")).expect(written);
        let is_unknown =
            warning.is_some_and(|warning| warning.contains("write") && !warning.contains("behind"));
        assert_eq!(
            config.source.timezone == Tz::UTC,
            is_unknown || ["UTC", "false"].contains(&written),
            "{written}"
        );
        assert_eq!(config.warnings.len(), usize::from(warning.is_some()), "{written}: {:?}", config.warnings);
        for (found, expected) in config.warnings.iter().zip(warning) {
            assert!(found.contains(&format!("/_config.yml:2: timezone: `{written}` ")), "{found}");
            assert!(found.contains(expected), "{found}");
        }
    }
}

#[test]
fn toc_levels_are_read_as_in_kramdown() {
    let table = [
        ("kramdown: {input: GFM}\n", vec![1, 2, 3, 4, 5, 6]),
        ("kramdown:\n  toc_levels:\n", vec![1, 2, 3, 4, 5, 6]),
        ("kramdown:\n  toc_levels: 2..3\n", vec![2, 3]),
        ("kramdown:\n  toc_levels: \"1,3, 6\"\n", vec![1, 3, 6]),
        ("kramdown:\n  toc_levels: 2\n", vec![2]),
        ("kramdown:\n  toc_levels: 3..2\n", vec![]),
        ("kramdown:\n  toc_levels: [2, 3]\n", vec![2, 3]),
        ("kramdown: {toc_levels: [1, '4']}\n", vec![1, 4]),
        ("kramdown:\n  toc_levels:\n  - 6\n", vec![6]),
    ];
    for (yaml, expected) in table {
        let levels = file(yaml).expect(yaml).source.toc_levels;
        let found: Vec<usize> = (0..9).filter(|level| levels.contains(*level)).collect();
        assert_eq!(found, expected, "{yaml}");
    }
}

#[test]
fn config_in_another_encoding_is_read_with_a_warning() {
    let text = "title: 河滩\n";
    let utf16 = |mark: &[u8], bytes: fn(u16) -> [u8; 2]| {
        [mark, &text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>()].concat()
    };
    let table = [
        (utf16(b"\xFF\xFE", u16::to_le_bytes), "河滩", Some("decoded as UTF-16")),
        (utf16(b"\xFE\xFF", u16::to_be_bytes), "河滩", Some("decoded as UTF-16")),
        (b"title: \xBA\xD3\xCC\xB2\n".to_vec(), "河滩", Some("decoded as GB18030")),
        ([b"\xEF\xBB\xBF".as_slice(), text.as_bytes()].concat(), "河滩", None),
    ];
    for (bytes, title, warning) in table {
        let config = file(&bytes).expect("valid");
        assert_eq!(config.source.title, title, "{bytes:?}");
        assert_eq!(config.warnings.len(), usize::from(warning.is_some()), "{:?}", config.warnings);
        for (found, expected) in config.warnings.iter().zip(warning) {
            assert!(found.contains("/_config.yml:1: the file is not valid UTF-8;"), "{found}");
            assert!(found.contains(expected), "{found}");
        }
    }
}

#[test]
fn mapping_of_defaults_is_ignored_with_a_warning() {
    let config = file("title: x\ndefaults: {scope: {path: x}}\n").expect("valid");
    assert!(config.source.defaults.is_empty());
    assert!(
        config.warnings[0].contains("/_config.yml:2: defaults: a mapping is ignored"),
        "{:?}",
        config.warnings
    );
}

fn address(flags: &Overrides, env: &dyn Fn(&str) -> Option<OsString>) -> Result<String, String> {
    let address = Config::listen_address(flags, env);
    address.map(|address| address.to_string()).map_err(|error| error.to_string())
}

#[test]
fn listen_address_comes_from_flag_then_variable_then_default() {
    let flags = Overrides(vec![("listen", "unix:/run/f".into())]);
    let variable = |name: &str| (name == "FINEWS_LISTEN").then(|| OsString::from("127.0.0.1:81"));
    assert_eq!(address(&flags, &variable).as_deref(), Ok("unix:/run/f"));
    assert_eq!(address(&Overrides::default(), &variable).as_deref(), Ok("127.0.0.1:81"));
    assert_eq!(address(&Overrides::default(), &|_| None).as_deref(), Ok("127.0.0.1:8080"));
    let error = address(&Overrides(vec![("listen", "nonsense".into())]), &variable).expect_err("no address");
    assert!(error.starts_with("--listen: `nonsense`"), "{error}");
}

#[test]
fn changed_setting_changes_the_struct_of_its_effect() {
    let before = file("").expect("valid");
    let table = [
        ("title: T\n", true, false),
        ("lang: zh-CN\n", true, true),
        ("lang: fr\n", false, true),
        ("finews:\n  footer: Last words\n", false, true),
        ("finews:\n  page_cache: 1M\n", false, false),
    ];
    for (yaml, source, site) in table {
        let after = file(yaml).expect(yaml);
        assert_eq!((after.source != before.source, after.site != before.site), (source, site), "{yaml}");
    }
}
