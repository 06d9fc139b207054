//! Streams that break: Twilio asks what is next, and the call goes on where it was.

use sandbox::twilio::Ending;

use crate::caller::ANSWERS;
use crate::gateway::{Gateway, caller_said};

#[tokio::test]
async fn a_call_whose_stream_drops_goes_on_with_all_that_was_said() {
    let gateway = Gateway::open().await;
    let mut caller = gateway.caller();
    caller.hears("how can i help you").await;
    caller.says("open-tue-10").await;
    caller.hears("your name").await;
    caller.line.drop_socket();
    caller.hears("we were cut off").await;
    assert_eq!(caller.streams, 2);
    caller.says("ada").await;
    assert_eq!(caller.answers(ANSWERS).await, Ending::Completed);

    let record = gateway.record(&caller.call_sid()).await;
    assert_eq!(record.outcome.as_deref(), Some("booked"));
    assert!(record.appointments[0].start_at.ends_with("T10:00"), "{:?}", record.appointments);
    assert_eq!(caller_said(&record).len(), 4, "nothing had to be said twice");
    assert_eq!(gateway.metric("frontdesk_calls_total", "").await, 1.0, "it was one call all the time");
    assert_eq!(gateway.world.deepgram().counts().listeners, 1, "and it was listened to all the time");
}

#[tokio::test]
async fn what_was_being_said_when_the_stream_dropped_is_said_again() {
    let gateway = Gateway::open().await;
    let mut caller = gateway.caller();
    caller.hears_anything().await;
    caller.line.drop_socket();
    caller.hears("we were cut off").await;
    caller.hears("how can i help you").await;
    caller.line.hang_up();
    let record = gateway.record(&caller.call_sid()).await;
    assert_eq!(record.ending.as_deref(), Some("hung_up"));
}

#[tokio::test]
async fn a_caller_whose_audio_stops_is_told_and_heard_again() {
    let gateway = Gateway::open().await;
    let mut caller = gateway.caller();
    caller.hears("how can i help you").await;
    caller.line.lose_frames(250);
    caller.hears("having trouble hearing you").await;
    caller.hears("we were cut off").await;
    caller.hears("are you still there").await;
    caller.says("open-tue-10").await;
    caller.hears("your name").await;
    caller.line.hang_up();
    assert_eq!(gateway.record(&caller.call_sid()).await.ending.as_deref(), Some("hung_up"));
}

#[tokio::test]
async fn a_call_that_keeps_breaking_is_given_up_with_an_apology() {
    let gateway = Gateway::open().await;
    let mut caller = gateway.caller();
    caller.hears("how can i help you").await;
    for _ in 0..6 {
        caller.line.drop_socket();
        if !caller.is_connected_again().await {
            break;
        }
    }
    assert_eq!(caller.ends().await, Ending::Completed);
    assert_eq!(caller.streams, 6, "the first, and five more");
    assert!(caller.was_read("something went wrong on our side"), "{:?}", caller.verbs);
    assert_eq!(gateway.record(&caller.call_sid()).await.status, "completed");
}
