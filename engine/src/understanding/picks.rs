//! Choosing among the times that were just offered, and asking for a time without naming one.

use super::numbers::{cardinal, ordinal};
use super::words::{Pause, Word, before, listed, starts_any, text};

/// A time asked for without a day or an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// One of the offered times, counted from 0.
    Nth(usize),
    /// The last of the offered times, or the latest there is.
    Last,
    /// The earliest of the offered times, or the earliest there is.
    Soonest,
    /// "Whenever", "any time": whatever there is.
    Any,
    /// "What do you have?": a choice, of the day in mind where there is one.
    Choice,
    /// "Anything later?"
    Later,
    /// "Anything earlier?"
    Earlier,
}

/// What is asked for from the word at `at` on, when `offered` times stand to choose from.
pub(super) fn asked(words: &[Word], at: usize, offered: usize) -> Option<(Asked, usize)> {
    let chosen = if offered > 0 { chosen(words, at, offered) } else { None };
    let open = open(words, at, offered > 0);
    match (chosen, open) {
        (Some(chosen), Some(open)) if open.1 > chosen.1 => Some(open),
        (Some(chosen), _) => Some(chosen),
        (None, open) => open,
    }
}

/// "The second one", "number two", "the last one", "the earlier one", "either".
fn chosen(words: &[Word], at: usize, offered: usize) -> Option<(Asked, usize)> {
    const BY_NAME: [(Asked, &str); 5] = [
        (
            Asked::Nth(0),
            "the earlier one, the earlier, the former, the earliest one, the sooner one, the soonest, whichever is earlier, \
             whichever is earliest, whichever is sooner, whichever is soonest, whichever is first, whichever comes first",
        ),
        (
            Asked::Last,
            "the later one, the later, the latter, the latest one, the last one, the last, last one, whichever is later, \
             whichever is latest, whichever is last",
        ),
        (
            Asked::Nth(0),
            "either one, either, any of those, any of these, any of them, any one, whichever, you choose, you pick",
        ),
        (Asked::Later, "too early, too soon"),
        (Asked::Earlier, "too late"),
    ];
    let by_name = BY_NAME.iter().find_map(|(asked, phrases)| Some((*asked, starts_any(words, at, listed(phrases))?)));
    if by_name.is_some() {
        return by_name;
    }
    if let Some(length) = starts_any(words, at, ["the middle one", "the middle", "middle one"]) {
        return (offered == 3).then_some((Asked::Nth(1), length));
    }
    if let Some(length) = starts_any(words, at, ["that one", "that time", "this one"]) {
        return (offered == 1).then_some((Asked::Nth(0), length));
    }
    if let Some(length) = starts_any(words, at, ["number", "option", "the number"]) {
        let (nth, more) = cardinal(words, at + length)?;
        return nth_of(nth, offered, length + more);
    }
    if text(words, at) == "any" && words.len() <= 2 {
        return Some((Asked::Nth(0), 1));
    }
    by_place(words, at, offered)
}

/// "The second", "the second one", "first", where nothing else is counted.
fn by_place(words: &[Word], at: usize, offered: usize) -> Option<(Asked, usize)> {
    let the = usize::from(text(words, at) == "the");
    let (nth, length) = ordinal(words, at + the)?;
    if ["one", "a", "just", "every", "my", "your"].contains(&before(words, at)) {
        return None;
    }
    let next = at + the + length;
    let follows = words.get(next - 1).is_some_and(|word| word.pause == Pause::None);
    let noun = starts_any(words, next, ["one", "option", "time", "slot", "choice"]).filter(|_| follows).unwrap_or(0);
    let alone = words.len() <= length + 1 || (at == 0 && !follows);
    let is_choice = noun > 0 || (the == 1 && (!follows || text(words, next) != "of")) || alone;
    if is_choice { nth_of(nth, offered, the + length + noun) } else { None }
}

fn nth_of(nth: u32, offered: usize, length: usize) -> Option<(Asked, usize)> {
    let index = (nth as usize).checked_sub(1)?;
    (index < offered).then_some((Asked::Nth(index), length))
}

/// "The earliest you have", "as soon as possible", "whenever", "anything later".
fn open(words: &[Word], at: usize, offered: bool) -> Option<(Asked, usize)> {
    const OPEN: [(Asked, &str); 4] = [
        (
            Asked::Soonest,
            "the earliest you have, the earliest available, the earliest possible, your earliest, the earliest, earliest, \
             as soon as possible, as soon as you can, as early as possible, as early as you can, the soonest you have, the soonest, \
             soonest, asap, a s a p, the first available, first available, the first one you have, the first one available, \
             the first you have, first opening, next available, next opening, right now, right away, immediately, \
             the sooner the better, when can you, when could you, when you open, as you open, after you open, at opening, \
             opening time, as soon as you open",
        ),
        (
            Asked::Choice,
            "what do you have, what have you got, what is available, what is free, what is open, what times, what time do you have, \
             any openings, any availability, anything available, do you have anything, have you got anything, \
             is there anything available, is there anything, when is good, when are you free, when do you have, \
             when would be good, when works",
        ),
        (
            Asked::Any,
            "anytime, any time, any day, every day, any hour, whenever, i am flexible, i am free all day, does not matter, do not care, \
             do not mind, no preference, all day, sometime, some time, you pick, you choose, you decide, you tell me, surprise me, \
             whatever you have, whatever is available, whatever works, whatever time, i am open, i am easy",
        ),
        (
            Asked::Last,
            "the latest you have, the latest, the last appointment, latest, as late as possible, as late as you can, \
             before you close, at closing, at closing time, closing time, when you close",
        ),
    ];
    let found = OPEN.iter().find_map(|(asked, phrases)| Some((*asked, starts_any(words, at, listed(phrases))?)));
    if found.is_some() {
        return found;
    }
    let farewell = ["you", "back", "again", "call"].contains(&before(words, at));
    let asks = offered || ["anything", "something", "bit", "little", "any"].contains(&before(words, at));
    match text(words, at) {
        "later" if asks && !farewell => Some((Asked::Later, 1)),
        "earlier" | "sooner" if asks => Some((Asked::Earlier, 1)),
        _ => None,
    }
}
