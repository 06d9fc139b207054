//! The list of calls.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;
use sqlx::FromRow;
use utoipa::ToSchema;

use super::cursor::{Cursor, Order, Sort};
use super::filter::Filter;
use super::found::{Found, How};
use super::matched::Words;
use super::{PAGE_ROWS_MAX, QueryError};
use crate::store::Records;
use crate::store::statement::{Statement, Value};

/// Calls whose lines are read at once, looking for words.
const IN_TURN_MAX: usize = 1_000;

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

/// A call as it is met in a list's order, with all that a list may be sorted by.
#[derive(FromRow)]
struct Met {
    id: String,
    start_time: DateTime<Utc>,
    duration_ms: Option<i64>,
    average_latency_ms: Option<i64>,
}

/// Where a list goes on.
pub(super) struct Way {
    pub(super) sort: Sort,
    pub(super) order: Order,
    pub(super) from: Option<Cursor>,
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
        let (is_before, has_cursor) = (cursor.as_ref().is_some_and(|cursor| cursor.is_before), cursor.is_some());
        let order = if is_before { query.order.reversed() } else { query.order };
        let way = Way { sort: query.sort, order, from: cursor };
        // One more than fits tells whether there is another page.
        let found = self.found(&query.filter).await?;
        let mut calls = self.calls_of(&query.filter, &found, way, query.limit as usize + 1).await?;
        let has_more = calls.len() > query.limit as usize;
        calls.truncate(query.limit as usize);
        let items = self.shown(&calls, query.sort, query.order).await?;
        let (has_next, has_previous) = if is_before { (true, has_more) } else { (has_more, has_cursor) };
        let at = |item: Option<&CallItem>, is_before| {
            let item = item?;
            let value = query.sort.value_of(item.start_time, item.duration_ms, item.average_latency_ms);
            Some(Cursor { value, id: item.id.clone(), is_before }.written(query.sort, query.order))
        };
        Ok(Page {
            next: at(items.last(), false).filter(|_| has_next),
            previous: at(items.first(), true).filter(|_| has_previous),
            items,
        })
    }

    /// The ids of so many calls of a filter. Where its words are common, calls are looked at in turn until enough have them.
    pub(super) async fn calls_of(
        &self,
        filter: &Filter,
        found: &Found,
        mut way: Way,
        wanted: usize,
    ) -> Result<Vec<String>, QueryError> {
        let words = filter.text.as_deref().map(Words::of).filter(|words| !words.is_empty());
        let Some(words) = words.filter(|_| found.words == How::InTurn) else {
            let met = self.meet(filter, found, &way, wanted).await?;
            return Ok(met.into_iter().map(|met| met.id).collect());
        };
        let filter = Filter { text: None, ..filter.clone() };
        let (mut calls, mut at_once) = (Vec::new(), wanted * 2);
        loop {
            let met = self.meet(&filter, found, &way, at_once).await?;
            let is_last = met.len() < at_once;
            way.from = met.last().map(|met| met.cursor(way.sort));
            let ids: Vec<String> = met.into_iter().map(|met| met.id).collect();
            let have = self.that_have(&words, &ids).await?;
            calls.extend(ids.into_iter().filter(|id| have.contains(id)).take(wanted - calls.len()));
            if is_last || calls.len() >= wanted {
                return Ok(calls);
            }
            at_once = (at_once * 2).min(IN_TURN_MAX);
        }
    }

    /// The next calls on the way, found by an index alone.
    async fn meet(&self, filter: &Filter, found: &Found, way: &Way, wanted: usize) -> Result<Vec<Met>, QueryError> {
        let (column, direction) = (way.sort.column(), way.order.sql());
        let mut statement =
            Statement::new("SELECT c.id, c.start_time, c.duration_ms, c.average_latency_ms FROM calls c WHERE TRUE");
        if way.sort != Sort::StartTime {
            statement.push(&format!(" AND {column} IS NOT NULL"), []);
        }
        filter.add_to(&mut statement, found, self.is_postgres());
        if let Some(from) = &way.from {
            let sign = if way.order == Order::Descending { "<" } else { ">" };
            let values = [way.sort.bound(from.value)?, (&from.id).into()];
            statement.push(&format!(" AND ({column}, c.id) {sign} (?, ?)"), values);
        }
        let sorted = format!(" ORDER BY {column} {direction}, c.id {direction} LIMIT ?");
        Ok(statement.push(&sorted, [(wanted as i64).into()]).all(self).await?)
    }

    /// Which of these calls have all of the words in one line.
    async fn that_have(&self, words: &Words, calls: &[String]) -> Result<HashSet<String>, QueryError> {
        let mut statement = Statement::new("SELECT call_id, text FROM transcripts WHERE call_id IN ");
        statement.add(self.of_list(), [(&json!(calls).to_string()).into()]);
        let lines: Vec<(String, String)> = statement.all(self).await?;
        Ok(lines.into_iter().filter(|(_, text)| words.are_in(text)).map(|(call, _)| call).collect())
    }

    /// Calls with all that a list shows of them, in its order.
    async fn shown(&self, calls: &[String], sort: Sort, order: Order) -> Result<Vec<CallItem>, QueryError> {
        let mut statement = Statement::new(
            "SELECT c.id, c.call_sid, c.start_time, c.caller, c.business, c.duration_ms, c.status, c.outcome, c.ending,
                    c.sandbox, c.sentiment, c.average_latency_ms,
                    (SELECT CAST(sum(micros) AS BIGINT) FROM costs WHERE call_id = c.id) AS cost_micros,
                    (SELECT substr(text, 1, 120) FROM transcripts
                     WHERE call_id = c.id AND speaker = 'caller' ORDER BY line LIMIT 1) AS first_words
             FROM calls c WHERE c.id IN ",
        );
        statement.add(self.of_list(), [(&json!(calls).to_string()).into()]);
        let (column, direction) = (sort.column(), order.sql());
        let sorted = format!(" ORDER BY {column} {direction}, c.id {direction}");
        Ok(statement.push(&sorted, []).all(self).await?)
    }
}

impl Met {
    fn cursor(&self, sort: Sort) -> Cursor {
        let value = sort.value_of(self.start_time, self.duration_ms, self.average_latency_ms);
        Cursor { value, id: self.id.clone(), is_before: false }
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

    fn value_of(self, start_time: DateTime<Utc>, duration_ms: Option<i64>, average_latency_ms: Option<i64>) -> i64 {
        match self {
            Self::StartTime => start_time.timestamp_micros(),
            Self::Duration => duration_ms.unwrap_or_default(),
            Self::Latency => average_latency_ms.unwrap_or_default(),
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
