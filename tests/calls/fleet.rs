//! Several instances with one Redis: real processes, which are frozen, killed and started beside each other.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use frontdesk::fleet::{Config, Fleet};
use reqwest::Response;
use sandbox::twilio::{CallSetup, Ending, Verb};
use sandbox::world::World;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::caller::{ANSWERS, Caller};
use crate::gateway::{API_KEYS, CALLER, DESK, place, settings, until, world};
use crate::process::{Process, record};
use crate::redis::Redis;
use crate::speech;

const PARCEL: &str = "Your parcel is at the front desk.";

/// A process with a folder of its own: a machine.
struct Machine {
    process: Process,
    folder: TempDir,
}

impl Machine {
    fn start(world: &World, redis: &Redis) -> Self {
        Self::start_with(world, redis, &[])
    }

    /// The same with other settings, too.
    fn start_with(world: &World, redis: &Redis, more: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = redis.url();
        let shared = [("REDIS_URL", url.as_str()), ("AUDIO_URL_SECRET", "the-same-at-all")];
        let process = Process::start(folder.path(), world, &[&shared, more].concat());
        Self { process, folder }
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }

    async fn post(&self, order: &Value, idempotency_key: Option<&str>) -> Response {
        post(self.process.address, order, idempotency_key).await
    }

    async fn say(&self, call_id: &str, text: &str, idempotency_key: Option<&str>) -> Value {
        let answer = self.post(&json!({"callId": call_id, "text": text}), idempotency_key).await;
        assert_eq!(answer.status(), 200);
        answer.json().await.expect("JSON")
    }

    /// Queues words, and gives the job's id.
    async fn queue(&self, call_id: &str, text: &str) -> String {
        let answer = self.post(&json!({"callId": call_id, "text": text, "async": true}), None).await;
        assert_eq!(answer.status(), 202);
        let location = answer.headers()["location"].to_str().expect("an address").to_owned();
        let queued: Value = answer.json().await.expect("JSON");
        assert_eq!((&queued["status"], &queued["jobUrl"]), (&json!("queued"), &json!(location)));
        queued["jobId"].as_str().expect("an id").to_owned()
    }

    async fn job(&self, id: &str) -> Value {
        let key = API_KEYS.split_once(':').expect("a client and a key").1;
        let url = format!("http://{}/call/jobs/{id}", self.process.address);
        reqwest::Client::new().get(url).bearer_auth(key).send().await.expect("an answer").json().await.expect("JSON")
    }

    async fn job_is(&self, id: &str, status: &str) -> Value {
        until(&format!("the job is {status}"), async || {
            let job = self.job(id).await;
            (job["status"] == status).then_some(job)
        })
        .await
    }
}

async fn post(address: SocketAddr, order: &Value, idempotency_key: Option<&str>) -> Response {
    let key = API_KEYS.split_once(':').expect("a client and a key").1;
    let mut request = reqwest::Client::new().post(format!("http://{address}/call")).bearer_auth(key).json(order);
    if let Some(key) = idempotency_key {
        request = request.header("idempotency-key", key);
    }
    request.send().await.expect("an answer")
}

#[tokio::test]
async fn words_that_land_on_the_wrong_instance_are_heard_in_the_call_once() {
    let (world, redis) = (world(), Redis::start().await);
    let (one, other) = (Machine::start(&world, &redis), Machine::start(&world, &redis));
    let mut caller = one.process.caller(&world);
    caller.hears("how can i help you").await;
    assert_eq!(other.say(&caller.call_sid(), PARCEL, Some("k")).await["played"], json!(true));
    assert_eq!(one.say(&caller.call_sid(), PARCEL, Some("k")).await["played"], json!(true), "it is remembered");
    caller.hears("your parcel is at the front desk").await;
    caller.says("open-tue-10").await;
    caller.answers(ANSWERS).await;
    let record = until("the call is on record", async || {
        let record = record(one.folder(), &caller.call_sid()).await?;
        record.end_time.is_some().then_some(record)
    })
    .await;
    assert_eq!(record.transcript.iter().filter(|line| line.heard == PARCEL).count(), 1);
    assert_eq!(record.outcome.as_deref(), Some("booked"));
    assert_eq!(other.say(&caller.call_sid(), PARCEL, None).await["played"], json!(false), "the call is over");
    until("the call is taken off the roll", async || {
        (!redis.keys().await.iter().any(|key| key.starts_with("frontdesk:call:"))).then_some(())
    })
    .await;
}

