//! Integration tests of finews, in one binary. `support` is the vocabulary that all tests share.

// A test binary exports no items.
#![allow(unreachable_pub)]

mod addresses;
mod announce;
mod changes;
mod commands;
mod crowds;
mod dataset;
mod direction;
mod endings;
mod faults;
mod feeds;
mod formats;
mod http2;
mod kramdown;
mod live;
mod load;
mod manners;
mod metadata;
mod old_links;
mod oracle;
mod owner;
mod pages;
mod properties;
mod requests;
mod search;
mod searching;
mod sitemaps;
mod sockets;
mod support;
mod wire;
