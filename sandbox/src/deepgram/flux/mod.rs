//! `WS /v2/listen`: Flux, which finds the caller's turns by itself.

mod options;
mod session;

use axum::response::Response;
use serde_json::Value;

use crate::deepgram::Deepgram;
use crate::deepgram::format::Decoder;
use crate::deepgram::opening::{Opened, Opening};
use crate::deepgram::outbox::Outgoing;
use crate::deepgram::settings::Settings;
use crate::deepgram::socket::{self, After, Listening};
use options::Options;
use session::Session;

/// The handler of `/v2/listen`.
pub(super) async fn open(opening: Opening) -> Response {
    opening.answer(Deepgram::admit_listener, Options::of, |opened| async move {
        let Opened { deepgram, request_id, options, socket } = opened;
        let _open = deepgram.listener_opened();
        let decoder = Decoder::new(options.format);
        let mut greeting = Vec::new();
        let session = Session::new(options, request_id, deepgram.lexicon().clone(), &mut greeting);
        socket::serve(socket, Flux(session), greeting, decoder, deepgram.clone()).await;
    })
}

struct Flux(Session);

impl Listening for Flux {
    fn hear(&mut self, audio: &[u8], _: &Settings, out: &mut Vec<Outgoing>) {
        self.0.hear(audio, out);
    }

    /// Messages of `/v1/listen` are fatal here, `KeepAlive` among them.
    fn control(&mut self, text: &str, out: &mut Vec<Outgoing>) -> After {
        let message: Value = serde_json::from_str(text).unwrap_or_default();
        match message["type"].as_str() {
            Some("CloseStream") => return self.end(out),
            Some("Configure") => self.0.configure(message, out),
            Some("ForceEndTurn") => self.0.force_end(out),
            _ => {
                self.0.refuse(out);
                return After::Close(1008, "UNPARSABLE_CLIENT_MESSAGE");
            }
        }
        After::Nothing
    }

    /// An open turn is not finished: only audio ends a turn.
    fn end(&mut self, _: &mut Vec<Outgoing>) -> After {
        After::Close(1000, "")
    }
}
