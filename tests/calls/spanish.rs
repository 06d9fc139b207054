//! A call in Spanish: heard, answered, booked and texted in it, and the reminder call begins in it.

use std::collections::BTreeMap;

use sandbox::twilio::{CallSetup, Dialled, Ending};
use sandbox::world::World;

use crate::gateway::{CALLER, DESK, Gateway, change_business, read, until};
use crate::postgres::Postgres;

const FROM: &str = "+15552220000";

#[tokio::test]
async fn a_spanish_speaker_books_in_spanish() {
    books_in_spanish(|_| ()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spanish_speaker_books_in_spanish_on_postgresql() {
    let server = Postgres::start();
    let url = server.database();
    books_in_spanish(move |settings| drop(settings.insert("DATABASE_URL".into(), url))).await;
}

#[tokio::test]
async fn a_spanish_speaker_whom_nobody_takes_over_goes_on_in_spanish() {
    let gateway = Gateway::with(|folder, settings| {
        let person = "transfer_to = \"+15551230000\"\n";
        change_business(folder, settings, |example| format!("{person}{example}{}", read("fixtures/languages/es.toml")));
    })
    .await;
    let setup = CallSetup { dial_status: Dialled::NoAnswer, ..CallSetup::new(CALLER, DESK) };
    let mut caller = gateway.caller_as(setup);
    caller.hears("how can i help you").await;
    caller.says("es-person").await;
    caller.hears("en qué puedo ayudarle").await;
    assert!(caller.was_read("nadie puede atender"), "by the carrier, too: {:?}", caller.verbs);
    assert!(!caller.heard.iter().any(|phrase| phrase.contains("put you through")), "{:?}", caller.heard);
    caller.says("es-done").await;
    assert_eq!(caller.ends().await, Ending::Completed);
}

async fn books_in_spanish(change: impl FnOnce(&mut BTreeMap<String, String>)) {
    let gateway = Gateway::with_world(|folder, world, settings| {
        let afterwards = format!("[afterwards]\nfrom = \"{FROM}\"\nconfirm = true\n\n[[services]]");
        change_business(folder, settings, |example| {
            example.replacen("[[services]]", &afterwards, 1) + &read("fixtures/languages/es.toml")
        });
        world.twilio().is_account("AC1", "twilios-own-secret");
        let carrier = [("TWILIO_ACCOUNT_SID", "AC1"), ("TWILIO_API_URL", &world.twilio_api_url())];
        settings.extend(carrier.map(|(name, value)| (name.to_owned(), value.to_owned())));
        change(settings);
    })
    .await;
    let rest = World::twilio(&gateway.world).clone();
    let mut caller = gateway.caller();
    caller.hears("para español diga español").await;
    caller.hears("how can i help you").await;
    caller.says("es-open").await;
    caller.hears("me dice su nombre").await;
    caller.says("es-name").await;
    caller.hears("usaré el número").await;
    caller.hears("lo reservo").await;
    caller.says("es-yes").await;
    caller.hears("puedo ayudarle en algo más").await;
    caller.says("es-done").await;
    caller.hears("hasta luego").await;
    assert_eq!(caller.ends().await, Ending::Completed);

    let record = gateway.record(&caller.call_sid()).await;
    assert_eq!((record.outcome.as_deref(), record.appointments[0].name.as_str()), (Some("booked"), "Carmen Ruiz"));
    let text = until("the caller is texted", async || rest.texts().first().cloned()).await;
    assert_eq!((text.from.as_str(), text.to.as_str()), (FROM, CALLER));
    assert!(text.what.starts_with("Harbor Street Barbers: tiene reservado un corte de pelo el vie "), "{}", text.what);
}
