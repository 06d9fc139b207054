//! Twilio's REST API: a phrase is played into a call that goes on elsewhere.

use std::time::Duration;

use axum::Router;
use axum::routing::post;
use engine::io::Fault;
use frontdesk::vendors::twilio::{Carrier, Config};

use crate::scene::{serve, world};

const CALL: &str = "CA0123456789abcdef0123456789abcdef";
const AUDIO: &str = "https://desk.example.com/audio/ab.ulaw?expires=1&signature=a_b-c";

fn config(url: String) -> Config {
    let (account_sid, auth_token) = ("AC1".to_owned(), "the token".to_owned());
    Config { url, account_sid, auth_token, within: Duration::from_secs(5) }
}

#[tokio::test]
async fn a_phrase_is_played_into_a_call_that_goes_on_and_into_no_other() {
    let world = world();
    world.twilio().is_account("AC1", "the token");
    world.twilio().goes_on(CALL);
    let carrier = Carrier::new(config(world.twilio_api_url())).expect("good settings");
    assert_eq!(carrier.play(CALL, AUDIO).await, Ok(true));
    assert_eq!(world.twilio().played(CALL), [AUDIO]);
    assert_eq!(carrier.play("CAffffffffffffffffffffffffffffffff", AUDIO).await, Ok(false));
    let stranger = Config { auth_token: "guessed".to_owned(), ..config(world.twilio_api_url()) };
    let refused = Carrier::new(stranger).expect("good settings").play(CALL, AUDIO).await;
    assert!(
        matches!(refused, Err(Fault::OurMistake(why)) if why.contains("TWILIO_AUTH_TOKEN") && !why.contains("guessed"))
    );
}

#[tokio::test]
async fn a_carrier_that_does_not_answer_is_not_waited_for() {
    let silent = Router::new().fallback(post(async || std::future::pending::<()>().await));
    let config = Config { within: Duration::from_millis(50), ..config(serve(silent).await) };
    let played = Carrier::new(config).expect("good settings").play(CALL, AUDIO).await;
    assert!(matches!(played, Err(Fault::Retry(why)) if why.contains("within 50 ms")));
}
