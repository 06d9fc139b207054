//! From a media socket to a call: its ticket, its task, and what is left when it ends.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::WebSocket;
use engine::business::{Business, Engine};
use engine::io::{Answered, Appointment, Input};
use engine::languages::Language;
use engine::redaction::RowRedactor;
use engine::tape;
use engine::time::CallTime;
use futures_util::FutureExt;
use tokio::sync::mpsc;
use tracing::Instrument;

use crate::analytics::{Prices, Tally};
use crate::app::House;
use crate::app::calls::LiveCall;
use crate::app::showing::Showing;
use crate::app::summary::Transcript;
use crate::app::world::World;
use crate::config::Tape;
use crate::driver::{self, Inbox};
use crate::legs::browser::Page;
use crate::legs::twilio::{self, Start};
use crate::legs::{self, Leg};
use crate::store::CallStart;
use crate::vendors::deepgram::listen::Flavor;
use crate::web::Next;
use crate::web::tickets::{Caller, NotAdmitted};

/// Facts that may wait for a call's task. It takes them within a frame; a vendor that is quicker than that waits.
const FACTS_MAX: usize = 256;

/// How long a caller waits until it is known what they spoke before.
const KNOWN_WITHIN: Duration = Duration::from_millis(300);

/// Pieces of speech that may wait. A synthesizer that is quicker waits.
const SPEECH_MAX: usize = 64;

/// Takes a media socket over, from before its start message to its end.
pub(super) async fn take(house: Arc<House>, socket: WebSocket) {
    let (start, leg) = match twilio::open(socket).await {
        Ok(opened) => opened,
        Err(refused) => {
            tracing::warn!(%refused, "a media socket was refused");
            return house.telemetry.malformed("start");
        }
    };
    match admitted(&house, &start).await {
        Ok(caller) => {
            let (call_sid, stream_sid) = (start.call_sid, start.stream_sid);
            let leg = legs::Leg::Twilio(Box::new(leg));
            carry(house, Arrival { call_sid, stream_sid, caller, leg, page: None, longest: None }).await;
        }
        Err(not_admitted) => {
            tracing::warn!(call = start.call_sid, %not_admitted, "a stream was refused");
            house.telemetry.malformed("ticket");
        }
    }
}

/// Nothing is asked of a vendor before this.
async fn admitted(house: &House, start: &Start) -> Result<Caller, NotAdmitted> {
    let ticket = start.parameters.get("ticket").map(String::as_str).unwrap_or_default();
    let lent = house.redeem_lent(ticket, &start.call_sid).await;
    match house.tickets.redeem(ticket, &start.call_sid) {
        Err(NotAdmitted::Forged) => lent.ok_or(NotAdmitted::Forged),
        ours => ours,
    }
}

/// Somebody who was let in, and what carries them.
pub(super) struct Arrival {
    pub(super) call_sid: String,
    pub(super) stream_sid: String,
    pub(super) caller: Caller,
    pub(super) leg: Leg,
    /// The page that shows the call.
    pub(super) page: Option<Page>,
    /// How long the call may go on, where that is less than any call may.
    pub(super) longest: Option<Duration>,
}

/// Carries a call to its end, or hands its stream to the one that is going on under the same id. Says how it ended, as one
/// word.
pub(super) async fn carry(house: Arc<House>, arrival: Arrival) -> &'static str {
    let (facts, facts_in) = mpsc::channel(FACTS_MAX);
    let (legs, legs_in) = mpsc::channel(1);
    let there = LiveCall { facts: facts.clone(), legs, page: arrival.page.clone(), to: arrival.caller.to.clone() };
    let listed = match house.calls.list(&arrival.call_sid, there) {
        Ok(listed) => listed,
        Err(there) => {
            adopt(there, arrival.stream_sid, arrival.leg).await;
            return "adopted";
        }
    };
    let call_id = uuid::Uuid::new_v4();
    let call_sid = arrival.call_sid.clone();
    let span = tracing::info_span!("call", call = %call_sid, id = %call_id);
    let task = run(Arc::clone(&house), call_id, arrival, facts, (facts_in, legs_in)).instrument(span);
    let mut ended = "ended";
    if let Err(panic) = AssertUnwindSafe(task).catch_unwind().await {
        let what = panic.downcast_ref::<&str>().copied().map(str::to_owned);
        let what = what.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        tracing::error!(call = call_sid, what, "a call panicked; this is a mistake of ours, and ends no other call");
        house.calls.decide(&call_sid, Next::Apologise);
        ended = "failed";
    }
    drop(listed);
    ended
}

/// Hands the stream to the call that is going on under the same id: its own was lost, or is about to be.
async fn adopt(there: LiveCall, stream_sid: String, leg: Leg) {
    if there.legs.send((stream_sid, leg)).await.is_err() {
        tracing::info!("a stream came for a call that was just ending");
    }
}

