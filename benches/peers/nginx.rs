//! nginx and static-web-server, configured to serve the files of a [`Mirror`] as fast as possible.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::http::Client;
use crate::mirror::Mirror;
use crate::process::{self, Process};
use crate::{Result, progress, wrk};

/// Time limit for a start.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running static file server.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) name: &'static str,
    pub(crate) settings: String,
    pub(crate) process: Process,
    pub(crate) port: u16,
}

/// Settings to try: no combination is the fastest on every machine.
#[derive(Clone, Copy, Debug)]
struct Variant {
    sendfile: bool,
    reuseport: bool,
}

const VARIANTS: [Variant; 4] = [
    Variant { sendfile: true, reuseport: true },
    Variant { sendfile: true, reuseport: false },
    Variant { sendfile: false, reuseport: true },
    Variant { sendfile: false, reuseport: false },
];

/// The nginx program; `/usr/sbin` is not in every user's `PATH`.
pub(crate) fn program() -> Option<&'static str> {
    ["nginx", "/usr/sbin/nginx"]
        .into_iter()
        .find(|name| process::output(Command::new(name).arg("-v")).is_some())
}

/// Starts nginx in the variant that serves these requests fastest.
pub(crate) fn nginx(
    mirror: &Mirror,
    scratch: &Path,
    requests: &wrk::Requests,
    time: Duration,
) -> Result<Server> {
    let mut best: Option<(f64, Variant)> = None;
    for variant in VARIANTS {
        let server = start_nginx(mirror, scratch, variant)?;
        requests.once(&server.process, server.port)?;
        let rate = requests.at_random(&server.process, server.port, time, 1)?.per_second;
        progress(&format!("{}: {rate:.0} a second", server.settings));
        if best.is_none_or(|(other, _)| rate > other) {
            best = Some((rate, variant));
        }
    }
    let (_, variant) = best.ok_or("no variant of nginx runs")?;
    start_nginx(mirror, scratch, variant)
}

fn start_nginx(mirror: &Mirror, scratch: &Path, variant: Variant) -> Result<Server> {
    let port = process::free_port()?;
    let config = scratch.join("nginx.conf");
    fs::write(&config, nginx_config(mirror, scratch, variant, port)?)?;
    let mut command = Command::new(program().ok_or("nginx is not installed")?);
    command.arg("-p").arg(scratch).arg("-c").arg(&config).arg("-e").arg(scratch.join("nginx-error.log"));
    let process = ready(&mut command, port, &scratch.join("nginx.log"))?;
    let Variant { sendfile, reuseport } = variant;
    let settings = format!("sendfile {}, reuseport {}", on(sendfile), on(reuseport));
    Ok(Server { name: "nginx", settings, process, port })
}

/// Starts static-web-server; `None` if it is not installed.
pub(crate) fn static_web_server(mirror: &Mirror, scratch: &Path) -> Result<Option<Server>> {
    if process::output(Command::new("static-web-server").arg("--version")).is_none() {
        return Ok(None);
    }
    let port = process::free_port()?;
    let config = scratch.join("static-web-server.toml");
    let mut text = "[general]\ncache-control-headers = false\ncompression = false\ncompression-static = true\n\
                    log-level = \"error\"\n[advanced]\n[[advanced.headers]]\nsource = \"**/*.html\"\n[advanced.headers.headers]\n"
        .to_owned();
    for (name, value) in &mirror.headers {
        writeln!(text, "{name} = {value:?}")?;
    }
    fs::write(&config, text)?;
    let mut command = Command::new("static-web-server");
    command.args(["--host", "127.0.0.1", "--port", &port.to_string(), "--root"]).arg(&mirror.root);
    command.arg("--config-file").arg(&config);
    let process = ready(&mut command, port, &scratch.join("static-web-server.log"))?;
    Ok(Some(Server { name: "static-web-server", settings: "compression-static".into(), process, port }))
}

fn ready(command: &mut Command, port: u16, log: &PathBuf) -> Result<Process> {
    let mut process = Process::start(command, log)?;
    let start = Instant::now();
    while Client::new(port).get("/", &[]).is_err() {
        process
            .check()
            .map_err(|error| format!("{error}: {}", fs::read_to_string(log).unwrap_or_default()))?;
        if start.elapsed() > PATIENCE {
            return Err("the server does not answer".into());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(process)
}

fn nginx_config(mirror: &Mirror, scratch: &Path, variant: Variant, port: u16) -> Result<String> {
    let scratch = scratch.display();
    // If nginx starts as root, its workers switch to another user without access to the folder.
    let user = if process::is_root() { "user root;\n" } else { "" };
    let mut config = format!(
        "{user}daemon off;
worker_processes auto;
worker_rlimit_nofile 65536;
pid {scratch}/nginx.pid;
events {{ worker_connections 16384; }}
http {{
  types {{ text/html html; }}
  charset utf-8;
  access_log off;
  server_tokens off;
  client_body_temp_path {scratch}/nginx-body;
  proxy_temp_path {scratch}/nginx-proxy;
  fastcgi_temp_path {scratch}/nginx-fastcgi;
  uwsgi_temp_path {scratch}/nginx-uwsgi;
  scgi_temp_path {scratch}/nginx-scgi;
  sendfile {sendfile};
  tcp_nopush on;
  tcp_nodelay on;
  keepalive_timeout 300s;
  keepalive_requests 1000000000;
  open_file_cache max=40000 inactive=600s;
  open_file_cache_valid 600s;
  open_file_cache_min_uses 1;
  gzip_static on;
  gzip_vary on;
  etag on;
  server {{
    listen 127.0.0.1:{port} backlog=4096{reuseport};
    root {root};
",
        sendfile = on(variant.sendfile),
        reuseport = if variant.reuseport { " reuseport" } else { "" },
        root = mirror.root.display(),
    );
    add_headers(&mut config, &mirror.headers)?;
    for (path, file, headers) in &mirror.pages {
        writeln!(config, "    location = {path} {{\n    try_files {file} =404;")?;
        add_headers(&mut config, headers)?;
        config.push_str("    }\n");
    }
    config.push_str("  }\n}\n");
    Ok(config)
}

fn add_headers(config: &mut String, headers: &[(String, String)]) -> Result<()> {
    for (name, value) in headers {
        writeln!(config, "    add_header {name} \"{}\" always;", value.replace('"', "\\\""))?;
    }
    Ok(())
}

fn on(flag: bool) -> &'static str {
    if flag { "on" } else { "off" }
}
