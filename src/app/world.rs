//! One call's world: hands each of its orders to whoever can carry it out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use engine::audio::frame::Frame;
use engine::audio::speech::{SpeechPart, Spoken};
use engine::business::{Business, Engine};
use engine::io::{Ending, Fault, Input, Output, PhraseId, QueryId, Reservation, Wanted};
use engine::languages::Language;
use engine::record::{Row, Speaker};
use engine::redaction::RowRedactor;
use engine::tape;
use engine::time::CallTime;
use statecharts::proposal::Slot;
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::analytics::Tally;
use crate::app::House;
use crate::app::showing::Showing;
use crate::app::summary::Transcript;
use crate::cache::Cast;
use crate::config::Tape;
use crate::driver;
use crate::recordings::{Key, Recorder};
use crate::store::{Reserved, StoreError};
use crate::telemetry::ActiveCall;
use crate::vendors::deepgram::listen::{self, Hearing};
use crate::vendors::openai::Asking;
use crate::vendors::openai::realtime::{self, Conversation};
use crate::web::Next;
use crate::web::api::live::{Happened, Overheard};

/// What one call's orders are carried out with.
pub(super) struct World {
    pub(super) house: Arc<House>,
    /// Whose call it is.
    pub(super) business: Arc<Business>,
    pub(super) business_name: Arc<str>,
    pub(super) call_id: Uuid,
    pub(super) call_sid: String,
    /// Who speaks for us in each language of the business.
    pub(super) casts: BTreeMap<Language, Cast>,
    /// The one that the call is held in.
    pub(super) speaks: Language,
    pub(super) facts: mpsc::Sender<Input>,
    pub(super) speech: mpsc::Sender<(PhraseId, SpeechPart)>,
    pub(super) recorder: Recorder,
    /// How the rest of the tape is kept.
    pub(super) tape: Tape,
    /// The call in numbers.
    pub(super) tally: Tally,
    /// The recording was paused, now or before: what is told from then on may be of what was said meanwhile.
    pub(super) has_rested: bool,
    /// What the caller said since their last line.
    pub(super) said_so_far: String,
    /// What was said, for whoever sums it up.
    pub(super) transcript: Transcript,
    /// What its rows go through before anybody sees them.
    pub(super) redactor: RowRedactor,
    pub(super) hearing: Option<Hearing>,
    pub(super) asking: Option<Asking>,
    /// The speech-to-speech model, while it carries the call.
    pub(super) conversation: Option<Conversation>,
    /// Whether that is to carry it.
    pub(super) engine: Engine,
    /// What is expected to be heard.
    pub(super) keyterms: Vec<String>,
    /// Who called, which number, and when it was answered.
    pub(super) from: String,
    pub(super) to: String,
    pub(super) answered_at_ms: i64,
    /// A free time was kept for the caller.
    pub(super) holds: bool,
    /// The page that shows the call, where there is one.
    pub(super) showing: Option<Showing>,
    /// The call's time at this wake-up.
    pub(super) now_ms: u64,
    /// When the caller's last frame came.
    pub(super) last_frame_ms: Option<u64>,
    pub(super) _active: ActiveCall,
}

impl driver::World for World {
    fn told(&mut self, at: CallTime, input: &Input) {
        let line = tape::input_line(at, input);
        if !matches!(input, Input::Tick) {
            self.log(&line);
        }
        self.tape(&line);
        match input {
            Input::HearingFailed(_) => self.carry_on(),
            Input::Typed { text } => self.with_model(|model| model.typed(text)),
            Input::PlayoutCleared { phrase, heard_ms, .. } => self.with_model(|model| model.heard(*phrase, *heard_ms)),
            Input::VoiceStarted => self.tally.voice_started(at),
            Input::VoiceEnded { voiced_ms } => self.tally.voice_ended(*voiced_ms),
            Input::Interim { text, .. } => self.hearing_words(at, text),
            Input::Final { text, .. } => {
                self.hearing_words(at, text);
                self.said_so_far.push_str(text);
                self.said_so_far.push(' ');
            }
            _ => {}
        }
        if let Some(showing) = &mut self.showing {
            showing.told(input);
            self.house.telemetry.session_told(&mut showing.watch, at, input);
        }
        self.house.telemetry.told(input);
    }

