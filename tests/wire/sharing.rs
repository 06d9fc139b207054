//! Phrases that instances share by a real Redis: one cache for each instance, all in this process.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use engine::io::Fault;
use frontdesk::cache::Tier;
use futures_util::future::join_all;
use redis::AsyncCommands;
use serde_json::{Value, json};

use crate::instances::{Instance, Places, Voice};
use crate::redis_server::Redis;
use crate::scene::until;

/// What "hello" is called by the voice "v".
const HELLO: &str = "tts:v:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

async fn open(redis: &Redis, voice: &Voice) -> Instance {
    at(redis, voice, &Arc::default()).await
}

async fn at(redis: &Redis, voice: &Voice, wall_ms: &Arc<AtomicI64>) -> Instance {
    Instance::open(Places { redis: Some(redis), wall_ms: Arc::clone(wall_ms), ..Places::default() }, voice).await
}

#[tokio::test]
async fn what_one_instance_made_another_finds_under_the_names_that_are_promised() {
    let (redis, voice) = (Redis::start().await, Voice::speaks());
    let (one, other) = (open(&redis, &voice).await, open(&redis, &voice).await);
    let made = one.says("hello").await.expect("a phrase");
    let found = other.says("hello").await.expect("a phrase");
    assert_eq!((made.tier, found.tier, voice.asked()), (None, Some(Tier::Redis), 1));
    assert_eq!(made.whole, found.whole);
    let id = format!("tts-id:{}", made.whole.id());
    assert_eq!(redis.keys().await, [id.clone(), HELLO.into(), format!("{HELLO}:MULAW:audio")]);

    let mut connection = redis.connection().await;
    let card: String = connection.hget(HELLO, "MULAW").await.expect("a card");
    let card: Value = serde_json::from_str(&card).expect("JSON");
    assert_eq!((&card["format"], &card["durationMs"], &card["madeAt"]), (&json!("MULAW"), &json!(1_000), &json!(0)));
    assert_eq!((&card["digest"], &card["bytes"]), (&json!(made.whole.record.digest), &json!(8_000)));
    assert_eq!(card["wordEndsMs"].as_array().map(Vec::len), Some(1));
    for key in redis.keys().await {
        let ttl_s: i64 = connection.ttl(&key).await.expect("an answer");
        assert!((3_500..=3_600).contains(&ttl_s), "{key} expires after {ttl_s} s");
    }
    let third = open(&redis, &voice).await;
    assert_eq!(third.phrases.by_id(&made.whole.id()).await, Some(made.whole), "an address is good at every instance");
}

#[tokio::test]
async fn many_who_want_one_phrase_from_two_instances_make_one_synthesis() {
    let (redis, voice) = (Redis::start().await, Voice::waits());
    let (one, other) = (open(&redis, &voice).await, open(&redis, &voice).await);
    let all = join_all((0..200).map(|nth| if nth % 2 == 0 { &one } else { &other }.says("hello")));
    let speak = async {
        until("somebody is asked to speak", async || voice.asked() > 0).await;
        voice.may_speak.add_permits(1);
    };
    let (all, ()) = tokio::join!(all, speak);
    let wholes: Vec<_> = all.into_iter().map(|fetched| fetched.expect("a phrase").whole).collect();
    assert!(wholes.iter().all(|whole| *whole == wholes[0]));
    assert_eq!(voice.asked(), 1);
    until("the lock is given back", async || !redis.keys().await.contains(&format!("{HELLO}:MULAW:lock"))).await;
}

#[tokio::test]
async fn an_instance_that_dies_over_a_phrase_keeps_nobody_waiting_for_long() {
    let (redis, voice) = (Redis::start().await, Voice::speaks());
    let lock = format!("{HELLO}:MULAW:lock");
    let mut connection = redis.connection().await;
    let _: () = connection.pset_ex(&lock, "one that died", 1_500).await.expect("set");
    let other = open(&redis, &voice).await;
    assert_eq!((other.finds("hello").await, voice.asked()), (None, 1));
    until("its lock is gone", async || !redis.keys().await.contains(&lock)).await;
}

