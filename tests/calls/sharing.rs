//! Two instances with one Redis and one object store: what either of them spoke, both can play.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;

use frontdesk::app::App;
use frontdesk::config::Settings;
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use sandbox::world::World;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;

use crate::gateway::{API_KEYS, settings, until, world};
use crate::redis::Redis;
use crate::s3::{KEY_ID, KEY_SECRET, S3};

/// One instance; the servers it shares with the other go on without it.
struct Instance {
    address: SocketAddr,
    folder: TempDir,
    client: reqwest::Client,
    /// It goes down with it.
    _down: watch::Sender<bool>,
}

impl Instance {
    async fn open(world: &World, shared: &BTreeMap<String, String>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut strings = settings(folder.path(), world);
        strings.extend(shared.clone());
        let app = App::open(&Settings::read(&strings, false).expect("good settings")).await.expect("it opens");
        let (address, (down, told)) = (app.address().expect("an address"), watch::channel(false));
        tokio::spawn(app.serve(told));
        Self { address, folder, client: reqwest::Client::new(), _down: down }
    }

    /// The status and the body of what is said about words.
    async fn answers(&self, text: &str) -> (u16, Value) {
        let key = API_KEYS.split_once(':').expect("a client and a key").1;
        let request = self.client.post(self.url("/call")).bearer_auth(key);
        let answer = request.json(&json!({"callId": "CA1", "text": text})).send().await.expect("an answer");
        (answer.status().as_u16(), answer.json().await.expect("JSON"))
    }

