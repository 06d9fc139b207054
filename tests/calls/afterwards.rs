//! What follows a call: the business's own system is told, signed, again and again until it listens; callers get text
//! messages unless they want none; calendar programs see the appointment, and calendars of others are respected.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use chrono::{DateTime, Datelike, Days, Utc, Weekday};
use frontdesk::store::query::{DaySpan, Scope};
use frontdesk::vendors::others::signature;
use sandbox::twilio::{CallSetup, Ending, Line};
use sandbox::world::World;
use serde_json::Value;
use sqlx::{Connection, SqliteConnection};
use tokio::net::TcpListener;

use crate::caller::Caller;
use crate::gateway::{CALLER, DESK, Gateway, PUBLIC_URL, change_business, until};
use crate::postgres::Postgres;

const SECRET: &str = "a-secret-of-at-least-thirty-two-letters";
const FROM: &str = "+15552220000";

/// The business's own system.
#[derive(Clone, Default)]
struct Own {
    told: Arc<Mutex<Vec<Value>>>,
    /// How often it still fails before it listens.
    fails: Arc<Mutex<u32>>,
    /// The calendar that it has for Robin.
    calendar: Arc<Mutex<String>>,
}

impl Own {
    async fn listens(&self) -> String {
        let routes = Router::new()
            .route("/hook", post(Self::hear))
            .route("/robin.ics", get(async |State(own): State<Self>| own.calendar.lock().expect("whole").clone()));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let routes = routes.with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        format!("http://{address}")
    }

