//! Callers who come back: they ask for their appointment, move it, cancel it, and leave a message; on both databases, with
//! the model and by rules alone.

use chrono::{Datelike, NaiveDateTime, Weekday};
use frontdesk::store::AppointmentRecord;
use frontdesk::store::query::{DaySpan, Scope};
use sandbox::twilio::{CallSetup, Dialled, Ending, Verb};

use crate::gateway::{CALLER, DESK, Gateway, change_business, events, until};
use crate::postgres::Postgres;

const MORE: (&str, &str) = ("anything else", "no-thats-all");

#[tokio::test]
async fn a_caller_comes_back_to_move_and_to_cancel_on_sqlite() {
    comes_back(&Gateway::open().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_comes_back_to_move_and_to_cancel_on_postgresql_without_a_model() {
    let server = Postgres::start();
    let gateway = Gateway::with(|_, settings| {
        settings.insert("DATABASE_URL".into(), server.database());
        settings.insert("OPENAI_MODEL".into(), "off".into());
    })
    .await;
    comes_back(&gateway).await;
}

async fn comes_back(gateway: &Gateway) {
    assert_eq!(gateway.caller().books("open-tue-10").await, Ending::Completed);

    let mut caller = gateway.caller();
    caller.hears("how can i help you").await;
    caller.says("move-mine").await;
    let answers = [("like to come instead", "thursday-at-two"), ("shall i move it", "yes-please"), MORE];
    assert_eq!(caller.answers(&answers).await, Ending::Completed);
    assert!(caller.has_heard("it's moved"), "{:?}", caller.heard);
    let record = gateway.record(&caller.call_sid()).await;
    assert_eq!(record.outcome.as_deref(), Some("moved"));
    assert_eq!(events(&record, "fault"), Vec::<String>::new());

    let appointments = all(gateway).await;
    let [stands] = &standing(&appointments)[..] else { panic!("one stands: {appointments:?}") };
    let start = NaiveDateTime::parse_from_str(&stands.start_at, "%Y-%m-%dT%H:%M").expect("a moment");
    assert_eq!((start.weekday(), start.format("%H:%M").to_string()), (Weekday::Thu, "14:00".to_owned()));
    assert_eq!((stands.name.as_str(), stands.phone.as_str(), appointments.len()), ("Ada Lovelace", CALLER, 2));

    let mut caller = gateway.caller();
    caller.hears("how can i help you").await;
    caller.says("when-is-mine").await;
    caller.hears("you have a haircut").await;
    caller.hears("anything else").await;
    caller.says("cancel-mine").await;
    assert_eq!(caller.answers(&[("shall i cancel it", "yes-please"), MORE]).await, Ending::Completed);
    assert!(caller.has_heard("it's cancelled"), "{:?}", caller.heard);
    assert_eq!(gateway.record(&caller.call_sid()).await.outcome.as_deref(), Some("cancelled"));
    assert_eq!(standing(&all(gateway).await), Vec::<&AppointmentRecord>::new());
}

#[tokio::test]
async fn a_message_is_taken_word_for_word() {
    let gateway = Gateway::open().await;
    let mut caller = gateway.caller();
    caller.hears("how can i help you").await;
    caller.says("leave-message").await;
    let answers = [("pass on", "umbrella"), ("your name", "ada"), MORE];
    assert_eq!(caller.answers(&answers).await, Ending::Completed);
    let record = gateway.record(&caller.call_sid()).await;
    assert_eq!(record.outcome.as_deref(), Some("message"));
    let message = record.message.expect("it is on record");
    assert_eq!(message.text, "Please tell Sam I lost my umbrella.");
    assert_eq!((message.name.as_str(), message.phone.as_str()), ("Ada Lovelace", CALLER));
}

async fn all(gateway: &Gateway) -> Vec<AppointmentRecord> {
    let always = DaySpan {
        scope: Scope::All,
        business: None,
        from: "2020-01-01T00:00:00Z".parse().expect("a moment"),
        to: "2100-01-01T00:00:00Z".parse().expect("a moment"),
    };
    gateway.store.records().appointments_between(&always).await.expect("readable")
}

fn standing(appointments: &[AppointmentRecord]) -> Vec<&AppointmentRecord> {
    appointments.iter().filter(|one| one.status == "booked").collect()
}

/// A desk where somebody answers the telephone.
async fn with_a_person() -> Gateway {
    Gateway::with(|folder, settings| {
        change_business(folder, settings, |example| example.replace("# transfer_to", "transfer_to"));
    })
    .await
}

#[tokio::test]
async fn whoever_takes_a_caller_over_is_told_who_it_is_and_what_became_of_it_is_on_record() {
    let gateway = with_a_person().await;
    let mut caller = gateway.caller();
    caller.hears("how can i help you").await;
    caller.says("open-tue-10").await;
    caller.hears("your name").await;
    caller.says("ada").await;
    caller.hears("shall i book").await;
    caller.says("person").await;
    assert_eq!(caller.ends().await, Ending::Completed);
    let [Verb::Say { text }] = &caller.whispered[..] else { panic!("a whisper: {:?}", caller.whispered) };
    assert!(text.starts_with("Harbor Street Barbers: Ada Lovelace, about a haircut on Tuesday"), "{text}");
    let record = gateway.record(&caller.call_sid()).await;
    assert_eq!(record.outcome.as_deref(), Some("transferred"));
    let transfer = until("it is on record", async || {
        gateway.store.records().call(&caller.call_sid()).await.expect("readable").and_then(|call| call.transfer)
    });
    assert_eq!(transfer.await.status, "completed");
}

#[tokio::test]
async fn a_caller_whom_nobody_takes_over_is_told_so_and_goes_on_with_us() {
    let gateway = with_a_person().await;
    let setup = CallSetup { dial_status: Dialled::NoAnswer, ..CallSetup::new(CALLER, DESK) };
    let mut caller = gateway.caller_as(setup);
    caller.hears("how can i help you").await;
    caller.says("person").await;
    caller.hears("how can i help you").await;
    assert!(caller.was_read("nobody can take your call"), "{:?}", caller.verbs);
    caller.says("nothing-else").await;
    assert_eq!(caller.ends().await, Ending::Completed);
    let record = gateway.record(&caller.call_sid()).await;
    assert_eq!(record.transfer.map(|transfer| transfer.status).as_deref(), Some("no-answer"));
}
