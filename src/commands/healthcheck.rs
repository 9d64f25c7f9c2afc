//! `finews healthcheck`: checks whether a running finews is healthy. Images without a shell and curl have no
//! other way to send this request.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::time::Duration;

use finews::config::{Config, ConfigError, ListenAddress, Overrides};

use super::CommandResult;

const TIMEOUT: Duration = Duration::from_secs(3);

/// The address that the check requests.
#[derive(Debug, PartialEq, Eq)]
enum Endpoint {
    /// The host with its port, and the path.
    Http(String, String),
    /// The path of a Unix socket.
    Unix(String),
}

/// Exits with 0 if the response status is 200, with 1 otherwise.
pub(crate) fn run(url: Option<&str>, flags: &Overrides) -> CommandResult {
    let url = match url {
        Some(url) => url.to_owned(),
        None => default_url(flags)?,
    };
    let Some(endpoint) = parse(&url) else {
        return Err(format!(
            "`{url}` is invalid; expected a URL such as http://127.0.0.1:8080/healthz, or unix:/path"
        )
        .into());
    };
    match request_status(&endpoint) {
        Ok(status) if status == "200" => Ok(ExitCode::SUCCESS),
        Ok(status) => {
            eprintln!("finews: {url} returned status {status}");
            Ok(ExitCode::FAILURE)
        }
        Err(error) => {
            eprintln!("finews: request to {url} failed: {error}");
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Returns the URL of the health check at the address of the listener.
fn default_url(flags: &Overrides) -> Result<String, ConfigError> {
    Ok(match Config::listen_address(flags, &|name| std::env::var_os(name))? {
        ListenAddress::Unix(socket) => format!("unix:{}", socket.display()),
        ListenAddress::Tcp(address) => match address.rsplit_once(':') {
            // A server on all interfaces also listens on localhost.
            Some(("0.0.0.0" | "[::]", port)) => format!("http://127.0.0.1:{port}/healthz"),
            _ => format!("http://{address}/healthz"),
        },
    })
}

fn parse(url: &str) -> Option<Endpoint> {
    if let Some(path) = url.strip_prefix("unix:") {
        return (!path.is_empty()).then(|| Endpoint::Unix(path.into()));
    }
    let rest = url.strip_prefix("http://")?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = if host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) {
        host.to_owned()
    } else {
        format!("{host}:80")
    };
    (!host.starts_with(':')).then(|| Endpoint::Http(host, format!("/{path}")))
}

fn request_status(endpoint: &Endpoint) -> std::io::Result<String> {
    match endpoint {
        Endpoint::Http(host, path) => {
            let address = host.to_socket_addrs()?.next().ok_or(std::io::ErrorKind::AddrNotAvailable)?;
            let stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
            stream.set_read_timeout(Some(TIMEOUT))?;
            stream.set_write_timeout(Some(TIMEOUT))?;
            status(stream, host, path)
        }
        Endpoint::Unix(socket) => {
            let stream = UnixStream::connect(socket)?;
            stream.set_read_timeout(Some(TIMEOUT))?;
            stream.set_write_timeout(Some(TIMEOUT))?;
            status(stream, "localhost", "/healthz")
        }
    }
}

fn status(mut stream: impl Read + Write, host: &str, path: &str) -> std::io::Result<String> {
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
    // The first twelve bytes, such as `HTTP/1.1 200`, contain the status.
    let mut head = [0; 12];
    stream.read_exact(&mut head)?;
    Ok(String::from_utf8_lossy(&head[9..]).into_owned())
}
