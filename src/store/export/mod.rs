//! Exports: whole tables as CSV, NDJSON or Parquet, in order of time.
//!
//! An export reads calls in batches by keyset, and writes each batch out before it asks for the next, so that it takes the
//! same memory for a hundred calls and for a hundred thousand. Rows that are written meanwhile are in it or not; none is
//! in it twice.

mod csv;
mod ndjson;
mod parquet;
pub(super) mod tables;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::{Stream, stream};

use super::Records;
use super::query::{QueryError, Scope, hidden};
use super::statement::Statement;

pub use tables::What;

use tables::{Cell, Column, Private};

/// Calls whose rows are read at once.
const BATCH_CALLS: i64 = if cfg!(test) { 3 } else { 250 };

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For spreadsheets: RFC 4180, in UTF-8, with a line of names.
    Csv,
    /// A JSON object a line.
    Ndjson,
    /// Apache Parquet, compressed with Snappy.
    Parquet,
}

impl Format {
    /// Its name, which is the ending of its files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
        }
    }

    /// By its name.
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::Csv, Self::Ndjson, Self::Parquet].into_iter().find(|format| format.name() == name)
    }

    /// As it stands in `Content-Type`.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Ndjson => "application/x-ndjson",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }
}

/// What is exported, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Export {
    /// The table.
    pub what: What,
    /// How it is written.
    pub format: Format,
    /// Whose rows may be seen.
    pub scope: Scope,
    /// Of this business.
    pub business: Option<String>,
    /// Of calls answered, or appointments that begin, at this moment or later.
    pub from: Option<DateTime<Utc>>,
    /// And before this one.
    pub to: Option<DateTime<Utc>>,
    /// Whether numbers and names are whole.
    pub shows_private: bool,
}

/// A part of the file, and how many calls or appointments are in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Its bytes.
    pub bytes: Bytes,
    /// Calls, or appointments, whose rows these are.
    pub subjects: u64,
}

/// Writes rows in a format.
enum Writer {
    Csv(csv::Csv),
    Ndjson(ndjson::Ndjson),
    Parquet(Box<parquet::Parquet>),
}

impl Writer {
    fn new(format: Format, columns: &'static [Column]) -> Self {
        match format {
            Format::Csv => Self::Csv(csv::Csv::new(columns)),
            Format::Ndjson => Self::Ndjson(ndjson::Ndjson::new(columns)),
            Format::Parquet => Self::Parquet(Box::new(parquet::Parquet::new(columns))),
        }
    }

    /// What is to be written now; some of it may come later.
    fn rows(&mut self, rows: Vec<Vec<Cell>>) -> Vec<u8> {
        match self {
            Self::Csv(csv) => csv.rows(&rows),
            Self::Ndjson(ndjson) => ndjson.rows(&rows),
            Self::Parquet(parquet) => parquet.rows(rows),
        }
    }

    fn end(self) -> Vec<u8> {
        match self {
            Self::Csv(csv) => csv.end(),
            Self::Ndjson(_) => Vec::new(),
            Self::Parquet(parquet) => parquet.end(),
        }
    }
}

/// Where an export stands.
struct Standing {
    records: Records,
    export: Export,
    writer: Option<Writer>,
    /// The last subject that was read.
    last: Option<(DateTime<Utc>, String)>,
}

impl Records {
    /// The file, part by part, as fast as it is taken.
    ///
    /// # Errors
    /// In the stream, when the database cannot be read.
    pub fn export(&self, export: Export) -> impl Stream<Item = Result<Chunk, QueryError>> + Send + use<> {
        let writer = Some(Writer::new(export.format, export.what.columns()));
        let standing = Standing { records: self.clone(), export, writer, last: None };
        stream::try_unfold(
            standing,
            |mut standing| async move { Ok(standing.next().await?.map(|chunk| (chunk, standing))) },
        )
    }

