//! `frontdesk demo`: the gateway and one simulated call to it, shown live; then what the call left behind.

mod fill;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use sandbox::caller::{self, Book, Outcome, Script};
use sandbox::twilio::{CallSetup, Line, Twilio, TwilioSettings};
use sandbox::world::World;
use tokio::sync::{broadcast, watch};

use crate::app::App;
use crate::commands::show::{Tone, say, toned};
use crate::commands::{self, live, serve};
use crate::config::Settings;
use crate::store::{CallRecord, Store};
use crate::web::api::live::Happened;

/// The number that is dialled where the script names none.
pub(super) const DIALLED: &str = "+12125550100";

/// The address under which the simulated Twilio knows the gateway where PUBLIC_URL is not set: streams must be `wss`.
pub(super) const KNOWN_AS: &str = "https://frontdesk.test";

/// Answer calls and place one simulated call, shown live
#[derive(Args)]
pub struct Demo {
    /// Exit after the call: 0 only if the appointment is in the database
    #[arg(long)]
    once: bool,
    /// Fill the last week with so many simulated calls instead, faster than real time
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    calls: Option<u32>,
    /// What the caller says
    #[arg(long, value_name = "FILE", default_value = "fixtures/callers/demo.call")]
    script: PathBuf,
    /// Let the sandbox stand in for every vendor whose key is missing
    #[arg(long)]
    sandbox: bool,
}

impl Demo {
    /// Serves, calls, shows, and serves on.
    ///
    /// # Errors
    /// When something that calls need cannot be opened, or the script cannot be played.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let mut settings = commands::settings_with(self.sandbox, "warn")?;
        let world = serve::stand_ins(&mut settings).await?;
        let app = App::open(&settings).await?;
        app.warm_in_the_background();
        let (store, rows, address, talk) = (app.store(), app.rows(), app.address()?, app.talk_page());
        let (stop, stopped) = watch::channel(false);
        let serving = tokio::spawn(app.serve(stopped));
        if let Some(calls) = self.calls {
            fill::fill(calls, &settings, &store).await?;
        }
        let code = match world.as_ref().filter(|_| self.calls.is_none()).filter(|_| settings.stand_ins.deepgram) {
            Some(world) => self.place(world, &settings, address.port(), rows, &store).await?,
            None if self.calls.is_some() => ExitCode::SUCCESS,
            None => {
                say("The vendors are real, so no simulated call is placed: call your number.");
                ExitCode::SUCCESS
            }
        };
        if !self.once {
            say(&format!("\nStill answering on http://127.0.0.1:{}. Ctrl-C ends it.", address.port()));
            if let Some(talk) = talk {
                let understands =
                    if settings.stand_ins.deepgram { "; the sandbox understands what you type" } else { "" };
                say(&format!("Talk to it yourself at http://127.0.0.1:{}{talk}{understands}.", address.port()));
            }
            let _ = serve::told_to_stop()?.wait_for(|told| *told).await;
        }
        let _ = stop.send(true);
        serving.await??;
        Ok(code)
    }

    async fn place(
        &self,
        world: &World,
        settings: &Settings,
        port: u16,
        rows: broadcast::Receiver<Happened>,
        store: &Store,
    ) -> anyhow::Result<ExitCode> {
        let script = commands::script(&self.script)?;
        let book = Book::new(world.utterances().iter().cloned());
        book.check(&script).with_context(|| format!("{}", self.script.display()))?;
        let mut twilio = TwilioSettings::for_gateway(&format!("http://127.0.0.1:{port}"));
        twilio.auth_token = settings.twilio.auth_token.as_ref().map(|token| token.expose().to_owned());
        twilio.public_url = settings.server.public_url.clone().unwrap_or_else(|| KNOWN_AS.to_owned());
        say(&toned(Tone::Quiet, &format!("A simulated caller dials: {}\n", script.title)));
        let to = script.to.as_deref().unwrap_or(DIALLED);
        let line = Twilio::new(twilio)?.place(CallSetup { echo: script.echo, ..CallSetup::new(&script.from, to) });
        let call_sid = line.call_sid().to_owned();
        let showing = tokio::spawn(show_live(rows, call_sid.clone()));
        let outcome = play(line, &script, &book, world).await;
        store.flush().await;
        showing.abort();
        let record = store.records().call(&call_sid).await?;
        Ok(conclude(&script, &outcome, record))
    }
}

async fn play(line: Line, script: &Script, book: &Book, world: &World) -> Outcome {
    caller::play(line, script, book, world.lexicon().clone(), 0, |_| {}).await
}

async fn show_live(mut rows: broadcast::Receiver<Happened>, call_sid: String) {
    while let Ok(happened) = rows.recv().await {
        if happened.call_sid == call_sid {
            live::show(&happened.row);
        }
    }
}

/// Says what the call left behind, and whether that is what was to be.
fn conclude(script: &Script, outcome: &Outcome, record: Option<CallRecord>) -> ExitCode {
    let Some(record) = record else {
        say(&toned(Tone::Bad, "\nThe call is not in the database."));
        return ExitCode::FAILURE;
    };
    let mut failures = outcome.failures(script);
    say("");
    for recording in &record.recordings {
        let seconds = recording.duration_ms as f64 / 1_000.0;
        say(&format!("recording    {} ({seconds:.1} s, stereo)", recording.file_path));
    }
    say(&format!("transcript   {} lines, table transcripts, call {}", record.transcript.len(), record.id));
    for appointment in &record.appointments {
        say(&format!(
            "appointment  {} with {} at {} for {}, {} (table appointments, {})",
            appointment.service,
            appointment.staff,
            appointment.start_at,
            appointment.name,
            appointment.phone,
            appointment.id
        ));
    }
    if record.appointments.is_empty() {
        failures.push("no appointment is in the database".to_owned());
    }
    for failure in &failures {
        say(&toned(Tone::Bad, &format!("not as it should be: {failure}")));
    }
    if failures.is_empty() {
        say(&toned(Tone::Good, "The appointment is in the database."));
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
