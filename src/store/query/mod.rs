//! Reading for analysts: lists, search, one call with everything, figures over time, appointments by day.
//!
//! Everything is asked of [`Records`](super::Records) and changes nothing. Lists are paged by keyset: the next page begins
//! behind the last row of this one, so page one thousand costs what page one does. What a person typed is a bound value,
//! never SQL and never the syntax of a search.

mod appointments;
mod cursor;
mod figures;
mod filter;
mod found;
pub mod hidden;
mod list;
mod matched;
mod messages;
mod search;
#[cfg(test)]
pub(super) mod tests;
mod whole;

use super::error::StoreError;

pub use appointments::DaySpan;
pub use cursor::{Order, Sort};
pub use figures::{Bucket, Figures, FunnelStep, Latency, Spans, Step};
pub use filter::{Filter, Scope};
pub use list::{CallItem, ListQuery, Page};
pub use matched::Piece;
pub use messages::{MessageItem, MessagesQuery};
pub use search::{SearchHit, SearchQuery};
pub use whole::{AnalyticsRecord, CostRecord, MetadataRecord, WholeCall};

/// Rows on a page at most.
pub const PAGE_ROWS_MAX: u32 = 200;

/// Why a question is not answered.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// Something that was asked for cannot be used.
    #[error("{field}: {detail}")]
    Wrong {
        /// What, by its name in the API.
        field: &'static str,
        /// What it ought to be.
        detail: String,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for QueryError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl QueryError {
    fn wrong(field: &'static str, detail: impl Into<String>) -> Self {
        Self::Wrong { field, detail: detail.into() }
    }
}
