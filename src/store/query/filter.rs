//! Which calls are meant.

use chrono::{DateTime, Utc};

use super::found::{Found, How, of_list};
use super::matched::Words;
use crate::store::statement::Statement;

/// Whose calls may be seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Scope {
    /// Everybody's.
    #[default]
    All,
    /// Those of one business, by its name.
    Business(String),
}

impl Scope {
    /// The one business, if it is one.
    pub fn business(&self) -> Option<&str> {
        match self {
            Self::All => None,
            Self::Business(name) => Some(name),
        }
    }
}

/// Which calls are meant; what is absent does not matter. All conditions hold together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// Whose calls may be seen. Not a wish but a right.
    pub scope: Scope,
    /// Of this business.
    pub business: Option<String>,
    /// Answered at this moment or later.
    pub from: Option<DateTime<Utc>>,
    /// Answered before this moment.
    pub to: Option<DateTime<Utc>>,
    /// Part of the caller's number.
    pub caller: Option<String>,
    /// `active`, `completed` or `interrupted`.
    pub status: Option<String>,
    /// What came of it: `booked`, ….
    pub outcome: Option<String>,
    /// `positive`, `neutral` or `negative`.
    pub sentiment: Option<String>,
    /// At least as long, in milliseconds. Calls that go on have no duration.
    pub duration_ms_min: Option<i64>,
    /// At most as long.
    pub duration_ms_max: Option<i64>,
    /// Answers took at least so long on average, in milliseconds.
    pub latency_ms_min: Option<i64>,
    /// And at most so long.
    pub latency_ms_max: Option<i64>,
    /// Whole words of one line of the transcript.
    pub text: Option<String>,
    /// Whether nobody real was on the line.
    pub sandbox: Option<bool>,
}

impl Filter {
    /// Adds the conditions, each with an AND before it, about `calls c`.
    pub(super) fn add_to(&self, statement: &mut Statement, found: &Found, is_postgres: bool) {
        if let Scope::Business(name) = &self.scope {
            statement.add(" AND c.business = ?", [name.into()]);
        }
        let texts = [
            (" AND c.business = ?", &self.business),
            (" AND c.status = ?", &self.status),
            (" AND c.outcome = ?", &self.outcome),
            (" AND c.sentiment = ?", &self.sentiment),
        ];
        for (sql, text) in texts {
            if let Some(text) = text {
                statement.add(sql, [text.into()]);
            }
        }
        let numbers = [
            (" AND c.duration_ms >= ?", self.duration_ms_min),
            (" AND c.duration_ms <= ?", self.duration_ms_max),
            (" AND c.average_latency_ms >= ?", self.latency_ms_min),
            (" AND c.average_latency_ms <= ?", self.latency_ms_max),
        ];
        for (sql, number) in numbers {
            if let Some(number) = number {
                statement.add(sql, [number.into()]);
            }
        }
        for (sql, moment) in [(" AND c.start_time >= ?", self.from), (" AND c.start_time < ?", self.to)] {
            if let Some(moment) = moment {
                statement.add(sql, [moment.into()]);
            }
        }
        match (&self.caller, &found.callers) {
            (None, _) => {}
            (Some(_), How::These(calls)) => one_of(statement, calls, is_postgres),
            (Some(part), How::InTurn) => {
                let within = if is_postgres { "strpos" } else { "instr" };
                statement.push(&format!(" AND {within}(c.caller, ?) > 0"), [part.into()]);
            }
        }
        if let Some(sandbox) = self.sandbox {
            statement.add(" AND c.sandbox = ?", [sandbox.into()]);
        }
        match (self.text.as_deref().map(Words::of), &found.words) {
            (None, _) => {}
            (Some(words), _) if words.is_empty() => drop(statement.add(" AND FALSE", [])),
            (Some(_), How::These(calls)) => one_of(statement, calls, is_postgres),
            (Some(words), How::InTurn) => with_words(statement, &words, is_postgres),
        }
    }
}

fn one_of(statement: &mut Statement, calls: &String, is_postgres: bool) {
    statement.push(&format!(" AND c.id IN {}", of_list(is_postgres)), [calls.into()]);
}

/// A call whose lines have the words, looked at by itself.
fn with_words(statement: &mut Statement, words: &Words, is_postgres: bool) {
    if is_postgres {
        statement.add(
            " AND EXISTS (SELECT 1 FROM transcripts t WHERE t.call_id = c.id AND t.search @@ to_tsquery('simple', ?))",
            [(&words.tsquery("")).into()],
        );
    } else {
        // A call's lines were written one after the other, with those of other calls between: one look into the index of
        // words for all of them, and another at whose line it is.
        statement.add(
            " AND EXISTS (SELECT 1 FROM transcript_search s CROSS JOIN transcripts t ON t.written = s.rowid
               WHERE s.transcript_search MATCH ? AND t.call_id = c.id
                 AND s.rowid >= (SELECT min(written) FROM transcripts WHERE call_id = c.id)
                 AND s.rowid <= (SELECT max(written) FROM transcripts WHERE call_id = c.id))",
            [(&words.fts5("")).into()],
        );
    }
}
