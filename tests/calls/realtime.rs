//! Calls that a speech-to-speech model carries, over the telephone: the chart stays in charge, and when the service fails
//! the call goes on without it.

use std::time::Duration;

use frontdesk::store::CallRecord;
use futures_util::future::join_all;
use sandbox::realtime::Faults;
use sandbox::twilio::Ending;

use crate::caller::{ANSWERS, Caller};
use crate::gateway::{DESK, Gateway, caller_said, change_business, events};

/// A gateway whose business has the model in its calls.
async fn gateway(more: &'static [(&'static str, &'static str)]) -> Gateway {
    Gateway::with(|folder, settings| {
        let engine = format!("engine_by_number = {{ {DESK:?} = \"realtime\" }}\n");
        change_business(folder, settings, |example| engine + &example);
        settings.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    })
    .await
}

async fn booked(gateway: &Gateway, caller: &Caller) -> CallRecord {
    let record = gateway.record(&caller.call_sid()).await;
    assert_eq!(record.outcome.as_deref(), Some("booked"), "{:?}", record.events);
    let [appointment] = &record.appointments[..] else { panic!("one appointment: {:?}", record.appointments) };
    assert!(appointment.start_at.ends_with("T10:00"), "{appointment:?}");
    record
}

#[tokio::test]
async fn a_model_that_hears_and_speaks_books() {
    let gateway = gateway(&[("CALL_SUMMARIES", "false")]).await;
    let mut caller = gateway.caller();
    assert_eq!(caller.books("open-tue-10").await, Ending::Completed);
    let record = booked(&gateway, &caller).await;
    assert_eq!(
        caller_said(&record),
        ["hi i'd like a haircut on tuesday at ten", "ada lovelace", "yes please", "no that's all thank you"]
    );
    assert!(record.turns.iter().all(|turn| !turn.by_rules), "{:?}", record.turns);
    assert_eq!((events(&record, "fault"), events(&record, "reworded")), (vec![], vec![]));
    let counts = gateway.world.realtime().counts();
    assert_eq!((counts.sessions, counts.errors), (1, 0), "{counts:?}");
    assert!(counts.responses > 10, "{counts:?}");
    assert_eq!(gateway.world.deepgram().counts().samples_heard, 0, "nobody else hears the caller");
    assert_eq!(gateway.world.openai().counts().finished, 0, "and nobody else thinks");
}

#[tokio::test]
async fn a_session_that_grows_old_is_left_in_a_silence() {
    let gateway = gateway(&[("OPENAI_REALTIME_SESSION_SECONDS", "2")]).await;
    let mut caller = gateway.caller();
    assert_eq!(caller.books("open-tue-10").await, Ending::Completed);
    let record = booked(&gateway, &caller).await;
    assert_eq!(events(&record, "fault"), Vec::<String>::new());
    let counts = gateway.world.realtime().counts();
    assert!(counts.sessions >= 3 && counts.errors == 0, "{counts:?}");
}

#[tokio::test]
async fn a_session_that_ends_at_its_cap_is_taken_up_in_another() {
    let gateway = gateway(&[]).await;
    gateway.world.realtime().set(|settings| settings.session = Duration::from_secs(7));
    let mut caller = gateway.caller();
    assert_eq!(caller.books("open-tue-10").await, Ending::Completed);
    booked(&gateway, &caller).await;
    assert!(gateway.world.realtime().counts().sessions >= 2);
}

#[tokio::test]
async fn without_the_service_the_three_others_carry_the_call() {
    let broken = |faults: Faults| async move {
        let gateway = gateway(&[]).await;
        gateway.world.realtime().set(|settings| settings.faults = faults.clone());
        let mut caller = gateway.caller();
        assert_eq!(caller.books("open-tue-10").await, Ending::Completed, "{faults:?}");
        let record = booked(&gateway, &caller).await;
        assert!(!events(&record, "fault").is_empty(), "{faults:?}");
        assert!(gateway.world.deepgram().counts().samples_heard > 0, "{faults:?}");
    };
    join_all([
        broken(Faults { refuse: Some(503), ..Faults::default() }),
        broken(Faults { refuse: Some(401), ..Faults::default() }),
        broken(Faults { rate_limited: true, ..Faults::default() }),
        broken(Faults { stall: true, ..Faults::default() }),
    ])
    .await;
}

#[tokio::test]
async fn a_service_that_dies_in_the_middle_is_replaced_in_the_same_call() {
    let gateway = gateway(&[]).await;
    let mut caller = gateway.caller();
    caller.hears("how can i help you").await;
    gateway.world.realtime().set(|settings| {
        settings.faults = Faults { refuse: Some(503), drop_after: Some(1), ..Faults::default() };
    });
    caller.says("open-tue-10").await;
    assert_eq!(caller.answers(ANSWERS).await, Ending::Completed);
    let record = booked(&gateway, &caller).await;
    assert_eq!(caller_said(&record).first().map(String::as_str), Some("hi i'd like a haircut on tuesday at ten"));
}

#[tokio::test]
async fn other_words_than_were_ordered_are_noted() {
    let gateway = gateway(&[]).await;
    gateway.world.realtime().set(|settings| settings.faults.rewords = true);
    let mut caller = gateway.caller();
    caller.hears("how can i help you").await;
    caller.line.hang_up();
    caller.ends().await;
    let record = gateway.record(&caller.call_sid()).await;
    assert!(!events(&record, "reworded").is_empty());
}
