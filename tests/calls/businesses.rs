//! Several businesses on one server: the number that is dialled decides, and what changes in a file counts for the next call.

use std::fs;
use std::path::{Path, PathBuf};

use futures_util::{SinkExt, StreamExt};
use sandbox::twilio::CallSetup;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::gateway::{CALLER, DESK, Gateway, repository};

const BOBS: &str = "+15557778888";

/// The second business, with a greeting of recorded words.
fn put_bobs(folder: &Path, greeting: &str) {
    let example = fs::read_to_string(repository().join("business.toml")).expect("the example");
    let own = example.replace("Harbor Street Barbers", "Bob's");
    let text = format!("numbers = [\"{BOBS}\"]\n{own}\n[prompts]\ngreeting = \"{greeting} How can I help you?\"\n");
    fs::write(folder.join("bobs.toml"), text).expect("written");
}

/// The example and Bob's, and the folder of their files.
async fn two_businesses() -> (Gateway, PathBuf) {
    let mut folder = None;
    let gateway = Gateway::with(|place, settings| {
        let businesses = place.join("businesses");
        fs::create_dir(&businesses).expect("a folder");
        fs::copy(repository().join("business.toml"), businesses.join("main.toml")).expect("copied");
        put_bobs(&businesses, "We take cards and cash.");
        settings.insert("BUSINESS_FILE".into(), businesses.display().to_string());
        folder = Some(businesses);
    })
    .await;
    (gateway, folder.expect("made"))
}

async fn greeting(gateway: &Gateway, to: &str) -> String {
    let mut caller = gateway.caller_as(CallSetup::new(CALLER, to));
    caller.hears("how can i help you").await;
    let call_sid = caller.call_sid();
    let heard = caller.heard.join(" ");
    drop(caller);
    format!("{}: {heard}", gateway.record(&call_sid).await.business)
}

#[tokio::test]
async fn the_number_decides_and_a_changed_file_counts_for_the_next_call() {
    let (gateway, folder) = two_businesses().await;
    let harbor = greeting(&gateway, DESK).await;
    assert_eq!(harbor, "Harbor Street Barbers: thanks for calling harbor street barbers how can i help you");
    assert_eq!(greeting(&gateway, BOBS).await, "Bob's: we take cards and cash how can i help you");

    // Something wrong in a file changes nothing.
    let good = fs::read_to_string(folder.join("bobs.toml")).expect("readable");
    fs::write(folder.join("bobs.toml"), format!("grid = 5\n{good}")).expect("written");
    assert_eq!(greeting(&gateway, BOBS).await, "Bob's: we take cards and cash how can i help you");

    put_bobs(&folder, "You can park for free behind the building.");
    let wanted = "Bob's: you can park for free behind the building how can i help you";
    for call in 1.. {
        let heard = greeting(&gateway, BOBS).await;
        if heard == wanted {
            break;
        }
        assert!(call < 10, "the change is never taken over: {heard}");
    }
}

#[tokio::test]
async fn each_business_talks_on_a_page_of_its_own() {
    let (gateway, _) = two_businesses().await;
    assert!(gateway.page("/talk/bob-s").await.contains("Bob"));
    let origin = gateway.url("");
    let asked = reqwest::Client::new().post(gateway.url("/talk/bob-s/token")).header("origin", &origin).send();
    let pass: Value =
        serde_json::from_str(&asked.await.expect("an answer").text().await.expect("a text")).expect("JSON");

    let mut request = gateway.url("/voice-ws").replace("http", "ws").into_client_request().expect("an address");
    request.headers_mut().insert("origin", origin.parse().expect("a header"));
    request.headers_mut().insert("sec-websocket-protocol", "frontdesk.voice.v1".parse().expect("a header"));
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.expect("a socket");
    let hello = json!({"type": "hello", "version": 1, "token": pass["token"], "audio": {"up": "pcm16", "down": "pcm16", "rate_hz": 48_000}});
    socket.send(Message::text(hello.to_string())).await.expect("sent");
    let welcome = loop {
        match socket.next().await.expect("the socket is open").expect("a message") {
            Message::Text(text) => break serde_json::from_str::<Value>(&text).expect("JSON"),
            _ => continue,
        }
    };
    assert_eq!((&welcome["type"], &welcome["business"]), (&"welcome".into(), &"Bob's".into()), "{welcome}");
    socket.send(Message::text(json!({"type": "bye"}).to_string())).await.expect("sent");
    let session = welcome["session"].as_str().expect("a session").to_owned();
    assert_eq!(gateway.record(&session).await.business, "Bob's");
}
