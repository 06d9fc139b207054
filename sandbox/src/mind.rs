//! What this model thinks. It is no language model: it reads the last thing the caller said by rules, against what the
//! instructions say about the business, and knows the few members a booking turn has.
//!
//! It knows a business only from the instructions, as a model would: lines like `Service haircut: a haircut, 30
//! minutes` and `Fact: We're at twelve Harbor Street`. What the caller was asked, it takes from the assistant's last
//! words.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use engine::business::{Afterwards, Answer, BookingRules, Business, Engine, Hours, RecordingRules, Service};
use engine::languages::Language;
use engine::understanding::{Expect, Reading, Situation, understand, when};
use statecharts::proposal::{Intent, Slot};

/// What was understood, by the members' names in the schema.
pub(crate) type Known = BTreeMap<&'static str, Option<String>>;

/// Questions that facts answer: words of the question, and words that a fact about it has.
const TOPICS: [(&[&str], &[&str]); 5] = [
    (
        &["hours", "open", "close", "closing", "horario", "abierto", "cerrado"],
        &["open", "closed", "hours", "abrimos", "cerramos"],
    ),
    (
        &["where", "address", "located", "location", "directions", "dónde", "dirección"],
        &["street", "avenue", "road", "located", "next to", "estamos en"],
    ),
    (&["park", "parking", "estacionamiento"], &["park", "parking", "estacionar"]),
    (
        &["price", "prices", "cost", "how much", "charge", "cuánto", "precio"],
        &["dollars", "euros", "pounds", "price", "costs", "dólares"],
    ),
    (&["pay", "card", "cash", "pagar", "tarjeta"], &["card", "cards", "cash", "tarjetas", "efectivo"]),
];

/// Words of the assistant by which it asks for something, most telling first.
const QUESTIONS: [(&[&str], Expect); 9] = [
    (&["shall i cancel", "la cancelo"], Expect::Cancelling),
    (&["which one do you mean", "cuál de ellas"], Expect::Appointment),
    (&["pass on", "mensaje quiere dejar"], Expect::Message),
    (&["like to change", "gustaría cambiar"], Expect::Change),
    (
        &[
            "shall i book",
            "shall i move",
            "should i move",
            "should i book",
            "book it",
            "is that right",
            "yes or no",
            "lo reservo",
            "lo cambio",
            "hago la reserva",
            "hago el cambio",
        ],
        Expect::YesNo,
    ),
    (&["your name", "the name", "what name", "su nombre", "a qué nombre"], Expect::Name),
    (&["number", "número"], Expect::Phone),
    (
        &[
            "which service",
            "what service",
            "which one would you like",
            "what can we do",
            "qué podemos hacer",
            "qué prefiere",
        ],
        Expect::Service,
    ),
    (
        &[
            "when",
            "which day",
            "what time",
            "which other day",
            "suit",
            "morning, or",
            "cuándo",
            "qué día",
            "otro día",
            "viene mejor",
            "viene bien",
        ],
        Expect::Time,
    ),
];

/// Longest turn, in words, in which the words about time are looked for one by one.
const QUOTED_WORDS_MAX: usize = 40;

/// Understands a conversation: the last message of the caller, in the light of all before.
pub(crate) fn think(messages: &[(String, String)]) -> Known {
    let said = last(messages, "user").unwrap_or_default();
    let asked = last(messages, "assistant").unwrap_or_default();
    let instructions = messages.iter().filter(|(role, _)| role == "system" || role == "developer");
    let lines: Vec<&str> = instructions.flat_map(|(_, text)| text.lines()).collect();
    let business = business(&lines);
    let situation = Situation {
        business: &business,
        now: now(&lines),
        expects: expectation(asked),
        offered: &offered(&lines),
        half: None,
        day_in_mind: None,
        half_name: None,
        detail: None,
        service: None,
    };
    let proposal = understand(said, &situation);
    let reply = (proposal.intent == Intent::Question).then(|| {
        let known = engine::understanding::answer(said, &business);
        known.unwrap_or("I'm not sure about that, sorry.").to_owned()
    });
    let summary = summed(messages, &lines);
    BTreeMap::from([
        ("sentiment", summary.as_ref().map(|_| "neutral".to_owned())),
        ("summary", summary),
        ("intent", Some(intent(proposal.intent).to_owned())),
        ("service", proposal.service),
        ("when_text", words_about_time(said, &situation)),
        ("name", proposal.name),
        ("phone", proposal.phone),
        ("reply", reply),
    ])
}

