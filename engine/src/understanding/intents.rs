//! What a turn is for: yes, no, a change, a question, a person, a goodbye.

use statecharts::proposal::Intent;

use super::words::{Pause, Word, before, find, has, starts_any, text};

/// Words that begin a turn and say nothing.
const OPENERS: [&str; 14] =
    ["um", "uh", "er", "hmm", "oh", "well", "so", "ah", "hi", "hello", "hey", "and", "like", "mm"];

/// Ways to say yes.
const YES: &[&str] = &[
    "yes",
    "yeah",
    "yep",
    "yup",
    "ya",
    "yah",
    "yeh",
    "yea",
    "sure",
    "ok",
    "alright",
    "all right",
    "fine",
    "fine by me",
    "fine with me",
    "correct",
    "right",
    "exactly",
    "absolutely",
    "definitely",
    "certainly",
    "perfect",
    "great",
    "awesome",
    "excellent",
    "wonderful",
    "lovely",
    "good",
    "cool",
    "indeed",
    "affirmative",
    "please",
    "please do",
    "of course",
    "go ahead",
    "go for it",
    "book it",
    "book that",
    "do it",
    "do that",
    "let us do it",
    "let us do that",
    "why not",
    "uh huh",
    "mm hmm",
    "mhm",
    "mm hm",
    "aha",
    "sounds good",
    "sounds great",
    "sounds perfect",
    "sounds fine",
    "sounds right",
    "that sounds good",
    "that sounds great",
    "that sounds fine",
    "that sounds right",
    "that works",
    "that will work",
    "that would work",
    "that will do",
    "that would be",
    "works for me",
    "that is fine",
    "that is good",
    "that is great",
    "that is right",
    "that is correct",
    "that is perfect",
    "that would be great",
    "that would be good",
    "that would be perfect",
    "that would be fine",
    "that would be lovely",
    "it is",
    "it does",
    "i do",
    "i would",
    "i will take it",
    "i will take that",
    "i guess so",
    "i think so",
    "you got it",
    "you bet",
    "no problem",
    "by all means",
    "it is fine",
    "it is good",
    "it is correct",
    "it is right",
    "suits me",
    "that suits me",
    "all good",
    "looks good",
    "confirmed",
    "confirm",
    "i confirm",
    "totally",
    "for sure",
    "i suppose so",
    "if you could",
    "if you would",
    "very good",
    "very well",
];

/// Ways to say no.
const NO: &[&str] = &[
    "no",
    "nope",
    "nah",
    "naw",
    "no thanks",
    "no thank you",
    "not really",
    "not quite",
    "not yet",
    "not at all",
    "not right",
    "not correct",
    "negative",
    "wrong",
    "incorrect",
    "that is wrong",
    "that is not right",
    "that is not correct",
    "that is not it",
    "that is incorrect",
    "it is not",
    "it is wrong",
    "do not",
    "do not book it",
    "do not book that",
    "i do not",
    "i would rather not",
    "rather not",
    "please do not",
    "none",
    "none of those",
    "none of them",
    "neither",
    "not today",
    "not that one",
    "not now",
    "i do not think so",
    "i do not have one",
    "i do not have a number",
    "i do not have a phone",
    "that does not work",
    "does not work",
    "that will not work",
    "i can not make that",
    "i can not do that",
    "i am good",
    "i am fine",
    "i am ok",
    "we are good",
    "uh uh",
    "nuh uh",
    "never",
    "no way",
    "stop",
    "wait",
    "wait no",
    "hold on no",
];

/// Ways to say that there is nothing more.
const NOTHING_MORE: &[&str] = &[
    "that is all",
    "that is it",
    "that will be all",
    "that would be all",
    "nothing else",
    "nothing",
    "i am all set",
    "all set",
    "we are all set",
    "i am good",
    "i am done",
    "that is everything",
    "that will be it",
    "that is all i needed",
    "not today",
];

