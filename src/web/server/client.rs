//! Determines the client of a request: the peer of the connection or, if the peer is a trusted proxy, the
//! address that the proxy forwards. Any client can send such a header, so those of other peers are ignored.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Once;

use axum::http::header::{FORWARDED, HeaderName};
use axum::http::{HeaderMap, HeaderValue};
use ipnet::IpNet;

use crate::config::{Config, ProxyHeader, TrustedProxy};

/// Lists the client of a request and the proxies that forwarded it.
pub(crate) const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// A peer with an IP address.
    Address(IpAddr),
    /// A process on this machine, through a Unix socket.
    Unix,
}

/// The client that sent a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// A client with an IP address.
    Address(IpAddr),
    /// An unknown client, behind a proxy that is not trusted or does not name its client.
    Hidden,
}

impl Client {
    /// The network that identifies a client, `None` if it is hidden. An IPv6 client can use
    /// any address of its /64 network.
    pub fn network(self) -> Option<IpAddr> {
        match self {
            Self::Address(IpAddr::V6(address)) => {
                Some(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into())
            }
            Self::Address(address) => Some(address),
            Self::Hidden => None,
        }
    }
}

impl std::fmt::Display for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Hidden => f.write_str("-"),
        }
    }
}

/// The trusted proxies.
#[derive(Debug, Default)]
pub struct Proxies {
    nets: Vec<IpNet>,
    /// Whether the processes that connect to the Unix socket are trusted.
    unix: bool,
    header: ProxyHeader,
}

impl Proxies {
    /// Returns the trusted proxies of a configuration.
    pub fn from_config(config: &Config) -> Self {
        let mut proxies = Self { header: config.server.proxy_header, ..Self::default() };
        for proxy in &config.server.trusted_proxies {
            match proxy {
                TrustedProxy::Net(net) => proxies.nets.push(*net),
                TrustedProxy::Unix => proxies.unix = true,
            }
        }
        proxies
    }

    /// Returns whether a peer is a trusted proxy.
    pub fn trusts(&self, peer: Peer) -> bool {
        match peer {
            Peer::Address(address) => self.includes(address),
            Peer::Unix => self.unix,
        }
    }

    /// Determines the client of a request from its peer and headers.
    pub fn client(&self, peer: Peer, headers: &HeaderMap) -> Client {
        let direct = match peer {
            Peer::Address(address) => Client::Address(address.to_canonical()),
            Peer::Unix => Client::Hidden,
        };
        if !self.trusts(peer) {
            return if is_hidden(peer, headers) { Client::Hidden } else { direct };
        }
        if !headers.contains_key(self.name()) {
            return Client::Hidden;
        }
        // Each proxy appends the address of its peer. From the right, the addresses are true up to the first
        // one that is not a trusted proxy.
        let mut client = direct;
        for address in self.forwarded_addresses(headers).into_iter().rev() {
            let Some(address) = address else { break };
            client = Client::Address(address);
            if !self.includes(address) {
                break;
            }
        }
        client
    }

    /// The header that holds the forwarded addresses.
    fn name(&self) -> HeaderName {
        match self.header {
            ProxyHeader::XForwardedFor => X_FORWARDED_FOR,
            ProxyHeader::Forwarded => FORWARDED,
        }
    }

    fn includes(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.nets.iter().any(|net| net.contains(&address))
    }

    /// Returns the addresses in the headers, nearest proxy last, with `None` for an invalid address.
    fn forwarded_addresses(&self, headers: &HeaderMap) -> Vec<Option<IpAddr>> {
        let addresses = |value: &HeaderValue| {
            // Bytes that are not UTF-8 invalidate only their own item. Otherwise a client could send some to
            // hide the address that the proxy appends.
            let text = String::from_utf8_lossy(value.as_bytes());
            match self.header {
                ProxyHeader::XForwardedFor => text.split(',').map(|item| address(item.trim())).collect(),
                ProxyHeader::Forwarded => match split(&text, ',') {
                    Some(elements) => elements.into_iter().map(forwarded_for).collect(),
                    // Without a closing quote, the client's text and the proxy's cannot be separated.
                    None => vec![None],
                },
            }
        };
        headers.get_all(self.name()).iter().flat_map(addresses).collect()
    }
}

