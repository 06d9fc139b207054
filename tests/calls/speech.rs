//! Speech for other systems: asked for by HTTP, spoken once, kept over a restart.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use frontdesk::app::App;
use frontdesk::config::Settings;
use futures_util::future::join_all;
use reqwest::Response;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::gateway::{API_KEYS, Gateway, PUBLIC_URL, settings, until, world};

/// A gateway that can be stopped and started again on the same folder.
pub(crate) struct Process {
    pub(crate) address: SocketAddr,
    down: watch::Sender<bool>,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Process {
    pub(crate) async fn start(strings: &BTreeMap<String, String>) -> Self {
        let settings = Settings::read(strings, false).expect("good settings");
        let app = App::open(&settings).await.expect("everything can be opened");
        let address = app.address().expect("an address");
        let (down, told) = watch::channel(false);
        Self { address, down, serving: tokio::spawn(app.serve(told)) }
    }

    async fn stop(self) {
        self.down.send(true).expect("it listens");
        self.serving.await.expect("no panic").expect("the listener stands");
    }
}

fn key() -> &'static str {
    API_KEYS.split_once(':').expect("a client and a key").1
}

async fn asked(client: &reqwest::Client, address: SocketAddr, body: &Value) -> Response {
    let request = client.post(format!("http://{address}/call")).bearer_auth(key()).json(body);
    request.send().await.expect("an answer")
}

/// What is said about words, which must be said.
async fn said(address: SocketAddr, text: &str) -> Value {
    said_as(address, text, "MULAW").await
}

async fn said_as(address: SocketAddr, text: &str, format: &str) -> Value {
    let order = json!({"callId": "CA1", "text": text, "format": format});
    let answer = asked(&reqwest::Client::new(), address, &order).await;
    assert_eq!(answer.status(), 200);
    answer.json().await.expect("JSON")
}

/// What an answer's address plays, fetched from where the gateway really is.
async fn played(address: SocketAddr, said: &Value) -> Response {
    let url = said["audioUrl"].as_str().expect("an address");
    let path = url.strip_prefix(PUBLIC_URL).expect("the address that others know");
    reqwest::get(format!("http://{address}{path}")).await.expect("an answer")
}

#[tokio::test]
async fn words_are_spoken_once_and_everything_is_counted() {
    let gateway = Gateway::open().await;
    let before = gateway.world.deepgram().counts().speeches;
    let (hits, misses) = (gateway.metric("tts_cache_hits", "").await, gateway.metric("tts_cache_misses", "").await);
    let first = said(gateway.address, "Your table is ready.").await;
    assert_eq!(
        (&first["cached"], &first["voiceId"], &first["played"]),
        (&json!(false), &json!("aura-2-thalia-en"), &json!(false))
    );
    let ms = |name: &str| first["timings"][name].as_f64().expect("a number");
    assert!(ms("total") >= ms("tts") && ms("tts") >= ms("provider") && ms("provider") > 0.0, "{first}");
    let second = said(gateway.address, "Your table is ready.").await;
    assert_eq!((&second["cached"], &second["timings"]["tts"]), (&json!(true), &json!(0.0)));
    assert_eq!(said(gateway.address, "Your order is ready.").await["cached"], json!(false));
    assert_eq!(gateway.world.deepgram().counts().speeches - before, 2);
    assert_eq!(gateway.metric("tts_cache_hits", "").await - hits, 1.0);
    assert_eq!(gateway.metric("tts_cache_misses", "").await - misses, 2.0);
    assert_eq!(gateway.metric("call_total", "").await, 3.0);
    assert_eq!(gateway.metric("call_total_ms_count", "").await, 3.0);
    assert!(gateway.metric("provider_calls", "").await >= 2.0 && gateway.metric("tts_saved_usd", "").await > 0.0);
    until("the phrases are on the disk", async || (gateway.metric("s3_uploads", "").await >= 2.0).then_some(())).await;
    let figures: Value = serde_json::from_str(&gateway.page("/metrics.json").await).expect("JSON");
    for name in ["tts_generation_ms", "call_total_ms", "s3_upload_ms", "provider_response_ms"] {
        let sample = &figures[name]["samples"][0];
        assert!(["p50", "avg", "p99"].iter().all(|figure| sample[figure].is_number()), "{name}: {sample}");
    }
    let health: Value = serde_json::from_str(&gateway.page("/health").await).expect("JSON");
    assert_eq!(health["status"], "ok");
}

