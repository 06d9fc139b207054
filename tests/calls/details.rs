//! A business asks something of its own, which nothing but its file says: asked, read back, kept, told and shown.

use std::collections::BTreeMap;

use sandbox::twilio::Ending;

use crate::gateway::{Gateway, change_business, read};
use crate::postgres::Postgres;

#[tokio::test]
async fn a_step_that_the_file_adds_is_part_of_the_booking() {
    books_with_details(|_| ()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_the_file_adds_is_part_of_the_booking_on_postgresql() {
    let server = Postgres::start();
    let url = server.database();
    books_with_details(move |settings| drop(settings.insert("DATABASE_URL".into(), url))).await;
}

async fn books_with_details(change: impl FnOnce(&mut BTreeMap<String, String>)) {
    let gateway = Gateway::with(|folder, settings| {
        change_business(folder, settings, |example| example + &read("fixtures/details.toml"));
        change(settings);
    })
    .await;
    let mut caller = gateway.caller();
    caller.hears("how can i help you").await;
    caller.says("open-tue-10").await;
    caller.hears("is it your first visit").await;
    caller.says("yes").await;
    caller.hears("may i have your name please").await;
    caller.says("ada").await;
    caller.hears("first visit yes").await;
    caller.hears("shall i book it").await;
    caller.says("yes-please").await;
    caller.hears("is there anything else i can do for you").await;
    caller.says("no-thats-all").await;
    assert_eq!(caller.ends().await, Ending::Completed);

    let record = gateway.record(&caller.call_sid()).await;
    let [appointment] = &record.appointments[..] else { panic!("one appointment: {:?}", record.appointments) };
    assert_eq!(appointment.details.in_words(), "first visit yes");
    assert_eq!(appointment.details.0["first_visit"], "yes");
}
