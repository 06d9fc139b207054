//! Places one call at a gateway and prints what happens, one JSON object a line:
//!
//! ```text
//! cargo run -p sandbox --features sockets --example dial -- --gateway http://127.0.0.1:3000 \
//!     --public-url https://voice.example.com --auth-token 12345
//! ```
//!
//! The caller says nothing, and hangs up after 30 s.
#![allow(clippy::print_stdout, reason = "a command says what happens")]

use std::error::Error;
use std::time::Duration;

use sandbox::twilio::{CallSetup, Happening, LineEvent, Twilio, TwilioSettings};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let twilio = Twilio::new(settings(std::env::args().skip(1))?)?;
    let mut line = twilio.place(CallSetup::new("+14155550123", "+12125550100"));
    let give_up = Instant::now() + PATIENCE;
    loop {
        tokio::select! {
            event = line.next() => match event {
                Some(event) => println!("{}", told(&event)),
                None => return Ok(()),
            },
            () = sleep_until(give_up), if Instant::now() < give_up => { line.hang_up(); }
        }
    }
}

fn settings(mut arguments: impl Iterator<Item = String>) -> Result<TwilioSettings, String> {
    let mut settings = TwilioSettings::for_gateway("http://127.0.0.1:3000");
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or(format!("{name} needs a value"))?;
        match name.as_str() {
            "--gateway" => {
                settings.gateway.clone_from(&value);
                settings.public_url = value;
            }
            "--public-url" => settings.public_url = value,
            "--auth-token" => settings.auth_token = Some(value),
            _ => return Err("usage: dial --gateway URL [--public-url URL] [--auth-token TOKEN]".to_owned()),
        }
    }
    Ok(settings)
}

fn told(event: &LineEvent) -> Value {
    let (what, detail) = match &event.what {
        Happening::Heard(audio) => ("heard", json!(audio.len())),
        Happening::StreamStarted { stream_sid } => ("stream started", json!(stream_sid)),
        Happening::Mark { name, .. } => ("mark", json!(name)),
        Happening::Cleared { dropped, .. } => ("cleared", json!(dropped.as_millis() as u64)),
        Happening::Closed { code, .. } => ("closed", json!(code)),
        Happening::Whispered(verb) => ("whispered", json!(format!("{verb:?}"))),
        Happening::Verb(verb) => ("verb", json!(format!("{verb:?}"))),
        Happening::Warned(warning) => ("warned", json!([warning.code, warning.text])),
        Happening::Ended(ending) => ("ended", json!(format!("{ending:?}"))),
        Happening::Saying | Happening::Said => ("speaking", Value::Null),
    };
    json!({"at_ms": event.at.as_millis() as u64, "what": what, "detail": detail})
}
