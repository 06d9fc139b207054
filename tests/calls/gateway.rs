//! A gateway that is open, with the sandbox around it, and what can be asked of it afterwards.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use frontdesk::app::App;
use frontdesk::config::Settings;
use frontdesk::store::{CallRecord, Store};
use sandbox::twilio::{CallSetup, Line, Twilio, TwilioSettings, sign};
use sandbox::world::{World, WorldSettings};
use tempfile::TempDir;
use tokio::sync::watch;

/// Long enough for a busy machine; no test waits for it unless something is wrong.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// How the gateway is known to Twilio. Nobody resolves it: the sandbox's Twilio connects to where it really listens.
pub(crate) const PUBLIC_URL: &str = "https://desk.example.test";

/// What Twilio signs with.
pub(crate) const AUTH_TOKEN: &str = "twilios-own-secret";

/// Who may ask for speech by HTTP.
pub(crate) const API_KEYS: &str = "tests:a-key-for-the-tests";

/// Who calls, unless a test says otherwise.
pub(crate) const CALLER: &str = "+14155550123";

/// What is dialled.
pub(crate) const DESK: &str = "+12125550100";

pub(crate) struct Gateway {
    pub(crate) world: World,
    pub(crate) store: Store,
    pub(crate) address: SocketAddr,
    /// Database, recordings and journal.
    pub(crate) folder: TempDir,
    pub(crate) settings: Settings,
    /// The gateway goes down with it.
    _down: watch::Sender<bool>,
}

/// Where the repository is.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Waits until something is there.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let waited = tokio::time::timeout(PATIENCE, async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    waited.await.unwrap_or_else(|_| panic!("never so: {what}"))
}

