//! Recordings that wait for the object store.

use super::*;
use crate::store::{Awaiting, OnDisk};

on_both! {
    "current_thread":
    recordings_wait_until_they_are_uploaded_and_then_until_they_are_removed,
}

async fn waiting(store: &Store, awaiting: Awaiting, behind: Option<&OnDisk>) -> Vec<OnDisk> {
    store.on_disk(awaiting, behind).await.expect("readable")
}

async fn recordings_wait_until_they_are_uploaded_and_then_until_they_are_removed(place: Place) {
    let store = place.open().await;
    for call in 1..=3 {
        store.begin(start(call));
        store.recorded(start(call).call_id, records::recording(&format!("recordings/{call}/call.wav")));
    }
    soon(store.flush()).await;
    let other = place.beside().open().await;
    assert_eq!(waiting(&other, Awaiting::Upload, None).await, [], "another instance has other files");

    let all = waiting(&store, Awaiting::Upload, None).await;
    assert_eq!(
        all.iter().map(|it| it.file_path.as_str()).collect::<Vec<_>>(),
        ["recordings/1/call.wav", "recordings/2/call.wav", "recordings/3/call.wav"]
    );
    assert_eq!(waiting(&store, Awaiting::Upload, Some(&all[1])).await, all[2..]);
    assert_eq!(waiting(&store, Awaiting::Removal, None).await, []);

    assert!(store.uploaded(&all[0], "s3://calls/1.wav").await.expect("written"));
    let forgotten = OnDisk { file_path: "recordings/9/call.wav".into(), ..all[0].clone() };
    assert!(!store.uploaded(&forgotten, "s3://calls/9.wav").await.expect("readable"), "its call was removed meanwhile");
    // Its file is gone: it waits for nothing.
    store.left_the_disk(&all[1]).await.expect("written");
    // A row that is written again tells nothing new.
    store.recorded(start(1).call_id, records::recording("recordings/1/call.wav"));
    soon(store.flush()).await;
    assert_eq!(waiting(&store, Awaiting::Upload, None).await, all[2..]);
    assert_eq!(waiting(&store, Awaiting::Removal, None).await, all[..1]);

    store.left_the_disk(&all[0]).await.expect("written");
    assert_eq!(waiting(&store, Awaiting::Removal, None).await, []);
    let record = store.records().call(&start(1).call_sid).await.expect("readable").expect("there");
    assert_eq!(record.recordings[0].file_url.as_deref(), Some("s3://calls/1.wav"));
    soon(store.close()).await;
    soon(other.close()).await;
}
