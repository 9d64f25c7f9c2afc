//! The message of a caught panic.

use std::any::Any;

/// Returns the message of a panic, if it is a string.
pub(crate) fn text(cause: &(dyn Any + Send)) -> Option<&str> {
    cause.downcast_ref::<&str>().copied().or_else(|| cause.downcast_ref::<String>().map(String::as_str))
}
