//! Parquet, column by column, in row groups of a bounded size.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use parquet::basic::Compression;
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::tables::{Cell, Column, Kind};

/// Rows that are collected for a row group, give or take a batch. All of them are in memory.
const GROUP_ROWS: usize = if cfg!(test) { 4 } else { 16_384 };

const MEMORY: &str = "memory takes all, and every cell is of its column's kind";

/// Writes Parquet.
pub(super) struct Parquet {
    columns: &'static [Column],
    writer: SerializedFileWriter<Pipe>,
    pipe: Pipe,
    rows: Vec<Vec<Cell>>,
}

impl Parquet {
    pub(super) fn new(columns: &'static [Column]) -> Self {
        let fields: String = columns
            .iter()
            .map(|column| format!("optional {} {}; ", type_of(column.kind).0, described(column)))
            .collect();
        let schema = parse_message_type(&format!("message rows {{ {fields}}}")).expect("every column has a type");
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let pipe = Pipe::default();
        let writer = SerializedFileWriter::new(pipe.clone(), Arc::new(schema), Arc::new(properties)).expect(MEMORY);
        Self { columns, writer, pipe, rows: Vec::new() }
    }

    pub(super) fn rows(&mut self, rows: Vec<Vec<Cell>>) -> Vec<u8> {
        self.rows.extend(rows);
        if self.rows.len() >= GROUP_ROWS {
            self.group();
        }
        self.pipe.take()
    }

    pub(super) fn end(mut self) -> Vec<u8> {
        if !self.rows.is_empty() {
            self.group();
        }
        let Self { writer, pipe, .. } = self;
        writer.close().expect(MEMORY);
        pipe.take()
    }

    fn group(&mut self) {
        let rows = std::mem::take(&mut self.rows);
        let mut group = self.writer.next_row_group().expect(MEMORY);
        for index in 0..self.columns.len() {
            let mut column = group.next_column().expect(MEMORY).expect("as many as there are");
            write(column.untyped(), rows.iter().map(|row| &row[index]));
            column.close().expect(MEMORY);
        }
        group.close().expect(MEMORY);
    }
}

/// The physical type of a kind, and what it means.
fn type_of(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Text => ("binary", " (STRING)"),
        Kind::Json => ("binary", " (JSON)"),
        Kind::Number => ("int64", ""),
        Kind::Moment => ("int64", " (TIMESTAMP(MICROS,true))"),
        Kind::Float => ("double", ""),
        Kind::Truth => ("boolean", ""),
    }
}

fn described(column: &Column) -> String {
    format!("{}{}", column.name, type_of(column.kind).1)
}

/// Values that are there, and for every row whether one is.
fn write<'a>(column: &mut ColumnWriter<'_>, cells: impl Iterator<Item = &'a Cell> + Clone) {
    let levels: Vec<i16> = cells.clone().map(|cell| i16::from(*cell != Cell::Null)).collect();
    let written = match column {
        ColumnWriter::BoolColumnWriter(writer) => {
            let values: Vec<bool> =
                cells.filter_map(|cell| if let Cell::Truth(truth) = cell { Some(*truth) } else { None }).collect();
            writer.write_batch(&values, Some(&levels), None)
        }
        ColumnWriter::DoubleColumnWriter(writer) => {
            let values: Vec<f64> =
                cells.filter_map(|cell| if let Cell::Float(number) = cell { Some(*number) } else { None }).collect();
            writer.write_batch(&values, Some(&levels), None)
        }
        ColumnWriter::Int64ColumnWriter(writer) => {
            let values: Vec<i64> = cells
                .filter_map(|cell| match cell {
                    Cell::Number(number) => Some(*number),
                    Cell::Moment(moment) => Some(moment.timestamp_micros()),
                    _ => None,
                })
                .collect();
            writer.write_batch(&values, Some(&levels), None)
        }
        ColumnWriter::ByteArrayColumnWriter(writer) => {
            let values: Vec<ByteArray> = cells
                .filter_map(|cell| match cell {
                    Cell::Text(text) => Some(text.as_str().into()),
                    Cell::Json(json) => Some(json.to_string().into_bytes().into()),
                    _ => None,
                })
                .collect();
            writer.write_batch(&values, Some(&levels), None)
        }
        _ => unreachable!("no column has another type"),
    };
    written.expect(MEMORY);
}

/// What the writer has written and nobody has taken yet.
#[derive(Clone, Default)]
struct Pipe(Arc<Mutex<Vec<u8>>>);

impl Pipe {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