/// Returns whether an untrusted proxy seems to have forwarded the request; all clients would share its
/// address. Only a peer in a local network can be such a proxy, so a remote client cannot fake one.
fn is_hidden(peer: Peer, headers: &HeaderMap) -> bool {
    static SAID: Once = Once::new();
    let is_near = match peer {
        Peer::Address(address) => match address.to_canonical() {
            IpAddr::V4(address) => address.is_loopback() || address.is_private() || address.is_link_local(),
            IpAddr::V6(address) => {
                address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
            }
        },
        Peer::Unix => true,
    };
    let is_hidden = is_near && (headers.contains_key(X_FORWARDED_FOR) || headers.contains_key(FORWARDED));
    if is_hidden {
        SAID.call_once(|| {
            let proxy = match peer {
                Peer::Address(address) => address.to_canonical().to_string(),
                Peer::Unix => "unix".into(),
            };
            tracing::warn!(
                "requests come through an untrusted proxy, so the client addresses are unknown; \
                 if the proxy is yours, set --trusted-proxy {proxy}"
            );
        });
    }
    is_hidden
}

/// Parses `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`.
fn address(text: &str) -> Option<IpAddr> {
    let is_port = |port: &str| {
        port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
    };
    let address = if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        is_port(port).then(|| address.parse().ok().map(IpAddr::V6))?
    } else {
        text.parse().ok().or_else(|| {
            let (address, port) = text.split_once(':')?;
            is_port(&format!(":{port}")).then(|| address.parse().ok().map(IpAddr::V4))?
        })
    };
    address.map(|address: IpAddr| address.to_canonical())
}

/// Returns the address in the `for` parameter of a `Forwarded` element (RFC 7239, sections 4 and 6).
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let pairs = split(element, ';')?;
    let value = pairs.iter().find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| value.trim())
    })?;
    address(value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value))
}

