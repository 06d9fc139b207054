//! Phrases in a real object store: one cache for each instance, all in this process.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use engine::audio::speech::SpeechPart;
use engine::io::Fault;
use frontdesk::cache::{Event, Tier, Whole};
use frontdesk::objects::StoreAt;
use redis::AsyncCommands;

use crate::instances::{Instance, Places, TTL, Voice};
use crate::redis_server::Redis;
use crate::s3::{KEY_ID, KEY_SECRET, S3};
use crate::scene::until;

const GOOD_FOR: Duration = Duration::from_secs(60);

fn at(s3: &S3) -> StoreAt {
    StoreAt::S3 {
        bucket: S3::BUCKET.to_owned(),
        region: "us-east-1".to_owned(),
        endpoint: Some(s3.endpoint.clone()),
        keys: Some((KEY_ID.to_owned(), KEY_SECRET.to_owned())),
    }
}

async fn open(s3: &S3, voice: &Voice) -> Instance {
    Instance::open(Places { store: Some(at(s3)), ..Places::default() }, voice).await
}

async fn made(instance: &Instance) -> Whole {
    let made = instance.says("hello").await.expect("a phrase");
    assert_eq!(made.tier, None);
    made.whole
}

fn stored(is_there: bool) -> impl Fn(&Event) -> bool {
    move |event| matches!(event, Event::Stored { tier: Tier::Objects, is_there: was, .. } if *was == is_there)
}

#[tokio::test]
async fn a_phrase_is_played_from_the_store_once_it_is_there() {
    let (s3, voice) = (S3::start().await, Voice::waits());
    let one = open(&s3, &voice).await;
    voice.may_speak.add_permits(1);
    let whole = one.asks("hello").await.expect("a phrase").whole;
    one.phrases.flush().await;
    assert_eq!(one.counted(stored(true)), 1);
    let address = one.phrases.address(&whole, GOOD_FOR).await.expect("it is there");
    assert!(address.starts_with(&format!("{}/speech/tests/audio/v/", s3.endpoint)), "{address}");
    let answer = reqwest::get(&address).await.expect("an answer");
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-type"]),
        (200, &"audio/ulaw".parse().expect("a type"))
    );
    assert_eq!(answer.bytes().await.expect("a body"), whole.audio[..]);
    let unsigned = address.split_once('?').expect("a signature").0;
    assert_eq!(reqwest::get(unsigned).await.expect("an answer").status().as_u16(), 403);
    assert_eq!(one.phrases.address(&whole, Duration::from_secs(8 * 86_400)).await, None, "nobody signs for so long");
}

#[tokio::test]
async fn without_redis_and_disk_another_instance_finds_it_in_the_store() {
    let (s3, voice) = (S3::start().await, Voice::speaks());
    let whole = made(&open(&s3, &voice).await).await;
    let other = open(&s3, &voice).await;
    assert_eq!(other.phrases.by_id(&whole.id()).await.as_ref(), Some(&whole));
    let found = other.says("hello").await.expect("a phrase");
    assert_eq!((found.tier, &found.whole, voice.asked()), (Some(Tier::Objects), &whole, 1));
    assert!(other.phrases.address(&whole, GOOD_FOR).await.is_some());
}

#[tokio::test]
async fn redis_tells_where_the_store_has_it() {
    let (s3, redis, voice) = (S3::start().await, Redis::start().await, Voice::speaks());
    let places = || Places { redis: Some(&redis), store: Some(at(&s3)), ..Places::default() };
    let whole = made(&Instance::open(places(), &voice).await).await;
    let mut connection = redis.connection().await;
    let audio = redis.keys().await.into_iter().find(|key| key.ends_with(":audio")).expect("it was on its way");
    let ttl_s: i64 = connection.ttl(&audio).await.expect("an answer");
    assert!((1..=600).contains(&ttl_s), "audio that the store has leaves Redis soon, not after {ttl_s} s");
    let cards = audio.trim_end_matches(":MULAW:audio");
    let card: String = connection.hget(cards, "MULAW").await.expect("a card");
    let card: serde_json::Value = serde_json::from_str(&card).expect("JSON");
    let path = card["path"].as_str().expect("the store has it");
    assert_eq!(card["url"], format!("s3://{}/{path}", S3::BUCKET), "other systems find it, too");
    let _: () = connection.del(&audio).await.expect("deleted");
    let other = Instance::open(places(), &voice).await;
    assert_eq!((other.finds("hello").await, voice.asked()), (Some(Tier::Objects), 1));
    assert!(other.phrases.address(&whole, GOOD_FOR).await.is_some());
}

#[tokio::test]
async fn an_object_that_was_cut_or_changed_is_made_again() {
    let (s3, voice) = (S3::start().await, Voice::speaks());
    let whole = made(&open(&s3, &voice).await).await;
    for (nth, damaged) in [whole.audio[..7_999].to_vec(), vec![9; 8_000]].into_iter().enumerate() {
        for file in s3.files("tests/audio") {
            fs::write(file, &damaged).expect("written");
        }
        let other = open(&s3, &voice).await;
        assert_eq!((other.finds("hello").await, other.damaged(), voice.asked()), (None, 1, nth + 2));
        assert_eq!(s3.files("tests/audio").len(), 1, "what was damaged is gone");
        assert_eq!(open(&s3, &voice).await.finds("hello").await, Some(Tier::Objects), "it is whole again");
    }
}

