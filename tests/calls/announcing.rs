//! Another system has something to say to somebody who is on the phone.

use serde_json::{Value, json};

use crate::caller::ANSWERS;
use crate::gateway::{API_KEYS, Gateway, events};

const ELSEWHERE: &str = "CA0123456789abcdef0123456789abcdef";

async fn asked(gateway: &Gateway, call_id: &str, idempotency_key: &str) -> Value {
    let key = API_KEYS.split_once(':').expect("a client and a key").1;
    let request = reqwest::Client::new().post(gateway.url("/call")).bearer_auth(key);
    let request = request.header("idempotency-key", idempotency_key);
    let order = json!({"callId": call_id, "text": "Your parcel is at the front desk."});
    request.json(&order).send().await.expect("an answer").json().await.expect("JSON")
}

#[tokio::test]
async fn words_for_a_live_call_are_heard_in_it_once_and_the_call_goes_on() {
    let gateway = Gateway::open().await;
    let mut caller = gateway.caller();
    caller.hears("how can i help you").await;
    assert_eq!(asked(&gateway, &caller.call_sid(), "one").await["played"], json!(true));
    assert_eq!(asked(&gateway, &caller.call_sid(), "one").await["played"], json!(true));
    caller.hears("your parcel is at the front desk").await;
    caller.says("open-tue-10").await;
    caller.answers(ANSWERS).await;
    let record = gateway.record(&caller.call_sid()).await;
    assert_eq!(record.outcome.as_deref(), Some("booked"));
    assert_eq!(events(&record, "announced").len(), 1);
    let said = record.transcript.iter().filter(|line| line.heard == "Your parcel is at the front desk.");
    assert_eq!(said.count(), 1);
    assert_eq!(asked(&gateway, &caller.call_sid(), "two").await["played"], json!(false), "the call is over");
}

#[tokio::test]
async fn words_for_a_call_without_a_stream_are_played_by_the_carrier() {
    let gateway = Gateway::with_world(|_, world, settings| {
        world.twilio().is_account("AC1", "twilios-own-secret");
        settings.insert("TWILIO_ACCOUNT_SID".to_owned(), "AC1".to_owned());
        settings.insert("TWILIO_API_URL".to_owned(), world.twilio_api_url());
    })
    .await;
    assert_eq!(asked(&gateway, ELSEWHERE, "one").await["played"], json!(false));
    gateway.world.twilio().goes_on(ELSEWHERE);
    let said = asked(&gateway, ELSEWHERE, "two").await;
    assert_eq!(said["played"], json!(true));
    assert_eq!(json!(gateway.world.twilio().played(ELSEWHERE)), json!([said["audioUrl"]]));
    let asked_before = gateway.world.twilio().asked();
    assert_eq!(asked(&gateway, "order-4711", "three").await["played"], json!(false));
    assert_eq!(gateway.world.twilio().asked(), asked_before, "no call of Twilio's is called that");
}