    fn ordered(&mut self, at: CallTime, outputs: &[Output]) {
        for output in outputs {
            let line = tape::output_line(at, output);
            self.log(&line);
            self.tape(&line);
            if matches!(output, Output::ClearPlayout { .. }) {
                self.with_model(Conversation::stop);
            }
            if let Some(showing) = &mut self.showing {
                showing.ordered(output);
                if let Output::Record(Row::Turn { stages, .. }) = output {
                    self.house.telemetry.session_turn(&showing.watch, stages);
                }
            }
        }
        self.house.telemetry.ordered(outputs);
    }

    fn carry_out(&mut self, at: CallTime, order: Output) {
        match order {
            Output::StartHearing { keyterms } => self.start_hearing(keyterms),
            Output::ExpectWords { keyterms } => {
                if let Some(hearing) = &self.hearing {
                    hearing.expect(keyterms.clone());
                }
                self.keyterms = keyterms;
            }
            Output::SpeakLanguage { language } => self.speaks = language,
            Output::FinishUtterance => match (&self.conversation, &mut self.hearing) {
                (Some(conversation), _) => conversation.finish_utterance(),
                (None, Some(hearing)) => hearing.finish_utterance(),
                (None, None) => {}
            },
            Output::StopHearing => self.stop_hearing(),
            Output::StartReply { reply, messages } => match &self.conversation {
                Some(conversation) => conversation.ask(reply, messages),
                None => {
                    self.asking = self.house.model.as_ref().map(|model| model.ask(reply, messages, self.facts.clone()));
                }
            },
            Output::CancelReply { .. } => {
                self.asking = None;
                if let Some(conversation) = &self.conversation {
                    conversation.cancel();
                }
            }
            Output::FindTimes { query, wanted } => self.find_times(query, wanted),
            Output::HoldSlot { service, slot } => self.hold(service, slot),
            Output::FindAppointments { query, phone, name } => self.find_appointments(query, phone, name),
            Output::CancelAppointment { query, appointment } => self.cancel_appointment(query, appointment),
            Output::ConfirmAppointment { appointment } => self.confirm_appointment(appointment),
            Output::ReserveSlot { query, key, reservation } => self.reserve(query, key, reservation),
            Output::Transfer { to, whisper } => {
                self.house.calls.decide(&self.call_sid, Next::Dial { to, whisper, language: self.business.language });
            }
            Output::PauseRecording => self.pause_recording(at),
            Output::ResumeRecording => self.recorder.pause(false),
            Output::Record(row) => self.record(row),
            Output::Speak { .. } | Output::ClearPlayout { .. } | Output::CloseLeg { .. } => {}
        }
    }

    fn fetch(&mut self, phrase: PhraseId, text: &str) -> Option<Spoken> {
        // What the model says is words: nothing in it is carried out as SSML.
        let words = text.trim_start_matches('<');
        if let Some(conversation) = &self.conversation {
            return conversation.say(phrase, words);
        }
        // There is one for every language that a call can go on in.
        let cast = self.casts.get(&self.speaks)?;
        let at_hand = self.house.phrases.fetch(cast, words, phrase, self.speech.clone());
        self.tally.spoken(words, at_hand.is_some());
        at_hand
    }

