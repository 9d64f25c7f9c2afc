//! Errors and panics from reading or writing an index.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::{fmt, io};

use crate::panics;
use crate::search::index::{is_of_damage, is_of_system};

pub(super) enum IndexFailure {
    Error(io::Error),
    /// Tantivy panics on some corrupt bytes.
    Panic(Box<dyn Any + Send>),
}

impl IndexFailure {
    /// Runs a read or write of an index and catches its panics.
    pub(super) fn catch<T>(look: impl FnOnce() -> io::Result<T>) -> Result<T, Self> {
        catch_unwind(AssertUnwindSafe(look)).map_err(Self::Panic)?.map_err(Self::Error)
    }

    /// Returns whether the operating system reported the error, so that the index may be intact.
    pub(super) fn is_of_system(&self) -> bool {
        matches!(self, Self::Error(error) if is_of_system(error))
    }

    /// Returns whether the failure proves that the index is damaged. A write can fail for many other reasons.
    pub(super) fn is_of_damage(&self) -> bool {
        match self {
            Self::Error(error) => is_of_damage(error),
            Self::Panic(_) => true,
        }
    }

    /// Returns the error or resumes the panic.
    pub(super) fn into_result<T>(self) -> io::Result<T> {
        match self {
            Self::Error(error) => Err(error),
            Self::Panic(cause) => resume_unwind(cause),
        }
    }
}

impl fmt::Display for IndexFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error(error) => error.fmt(f),
            Self::Panic(cause) => f.write_str(panics::text(&**cause).unwrap_or("panic without a message")),
        }
    }
}