/// What a transcript begins with, and what came of it: all that there is to sum up for somebody who cannot read. None where
/// the instructions do not say what came of a call.
fn summed(messages: &[(String, String)], instructions: &[&str]) -> Option<String> {
    let outcome = instructions.iter().find_map(|line| line.strip_prefix("What came of the call: "))?;
    let transcript = last(messages, "user").unwrap_or_default();
    let first = transcript.lines().find_map(|line| line.strip_prefix("Caller: ")).unwrap_or("nothing");
    Some(format!("The caller said: {}. What came of it: {outcome}", first.trim_end_matches(['.', '!', '?'])))
}

/// What is said when no schema was asked for.
#[cfg(feature = "sockets")]
pub(crate) fn chat(known: &Known) -> String {
    let reply = known.get("reply").cloned().flatten();
    reply.unwrap_or_else(|| "I can help you to book an appointment. What would you like, and when?".to_owned())
}

fn last<'a>(messages: &'a [(String, String)], role: &str) -> Option<&'a str> {
    messages.iter().rev().find(|(by, _)| by == role).map(|(_, text)| text.as_str())
}

/// The shortest run of the caller's own words that says as much about time as all of them do.
fn words_about_time(said: &str, situation: &Situation) -> Option<String> {
    let whole = when(said, situation);
    let words: Vec<&str> = said.split_whitespace().collect();
    if whole == Reading::Nothing {
        return None;
    }
    if words.len() > QUOTED_WORDS_MAX {
        return Some(said.to_owned());
    }
    let runs = (1..=words.len()).flat_map(|length| words.windows(length));
    let means_the_same = |run: &String| when(run, situation) == whole;
    let quoted = runs.map(|run| run.join(" ")).find(means_the_same).unwrap_or_else(|| said.to_owned());
    // The dot of "p.m." is part of the word.
    let bare = quoted.trim_end_matches(['.', ',', '?', '!']).to_owned();
    Some(if means_the_same(&bare) { bare } else { quoted })
}

fn expectation(asked: &str) -> Expect {
    // What counts is the last question of several sentences.
    let asked = asked.to_lowercase();
    let sentences: Vec<&str> = asked.split_inclusive(['.', '?', '!']).filter(|s| !s.trim().is_empty()).collect();
    let question = sentences.iter().rev().find(|sentence| sentence.contains('?'));
    let Some(question) = question.or(sentences.last()) else { return Expect::Anything };
    let told = |words: &[&str]| words.iter().any(|word| question.contains(word));
    QUESTIONS.iter().find(|(words, _)| told(words)).map_or(Expect::Anything, |(_, expects)| *expects)
}

fn business(lines: &[&str]) -> Business {
    let facts = lines.iter().filter_map(|line| line.trim().strip_prefix("Fact: "));
    Business {
        name: "the business".to_owned(),
        numbers: Vec::new(),
        time_zone: chrono_tz::UTC,
        country: "US".to_owned(),
        notice: None,
        transfer_to: None,
        transfer_when_closed: true,
        hours: always_open(),
        days: BTreeMap::new(),
        booking: BookingRules::default(),
        recording: RecordingRules::default(),
        afterwards: Afterwards::default(),
        services: lines.iter().filter_map(|line| service(line)).collect(),
        staff: Vec::new(),
        details: Vec::new(),
        answers: facts.map(answer).collect(),
        prompts: BTreeMap::new(),
        keyterms: Vec::new(),
        voice: None,
        language: language(lines),
        languages: BTreeMap::new(),
        engine: Engine::Cascade,
        engine_by_number: BTreeMap::new(),
    }
}

/// `The caller speaks Spanish: write the reply in Spanish.`
fn language(lines: &[&str]) -> Language {
    let named = lines.iter().find_map(|line| line.trim().strip_prefix("The caller speaks ")?.split_once(':'));
    let spoken = Language::ALL.into_iter().find(|language| named.is_some_and(|(name, _)| name == language.name()));
    spoken.unwrap_or_default()
}

/// `Service haircut: a haircut, 30 minutes, 35 dollars.`
fn service(line: &str) -> Option<Service> {
    let (id, rest) = line.trim().strip_prefix("Service ")?.split_once(':')?;
    let name = rest.split(',').next()?.trim().trim_end_matches('.');
    let also = id.split('_').map(str::to_owned).collect();
    Some(Service { id: id.trim().to_owned(), name: name.to_owned(), also, minutes: 30, buffer_min: 0, price: None })
}

fn answer(fact: &str) -> Answer {
    let lower = fact.to_lowercase();
    let about = |told: &[&str]| told.iter().any(|word| lower.contains(word));
    let ask = TOPICS.iter().filter(|(_, told)| about(told)).flat_map(|(ask, _)| ask.iter());
    Answer { ask: ask.map(|word| (*word).to_owned()).collect(), say: fact.to_owned() }
}

