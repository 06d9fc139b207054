//! What a turn is for: yes, no, a change, a question, a person, a goodbye.

use statecharts::proposal::{Expect, Fact, Intent, Proposal};

use super::phrasebook as book;
use super::words::{Pause, Word, before, find, has, listed, starts_any, text};

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

/// What the turn is for, with its facts in hand. `asked` is whether a question about the business was among its
/// sentences.
pub(super) fn of(words: &[Word], asked: bool, proposal: &Proposal, expects: Expect) -> Intent {
    let facts = proposal.has_facts() || proposal.unclear_when;
    if wants_to_pass_something_on(words) {
        return Intent::Message;
    }
    if wants_person(words) {
        return Intent::Person;
    }
    if expects == Expect::Cancelling {
        return of_cancelling(words, proposal, asked);
    }
    if let Some(intent) = of_standing(words, proposal, expects) {
        return intent;
    }
    if expects == Expect::YesNo
        && !asked
        && let Some(intent) = of_yes(words, proposal, facts)
    {
        return intent;
    }
    if !facts && let Some(intent) = of_parting(words, asked, expects) {
        return intent;
    }
    if asked {
        Intent::Question
    } else if facts {
        of_facts(words, proposal, expects)
    } else {
        of_the_rest(words, proposal, expects)
    }
}

/// The yes or no that a turn begins with. "No, that's right" is a yes, "yeah no" a no: the later word decides.
pub(super) fn leaning(words: &[Word]) -> Leaning {
    let mut at = 0;
    let mut leaning = Leaning::Neither;
    while at < words.len() {
        match answer_at(words, at) {
            Some((Leaning::Yes, length)) => {
                let polite = leaning == Leaning::No && text(words, at) == "please";
                leaning = if polite { Leaning::No } else { Leaning::Yes };
                at += length;
            }
            Some((other, length)) => {
                leaning = other;
                at += length;
            }
            None => match filler(words, at, leaning) {
                Some(length) => at += length,
                None => break,
            },
        }
    }
    leaning
}

/// The yes or no that stands at `at`, the longer one where both do.
fn answer_at(words: &[Word], at: usize) -> Option<(Leaning, usize)> {
    let yes = starts_any(words, at, listed(book::YES)).filter(|length| !goes_on(words, at, *length));
    let otherwise = starts_any(words, at, listed(book::NO_OTHERWISE)).unwrap_or(0);
    let no = starts_any(words, at, listed(book::NO)).filter(|length| *length > otherwise);
    match (yes, no) {
        (Some(yes), no) if no.is_none_or(|no| yes > no) => Some((Leaning::Yes, yes)),
        (_, Some(no)) => Some((Leaning::No, no)),
        _ => None,
    }
}

/// Words before or between answers that are none.
fn filler(words: &[Word], at: usize, leaning: Leaning) -> Option<usize> {
    let supposed = starts_any(words, at, ["i think", "i believe", "i guess", "i suppose"])
        .filter(|length| answer_at(words, at + length).is_some());
    let thanks = ["thanks", "thank", "you"].contains(&text(words, at)) && leaning != Leaning::Neither;
    starts_any(words, at, listed(book::OPENERS)).or(supposed).or(thanks.then_some(1))
}

/// Whether a yes goes on to say something else: "right now", "good morning", "I do have one".
fn goes_on(words: &[Word], at: usize, length: usize) -> bool {
    let needs_an_end = starts_any(words, at, listed(book::YES_AT_THE_END)) == Some(length);
    let unbroken = words[at + length - 1].pause == Pause::None && at + length < words.len();
    needs_an_end && unbroken && starts_any(words, at + length, listed(book::AFTER_AN_ANSWER)).is_none()
}