#[tokio::test]
async fn a_lock_holds_as_long_as_the_phrase_is_made_and_only_its_owner_gives_it_back() {
    let (redis, voice) = (Redis::start().await, Voice::waits());
    let one = open(&redis, &voice).await;
    let lock = format!("{HELLO}:MULAW:lock");
    let mut connection = redis.connection().await;
    let watch = async {
        until("it is locked", async || redis.keys().await.contains(&lock)).await;
        let _: bool = connection.pexpire(&lock, 2_000).await.expect("an answer");
        until("it holds for longer again", async || {
            connection.pttl::<_, i64>(&lock).await.is_ok_and(|ttl_ms| ttl_ms > 2_000)
        })
        .await;
        let _: () = connection.set(&lock, "another instance").await.expect("set");
        voice.may_speak.add_permits(1);
    };
    let (made, ()) = tokio::join!(one.says("hello"), watch);
    assert_eq!(made.expect("a phrase").tier, None);
    assert!(redis.keys().await.contains(&lock), "another's lock is left alone");
}

#[tokio::test]
async fn what_one_instance_was_refused_no_other_asks_for_until_it_is_forgotten() {
    let fault = Fault::OurMistake("no such voice".into());
    let (redis, voice) = (Redis::start().await, Voice::refuses(fault.clone()));
    let (one, other) = (open(&redis, &voice).await, open(&redis, &voice).await);
    assert_eq!(one.says("hello").await, Err(fault.clone()));
    assert_eq!(other.says("hello").await, Err(fault));
    assert_eq!(voice.asked(), 1);
    let left_ms: i64 = redis.connection().await.pttl(format!("{HELLO}:MULAW:refused")).await.expect("an answer");
    assert!((1..=5_000).contains(&left_ms), "{left_ms} ms");

    // What may work next time is tried next time.
    let voice = Voice::refuses(Fault::Retry("busy".into()));
    let (one, other) = (open(&redis, &voice).await, open(&redis, &voice).await);
    assert!(one.says("goodbye").await.is_err() && other.says("goodbye").await.is_err());
    assert_eq!(voice.asked(), 2);
}

#[tokio::test]
async fn audio_that_was_cut_or_changed_in_redis_is_never_played() {
    let (redis, voice) = (Redis::start().await, Voice::speaks());
    let mut connection = redis.connection().await;
    let audio = format!("{HELLO}:MULAW:audio");
    let made = open(&redis, &voice).await.says("hello").await.expect("a phrase").whole;
    for (nth, damaged) in [made.audio[..7_999].to_vec(), vec![9; 8_000]].into_iter().enumerate() {
        let _: () = connection.set(&audio, damaged).await.expect("set");
        let other = open(&redis, &voice).await;
        assert_eq!((other.finds("hello").await, other.damaged()), (None, 1));
        assert_eq!(voice.asked(), nth + 2);
        assert_eq!(open(&redis, &voice).await.finds("hello").await, Some(Tier::Redis), "it is whole again");
    }
    let _: () = connection.hset(HELLO, "MULAW", "{\"voice\":").await.expect("set");
    assert_eq!(open(&redis, &voice).await.finds("hello").await, None);
}

#[tokio::test]
async fn without_redis_phrases_are_made_and_with_it_again_they_are_shared_again() {
    let (mut redis, voice) = (Redis::start().await, Voice::speaks());
    let (one, other) = (open(&redis, &voice).await, open(&redis, &voice).await);
    assert_eq!(one.phrases.troubles(), [("redis", None)]);
    redis.kill();
    assert_eq!((one.finds("hello").await, other.finds("hello").await, voice.asked()), (None, None, 2));
    assert!(matches!(&one.phrases.troubles()[..], [("redis", Some(_))]), "it is known to be dead");
    assert_eq!(open(&redis, &voice).await.finds("hello").await, None, "an instance starts without it");

    redis.start_again().await;
    until("both have seen it", async || {
        [&one, &other].iter().all(|instance| instance.phrases.troubles() == [("redis", None)])
    })
    .await;
    assert_eq!((one.finds("goodbye").await, other.finds("goodbye").await), (None, Some(Tier::Redis)));
}

#[tokio::test]
async fn an_old_phrase_of_another_instance_helps_where_no_new_one_can_be_made() {
    let (redis, wall_ms) = (Redis::start().await, Arc::<AtomicI64>::default());
    let made = at(&redis, &Voice::speaks(), &wall_ms).await.says("hello").await.expect("a phrase").whole;
    // The clock of Redis has not moved: what is too old for us is still there.
    wall_ms.store(3_600_001, Ordering::Relaxed);
    let voice = Voice::refuses(Fault::Retry("busy".into()));
    let other = at(&redis, &voice, &wall_ms).await;
    assert_eq!(other.says("hello").await.expect("the old phrase").whole, made);
    assert_eq!(voice.asked(), 1);
}
