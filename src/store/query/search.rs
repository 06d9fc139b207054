//! Full-text search over transcripts.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;

use super::filter::Filter;
use super::found::Found;
use super::matched::{Piece, Words};
use super::{PAGE_ROWS_MAX, Page, QueryError};
use crate::store::Records;
use crate::store::statement::Statement;

/// Lines up to which some words count as rare; past that it costs less to look at calls in turn than to fetch all lines.
const RARE_LINES_MAX: i64 = 2_000;

/// The latest lines, among which common words are looked for first.
const RECENT_LINES: i64 = 20_000;

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

/// Among which lines to look; only PostgreSQL is told.
#[derive(Debug, PartialEq, Eq)]
enum Among {
    All,
    Recent,
    /// As JSON.
    These(String),
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
        let found = self.found(&Filter { text: None, ..query.filter.clone() }).await?;
        let mut rows: Vec<HitRow> = match self.is_postgres() {
            false => self.hits(query, &words, &Among::All, &found, before).all(self).await?,
            true => self.hits_in_postgres(query, &words, &found, before).await?,
        };
        let has_more = rows.len() > query.limit as usize;
        rows.truncate(query.limit as usize);
        let next = rows.last().filter(|_| has_more).map(|row| format!("{:x}", row.written));
        let items = rows.into_iter().map(|row| row.shown(&words)).collect();
        Ok(Page { items, next, previous: None })
    }

    /// PostgreSQL would read all lines from the last one on until it has a page of them, however rare they are, or every line
    /// that has the words, however common. Common words fill a page among the latest lines; rare ones are looked up.
    async fn hits_in_postgres(
        &self,
        query: &SearchQuery,
        words: &Words,
        found: &Found,
        before: Option<i64>,
    ) -> Result<Vec<HitRow>, QueryError> {
        let recent: Vec<HitRow> = self.hits(query, words, &Among::Recent, found, before).all(self).await?;
        if recent.len() > query.limit as usize {
            return Ok(recent);
        }
        let among = self.rare_lines(words).await?.map_or(Among::All, Among::These);
        Ok(self.hits(query, words, &among, found, before).all(self).await?)
    }

    /// The lines that have the words, as JSON, where they are few.
    async fn rare_lines(&self, words: &Words) -> Result<Option<String>, QueryError> {
        let mut statement = Statement::default();
        statement.add(
            "SELECT written FROM transcripts WHERE search @@ to_tsquery('simple', ?) LIMIT ?",
            [(&words.tsquery(":*")).into(), (RARE_LINES_MAX + 1).into()],
        );
        let lines: Vec<(i64,)> = statement.all(self).await?;
        let lines: Vec<i64> = lines.into_iter().map(|(line,)| line).collect();
        Ok((lines.len() as i64 <= RARE_LINES_MAX).then(|| serde_json::json!(lines).to_string()))
    }

    fn hits(&self, query: &SearchQuery, words: &Words, among: &Among, found: &Found, before: Option<i64>) -> Statement {
        let columns = "SELECT t.written, t.call_id, t.line, t.speaker, t.start_ms, t.text, c.start_time, c.caller,
                              c.business, c.outcome";
        let joined = "JOIN calls c ON c.id = t.call_id";
        let mut statement = Statement::new(columns);
        if self.is_postgres() {
            if *among == Among::Recent {
                statement.add(" FROM (SELECT * FROM transcripts WHERE TRUE", []);
                if let Some(before) = before {
                    statement.add(" AND written < ?", [before.into()]);
                }
                statement.add(" ORDER BY written DESC LIMIT ?) t ", [RECENT_LINES.into()]);
            } else {
                statement.add(" FROM transcripts t ", []);
            }
            statement.push(joined, []);
            statement.add(" WHERE t.search @@ to_tsquery('simple', ?)", [(&words.tsquery(":*")).into()]);
            if let Among::These(lines) = among {
                let these = " AND t.written IN (SELECT CAST(jsonb_array_elements_text(CAST(? AS JSONB)) AS BIGINT))";
                statement.add(these, [lines.into()]);
            }
        } else {
            // CROSS keeps the index of words outermost: it gives its rows in order, and stops at the limit.
            statement.push(
                &format!(" FROM transcript_search s CROSS JOIN transcripts t ON t.written = s.rowid {joined}"),
                [],
            );
            statement.add(" WHERE s.transcript_search MATCH ?", [(&words.fts5("*")).into()]);
        }
        let row = if self.is_postgres() { "t.written" } else { "s.rowid" };
        let filter = Filter { text: None, ..query.filter.clone() };
        filter.add_to(&mut statement, found, self.is_postgres());
        if let Some(before) = before {
            statement.push(&format!(" AND {row} < ?"), [before.into()]);
        }
        statement.push(&format!(" ORDER BY {row} DESC LIMIT ?"), [i64::from(query.limit + 1).into()]);
        statement
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
