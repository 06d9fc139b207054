//! A statement with its values, for both databases: the one place that knows two drivers.

use std::fmt::Write;

use chrono::{DateTime, Utc};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, FromRow, PgPool, Row as _, SqlitePool};

use super::database::{Pool, Transaction};
use super::export::tables::{Cell, Column, Kind};
use super::reading::Records;

/// A value that is bound.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Text(Option<String>),
    Number(Option<i64>),
    Float(Option<f64>),
    Moment(Option<DateTime<Utc>>),
    Truth(bool),
    Json(serde_json::Value),
}

/// SQL for both databases. Its text is ours alone; whatever came from outside is a value.
#[derive(Debug, Default)]
pub(super) struct Statement {
    text: String,
    values: Vec<Value>,
}

/// A row of either database.
pub(super) trait Readable: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

impl<T> Readable for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

/// What carries a statement out: any connection, or the one that a transaction is on.
pub(super) enum Executor<'a> {
    Sqlite(&'a SqlitePool),
    SqliteWithin(&'a mut SqliteConnection),
    Postgres(&'a PgPool),
    PostgresWithin(&'a mut PgConnection),
}

impl<'a> From<&'a Pool> for Executor<'a> {
    fn from(pool: &'a Pool) -> Self {
        match pool {
            Pool::Sqlite(pool) => Self::Sqlite(pool),
            Pool::Postgres(pool) => Self::Postgres(pool),
        }
    }
}

impl<'a> From<&'a mut Transaction> for Executor<'a> {
    fn from(transaction: &'a mut Transaction) -> Self {
        match transaction {
            Transaction::Sqlite(transaction) => Self::SqliteWithin(transaction),
            Transaction::Postgres(transaction) => Self::PostgresWithin(transaction),
        }
    }
}

impl<'a> From<&'a Records> for Executor<'a> {
    fn from(records: &'a Records) -> Self {
        records.pool().into()
    }
}

/// Binds the values and says the same to whichever driver it is.
macro_rules! carry_out {
    ($statement:expr, $on:expr, $query:path, $method:ident, $result:path) => {{
        macro_rules! bound {
            ($executor:expr) => {{
                let mut query = $query(AssertSqlSafe($statement.text.as_str()));
                for value in &$statement.values {
                    query = match value {
                        Value::Text(text) => query.bind(text),
                        Value::Number(number) => query.bind(number),
                        Value::Float(number) => query.bind(number),
                        Value::Moment(moment) => query.bind(moment),
                        Value::Truth(truth) => query.bind(truth),
                        Value::Json(json) => query.bind(Json(json)),
                    };
                }
                query.$method($executor).await
            }};
        }
        match $on.into() {
            Executor::Sqlite(pool) => bound!(pool).map($result),
            Executor::SqliteWithin(connection) => bound!(connection).map($result),
            Executor::Postgres(pool) => bound!(pool).map($result),
            Executor::PostgresWithin(connection) => bound!(connection).map($result),
        }
    }};
}

impl Statement {
    pub(super) fn new(text: &str) -> Self {
        Self { text: text.to_owned(), values: Vec::new() }
    }

    /// SQL in which `$1` stands for the first of the values.
    pub(super) fn of(text: &'static str, values: impl IntoIterator<Item = Value>) -> Self {
        Self { text: text.to_owned(), values: values.into_iter().collect() }
    }

    /// Adds SQL in which each `?` stands for the next of the values.
    pub(super) fn add(&mut self, sql: &'static str, values: impl IntoIterator<Item = Value>) -> &mut Self {
        self.push(sql, values)
    }

    /// The same, for SQL that is put together of our own words.
    pub(super) fn push(&mut self, sql: &str, values: impl IntoIterator<Item = Value>) -> &mut Self {
        let mut values = values.into_iter();
        for (index, part) in sql.split('?').enumerate() {
            if index > 0 {
                self.values.push(values.next().expect("there is a value for each place"));
                write!(self.text, "${}", self.values.len()).expect("a string takes all");
            }
            self.text.push_str(part);
        }
        debug_assert!(values.next().is_none(), "there is a place for each value: {sql}");
        self
    }

    /// Carries it out; gives the number of rows that it changed.
    pub(super) async fn run<'e>(&self, on: impl Into<Executor<'e>>) -> sqlx::Result<u64> {
        carry_out!(self, on, sqlx::query, execute, Changed::from).map(|changed| changed.0)
    }

    /// All rows.
    pub(super) async fn all<'e, T: Readable>(&self, on: impl Into<Executor<'e>>) -> sqlx::Result<Vec<T>> {
        carry_out!(self, on, sqlx::query_as, fetch_all, Vec::<T>::from)
    }

    /// The first row.
    pub(super) async fn first<'e, T: Readable>(&self, on: impl Into<Executor<'e>>) -> sqlx::Result<Option<T>> {
        carry_out!(self, on, sqlx::query_as, fetch_optional, Option::<T>::from)
    }

    /// All rows, value by value.
    pub(super) async fn cells<'e>(
        &self,
        on: impl Into<Executor<'e>>,
        columns: &[Column],
    ) -> sqlx::Result<Vec<Vec<Cell>>> {
        let AnyRows(rows) = carry_out!(self, on, sqlx::query, fetch_all, AnyRows::from)?;
        rows.iter().map(|row| row.cells(columns)).collect()
    }
}

