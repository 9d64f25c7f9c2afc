//! A small HTTP client with keep-alive, sufficient for servers on this machine.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::Result;

const TIMEOUT: Duration = Duration::from_secs(30);

/// A client for one port of this machine, with at most one connection.
#[derive(Debug)]
pub(crate) struct Client {
    port: u16,
    stream: Option<BufReader<TcpStream>>,
}

/// A response, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Returns the value of a header; `name` must be in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// Returns whether the body contains this text.
    pub(crate) fn holds(&self, text: &str) -> bool {
        self.body.windows(text.len()).any(|window| window == text.as_bytes())
    }
}

impl Client {
    pub(crate) fn new(port: u16) -> Self {
        Self { port, stream: None }
    }

    /// Sends a GET request; reconnects if the server has closed the connection.
    pub(crate) fn get(&mut self, path: &str, headers: &[(&str, &str)]) -> Result<Answer> {
        if self.stream.is_some()
            && let Ok(answer) = self.ask(path, headers)
        {
            return Ok(answer);
        }
        self.stream = Some(BufReader::new(connect(self.port)?));
        let answer = self.ask(path, headers);
        if answer.is_err() {
            self.stream = None;
        }
        answer
    }

    fn ask(&mut self, path: &str, headers: &[(&str, &str)]) -> Result<Answer> {
        let stream = self.stream.as_mut().ok_or("not connected")?;
        send(stream.get_mut(), path, headers)?;
        let (status, headers) = head(stream)?;
        let mut answer = Answer { status, headers, body: Vec::new() };
        if answer.status != 304 {
            answer.body = match answer.header("content-length") {
                Some(length) => exactly(stream, length.parse()?)?,
                None => chunks(stream)?,
            };
        }
        Ok(answer)
    }
}

pub(crate) fn connect(port: u16) -> Result<TcpStream> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    Ok(stream)
}

/// Sends the head of a GET request.
pub(crate) fn send(stream: &mut TcpStream, path: &str, headers: &[(&str, &str)]) -> Result<()> {
    let mut request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes())?;
    Ok(())
}

/// Reads the head of a response: its status, and its headers with names in lower case.
pub(crate) fn head(stream: &mut impl BufRead) -> Result<(u16, Vec<(String, String)>)> {
    let first = line(stream)?;
    let status = first.split(' ').nth(1).ok_or("no status line")?.parse()?;
    let mut headers = Vec::new();
    loop {
        let line = line(stream)?;
        if line.is_empty() {
            return Ok((status, headers));
        }
        let (name, value) = line.split_once(':').ok_or("a header without a colon")?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}

fn line(stream: &mut impl BufRead) -> Result<String> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Err("the connection was closed".into());
    }
    line.truncate(line.trim_end().len());
    Ok(line)
}

fn exactly(stream: &mut impl Read, length: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn chunks(stream: &mut impl BufRead) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        let length = usize::from_str_radix(line(stream)?.trim(), 16)?;
        bytes.extend(exactly(stream, length)?);
        line(stream)?;
        if length == 0 {
            return Ok(bytes);
        }
    }
}
