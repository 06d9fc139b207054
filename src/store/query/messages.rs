//! What callers left for the business: messages, and promises to call back.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use sqlx::FromRow;

use super::QueryError;
use super::filter::Scope;
use crate::store::Records;
use crate::store::statement::Statement;

/// Messages that are read at once at most.
const MESSAGES_MAX: i64 = 500;

/// Which messages are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessagesQuery {
    /// Whose may be seen.
    pub scope: Scope,
    /// Of this business.
    pub business: Option<String>,
    /// Those that somebody has still to see to, or those that somebody has.
    pub open: Option<bool>,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MessageItem {
    /// The call it was left in.
    pub call_id: String,
    /// For whom.
    pub business: String,
    /// When it was written down last.
    pub at: DateTime<Utc>,
    /// Who; may be empty.
    pub name: String,
    /// How to reach them; may be empty.
    pub phone: String,
    /// The caller's words; empty where they are only to be called back.
    pub text: String,
    /// When somebody saw to it.
    pub done_at: Option<DateTime<Utc>>,
}

#[derive(FromRow)]
struct Row {
    call_id: String,
    business: String,
    start_time: DateTime<Utc>,
    at_ms: i64,
    name: String,
    phone: String,
    text: String,
    done_at: Option<DateTime<Utc>>,
}

impl Records {
    /// The newest messages first, no more than 500.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn messages(&self, query: &MessagesQuery) -> Result<Vec<MessageItem>, QueryError> {
        let mut statement = Statement::new(
            "SELECT m.call_id, c.business, c.start_time, m.at_ms, m.name, m.phone, m.text, m.done_at
             FROM messages m JOIN calls c ON c.id = m.call_id WHERE TRUE",
        );
        let scope = match &query.scope {
            Scope::Business(name) => Some(name),
            Scope::All => None,
        };
        for name in scope.into_iter().chain(&query.business) {
            statement.add(" AND c.business = ?", [name.into()]);
        }
        match query.open {
            Some(true) => statement.add(" AND m.done_at IS NULL", []),
            Some(false) => statement.add(" AND m.done_at IS NOT NULL", []),
            None => &mut statement,
        };
        statement.add(" ORDER BY c.start_time DESC, m.call_id DESC LIMIT ?", [MESSAGES_MAX.into()]);
        let rows: Vec<Row> = statement.all(self).await?;
        Ok(rows.into_iter().map(MessageItem::from).collect())
    }
}

impl From<Row> for MessageItem {
    fn from(row: Row) -> Self {
        let Row { call_id, business, start_time, at_ms, name, phone, text, done_at } = row;
        let at = start_time + TimeDelta::milliseconds(at_ms.clamp(0, i64::from(i32::MAX)));
        Self { call_id, business, at, name, phone, text, done_at }
    }
}
