//! Calls over a line that returns what it plays: our own voice is not the caller's.
//!
//! They are a program of their own, which runs when no other does: beside seventy other calls frames come late, and late frames
//! move the echo.

#[allow(dead_code, reason = "other whole-call tests need more of it")]
#[path = "calls/caller.rs"]
mod caller;
#[allow(dead_code, reason = "other whole-call tests need more of it")]
#[path = "calls/gateway.rs"]
mod gateway;

use std::time::Duration;

use sandbox::twilio::{CallSetup, Echo, Ending};

use crate::caller::{ANSWERS, Caller};
use crate::gateway::{CALLER, DESK, Gateway, caller_said};

#[tokio::test]
async fn our_own_voice_that_comes_back_neither_stops_us_nor_is_taken_for_the_callers() {
    let gateway = Gateway::open().await;
    let mut caller = over_an_echo(&gateway);
    assert_eq!(caller.books("open-tue-10").await, Ending::Completed);

    let record = gateway.record(&caller.call_sid()).await;
    assert_eq!(record.outcome.as_deref(), Some("booked"), "{:?}", record.transcript);
    let answers = ["hi i'd like a haircut on tuesday at ten", "ada lovelace", "yes please", "no that's all thank you"];
    let said = caller_said(&record);
    // What begins while our last words come back may lose its first; it gains none of ours.
    assert!(said.iter().zip(answers).all(|(heard, said)| said.ends_with(heard)), "{said:?}");
    assert_eq!(said.len(), answers.len(), "{said:?}");
    assert!(record.transcript.iter().all(|line| line.unheard.is_empty()), "{:?}", record.transcript);
}

#[tokio::test]
async fn a_caller_who_cuts_in_over_our_echo_is_listened_to() {
    let gateway = Gateway::open().await;
    let mut caller = over_an_echo(&gateway);
    caller.hears("thanks for calling").await;
    caller.hears_anything().await;
    caller.says("open-tue-10").await;
    assert!(caller.clears > 0, "the question stopped");
    assert_eq!(caller.answers(ANSWERS).await, Ending::Completed);

    let record = gateway.record(&caller.call_sid()).await;
    assert_eq!(record.outcome.as_deref(), Some("booked"), "{:?}", record.transcript);
    // The first word lies under our own, and what is left of it need not be understood.
    assert!(caller_said(&record)[0].ends_with("a haircut on tuesday at ten"), "{:?}", record.transcript);
    assert!(record.transcript.iter().any(|line| !line.unheard.is_empty()), "{:?}", record.transcript);
}

fn over_an_echo(gateway: &Gateway) -> Caller {
    let echo = Some(Echo::hybrid(Duration::from_millis(200), 20));
    let mut caller = gateway.caller_as(CallSetup { echo, ..CallSetup::new(CALLER, DESK) });
    caller.breath = Duration::from_millis(300);
    caller
}
