//! `WS /v1/listen`: Nova's streaming transcription.

mod messages;
mod options;
mod session;
mod transcript;

use axum::response::Response;
use serde_json::{Value, json};

use crate::deepgram::Deepgram;
use crate::deepgram::format::Decoder;
use crate::deepgram::opening::{Opened, Opening};
use crate::deepgram::outbox::{Outgoing, Pace};
use crate::deepgram::settings::Settings;
use crate::deepgram::socket::{self, After, Listening};
use options::Options;
use session::Session;
pub(super) use transcript::seconds;

/// The handler of `/v1/listen`.
pub(super) async fn open(opening: Opening) -> Response {
    opening.answer(Deepgram::admit_listener, Options::of, |opened| async move {
        let Opened { deepgram, request_id, options, socket } = opened;
        let _open = deepgram.listener_opened();
        let decoder = Decoder::new(options.format);
        let session = Session::new(options, request_id.clone(), deepgram.lexicon().clone());
        socket::serve(socket, Nova { session, request_id }, Vec::new(), decoder, deepgram.clone()).await;
    })
}

struct Nova {
    session: Session,
    request_id: String,
}

impl Listening for Nova {
    fn hear(&mut self, audio: &[u8], settings: &Settings, out: &mut Vec<Outgoing>) {
        self.session.hear(audio, settings.interim_every, out);
    }

    fn control(&mut self, text: &str, out: &mut Vec<Outgoing>) -> After {
        let Ok(message) = serde_json::from_str::<Value>(text) else { return After::Close(1008, "DATA-0000") };
        match message["type"].as_str() {
            Some("KeepAlive") => After::Alive,
            Some("Finalize") => {
                self.session.finalize(out);
                After::Alive
            }
            Some("CloseStream") => self.end(out),
            Some("Configure") => {
                let keyterms = message.get("keyterms").cloned().unwrap_or_else(|| json!([]));
                let done = json!({ "type": "ConfigureSuccess", "request_id": self.request_id, "keyterms": keyterms });
                out.push(Outgoing::new(&done, Pace::Once));
                After::Alive
            }
            _ => After::Nothing,
        }
    }

    fn end(&mut self, out: &mut Vec<Outgoing>) -> After {
        self.session.finish(out);
        After::Close(1000, "")
    }
}
