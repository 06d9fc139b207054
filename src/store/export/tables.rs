//! What can be exported: each table with its columns.

use chrono::{DateTime, Utc};

/// A table that can be exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Calls.
    Calls,
    /// What was said.
    Transcripts,
    /// When each stage of a turn was reached.
    Turns,
    /// Decisions and faults.
    Events,
    /// Appointments, by when they begin.
    Appointments,
    /// Figures.
    Analytics,
    /// Money.
    Costs,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Kind {
    Text,
    Number,
    Float,
    Truth,
    Moment,
    Json,
}

/// What a column says about people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Private {
    Number,
    Name,
    Answers,
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Column {
    pub(in crate::store) name: &'static str,
    pub(in crate::store) kind: Kind,
    pub(super) private: Option<Private>,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::store) enum Cell {
    Null,
    Text(String),
    Number(i64),
    Float(f64),
    Truth(bool),
    Moment(DateTime<Utc>),
    Json(serde_json::Value),
}

const fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, private: None }
}

const fn text(name: &'static str) -> Column {
    column(name, Kind::Text)
}

const fn number(name: &'static str) -> Column {
    column(name, Kind::Number)
}

const fn moment(name: &'static str) -> Column {
    column(name, Kind::Moment)
}

const fn private(name: &'static str, private: Private) -> Column {
    Column { name, kind: Kind::Text, private: Some(private) }
}

const CALLS: &[Column] = &[
    text("id"),
    text("call_sid"),
    text("stream_sid"),
    private("caller", Private::Number),
    text("called"),
    text("business"),
    moment("start_time"),
    moment("end_time"),
    number("duration_ms"),
    text("status"),
    text("outcome"),
    text("ending"),
    text("direction"),
    text("engine"),
    column("sandbox", Kind::Truth),
    text("agent"),
    text("summary"),
];

const TRANSCRIPTS: &[Column] = &[
    text("call_id"),
    number("line"),
    text("speaker"),
    text("heard"),
    text("unheard"),
    column("confidence", Kind::Float),
    number("start_ms"),
    number("end_ms"),
    column("words", Kind::Json),
];

const TURNS: &[Column] = &[
    text("call_id"),
    number("turn"),
    number("speech_ended_ms"),
    number("transcribed_ms"),
    number("turn_ended_ms"),
    number("model_asked_ms"),
    number("first_slot_ms"),
    number("first_phrase_ms"),
    number("first_audio_ms"),
    number("first_frame_ms"),
    number("first_mark_ms"),
    column("by_rules", Kind::Truth),
    number("tokens_in"),
    number("tokens_out"),
    text("late_stage"),
    number("guesses"),
    column("guess_used", Kind::Truth),
    number("wasted_in"),
    number("wasted_out"),
];

const EVENTS: &[Column] = &[text("call_id"), number("event"), number("at_ms"), text("name"), text("detail")];

const APPOINTMENTS: &[Column] = &[
    text("id"),
    text("business"),
    text("staff"),
    text("service"),
    text("start_at"),
    moment("start_utc"),
    moment("end_utc"),
    private("name", Private::Name),
    private("phone", Private::Number),
    text("call_id"),
    text("status"),
    moment("created_at"),
    private("details", Private::Answers),
];

const ANALYTICS: &[Column] = &[
    text("call_id"),
    number("snapshot"),
    moment("snapshot_time"),
    text("sentiment"),
    column("sentiment_score", Kind::Float),
    text("sentiment_by"),
    number("talk_time_ms"),
    number("caller_talk_ms"),
    number("assistant_talk_ms"),
    number("silence_time_ms"),
    number("interruptions"),
    number("average_latency_ms"),
    number("p95_latency_ms"),
    column("metrics", Kind::Json),
];

const COSTS: &[Column] = &[
    text("call_id"),
    text("stage"),
    column("quantity", Kind::Float),
    text("unit"),
    number("micros"),
    number("saved_micros"),
    number("wasted_micros"),
];

impl What {
    /// Everything that can be exported.
    pub const ALL: [Self; 7] =
        [Self::Calls, Self::Transcripts, Self::Turns, Self::Events, Self::Appointments, Self::Analytics, Self::Costs];

    /// Its name, which is its table's.
    pub fn name(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Transcripts => "transcripts",
            Self::Turns => "turns",
            Self::Events => "events",
            Self::Appointments => "appointments",
            Self::Analytics => "analytics",
            Self::Costs => "costs",
        }
    }

    /// By its name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|what| what.name() == name)
    }

    pub(super) fn columns(self) -> &'static [Column] {
        match self {
            Self::Calls => CALLS,
            Self::Transcripts => TRANSCRIPTS,
            Self::Turns => TURNS,
            Self::Events => EVENTS,
            Self::Appointments => APPOINTMENTS,
            Self::Analytics => ANALYTICS,
            Self::Costs => COSTS,
        }
    }

    /// The table that is gone through, as `c`.
    pub(super) fn subjects(self) -> &'static str {
        if self == Self::Appointments { "appointments" } else { "calls" }
    }

    /// What puts it in order.
    pub(super) fn time(self) -> &'static str {
        if self == Self::Appointments { "c.start_utc" } else { "c.start_time" }
    }

    /// What the rows' table is called.
    pub(super) fn row(self) -> &'static str {
        if matches!(self, Self::Calls | Self::Appointments) { "c" } else { "t" }
    }

    pub(super) fn joined(self) -> String {
        match self {
            Self::Calls | Self::Appointments => String::new(),
            _ => format!(" JOIN {} t ON t.call_id = c.id", self.name()),
        }
    }

    /// The order of rows within a call.
    pub(super) fn within(self) -> &'static str {
        match self {
            Self::Calls | Self::Appointments => "",
            Self::Transcripts => ", t.line",
            Self::Turns => ", t.turn",
            Self::Events => ", t.event",
            Self::Analytics => ", t.snapshot",
            Self::Costs => ", t.stage",
        }
    }
}
