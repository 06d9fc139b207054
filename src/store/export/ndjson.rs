//! A JSON object a line, its fields in the order of the columns.

use chrono::SecondsFormat;
use serde_json::Value;

use super::tables::{Cell, Column};

/// Writes NDJSON.
pub(super) struct Ndjson {
    columns: &'static [Column],
}

impl Ndjson {
    pub(super) fn new(columns: &'static [Column]) -> Self {
        Self { columns }
    }

    pub(super) fn rows(&self, rows: &[Vec<Cell>]) -> Vec<u8> {
        let mut lines = Vec::new();
        for row in rows {
            for (index, (column, cell)) in self.columns.iter().zip(row).enumerate() {
                let before = if index == 0 { "{" } else { "," };
                lines.extend_from_slice(format!("{before}\"{}\":{}", column.name, value(cell)).as_bytes());
            }
            lines.extend_from_slice(b"}\n");
        }
        lines
    }
}

fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Text(text) => text.clone().into(),
        Cell::Number(number) => (*number).into(),
        Cell::Float(number) => (*number).into(),
        Cell::Truth(truth) => (*truth).into(),
        Cell::Moment(moment) => moment.to_rfc3339_opts(SecondsFormat::Millis, true).into(),
        Cell::Json(json) => json.clone(),
    }
}
