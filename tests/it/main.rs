//! What finews promises, in one binary. `support` is the vocabulary that every test speaks.

// A test program exports nothing.
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