#[tokio::test]
async fn words_that_are_reported_as_not_heard_are_not_heard_later() {
    let (world, redis) = (world(), Redis::start().await);
    let (mut one, other) = (Machine::start(&world, &redis), Machine::start(&world, &redis));
    let mut caller = one.process.caller(&world);
    caller.hears("how can i help you").await;
    one.process.signal("-STOP");
    assert_eq!(other.say(&caller.call_sid(), PARCEL, None).await["played"], json!(false));
    one.process.signal("-CONT");
    until("the instance is itself again", async || {
        let said = other.say(&caller.call_sid(), "Your taxi is here.", None).await;
        (said["played"] == json!(true)).then_some(())
    })
    .await;
    caller.hears("your taxi is here").await;
    assert!(!caller.heard.iter().any(|phrase| phrase.contains("parcel")), "{:?}", caller.heard);
    one.process.kill();
    assert_eq!(other.say(&caller.call_sid(), PARCEL, None).await["played"], json!(false));
}

#[tokio::test]
async fn a_job_whose_worker_is_killed_is_done_by_another() {
    let (world, redis) = (world(), Redis::start().await);
    let mut one = Machine::start(&world, &redis);
    world.deepgram().set(|settings| settings.faults.stall_speak = true);
    let id = one.queue("CA1", PARCEL).await;
    one.job_is(&id, "working").await;
    one.process.kill();
    world.deepgram().set(|settings| settings.faults.stall_speak = false);
    let other = Machine::start(&world, &redis);
    let job = other.job_is(&id, "done").await;
    assert_eq!((&job["answer"]["cached"], &job["answer"]["played"]), (&json!(false), &json!(false)));
    assert!(job["answer"]["audioUrl"].as_str().is_some_and(|url| url.contains("/audio/")));
    assert_eq!(redis.keys().await.iter().filter(|key| key.starts_with("frontdesk:job:")).count(), 1);
}

#[tokio::test]
async fn a_job_is_heard_in_a_call_of_another_instance_and_shown_to_nobody_else() {
    let (world, redis) = (world(), Redis::start().await);
    let one = Machine::start(&world, &redis);
    let mut caller = one.process.caller(&world);
    caller.hears("how can i help you").await;
    let other = Machine::start(&world, &redis);
    let order = json!({"callId": caller.call_sid(), "text": PARCEL, "async": true});
    let queued =
        async |machine: &Machine| -> Value { machine.post(&order, Some("k")).await.json().await.expect("JSON") };
    let job = queued(&other).await;
    assert_eq!(queued(&one).await, job, "it is one job at all instances");
    let id = job["jobId"].as_str().expect("an id").to_owned();
    caller.hears("your parcel is at the front desk").await;
    assert_eq!(one.job_is(&id, "done").await["answer"]["played"], json!(true));
    let url = format!("http://{}/call/jobs/{id}", one.process.address);
    assert_eq!(reqwest::get(url).await.expect("an answer").status(), 401);
    assert_eq!(one.job("00000000-0000-4000-8000-000000000000").await["status"], json!(404));
}

#[tokio::test]
async fn a_job_that_fails_is_tried_again_and_then_says_why() {
    let (world, redis) = (world(), Redis::start().await);
    let one = Machine::start(&world, &redis);
    world.deepgram().set(|settings| settings.faults.refuse_speak = Some(503));
    let id = one.queue("CA1", PARCEL).await;
    let reason = one.job_is(&id, "failed").await["reason"].to_string();
    assert!(reason.contains("tried 3 times: speech cannot be had at the moment"), "{reason}");
}