    fn caller_frame(&mut self, at_ms: u64, frame: &Frame, voice: &Frame) {
        self.house.telemetry.frame_in();
        if let Some(last_ms) = self.last_frame_ms.replace(self.now_ms) {
            self.house.telemetry.frame_gap(Duration::from_millis(self.now_ms.saturating_sub(last_ms)));
        }
        self.tally.caller_frame(at_ms, self.now_ms);
        self.recorder.caller(at_ms, frame);
        match (&self.conversation, &mut self.hearing) {
            (Some(conversation), _) => conversation.feed(at_ms, voice),
            (None, Some(hearing)) => hearing.feed(at_ms, voice),
            (None, None) => {}
        }
    }

    fn assistant_frame(&mut self, at_ms: u64, frame: &Frame, late: Duration) {
        self.house.telemetry.frame_out(late);
        self.tally.assistant_frame(at_ms, frame);
        self.recorder.assistant(at_ms, frame);
    }

    fn cleared(&mut self, took: Duration) {
        self.house.telemetry.clear_sent(took);
    }

    fn heard_until(&mut self, at_ms: u64) {
        self.tally.cleared(at_ms);
        self.recorder.cleared(at_ms);
    }

    fn heard_later(&mut self, by: Duration) {
        self.recorder.assistant_later(by.as_millis() as u64);
    }

    fn closing(&mut self) {
        self.house.calls.decide(&self.call_sid, Next::Hangup);
    }

    fn malformed(&mut self, kind: &'static str) {
        tracing::warn!(kind, "a message of the stream makes no sense and was passed over");
        self.house.telemetry.malformed(kind);
    }

    fn time_passed(&mut self, now_ms: u64) {
        self.now_ms = now_ms;
        self.recorder.tick(now_ms);
        if let Some(figures) = self.tally.snapshot(now_ms, self.house.clock.wall_ms()) {
            self.house.store.figured(self.call_id, figures);
        }
    }
}

impl World {
    fn start_hearing(&mut self, keyterms: Vec<String>) {
        self.keyterms.clone_from(&keyterms);
        let languages: Vec<&str> = self.business.spoken().map(Language::code).collect();
        if self.engine == Engine::Realtime {
            let config = self.house.realtime.speaking(&languages);
            self.conversation =
                Some(realtime::open(Arc::new(config), keyterms, self.facts.clone(), self.speech.clone()));
        } else {
            let config = self.house.hearing.speaking(&languages);
            self.hearing = Some(listen::open(Arc::new(config), keyterms, self.facts.clone()));
        }
    }

    fn with_model(&self, tell: impl FnOnce(&Conversation)) {
        if let Some(conversation) = &self.conversation {
            tell(conversation);
        }
    }

    /// Where the speech-to-speech model is lost for good, the three services go on from the same word: they hear what
    /// nothing was said about, and say what was not said.
    fn carry_on(&mut self) {
        let Some(left) = self.conversation.as_ref().and_then(Conversation::left) else { return };
        self.conversation = None;
        self.engine = Engine::Cascade;
        self.start_hearing(self.keyterms.clone());
        if let Some(hearing) = &mut self.hearing {
            left.unheard.iter().for_each(|(at_ms, frame)| hearing.feed(*at_ms, frame));
        }
        for (phrase, text) in left.unsaid {
            let Some(spoken) = driver::World::fetch(self, phrase, &text) else { continue };
            let speech = self.speech.clone();
            // A call that is over wants no words.
            tokio::spawn(async move {
                let _ = speech.send((phrase, SpeechPart::Chunk(spoken.audio))).await;
                let _ = speech.send((phrase, SpeechPart::End)).await;
            });
        }
    }

    fn stop_hearing(&mut self) {
        if let Some(conversation) = self.conversation.take() {
            self.house.telemetry.frames_dropped("conversation", conversation.frames_dropped());
        }
        if let Some(hearing) = self.hearing.take() {
            self.house.telemetry.frames_dropped("hearing", hearing.frames_dropped());
        }
    }

