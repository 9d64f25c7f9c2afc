//! The command line, run as a process: output, exit codes, and the shutdown of a server.

use std::net::TcpListener;
use std::process::Command;
use std::time::Duration;

use crate::support::{Server, finews, fixture, folder, json_lines, stdout_json};

fn stderr(arguments: &[&str], code: i32) -> String {
    let output = finews(arguments);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
    text
}

#[test]
fn startup_error_exits_with_2_and_one_line() {
    let wrong = folder(&[("_config.yml", "title: x\nfuture: maybe\n")]);
    let placeholder = folder(&[("_config.yml", "permalink: /:nonsense/\n")]);
    let style = folder(&[("_config.yml", "title: x\npermalink: 7\n")]);
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").to_string();
    let site = folder(&[]);
    let path = |folder: &tempfile::TempDir| folder.path().to_string_lossy().into_owned();
    let table = [
        (vec!["list".into(), "/nowhere/at/all".into()], "/nowhere/at/all"),
        (vec!["check".into(), path(&wrong)], "_config.yml:2: future"),
        (vec!["serve".into(), path(&wrong)], "_config.yml:2: future"),
        (vec!["list".into(), path(&placeholder)], "_config.yml:1: permalink"),
        (
            vec!["list".into(), path(&style)],
            "_config.yml:2: permalink: `7` is invalid: unknown style; expected date, ",
        ),
        (vec!["serve".into(), path(&site), "--listen".into(), "nonsense".into()], "--listen"),
        (vec!["serve".into(), path(&site), "--listen".into(), port.clone()], port.as_str()),
    ];
    for (arguments, place) in table {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let text = stderr(&arguments, 2);
        assert!(text.contains(place), "{text}");
        assert_eq!(text.trim_end().lines().count(), 1, "{text}");
    }
}

