//! Requests and answers of an S3-compatible store, as a server of canned responses sees and sends them.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use super::*;

const OK: &str = "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nLast-Modified: Thu, 30 Jul 2026 12:00:00 GMT\r\n";

/// A server that sends one response to each connection, and passes its request on.
struct CannedServer {
    endpoint: String,
    requests: Receiver<String>,
}

impl CannedServer {
    /// Responses without a length get the length of their body; the last one is repeated.
    fn start(responses: Vec<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let (sender, requests) = mpsc::channel();
        let mut responses = VecDeque::from(responses);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let Some(request) = read_request(&mut stream) else { continue };
                if sender.send(request).is_err() {
                    return;
                }
                let response =
                    if responses.len() > 1 { responses.pop_front() } else { responses.front().cloned() };
                let response = response.expect("a response");
                let (head, body) = response.split_once("\r\n\r\n").unwrap_or((response.trim_end(), ""));
                let length = if head.contains("Content-Length") {
                    String::new()
                } else {
                    format!("Content-Length: {}\r\n", body.len())
                };
                let _ = write!(stream, "{head}\r\n{length}Connection: close\r\n\r\n{body}");
            }
        });
        Self { endpoint, requests }
    }
}

fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
        request.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.to_ascii_lowercase();
            let length = length.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
            if body.len() >= length.map_or(0, |length| length.parse().expect("a length")) {
                return Some(text);
            }
        }
    }
}

fn store(endpoint: &str) -> BucketStore {
    let url = "s3://news/my site".parse().expect("a URL");
    let options = BucketOptions { endpoint: Some(endpoint.to_owned()), region: Some("eu-test-1".into()) };
    let variables = [("AWS_ACCESS_KEY_ID", "key"), ("AWS_SECRET_ACCESS_KEY", "secret")];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    BucketStore::with_variables(&url, &options, variables).expect("a store")
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}

fn error(status: &str, code: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\n\r\n<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>m</Message></Error>"
    )
}

#[test]
fn requests_are_signed_and_conditional() {
    let server = CannedServer::start(vec![format!("{OK}\r\n"), format!("{OK}\r\nbody")]);
    let store = store(&server.endpoint);
    run(async {
        assert_eq!(store.create("log/1", "content".into()).await.expect("an answer"), Created::Written);
        let put = server.requests.recv().expect("a request");
        let lower = put.to_ascii_lowercase();
        assert!(put.starts_with("PUT /news/my%20site/log/1 HTTP/1.1\r\n"), "{put}");
        assert!(
            lower.contains("\r\nif-none-match: *\r\n") && lower.contains("content-length: 7\r\n"),
            "{put}"
        );
        assert!(put.contains("/eu-test-1/s3/aws4_request"), "{put}");
        assert!(put.ends_with("\r\n\r\ncontent"), "{put}");
        assert_eq!(store.get(Pace::Probe, "log/1", None).await.expect("an answer"), Some("body".into()));
        let get = server.requests.recv().expect("a request");
        assert!(get.starts_with("GET /news/my%20site/log/1 HTTP/1.1\r\n"), "{get}");
    });
}

#[test]
fn answers_of_conditional_writes_are_told_apart() {
    let table = [
        (error("412 Precondition Failed", "PreconditionFailed"), true, "Ok(Exists)"),
        (error("409 Conflict", "ConditionalRequestConflict"), true, "Ok(Exists)"),
        ("HTTP/1.1 304 Not Modified\r\n\r\n".into(), true, "Ok(Exists)"),
        (error("501 Not Implemented", "NotImplemented"), false, "Unconditional"),
        (error("503 Slow Down", "SlowDown"), false, "Unreachable"),
        (error("403 Forbidden", "AccessDenied"), false, "s3:PutObject"),
        (error("404 Not Found", "NoSuchBucket"), false, "NoBucket"),
    ];
    for (response, is_answer, expected) in table {
        let server = CannedServer::start(vec![response.clone()]);
        let answer = run(store(&server.endpoint).create("log/1", "x".into()));
        assert_eq!(answer.is_ok(), is_answer, "{response}: {answer:?}");
        assert!(format!("{answer:?}").contains(expected), "{response}: {answer:?}");
        // The result of a failed write is unknown, so only the log decides about another try.
        assert_eq!(server.requests.try_iter().count(), 1, "{response}");
    }
}

#[test]
fn errors_of_reads_name_cause_and_remedy() {
    let table = [
        (error("403 Forbidden", "AccessDenied"), "lack s3:GetObject, or s3:ListBucket", false),
        (error("403 Forbidden", "InvalidAccessKeyId"), "correct AWS_ACCESS_KEY_ID", false),
        (error("403 Forbidden", "SignatureDoesNotMatch"), "correct AWS_ACCESS_KEY_ID", false),
        (error("401 Unauthorized", ""), "correct AWS_ACCESS_KEY_ID", false),
        (error("400 Bad Request", "ExpiredToken"), "have expired", false),
        (error("403 Forbidden", "RequestTimeTooSkewed"), "set the clock", false),
        (error("400 Bad Request", "AuthorizationHeaderMalformed"), "set --region", false),
        (error("301 Moved Permanently", "PermanentRedirect"), "set --region", false),
        (
            "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/\r\n\r\n".into(),
            "set --region",
            false,
        ),
        (error("404 Not Found", "NoSuchBucket"), "the bucket does not exist", false),
        (error("400 Bad Request", "InvalidRequest"), "`log/1` failed: status 400 InvalidRequest", false),
        (error("429 Too Many Requests", "SlowDown"), "unreachable (status 429 SlowDown)", true),
        (error("500 Internal Server Error", "InternalError"), "unreachable (status 500 InternalError)", true),
        ("nonsense\r\n\r\n".into(), "unreachable", true),
    ];
    for (response, expected, is_temporary) in table {
        let server = CannedServer::start(vec![response.clone()]);
        // The retries of the other pace would only take time.
        let error = run(store(&server.endpoint).get(Pace::Probe, "log/1", None)).expect_err(expected);
        assert!(error.to_string().contains(expected), "{response}: {error}");
        assert!(error.to_string().starts_with("s3://news/my site"), "{error}");
        assert_eq!(error.is_temporary(), is_temporary, "{response}: {error:?}");
    }
}