#[tokio::test]
async fn a_thousand_who_ask_for_the_same_words_at_once_make_one_synthesis() {
    let gateway = Gateway::with(|_, settings| {
        // A busy machine takes its time over a hundred different phrases.
        settings.insert("TTS_TIMEOUT_MS".to_owned(), "25000".to_owned());
    })
    .await;
    let before = gateway.world.deepgram().counts().speeches;
    let client = reqwest::Client::new();
    let ask = async |order: Value| asked(&client, gateway.address, &order).await.status().as_u16();
    let same = (0..1_000).map(|_| ask(json!({"callId": "CA1", "text": "All of our lines are busy."})));
    assert_eq!(join_all(same).await, [200; 1_000]);
    let text = |number| format!("You are number {number} in line.");
    let different = (0..120).map(|number| ask(json!({"callId": "CA1", "text": text(number)})));
    assert_eq!(join_all(different).await, [200; 120]);
    assert_eq!(gateway.world.deepgram().counts().speeches - before, 121);
}

#[tokio::test]
async fn every_format_can_be_played_whole_and_in_parts() {
    let gateway = Gateway::open().await;
    for (format, kind, start) in [
        ("MULAW", "audio/ulaw", None),
        ("LINEAR16", "audio/wav", Some(&b"RIFF"[..])),
        ("MP3", "audio/mpeg", Some(&[0xff, 0xf3])),
        ("OGG_OPUS", "audio/ogg", Some(b"OggS")),
    ] {
        let said = said_as(gateway.address, "How can I help you?", format).await;
        let whole = played(gateway.address, &said).await;
        assert_eq!(
            (whole.status(), &whole.headers()["content-type"]),
            (reqwest::StatusCode::OK, &kind.parse().expect("a type"))
        );
        let audio = whole.bytes().await.expect("a body");
        assert!(audio.len() > 100 && start.is_none_or(|start| audio.starts_with(start)), "{format}");
        let url = said["audioUrl"].as_str().expect("an address").replace(PUBLIC_URL, &gateway.url(""));
        let part = reqwest::Client::new().get(url).header("range", "bytes=10-19").send().await.expect("an answer");
        assert_eq!(part.status(), 206);
        assert_eq!(part.headers()["content-range"], format!("bytes 10-19/{}", audio.len()).as_str());
        assert_eq!(part.bytes().await.expect("a body"), audio[10..20]);
    }
}

#[tokio::test]
async fn what_was_spoken_is_there_after_a_restart_and_what_was_damaged_is_spoken_again() {
    let (world, folder) = (world(), tempfile::tempdir().expect("a folder"));
    let strings = settings(folder.path(), &world);
    let process = Process::start(&strings).await;
    let first = said(process.address, "Your table is ready.").await;
    said(process.address, "Your order is ready.").await;
    let audio = played(process.address, &first).await.bytes().await.expect("a body");
    process.stop().await;

    let process = Process::start(&strings).await;
    let spoken = world.deepgram().counts().speeches;
    let again = said(process.address, "Your table is ready.").await;
    assert_eq!(again["cached"], json!(true));
    assert_eq!(played(process.address, &first).await.bytes().await.expect("a body"), audio, "its address lives on");
    assert_eq!(world.deepgram().counts().speeches, spoken);
    process.stop().await;

    for path in objects(&folder.path().join("speech/objects")) {
        let cut = std::fs::read(&path).expect("a phrase").split_off(100);
        std::fs::write(&path, cut).expect("written");
    }
    let process = Process::start(&strings).await;
    assert_eq!(said(process.address, "Your order is ready.").await["cached"], json!(false));
    let once_more = said(process.address, "Your table is ready.").await;
    assert_eq!(played(process.address, &once_more).await.bytes().await.expect("a body"), audio);
    assert_eq!(world.deepgram().counts().speeches, spoken + 2);
    process.stop().await;
}