    async fn hear(State(own): State<Self>, headers: HeaderMap, body: String) -> StatusCode {
        let header =
            |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let signed = header("frontdesk-signature");
        let (time, by) = signed.split_once(',').expect("a time and a signature");
        let time: i64 = time.trim_start_matches("t=").parse().expect("a time");
        assert_eq!(by.trim_start_matches("v1="), signature(SECRET, time, &body), "it is signed");
        let fails = {
            let mut fails = own.fails.lock().expect("whole");
            *fails = fails.saturating_sub(1);
            *fails > 0
        };
        if fails {
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        let said: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(said["id"], header("idempotency-key"), "the same thing is known again");
        own.told.lock().expect("whole").push(said);
        StatusCode::NO_CONTENT
    }

    fn told(&self, event: &str) -> Option<Value> {
        self.told.lock().expect("whole").iter().find(|said| said["event"] == event).cloned()
    }
}

async fn gateway(own: &Own, change: impl FnOnce(&mut std::collections::BTreeMap<String, String>)) -> Gateway {
    let address = own.listens().await;
    Gateway::with_world(|folder, world, settings| {
        let afterwards = format!(
            "[afterwards]\nwebhook = \"{address}/hook\"\nfrom = \"{FROM}\"\nconfirm = true\nremind_hours = 1\n\
             busy_from = {{ robin = \"{address}/robin.ics\" }}\n\n[[services]]"
        );
        change_business(folder, settings, |example| example.replacen("[[services]]", &afterwards, 1));
        world.twilio().is_account("AC1", "twilios-own-secret");
        let carrier = [("TWILIO_ACCOUNT_SID", "AC1"), ("TWILIO_API_URL", &world.twilio_api_url())];
        settings.extend(carrier.map(|(name, value)| (name.to_owned(), value.to_owned())));
        settings.insert("WEBHOOK_SECRET".into(), SECRET.into());
        settings.insert("CALENDAR_SECRET".into(), SECRET.into());
        change(settings);
    })
    .await
}

#[tokio::test]
async fn what_is_booked_is_told_and_texted_and_stands_in_the_calendar() {
    follows(|_| ()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_booked_is_told_and_texted_on_postgresql() {
    let server = Postgres::start();
    let url = server.database();
    follows(move |settings| drop(settings.insert("DATABASE_URL".into(), url))).await;
}

async fn follows(change: impl FnOnce(&mut std::collections::BTreeMap<String, String>)) {
    let own = Own::default();
    *own.fails.lock().expect("whole") = 3;
    let gateway = gateway(&own, change).await;
    let rest = World::twilio(&gateway.world).clone();
    rest.fails(1);
    let mut caller = gateway.caller();
    assert_eq!(caller.books("open-tue-10").await, Ending::Completed);
    let created = until("the business is told", async || own.told("appointment.created")).await;
    assert_eq!(
        (&created["appointment"]["name"], &created["appointment"]["phone"]),
        (&"Ada Lovelace".into(), &CALLER.into())
    );
    let completed = until("the end of the call is told", async || own.told("call.completed")).await;
    assert_eq!((&completed["outcome"], &completed["to"]), (&"booked".into(), &DESK.into()));

    let text = until("the caller is texted", async || rest.texts().first().cloned()).await;
    assert_eq!((text.from.as_str(), text.to.as_str()), (FROM, CALLER));
    assert!(text.what.starts_with("Harbor Street Barbers: you're booked for a haircut on Tue, "), "{}", text.what);

    let feeds = frontdesk::app::feed_addresses(&gateway.settings).expect("readable").expect("there is a secret");
    let sam = feeds.iter().find(|feed| feed.staff == "Sam").expect("Sam has a calendar");
    let calendar = gateway.page(&sam.path).await;
    assert!(calendar.contains("SUMMARY:a haircut: Ada Lovelace") && calendar.contains("BEGIN:VEVENT"), "{calendar}");
    let robin = feeds.iter().find(|feed| feed.staff == "Robin").expect("Robin, too");
    assert!(!gateway.page(&robin.path).await.contains("BEGIN:VEVENT"), "Robin has nothing to do");
    let forged = format!("/calendar/{}.ics", "0".repeat(40));
    assert!(gateway.page(&forged).await.contains("No such calendar"));

    // Whoever wants no messages gets none, and the cancellation is told all the same.
    let stop = [("From", CALLER), ("To", FROM), ("Body", " Stop ")];
    assert_eq!(gateway.post("/sms", &stop).await.0, 200);
    let mut caller = gateway.caller();
    caller.hears("how can i help you").await;
    caller.says("cancel-mine").await;
    caller.answers(&[("shall i cancel it", "yes-please"), ("anything else", "no-thats-all")]).await;
    until("the cancellation is told", async || own.told("appointment.cancelled")).await;
    assert!(!gateway.page(&sam.path).await.contains("BEGIN:VEVENT"), "it is gone from the calendar");
    gateway.counts("frontdesk_told_total", r#"channel="text",outcome="dropped""#).await;
    assert_eq!(rest.texts().len(), 1);
}

#[tokio::test]
async fn a_calendar_of_others_is_respected() {
    let own = Own::default();
    // Every Tuesday that may be meant, Robin is away, and so is nobody but Sam there.
    let today = Utc::now().date_naive();
    let tuesdays = (0..30).map(|days| today + Days::new(days)).filter(|day| day.weekday() == Weekday::Tue);
    let events: String = tuesdays
        .map(|day| {
            let day = day.format("%Y%m%d");
            format!("BEGIN:VEVENT\r\nUID:{day}\r\nDTSTAMP:{day}T000000Z\r\nDTSTART;VALUE=DATE:{day}\r\nEND:VEVENT\r\n")
        })
        .collect();
    *own.calendar.lock().expect("whole") =
        format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{events}END:VCALENDAR\r\n");
    let gateway = gateway(&own, |_| ()).await;
    assert_eq!(gateway.caller().books("open-tue-10").await, Ending::Completed);
    let mut second = gateway.caller_as(CallSetup::new("+12125550177", DESK));
    second.hears("how can i help you").await;
    second.says("open-tue-10").await;
    second.hears("that time is taken").await;
}

#[tokio::test]
async fn somebody_is_called_about_their_appointment_and_moves_it() {
    let gateway = calls_to_remind().await;
    let called = reminded(&gateway, "human").await;
    let mut callee = Caller::on(called, &gateway.world);
    callee.hears("will you be there").await;
    callee.says("move-mine").await;
    let answers = [
        ("like to come instead", "thursday-at-two"),
        ("shall i move it", "yes-please"),
        ("anything else", "no-thats-all"),
    ];
    assert_eq!(callee.answers(&answers).await, Ending::Completed);
    let record = gateway.record(&callee.call_sid()).await;
    assert_eq!((record.outcome.as_deref(), record.direction.as_str()), (Some("moved"), "outbound"));
    assert_eq!((record.caller.as_str(), record.called.as_str()), (CALLER, FROM), "theirs and ours all the same");
}

#[tokio::test]
async fn that_somebody_comes_is_noted_with_their_appointment() {
    let gateway = calls_to_remind().await;
    let mut callee = Caller::on(reminded(&gateway, "human").await, &gateway.world);
    callee.hears("will you be there").await;
    callee.says("yes-please").await;
    assert_eq!(callee.ends().await, Ending::Completed);
    let always = DaySpan {
        scope: Scope::All,
        business: None,
        from: DateTime::UNIX_EPOCH,
        to: Utc::now() + chrono::TimeDelta::days(400),
    };
    let noted = until("it is noted", async || {
        let all = gateway.store.records().appointments_between(&always).await.expect("readable");
        all.into_iter().find(|one| one.confirmed_at.is_some())
    });
    assert_eq!(noted.await.status, "booked");
    assert_eq!(gateway.record(&callee.call_sid()).await.outcome.as_deref(), Some("confirmed"));
}

#[tokio::test]
async fn a_machine_that_answers_is_not_talked_to_and_a_text_is_sent() {
    let gateway = calls_to_remind().await;
    let mut machine = Caller::on(reminded(&gateway, "machine_start").await, &gateway.world);
    assert_eq!(machine.ends().await, Ending::Completed);
    assert_eq!(machine.heard, [""; 0]);
    let rest = World::twilio(&gateway.world);
    let text = until("a text is sent", async || rest.texts().first().cloned()).await;
    assert!(text.what.starts_with("Harbor Street Barbers: a reminder of a haircut on Tue, "), "{}", text.what);
}

/// A business that reminds by calls, and an appointment that is soon.
async fn calls_to_remind() -> Gateway {
    let gateway = Gateway::with_world(|folder, world, settings| {
        let afterwards =
            format!("[afterwards]\nfrom = \"{FROM}\"\nremind_hours = 1\nremind_by = \"call\"\n\n[[services]]");
        change_business(folder, settings, |example| example.replacen("[[services]]", &afterwards, 1));
        world.twilio().is_account("AC1", "twilios-own-secret");
        let carrier = [("TWILIO_ACCOUNT_SID", "AC1"), ("TWILIO_API_URL", &world.twilio_api_url())];
        settings.extend(carrier.map(|(name, value)| (name.to_owned(), value.to_owned())));
    })
    .await;
    assert_eq!(gateway.caller().books("open-tue-10").await, Ending::Completed);
    gateway
}

/// Lets the reminder be due, and answers the call.
async fn reminded(gateway: &Gateway, answered_by: &str) -> Line {
    let file = gateway.folder.path().join("frontdesk.db");
    let mut database = SqliteConnection::connect(&file.display().to_string()).await.expect("it is there");
    let due = "UPDATE outbox SET due_at = '2020-01-01T00:00:00+00:00' WHERE channel = 'call'";
    assert_eq!(sqlx::query(due).execute(&mut database).await.expect("written").rows_affected(), 1);
    let rest = World::twilio(&gateway.world);
    let call = until("the call is placed", async || rest.placed().first().cloned()).await;
    assert_eq!((call.from.as_str(), call.to.as_str()), (FROM, CALLER));
    let path = call.what.strip_prefix(PUBLIC_URL).expect("our public address");
    let setup = CallSetup {
        extra_fields: vec![("AnsweredBy".to_owned(), answered_by.to_owned())],
        ..CallSetup::new(FROM, CALLER)
    };
    gateway.call_at(path, setup)
}