#[tokio::test]
async fn the_same_idempotency_key_at_two_instances_is_one_synthesis_and_one_answer() {
    let (world, redis) = (world(), Redis::start().await);
    let folders = [0, 1].map(|_| tempfile::tempdir().expect("a folder"));
    // Not as processes: those speak their standard phrases meanwhile.
    let [one, other] = [&folders[0], &folders[1]].map(|folder| {
        let mut strings = settings(folder.path(), &world);
        strings.insert("REDIS_URL".to_owned(), redis.url());
        strings
    });
    let (one, other) = (speech::Process::start(&one).await, speech::Process::start(&other).await);
    world.deepgram().set(|settings| settings.speak_first_byte = Duration::from_millis(100));
    let order = json!({"callId": "CA1", "text": PARCEL});
    let (this, that) = tokio::join!(post(one.address, &order, Some("k")), post(other.address, &order, Some("k")));
    let (this, that): (Value, Value) = (this.json().await.expect("JSON"), that.json().await.expect("JSON"));
    assert_eq!((&this, &this["cached"]), (&that, &json!(false)));
    assert_eq!(world.deepgram().counts().speeches, 1);
    let order = json!({"callId": "CA1", "text": "Something else."});
    assert_eq!(post(other.address, &order, Some("k")).await.status(), 422);
}

#[tokio::test]
async fn without_its_redis_an_instance_goes_on_alone_and_finds_it_again() {
    let (world, mut redis) = (world(), Redis::start().await);
    let (one, other) = (Machine::start(&world, &redis), Machine::start(&world, &redis));
    let mut caller = one.process.caller(&world);
    caller.hears("how can i help you").await;
    redis.kill();
    assert_eq!(one.say(&caller.call_sid(), PARCEL, Some("k")).await["played"], json!(true));
    caller.hears("your parcel is at the front desk").await;
    assert_eq!(other.say(&caller.call_sid(), PARCEL, None).await["played"], json!(false));
    let refused = other.post(&json!({"callId": "CA1", "text": PARCEL, "async": true}), None).await;
    assert_eq!(refused.status(), 503);
    redis.start_again().await;
    until("the other instance is found again", async || {
        let said = other.say(&caller.call_sid(), "Your taxi is here.", None).await;
        (said["played"] == json!(true)).then_some(())
    })
    .await;
    caller.hears("your taxi is here").await;
    let id = other.queue("CA1", PARCEL).await;
    other.job_is(&id, "done").await;
}

#[tokio::test]
async fn words_that_were_begun_to_be_said_are_not_begun_again() {
    let redis = Redis::start().await;
    let [one, other] = [0, 1].map(|_| fleet(&redis));
    assert_eq!(one.may_say("a").await, Ok(()));
    assert_eq!(other.may_say("a").await, Err(false), "nobody knows whether it was heard");
    one.said("a", true).await;
    assert_eq!(other.may_say("a").await, Err(true));
    assert_eq!(other.may_say("b").await, Ok(()));
}

#[tokio::test]
async fn a_job_whose_lost_worker_had_said_its_words_does_not_say_them_again() {
    let (world, redis) = (world(), Redis::start().await);
    let one = Machine::start(&world, &redis);
    let mut caller = one.process.caller(&world);
    caller.hears("how can i help you").await;
    world.deepgram().set(|settings| settings.speak_first_byte = Duration::from_secs(1));
    let id = one.queue(&caller.call_sid(), PARCEL).await;
    // What the lost worker left behind.
    let lost = fleet(&redis);
    assert_eq!(lost.may_say(&id).await, Ok(()));
    lost.said(&id, true).await;
    world.deepgram().set(|settings| settings.speak_first_byte = Duration::ZERO);
    assert_eq!(one.job_is(&id, "done").await["answer"]["played"], json!(true));
    assert_eq!(one.say(&caller.call_sid(), "Your taxi is here.", None).await["played"], json!(true));
    caller.hears("your taxi is here").await;
    assert!(!caller.heard.iter().any(|phrase| phrase.contains("parcel")), "{:?}", caller.heard);
}