/// The files of all phrases.
fn objects(root: &Path) -> Vec<PathBuf> {
    let below = |path: &Path| -> Vec<PathBuf> {
        std::fs::read_dir(path).expect("a folder").map(|entry| entry.expect("an entry").path()).collect()
    };
    let found: Vec<PathBuf> = below(root).iter().flat_map(|folder| below(folder)).collect();
    assert!(!found.is_empty());
    found
}

#[tokio::test]
async fn the_call_decides_who_speaks_and_the_client_does_not() {
    let gateway = Gateway::open().await;
    let database = gateway.folder.path().join("frontdesk.db");
    let url = format!("sqlite://{}", database.display());
    let pool = sqlx::SqlitePool::connect(&url).await.expect("the database is there");
    let profile = "INSERT INTO call_profiles (call_id, voice_id, role, created_at, updated_at) VALUES ('CA2', NULL, 'bot', '', '')";
    sqlx::query(profile).execute(&pool).await.expect("a profile");
    let client = reqwest::Client::new();
    let ask = async |call: &str| -> Value {
        let order = json!({"callId": call, "text": "Hello.", "voiceId": "aura-2-zeus-en"});
        asked(&client, gateway.address, &order).await.json().await.expect("JSON")
    };
    assert_eq!(ask("CA1").await["voiceId"], json!("aura-2-thalia-en"));
    // What was read before is believed for a moment.
    until("the profile is known", async || (ask("CA2").await["voiceId"] == json!("bot-arcas")).then_some(())).await;
}

#[tokio::test]
async fn a_provider_that_fails_is_told_to_the_asker_and_an_old_phrase_helps() {
    let gateway = Gateway::with(|_, settings| {
        settings.insert("CACHE_TTL_SECONDS".to_owned(), "1".to_owned());
    })
    .await;
    said(gateway.address, "Your table is ready.").await;
    gateway.world.deepgram().set(|settings| settings.faults.refuse_speak = Some(500));
    let order = json!({"callId": "CA1", "text": "Something new."});
    let answer = asked(&reqwest::Client::new(), gateway.address, &order).await;
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-type"]),
        (503, &"application/problem+json".parse().expect("a type"))
    );
    assert!(gateway.metric("call_errors", "").await == 1.0 && gateway.metric("tts_retries", "").await >= 1.0);
    until("the old phrase is given out", async || {
        let said = said(gateway.address, "Your table is ready.").await;
        assert_eq!(said["cached"], json!(true));
        (gateway.metric("tts_cache_stale", "").await > 0.0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn another_provider_speaks_where_the_first_is_dead() {
    let gateway = Gateway::with(|_, settings| {
        settings.insert("TTS_PROVIDER".to_owned(), "elevenlabs,deepgram".to_owned());
        settings.insert("ELEVENLABS_API_KEY".to_owned(), "a-key".to_owned());
        // Nobody listens there.
        settings.insert("ELEVENLABS_URL".to_owned(), "http://127.0.0.1:9".to_owned());
    })
    .await;
    let first = said(gateway.address, "Your table is ready.").await;
    assert_eq!(first["cached"], json!(false));
    assert!(played(gateway.address, &first).await.bytes().await.expect("a body").len() > 4_000);
    assert_eq!(said(gateway.address, "Your table is ready.").await["cached"], json!(true));
    assert!(gateway.metric("provider_calls", "provider=\"elevenlabs\"").await > 0.0);
    assert!(gateway.metric("provider_calls", "provider=\"deepgram\"").await > 0.0);
    let mut caller = gateway.caller();
    caller.hears("how can i help you").await;
    caller.line.hang_up();
}

#[tokio::test]
async fn our_own_calls_and_other_systems_share_what_was_spoken() {
    let gateway = Gateway::open().await;
    let spoken = gateway.world.deepgram().counts().speeches;
    let greeting = "How can I help you?";
    assert_eq!(said(gateway.address, greeting).await["cached"], json!(true));
    assert_eq!(gateway.world.deepgram().counts().speeches, spoken);
}