/// How many rows a statement changed.
struct Changed(u64);

impl From<sqlx::sqlite::SqliteQueryResult> for Changed {
    fn from(result: sqlx::sqlite::SqliteQueryResult) -> Self {
        Self(result.rows_affected())
    }
}

impl From<sqlx::postgres::PgQueryResult> for Changed {
    fn from(result: sqlx::postgres::PgQueryResult) -> Self {
        Self(result.rows_affected())
    }
}

/// Rows whose columns are known when they are read.
struct AnyRows(Vec<AnyRow>);

enum AnyRow {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl From<Vec<SqliteRow>> for AnyRows {
    fn from(rows: Vec<SqliteRow>) -> Self {
        Self(rows.into_iter().map(AnyRow::Sqlite).collect())
    }
}

impl From<Vec<PgRow>> for AnyRows {
    fn from(rows: Vec<PgRow>) -> Self {
        Self(rows.into_iter().map(AnyRow::Postgres).collect())
    }
}

impl AnyRow {
    fn cells(&self, columns: &[Column]) -> sqlx::Result<Vec<Cell>> {
        let cell = |(index, column): (usize, &Column)| {
            macro_rules! get {
                ($kind:ty) => {
                    match self {
                        Self::Sqlite(row) => row.try_get::<Option<$kind>, _>(index),
                        Self::Postgres(row) => row.try_get::<Option<$kind>, _>(index),
                    }
                };
            }
            Ok(match column.kind {
                Kind::Text => get!(String)?.map(Cell::Text),
                Kind::Number => get!(i64)?.map(Cell::Number),
                Kind::Float => get!(f64)?.map(Cell::Float),
                Kind::Truth => get!(bool)?.map(Cell::Truth),
                Kind::Moment => get!(DateTime<Utc>)?.map(Cell::Moment),
                Kind::Json => get!(Json<serde_json::Value>)?.map(|json| Cell::Json(json.0)),
            }
            .unwrap_or(Cell::Null))
        };
        columns.iter().enumerate().map(cell).collect()
    }
}

/// Text as both databases take it: PostgreSQL knows no NUL in a text, and a row is worth more than one character of it.
impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Some(if text.contains('\0') { text.replace('\0', "\u{FFFD}") } else { text }))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        text.clone().into()
    }
}

impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Self {
        text.map_or(Self::Text(None), Self::from)
    }
}

impl From<&Option<String>> for Value {
    fn from(text: &Option<String>) -> Self {
        text.as_deref().into()
    }
}

/// As ids are written: with hyphens, in lower case.
impl From<uuid::Uuid> for Value {
    fn from(id: uuid::Uuid) -> Self {
        id.hyphenated().to_string().into()
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(Some(number))
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        i64::from(number).into()
    }
}

/// What is past an `i64` is as much as one can say.
impl From<u64> for Value {
    fn from(number: u64) -> Self {
        i64::try_from(number).unwrap_or(i64::MAX).into()
    }
}

impl From<Option<u64>> for Value {
    fn from(number: Option<u64>) -> Self {
        number.map_or(Self::Number(None), Self::from)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Float(Some(number))
    }
}

impl From<Option<f64>> for Value {
    fn from(number: Option<f64>) -> Self {
        Self::Float(number)
    }
}

impl From<DateTime<Utc>> for Value {
    fn from(moment: DateTime<Utc>) -> Self {
        Self::Moment(Some(moment))
    }
}

impl From<Option<DateTime<Utc>>> for Value {
    fn from(moment: Option<DateTime<Utc>>) -> Self {
        Self::Moment(moment)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Truth(truth)
    }
}

impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Self {
        Self::Json(json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_numbered_in_the_order_of_their_values() {
        let mut statement = Statement::new("SELECT 1 WHERE TRUE");
        statement.add(" AND a = ?", ["x".into()]).add(" AND b BETWEEN ? AND ?", [1_i64.into(), 2_i64.into()]);
        assert_eq!(statement.text, "SELECT 1 WHERE TRUE AND a = $1 AND b BETWEEN $2 AND $3");
        assert_eq!(statement.values.len(), 3);
    }

    #[test]
    fn a_text_with_a_nul_is_kept_but_for_that() {
        assert_eq!(Value::from("a\0b"), Value::Text(Some("a\u{FFFD}b".to_owned())));
    }
}
