//! Exports of a real database, read back.

use ::parquet::file::reader::{FileReader, SerializedFileReader};
use futures_util::TryStreamExt;
use serde_json::Value;

use super::*;
use crate::store::query::tests::{Desk, id, moment};
use crate::store::tests::place::{Place, on_both};

on_both! {
    "current_thread":
    every_table_is_written_whole_in_every_format,
    rows_come_in_order_of_time_and_each_once,
    an_export_holds_what_somebody_may_see,
    values_are_the_same_in_every_format,
}

fn of(what: What, format: Format) -> Export {
    Export { what, format, scope: Scope::All, business: None, from: None, to: None, shows_private: true }
}

async fn file(desk: &Desk, export: Export) -> Bytes {
    let chunks: Vec<Chunk> = desk.store.records().export(export.clone()).try_collect().await.expect("an export");
    let subjects: u64 = chunks.iter().map(|chunk| chunk.subjects).sum();
    assert_eq!(subjects, desk.store.records().export_subjects(&export).await.expect("a count"));
    chunks.into_iter().flat_map(|chunk| chunk.bytes).collect()
}

async fn lines(desk: &Desk, export: Export) -> Vec<Value> {
    let file = file(desk, Export { format: Format::Ndjson, ..export }).await;
    let text = std::str::from_utf8(&file).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect("an object")).collect()
}

async fn every_table_is_written_whole_in_every_format(place: Place) {
    let desk = Desk::with(place, 7).await;
    for (what, rows) in What::ALL.into_iter().zip([7, 14, 7, 21, 0, 7, 14]) {
        let csv = file(&desk, of(what, Format::Csv)).await;
        let mut csv = ::csv::Reader::from_reader(&csv[..]);
        assert_eq!(csv.headers().expect("names").len(), what.columns().len(), "{what:?}");
        assert_eq!(csv.records().filter_map(Result::ok).count(), rows, "{what:?}");
        assert_eq!(lines(&desk, of(what, Format::Ndjson)).await.len(), rows, "{what:?}");
        let parquet = SerializedFileReader::new(file(&desk, of(what, Format::Parquet)).await).expect("a file");
        assert_eq!(parquet.metadata().file_metadata().num_rows(), rows as i64, "{what:?}");
        assert_eq!(parquet.get_row_iter(None).expect("rows").filter_map(Result::ok).count(), rows, "{what:?}");
        if rows > 0 {
            assert!(parquet.num_row_groups() > 1, "{what:?}: groups are bounded");
        }
    }
}

async fn rows_come_in_order_of_time_and_each_once(place: Place) {
    let desk = Desk::with(place, 7).await;
    let ids: Vec<_> =
        lines(&desk, of(What::Calls, Format::Ndjson)).await.iter().map(|call| call["id"].clone()).collect();
    assert_eq!(ids, (0..7).map(id).collect::<Vec<_>>());
    let between = Export { from: Some(moment(2)), to: Some(moment(4)), ..of(What::Transcripts, Format::Ndjson) };
    let said: Vec<_> =
        lines(&desk, between).await.iter().map(|line| (line["call_id"].clone(), line["line"].clone())).collect();
    assert_eq!(said, [(id(2), 0), (id(2), 1), (id(3), 0), (id(3), 1)].map(|(id, line)| (id.into(), line.into())));
}

async fn an_export_holds_what_somebody_may_see(place: Place) {
    let desk = Desk::with(place, 7).await;
    let theirs =
        Export { scope: Scope::Business("Salon".to_owned()), shows_private: false, ..of(What::Calls, Format::Ndjson) };
    let callers: Vec<_> = lines(&desk, theirs.clone()).await.iter().map(|call| call["caller"].clone()).collect();
    assert_eq!(callers, ["••••••••••02", "••••••••••05"]);
    let others = Export { business: Some("Barbers".to_owned()), what: What::Costs, ..theirs };
    assert!(lines(&desk, others).await.is_empty());
}

async fn values_are_the_same_in_every_format(place: Place) {
    let desk = Desk::with(place, 1).await;
    let csv = file(&desk, of(What::Calls, Format::Csv)).await;
    let row = ::csv::Reader::from_reader(&csv[..]).records().next().expect("one").expect("a row");
    let value = |name| &row[What::Calls.columns().iter().position(|column| column.name == name).expect("a column")];
    assert_eq!((value("caller"), value("start_time")), ("'+15550000000", "2026-11-21T12:00:00.000Z"));
    assert_eq!((value("duration_ms"), value("sandbox"), value("agent")), ("60000", "true", ""));
    let parquet = SerializedFileReader::new(file(&desk, of(What::Calls, Format::Parquet)).await).expect("a file");
    let row = parquet.get_row_iter(None).expect("rows").next().expect("one").expect("a row");
    let line = &lines(&desk, of(What::Calls, Format::Ndjson)).await[0];
    for (name, field) in row.get_column_iter().filter(|(name, _)| !name.ends_with("_time")) {
        assert_eq!(line[name].to_string(), field.to_string(), "{name}");
    }
}
