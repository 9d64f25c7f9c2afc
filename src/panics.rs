//! What is known of a panic that was caught.

use std::any::Any;

/// What a panic said, if it did in words.
pub(crate) fn text(cause: &(dyn Any + Send)) -> Option<&str> {
    cause.downcast_ref::<&str>().copied().or_else(|| cause.downcast_ref::<String>().map(String::as_str))
}