    /// What happens in the call, at debug level and with everything taken out that is taken out of rows; nothing more once the
    /// recording has rested, as on the tape.
    fn log(&self, line: &str) {
        if tracing::enabled!(tracing::Level::DEBUG) && !self.has_rested {
            tracing::debug!("{}", self.redactor.tape_line(line));
        }
    }

    fn tape(&mut self, line: &str) {
        match self.tape {
            Tape::Off => {}
            Tape::Redacted => self.recorder.tape(&self.redactor.tape_line(line)),
            Tape::Whole | Tape::Auto => self.recorder.tape(line),
        }
    }

    /// The tape ends with it: what comes later tells of what was said meanwhile.
    fn pause_recording(&mut self, at: CallTime) {
        self.recorder.pause(true);
        self.has_rested = true;
        if self.tape != Tape::Off {
            self.tape = Tape::Off;
            self.recorder.tape(&tape::note_line(at, "the recording is paused, by [recording] of the business file"));
        }
    }

    /// For whoever watches: the caller's words before they are a line.
    fn hearing_words(&mut self, at: CallTime, words: &str) {
        if self.house.words.receiver_count() > 0 && !words.is_empty() {
            let text = self.redactor.words(&format!("{}{words}", self.said_so_far));
            let _ = self.house.words.send(Overheard {
                business: Arc::clone(&self.business_name),
                call_id: self.call_id,
                text,
                at_ms: at.as_ms(),
            });
        }
    }

    fn record(&mut self, row: Row) {
        if matches!(row, Row::Said { speaker: Speaker::Caller, .. }) {
            self.said_so_far.clear();
        }
        if let Row::Ended { at, ending, outcome } = &row {
            self.tell_of_the_end(*at, *ending, outcome);
        }
        self.tally.row(&row);
        let key = self.house.recordings.key();
        let said = key.and_then(|_| said(&row));
        let row = self.redactor.row(row);
        self.transcript.row(&row);
        if self.house.rows.receiver_count() > 0 {
            let (call_id, call_sid) = (self.call_id, self.call_sid.clone());
            let _ = self.house.rows.send(Happened {
                business: Arc::clone(&self.business_name),
                call_id,
                call_sid,
                row: row.clone(),
            });
        }
        // While nothing is recorded, nothing is kept under seal either.
        let taken_out = said.filter(|before| !self.redactor.is_paused() && self::said(&row).as_ref() != Some(before));
        let sealed = key.zip(taken_out).and_then(|(key, said)| seal(key, &said));
        self.house.store.record_with(self.call_id, row, sealed);
    }

    /// Whom the calendar is asked of, and whose it is.
    fn calendar(&self) -> (Arc<House>, Arc<Business>) {
        (Arc::clone(&self.house), Arc::clone(&self.business))
    }

    /// For whoever the business wants to be told of its calls.
    fn tell_of_the_end(&self, at: CallTime, ending: Ending, outcome: &str) {
        if self.business.afterwards.webhook.is_none() {
            return;
        }
        let payload = serde_json::json!({
            "event": "call.completed",
            "id": format!("call.completed:{}", self.call_id),
            "business": self.business.name,
            "call_id": self.call_id,
            "call_sid": self.call_sid,
            "from": self.from,
            "to": self.to,
            "started_at_ms": self.answered_at_ms,
            "duration_ms": at.as_ms(),
            "ending": ending,
            "outcome": outcome,
        });
        self.house.store.completed(self.call_id, &self.business.name, payload);
    }

    fn find_times(&self, query: QueryId, wanted: Wanted) {
        let (house, business) = self.calendar();
        let (facts, call_id) = (self.facts.clone(), self.call_id);
        tokio::spawn(async move {
            let look = house.store.find_times(&business, call_id, &wanted, house.clock.wall_ms());
            let fact = match look.await.map_err(reported) {
                Ok(found) => Input::TimesFound {
                    query,
                    wanted_is_free: found.wanted_is_free,
                    refusal: found.refusal,
                    nearest: found.nearest,
                },
                Err(fault) => Input::CalendarFailed { query, fault },
            };
            // A call that is over wants no answer.
            let _ = facts.send(fact).await;
        });
    }