/// Splits a text at the separators outside quotes; `None` if a quote is not closed.
fn split(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let parts = text
        .split(|c| {
            let was_escaped = is_escaped;
            is_escaped = is_quoted && c == '\\' && !was_escaped;
            is_quoted ^= c == '"' && !was_escaped;
            c == separator && !is_quoted
        })
        .collect();
    (!is_quoted).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SettingValue;

    const OUTSIDE: &str = "203.0.113.9";

    fn client(proxies: &[&str], header: ProxyHeader, peer: &str, values: &[&str]) -> String {
        let mut trusted = Proxies { header, ..Proxies::default() };
        for proxy in proxies {
            match TrustedProxy::from_text(proxy).expect("a proxy") {
                TrustedProxy::Net(net) => trusted.nets.push(net),
                TrustedProxy::Unix => trusted.unix = true,
            }
        }
        let peer = match peer {
            "unix" => Peer::Unix,
            address => Peer::Address(address.parse().expect("an address")),
        };
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(trusted.name(), HeaderValue::from_bytes(value.as_bytes()).expect("a value"));
        }
        trusted.client(peer, &headers).to_string()
    }

    #[test]
    fn x_forwarded_for_is_read_from_the_right_while_trusted() {
        let ours: &[&str] = &["10.0.0.0/8", "::1", "unix"];
        let table: [(&[&str], &str, &[&str], &str); 23] = [
            // No header.
            (&[], OUTSIDE, &[], OUTSIDE),
            (ours, "unix", &[], "-"),
            // A trusted proxy that does not name its client: all clients would share its address.
            (ours, "10.0.0.1", &[], "-"),
            // A header from an untrusted peer.
            (&[], OUTSIDE, &["192.0.2.1"], OUTSIDE),
            (ours, OUTSIDE, &["192.0.2.1"], OUTSIDE),
            // A proxy that the operator forgot to configure.
            (&[], "10.0.0.1", &["192.0.2.1"], "-"),
            (&[], "127.0.0.1", &["192.0.2.1"], "-"),
            (&[], "unix", &["192.0.2.1"], "-"),
            // A header from a trusted proxy.
            (ours, "10.0.0.1", &["192.0.2.1"], "192.0.2.1"),
            (ours, "::ffff:10.0.0.1", &["::ffff:192.0.2.1"], "192.0.2.1"),
            (ours, "unix", &["192.0.2.1:4711"], "192.0.2.1"),
            (ours, "::1", &["2001:db8::1"], "2001:db8::1"),
            (ours, "::1", &["[2001:db8::1]:80"], "2001:db8::1"),
            (ours, "::1", &["[2001:db8::1]"], "2001:db8::1"),
            (ours, "10.0.0.1", &["192.0.2.7, 192.0.2.1"], "192.0.2.1"),
            (ours, "10.0.0.1", &["192.0.2.7, 192.0.2.1, 10.1.1.1"], "192.0.2.1"),
            (ours, "10.0.0.1", &["192.0.2.7", "192.0.2.1 ,10.1.1.1"], "192.0.2.1"),
            (ours, "10.0.0.1", &["10.2.2.2, 10.1.1.1"], "10.2.2.2"),
            // Addresses beyond an invalid one are not trusted.
            (ours, "10.0.0.1", &["192.0.2.7, unknown"], "10.0.0.1"),
            (ours, "10.0.0.1", &["192.0.2.7, nonsense, 10.1.1.1"], "10.1.1.1"),
            (ours, "10.0.0.1", &["192.0.2.7, "], "10.0.0.1"),
            (ours, "10.0.0.1", &["\u{e9}, 192.0.2.1"], "192.0.2.1"),
            (ours, "10.0.0.1", &["192.0.2.1, \u{e9}"], "10.0.0.1"),
        ];
        for (proxies, peer, values, expected) in table {
            assert_eq!(
                client(proxies, ProxyHeader::XForwardedFor, peer, values),
                expected,
                "{peer} {values:?}"
            );
        }
    }

    #[test]
    fn forwarded_header_is_parsed_as_rfc_7239_elements() {
        let table: [(&[&str], &str); 13] = [
            // A quote that a client left open would hide the address that the proxy appends.
            (&["for=192.0.2.7;x=\", for=192.0.2.1"], "10.0.0.1"),
            (&["for=192.0.2.7;x=\"", "for=192.0.2.1"], "192.0.2.1"),
            (&["for=192.0.2.1"], "192.0.2.1"),
            (&["For=\"[2001:db8::1]:4711\""], "2001:db8::1"),
            (&["for=192.0.2.1;proto=https;by=10.0.0.1"], "192.0.2.1"),
            (&["proto=https ; for=192.0.2.1"], "192.0.2.1"),
            (&["for=192.0.2.7, for=192.0.2.1"], "192.0.2.1"),
            (&["for=192.0.2.7", "for=192.0.2.1;host=\"a,b\\\",c\""], "192.0.2.1"),
            (&["for=192.0.2.1, for=\"10.1.1.1:80\""], "192.0.2.1"),
            (&["for=_hidden"], "10.0.0.1"),
            (&["for=192.0.2.1, proto=https"], "10.0.0.1"),
            (&["192.0.2.1"], "10.0.0.1"),
            (&["for=\u{e9}, for=192.0.2.1"], "192.0.2.1"),
        ];
        for (values, expected) in table {
            let client = client(&["10.0.0.0/8"], ProxyHeader::Forwarded, "10.0.0.1", values);
            assert_eq!(client, expected, "{values:?}");
        }
    }

    #[test]
    fn client_network_is_ipv6_64_prefix_or_ipv4_address() {
        let network = |address: &str| Client::Address(address.parse().expect("an address")).network();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::9"));
        assert_ne!(network("2001:db8:1:2::"), network("2001:db8:1:3::"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }
}