/// `Just offered, in this order: 2026-11-24T09:00, 2026-11-24T09:30.`
fn offered(lines: &[&str]) -> Vec<Slot> {
    let times = lines.iter().find_map(|line| line.trim().strip_prefix("Just offered")?.split_once(": "));
    let times = times.map(|(_, times)| times.trim_end_matches('.')).unwrap_or_default();
    times.split(", ").filter(|time| !time.is_empty()).map(|time| Slot(time.to_owned())).collect()
}

/// `Now it is Monday 2026-11-23, 10:00.` Where that is not told, any day will do: words are only quoted.
fn now(lines: &[&str]) -> NaiveDateTime {
    let told = lines.iter().find_map(|line| line.trim().strip_prefix("Now it is ")?.split_once(' '));
    told.and_then(|(_, now)| NaiveDateTime::parse_from_str(now, "%Y-%m-%d, %H:%M.").ok()).unwrap_or_default()
}

/// With closed days no hour of theirs would count as one.
fn always_open() -> Hours {
    let day = || vec!["06:00-22:00".to_owned().try_into().expect("a constant")];
    Hours { mon: day(), tue: day(), wed: day(), thu: day(), fri: day(), sat: day(), sun: day() }
}

fn intent(intent: Intent) -> &'static str {
    match intent {
        Intent::Book => "book",
        Intent::Provide => "provide",
        Intent::Change => "change",
        Intent::Confirm => "confirm",
        Intent::Deny => "deny",
        Intent::Question => "question",
        Intent::Find => "find",
        Intent::Move => "move",
        Intent::Cancel => "cancel",
        Intent::Message => "message",
        Intent::Person => "person",
        Intent::Goodbye => "goodbye",
        Intent::Other => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INSTRUCTIONS: &str = "You understand callers of Harbor Street Barbers.\n\
        Service haircut: a haircut, 30 minutes, 35 dollars.\nService beard_trim: a beard trim, 30 minutes.\n\
        Fact: You can park for free behind the building.\nFact: We're at twelve Harbor Street, next to the ferry.\n\
        Just offered, in this order: 2026-11-24T09:00, 2026-11-24T09:30.\n";

    fn thought(asked: &str, said: &str) -> Known {
        let message = |role: &str, text: &str| (role.to_owned(), text.to_owned());
        think(&[message("system", INSTRUCTIONS), message("assistant", asked), message("user", said)])
    }

    #[track_caller]
    fn expect(asked: &str, said: &str, wanted: &[(&str, &str)]) {
        let known = thought(asked, said);
        let found: Vec<_> = known.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))).collect();
        let mut wanted = wanted.to_vec();
        wanted.sort_unstable();
        assert_eq!(found, wanted, "{said:?}");
    }

    #[test]
    fn a_wish_is_taken_apart_and_its_time_quoted() {
        expect(
            "How can I help you?",
            "Hi, I'd like a haircut on Tuesday at ten.",
            &[("intent", "book"), ("service", "haircut"), ("when_text", "Tuesday at ten")],
        );
        expect(
            "How can I help you?",
            "I'd like a beard trim tomorrow at three, my name is Ada Lovelace.",
            &[
                ("intent", "book"),
                ("service", "beard_trim"),
                ("when_text", "tomorrow at three"),
                ("name", "Ada Lovelace"),
            ],
        );
    }

    #[test]
    fn a_bare_answer_is_read_as_what_was_asked_for() {
        expect("May I have your name?", "Grace Hopper.", &[("intent", "provide"), ("name", "Grace Hopper")]);
        expect("A haircut for Ada. Shall I book it?", "Yes, please.", &[("intent", "confirm")]);
        expect(
            "I have nine or nine thirty. Which suits you?",
            "The first one, please.",
            &[("intent", "provide"), ("when_text", "first")],
        );
    }

    #[test]
    fn questions_are_answered_from_the_facts_or_not_at_all() {
        expect(
            "How can I help you?",
            "Where are you?",
            &[("intent", "question"), ("reply", "We're at twelve Harbor Street, next to the ferry.")],
        );
        let unknown = thought("How can I help you?", "Do you have parking?");
        assert_eq!(unknown["reply"].as_deref(), Some("You can park for free behind the building."));
    }

    #[test]
    fn a_whole_call_is_summed_up_by_its_beginning_and_its_end() {
        let message = |role: &str, text: &str| (role.to_owned(), text.to_owned());
        let transcript = "Transcript:\nAssistant: Hello.\nCaller: A haircut, please!\nCaller: Bye.";
        let known =
            think(&[message("system", "Sum it up.\nWhat came of the call: booked."), message("user", transcript)]);
        let summary = "The caller said: A haircut, please. What came of it: booked.";
        assert_eq!((known["summary"].as_deref(), known["sentiment"].as_deref()), (Some(summary), Some("neutral")));
    }

    #[test]
    fn nothing_said_is_nothing_understood() {
        assert_eq!(think(&[])["intent"].as_deref(), Some("other"));
    }
}