/// A yes to "Shall I book it?" "Yes, but …" changes something; "yes, and a beard trim too" is a yes all the same.
fn of_yes(words: &[Word], proposal: &Proposal, facts: bool) -> Option<Intent> {
    if leaning(words) != Leaning::Yes {
        return None;
    }
    if has(words, ["but"]) || (facts && wants_change(words, true)) {
        return Some(Intent::Change);
    }
    let another = wants_booking(words) && proposal.service.is_some();
    Some(if another { Intent::Book } else { Intent::Confirm })
}

/// The end of the call, or of what there is to do.
fn of_parting(words: &[Word], asked: bool, expects: Expect) -> Option<Intent> {
    let takes_back = matches!(expects, Expect::YesNo | Expect::Change) && has(words, listed(book::NEVER_MIND));
    if takes_back {
        return Some(Intent::Deny);
    }
    if is_goodbye(words) {
        return Some(Intent::Goodbye);
    }
    let polite = expects == Expect::Anything && is_only_thanks(words);
    let done = words.len() <= 10 && has(words, listed(book::NOTHING_MORE)) && !is_question(words);
    ((done || polite) && !asked).then_some(Intent::Deny)
}

/// A turn with facts in it.
fn of_facts(words: &[Word], proposal: &Proposal, expects: Expect) -> Intent {
    let opening = expects == Expect::Anything;
    let of_what_stands = opening && proposal.when.is_some() && proposal.service.is_none() && proposal.name.is_none();
    if of_what_stands && has(words, listed(book::OF_WHAT_STANDS)) {
        return Intent::Change;
    }
    if expects == Expect::Change || (!opening && wants_change(words, true)) {
        return Intent::Change;
    }
    let could_refuse = !matches!(expects, Expect::Anything | Expect::Name | Expect::Phone);
    if could_refuse && leaning(words) == Leaning::No {
        return Intent::Change;
    }
    let booking = proposal.service.is_some() || proposal.when.is_some() || wants_booking(words);
    if opening && booking { Intent::Book } else { Intent::Provide }
}

/// A turn without facts that neither ends the call nor asks something answerable.
fn of_the_rest(words: &[Word], proposal: &Proposal, expects: Expect) -> Intent {
    let leaning = leaning(words);
    if expects == Expect::Phone && has(words, listed(book::THIS_NUMBER)) {
        return Intent::Confirm;
    }
    if matches!(expects, Expect::Name | Expect::Phone) && has(words, listed(book::RELUCTANT)) {
        return Intent::Deny;
    }
    if is_for_repeating(words) {
        return Intent::Other;
    }
    if has(words, listed(book::SMALL_TALK)) {
        return Intent::Question;
    }
    if proposal.unknown_service && matches!(expects, Expect::Anything | Expect::Service) {
        return Intent::Book;
    }
    let names_a_fact = about(words).is_some() && (expects == Expect::Change || has(words, listed(book::FAULT)));
    let other_number = expects == Expect::YesNo && has(words, listed(book::OTHER_NUMBER));
    if wants_change(words, false) || names_a_fact || other_number {
        return Intent::Change;
    }
    let refuses = leaning == Leaning::No && (!wants_booking(words) || has(words, ["not book"]));
    if expects == Expect::YesNo && refuses {
        return Intent::Deny;
    }
    if proposal.unknown_service || (wants_booking(words) && !asks_about_us(words)) {
        return Intent::Book;
    }
    match leaning {
        Leaning::Neither if is_question(words) => Intent::Question,
        Leaning::Neither => Intent::Other,
        Leaning::No => Intent::Deny,
        // After "Anything else?" a "great" takes note, and "no, that's great" is a no.
        Leaning::Yes if expects == Expect::Anything => of_open_yes(words),
        Leaning::Yes => Intent::Confirm,
    }
}

fn of_open_yes(words: &[Word]) -> Intent {
    let mut at = 0;
    while let Some(length) = starts_any(words, at, listed(book::OPENERS)) {
        at += length;
    }
    if starts_any(words, at, listed(book::NO)).is_some() {
        Intent::Deny
    } else if starts_any(words, at, listed(book::PLAIN_YES)).is_some() {
        Intent::Confirm
    } else {
        Intent::Other
    }
}

