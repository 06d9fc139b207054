//! Input and Output: all the words between a call and the world.
//!
//! An [`Input`] is a fact in the past tense; an [`Output`] is an order. Whatever is asked of a vendor carries an id, and
//! every answer returns it, so that an answer to something cancelled is dropped by id and never by guess. Frames of
//! audio are not here: they travel on the media plane, and the call hears of them only when something changed.

use serde::{Deserialize, Serialize};
pub use statecharts::call::Ending;
use statecharts::prompt::Refusal;
pub use statecharts::proposal::Appointment;
use statecharts::proposal::{Detail, Slot};

use crate::audio::mark::Mark;
use crate::business::Business;
pub use crate::ids::{PhraseId, QueryId, ReplyId};
use crate::languages::Language;
use crate::record::{Row, Span};

/// A vendor's failure, sorted at the edge by what can be done about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// It may work next time; the adapter is trying, or the same may be asked again.
    Retry(String),
    /// It will not work in this call: no credit, no permission, refused again and again.
    GiveUp(String),
    /// We asked for something wrong. Worth waking a developer.
    OurMistake(String),
}

/// What is known of a call when it is answered: all that the engine would otherwise have to look up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    /// Twilio's id of the call, or the browser session's.
    pub call_sid: String,
    /// The stream that carries it.
    pub stream_sid: String,
    /// Who calls, as the carrier said it: E.164, `client:…`, `anonymous`, or empty.
    pub from: String,
    /// The number that was dialled.
    pub to: String,
    /// The wall clock at [`CallTime::ZERO`](crate::time::CallTime::ZERO): milliseconds since 1970 in UTC.
    pub answered_at_ms: i64,
    /// Whose phone this is.
    pub business: Business,
    /// Whether vendors decide turns ([`Input::TurnLikelyOver`]) or silence does.
    pub turns_by_vendor: bool,
    /// Whether a model may be asked at all. Without one the rules carry the call.
    pub has_model: bool,
    /// How long the call may go on, in milliseconds, where that is less than any call may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest_ms: Option<u64>,
    /// The appointment that we call about; none when they called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reminds: Option<Appointment>,
    /// The language that it begins in, where that is known: of the call in which the appointment was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Input {
    /// The call's stream started and the call may speak. Always the first input.
    Answered(Box<Answered>),
    /// The stream is gone without a goodbye; another may adopt the call.
    StreamDropped,
    /// Another stream adopted the call.
    StreamResumed {
        /// The new stream.
        stream_sid: String,
    },
    /// The caller hung up, or the carrier ended the call.
    HungUp,
    /// The process is going down, and the time in which the call could end by itself is over.
    Draining,

    /// The local detector hears a voice on the line.
    VoiceStarted,
    /// The voice goes on. Told about every 100 ms, so that what stopped us can be judged before any word of it is known.
    VoiceLasted {
        /// How long it has gone on.
        voiced_ms: u32,
        /// How likely it is somebody near who talks, 0 to 100: and no cough, laughter, noise, or voice far away.
        speech_percent: u8,
    },
    /// The local detector hears it no longer.
    VoiceEnded {
        /// How long the voice went on, hangover taken off.
        voiced_ms: u32,
    },
    /// The caller pressed a key: `0`–`9`, `*`, `#`.
    KeyPressed(char),
    /// The caller wrote words instead of saying them.
    Typed {
        /// The words.
        text: String,
    },
    /// The leg tells something about itself that is to be kept: a microphone that is silent, say.
    Noted {
        /// What, as one word.
        name: String,
        /// More about it. Never the caller's words.
        detail: String,
    },
    /// The stream is open, and no audio of the caller comes over it any more.
    FramesStopped,
    /// It comes again.
    FramesResumed,

    /// Speech-to-text is listening, for the first time or again.
    HearingStarted,
    /// Speech-to-text is lost. After [`Fault::Retry`] the adapter keeps trying and holds the audio meanwhile.
    HearingFailed(Fault),
    /// Words that may still change; each replaces the one before it of the same segment.
    Interim {
        /// The segment's words so far.
        text: String,
        /// The vendor's own estimate, 0 to 1.
        confidence: f32,
    },
    /// Words that will not change.
    Final {
        /// The segment's words; may be empty.
        text: String,
        /// The vendor's own estimate, 0 to 1.
        confidence: f32,
        /// Where in the caller's audio the words begin, in milliseconds since the answer.
        from_ms: u64,
        /// Where they end.
        to_ms: u64,
        /// The vendor heard the end of the turn, too.
        ends_turn: bool,
        /// When each of the words was said; empty where the vendor does not tell.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        words: Vec<Span>,
    },
    /// A gap between words that only the vendor's words can show, also in noise.
    UtteranceEnded,
    /// The vendor thinks that the turn is probably over (Flux `EagerEndOfTurn`).
    TurnLikelyOver {
        /// The turn's words so far.
        text: String,
    },
    /// The caller went on after [`Input::TurnLikelyOver`].
    TurnResumed,

    /// More of the model's answer arrived.
    ReplyDelta {
        /// The request it answers.
        reply: ReplyId,
        /// A piece of the answer's JSON text, cut anywhere.
        text: String,
    },
    /// The model's answer is whole.
    ReplyFinished {
        /// The request it answers.
        reply: ReplyId,
        /// Tokens read and written, when the model said.
        tokens: Option<(u32, u32)>,
    },
    /// The model's answer will not come, or not whole.
    ReplyFailed {
        /// The request it answers.
        reply: ReplyId,
        /// What went wrong.
        fault: Fault,
    },

    /// The first of a phrase's audio is there.
    PhraseArrived {
        /// The phrase.
        phrase: PhraseId,
    },
    /// A phrase's audio is there, whole.
    PhraseSynthesized {
        /// The phrase.
        phrase: PhraseId,
        /// How long it plays.
        length_ms: u32,
        /// Where each of its words ends, in milliseconds into its audio; empty when only the text can tell.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        word_ends_ms: Vec<u32>,
        /// Whether it came from the cache.
        cached: bool,
    },
    /// A phrase's audio will not come. What arrived of it was played.
    SynthesisFailed {
        /// The phrase.
        phrase: PhraseId,
        /// What went wrong.
        fault: Fault,
    },
    /// The first frame of a phrase went out.
    PhraseStarted {
        /// The phrase.
        phrase: PhraseId,
    },
    /// What was sent and not played is cleared. Told when a clear went out, as well as it can be known then, and again
    /// when the leg has answered it.
    PlayoutCleared {
        /// The generation that began with the clear.
        generation: u32,
        /// The phrase that was being heard. All before it was heard whole.
        phrase: PhraseId,
        /// How much of its audio was heard, in milliseconds from its beginning.
        heard_ms: u32,
    },
    /// The leg played everything up to this mark, or dropped it on a clear: the generation tells.
    MarkReached(Mark),

    /// The calendar answered [`Output::FindTimes`].
    TimesFound {
        /// The question.
        query: QueryId,
        /// Whether the very time that was asked for is free.
        wanted_is_free: bool,
        /// Why not, where it is not and a single time was asked for.
        refusal: Option<Refusal>,
        /// The nearest free times, in order, three at most.
        nearest: Vec<Slot>,
    },
    /// The appointment is in the database.
    SlotReserved {
        /// The order.
        query: QueryId,
        /// The appointment's id.
        appointment: String,
    },
    /// Somebody else was quicker.
    SlotTaken {
        /// The order.
        query: QueryId,
        /// The nearest free times, in order, three at most.
        nearest: Vec<Slot>,
    },
    /// The calendar answered [`Output::FindAppointments`].
    AppointmentsFound {
        /// The question.
        query: QueryId,
        /// What stands and is still ahead, in order, three at most.
        appointments: Vec<Appointment>,
    },
    /// The appointment stands no more.
    AppointmentCancelled {
        /// The order.
        query: QueryId,
    },
    /// The calendar cannot be asked.
    CalendarFailed {
        /// The question or order.
        query: QueryId,
        /// What went wrong.
        fault: Fault,
    },

    /// Somebody else has words for the caller: they are said at the next pause.
    WordsGiven {
        /// The words.
        text: String,
    },

    /// Time passed: a deadline that `Call::deadline` named was reached.
    Tick,
}

