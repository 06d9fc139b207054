//! Full-text search over transcripts.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;

use super::filter::{Filter, Written};
use super::matched::{Piece, Words};
use super::{PAGE_ROWS_MAX, Page, QueryError};
use crate::store::Records;
use crate::store::statement::Statement;

/// Lines up to which some words count as rare; past that it costs less to look at calls in turn than to fetch all lines.
const RARE_LINES_MAX: i64 = 2_000;

/// What is searched for, and where.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SearchQuery {
    /// Words that stand in one line, in any order; the last one may be the beginning of a word.
    pub text: String,
    /// In which calls; its own `text` is not asked.
    pub filter: Filter,
    /// `next` of another page; none for the first.
    pub cursor: Option<String>,
    /// Lines on the page: 1 to [`PAGE_ROWS_MAX`].
    pub limit: u32,
}

/// A line that has the words.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SearchHit {
    /// The call, by our own id.
    pub call_id: String,
    /// The line within it.
    pub line: i64,
    /// `caller` or `assistant`.
    pub speaker: String,
    /// When it began, in milliseconds of the call.
    pub start_ms: i64,
    /// When the call was answered.
    pub start_time: DateTime<Utc>,
    /// Who called.
    pub caller: String,
    /// The business's name.
    pub business: String,
    /// What came of the call.
    pub outcome: Option<String>,
    /// The words and what stands around them.
    pub snippet: Vec<Piece>,
}

#[derive(FromRow)]
struct HitRow {
    written: i64,
    call_id: String,
    line: i64,
    speaker: String,
    start_ms: i64,
    text: String,
    start_time: DateTime<Utc>,
    caller: String,
    business: String,
    outcome: Option<String>,
}

impl Records {
    /// A page of the lines that have the words, those written last first.
    ///
    /// # Errors
    /// [`QueryError::Wrong`] names `q`, `cursor` or `limit`; else the database cannot be read.
    pub async fn search(&self, query: &SearchQuery) -> Result<Page<SearchHit>, QueryError> {
        if !(1..=PAGE_ROWS_MAX).contains(&query.limit) {
            return Err(QueryError::wrong("limit", format!("write a number from 1 to {PAGE_ROWS_MAX}")));
        }
        let words = Words::of(&query.text);
        if words.is_empty() {
            return Err(QueryError::wrong("q", "write at least one word of letters or digits"));
        }
        let before = query.cursor.as_deref().map(read_cursor).transpose()?;
        let mut rows: Vec<HitRow> = self.hits(query, &words, before).all(self).await?;
        let has_more = rows.len() > query.limit as usize;
        rows.truncate(query.limit as usize);
        let next = rows.last().filter(|_| has_more).map(|row| format!("{:x}", row.written));
        let items = rows.into_iter().map(|row| row.shown(&words)).collect();
        Ok(Page { items, next, previous: None })
    }

    fn hits(&self, query: &SearchQuery, words: &Words, before: Option<i64>) -> Statement {
        let columns = "SELECT t.written, t.call_id, t.line, t.speaker, t.start_ms, t.text, c.start_time, c.caller,
                              c.business, c.outcome";
        let joined = "JOIN calls c ON c.id = t.call_id";
        let mut statement = Statement::new(columns);
        let row = if self.is_postgres() {
            statement.push(&format!(" FROM transcripts t {joined}"), []);
            statement.add(" WHERE t.search @@ to_tsquery('simple', ?)", [(&words.tsquery(":*")).into()]);
            "t.written"
        } else {
            // CROSS keeps the index of words outermost: it gives its rows in order, and stops at the limit.
            statement.push(
                &format!(" FROM transcript_search s CROSS JOIN transcripts t ON t.written = s.rowid {joined}"),
                [],
            );
            statement.add(" WHERE s.transcript_search MATCH ?", [(&words.fts5("*")).into()]);
            "s.rowid"
        };
        let filter = Filter { text: None, ..query.filter.clone() };
        let written = if self.is_postgres() { Written::Postgres } else { Written::SqliteCommon };
        filter.add_to(&mut statement, &written);
        if let Some(before) = before {
            statement.push(&format!(" AND {row} < ?"), [before.into()]);
        }
        statement.push(&format!(" ORDER BY {row} DESC LIMIT ?"), [i64::from(query.limit + 1).into()]);
        statement
    }

    /// How the lines of a filter's words are best found.
    pub(super) async fn written(&self, filter: &Filter) -> Result<Written, QueryError> {
        if self.is_postgres() {
            return Ok(Written::Postgres);
        }
        let words = Words::of(filter.text.as_deref().unwrap_or_default());
        if words.is_empty() {
            return Ok(Written::SqliteCommon);
        }
        let mut statement = Statement::default();
        statement.add(
            "SELECT rowid FROM transcript_search WHERE transcript_search MATCH ? LIMIT ?",
            [(&words.fts5("")).into(), (RARE_LINES_MAX + 1).into()],
        );
        let lines: Vec<(i64,)> = statement.all(self).await?;
        if lines.len() as i64 > RARE_LINES_MAX {
            return Ok(Written::SqliteCommon);
        }
        let lines: Vec<String> = lines.into_iter().map(|(line,)| line.to_string()).collect();
        Ok(Written::SqliteRare(format!("[{}]", lines.join(","))))
    }
}

fn read_cursor(text: &str) -> Result<i64, QueryError> {
    let no = || QueryError::wrong("cursor", "take it from the page before, as it stands");
    i64::from_str_radix(text, 16).map_err(|_| no())
}

impl HitRow {
    fn shown(self, words: &Words) -> SearchHit {
        SearchHit {
            snippet: words.snippet(&self.text),
            call_id: self.call_id,
            line: self.line,
            speaker: self.speaker,
            start_ms: self.start_ms,
            start_time: self.start_time,
            caller: self.caller,
            business: self.business,
            outcome: self.outcome,
        }
    }
}
