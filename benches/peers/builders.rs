//! Build times of static site generators for the same posts: they build all pages before any is served.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::process::{self, Process};
use crate::report::{Report, Section};
use crate::site::Sites;
use crate::stats::{grouped, mib, number};
use crate::{Cli, Result, progress};

/// Time limit for one build.
const PATIENCE: Duration = Duration::from_secs(1800);

/// A site generator, and the largest archive that it is measured with.
struct Generator {
    name: &'static str,
    version: &'static str,
    most: usize,
    /// Folder of the posts inside the site.
    posts: &'static str,
    files: &'static [(&'static str, &'static str)],
    arguments: &'static [&'static str],
}

const LAYOUT: &str = "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>{{ page.title }}</title></head>\
                      <body><h1>{{ page.title }}</h1><time>{{ page.date }}</time>{{ content }}</body></html>";
const INDEX: &str = "---\n---\n<ul>{% for post in site.posts limit: 50 %}<li><a href=\"{{ post.url }}\">{{ post.title }}</a></li>\
                     {% endfor %}</ul>";
const SINGLE: &str = "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>{{ .Title }}</title></head>\
                      <body><h1>{{ .Title }}</h1><time>{{ .Date }}</time>{{ .Content }}</body></html>";
const LIST: &str = "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>{{ .Title }}</title></head>\
                    <body><ul>{{ range first 50 .Pages }}<li><a href=\"{{ .RelPermalink }}\">{{ .Title }}</a></li>{{ end }}</ul></body></html>";

const GENERATORS: [Generator; 2] = [
    Generator {
        name: "hugo",
        version: "version",
        most: 100_000,
        posts: "content/posts",
        files: &[
            (
                "config.toml",
                "baseURL = \"https://news.example.com/\"\ntitle = \"News\"\nbuildFuture = true\ntimeout = \"1800s\"\n\
                 disableKinds = [\"RSS\", \"sitemap\"]\n[markup.goldmark.renderer]\nunsafe = true\n",
            ),
            ("layouts/_default/single.html", SINGLE),
            ("layouts/_default/list.html", LIST),
        ],
        arguments: &["--quiet"],
    },
    Generator {
        name: "jekyll",
        version: "--version",
        most: 10_000,
        posts: "_posts",
        files: &[
            (
                "_config.yml",
                "title: News\nurl: https://news.example.com\ntimezone: Asia/Shanghai\nfuture: true\n",
            ),
            ("_layouts/post.html", LAYOUT),
            ("index.html", INDEX),
        ],
        arguments: &["build", "--quiet", "--disable-disk-cache"],
    },
];

/// Builds the site with each generator that is installed.
pub(crate) fn measure(cli: &Cli, sites: &Sites, report: &mut Report) -> Result<()> {
    let mut section = Section::new(
        "Site generators",
        "Time and greatest memory of one build, which a new post takes too. Posts without defects, the simplest \
         layout, and lists of 50: Hugo makes a page for each category and tag, Jekyll the home page alone.",
        &["program", "posts", "seconds", "VmHWM MiB", "pages", "runs"],
    );
    for generator in &GENERATORS {
        if process::output(Command::new(generator.name).arg(generator.version)).is_none() {
            report.absent(generator.name, "not installed");
            continue;
        }
        for posts in cli.posts.iter().filter(|posts| **posts <= generator.most) {
            progress(&format!("{} builds {posts} posts", generator.name));
            match build(generator, sites, *posts) {
                Ok(built) => section.row([
                    generator.name.to_owned(),
                    grouped(*posts as u64),
                    number(built.seconds),
                    number(mib(built.peak)),
                    grouped(built.pages),
                    "1".into(),
                ]),
                Err(error) => {
                    report.failed(&format!("{} with {posts} posts", generator.name), &error.to_string());
                }
            }
        }
    }
    report.add(section);
    Ok(())
}

/// Result of one build; `peak` is the maximum resident memory in bytes.
struct Built {
    seconds: f64,
    peak: u64,
    pages: u64,
}

fn build(generator: &Generator, sites: &Sites, posts: usize) -> Result<Built> {
    let site = sites.scratch(&format!("{}-{posts}", generator.name))?;
    let made = sites.sound("scratch/sound", posts)?;
    let folder = site.join(generator.posts);
    fs::create_dir_all(folder.parent().ok_or("no parent")?)?;
    fs::rename(made.join("posts"), &folder)?;
    fs::remove_dir_all(made)?;
    for (path, text) in generator.files {
        let path = site.join(path);
        fs::create_dir_all(path.parent().ok_or("no parent")?)?;
        fs::write(path, text)?;
    }
    let out = site.join("built");
    let mut command = Command::new(generator.name);
    command.current_dir(&site).args(generator.arguments).arg("--destination").arg(&out);
    let log = site.join("log");
    let start = Instant::now();
    let (peak, is_well) = Process::start(&mut command, &log)?.wait(PATIENCE)?;
    let seconds = start.elapsed().as_secs_f64();
    let pages = html_files(&out);
    let said = fs::read_to_string(&log).unwrap_or_default();
    // A site of 100,000 posts is large, so it is deleted.
    fs::remove_dir_all(&site)?;
    if !is_well {
        return Err(said.lines().last().unwrap_or("it failed").to_owned().into());
    }
    Ok(Built { seconds, peak, pages })
}

fn html_files(folder: &Path) -> u64 {
    let files = walkdir::WalkDir::new(folder).into_iter().filter_map(std::result::Result::ok);
    files.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "html")).count() as u64
}
