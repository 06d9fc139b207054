//! Recordings in an object store: they get there however long it takes, and are played and taken away there.

use std::process::Command;
use std::sync::atomic::Ordering;

use age::secrecy::ExposeSecret;
use sandbox::twilio::Ending;

use crate::gateway::{CALLER, Gateway, settings, until};
use crate::s3::{KEY_ID, KEY_SECRET, S3};

const ANALYST_KEY: &str = "a-key-for-the-tests";

async fn gateway(s3: &S3, sealed: bool) -> Gateway {
    Gateway::with(|_, settings| {
        let more = [
            ("RECORDING_STORE_URL", format!("s3://{}/acme", S3::BUCKET)),
            ("S3_ENDPOINT", s3.endpoint.clone()),
            ("AWS_ACCESS_KEY_ID", KEY_ID.into()),
            ("AWS_SECRET_ACCESS_KEY", KEY_SECRET.into()),
            ("ANALYST_KEYS", format!("ada:admin:*:{ANALYST_KEY}")),
        ];
        settings.extend(more.map(|(name, value)| (name.to_owned(), value)));
        if sealed {
            let key = age::x25519::Identity::generate().to_string();
            settings.insert("RECORDING_KEY".into(), key.expose_secret().to_owned());
        }
    })
    .await
}

async fn asked(gateway: &Gateway, path: &str, range: &str) -> (u16, Vec<u8>) {
    let request = reqwest::Client::new().get(gateway.url(path)).bearer_auth(ANALYST_KEY).header("range", range);
    let answer = request.send().await.expect("an answer");
    (answer.status().as_u16(), answer.bytes().await.expect("a body").to_vec())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_is_uploaded_once_the_store_takes_it_and_is_played_and_taken_away_there() {
    let s3 = S3::start().await;
    let gateway = gateway(&s3, true).await;
    s3.refuses.store(true, Ordering::Relaxed);
    let mut caller = gateway.caller();
    assert_eq!(caller.books("open-tue-10").await, Ending::Completed);
    let (record, recording) = gateway.recorded(&caller.call_sid()).await;
    until("health tells of it", async || gateway.page("/health").await.contains("wait on the disk").then_some(()))
        .await;
    assert!(recording.exists());
    s3.refuses.store(false, Ordering::Relaxed);
    let url = until("the recording is in the store and not on the disk", async || {
        let record = gateway.store.records().call(&record.call_sid).await.expect("readable").expect("there");
        record.recordings[0].file_url.clone().filter(|_| !recording.parent().expect("a folder").exists())
    })
    .await;
    let sealed = |kind: &str| format!("{}.{kind}.age", record.id);
    assert!(url.starts_with("s3://speech/acme/2") && url.ends_with(&sealed("wav")), "{url}");
    let name = |file: &std::path::PathBuf| file.file_name().expect("a name").to_string_lossy().into_owned();
    let mut names: Vec<_> = s3.files("acme").iter().map(name).collect();
    names.sort();
    assert_eq!(names, [sealed("jsonl"), sealed("wav")]);
    until("health is good", async || (!gateway.page("/health").await.contains("wait on the disk")).then_some(())).await;

    let audio = format!("/api/calls/{}/audio", record.id);
    assert_eq!(asked(&gateway, &audio, "bytes=0-3").await, (206, b"RIFF".to_vec()));
    let (status, whole) = asked(&gateway, &audio, "bytes=0-").await;
    assert_eq!((status, whole.len() as u64), (206, 44 + record.recordings[0].duration_ms * 64));
    let (status, tape) = asked(&gateway, &format!("/api/calls/{}/tape", record.id), "bytes=0-").await;
    assert!(status == 206 && String::from_utf8_lossy(&tape).contains("answered"), "{status}: {tape:?}");
    let (status, waveform) = asked(&gateway, &format!("/calls/{}/waveform.json", record.id), "").await;
    assert!(status == 200 && waveform.len() > 1_000, "{status}");

    let forget = |more: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_frontdesk"));
        command.args(["forget", CALLER, "--with-appointments"]).current_dir(gateway.folder.path()).env_clear();
        command.envs(settings(gateway.folder.path(), &gateway.world)).envs(more.iter().copied());
        command.output().expect("it runs")
    };
    let refused = forget(&[]);
    assert!(!refused.status.success() && !s3.files("acme").is_empty(), "{refused:?}");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("RECORDING_STORE_URL is not set"), "{refused:?}");
    let done = forget(&[
        ("RECORDING_STORE_URL", "s3://speech/acme"),
        ("S3_ENDPOINT", &s3.endpoint),
        ("AWS_ACCESS_KEY_ID", KEY_ID),
        ("AWS_SECRET_ACCESS_KEY", KEY_SECRET),
    ]);
    assert!(done.status.success(), "{done:?}");
    assert!(s3.files("acme").is_empty());
}

#[tokio::test]
async fn a_recording_that_is_gone_is_said_to_be_and_the_page_works() {
    let s3 = S3::start().await;
    let gateway = gateway(&s3, false).await;
    let mut caller = gateway.caller();
    assert_eq!(caller.books("open-tue-10").await, Ending::Completed);
    let (record, _) = gateway.recorded(&caller.call_sid()).await;
    until("both files are there", async || (s3.files("acme").len() == 2).then_some(())).await;
    until("the row tells of it", async || {
        let record = gateway.store.records().call(&record.call_sid).await.expect("readable").expect("there");
        record.recordings[0].file_url.clone()
    })
    .await;
    for file in s3.files("acme") {
        std::fs::remove_file(file).expect("removed");
    }
    until("nothing is on the disk", async || {
        let (status, _) = asked(&gateway, &format!("/api/calls/{}/audio", record.id), "bytes=0-").await;
        (status == 410).then_some(())
    })
    .await;
    let (status, page) = asked(&gateway, &format!("/calls/{}", record.id), "").await;
    assert!(status == 200 && String::from_utf8_lossy(&page).contains("haircut"), "{status}");

    let request = reqwest::Client::new().delete(gateway.url(&format!("/api/calls/{}", record.id)));
    let answer = request.bearer_auth(ANALYST_KEY).send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 204);
    assert_eq!(gateway.store.records().call(&record.call_sid).await.expect("readable"), None);
    assert_eq!(gateway.store.records().appointments(&record.id).await.expect("readable").len(), 1, "they stay");
}
