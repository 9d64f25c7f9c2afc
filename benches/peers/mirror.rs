//! The HTML pages of finews as plain and gzipped files, for static file servers.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::Result;
use crate::finews::Finews;
use crate::http::{Answer, Client};

/// Headers that a server sets itself, from the connection or the file.
const OWN: [&str; 12] = [
    "content-length",
    "content-type",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "date",
    "server",
    "etag",
    "last-modified",
    "accept-ranges",
    "vary",
];

/// A folder of files, and the headers to serve them with.
#[derive(Debug)]
pub(crate) struct Mirror {
    pub(crate) root: PathBuf,
    /// Headers of an article page.
    pub(crate) headers: Headers,
    /// Pages with headers of their own: request path, file, headers.
    pub(crate) pages: Vec<(String, String, Headers)>,
}

/// Names and values of headers.
pub(crate) type Headers = Vec<(String, String)>;

impl Mirror {
    /// Requests articles and pages, and writes the response bodies to files.
    pub(crate) fn make(finews: &Finews, root: &Path, articles: &[String], pages: &[&str]) -> Result<Self> {
        let mut mirror = Self { root: root.to_owned(), headers: Vec::new(), pages: Vec::new() };
        let mut client = Client::new(finews.port);
        for path in articles {
            let answer = mirror.save(&mut client, path, path)?;
            if mirror.headers.is_empty() {
                mirror.headers = settings(answer);
            }
        }
        for path in pages {
            let file = if path.ends_with('/') { format!("{path}index.html") } else { (*path).to_owned() };
            let headers = settings(mirror.save(&mut client, path, &file)?);
            mirror.pages.push(((*path).to_owned(), file, headers));
        }
        Ok(mirror)
    }

    fn save(&self, client: &mut Client, path: &str, file: &str) -> Result<Answer> {
        let decoded = percent_encoding::percent_decode_str(file).decode_utf8()?;
        let name = self.root.join(decoded.trim_start_matches('/'));
        fs::create_dir_all(name.parent().ok_or("a file without a folder")?)?;
        let written = SystemTime::now() - Duration::from_secs(3600);
        let mut last = None;
        for (encoding, name) in [("identity", name.clone()), ("gzip", name.with_added_extension("gz"))] {
            let answer = client.get(path, &[("Accept-Encoding", encoding)])?;
            if answer.status != 200 {
                return Err(format!("{path} is answered with {}", answer.status).into());
            }
            fs::write(&name, &answer.body)?;
            fs::File::options().write(true).open(&name)?.set_modified(written)?;
            last = Some(answer);
        }
        Ok(last.ok_or("nothing was asked")?)
    }
}

/// Returns the headers that the configuration of a server must set.
fn settings(answer: Answer) -> Headers {
    answer.headers.into_iter().filter(|(name, _)| !OWN.contains(&name.as_str())).collect()
}
