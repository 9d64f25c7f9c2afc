//! Listening sockets: TCP, Unix, or inherited from a service manager.

use std::fmt;
use std::fs::Permissions;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::{Path, PathBuf};

use listenfd::ListenFd;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio_util::either::Either;

use crate::config::ListenAddress;
use crate::web::server::client::Peer;

/// The bytes of responses that the kernel buffers for a connection before the client reads them. Linux's
/// default is megabytes: a thousand slow readers then exhaust the kernel's TCP memory, and it drops packets
/// of all others.
#[cfg(target_os = "linux")]
const MOST_UNSENT: u32 = 128 * 1024;

/// A socket that accepts connections.
#[derive(Debug)]
pub struct Listener {
    socket: Socket,
    /// The Unix socket's file, if this process created it and has to remove it.
    file: Option<SocketFile>,
}

/// The file of a Unix socket.
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    /// Device and inode, which distinguish the file from a later one at the same path.
    id: (u64, u64),
}

impl SocketFile {
    fn from_path(path: &Path) -> io::Result<Self> {
        let file = std::fs::symlink_metadata(path)?;
        Ok(Self { path: path.to_owned(), id: (file.dev(), file.ino()) })
    }
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Socket {
    /// Wraps a TCP listener, with a limit on the unsent bytes of each connection.
    fn tcp(listener: TcpListener) -> Self {
        // Accepted connections inherit the option. A kernel without it still serves.
        #[cfg(target_os = "linux")]
        let _ = socket2::SockRef::from(&listener).set_tcp_notsent_lowat(MOST_UNSENT);
        Self::Tcp(listener)
    }
}

/// An accepted connection.
pub(super) type ClientStream = Either<TcpStream, UnixStream>;

impl Listener {
    /// Binds to an address. A Unix socket's stale file is replaced. The permissions of its folder decide
    /// which users may connect.
    ///
    /// # Errors
    /// Returns an error if the system refuses, or another process listens there.
    pub async fn bind(address: &ListenAddress) -> io::Result<Self> {
        match address {
            ListenAddress::Tcp(address) => {
                Ok(Self { socket: Socket::tcp(TcpListener::bind(address).await?), file: None })
            }
            ListenAddress::Unix(path) => {
                remove_stale(path)?;
                let socket = Socket::Unix(UnixListener::bind(path)?);
                std::fs::set_permissions(path, Permissions::from_mode(0o666))?;
                Ok(Self { socket, file: Some(SocketFile::from_path(path)?) })
            }
        }
    }

    /// Takes the sockets that a service manager opened for this process, in the order of its unit file
    /// (<https://www.freedesktop.org/software/systemd/man/sd_listen_fds.html>).
    ///
    /// # Errors
    /// Returns an error if one of them is neither a TCP nor a Unix listener.
    pub fn inherited() -> io::Result<Vec<Self>> {
        let mut sockets = ListenFd::from_env();
        (0..sockets.len()).filter_map(|index| Self::take_inherited(&mut sockets, index).transpose()).collect()
    }

    fn take_inherited(sockets: &mut ListenFd, index: usize) -> io::Result<Option<Self>> {
        let socket = match sockets.take_tcp_listener(index) {
            Ok(listener) => listener.map(|listener| {
                listener.set_nonblocking(true)?;
                TcpListener::from_std(listener).map(Socket::tcp)
            }),
            // The socket is of another kind, and still in the list.
            Err(_) => sockets.take_unix_listener(index)?.map(|listener| {
                listener.set_nonblocking(true)?;
                UnixListener::from_std(listener).map(Socket::Unix)
            }),
        };
        Ok(socket.transpose()?.map(|socket| Self { socket, file: None }))
    }

    pub(super) async fn accept(&self) -> io::Result<(ClientStream, Peer)> {
        match &self.socket {
            Socket::Tcp(listener) => {
                let (stream, address) = listener.accept().await?;
                // Responses are written whole, so waiting to fill a packet only delays them.
                let _ = stream.set_nodelay(true);
                Ok((Either::Left(stream), Peer::Address(address.ip())))
            }
            Socket::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                Ok((Either::Right(stream), Peer::Unix))
            }
        }
    }
}

impl fmt::Display for Listener {
    /// `http://127.0.0.1:8080` or `unix:/path`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.socket {
            Socket::Tcp(listener) => match listener.local_addr() {
                Ok(address) => write!(f, "http://{address}"),
                Err(_) => f.write_str("a socket"),
            },
            Socket::Unix(listener) => match listener.local_addr() {
                Ok(address) => {
                    write!(f, "unix:{}", address.as_pathname().unwrap_or(Path::new("?")).display())
                }
                Err(_) => f.write_str("a socket"),
            },
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // The file may by now belong to a process that replaced this one.
        if let Some(file) = &self.file
            && SocketFile::from_path(&file.path).is_ok_and(|now| now.id == file.id)
        {
            // A failure does no harm: clients cannot connect with or without the file.
            let _ = std::fs::remove_file(&file.path);
        }
    }
}

/// Removes the file of a socket that no process listens on.
fn remove_stale(path: &Path) -> io::Result<()> {
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
    if is_socket
        && StdUnixStream::connect(path).is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
    {
        std::fs::remove_file(path)?;
    }
    Ok(())
}

/// Writes to a client if the socket accepts the bytes at once.
pub(super) fn try_send(stream: &ClientStream, bytes: &[u8]) {
    let _ = match stream {
        Either::Left(stream) => stream.try_write(bytes),
        Either::Right(stream) => stream.try_write(bytes),
    };
}