    /// How many calls, or appointments, an export has in it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn export_subjects(&self, export: &Export) -> Result<u64, QueryError> {
        let mut statement = Statement::new("SELECT count(*)");
        export.add_subjects(&mut statement);
        let count: Option<(i64,)> = statement.first(self).await?;
        Ok(count.map_or(0, |(count,)| u64::try_from(count).unwrap_or(0)))
    }
}

impl Standing {
    async fn next(&mut self) -> Result<Option<Chunk>, QueryError> {
        let Some(mut writer) = self.writer.take() else { return Ok(None) };
        let subjects = self.subjects().await?;
        let Some(last) = subjects.last().cloned() else {
            return Ok(Some(Chunk { bytes: writer.end().into(), subjects: 0 }));
        };
        let rows = self.rows(&last).await?;
        self.last = Some(last);
        let bytes = writer.rows(rows).into();
        self.writer = Some(writer);
        Ok(Some(Chunk { bytes, subjects: subjects.len() as u64 }))
    }

    /// The next calls, or appointments.
    async fn subjects(&self) -> Result<Vec<(DateTime<Utc>, String)>, QueryError> {
        let time = self.export.what.time();
        let mut statement = Statement::new(&format!("SELECT {time}, c.id"));
        self.export.add_subjects(&mut statement);
        self.behind(&mut statement);
        statement.push(&format!(" ORDER BY {time}, c.id LIMIT ?"), [BATCH_CALLS.into()]);
        Ok(statement.all(&self.records).await?)
    }

    /// Their rows.
    async fn rows(&self, last: &(DateTime<Utc>, String)) -> Result<Vec<Vec<Cell>>, QueryError> {
        let (what, columns) = (self.export.what, self.export.what.columns());
        let names: Vec<String> = columns.iter().map(|column| format!("{}.{}", what.row(), column.name)).collect();
        let mut statement = Statement::new(&format!("SELECT {}", names.join(", ")));
        self.export.add_rows(&mut statement);
        self.behind(&mut statement);
        statement.push(&format!(" AND ({}, c.id) <= (?, ?)", what.time()), [last.0.into(), (&last.1).into()]);
        statement.push(&format!(" ORDER BY {}, c.id{}", what.time(), what.within()), []);
        let mut rows = statement.cells(&self.records, columns).await?;
        if !self.export.shows_private {
            rows.iter_mut().for_each(|row| hide(row, columns));
        }
        Ok(rows)
    }

    fn behind(&self, statement: &mut Statement) {
        if let Some((time, id)) = &self.last {
            statement.push(&format!(" AND ({}, c.id) > (?, ?)", self.export.what.time()), [(*time).into(), id.into()]);
        }
    }
}

impl Export {
    fn add_subjects(&self, statement: &mut Statement) {
        statement.push(&format!(" FROM {} c WHERE TRUE", self.what.subjects()), []);
        self.only(statement);
    }

    fn add_rows(&self, statement: &mut Statement) {
        statement.push(&format!(" FROM {} c{} WHERE TRUE", self.what.subjects(), self.what.joined()), []);
        self.only(statement);
    }

    fn only(&self, statement: &mut Statement) {
        let businesses = [self.scope.business(), self.business.as_deref()];
        for name in businesses.into_iter().flatten() {
            statement.add(" AND c.business = ?", [name.into()]);
        }
        let time = self.what.time();
        for (sign, moment) in [(">=", self.from), ("<", self.to)] {
            if let Some(moment) = moment {
                statement.push(&format!(" AND {time} {sign} ?"), [moment.into()]);
            }
        }
    }
}

fn hide(row: &mut [Cell], columns: &[Column]) {
    for (cell, column) in row.iter_mut().zip(columns) {
        if let (Cell::Text(text), Some(private)) = (cell, column.private) {
            *text = match private {
                Private::Number => hidden::number(text),
                Private::Name => hidden::name(text),
                Private::Answers => hidden::answers(),
            };
        }
    }
}
