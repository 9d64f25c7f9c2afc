//! Integration tests of finews, in one binary. `support` is the vocabulary that all tests share.

// A test binary exports no items.
#![allow(unreachable_pub)]

mod addresses;
mod admin;
mod archived_posts;
mod bodies;
mod cdn;
mod changes;
mod commands;
mod damaged_files;
mod dataset;
mod direction;
mod faults;
mod feeds;
mod formats;
mod http2;
mod http_semantics;
mod instances;
mod jekyll_parity;
mod kramdown;
mod live;
mod load_shedding;
mod metadata;
mod module_graph;
mod names;
mod notifications;
mod old_links;
mod overload;
mod pages;
mod properties;
mod raw_http;
mod replicas;
mod requests;
mod search;
mod search_pages;
mod shutdown;
mod site_files;
mod sitemaps;
mod sockets;
mod stories;
mod support;
