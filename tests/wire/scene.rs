//! What the tests share: a sandbox, a call that listens, and waiting for the thing itself with a deadline.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use bytes::Bytes;
use engine::audio::frame::{FRAME_LEN, FRAME_MS, Frame, SILENCE};
use engine::io::{Fault, Input};
use frontdesk::vendors::deepgram::listen::{self, Hearing};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use sandbox::world::{World, WorldSettings};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// Long enough for a busy machine; no test waits for it unless something is wrong.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A sandbox that answers at once.
pub(crate) fn world() -> World {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    World::start(WorldSettings::new(fixtures)).expect("the fixtures are committed")
}

/// Serves routes on loopback, for as long as the test runs, and says where.
pub(crate) async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let listener = listener.tap_io(|socket| socket.set_nodelay(true).expect("an open socket"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    assert!(waited.await.is_ok(), "never so: {what}");
}

/// All audio of a text, and how it ended.
pub(crate) async fn all(mut pieces: BoxStream<'static, Result<Bytes, Fault>>) -> (Vec<u8>, Result<(), Fault>) {
    let mut audio = Vec::new();
    loop {
        match tokio::time::timeout(PATIENCE, pieces.next()).await.expect("it goes on or ends") {
            Some(Ok(piece)) => audio.extend_from_slice(&piece),
            Some(Err(fault)) => {
                assert!(pieces.next().await.is_none(), "an error is the last item");
                return (audio, Err(fault));
            }
            None => return (audio, Ok(())),
        }
    }
}

/// The next of something that is sent.
pub(crate) async fn next<T>(receiver: &mut mpsc::Receiver<T>) -> Option<T> {
    tokio::time::timeout(PATIENCE, receiver.recv()).await.expect("it goes on or ends")
}

/// A call that listens.
pub(crate) struct Call {
    pub(crate) hearing: Hearing,
    pub(crate) facts: mpsc::Receiver<Input>,
    at_ms: u64,
}

impl Call {
    /// A call that has gone on for ten seconds when it begins to listen.
    pub(crate) fn listening(config: listen::Config) -> Self {
        let (sender, facts) = mpsc::channel(64);
        let hearing = listen::open(Arc::new(config), vec!["haircut".into()], sender);
        Self { hearing, facts, at_ms: 10_000 }
    }

    /// Feeds audio as fast as it is taken, the last frame filled up with silence.
    pub(crate) async fn says(&mut self, audio: &[u8]) {
        for piece in audio.chunks(FRAME_LEN) {
            let mut frame: Frame = [SILENCE; FRAME_LEN];
            frame[..piece.len()].copy_from_slice(piece);
            // The queue is short, because in a call frames come one by one.
            loop {
                let dropped = self.hearing.frames_dropped();
                self.hearing.feed(self.at_ms, &frame);
                if self.hearing.frames_dropped() == dropped {
                    break;
                }
                tokio::task::yield_now().await;
            }
            self.at_ms += FRAME_MS;
        }
    }

    /// Feeds silence.
    pub(crate) async fn is_silent_for(&mut self, ms: usize) {
        self.says(&vec![SILENCE; ms * 8]).await;
    }

    /// The next fact, interims left out.
    pub(crate) async fn next(&mut self) -> Option<Input> {
        loop {
            match next(&mut self.facts).await {
                Some(Input::Interim { .. }) => {}
                fact => return fact,
            }
        }
    }

    /// The next fact that is not an interim, which must be this one.
    pub(crate) async fn expect(&mut self, expected: &Input) {
        assert_eq!(self.next().await.as_ref(), Some(expected));
    }

    /// Why listening failed, which must be the next fact.
    pub(crate) async fn fails(&mut self) -> Fault {
        match self.next().await {
            Some(Input::HearingFailed(fault)) => fault,
            other => panic!("no failure but {other:?}"),
        }
    }

    /// The words of all finals up to the one that ends the turn, or an utterance's end, with what failed on the way.
    pub(crate) async fn turn(&mut self) -> (String, Vec<Fault>) {
        let (mut words, mut faults) = (Vec::new(), Vec::new());
        loop {
            let ended = match self.next().await {
                Some(Input::Final { text, ends_turn, .. }) => {
                    words.extend(text.split_whitespace().map(str::to_owned));
                    ends_turn
                }
                Some(Input::UtteranceEnded) => true,
                Some(Input::HearingFailed(fault)) => {
                    faults.push(fault);
                    false
                }
                Some(_) => false,
                None => panic!("listening ended after {words:?}, {faults:?}"),
            };
            if ended && !words.is_empty() {
                return (words.join(" "), faults);
            }
        }
    }
}

/// Settings for a sandbox that hears faster than anybody speaks.
pub(crate) fn hurried(url: String) -> listen::Config {
    listen::Config { url, key: "a key".into(), catch_up: 50.0, ..listen::Config::default() }
}

/// What a caller can say: its words and its audio.
pub(crate) fn utterance(world: &World, id: &str) -> (String, Vec<u8>) {
    let clip = world.utterances().iter().find(|clip| clip.id == id).expect("a clip of this name");
    (sandbox::clips::spoken(&clip.text), clip.audio.clone())
}