async fn run(
    house: Arc<House>,
    call_id: uuid::Uuid,
    Arrival { call_sid, stream_sid, caller, leg, page, longest }: Arrival,
    facts: mpsc::Sender<Input>,
    (facts_in, legs_in): (mpsc::Receiver<Input>, mpsc::Receiver<(String, Leg)>),
) {
    let clock = house.clock.answer();
    let answered_at_ms = clock.answered_at_ms();
    let (business, reminds, language) = house.whose(&caller).await;
    let language = match language {
        None if !business.languages.is_empty() => house.spoken_before(&call_sid).await,
        language => language,
    };
    let outbound = caller.reminds.is_some();
    let (casts, voice) = house.casts(&call_sid, &business).await;
    house.store.begin(CallStart {
        call_id,
        call_sid: call_sid.clone(),
        stream_sid: stream_sid.clone(),
        from: caller.from.clone(),
        to: caller.to.clone(),
        business: business.name.clone(),
        started_at_ms: answered_at_ms,
        sandbox: !house.stand_ins.is_empty(),
        outbound,
        agent: Some(voice.name.clone()),
    });
    tracing::info!("a call was answered");
    let answered = Answered {
        call_sid: call_sid.clone(),
        stream_sid: stream_sid.clone(),
        from: caller.from,
        to: caller.to,
        answered_at_ms,
        business: Business::clone(&business),
        turns_by_vendor: matches!(house.hearing.flavor, Flavor::Flux { .. }),
        has_model: house.model.is_some(),
        longest_ms: longest.map(|longest| longest.as_millis() as u64),
        reminds,
        language,
    };
    let (speech, speech_in) = mpsc::channel(SPEECH_MAX);
    let (to, carried_by) = (answered.to.clone(), answered.business.engine_of(&answered.to));
    let mut recorder = house.recordings.open(call_id, &call_sid, answered_at_ms);
    match house.tape {
        Tape::Off => recorder.tape(&tape::note_line(CallTime::ZERO, "no tape is kept, by TAPE")),
        Tape::Redacted => recorder.tape(&tape::note_line(CallTime::ZERO, "words are taken out, by REDACT and TAPE")),
        Tape::Whole | Tape::Auto => {}
    }
    let mut world = World {
        call_id,
        call_sid: call_sid.clone(),
        speaks: business.language,
        casts,
        facts,
        speech,
        tally: Tally::new(&answered.from, voice.language),
        has_rested: false,
        said_so_far: String::new(),
        transcript: Transcript::default(),
        redactor: RowRedactor::new(house.redactor),
        recorder,
        tape: house.tape,
        hearing: None,
        asking: None,
        conversation: None,
        engine: carried_by,
        keyterms: Vec::new(),
        holds: false,
        from: answered.from.clone(),
        to: answered.to.clone(),
        answered_at_ms,
        showing: page.map(|page| Showing::new(page, house.targets)),
        now_ms: 0,
        last_frame_ms: None,
        _active: house.telemetry.call_started(),
        house: Arc::clone(&house),
        business_name: business.name.as_str().into(),
        business: Arc::clone(&business),
    };
    let inbox = Inbox { facts: facts_in, speech: speech_in, legs: legs_in };
    driver::run(answered, leg, inbox, Box::new(move || clock.now()), &mut world).await;
    tracing::info!(took_ms = clock.now().as_ms(), "the call ended");
    world.let_go().await;
    let duration_ms = clock.now().as_ms();
    house.store.figured(call_id, world.tally.last_figures(duration_ms, house.clock.wall_ms()));
    let prices = house.prices_of(carried_by, to.starts_with("browser:"));
    house.store.cost(call_id, world.tally.costs(duration_ms, &prices));
    house.store.described(call_id, world.tally.metadata());
    house.sum_up(call_id, &business.name, world.transcript, world.tally, (duration_ms, prices));
    if let Some(recorded) = world.recorder.close(duration_ms).await {
        house.put_away(call_id, recorded).await;
    }
}

impl House {
    /// Whose call it is, and what it is about where we called. An appointment that stands no more is not reminded of: then it is a
    /// call like any other.
    async fn whose(&self, caller: &Caller) -> (Arc<Business>, Option<Appointment>, Option<Language>) {
        let id = caller.reminds.as_deref();
        let standing = match id {
            Some(id) => self.store.standing(id).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "what somebody is called about cannot be read");
                None
            }),
            None => None,
        };
        let theirs = standing.and_then(|(name, appointment, language)| {
            Some((self.businesses.named(&name)?, Some(appointment), language))
        });
        theirs.unwrap_or_else(|| (self.businesses.of(&caller.to), None, None))
    }

    /// What a caller speaks: what their call was held in, else what the business that answers the number does.
    pub(super) async fn language_of(&self, call_sid: &str, to: &str) -> Language {
        let business = self.businesses.of(to);
        let turned = if business.languages.is_empty() { None } else { self.spoken_before(call_sid).await };
        turned.unwrap_or(business.language)
    }

    /// What the caller of a call spoke before it came back to us: nobody took them whom they were put through to. None for a
    /// call that is new, or where the database does not say soon.
    async fn spoken_before(&self, call_sid: &str) -> Option<Language> {
        let records = self.store.records();
        let call = tokio::time::timeout(KNOWN_WITHIN, records.call(call_sid)).await.ok()?.ok()??;
        let turned = call.events.iter().rev().find(|event| event.name == "language")?;
        Language::of_code(&turned.detail)
    }

    /// What a call takes, by what carried it: a page's has no telephone.
    fn prices_of(&self, engine: Engine, is_page: bool) -> Prices {
        let prices = if engine == Engine::Realtime { self.realtime_prices } else { self.prices };
        if is_page { Prices { telephony_minute: 0.0, ..prices } } else { prices }
    }
}