/// Who said something to the model, in its own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Instructions and the state of the booking.
    System,
    /// The caller.
    User,
    /// What the caller heard of the assistant.
    Assistant,
}

/// One message of a model request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who said it.
    pub role: Role,
    /// What was said.
    pub content: String,
}

/// What a free time is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// The service's id.
    pub service: String,
    /// The first start that would do.
    pub from: Slot,
    /// The last start that would do; equal to `from` when one time was asked for.
    pub to: Slot,
    /// The id of the appointment that is to be moved, and so is in nobody's way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<String>,
}

/// What an appointment is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// The service's id.
    pub service: String,
    /// Its start.
    pub slot: Slot,
    /// Who comes.
    pub name: String,
    /// How to reach them; may be empty.
    pub phone: String,
    /// What else the business asked for and was told, in its order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Detail>,
    /// The id of the appointment that is moved by it: that one stands no more, in the same moment in which this one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// What the call is held in, and texts about it are to be written in.
    #[serde(default, skip_serializing_if = "Language::is_usual")]
    pub language: Language,
}

/// Something to be done. Orders are carried out in the order given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Output {
    /// Open speech-to-text, with words to expect.
    StartHearing {
        /// Names and terms of the business, most important first.
        keyterms: Vec<String>,
    },
    /// Tell speech-to-text what to expect now, in place of what it was told before.
    ExpectWords {
        /// Names and terms of what was just asked for, then of the business, most important first.
        keyterms: Vec<String>,
    },
    /// Ask speech-to-text for what it has (Deepgram `Finalize`).
    FinishUtterance,
    /// Close speech-to-text.
    StopHearing,

    /// Ask the model.
    StartReply {
        /// Returned with every part of the answer.
        reply: ReplyId,
        /// The conversation as it was heard.
        messages: Vec<Message>,
    },
    /// Stop caring about a model request, and stop paying for it.
    CancelReply {
        /// The request.
        reply: ReplyId,
    },

    /// Append a phrase to what is being played. Phrases play in the order of these orders.
    Speak {
        /// Returned with everything that becomes of it.
        phrase: PhraseId,
        /// Which clear it belongs after.
        generation: u32,
        /// The words.
        text: String,
        /// Where in its audio to begin, in milliseconds: more than 0 when a phrase that was stopped goes on.
        from_ms: u32,
    },
    /// From now on phrases are in this language: whoever speaks it best speaks them.
    SpeakLanguage {
        /// The language.
        language: Language,
    },
    /// Stop playing at once and drop all that is not yet heard.
    ClearPlayout {
        /// The generation that begins: marks of older ones prove nothing any more.
        generation: u32,
    },

    /// Look for free times.
    FindTimes {
        /// Returned with the answer.
        query: QueryId,
        /// What is looked for.
        wanted: Wanted,
    },
    /// Make an appointment.
    ReserveSlot {
        /// Returned with the answer.
        query: QueryId,
        /// The same for every attempt at the same appointment, so that trying twice books once.
        key: String,
        /// What it is.
        reservation: Reservation,
    },
    /// Keep a free time for this call while its caller decides, in place of the one kept before. It wants no answer: a
    /// time that cannot be kept is found taken when it is ordered. It is kept until the call ends.
    HoldSlot {
        /// The service's id.
        service: String,
        /// Its start.
        slot: Slot,
    },
    /// Look for appointments that stand and are still ahead.
    FindAppointments {
        /// Returned with the answer.
        query: QueryId,
        /// Under this number.
        phone: String,
        /// And this name, where the number is not the one that calls.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// Cancel an appointment. Told twice, it is cancelled once.
    CancelAppointment {
        /// Returned with the answer.
        query: QueryId,
        /// Its id.
        appointment: String,
    },

    /// Note that whoever was reminded of an appointment will be there. It wants no answer: what is not noted is on record as
    /// the call's outcome.
    ConfirmAppointment {
        /// Its id.
        appointment: String,
    },

    /// Hand the caller to a person: the leg's close is to be followed by a dial to this number.
    Transfer {
        /// The number, in E.164.
        to: String,
        /// What whoever answers there is told before they speak with the caller: who it is, and what about.
        whisper: String,
    },
    /// Record nothing from now on, on either side, and keep none of the caller's words.
    PauseRecording,
    /// Record again.
    ResumeRecording,
    /// Write something down.
    Record(Row),
    /// Close the leg. What was to be heard has been heard, or its deadline passed.
    CloseLeg {
        /// Why.
        ending: Ending,
    },
}