/// Whether the turn ends the call.
pub(super) fn is_goodbye(words: &[Word]) -> bool {
    find(words, listed(book::GOODBYE)).is_some_and(|(at, _)| !["to", "not"].contains(&before(words, at)))
}

/// Whether the turn asks for a person. "Am I talking to a person?" asks something else.
pub(super) fn wants_person(words: &[Word]) -> bool {
    let start = (0..words.len()).find(|at| starts_any(words, *at, listed(book::OPENERS)).is_none()).unwrap_or(0);
    let who = starts_any(words, start, listed(book::WHO_IS_THERE)).is_some();
    find(words, listed(book::PERSON)).is_some_and(|(at, length)| {
        !who && before(words, at) != "not" && !["you", "me"].contains(&text(words, at + length))
    })
}

/// Whether the turn takes something back, with facts to put in its place or without.
fn wants_change(words: &[Word], with_facts: bool) -> bool {
    let weak = with_facts && has(words, listed(book::CHANGE_WITH_FACT));
    (weak || has(words, listed(book::CHANGE))) && !has(words, listed(book::NO_CHANGE))
}

/// Whether the turn asks for an appointment.
pub(super) fn wants_booking(words: &[Word]) -> bool {
    has(words, listed(book::BOOK))
}

/// Whether a sentence wishes for something, be it as a question: "Can I come at three?"
pub(super) fn wishes(words: &[Word]) -> bool {
    (wants_booking(words) || has(words, listed(book::WISH))) && !has(words, ["how much", "how long"])
}

/// Whether the words end or begin as a question.
pub(super) fn is_question(words: &[Word]) -> bool {
    let start = question_start(words);
    let marked = start < words.len() && words.last().is_some_and(|word| word.pause == Pause::Question);
    marked || starts_any(words, start, listed(book::ASKS)).is_some()
}

/// Whether the words ask how the business is, and not for a free time.
pub(super) fn asks_about_us(words: &[Word]) -> bool {
    let begins = starts_any(words, question_start(words), listed(book::ASKS_ABOUT_US)).is_some();
    begins && !has(words, listed(book::ASKS_FOR_TIME)) && !has(words, ["why not"])
}

/// Whether the words ask if something is there.
pub(super) fn asks_whether_there_is(words: &[Word]) -> bool {
    starts_any(words, question_start(words), ["is there", "are there"]).is_some()
}

fn question_start(words: &[Word]) -> usize {
    const BEFORE: &str = "but, also, yes, yeah, ok, sorry, no, great, thanks";
    let mut at = 0;
    while let Some(length) = starts_any(words, at, listed(book::OPENERS).chain(listed(BEFORE))) {
        at += length;
    }
    at
}

/// Whether the turn asks to hear something again; nothing was told by it.
fn is_for_repeating(words: &[Word]) -> bool {
    let only_what = words.len() <= 2 && has(words, ["what", "sorry"]);
    words.len() <= 8 && (only_what || has(words, listed(book::REPEAT)))
}

/// "Thank you so much": nothing more is wanted.
fn is_only_thanks(words: &[Word]) -> bool {
    const THANKS: &str = "thanks, thank you, so much, very much, a lot, great, ok, perfect, awesome, wonderful, alright, cool, \
        sounds good, appreciate it, i appreciate it, you too, have a good one, bye, for your help, that is great, that is perfect";
    let mut at = 0;
    while let Some(length) = starts_any(words, at, listed(THANKS).chain(listed(book::OPENERS))) {
        at += length;
    }
    at == words.len() && has(words, ["thanks", "thank", "appreciate", "you too"])
}

