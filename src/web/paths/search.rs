//! The addresses of searches: the page and the feeds, each with its query.

use form_urlencoded::Serializer;

use crate::search::{Cursor, Order};
use crate::web::paths::Route;
use crate::web::paths::feed::FeedFormat;

/// The path of a page of search results; `after` is the position of the page, `None` for the first.
pub(crate) fn path(query: &str, order: Order, after: Option<Cursor>) -> String {
    let mut fields = Serializer::new(String::new());
    fields.append_pair("q", query);
    if order == Order::Newest {
        fields.append_pair("order", "newest");
    }
    if let Some(after) = after {
        fields.append_pair("after", &after.to_string());
    }
    format!("{}?{}", Route::Search, fields.finish())
}

/// The path of a search's feed, with its query.
pub(crate) fn feed_path(typed: &str, format: FeedFormat) -> String {
    let mut fields = Serializer::new(String::new());
    format!("{}?{}", Route::SearchFeed(format), fields.append_pair("q", typed).finish())
}
