//! A real server: finews as a child process, with requests over sockets and with signals.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::{Response, json_lines};

/// Default time limit of every wait.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(20);

/// The command that serves a site on free ports of 127.0.0.1.
pub fn serve(site: &Path, flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_finews"));
    command.arg("serve").arg(site).args(["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
    command.args(flags);
    if !flags.contains(&"--search-rate") {
        // Tests poll the search until it shows the expected result.
        command.args(["--search-rate", "off"]);
    }
    command
}

/// A server process that is killed on drop.
pub struct Server {
    child: Child,
    address: String,
    admin: String,
    log: Arc<Mutex<String>>,
}

impl Server {
    /// Serves a site, and waits until its archive is loaded.
    pub fn new(site: &Path, flags: &[&str]) -> Self {
        Self::from_command(&mut serve(site, flags))
    }

    /// Starts a server, and waits until its archive is loaded.
    pub fn from_command(command: &mut Command) -> Self {
        let server = Self::spawn(command);
        // A poll of `/readyz` would delay the shutdown: finews waits for clients that use it.
        server.wait_until("ready", |server| server.get("/").status != StatusCode::SERVICE_UNAVAILABLE);
        server
    }

    /// Starts a server, and waits until it listens.
    pub fn spawn(command: &mut Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the program runs");
        let lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let log = Arc::new(Mutex::new(String::new()));
        // Read the pipe to its end, so that the server never blocks on its log.
        std::thread::spawn({
            let log = Arc::clone(&log);
            move || lines.map_while(Result::ok).for_each(|line| *lock(&log) += &(line + "\n"))
        });
        let mut server = Self { child, address: String::new(), admin: String::new(), log };
        let prefixes = ["listening on ", "admin listener on "];
        server.wait_until("listening", |server| prefixes.iter().all(|text| server.log().contains(text)));
        let log = server.log();
        let address = |text: &str| {
            let (_, rest) = log.split_once(text).expect("it was said");
            let address = rest.split(['"', '\n', ' ']).next().expect("split gives something").trim();
            address.trim_start_matches("http://").to_owned()
        };
        let [address, admin] = prefixes.map(address);
        (server.address, server.admin) = (address, admin);
        server
    }

    /// Host and port of the listener for readers.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The log output so far.
    pub fn log(&self) -> String {
        lock(&self.log).clone()
    }

    /// Opens a keep-alive connection to the listener for readers.
    pub fn connect(&self) -> Connection {
        Connection::new(&self.address)
    }

    /// Opens a TCP connection to the listener for readers; `timeout` is its read timeout.
    pub fn socket(&self, timeout: Duration) -> TcpStream {
        socket(&self.address, timeout)
    }

    /// Sends a GET request over a new connection.
    pub fn get(&self, path: &str) -> Response {
        self.connect().get(path)
    }

    /// Sends a GET request with these headers to the admin listener.
    pub fn get_admin(&self, path: &str, headers: &[(&str, &str)]) -> Response {
        Connection::new(&self.admin).get_with(path, headers)
    }

    /// The text of a page; asserts that the status is 200.
    pub fn page(&self, path: &str) -> String {
        let response = self.get(path);
        assert_eq!(response.status, StatusCode::OK, "{path}");
        response.text()
    }

    /// The ETag of a page; asserts that the status is 200.
    pub fn etag(&self, path: &str) -> String {
        let response = self.get(path);
        assert_eq!(response.status, StatusCode::OK, "{path}");
        response.header("etag").to_owned()
    }

    /// Returns whether a page has status 200 and contains a text.
    pub fn shows(&self, path: &str, text: &str) -> bool {
        let response = self.get(path);
        response.status == StatusCode::OK && response.text().contains(text)
    }

    /// The problems on the admin listener's `/problems`: paths and codes.
    pub fn problems(&self) -> Vec<(String, String)> {
        let response = self.get_admin("/problems", &[]);
        let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
        let problems = json_lines(&response.text());
        problems.iter().map(|problem| (text(&problem["path"]), text(&problem["code"]))).collect()
    }

    /// Returns whether a file or folder has a problem with this code.
    pub fn has_problem(&self, path: &str, code: &str) -> bool {
        self.problems().iter().any(|problem| (&*problem.0, &*problem.1) == (path, code))
    }

    /// Returns whether a file or folder has no problems.
    pub fn has_no_problems(&self, path: &str) -> bool {
        self.problems().iter().all(|(file, _)| file != path)
    }

    /// Waits until a condition holds; panics after the default time limit.
    pub fn wait_until(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        self.wait(DEFAULT_TIMEOUT, what, condition);
    }

    /// Waits until a condition holds; panics after `limit`.
    pub fn wait(&self, limit: Duration, what: &str, condition: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !condition(self) {
            assert!(start.elapsed() < limit, "not {what} within {limit:?}; {}", self.state());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Problems and log, for the message of a timeout.
    fn state(&self) -> String {
        let problems = if self.admin.is_empty() { Vec::new() } else { self.problems() };
        format!("problems: {problems:?}; log:\n{}", self.log())
    }

    /// Waits until the log contains a text.
    pub fn wait_for_log(&self, text: &str) {
        self.wait_until(text, |server| server.log().contains(text));
    }

    /// Anonymous memory of the process, in bytes.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a status");
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("a line");
        let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
        kibibytes * 1024
    }

    /// Sends a signal, named without `SIG`.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([format!("-{name}"), self.child.id().to_string()]).status();
        assert!(status.expect("kill runs").success());
    }

    /// The ID of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills the process with SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it has ended");
    }

    /// Waits for the exit, at most `limit`; returns the exit code, or `None` after a timeout or a signal.
    pub fn exit_code_within(&mut self, limit: Duration) -> Option<i32> {
        let deadline = Instant::now() + limit;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().expect("a status") {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        None
    }

    /// Sends SIGTERM, and asserts a clean exit within 8 seconds.
    pub fn stop(mut self) {
        self.signal("TERM");
        assert_eq!(self.exit_code_within(Duration::from_secs(8)), Some(0), "{}", self.log());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lock(log: &Mutex<String>) -> MutexGuard<'_, String> {
    log.lock().expect("no reader of the log panics")
}

fn socket(address: &str, timeout: Duration) -> TcpStream {
    let stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(timeout)).expect("a timeout");
    stream
}

/// A keep-alive connection to a listener.
pub struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    fn new(address: &str) -> Self {
        let stream = socket(address, DEFAULT_TIMEOUT);
        stream.set_nodelay(true).expect("an option");
        Self { stream: BufReader::new(stream) }
    }

    /// Sends a GET request and reads the whole response.
    pub fn get(&mut self, path: &str) -> Response {
        self.get_with(path, &[])
    }

    /// Sends a GET request with these headers and reads the whole response.
    pub fn get_with(&mut self, path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n");
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        self.stream.get_mut().write_all((request + "\r\n").as_bytes()).expect("a request");
        let status: StatusCode =
            self.line().split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        let mut headers = HeaderMap::new();
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(':') else { break };
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a header's name");
            headers.append(name, HeaderValue::from_str(value.trim()).expect("a header's value"));
        }
        let length = match headers.get("content-length") {
            Some(length) => length.to_str().ok().and_then(|length| length.parse().ok()).expect("a length"),
            None => {
                assert_eq!(status, StatusCode::NOT_MODIFIED, "an answer without its length");
                0
            }
        };
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes).expect("a body");
        Response { status, headers, bytes }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("a line");
        line.trim_end().to_owned()
    }
}
