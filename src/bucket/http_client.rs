//! The HTTP client of object_store: ureq, which also sends notifications. So finews has one HTTP client, one
//! implementation of TLS, and one list of certificate authorities.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use hyper::body::Body;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse,
    HttpService,
};
use ureq::http::{Method, Request, Response};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Timeout};

/// Largest response in one piece. Larger objects are read in ranges.
const MOST_BYTES: u64 = 1 << 28;

/// The slowest line on which requests succeed, in bytes a second: 256 kbit/s.
const SLOWEST_LINE: usize = 32 << 10;

/// The time for the body of a response. The largest ranges have 8 MiB, and a reader asks for 8 of them at once.
const RESPONSE_BODY: Duration = Duration::from_secs(2048);

/// The time for a response to a request with a body. The system sends up to 4 MiB after the last write.
const ANSWER: Duration = Duration::from_secs(150);

/// The time limits of a request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pace {
    /// For large bodies: limits of the phases, and 20 s for each read and write.
    Normal,
    /// For probes: 2 s for the request.
    Probe,
}

/// Sends the requests of a store. Its clones share the connections.
#[derive(Debug, Clone)]
pub(super) struct UreqConnector(Agent);

impl UreqConnector {
    /// Creates a connector that trusts the authorities in a PEM file, or else those of Mozilla.
    pub(super) fn new(pace: Pace, authorities: Option<&[u8]>) -> Result<Self, ureq::Error> {
        let roots = match authorities {
            None => RootCerts::WebPki,
            Some(pem) => RootCerts::from(certificates(pem)?),
        };
        let (total, step) = match pace {
            Pace::Normal => (None, 20),
            Pace::Probe => (Some(Duration::from_secs(2)), 2),
        };
        let step = Some(Duration::from_secs(step));
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            // A signed request holds only for its host, so object_store reports redirects as errors.
            .max_redirects(0)
            .timeout_global(total)
            .timeout_resolve(Some(Duration::from_secs(5)))
            .timeout_connect(Some(Duration::from_secs(5)))
            .timeout_send_request(step)
            .timeout_recv_response(Some(ANSWER))
            .timeout_recv_body(Some(RESPONSE_BODY))
            .timeout_per_read(step)
            .timeout_per_write(step)
            .user_agent(concat!("finews/", env!("CARGO_PKG_VERSION")))
            // The tail of a log is read with 32 requests at once.
            .max_idle_connections(64)
            .max_idle_connections_per_host(32)
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .build()
            .new_agent();
        Ok(Self(agent))
    }
}

impl HttpConnector for UreqConnector {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait]
impl HttpService for UreqConnector {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (parts, body) = request.into_parts();
        let body = collect(body).await?;
        let host = parts.uri.authority().map_or_else(String::new, ToString::to_string);
        let is_metadata = host.starts_with(METADATA_NETWORK);
        let request = Request::from_parts(parts, body);
        let agent = self.0.clone();
        let sent = tokio::task::spawn_blocking(move || send(&agent, request)).await;
        let sent = sent.map_err(|error| HttpError::new(HttpErrorKind::Interrupted, error))?;
        match sent {
            Ok(response) if is_metadata && !response.status().is_success() => {
                Err(HttpError::new(HttpErrorKind::Unknown, MetadataError(response.status().to_string())))
            }
            Err(error) if is_metadata => {
                Err(HttpError::new(HttpErrorKind::Unknown, MetadataError(error.to_string())))
            }
            Ok(response) => checked(response),
            Err(error) => {
                let kind = kind(&error);
                // The text of ureq begins with the layer, such as `io: `.
                let reason = match error {
                    ureq::Error::Io(error) => error.to_string(),
                    error => error.to_string(),
                };
                Err(HttpError::new(kind, ConnectionError { host, reason }))
            }
        }
    }
}

/// The addresses at which clouds answer their machines and containers with credentials.
const METADATA_NETWORK: &str = "169.254.";

/// The machine has no role, or is outside a cloud.
#[derive(Debug, thiserror::Error)]
#[error("the metadata service of the cloud does not answer: {0}")]
pub(super) struct MetadataError(String);

/// A request without an answer.
#[derive(Debug, thiserror::Error)]
#[error("{host}: {reason}")]
struct ConnectionError {
    host: String,
    reason: String,
}

/// A response of a store with an unexpected status.
#[derive(Debug, thiserror::Error)]
#[error("status {status} {code}")]
pub(super) struct StatusError {
    pub(super) status: u16,
    /// The code in the body, such as `NoSuchBucket`; empty if the response has none.
    pub(super) code: String,
}

