//! Which calls some words were said in, or part of a number called from: found ahead, where they are few.
//!
//! A database that has to guess how rare something is guesses wrong where it matters: it reads every call until a page is
//! full, however rare, or fetches everything, however common. So it is asked first. What is rare is looked up; what is
//! common fills a page among the first calls that are looked at in turn.

use std::collections::BTreeSet;

use super::QueryError;
use super::filter::Filter;
use super::matched::Words;
use crate::store::Records;
use crate::store::statement::Statement;

/// Lines up to which some words count as rare. Fetching so many takes as long as looking at calls in turn until fifty have
/// the words, of a hundred thousand calls.
const RARE_LINES_MAX: i64 = 6_000;

/// Numbers, and calls from them, up to which a part of a number counts as rare.
const RARE_CALLERS_MAX: i64 = 1_000;
const RARE_CALLS_MAX: i64 = 2_000;

/// How the calls with something are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum How {
    /// There are many: each call is looked at in turn.
    InTurn,
    /// There are few, and they are these, by their ids as JSON.
    These(String),
}

/// What was found ahead, for a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// The calls that have its words.
    pub(super) words: How,
    /// Those whose caller has its part of a number.
    pub(super) callers: How,
}

impl Records {
    /// Looks for what a filter has to be found.
    pub(super) async fn found(&self, filter: &Filter) -> Result<Found, QueryError> {
        Ok(Found {
            words: match &filter.text {
                Some(text) => self.with_words(&Words::of(text)).await?,
                None => How::InTurn,
            },
            callers: match &filter.caller {
                Some(part) => self.with_number(part).await?,
                None => How::InTurn,
            },
        })
    }

    async fn with_words(&self, words: &Words) -> Result<How, QueryError> {
        if words.is_empty() {
            return Ok(How::InTurn);
        }
        let mut statement = Statement::default();
        let most = (RARE_LINES_MAX + 1).into();
        if self.is_postgres() {
            let lines = "SELECT call_id FROM transcripts WHERE search @@ to_tsquery('simple', ?) LIMIT ?";
            statement.add(lines, [(&words.tsquery("")).into(), most]);
        } else {
            let matches = "SELECT rowid FROM transcript_search WHERE transcript_search MATCH ?";
            let mut counting = Statement::default();
            counting.push(&format!("SELECT count(*) FROM ({matches} LIMIT ?)"), [(&words.fts5("")).into(), most]);
            let lines: Option<(i64,)> = counting.first(self).await?;
            if lines.is_some_and(|(lines,)| lines > RARE_LINES_MAX) {
                return Ok(How::InTurn);
            }
            let joined = format!("SELECT t.call_id FROM ({matches}) AS s JOIN transcripts t ON t.written = s.rowid");
            statement.push(&joined, [(&words.fts5("")).into()]);
        }
        let lines: Vec<(String,)> = statement.all(self).await?;
        Ok(these(lines, RARE_LINES_MAX))
    }

    async fn with_number(&self, part: &str) -> Result<How, QueryError> {
        let mut statement = Statement::default();
        let within = if self.is_postgres() { "strpos" } else { "instr" };
        statement.push(
            &format!("SELECT DISTINCT caller FROM calls WHERE {within}(caller, ?) > 0 LIMIT ?"),
            [part.into(), (RARE_CALLERS_MAX + 1).into()],
        );
        let callers: Vec<(String,)> = statement.all(self).await?;
        if callers.len() as i64 > RARE_CALLERS_MAX {
            return Ok(How::InTurn);
        }
        let callers: Vec<String> = callers.into_iter().map(|(caller,)| caller).collect();
        let callers = serde_json::json!(callers).to_string();
        let mut statement = Statement::new("SELECT id FROM calls WHERE caller IN ");
        statement.add(self.of_list(), [(&callers).into()]);
        let calls: Vec<(String,)> = statement.add(" LIMIT ?", [(RARE_CALLS_MAX + 1).into()]).all(self).await?;
        Ok(these(calls, RARE_CALLS_MAX))
    }

    /// The texts of a list that is one value, as JSON.
    pub(super) fn of_list(&self) -> &'static str {
        of_list(self.is_postgres())
    }
}

/// The texts of a list that is one value, as JSON.
pub(super) fn of_list(is_postgres: bool) -> &'static str {
    if is_postgres {
        "(SELECT jsonb_array_elements_text(CAST(? AS JSONB)))"
    } else {
        "(SELECT value FROM json_each(?))"
    }
}

fn these(calls: Vec<(String,)>, most: i64) -> How {
    if calls.len() as i64 > most {
        return How::InTurn;
    }
    let calls: BTreeSet<String> = calls.into_iter().map(|(call,)| call).collect();
    How::These(serde_json::json!(calls).to_string())
}