#[tokio::test]
async fn a_call_of_a_lost_instance_is_left_to_the_carrier_once_it_is_nobodys() {
    let (world, redis) = (world(), Redis::start().await);
    world.twilio().is_account("AC1", "twilios-own-secret");
    let url = world.twilio_api_url();
    let carrier = [("TWILIO_ACCOUNT_SID", "AC1"), ("TWILIO_API_URL", &url)];
    let mut one = Machine::start(&world, &redis);
    let other = Machine::start_with(&world, &redis, &carrier);
    let mut caller = one.process.caller(&world);
    caller.hears("how can i help you").await;
    let call_sid = caller.call_sid();
    world.twilio().goes_on(&call_sid);
    one.process.kill();
    assert_eq!(other.say(&call_sid, PARCEL, None).await["played"], json!(false));
    assert_eq!(world.twilio().asked(), 0, "the instance may only be slow");
    until("the call is nobody's", async || {
        let said = other.say(&call_sid, PARCEL, None).await;
        (said["played"] == json!(true)).then_some(())
    })
    .await;
    assert_eq!(world.twilio().asked(), 1);
}

#[tokio::test]
async fn the_webhooks_of_a_call_may_land_elsewhere_than_its_stream() {
    let (world, redis) = (world(), Redis::start().await);
    let (one, other) = (Machine::start(&world, &redis), Machine::start(&world, &redis));
    let (_streams, streams) = watch::channel(other.process.address);
    let balancer = balancer(one.process.address, streams).await;
    let mut caller = Caller::on(place(balancer, CallSetup::new(CALLER, DESK)), &world);
    caller.hears("how can i help you").await;
    caller.says("open-tue-10").await;
    assert_eq!(caller.answers(ANSWERS).await, Ending::Completed);
    assert_eq!((caller.streams, caller.verbs.last()), (1, Some(&Verb::Hangup)), "it is not answered again");
    assert!(record(other.folder(), &caller.call_sid()).await.is_some());
    assert!(record(one.folder(), &caller.call_sid()).await.is_none());
    let keys = redis.keys().await;
    assert!(!keys.iter().any(|key| key.starts_with("frontdesk:ticket:")), "the ticket is used up: {keys:?}");
}

#[tokio::test]
async fn a_call_whose_stream_comes_back_elsewhere_is_begun_anew_there_and_ends_where_it_was() {
    let (world, redis) = (world(), Redis::start().await);
    let (one, other) = (Machine::start(&world, &redis), Machine::start(&world, &redis));
    let (send_streams, streams) = watch::channel(one.process.address);
    let balancer = balancer(other.process.address, streams).await;
    let mut caller = Caller::on(place(balancer, CallSetup::new(CALLER, DESK)), &world);
    let call_sid = caller.call_sid();
    caller.hears("how can i help you").await;
    send_streams.send(other.process.address).expect("the balancer listens");
    caller.line.drop_socket();
    caller.hears("how can i help you").await;
    until("the call is over where it was", async || record(one.folder(), &call_sid).await?.end_time.map(drop)).await;
    assert_eq!(one.say(&call_sid, PARCEL, None).await["played"], json!(true));
    caller.hears("your parcel is at the front desk").await;
    let keys = redis.keys().await;
    assert!(!keys.contains(&format!("frontdesk:next:{call_sid}")), "the one that lost it decides nothing: {keys:?}");
}

/// Hands webhooks to one instance, and streams to another. Gives its address.
async fn balancer(webhooks: SocketAddr, streams: watch::Receiver<SocketAddr>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut from, _)) = listener.accept().await {
            let streams = *streams.borrow();
            tokio::spawn(async move {
                let mut start = [0; 10];
                while from.peek(&mut start).await.expect("somebody asks") < start.len() {}
                let instance = if start == *b"GET /media" { streams } else { webhooks };
                let mut to = TcpStream::connect(instance).await.expect("it listens");
                let _ = copy_bidirectional(&mut from, &mut to).await;
            });
        }
    });
    address
}

/// An instance without calls, for what it knows.
fn fleet(redis: &Redis) -> Fleet {
    let config = Config { redis_url: redis.url(), prefix: "frontdesk:", remembered: Duration::from_secs(60) };
    Fleet::new(config, Arc::new(|_| ())).expect("an address")
}
