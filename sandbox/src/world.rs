//! All vendors on one port of the loopback interface: what the gateway uses when it has no keys, and what tests use.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::{fmt, io};

use axum::http::HeaderMap;
use axum::http::header::HOST;
use axum::routing::{get, put};
use axum::serve::ListenerExt;
use axum::{Json, Router};
use tokio::runtime::{Builder, Runtime};

use crate::clips::{self, Clip, ClipError};
use crate::deepgram::{self, Deepgram};
use crate::google::Account;
use crate::openai::{self, OpenAi};
use crate::providers::Providers;
use crate::realtime::{self, Realtime};
use crate::recognizer::Lexicon;
use crate::speech::{self, Speaking};
use crate::twilio::Rest;
use crate::voice::Voice;

/// How the world is to be.
#[derive(Debug, Clone)]
pub struct WorldSettings {
    /// The folder with `utterances` and `phrases`.
    pub fixtures: PathBuf,
    /// The port; any free one when 0.
    pub port: u16,
    /// How Deepgram behaves at first.
    pub deepgram: deepgram::Settings,
    /// How OpenAI behaves at first.
    pub openai: openai::Settings,
    /// How its speech-to-speech model behaves at first.
    pub realtime: realtime::Settings,
}

/// A world that is up. Dropping it ends it, connections and all, as if the vendors' machines had died.
pub struct World {
    address: SocketAddr,
    deepgram: Deepgram,
    openai: OpenAi,
    realtime: Realtime,
    providers: Providers,
    twilio: Rest,
    lexicon: Lexicon,
    utterances: Vec<Clip>,
    /// Apart from the gateway's own runtime, so that neither waits for the other. Only taken when the world ends.
    runtime: Option<Runtime>,
}

/// Why there is no world.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// The recorded speech is not there.
    #[error("the sandbox has no recorded speech: {0}")]
    Clips(#[from] ClipError),
    /// The port is taken, or the system has no more threads or sockets.
    #[error("the sandbox cannot listen on 127.0.0.1:{port}: {source}; choose another port, or 0 for any")]
    Listen {
        /// The port.
        port: u16,
        /// Why.
        source: io::Error,
    },
}

impl WorldSettings {
    /// Vendors that answer at once, on any port, with the speech of this folder.
    pub fn new(fixtures: impl Into<PathBuf>) -> Self {
        Self {
            fixtures: fixtures.into(),
            port: 0,
            deepgram: deepgram::Settings::default(),
            openai: openai::Settings::default(),
            realtime: realtime::Settings::default(),
        }
    }

    /// The same with latencies as the real vendors have them.
    pub fn lifelike(self) -> Self {
        Self {
            deepgram: deepgram::Settings::lifelike(),
            openai: openai::Settings::lifelike(),
            realtime: realtime::Settings::lifelike(),
            ..self
        }
    }
}

impl World {
    /// Reads the recorded speech and serves the vendors, on a thread of its own. Takes some milliseconds.
    ///
    /// # Errors
    /// When the speech is missing or the port is taken.
    pub fn start(settings: WorldSettings) -> Result<Self, WorldError> {
        let load = |folder: &str| clips::load(&settings.fixtures.join(Path::new(folder)));
        let (utterances, phrases) = (load("utterances")?, load("phrases")?);
        let lexicon = Lexicon::new(utterances.iter().chain(&phrases).cloned());
        let voice = Voice::new(&phrases, lexicon.clone());
        let providers = Providers::new(&voice);
        let realtime = Realtime::new(voice.clone(), settings.realtime);
        let deepgram = Deepgram::new(voice, settings.deepgram);
        let openai = OpenAi::new(settings.openai);
        let twilio = Rest::default();
        let router = deepgram.router().merge(openai.router()).merge(twilio.router());
        let router = router.merge(realtime.router()).merge(providers.router());
        let router = router.merge(switches(&openai, &realtime, &providers));
        let (address, runtime) =
            serve(settings.port, router).map_err(|source| WorldError::Listen { port: settings.port, source })?;
        Ok(Self { address, deepgram, openai, realtime, providers, twilio, lexicon, utterances, runtime: Some(runtime) })
    }

    /// What `DEEPGRAM_URL` is to be: `http://127.0.0.1:4010`.
    pub fn deepgram_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What `OPENAI_BASE_URL` is to be: `http://127.0.0.1:4010/v1`.
    pub fn openai_base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// What `TWILIO_API_URL` is to be: `http://127.0.0.1:4010`.
    pub fn twilio_api_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Twilio's REST API: calls that go on elsewhere.
    pub fn twilio(&self) -> &Rest {
        &self.twilio
    }