    /// Nobody waits for it: what cannot be kept is found taken when it is ordered.
    fn hold(&mut self, service: String, slot: Slot) {
        self.holds = true;
        let (house, business) = self.calendar();
        let call_id = self.call_id;
        tokio::spawn(async move {
            let hold = house.store.hold(&business, call_id, &service, &slot, house.clock.wall_ms());
            if let Err(error) = hold.await {
                tracing::warn!(%error, "a time cannot be kept for a caller");
            }
        });
    }

    /// Gives back what was kept for the caller, when the call is over.
    pub(super) async fn let_go(&self) {
        if self.holds
            && let Err(error) = self.house.store.let_go(self.call_id).await
        {
            tracing::warn!(%error, "a time stays kept for a caller who is gone");
        }
    }

    fn find_appointments(&self, query: QueryId, phone: String, name: Option<String>) {
        let (house, business) = self.calendar();
        let facts = self.facts.clone();
        tokio::spawn(async move {
            let now_ms = house.clock.wall_ms();
            let look = house.store.find_appointments(&business, &phone, name.as_deref(), now_ms);
            let fact = match look.await.map_err(reported) {
                Ok(appointments) => Input::AppointmentsFound { query, appointments },
                Err(fault) => Input::CalendarFailed { query, fault },
            };
            let _ = facts.send(fact).await;
        });
    }

    fn confirm_appointment(&self, appointment: String) {
        let (house, _) = self.calendar();
        tokio::spawn(async move {
            if let Err(error) = house.store.confirm_appointment(&appointment, house.clock.wall_ms()).await {
                tracing::warn!(%error, appointment, "that somebody comes is not noted; it is the call's outcome");
            }
        });
    }

    fn cancel_appointment(&self, query: QueryId, appointment: String) {
        let (house, business) = self.calendar();
        let facts = self.facts.clone();
        tokio::spawn(async move {
            let order = house.store.cancel_appointment(&business, &appointment, house.clock.wall_ms());
            let fact = match order.await.map_err(reported) {
                Ok(()) => Input::AppointmentCancelled { query },
                Err(fault) => Input::CalendarFailed { query, fault },
            };
            let _ = facts.send(fact).await;
        });
    }

    /// Goes on even when the call ends meanwhile: what was confirmed to nobody is still one appointment, under its key.
    fn reserve(&self, query: QueryId, key: String, reservation: Reservation) {
        let (house, business) = self.calendar();
        let (facts, call_id) = (self.facts.clone(), self.call_id);
        tokio::spawn(async move {
            let now_ms = house.clock.wall_ms();
            let order = house.store.reserve(&business, call_id, &key, &reservation, now_ms);
            let fact = match order.await.map_err(reported) {
                Ok(Reserved::Appointment(appointment)) => Input::SlotReserved { query, appointment },
                Ok(Reserved::Taken { nearest }) => Input::SlotTaken { query, nearest },
                Err(fault) => Input::CalendarFailed { query, fault },
            };
            let _ = facts.send(fact).await;
        });
    }
}

/// What was said in a row: what was heard of it, and what was not.
fn said(row: &Row) -> Option<[String; 2]> {
    match row {
        Row::Said { heard, unheard, .. } => Some([heard.clone(), unheard.clone()]),
        _ => None,
    }
}

fn seal(key: &Key, said: &[String; 2]) -> Option<String> {
    let sealed = key.seal_text(&serde_json::json!(said).to_string());
    sealed
        .inspect_err(|error| tracing::error!(%error, "what was taken out of a line cannot be sealed and is lost"))
        .ok()
}

fn reported(error: StoreError) -> Fault {
    tracing::warn!(%error, "the calendar cannot be asked");
    error.fault()
}