#[test]
fn flags_before_and_after_the_command_mean_the_same() {
    let site = folder(&[
        ("news/2024-01-02-a.md", "---\ntitle: News\n---\nText.\n"),
        ("more/2024-01-03-b.md", "---\ntitle: More\n---\nText.\n"),
        ("_posts/2024-01-04-c.md", "---\ntitle: Usual\n---\nText.\n"),
    ]);
    let site = site.path().to_string_lossy();
    let titles = |arguments: &[&str]| {
        let posts = stdout_json(arguments);
        posts.iter().map(|post| post["title"].as_str().expect("a title").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(titles(&["list", &site]), ["Usual"]);
    for arguments in [
        ["list", "--posts", "news", &site],
        ["list", &site, "--posts", "news"],
        ["--posts", "news", "list", &site],
        ["--posts=news", "--log-format=json", "list", &site],
    ] {
        assert_eq!(titles(&arguments), ["News"], "{arguments:?}");
    }
    assert_eq!(titles(&["--posts", "news", "list", &site, "--posts", "more"]), ["More", "News"]);
    // The flag after the command has precedence.
    let text = stderr(&["--log-format", "text", "check", &site, "--log-format", "xml"], 2);
    assert!(text.contains("--log-format: `xml` is invalid; expected text or json"), "{text}");
    stderr(&["--log-format", "xml", "check", &site, "--log-format", "text"], 0);
}

#[test]
fn wrong_arguments_exit_with_2_and_name_the_argument() {
    let table: [(&[&str], &str); 11] = [
        (&["serv", "my-site"], "unknown command or folder `serv`; a similar command is `serve`"),
        (&["chek"], "unknown command or folder `chek`; a similar command is `check`"),
        (&["my-site", "other"], "unknown command or folder `my-site`"),
        (&["serve", "one", "two"], "'two'"),
        (&["--nonsense", "check"], "'--nonsense'"),
        (&["check", "--nonsense"], "'--nonsense'"),
        (&["--strict", "check"], "'--strict'"),
        (&["--listen"], "--listen <LISTEN>"),
        (&["--listen", "nonsense", "serve"], "--listen: `nonsense` is invalid; expected host:port"),
        (&["site", "check"], "the folder 'site' stands before the command"),
        (&["check", "one", "two"], "'two'"),
    ];
    for (arguments, part) in table {
        let text = stderr(arguments, 2);
        assert!(text.contains(part), "{arguments:?}: {text}");
    }
}

#[test]
fn unknown_time_zone_is_a_warning() {
    let site = folder(&[
        ("_config.yml", "title: x\ntimezone: Asia/Beijing\n"),
        ("_posts/2024-01-02-a.md", "---\ntitle: A\ndate: 2024-01-02 23:30\n---\nText.\n"),
    ]);
    let expected = "_config.yml:2: timezone: `Asia/Beijing` is not a time zone that finews knows, so UTC is used; \
                    write Asia/Shanghai";
    let path = site.path().to_string_lossy();
    assert!(stderr(&["check", &path], 0).contains(expected));
    assert!(stderr(&["check", "--strict", &path], 1).contains(expected));
    assert_eq!(stdout_json(&["list", &path])[0]["date"], "2024-01-02T23:30:00+00:00");
    Server::new(site.path(), &[]).wait_for_log(expected);
}

#[test]
fn help_lists_flags_with_value_default_and_variable() {
    let help = String::from_utf8(finews(&["serve", "--help"]).stdout).expect("UTF-8");
    let admin = format!("[default: {}] [env: FINEWS_ADMIN_LISTEN]\n", finews::web::admin::DEFAULT_ADDRESS);
    let parts = [
        "--admin-listen <ADMIN_LISTEN>",
        admin.as_str(),
        "host:port or unix:/path [default: 127.0.0.1:8080] [env: FINEWS_LISTEN]\n",
        "--posts <FOLDER>",
        "Folder of posts inside the site; repeatable [env: FINEWS_POSTS, separated by colons]\n",
    ];
    for part in parts {
        assert!(help.contains(part), "{part}: {help}");
    }
}

#[test]
fn check_exit_code_is_1_for_errors_or_strict_warnings() {
    let clean = folder(&[("_posts/2024-01-02-a.md", "---\ntitle: A\n---\nText.\n")]);
    let warning = folder(&[("_posts/2024-01-02-a.md", "---\ntitle: *x\n---\nText.\n")]);
    let error = folder(&[("_posts/2024-13-45-a.md", "---\ntitle: A\n---\nText.\n")]);
    let check = |folder: &tempfile::TempDir, flag: &str| {
        let site = folder.path().to_string_lossy().into_owned();
        let arguments: Vec<&str> =
            ["check", &site, flag].into_iter().filter(|part| !part.is_empty()).collect();
        finews(&arguments).status.code()
    };
    let table = [(&clean, Some(0), Some(0)), (&warning, Some(0), Some(1)), (&error, Some(1), Some(1))];
    for (folder, plain, strict) in table {
        assert_eq!(check(folder, ""), plain);
        assert_eq!(check(folder, "--strict"), strict);
    }
}

#[test]
fn check_prints_path_line_and_code() {
    let site = folder(&[("_posts/2024-01-02-a.md", "---\ntitle: *x\n---\nText.\n")]);
    let site = site.path().to_string_lossy();
    let text = String::from_utf8(finews(&["check", &site]).stdout).expect("UTF-8");
    assert!(text.starts_with("_posts/2024-01-02-a.md:2: warning[front-matter-invalid]: "), "{text}");
    let json = json_lines(&String::from_utf8(finews(&["check", "--json", &site]).stdout).expect("UTF-8"));
    assert_eq!(json[0]["path"], "_posts/2024-01-02-a.md");
    assert_eq!(json[0]["line"], 2);
    assert_eq!(json[0]["severity"], "warning");
    assert_eq!(json[0]["code"], "front-matter-invalid");
}

#[test]
fn check_names_the_files_that_an_owner_misses() {
    let post = |more: &str| format!("---\ntitle: A\n{more}---\nText.\n");
    let site = folder(&[
        ("_posts/2024-01-02-a.md", &post("")),
        ("_posts/2999-01-02-later.md", &post("")),
        ("_posts/2999-01-01-soon.md", &post("")),
        ("_posts/2024-01-03-gone.md", &post("published: false\n")),
        ("_posts/undated.md", &post("")),
        ("_posts/notes/2024-01-plan.html", &post("")),
        ("_posts/.hidden.md", &post("")),
        ("_posts/chart.png", "x"),
        ("_drafts/idea.md", &post("")),
    ]);
    let output = finews(&["check", &site.path().to_string_lossy()]);
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let named: Vec<&str> = stdout
        .lines()
        .filter_map(|line| line.split_once(": warning[date-missing]"))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(named, ["_posts/notes/2024-01-plan.html", "_posts/undated.md"], "{stdout}");
    assert!(stderr.contains("1 post served, 2 problems\n"), "{stderr}");
    let expected = "not served: 2 future posts (the first until 2999-01-01); 1 draft in `_drafts`; 1 post with `published: false`\n";
    assert!(stderr.contains(expected), "{stderr}");
}

#[test]
fn sample_archive_has_no_problems() {
    let output = finews(&["check", "--strict", env!("CARGO_MANIFEST_DIR")]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!((output.status.code(), text.as_str()), (Some(0), ""));
}

#[test]
fn duplicate_posts_are_served_once_and_reported() {
    let site = folder(&[
        ("_posts/-202401020001.md", "---\ntitle: undated\ndate:\n---\nText.\n"),
        ("_posts/2024-01-02-202401020001.md", "---\ntitle: dated\n---\nText.\n"),
        ("_posts/-202401030001.md", "---\ntitle: alone\n---\nText.\n"),
        ("_posts/2024-01-04-a.md", "---\ntitle: one\npermalink: /x.html\n---\nText.\n"),
        ("_posts/2024-01-05-b.md", "---\ntitle: two\npermalink: /x.html\n---\nText.\n"),
        ("_posts/2024-01-06-empty.md", ""),
    ]);
    let site = site.path().to_string_lossy();
    let listed = json_lines(&String::from_utf8(finews(&["list", &site]).stdout).expect("UTF-8"));
    let titles: Vec<_> = listed.iter().map(|post| post["title"].as_str().expect("a title")).collect();
    assert_eq!(titles, ["two", "alone", "dated"]);
    let problems = json_lines(&String::from_utf8(finews(&["check", "--json", &site]).stdout).expect("UTF-8"));
    let mut codes: Vec<_> =
        problems.iter().map(|problem| problem["code"].as_str().expect("a code")).collect();
    codes.sort_unstable();
    assert_eq!(codes, ["half-written", "twin-superseded", "url-duplicate"]);
}

#[test]
fn server_with_idle_client_exits_0_on_term_and_int() {
    for signal in ["TERM", "INT"] {
        let mut server = Server::new(&fixture("oddities"), &["--log-format", "json"]);
        server.page("/hongwang/2024/01/02/plain.html");
        // An idle keep-alive connection does not delay the shutdown.
        let mut idle = server.connect();
        idle.get("/healthz");
        server.signal(signal);
        assert_eq!(server.exit_code_within(Duration::from_secs(8)), Some(0), "{signal}");
    }
}

#[test]
fn healthcheck_exit_code_reports_the_result() {
    let server = Server::new(&fixture("oddities"), &[]);
    let url = |path: &str| format!("http://{}{path}", server.address());
    assert_eq!(finews(&["healthcheck", &url("/healthz")]).status.code(), Some(0));
    assert_eq!(finews(&["healthcheck", &url("/nowhere")]).status.code(), Some(1));
    assert_eq!(finews(&["healthcheck", "nonsense"]).status.code(), Some(2));
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    assert_eq!(finews(&["healthcheck", &format!("http://{closed}/")]).status.code(), Some(1));
    let (open, closed, healthz) = (server.address(), closed.to_string(), url("/healthz"));
    let table: [(&[&str], i32); 6] = [
        (&["healthcheck", "--listen", open], 0),
        (&["--listen", open, "healthcheck"], 0),
        (&["--listen", &closed, "healthcheck", "--listen", open], 0),
        (&["healthcheck", "--listen", &closed], 1),
        (&["--listen", &closed, "healthcheck", &healthz], 0),
        (&["healthcheck", "--listen", "nonsense"], 2),
    ];
    for (arguments, code) in table {
        assert_eq!(finews(arguments).status.code(), Some(code), "{arguments:?}");
    }
    let port = open.rsplit_once(':').expect("a port").1;
    for address in [open, &format!("0.0.0.0:{port}"), &format!("[::]:{port}")] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_finews"));
        let output = command.arg("healthcheck").env("FINEWS_LISTEN", address).output();
        assert_eq!(output.expect("the program runs").status.code(), Some(0), "{address}");
    }
}

#[test]
fn bucket_exit_code_reports_the_store() {
    let place = folder(&[]);
    let url = format!("file://{}", place.path().display());
    let printed = |url: &str| {
        let output = finews(&["bucket", url]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let text = printed(&url);
    assert!(text.contains("archive: none; `finews push SITE file:///"), "{text}");
    assert!(text.contains("writers: several may push"), "{text}");
    let site = "0123456789abcdef".repeat(2);
    let identity = format!(r#"{{"format":1,"site":"{site}"}}"#);
    std::fs::write(place.path().join("finews.json"), identity).expect("a file");
    let text = printed(&url);
    for line in
        ["format:  1", &format!("site:    {site}"), "newest:  no commit", "log:     0 objects, 0.00 MB"]
    {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
    let absent = format!("{url}/absent");
    let table: [(&[&str], &str); 4] = [
        (&["bucket"], "<URL>"),
        (&["bucket", "nonsense"], "expected s3://bucket, s3://bucket/prefix or file:///folder"),
        (&["bucket", &absent], "has no finews archive; run `finews push SITE file:///"),
        (&["bucket", "s3://news", "--endpoint", "nonsense"], "--endpoint: `nonsense` is invalid"),
    ];
    for (arguments, reason) in table {
        let text = stderr(arguments, 2);
        assert!(text.contains(reason), "{arguments:?}: {text}");
    }
}

#[test]
fn empty_archive_home_page_says_there_are_no_posts() {
    let site = folder(&[("_config.yml", "lang: zh-CN\n")]);
    let home = Server::new(site.path(), &[]).page("/");
    assert!(home.contains("这里还没有文章"), "{home}");
}

#[test]
fn push_writes_a_bucket_and_its_exit_code_tells_the_result() {
    let post = "---\ntitle: T\n---\nText.\n";
    let site = folder(&[("_config.yml", "title: x\n"), ("_posts/2024-01-02-a.md", post)]);
    let bucket = folder(&[]);
    let (path, url) = (site.path().to_string_lossy(), format!("file://{}", bucket.path().display()));
    let push = |flags: &[&str], code: i32| {
        let output = finews(&[&["push", &*path, &*url], flags].concat());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, error) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{flags:?}: {out}{error}");
        (out, error)
    };
    let paths = "push _config.yml\npush _posts/2024-01-02-a.md\n";
    let (out, _) = push(&["--dry-run"], 0);
    assert_eq!(out, format!("{paths}2 files would be pushed, 0 would be removed; the newest commit is 0\n"));
    assert_eq!(push(&[], 0).0, "2 files pushed, 0 removed; the newest commit is 1\n");
    assert_eq!(push(&[], 0).0, "0 files pushed, 0 removed; the newest commit is 1\n");
    std::fs::write(site.path().join("_posts/-x.md"), post).expect("a file");
    std::fs::write(site.path().join("key.pem"), "secret").expect("a file");
    std::fs::remove_file(site.path().join("_posts/2024-01-02-a.md")).expect("a file");
    let (_, error) = push(&[], 1);
    for part in [
        "_posts/-x.md: error[date-missing]: ",
        "not in SITE: 1 file of the bucket; push with --delete to remove them",
        "not pushed: 1 file with names of temporary files or secrets",
    ] {
        assert!(error.contains(part), "{error}");
    }
    assert_eq!(push(&["--delete"], 1).0, "0 files pushed, 1 removed; the newest commit is 2\n");
    assert!(
        push(&["--max-delete", "many"], 2).1.contains("expected a share such as 1%, or a number of files")
    );
    std::fs::remove_file(site.path().join("_config.yml")).expect("a file");
    assert!(push(&[], 2).1.contains("has no _config.yml, and the bucket has one"));
    assert!(stderr(&["push", "/nowhere/at/all", &url], 2).contains("/nowhere/at/all"));
    assert!(stderr(&["push", &path, "news"], 2).contains("expected s3://bucket"));
    assert!(stderr(&["push", &path], 2).contains("<URL>"));
}

#[test]
fn following_push_ends_with_0_at_sigterm() {
    let site = folder(&[("_posts/2024-01-02-a.md", "---\ntitle: T\n---\nText.\n")]);
    let bucket = folder(&[]);
    let mut push = Command::new(env!("CARGO_BIN_EXE_finews"))
        .args(["push", "--follow", &site.path().to_string_lossy()])
        .arg(format!("file://{}", bucket.path().display()))
        .spawn()
        .expect("finews");
    let commit = bucket.path().join("log/00000000000000000001.tar.zst");
    for _ in 0..200 {
        if commit.exists() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(commit.exists());
    let killed = Command::new("kill").arg(push.id().to_string()).status().expect("kill");
    assert!(killed.success());
    assert_eq!(push.wait().expect("finews").code(), Some(0));
}