/// Ways to end a call.
const GOODBYE: &[&str] = &[
    "bye",
    "bye bye",
    "goodbye",
    "good bye",
    "good night",
    "see you",
    "see ya",
    "have a good day",
    "have a good one",
    "have a great day",
    "have a nice day",
    "talk to you later",
    "talk later",
    "hang up",
    "take care",
    "cheers bye",
    "farewell",
    "so long",
    "i have to go",
    "i will call back",
    "call you back",
    "call back later",
    "never mind",
    "nevermind",
    "forget it",
    "forget about it",
];

/// Ways to ask for a person.
const PERSON: &[&str] = &[
    "operator",
    "representative",
    "a representative",
    "agent",
    "an agent",
    "real person",
    "a person",
    "a human",
    "human being",
    "actual person",
    "live person",
    "actual human",
    "real human",
    "customer service",
    "receptionist",
    "the manager",
    "a manager",
    "someone real",
    "somebody real",
    "speak to someone",
    "speak to somebody",
    "speak with someone",
    "speak with somebody",
    "talk to someone",
    "talk to somebody",
    "talk with someone",
    "talk with somebody",
    "transfer me",
    "put me through",
    "connect me",
    "the owner",
    "a staff member",
    "speak to a",
    "talk to a",
    "speak with a",
    "talk with a",
    "human",
    "the front desk",
];

/// Words that take something back, or put something else in its place.
const CHANGE: &[&str] = &[
    "actually",
    "instead",
    "make that",
    "make it",
    "rather",
    "change",
    "changed my mind",
    "change my mind",
    "different",
    "i meant",
    "i mean",
    "on second thought",
    "reschedule",
    "switch",
    "move it",
    "correction",
    "scratch that",
    "sorry no",
    "no sorry",
    "another day",
    "another time",
    "other day",
    "wrong day",
    "wrong time",
    "wrong name",
    "wrong number",
    "update",
    "but can",
];

/// Ways to ask for an appointment.
const BOOK: &[&str] = &[
    "book",
    "appointment",
    "appointments",
    "schedule",
    "reserve",
    "reservation",
    "booking",
    "come in",
    "make an appointment",
    "get in",
    "squeeze me in",
    "fit me in",
    "availability",
    "available",
    "any openings",
    "opening",
    "openings",
];

/// How a question begins.
const ASKS: &[&str] = &[
    "what",
    "where",
    "how",
    "who",
    "which",
    "why",
    "when",
    "do you",
    "does",
    "are you",
    "are there",
    "is there",
    "is it",
    "can i",
    "can you",
    "could you",
    "could i",
    "may i",
    "do i",
    "is the",
    "are your",
    "will you",
    "would you",
    "will there",
    "should i",
    "i was wondering",
    "i wonder",
    "tell me",
    "i have a question",
    "quick question",
    "have you",
    "is parking",
    "is my",
    "did",
];

/// How a turn begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaning {
    /// With a yes.
    Yes,
    /// With a no.
    No,
    /// With neither.
    Neither,
}

/// The yes or no that a turn begins with. "No, that's right" is a yes, "yeah no" a no: the later word decides.
pub(super) fn leaning(words: &[Word]) -> Leaning {
    let mut at = 0;
    let mut leaning = Leaning::Neither;
    while at < words.len() {
        let yes = starts_any(words, at, YES).filter(|_| !is_no_yes(words, at));
        let no = starts_any(words, at, NO).filter(|_| !is_no_no(words, at));
        match (yes, no) {
            (Some(yes), no) if no.is_none_or(|no| yes > no) => {
                let polite = leaning == Leaning::No && text(words, at) == "please";
                leaning = if polite { Leaning::No } else { Leaning::Yes };
                at += yes;
            }
            (_, Some(no)) => {
                leaning = Leaning::No;
                at += no;
            }
            _ if OPENERS.contains(&text(words, at)) => at += 1,
            _ if ["thanks", "thank", "you"].contains(&text(words, at)) && leaning != Leaning::Neither => at += 1,
            _ => break,
        }
    }
    leaning
}

