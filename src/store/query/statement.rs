//! A statement that grows by conditions, with its values beside it.

use std::fmt::Write;

use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, FromRow, Row};

use crate::store::export::tables::{Cell, Column, Kind};
use crate::store::{Records, StoreError};

/// A value that is bound.
#[derive(Debug, Clone)]
pub(in crate::store) enum Value {
    Text(String),
    Number(i64),
    Moment(DateTime<Utc>),
    Truth(bool),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<DateTime<Utc>> for Value {
    fn from(moment: DateTime<Utc>) -> Self {
        Self::Moment(moment)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Truth(truth)
    }
}

/// SQL for both databases. Its text is ours alone; whatever came from outside is a value.
#[derive(Debug, Default)]
pub(in crate::store) struct Statement {
    text: String,
    values: Vec<Value>,
}

impl Statement {
    pub(in crate::store) fn new(text: &str) -> Self {
        Self { text: text.to_owned(), values: Vec::new() }
    }

    /// Adds SQL in which each `?` stands for the next of the values.
    pub(in crate::store) fn add(&mut self, sql: &'static str, values: impl IntoIterator<Item = Value>) -> &mut Self {
        self.push(sql, values)
    }

    /// The same, for SQL that is put together of our own words.
    pub(in crate::store) fn push(&mut self, sql: &str, values: impl IntoIterator<Item = Value>) -> &mut Self {
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

    /// Carries it out, for what a test needs.
    #[cfg(test)]
    pub(in crate::store) async fn done(&self, store: &crate::store::Store) {
        let mut query = sqlx::query(AssertSqlSafe(self.text.clone()));
        for value in &self.values {
            query = match value {
                Value::Text(text) => query.bind(text),
                Value::Number(number) => query.bind(number),
                Value::Moment(moment) => query.bind(moment),
                Value::Truth(truth) => query.bind(truth),
            };
        }
        query.execute(&store.database.write()).await.expect("done");
    }

    /// All rows.
    pub(in crate::store) async fn all<T>(&self, records: &Records) -> Result<Vec<T>, StoreError>
    where
        T: for<'r> FromRow<'r, SqliteRow> + Send + Unpin,
    {
        let mut query = sqlx::query_as(AssertSqlSafe(self.text.clone()));
        for value in &self.values {
            query = match value {
                Value::Text(text) => query.bind(text),
                Value::Number(number) => query.bind(number),
                Value::Moment(moment) => query.bind(moment),
                Value::Truth(truth) => query.bind(truth),
            };
        }
        Ok(query.fetch_all(records.pool()).await?)
    }

    /// All rows, value by value.
    pub(in crate::store) async fn cells(
        &self,
        records: &Records,
        columns: &[Column],
    ) -> Result<Vec<Vec<Cell>>, StoreError> {
        let mut query = sqlx::query(AssertSqlSafe(self.text.clone()));
        for value in &self.values {
            query = match value {
                Value::Text(text) => query.bind(text),
                Value::Number(number) => query.bind(number),
                Value::Moment(moment) => query.bind(moment),
                Value::Truth(truth) => query.bind(truth),
            };
        }
        let rows = query.fetch_all(records.pool()).await?;
        Ok(rows.iter().map(|row| cells(row, columns)).collect::<sqlx::Result<_>>()?)
    }

    /// The first row.
    pub(in crate::store) async fn first<T>(&self, records: &Records) -> Result<Option<T>, StoreError>
    where
        T: for<'r> FromRow<'r, SqliteRow> + Send + Unpin,
    {
        Ok(self.all(records).await?.into_iter().next())
    }
}

fn cells(row: &SqliteRow, columns: &[Column]) -> sqlx::Result<Vec<Cell>> {
    let cell = |(index, column): (usize, &Column)| {
        Ok(match column.kind {
            Kind::Text => row.try_get::<Option<String>, _>(index)?.map(Cell::Text),
            Kind::Number => row.try_get::<Option<i64>, _>(index)?.map(Cell::Number),
            Kind::Float => row.try_get::<Option<f64>, _>(index)?.map(Cell::Float),
            Kind::Truth => row.try_get::<Option<bool>, _>(index)?.map(Cell::Truth),
            Kind::Moment => row.try_get::<Option<DateTime<Utc>>, _>(index)?.map(Cell::Moment),
            Kind::Json => row.try_get::<Option<Json<serde_json::Value>>, _>(index)?.map(|json| Cell::Json(json.0)),
        }
        .unwrap_or(Cell::Null))
    };
    columns.iter().enumerate().map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_numbered_in_the_order_of_their_values() {
        let mut statement = Statement::new("SELECT 1 WHERE TRUE");
        statement.add(" AND a = ?", ["x".into()]).add(" AND b BETWEEN ? AND ?", [1.into(), 2.into()]);
        assert_eq!(statement.text, "SELECT 1 WHERE TRUE AND a = $1 AND b BETWEEN $2 AND $3");
        assert_eq!(statement.values.len(), 3);
    }
}
