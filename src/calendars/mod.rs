//! Appointments as calendar programs know them (iCalendar, RFC 5545): ours for them, and theirs for us.

mod busy;
mod feed;
mod token;

pub use busy::{NotACalendar, Span, busy};
pub use feed::{Entry, feed};
pub use token::Token;