    async fn says(&self, text: &str) -> Value {
        let (status, answer) = self.answers(text).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    async fn page(&self, path: &str) -> String {
        self.client.get(self.url(path)).send().await.expect("an answer").text().await.expect("a text")
    }

    /// How `/health` says a part is.
    async fn part(&self, name: &str) -> String {
        let health: Value = serde_json::from_str(&self.page("/health").await).expect("JSON");
        health["parts"][name]["state"].as_str().unwrap_or_default().to_owned()
    }

    async fn hits_in(&self, tier: &str) -> f64 {
        let (page, start) = (self.page("/metrics").await, format!("tts_cache_tier_hits{{tier=\"{tier}\"}} "));
        page.lines().find_map(|line| line.strip_prefix(&start)?.parse().ok()).unwrap_or_default()
    }
}

/// What both are told about a Redis and an S3.
fn shared(redis: &Redis, s3: &S3) -> BTreeMap<String, String> {
    let settings = [
        ("REDIS_URL", redis.url().as_str()),
        // A busy machine is no dead server.
        ("REDIS_TIMEOUT_MS", "5000"),
        ("S3_TIMEOUT_MS", "5000"),
        ("S3_BUCKET", S3::BUCKET),
        ("S3_ENDPOINT", &s3.endpoint),
        ("AWS_ACCESS_KEY_ID", KEY_ID),
        ("AWS_SECRET_ACCESS_KEY", KEY_SECRET),
        ("AUDIO_URL_SECRET", "the-same-at-both-instances"),
        ("TTS_TIMEOUT_MS", "25000"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    settings.into()
}

#[tokio::test]
async fn what_one_instance_spoke_the_other_has_and_both_play_it() {
    let (world, redis, s3) = (world(), Redis::start().await, S3::start().await);
    let shared = shared(&redis, &s3);
    let (one, other) = (Instance::open(&world, &shared).await, Instance::open(&world, &shared).await);
    let before = world.deepgram().counts().speeches;
    let first = one.says("Your table is ready.").await;
    let second = other.says("Your table is ready.").await;
    assert_eq!((&first["cached"], &second["cached"]), (&json!(false), &json!(true)));
    assert_eq!(world.deepgram().counts().speeches - before, 1);

    let address = first["audioUrl"].as_str().expect("an address");
    let path = address.strip_prefix(crate::gateway::PUBLIC_URL).expect("it is not in the store yet, so we play it");
    let ours = other.client.get(other.url(path)).send().await.expect("an answer");
    assert_eq!(ours.status().as_u16(), 200, "an address of one is good at the other");
    let audio = ours.bytes().await.expect("a body");
    for instance in [&one, &other] {
        let stored = until("it is played from the store", async || {
            let address = instance.says("Your table is ready.").await["audioUrl"].as_str()?.to_owned();
            address.starts_with(&s3.endpoint).then_some(address)
        });
        let answer = reqwest::get(stored.await).await.expect("an answer");
        assert_eq!(&answer.headers()["content-type"], "audio/ulaw");
        assert_eq!(answer.bytes().await.expect("a body"), audio);
    }
}

#[tokio::test]
async fn two_hundred_who_ask_two_instances_for_the_same_words_make_one_synthesis() {
    let (world, redis, s3) = (world(), Redis::start().await, S3::start().await);
    let shared = shared(&redis, &s3);
    let (one, other) = (Instance::open(&world, &shared).await, Instance::open(&world, &shared).await);
    // Not even a store that never answers keeps anybody waiting.
    s3.stalls.store(true, Ordering::Relaxed);
    let before = world.deepgram().counts().speeches;
    let all = (0..200).map(|nth| if nth % 2 == 0 { &one } else { &other }.says("All of our lines are busy."));
    join_all(all).await;
    assert_eq!(world.deepgram().counts().speeches - before, 1);
}

#[tokio::test]
async fn redis_killed_and_s3_refusing_in_the_middle_of_it_lose_no_request() {
    let (world, mut redis, s3) = (world(), Redis::start().await, S3::start().await);
    let shared = shared(&redis, &s3);
    let (one, other) = (Instance::open(&world, &shared).await, Instance::open(&world, &shared).await);
    let both = [&one, &other];
    // Some words are new, some were said before, here or there.
    let ask = async |nth: usize| both[nth % 2].answers(&format!("You are number {} in line.", nth / 3)).await.0;
    let load = async |from: usize, to: usize| -> Vec<u16> {
        stream::iter((from..to).map(ask)).buffer_unordered(8).collect().await
    };
    assert_eq!(load(0, 30).await, [200; 30]);
    let killed = async {
        until("it is under load", async || (one.hits_in("redis").await > 0.0).then_some(())).await;
        redis.kill();
        s3.refuses.store(true, Ordering::Relaxed);
    };
    let (answers, ()) = tokio::join!(load(15, 120), killed);
    assert_eq!(answers, [200; 105]);
    assert!(s3.refused() > 0);
    for instance in both {
        assert_eq!(instance.says("Is anybody there?").await["cached"], json!(false), "each is on its own");
        until("it says so", async || (instance.part("redis").await == "impaired").then_some(())).await;
        until("it says so", async || (instance.part("object_store").await == "impaired").then_some(())).await;
        assert_eq!(instance.client.get(instance.url("/ready")).send().await.expect("an answer").status(), 200);
    }

    redis.start_again().await;
    s3.refuses.store(false, Ordering::Relaxed);
    for instance in both {
        until("Redis is seen again", async || (instance.part("redis").await == "works").then_some(())).await;
    }
    one.says("Here we are again.").await;
    assert_eq!(other.says("Here we are again.").await["cached"], json!(true));
    for instance in both {
        until("the store is used again", async || (instance.part("object_store").await == "works").then_some(())).await;
    }
}

#[tokio::test]
async fn words_that_were_damaged_wherever_they_are_kept_are_spoken_again() {
    let (world, redis, s3) = (world(), Redis::start().await, S3::start().await);
    let shared = shared(&redis, &s3);
    let one = Instance::open(&world, &shared).await;
    let audio = until("it is in the store", async || {
        one.says("Your table is ready.").await;
        s3.files("audio").pop()
    })
    .await;
    let good = fs::read(&audio).expect("audio");
    fs::write(&audio, &good[..100]).expect("written");
    let mut connection = redis.connection().await;
    for key in redis.keys().await.iter().filter(|key| key.ends_with(":audio")) {
        let _: () = redis::AsyncCommands::set(&mut connection, key, &good[..100]).await.expect("set");
    }
    let other = Instance::open(&world, &shared).await;
    let before = world.deepgram().counts().speeches;
    assert_eq!(other.says("Your table is ready.").await["cached"], json!(false));
    assert_eq!(world.deepgram().counts().speeches - before, 1);
    assert!(other.page("/metrics").await.contains("tts_cache_damaged 1"), "it is counted");
    assert!(other.folder.path().exists());
}