/// Words of yes that say something else when the sentence goes on: "right now", "good morning", "I do have one".
fn is_no_yes(words: &[Word], at: usize) -> bool {
    const ONLY_AT_THE_END: [&str; 9] =
        ["it is", "it does", "i do", "i would", "that would be", "please", "right", "good", "if you could"];
    let longest = starts_any(words, at, YES);
    ONLY_AT_THE_END.iter().filter_map(|phrase| starts_any(words, at, &[phrase])).any(|length| {
        let goes_on = words[at + length - 1].pause == Pause::None && at + length < words.len();
        longest == Some(length) && goes_on && !AFTER_AN_ANSWER.contains(&text(words, at + length))
    })
}

/// Words of no that say something else: "no problem", "no later than", "I don't know".
fn is_no_no(words: &[Word], at: usize) -> bool {
    const OTHERWISE: [&str; 16] = [
        "no problem",
        "no worries",
        "no later than",
        "no earlier than",
        "no preference",
        "no rush",
        "no doubt",
        "do not know",
        "do not care",
        "do not mind",
        "do not you",
        "i do not know",
        "i do not care",
        "i do not mind",
        "i do not want",
        "stop by",
    ];
    let has_number = starts_any(words, at, &["i do not have"]).is_some()
        && starts_any(words, at, &["i do not have one", "i do not have a number", "i do not have a phone"]).is_none();
    has_number || starts_any(words, at, &OTHERWISE).is_some()
}

/// Words that may follow a yes in one breath.
const AFTER_AN_ANSWER: [&str; 8] = ["please", "thanks", "thank", "yes", "yeah", "and", "but", "so"];

/// Whether the turn says that there is nothing more to do.
pub(super) fn wants_nothing_more(words: &[Word]) -> bool {
    words.len() <= 10 && has(words, NOTHING_MORE)
}

/// Whether the turn ends the call.
pub(super) fn is_goodbye(words: &[Word]) -> bool {
    find(words, GOODBYE).is_some_and(|(at, _)| !["to", "not"].contains(&before(words, at)))
}

/// Whether the turn asks for a person.
pub(super) fn wants_person(words: &[Word]) -> bool {
    find(words, PERSON).is_some_and(|(at, _)| before(words, at) != "not")
}

/// Whether the turn takes something back.
pub(super) fn wants_change(words: &[Word]) -> bool {
    has(words, CHANGE) && !has(words, &["rather not"])
}

/// Whether the turn says that something was heard wrong.
pub(super) fn finds_fault(words: &[Word]) -> bool {
    has(words, &["wrong", "incorrect", "not right", "not correct", "misspelled", "spelled wrong", "is not my"])
}

/// Whether the turn asks for an appointment.
pub(super) fn wants_booking(words: &[Word]) -> bool {
    has(words, BOOK)
}

/// Whether the words end or begin as a question.
pub(super) fn is_question(words: &[Word]) -> bool {
    let mut at = 0;
    while at < words.len()
        && (OPENERS.contains(&text(words, at))
            || ["but", "also", "yes", "yeah", "ok", "sorry", "no"].contains(&text(words, at)))
    {
        at += 1;
    }
    let asks = at < words.len() && words.last().is_some_and(|word| word.pause == Pause::Question);
    asks || starts_any(words, at, ASKS).is_some()
}

/// Whether the turn is about an appointment that stands already: this call cannot see it, a person can.
pub(super) fn is_about_an_old_appointment(words: &[Word]) -> bool {
    const TOUCHES: [&str; 7] = ["cancel", "reschedule", "move", "change", "confirm", "postpone", "check"];
    const OLD: [&str; 6] = [
        "my appointment",
        "an appointment i",
        "my booking",
        "my reservation",
        "an existing appointment",
        "my existing",
    ];
    has(words, &TOUCHES) && has(words, &OLD)
}

/// The intent of a turn that only says yes or no.
pub(super) fn of_leaning(leaning: Leaning) -> Option<Intent> {
    match leaning {
        Leaning::Yes => Some(Intent::Confirm),
        Leaning::No => Some(Intent::Deny),
        Leaning::Neither => None,
    }
}
