//! A caller, and how one is written down:
//!
//! ```text
//! caller "wants it cheap": hurried
//! opens   "How much is a haircut? Book me one tomorrow at three."
//! name    "Ada Lovelace."
//! wants   haircut at 2026-11-24T15:00 for Ada Lovelace
//! ```
//!
//! | line | meaning |
//! |---|---|
//! | `caller "…": KIND` | begins a caller; the kind groups them in the report |
//! | `from NUMBER` | who calls; `+12125550142` where nothing is said |
//! | `there SERVICE at SLOT for NAME, NUMBER` | an appointment that was made before |
//! | `full SLOT` | a time that everybody who works there is busy |
//! | `opens`, `service`, `time`, `name`, `phone`, `pick`, `which`, `half`, `message "…"` | what they say when asked for it |
//! | `hears "…" says "…"` | once, when those words are heard; before anything else |
//! | `speaks es` | their language, where it is not English |
//! | `wants …` | see [`Wish`] |

use engine::languages::Language;
use statecharts::proposal::Slot;

/// What a caller wants to come of the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// `SERVICE at SLOT[..SLOT] for NAME`: one appointment, in a stretch of starts, beside those there were.
    Booked {
        /// The service's id.
        service: String,
        /// The first start that will do.
        from: Slot,
        /// The last.
        to: Slot,
        /// Who comes.
        name: String,
    },
    /// `moved SLOT..SLOT`: the appointment that was there, at another time.
    Moved {
        /// The first start that will do.
        from: Slot,
        /// The last.
        to: Slot,
    },
    /// `cancelled`: the first appointment that was there is gone.
    Cancelled,
    /// `message`: their words are passed on.
    Message,
    /// `nothing`: all is as it was.
    Nothing,
}

/// One caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Persona {
    /// What the report calls them.
    pub title: String,
    /// Which sort of caller: `plain`, `hurried`, ….
    pub kind: String,
    /// The number that calls, or `anonymous`.
    pub from: String,
    /// Appointments made before: service, time, name, number.
    pub there: Vec<(String, Slot, String, String)>,
    /// Times at which nobody is free.
    pub full: Vec<Slot>,
    /// What they say, by what it answers.
    pub says: Vec<(String, String)>,
    /// What they say once when something is heard.
    pub reacts: Vec<(String, String)>,
    /// What they speak.
    pub speaks: Language,
    /// What they want.
    pub wish: Wish,
}

/// A line that says nothing of a caller.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {text:?} is not understood: {expected}")]
pub struct NotAPersona {
    line: usize,
    text: String,
    expected: &'static str,
}

impl Persona {
    /// What they say when they are asked for something.
    pub fn answer(&self, to: &str) -> Option<&str> {
        self.says.iter().find(|(what, _)| what == to).map(|(_, words)| words.as_str())
    }
}

/// Every caller of a file.
///
/// # Errors
/// [`NotAPersona`] names the line and what could stand there.
pub fn personas(text: &str) -> Result<Vec<Persona>, NotAPersona> {
    let mut all: Vec<Persona> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = |expected| NotAPersona { line: index + 1, text: line.to_owned(), expected };
        if let Some(rest) = line.strip_prefix("caller ") {
            all.push(begun(rest).ok_or_else(|| wrong("write caller \"who they are\": kind"))?);
        } else {
            let persona = all.last_mut().ok_or_else(|| wrong("begin with caller \"who they are\": kind"))?;
            read(persona, line).ok_or_else(|| wrong("see the table in sandbox/src/evaluation/persona.rs"))?;
        }
    }
    Ok(all)
}

fn begun(rest: &str) -> Option<Persona> {
    let (title, kind) = rest.strip_prefix('"')?.split_once("\":")?;
    Some(Persona {
        title: title.to_owned(),
        kind: kind.trim().to_owned(),
        from: "+12125550142".to_owned(),
        there: Vec::new(),
        full: Vec::new(),
        says: Vec::new(),
        reacts: Vec::new(),
        speaks: Language::default(),
        wish: Wish::Nothing,
    })
}

fn read(persona: &mut Persona, line: &str) -> Option<()> {
    let (word, rest) = line.split_once(char::is_whitespace)?;
    let rest = rest.trim();
    match word {
        "from" => rest.clone_into(&mut persona.from),
        "full" => persona.full.push(Slot(rest.to_owned())),
        "there" => {
            let (service, rest) = rest.split_once(" at ")?;
            let (slot, rest) = rest.split_once(" for ")?;
            let (name, phone) = rest.split_once(", ")?;
            persona.there.push((service.to_owned(), Slot(slot.to_owned()), name.to_owned(), phone.to_owned()));
        }
        "hears" => {
            let (heard, says) = rest.strip_prefix('"')?.split_once("\" says \"")?;
            persona.reacts.push((heard.to_lowercase(), says.strip_suffix('"')?.to_owned()));
        }
        "speaks" => persona.speaks = Language::of_code(rest)?,
        "wants" => persona.wish = wish(rest)?,
        "opens" | "service" | "time" | "name" | "phone" | "pick" | "which" | "half" | "message" => {
            let words = rest.strip_prefix('"')?.strip_suffix('"')?;
            persona.says.push((word.to_owned(), words.to_owned()));
        }
        _ => return None,
    }
    Some(())
}

fn wish(text: &str) -> Option<Wish> {
    let stretch = |text: &str| {
        let (from, to) = text.split_once("..").unwrap_or((text, text));
        (Slot(from.to_owned()), Slot(to.to_owned()))
    };
    Some(match text {
        "nothing" => Wish::Nothing,
        "message" => Wish::Message,
        "cancelled" => Wish::Cancelled,
        _ if text.starts_with("moved ") => {
            let (from, to) = stretch(&text["moved ".len()..]);
            Wish::Moved { from, to }
        }
        _ => {
            let (service, rest) = text.split_once(" at ")?;
            let (when, name) = rest.split_once(" for ")?;
            let (from, to) = stretch(when);
            Wish::Booked { service: service.to_owned(), from, to, name: name.to_owned() }
        }
    })
}
