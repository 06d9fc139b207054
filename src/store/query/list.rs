//! The list of calls.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;

use super::cursor::{Cursor, Order, Sort};
use super::filter::Filter;
use super::{PAGE_ROWS_MAX, QueryError};
use crate::store::Records;
use crate::store::statement::{Statement, Value};

/// Which page of which list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ListQuery {
    /// Which calls.
    pub filter: Filter,
    /// By what they are sorted.
    pub sort: Sort,
    /// Which end comes first.
    pub order: Order,
    /// `next` or `previous` of another page; none for the first.
    pub cursor: Option<String>,
    /// Calls on the page: 1 to [`PAGE_ROWS_MAX`].
    pub limit: u32,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Page<T> {
    /// Its rows.
    pub items: Vec<T>,
    /// The cursor of the page behind it, if there is one.
    pub next: Option<String>,
    /// The cursor of the page before it, if there may be one.
    pub previous: Option<String>,
}

/// A call as a list shows it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema, FromRow)]
pub struct CallItem {
    /// Our own id, a UUID with hyphens.
    pub id: String,
    /// The carrier's id.
    pub call_sid: String,
    /// When it was answered.
    pub start_time: DateTime<Utc>,
    /// Who called, as the carrier said it.
    pub caller: String,
    /// The business's name.
    pub business: String,
    /// How long it took; none while it goes on.
    pub duration_ms: Option<i64>,
    /// `active`, `completed` or `interrupted`.
    pub status: String,
    /// What came of it.
    pub outcome: Option<String>,
    /// How it ended.
    pub ending: Option<String>,
    /// Nobody real was on the line.
    pub sandbox: bool,
    /// `positive`, `neutral` or `negative`.
    pub sentiment: Option<String>,
    /// How long the caller waited for an answer, on average.
    pub average_latency_ms: Option<i64>,
    /// What it cost, in millionths of a US dollar.
    pub cost_micros: Option<i64>,
    /// The caller's first words.
    pub first_words: Option<String>,
}

impl Records {
    /// A page of the list of calls.
    ///
    /// # Errors
    /// [`QueryError::Wrong`] names `cursor` or `limit`; else the database cannot be read.
    pub async fn list(&self, query: &ListQuery) -> Result<Page<CallItem>, QueryError> {
        if !(1..=PAGE_ROWS_MAX).contains(&query.limit) {
            return Err(QueryError::wrong("limit", format!("write a number from 1 to {PAGE_ROWS_MAX}")));
        }
        let cursor = query.cursor.as_deref().map(|text| Cursor::read(text, query.sort, query.order)).transpose()?;
        let is_before = cursor.as_ref().is_some_and(|cursor| cursor.is_before);
        let order = if is_before { query.order.reversed() } else { query.order };
        let statement = self.page_of(query, cursor.as_ref(), order).await?;
        let mut items: Vec<CallItem> = statement.all(self).await?;
        let has_more = items.len() > query.limit as usize;
        items.truncate(query.limit as usize);
        if is_before {
            items.reverse();
        }
        let (has_next, has_previous) = if is_before { (true, has_more) } else { (has_more, cursor.is_some()) };
        let at = |item: Option<&CallItem>, is_before| {
            let item = item?;
            let cursor = Cursor { value: query.sort.value_of(item), id: item.id.clone(), is_before };
            Some(cursor.written(query.sort, query.order))
        };
        Ok(Page {
            next: at(items.last(), false).filter(|_| has_next),
            previous: at(items.first(), true).filter(|_| has_previous),
            items,
        })
    }

    /// One row more than fits: it tells whether there is another page. The inner query finds them by an index; the outer
    /// one looks up what is shown, for those rows alone.
    async fn page_of(&self, query: &ListQuery, from: Option<&Cursor>, order: Order) -> Result<Statement, QueryError> {
        let (column, way) = (query.sort.column(), if order == Order::Descending { "DESC" } else { "ASC" });
        let mut statement = Statement::new(
            "SELECT c.id, c.call_sid, c.start_time, c.caller, c.business, c.duration_ms, c.status, c.outcome, c.ending,
                    c.sandbox, c.sentiment, c.average_latency_ms,
                    (SELECT CAST(sum(micros) AS BIGINT) FROM costs WHERE call_id = c.id) AS cost_micros,
                    (SELECT substr(text, 1, 120) FROM transcripts
                     WHERE call_id = c.id AND speaker = 'caller' ORDER BY line LIMIT 1) AS first_words
             FROM (SELECT c.id FROM calls c WHERE TRUE",
        );
        if query.sort != Sort::StartTime {
            statement.push(&format!(" AND {column} IS NOT NULL"), []);
        }
        query.filter.add_to(&mut statement, &self.written(&query.filter).await?, self.is_postgres());
        if let Some(cursor) = from {
            let sign = if order == Order::Descending { "<" } else { ">" };
            let values = [query.sort.bound(cursor.value)?, (&cursor.id).into()];
            statement.push(&format!(" AND ({column}, c.id) {sign} (?, ?)"), values);
        }
        let sorted = format!(" ORDER BY {column} {way}, c.id {way} LIMIT ?) AS page");
        statement.push(&sorted, [i64::from(query.limit + 1).into()]);
        statement.push(&format!(" JOIN calls c ON c.id = page.id ORDER BY {column} {way}, c.id {way}"), []);
        Ok(statement)
    }
}

impl Sort {
    fn column(self) -> &'static str {
        match self {
            Self::StartTime => "c.start_time",
            Self::Duration => "c.duration_ms",
            Self::Latency => "c.average_latency_ms",
        }
    }

    fn value_of(self, item: &CallItem) -> i64 {
        match self {
            Self::StartTime => item.start_time.timestamp_micros(),
            Self::Duration => item.duration_ms.unwrap_or_default(),
            Self::Latency => item.average_latency_ms.unwrap_or_default(),
        }
    }

    fn bound(self, value: i64) -> Result<Value, QueryError> {
        match self {
            Self::StartTime => DateTime::from_timestamp_micros(value)
                .map(Value::from)
                .ok_or_else(|| QueryError::wrong("cursor", "take it from the page before, as it stands")),
            Self::Duration | Self::Latency => Ok(value.into()),
        }
    }
}
