//! The parameters of a search: how its URL is read, and the links to other searches.

use crate::search::query::Query;
use crate::search::{Cursor, Order};
use crate::web::http::request::PageRequest;
use crate::web::paths::search;
use crate::web::view::link::Link;

/// The parameters of a search, from its URL.
pub(super) struct SearchParams {
    pub(super) typed: String,
    pub(super) query: Query,
    /// True if a part of the typed text was ignored.
    pub(super) is_short: bool,
    pub(super) order: Order,
    pub(super) after: Option<Cursor>,
}

impl SearchParams {
    pub(super) fn from_request(request: &PageRequest<'_>) -> Self {
        let typed = request.typed_query().unwrap_or_default();
        let order = match request.field("order").as_deref() {
            Some("newest") => Order::Newest,
            _ => Order::Best,
        };
        let after = request.field("after").and_then(|after| after.parse().ok());
        let (query, is_short) = Query::read(&typed);
        Self { query, is_short, typed, order, after }
    }

    /// The address of the same text in another order or on another page.
    pub(super) fn address(&self, request: &PageRequest<'_>, order: Order, after: Option<Cursor>) -> String {
        request.site.href(search::path(&self.typed, order, after))
    }

    /// A link to another query in the same order.
    pub(super) fn link(&self, request: &PageRequest<'_>, label: String, query: &Query) -> Link {
        request.site.link(label, search::path(&query.to_string(), self.order, None))
    }
}
