//! Why an index could not be read or written.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::{fmt, io};

use crate::panics;
use crate::search::index::{is_of_damage, is_of_system};

/// What went wrong with an index.
pub(super) enum Failure {
    Error(io::Error),
    /// The library stops at some bytes that make no sense.
    Panic(Box<dyn Any + Send>),
}

impl Failure {
    /// What a look at an index, or a change of it, comes to.
    pub(super) fn caught<T>(look: impl FnOnce() -> io::Result<T>) -> Result<T, Self> {
        catch_unwind(AssertUnwindSafe(look)).map_err(Self::Panic)?.map_err(Self::Error)
    }

    /// Whether it was the reader's, or the system's, rather than that the index makes no sense.
    pub(super) fn is_of_system(&self) -> bool {
        matches!(self, Self::Error(error) if is_of_system(error))
    }

    /// Whether the index surely makes no sense. One that is written may fail for many other reasons.
    pub(super) fn is_of_damage(&self) -> bool {
        match self {
            Self::Error(error) => is_of_damage(error),
            Self::Panic(_) => true,
        }
    }

    /// Passes it on.
    pub(super) fn raise<T>(self) -> io::Result<T> {
        match self {
            Self::Error(error) => Err(error),
            Self::Panic(cause) => resume_unwind(cause),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error(error) => error.fmt(f),
            Self::Panic(cause) => f.write_str(panics::text(&**cause).unwrap_or("no reason is known")),
        }
    }
}