#[test]
fn missing_objects_are_no_errors() {
    let table = [error("404 Not Found", "NoSuchKey"), "HTTP/1.1 404 Not Found\r\n\r\n".into()];
    for response in table {
        let server = CannedServer::start(vec![response]);
        let store = store(&server.endpoint);
        run(async {
            assert_eq!(store.get(Pace::Normal, "log/1", None).await.expect("an answer"), None);
            assert_eq!(store.size(Pace::Normal, "log/1").await.expect("an answer"), None);
            store.delete("log/1").await.expect("an answer");
        });
    }
}

#[test]
fn reads_are_repeated_after_failures() {
    let cut = format!("{OK}Content-Length: 100\r\n\r\nhalf");
    let failures =
        vec![cut, error("503 Slow Down", "SlowDown"), "HTTP/1.1 2".into(), format!("{OK}\r\nbody")];
    let server = CannedServer::start(failures);
    let answer = run(store(&server.endpoint).get(Pace::Normal, "log/1", None));
    assert_eq!(answer.expect("an answer"), Some("body".into()));
    assert_eq!(server.requests.try_iter().count(), 4);
}

#[test]
fn closed_ports_and_unknown_hosts_are_unreachable() {
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    for endpoint in [format!("http://{closed}"), "http://absent.invalid".into()] {
        let error = run(store(&endpoint).get(Pace::Probe, "log/1", None)).expect_err(&endpoint);
        assert!(matches!(error, BucketError::Unreachable { .. }), "{error:?}");
        assert!(error.to_string().contains("check the network"), "{error}");
    }
}

#[test]
fn silent_store_ends_a_probe_within_its_limit() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let start = Instant::now();
    let error = run(store(&endpoint).get(Pace::Probe, "log/1", None)).expect_err("no answer");
    assert!(error.is_temporary(), "{error:?}");
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
}

#[test]
fn unusable_settings_are_named() {
    let url: BucketUrl = "s3://news".parse().expect("a URL");
    let table: [(&[(&str, &str)], &str, &str); 15] = [
        (&[("AWS_ACCESS_KEY_ID", "key")], "", "without AWS_SECRET_ACCESS_KEY"),
        (&[("AWS_SECRET_ACCESS_KEY", "secret")], "", "without AWS_ACCESS_KEY_ID"),
        (
            &[("AWS_ACCESS_KEY_ID", "k\ney"), ("AWS_SECRET_ACCESS_KEY", "secret")],
            "",
            "AWS_ACCESS_KEY_ID has a space",
        ),
        (&[("AWS_SESSION_TOKEN", "密")], "", "AWS_SESSION_TOKEN has a space"),
        (&[("AWS_REGION", "eu central")], "", "AWS_REGION: `eu central` is invalid"),
        (&[("AWS_DEFAULT_REGION", "a.b/")], "", "AWS_DEFAULT_REGION: `a.b/` is invalid"),
        (&[("AWS_ENDPOINT_URL", "127.0.0.1:8333")], "", "AWS_ENDPOINT_URL: `127.0.0.1:8333` is invalid"),
        (&[("AWS_ENDPOINT_URL_S3", "http://")], "", "AWS_ENDPOINT_URL_S3: `http://` is invalid"),
        (&[], "localhost", "--endpoint: `localhost` is invalid"),
        (&[], "ftp://a", "--endpoint: `ftp://a` is invalid"),
        (&[], "http://a b", "--endpoint: `http://a b` is invalid"),
        (&[], "http://a/?b", "--endpoint: `http://a/?b` is invalid"),
        (&[], "s3.eu-central-1.amazonaws.com", "is invalid; expected a URL such as http://127.0.0.1:8333"),
        (&[(AUTHORITIES, "/absent.pem")], "", "AWS_CA_BUNDLE: cannot read /absent.pem"),
        (&[(AUTHORITIES, "/dev/null")], "", "AWS_CA_BUNDLE: the file has no certificate"),
    ];
    for (variables, endpoint, expected) in table {
        let variables =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let endpoint = Some(endpoint.to_owned()).filter(|endpoint| !endpoint.is_empty());
        let options = BucketOptions { endpoint, region: None };
        let error = BucketStore::with_variables(&url, &options, variables).expect_err(expected);
        assert!(matches!(error, BucketError::Settings { .. }), "{error:?}");
        assert!(error.to_string().contains(expected), "{error}");
    }
}
