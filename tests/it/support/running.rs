//! The program as it really runs: a child process, asked over sockets, told by signals.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::{Answer, json_lines};

/// Nothing that is waited for takes longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// The command that serves a site, at ports that are free.
pub fn serve(site: &Path, flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_finews"));
    command.arg("serve").arg(site).args(["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
    command.args(flags);
    if !flags.contains(&"--search-rate") {
        // Tests ask until they have what they want.
        command.args(["--search-rate", "off"]);
    }
    command
}

/// A finews that runs, killed when dropped.
pub struct Running {
    child: Child,
    address: String,
    admin: String,
    log: Arc<Mutex<String>>,
}

impl Running {
    /// Serves a site, whose archive is loaded.
    pub fn serving(site: &Path, flags: &[&str]) -> Self {
        Self::of(&mut serve(site, flags))
    }

    /// Runs a command that serves, until the archive is loaded.
    pub fn of(command: &mut Command) -> Self {
        let server = Self::listening(command);
        // Who asks `/readyz` is waited for at the end.
        server.wait_until("ready", |server| server.get("/").status != StatusCode::SERVICE_UNAVAILABLE);
        server
    }

    /// Runs a command that serves, until it listens.
    pub fn listening(command: &mut Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the program runs");
        let lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let log = Arc::new(Mutex::new(String::new()));
        // The pipe is read on, so that the server never waits for us.
        std::thread::spawn({
            let log = Arc::clone(&log);
            move || lines.map_while(Result::ok).for_each(|line| *hold(&log) += &(line + "\n"))
        });
        let mut server = Self { child, address: String::new(), admin: String::new(), log };
        let said = ["listening on ", "the owner's pages are on "];
        server.wait_until("listening", |server| said.iter().all(|text| server.log().contains(text)));
        let log = server.log();
        let address = |text: &str| {
            let (_, rest) = log.split_once(text).expect("it was said");
            let address = rest.split(['"', '\n', ' ']).next().expect("split gives something").trim();
            address.trim_start_matches("http://").to_owned()
        };
        let [address, admin] = said.map(address);
        (server.address, server.admin) = (address, admin);
        server
    }

    /// Host and port where readers are served.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What it has logged until now.
    pub fn log(&self) -> String {
        hold(&self.log).clone()
    }

    /// A connection of a reader.
    pub fn connect(&self) -> Connection {
        Connection::to(&self.address)
    }

    /// A socket, which is read for so long at most.
    pub fn socket(&self, patience: Duration) -> TcpStream {
        socket(&self.address, patience)
    }

    /// GETs a path.
    pub fn get(&self, path: &str) -> Answer {
        self.connect().get(path)
    }

    /// GETs a path of the owner's listener, with these headers.
    pub fn ask_owner(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        Connection::to(&self.admin).ask(path, headers)
    }

    /// The text of a page, which must be there.
    pub fn page(&self, path: &str) -> String {
        let answer = self.get(path);
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        answer.text()
    }

    /// The tag of a page, which must be there.
    pub fn etag(&self, path: &str) -> String {
        let answer = self.get(path);
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        answer.header("etag").to_owned()
    }

    /// Whether a page is there and has a text in it.
    pub fn shows(&self, path: &str, text: &str) -> bool {
        let answer = self.get(path);
        answer.status == StatusCode::OK && answer.text().contains(text)
    }

    /// The problems of the archive, as its owner sees them: paths and codes.
    pub fn problems(&self) -> Vec<(String, String)> {
        let answer = self.ask_owner("/problems", &[]);
        let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
        let problems = json_lines(&answer.text());
        problems.iter().map(|problem| (text(&problem["path"]), text(&problem["code"]))).collect()
    }

    /// Whether a file or folder has a problem of this code.
    pub fn complains(&self, path: &str, code: &str) -> bool {
        self.problems().iter().any(|problem| (&*problem.0, &*problem.1) == (path, code))
    }

    /// Whether no file or folder of this name has a problem.
    pub fn is_content_with(&self, path: &str) -> bool {
        self.problems().iter().all(|(of, _)| of != path)
    }

    /// Waits until something holds.
    pub fn wait_until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        self.wait(PATIENCE, what, holds);
    }

    /// Waits until something holds, and for no longer than this.
    pub fn wait(&self, limit: Duration, what: &str, holds: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !holds(self) {
            assert!(start.elapsed() < limit, "not {what} within {limit:?}; {}", self.state());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// What to know when something was waited for in vain.
    fn state(&self) -> String {
        let problems = if self.admin.is_empty() { Vec::new() } else { self.problems() };
        format!("problems: {problems:?}; log:\n{}", self.log())
    }

    /// Waits until a text has been logged.
    pub fn wait_for_log(&self, text: &str) {
        self.wait_until(text, |server| server.log().contains(text));
    }

    /// Bytes of memory that are its own.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a status");
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("a line");
        let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
        kibibytes * 1024
    }

    /// Sends a signal.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([format!("-{name}"), self.child.id().to_string()]).status();
        assert!(status.expect("kill runs").success());
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it without a word of warning.
    pub fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it has ended");
    }

    /// The code that it ends with within this time.
    pub fn ended_within(&mut self, limit: Duration) -> Option<i32> {
        let deadline = Instant::now() + limit;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().expect("a status") {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        None
    }

    /// Tells it to stop, which it does soon and well.
    pub fn stop(mut self) {
        self.signal("TERM");
        assert_eq!(self.ended_within(Duration::from_secs(8)), Some(0), "{}", self.log());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn hold(log: &Mutex<String>) -> MutexGuard<'_, String> {
    log.lock().expect("no reader of the log panics")
}

fn socket(address: &str, patience: Duration) -> TcpStream {
    let stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(patience)).expect("a timeout");
    stream
}

/// A connection that is kept open.
pub struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    fn to(address: &str) -> Self {
        let stream = socket(address, PATIENCE);
        stream.set_nodelay(true).expect("an option");
        Self { stream: BufReader::new(stream) }
    }

    /// GETs a path, and reads the answer whole.
    pub fn get(&mut self, path: &str) -> Answer {
        self.ask(path, &[])
    }

    /// GETs a path with these headers.
    pub fn ask(&mut self, path: &str, headers: &[(&str, &str)]) -> Answer {
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
        Answer { status, headers, bytes }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("a line");
        line.trim_end().to_owned()
    }
}