/// Passes on the responses that object_store distinguishes. The others become errors with a status and a code, because
/// object_store reports them as text only.
fn checked(response: Response<Bytes>) -> Result<HttpResponse, HttpError> {
    let status = response.status().as_u16();
    let code = if status < 300 { "" } else { code(response.body()) };
    match status {
        200..=299 | 304 | 409 | 412 => {}
        404 if code != "NoSuchBucket" => {}
        _ => {
            let kind = match status {
                // object_store sends reads again.
                408 | 429 | 500 | 502.. => HttpErrorKind::Interrupted,
                _ => HttpErrorKind::Unknown,
            };
            return Err(HttpError::new(kind, StatusError { status, code: code.into() }));
        }
    }
    Ok(response.map(Into::into))
}

/// The code in the body of an error, `<Error><Code>NoSuchBucket</Code>…`.
fn code(body: &[u8]) -> &str {
    let text = str::from_utf8(body).unwrap_or_default();
    let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    code.map_or("", |(code, _)| code)
}

async fn collect(body: HttpRequestBody) -> Result<Bytes, HttpError> {
    let mut body = pin!(body);
    let mut whole = Bytes::new();
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let Ok(data) = frame?.into_data() else { continue };
        if whole.is_empty() {
            whole = data;
        } else {
            let mut joined = BytesMut::from(whole);
            joined.extend_from_slice(&data);
            whole = joined.freeze();
        }
    }
    Ok(whole)
}

fn send(agent: &Agent, request: Request<Bytes>) -> Result<Response<Bytes>, ureq::Error> {
    let (parts, body) = request.into_parts();
    let has_body = !body.is_empty() || matches!(parts.method, Method::PUT | Method::POST);
    let response = if has_body {
        let request = agent.configure_request(Request::from_parts(parts, &body[..]));
        let request = request.timeout_send_body(Some(send_limit(body.len()))).timeout_per_read(Some(ANSWER));
        agent.run(request.build())?
    } else {
        agent.run(Request::from_parts(parts, ()))?
    };
    let (parts, body) = response.into_parts();
    let body = body.into_with_config().limit(MOST_BYTES).read_to_vec()?;
    Ok(Response::from_parts(parts, body.into()))
}

/// The time for sending a body, which grows with its size.
fn send_limit(bytes: usize) -> Duration {
    Duration::from_secs(60 + (bytes / SLOWEST_LINE) as u64)
}

/// The kind of an error. object_store sends a read again after some kinds.
fn kind(error: &ureq::Error) -> HttpErrorKind {
    use ureq::Error as E;
    match error {
        E::Timeout(Timeout::Resolve | Timeout::Connect)
        | E::HostNotFound
        | E::ConnectionFailed
        | E::ConnectProxyFailed(_) => HttpErrorKind::Connect,
        E::Timeout(_) => HttpErrorKind::Timeout,
        E::Io(error) => match error.kind() {
            io::ErrorKind::ConnectionRefused
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable => HttpErrorKind::Connect,
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => HttpErrorKind::Timeout,
            // An error of TLS, such as an unknown authority.
            io::ErrorKind::InvalidData => HttpErrorKind::Unknown,
            _ => HttpErrorKind::Interrupted,
        },
        E::Protocol(_) => HttpErrorKind::Interrupted,
        _ => HttpErrorKind::Unknown,
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<Certificate<'static>>, ureq::Error> {
    let mut certificates = Vec::new();
    for item in parse_pem(pem) {
        if let PemItem::Certificate(certificate) = item? {
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() {
        return Err(ureq::Error::Tls("the file has no certificate"));
    }
    Ok(certificates)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_line_has_time_for_the_largest_bodies() {
        let megabits = |bytes: usize, time: Duration| (bytes * 8) as f64 / time.as_secs_f64() / 1e6;
        for bytes in [0, 1 << 10, 8 << 20, 64 << 20, 1 << 30] {
            let limit = send_limit(bytes);
            assert!(limit >= Duration::from_secs(60) && megabits(bytes, limit) < 0.3, "{bytes}: {limit:?}");
        }
        assert!(megabits(64 << 20, RESPONSE_BODY) < 0.3 && megabits(4 << 20, ANSWER) < 0.3);
        let limits = |pace| UreqConnector::new(pace, None).expect("a connector").0.config().timeouts();
        assert_eq!(limits(Pace::Normal).global, None, "the phases have limits of their own");
        assert_eq!(limits(Pace::Probe).global, Some(Duration::from_secs(2)));
    }
}