#[tokio::test]
async fn a_store_that_refuses_costs_nobody_a_phrase_and_gets_it_when_it_does_not() {
    let (s3, voice) = (S3::start().await, Voice::speaks());
    let one = open(&s3, &voice).await;
    s3.refuses.store(true, Ordering::Relaxed);
    let whole = one.asks("hello").await.expect("a phrase").whole;
    assert_eq!(one.phrases.address(&whole, GOOD_FOR).await, None, "it is not there");
    let before = s3.refused();
    until("it is tried again", async || s3.refused() > before + 1).await;
    s3.refuses.store(false, Ordering::Relaxed);
    one.phrases.flush().await;
    assert_eq!((one.counted(stored(true)), one.counted(stored(false))), (1, 0));
    assert!(one.phrases.address(&whole, GOOD_FOR).await.is_some());
}

#[tokio::test]
async fn a_store_that_everybody_can_read_gives_its_own_addresses() {
    let (s3, voice) = (S3::start().await, Voice::speaks());
    let public_base = Some("https://speech.example.com".to_owned());
    let one = Instance::open(Places { store: Some(at(&s3)), public_base, ..Places::default() }, &voice).await;
    let whole = made(&one).await;
    let expected = format!("https://speech.example.com/tests/audio/v/{}.ulaw", whole.record.digest);
    assert_eq!(one.phrases.address(&whole, GOOD_FOR).await, Some(expected));
}

#[tokio::test]
async fn a_folder_is_a_store_too_and_gives_no_addresses() {
    let (folder, voice) = (tempfile::tempdir().expect("a folder"), Voice::speaks());
    let places = || Places { store: Some(StoreAt::Folder(folder.path().into())), ..Places::default() };
    let one = Instance::open(places(), &voice).await;
    let whole = made(&one).await;
    assert_eq!(one.phrases.address(&whole, GOOD_FOR).await, None);
    assert_eq!(Instance::open(places(), &voice).await.finds("hello").await, Some(Tier::Objects));
}

#[tokio::test]
async fn what_was_on_the_disk_before_there_was_a_store_is_put_there_when_it_is_asked_for() {
    let (s3, disk, voice) = (S3::start().await, tempfile::tempdir().expect("a folder"), Voice::speaks());
    made(&Instance::open(Places { disk: Some(disk.path()), ..Places::default() }, &voice).await).await;
    let one =
        Instance::open(Places { disk: Some(disk.path()), store: Some(at(&s3)), ..Places::default() }, &voice).await;
    let whole = one.says("hello").await.expect("a phrase").whole;
    assert!(one.phrases.address(&whole, GOOD_FOR).await.is_some());
    assert_eq!((voice.asked(), one.counted(stored(true))), (1, 1));
}

#[tokio::test]
async fn an_old_phrase_in_the_store_helps_where_no_new_one_can_be_made() {
    let (s3, redis, wall_ms) = (S3::start().await, Redis::start().await, Arc::<AtomicI64>::default());
    let places = || Places { redis: Some(&redis), store: Some(at(&s3)), wall_ms: wall_ms.clone(), ..Places::default() };
    let whole = made(&Instance::open(places(), &Voice::speaks()).await).await;
    wall_ms.store(TTL.as_millis() as i64 + 1, Ordering::Relaxed);
    let mut connection = redis.connection().await;
    let _: () = redis::cmd("FLUSHALL").query_async(&mut connection).await.expect("empty, as after so long");
    let voice = Voice::refuses(Fault::Retry("busy".into()));
    let other = Instance::open(places(), &voice).await;
    assert_eq!(other.says("hello").await.expect("the old phrase").whole, whole);
    assert_eq!((voice.asked(), other.counted(|event| *event == Event::Stale)), (1, 1));
}

#[tokio::test]
async fn a_call_does_not_wait_for_a_store_that_says_nothing() {
    let (s3, redis, voice) = (S3::start().await, Redis::start().await, Voice::speaks());
    let places = || Places { redis: Some(&redis), store: Some(at(&s3)), ..Places::default() };
    made(&Instance::open(places(), &voice).await).await;
    let mut connection = redis.connection().await;
    for key in redis.keys().await.iter().filter(|key| key.ends_with(":audio")) {
        let _: () = connection.del(key).await.expect("deleted");
    }
    let other = Instance::open(places(), &voice).await;
    s3.stalls.store(true, Ordering::Relaxed);
    assert!(matches!(other.hears("hello").await, SpeechPart::Chunk(_)), "it has it made again");
    assert_eq!((voice.asked(), &other.phrases.troubles()[1]), (2, &("object_store", None)), "nobody waited so long");
}