/// The settings of a gateway in a folder of its own, with every key set, so that signatures are checked.
pub(crate) fn settings(folder: &Path, world: &World) -> BTreeMap<String, String> {
    let database = format!("sqlite://{}", folder.join("frontdesk.db").display());
    let recordings = folder.join("recordings").display().to_string();
    let speech = folder.join("speech").display().to_string();
    let business = repository().join("business.toml").display().to_string();
    let (deepgram, openai) = (world.deepgram_url(), world.openai_base_url());
    [
        ("HOST", "127.0.0.1"),
        ("PORT", "0"),
        ("PUBLIC_URL", PUBLIC_URL),
        ("TWILIO_AUTH_TOKEN", AUTH_TOKEN),
        ("DEEPGRAM_API_KEY", "a-key"),
        ("OPENAI_API_KEY", "a-key"),
        ("DEEPGRAM_URL", &deepgram),
        ("OPENAI_BASE_URL", &openai),
        ("DATABASE_URL", &database),
        ("RECORDING_STORAGE_PATH", &recordings),
        ("BUSINESS_FILE", &business),
        ("SPEECH_CACHE_PATH", &speech),
        ("API_KEYS", API_KEYS),
        ("TAPE", "whole"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// Has a gateway answer for the example business with something changed in its file.
pub(crate) fn change_business(
    folder: &Path,
    settings: &mut BTreeMap<String, String>,
    change: impl FnOnce(String) -> String,
) {
    let path = folder.join("business.toml");
    fs::write(&path, change(read("business.toml"))).expect("written");
    settings.insert("BUSINESS_FILE".into(), path.display().to_string());
}

/// A file of the repository.
pub(crate) fn read(file: &str) -> String {
    fs::read_to_string(repository().join(file)).expect("a file of ours")
}

/// A world whose vendors answer at once.
pub(crate) fn world() -> World {
    World::start(WorldSettings::new(repository().join("fixtures"))).expect("the fixtures are committed")
}

/// Calls the gateway that listens there.
pub(crate) fn place(gateway: SocketAddr, setup: CallSetup) -> Line {
    place_at(gateway, "/voice", setup)
}

/// The same for a call whose first TwiML is elsewhere.
fn place_at(gateway: SocketAddr, path: &str, setup: CallSetup) -> Line {
    let settings = TwilioSettings {
        public_url: PUBLIC_URL.to_owned(),
        auth_token: Some(AUTH_TOKEN.to_owned()),
        voice_path: path.to_owned(),
        ..TwilioSettings::for_gateway(&format!("http://{gateway}"))
    };
    Twilio::new(settings).expect("good addresses").place(setup)
}

impl Gateway {
    /// A gateway whose vendors answer at once, with the standard phrases at hand.
    pub(crate) async fn open() -> Self {
        Self::with(|_, _| {}).await
    }

    /// The same with other settings, which may be files in the folder.
    pub(crate) async fn with(change: impl FnOnce(&Path, &mut BTreeMap<String, String>)) -> Self {
        Self::with_world(|folder, _, settings| change(folder, settings)).await
    }

    /// The same with settings that depend on where the vendors are.
    pub(crate) async fn with_world(change: impl FnOnce(&Path, &World, &mut BTreeMap<String, String>)) -> Self {
        let world = world();
        let folder = tempfile::tempdir().expect("a folder");
        let mut strings = settings(folder.path(), &world);
        change(folder.path(), &world, &mut strings);
        let settings = Settings::read(&strings, false).expect("good settings");
        let app = App::open(&settings).await.expect("everything can be opened");
        app.warm().await;
        let (store, address) = (app.store(), app.address().expect("an address"));
        let (down, told) = watch::channel(false);
        tokio::spawn(app.serve(told));
        Self { world, store, address, folder, settings, _down: down }
    }

    /// Somebody calls.
    pub(crate) fn call(&self) -> Line {
        self.call_as(CallSetup::new(CALLER, DESK))
    }

    /// Somebody calls in an unusual way.
    pub(crate) fn call_as(&self, setup: CallSetup) -> Line {
        place(self.address, setup)
    }

    /// A call that was placed by us is answered: its first TwiML is at a path of ours.
    pub(crate) fn call_at(&self, path: &str, setup: CallSetup) -> Line {
        place_at(self.address, path, setup)
    }

    /// Where something of it really is.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Posts a form with this signature, or with none.
    pub(crate) async fn post_signed(
        &self,
        path: &str,
        fields: &[(String, String)],
        signature: Option<&str>,
    ) -> (u16, String) {
        let body: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut request = reqwest::Client::new()
            .post(self.url(path))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        if let Some(signature) = signature {
            request = request.header("x-twilio-signature", signature);
        }
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a text"))
    }

    /// Posts a form as Twilio does.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let fields: Vec<_> = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let signature = sign(AUTH_TOKEN, &format!("{PUBLIC_URL}{path}"), &fields);
        self.post_signed(path, &fields, Some(&signature)).await
    }

    /// A page of it.
    pub(crate) async fn page(&self, path: &str) -> String {
        let answer = reqwest::get(self.url(path)).await.expect("an answer");
        answer.text().await.expect("a text")
    }

    /// A metric's value, summed over all whose labels contain this text.
    pub(crate) async fn metric(&self, name: &str, labels: &str) -> f64 {
        let page = self.page("/metrics").await;
        let lines = page
            .lines()
            .filter_map(|line| line.strip_prefix(name))
            .filter(|rest| rest.starts_with([' ', '{']) && rest.contains(labels));
        lines.filter_map(|rest| rest.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }

    /// Waits until a metric counted something.
    pub(crate) async fn counts(&self, name: &str, labels: &str) {
        until(&format!("{name} {labels} counts"), async || (self.metric(name, labels).await > 0.0).then_some(())).await;
    }

    /// What a call left behind, once it has ended and its last row is written.
    pub(crate) async fn record(&self, call_sid: &str) -> CallRecord {
        until(&format!("the call {call_sid} is on record as ended"), async || {
            let record = self.store.records().call(call_sid).await.ok()??;
            let ended = record.end_time.is_some() && self.metric("frontdesk_calls_active", "").await == 0.0;
            ended.then_some(())
        })
        .await;
        // The recording's row comes last; where there is none, waiting for it would be for nothing.
        self.store.caught_up().await;
        self.store.records().call(call_sid).await.expect("the database answers").expect("it was there")
    }

    /// The same, with its recording.
    pub(crate) async fn recorded(&self, call_sid: &str) -> (CallRecord, PathBuf) {
        until("the recording is on record", async || {
            let record = self.store.records().call(call_sid).await.ok()??;
            let path = PathBuf::from(&record.recordings.first()?.file_path);
            record.end_time.is_some().then_some((record, path))
        })
        .await
    }
}

/// The details of a call's events of this name, in order.
pub(crate) fn events(record: &CallRecord, name: &str) -> Vec<String> {
    record.events.iter().filter(|event| event.name == name).map(|event| event.detail.clone()).collect()
}

/// What the caller said according to the transcript, as it sounds.
pub(crate) fn caller_said(record: &CallRecord) -> Vec<String> {
    let lines = record.transcript.iter().filter(|line| line.speaker == "caller");
    lines.map(|line| sandbox::clips::spoken(&line.heard)).collect()
}
