//! CSV, as spreadsheets read it.

use chrono::SecondsFormat;
use csv::{Terminator, WriterBuilder};

use super::tables::{Cell, Column};

/// Writes CSV.
pub(super) struct Csv {
    columns: &'static [Column],
    has_begun: bool,
}

impl Csv {
    pub(super) fn new(columns: &'static [Column]) -> Self {
        Self { columns, has_begun: false }
    }

    pub(super) fn rows(&mut self, rows: &[Vec<Cell>]) -> Vec<u8> {
        let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
        let memory = "memory takes all, and rows are as long as their names";
        if !std::mem::replace(&mut self.has_begun, true) {
            writer.write_record(self.columns.iter().map(|column| column.name)).expect(memory);
        }
        for row in rows {
            writer.write_record(row.iter().map(field)).expect(memory);
        }
        writer.into_inner().expect(memory)
    }

    pub(super) fn end(mut self) -> Vec<u8> {
        if self.has_begun { Vec::new() } else { self.rows(&[]) }
    }
}

fn field(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Text(text) => harmless(text.clone()),
        Cell::Number(number) => number.to_string(),
        Cell::Float(number) => number.to_string(),
        Cell::Truth(truth) => truth.to_string(),
        Cell::Moment(moment) => moment.to_rfc3339_opts(SecondsFormat::Millis, true),
        Cell::Json(json) => json.to_string(),
    }
}

/// A text that begins like a formula is carried out as one by spreadsheets; callers' words are data. An apostrophe before
/// it has them take it for text (owasp.org, "CSV Injection").
fn harmless(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_never_formulas_and_numbers_stay_numbers() {
        for text in ["=1+1", "+15550001234", "-1", "@SUM(A1)", "\tx", "\r=x"] {
            assert_eq!(field(&Cell::Text(text.to_owned())), format!("'{text}"));
        }
        assert_eq!(field(&Cell::Text("a=b".to_owned())), "a=b");
        assert_eq!((field(&Cell::Number(-5)), field(&Cell::Float(-0.5))), ("-5".to_owned(), "-0.5".to_owned()));
    }
}