    /// Deepgram: its settings, faults and counts.
    pub fn deepgram(&self) -> &Deepgram {
        &self.deepgram
    }

    /// OpenAI: its settings, faults and counts.
    pub fn openai(&self) -> &OpenAi {
        &self.openai
    }

    /// OpenAI's speech-to-speech model: its settings, faults and counts.
    pub fn realtime(&self) -> &Realtime {
        &self.realtime
    }

    /// What the address of every other provider of speech is to be: `http://127.0.0.1:4010`.
    pub fn speech_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The other providers of speech: their settings, faults and counts.
    pub fn providers(&self) -> &Providers {
        &self.providers
    }

    /// Everything that is recognized here, including speech that was made since the start.
    pub fn lexicon(&self) -> &Lexicon {
        &self.lexicon
    }

    /// What callers can say.
    pub fn utterances(&self) -> &[Clip] {
        &self.utterances
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // A world may be dropped on another runtime, where waiting is forbidden.
            runtime.shutdown_background();
        }
    }
}

fn serve(port: u16, router: Router) -> io::Result<(SocketAddr, Runtime)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("sandbox").enable_all().build()?;
    let inside = runtime.enter();
    let listener = tokio::net::TcpListener::from_std(listener)?.tap_io(|connection| {
        // Without it small messages wait for the acknowledgement of the one before.
        let _ = connection.set_nodelay(true);
    });
    drop(inside);
    runtime.spawn(async move { axum::serve(listener, router).await });
    Ok((address, runtime))
}

/// `PUT /sandbox/openai/faults` with what is to be broken from now on, and the rest whole, and the same for each provider
/// of speech: for tests in other languages.
fn switches(openai: &OpenAi, realtime: &Realtime, providers: &Providers) -> Router {
    let openai = openai.clone();
    let set = async move |Json(faults): Json<openai::Faults>| openai.set(|settings| settings.faults = faults);
    let router = Router::new().route("/sandbox/openai/faults", put(set));
    let realtime = realtime.clone();
    let set = async move |Json(faults): Json<realtime::Faults>| realtime.set(|settings| settings.faults = faults);
    let router = router.route("/sandbox/realtime/faults", put(set));
    let router = router.merge(account(&providers.google_account));
    providers.all().into_iter().fold(router, |router, (name, speaking)| {
        let speaking = Speaking::clone(speaking);
        let set = async move |Json(faults): Json<speech::Faults>| speaking.set(|settings| settings.faults = faults);
        router.route(&format!("/sandbox/{name}/faults"), put(set))
    })
}

/// `GET /sandbox/google/account`: the file of the account that Google knows.
fn account(account: &Account) -> Router {
    let account = account.clone();
    let file = async move |headers: HeaderMap| {
        let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        account.file(&format!("http://{host}"))
    };
    Router::new().route("/sandbox/google/account", get(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixtures() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
    }

    #[tokio::test]
    async fn a_world_serves_all_vendors_until_it_is_dropped() {
        let world = World::start(WorldSettings::new(fixtures())).expect("the fixtures are committed");
        let models = format!("{}/models", world.openai_base_url());
        let grant = format!("{}/v1/auth/grant", world.deepgram_url());
        let client = reqwest::Client::new();
        let status = |request: reqwest::RequestBuilder| async { request.send().await.map(|answer| answer.status()) };
        assert_eq!(status(client.get(&models).bearer_auth("key")).await.expect("an answer"), 200);
        assert_eq!(status(client.post(&grant).header("authorization", "Token key")).await.expect("an answer"), 200);
        drop(world);
        assert!(status(reqwest::Client::new().get(&models)).await.is_err());
    }

    #[test]
    fn a_port_that_is_taken_is_named() {
        let world = World::start(WorldSettings::new(fixtures())).expect("the fixtures are committed");
        let settings = WorldSettings { port: world.address.port(), ..WorldSettings::new(fixtures()) };
        let error = World::start(settings).expect_err("two worlds on one port").to_string();
        assert!(error.contains(&world.address.port().to_string()), "{error}");
    }

    #[test]
    fn a_world_without_speech_says_what_makes_it() {
        let error = World::start(WorldSettings::new("/nowhere")).expect_err("no such folder").to_string();
        assert!(error.contains("make-fixtures"), "{error}");
    }
}
