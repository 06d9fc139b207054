use std::fs;

use engine::audio::format::Format;
use tempfile::TempDir;

use super::super::phrase::tests::who;
use super::*;

fn open(folder: &TempDir, bytes_max: u64) -> Shelf {
    Shelf::open(folder.path(), bytes_max, Arc::new(|_| ())).expect("a folder of our own")
}

fn whole(text: &str, len: usize) -> Whole {
    let ask = Ask { who: who("v"), text: text.into(), format: Format::Mulaw };
    Whole::new(ask, vec![text.as_bytes()[0]; len].into(), 7)
}

fn key(text: &str) -> Key {
    Key::new(&who("v"), text, Format::Mulaw)
}

fn object(folder: &TempDir, text: &str) -> PathBuf {
    path_of(folder.path(), key(text), &whole(text, 1).record)
}

#[tokio::test]
async fn what_was_put_away_is_there_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let shelf = open(&folder, 10_000);
    shelf.put(whole("a", 100));
    shelf.flush().await;
    drop(shelf);
    let shelf = reopened(&folder).await;
    assert_eq!(shelf.get(key("a")).await, Sought::Whole(whole("a", 100)));
    assert_eq!(shelf.get(key("b")).await, Sought::Missing);
    assert_eq!(shelf.bytes(), 100);
}

/// The writer lets go of the folder once it has seen that nobody else has it.
async fn reopened(folder: &TempDir) -> Shelf {
    let path = folder.path().to_owned();
    let opened = tokio::task::spawn_blocking(move || Shelf::open(&path, 10_000, Arc::new(|_| ()))).await;
    opened.expect("no panic").expect("the writer ends")
}

#[tokio::test]
async fn a_file_that_was_cut_changed_or_taken_is_never_played() {
    let folder = tempfile::tempdir().expect("a folder");
    let shelf = open(&folder, 10_000);
    for text in ["a", "b", "c"] {
        shelf.put(whole(text, 100));
    }
    shelf.flush().await;
    fs::write(object(&folder, "a"), [b'a'; 99]).expect("written");
    fs::write(object(&folder, "b"), [b'x'; 100]).expect("written");
    fs::remove_file(object(&folder, "c")).expect("removed");
    for text in ["a", "b", "c"] {
        assert_eq!(shelf.get(key(text)).await, Sought::Damaged(whole(text, 1).record.ask.clone()), "{text}");
        assert_eq!(shelf.get(key(text)).await, Sought::Missing, "{text}");
    }
    shelf.flush().await;
    assert!(!object(&folder, "a").exists() && shelf.bytes() == 0);
}

#[tokio::test]
async fn the_folder_keeps_its_bound_and_the_phrase_not_used_longest_goes() {
    let folder = tempfile::tempdir().expect("a folder");
    let shelf = open(&folder, 300);
    for text in ["a", "b", "c"] {
        shelf.put(whole(text, 100));
    }
    shelf.flush().await;
    assert_eq!(shelf.get(key("a")).await, Sought::Whole(whole("a", 100)));
    shelf.put(whole("d", 150));
    shelf.put(whole("e", 301));
    shelf.flush().await;
    assert_eq!(shelf.bytes(), 250);
    assert!(object(&folder, "a").exists() && object(&folder, "d").exists());
    assert!(!object(&folder, "b").exists() && !object(&folder, "c").exists() && !object(&folder, "e").exists());
}

#[tokio::test]
async fn half_a_line_and_files_that_nobody_knows_are_passed_over_at_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let shelf = open(&folder, 10_000);
    shelf.put(whole("a", 100));
    shelf.flush().await;
    drop(shelf);
    let index = folder.path().join("index.jsonl");
    let mut text = fs::read(&index).expect("an index");
    text.extend_from_slice(b"{\"put\":{\"voice\":\"v\",");
    fs::write(&index, text).expect("written");
    let stranger = object(&folder, "a").with_extension("part");
    fs::write(&stranger, "half").expect("written");
    let shelf = reopened(&folder).await;
    assert!(!stranger.exists());
    assert_eq!(shelf.get(key("a")).await, Sought::Whole(whole("a", 100)));
}

#[tokio::test]
async fn a_folder_is_one_processs() {
    let folder = tempfile::tempdir().expect("a folder");
    let _shelf = open(&folder, 10_000);
    let second = Shelf::open(folder.path(), 10_000, Arc::new(|_| ()));
    assert!(matches!(second.err(), Some(ShelfError::InUse { .. })));
}