/// What the turn wants with an appointment that stands already.
fn of_standing(words: &[Word], proposal: &Proposal, expects: Expect) -> Option<Intent> {
    let named = has(words, listed(book::OLD_APPOINTMENT)) || is_mine(words, proposal);
    // "Cancel it" in the middle of a booking takes back what was asked.
    let bare = matches!(expects, Expect::Anything | Expect::Appointment) && !asks_about_us(words);
    let moves = has(words, listed(book::MOVE));
    if has(words, listed(book::CANCEL_ONE)) || (has(words, listed(book::CANCEL)) && (named || bare)) {
        // "Cancel Tuesday and move it to Friday" is a move.
        return Some(if moves && named { Intent::Move } else { Intent::Cancel });
    }
    let has_one = has(words, listed(book::HAS_APPOINTMENT));
    let moves_it = bare && has(words, listed(book::MOVE_ONE));
    if (moves && (named || has_one)) || moves_it {
        return Some(Intent::Move);
    }
    let opening = expects == Expect::Anything || expects == Expect::Appointment;
    let makes_one = has(words, listed(book::MAKES_ONE));
    let of_theirs = has(words, listed(book::OLD_APPOINTMENT)) && !makes_one;
    (opening && ((named && has(words, listed(book::FIND))) || has_one || of_theirs)).then_some(Intent::Find)
}

/// "My haircut", "my three o'clock".
fn is_mine(words: &[Word], proposal: &Proposal) -> bool {
    let known = proposal.service.is_some() || proposal.when.is_some();
    known
        && has(words, ["my"])
        && !has(words, ["my name", "my number", "my hair", "my son", "my daughter", "my wife", "my husband"])
}

/// Yes or no to "Shall I cancel it?" Any doubt keeps it.
fn of_cancelling(words: &[Word], proposal: &Proposal, asked: bool) -> Intent {
    let moves = has(words, listed(book::MOVE)) || has(words, ["instead", "rather"]);
    if has(words, listed(book::KEEP)) && !(moves && proposal.when.is_some()) {
        Intent::Deny
    } else if moves {
        Intent::Move
    } else if is_goodbye(words) {
        Intent::Goodbye
    } else if asked || is_question(words) {
        Intent::Question
    } else if leaning(words) == Leaning::Yes || has(words, listed(book::CANCEL)) {
        Intent::Confirm
    } else {
        Intent::Other
    }
}

/// What the turn is for where a message was asked for: the message, unless it is a short word to us.
pub(super) fn of_message(words: &[Word]) -> Intent {
    let short = is_short(words);
    if short && (has(words, listed(book::NEVER_MIND)) || leaning(words) == Leaning::No) {
        Intent::Deny
    } else if short && is_goodbye(words) {
        Intent::Goodbye
    } else if short && wants_person(words) {
        Intent::Person
    } else {
        Intent::Provide
    }
}

/// Whether it is a short word to us rather than something told at length.
pub(super) fn is_short(words: &[Word]) -> bool {
    const SHORT: usize = 5;
    words.len() <= SHORT
}

/// Whether the turn asks that somebody be told something. "Can you tell me" asks for an answer.
fn wants_to_pass_something_on(words: &[Word]) -> bool {
    let late = has(words, listed(book::LATE));
    let tells = find(words, listed(book::TELL)).is_some_and(|(at, length)| {
        !["me", "us", "if", "what", "when", "where", "how"].contains(&text(words, at + length))
    });
    late || tells || has(words, listed(book::PASS_ON))
}

/// The fact that a turn names without giving it a value.
pub(super) fn about(words: &[Word]) -> Option<Fact> {
    const FACTS: [(Fact, &str); 4] = [
        (Fact::Phone, "number, phone, phone number, telephone"),
        (Fact::Name, "name"),
        (Fact::Service, "service, services, treatment"),
        (Fact::Time, "time, day, date, hour, when, too early, too late, too soon"),
    ];
    FACTS.iter().find(|(_, names)| has(words, listed(names))).map(|(fact, _)| *fact)
}
