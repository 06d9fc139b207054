//! What is written down as heard, and what is gone on with, is what Twilio played.

use std::time::Duration;

use engine::io::Output;
use engine::record::{Row, Speaker};
use engine::time::CallTime;

use crate::stepped::promises::Kept;
use crate::stepped::promises::facts::{Facts, Saying};
use crate::stepped::{Stepped, word_ends_ms};

/// Words by which a position may be wrong.
const WORDS_OFF_MAX: usize = 1;

/// A stop that lasted longer is gone on with from further back, so that it can be followed.
const FRESH: Duration = Duration::from_secs(2);

/// So long after marks were late or lost, or the network stalled, what was heard is known again.
const AFTER_TROUBLE: Duration = Duration::from_secs(5);

pub(super) fn one_voice_at_a_time(facts: &Facts, stepped: &Stepped, _: CallTime) -> Kept {
    let spans = stepped.twilio().spans();
    let recent = &spans[facts.spans_before.saturating_sub(1).min(spans.len())..];
    match recent.windows(2).find(|pair| pair[0].until() > pair[1].from) {
        Some(pair) => Err(format!("phrases {} and {}", pair[0].phrase.0, pair[1].phrase.0)),
        None => Ok(()),
    }
}

pub(super) fn no_frame_after_its_clear(facts: &Facts, stepped: &Stepped, _: CallTime) -> Kept {
    let Some(last) = stepped.twilio().spans().last() else { return Ok(()) };
    let generation = facts.generations.get(&last.phrase).copied().unwrap_or_default();
    if generation < facts.generation && last.until() > stepped.twilio().cleared_at() {
        return Err(format!("phrase {} until {:.3}", last.phrase.0, last.until()));
    }
    Ok(())
}

/// What was stopped goes on at the word at which the caller stopped hearing, give or take one.
pub(super) fn going_on_fits(facts: &Facts, stepped: &Stepped, at: CallTime, order: &Output) -> Kept {
    let Output::Speak { text, from_ms, .. } = order else { return Ok(()) };
    let Some(saying) = facts.held(text).filter(|saying| is_sound(facts, saying)) else { return Ok(()) };
    let held_since = saying.held_since.unwrap_or(at);
    if at.since(held_since) > FRESH || facts.dropped_at == Some(held_since) || is_troubled(stepped, at) {
        return Ok(());
    }
    let (from, heard) = (words_until(text, *from_ms), words_heard(stepped, saying));
    if from.abs_diff(heard) > WORDS_OFF_MAX {
        return Err(format!("{text:?} goes on after {from} words, and {heard} were heard"));
    }
    Ok(())
}

pub(super) fn rows_match_orders(facts: &Facts, _: &Stepped, _: CallTime, order: &Output) -> Kept {
    match said(order) {
        Some((heard, unheard)) if facts.saying_of(heard, unheard).is_none() => {
            Err(format!("{heard:?} heard and {unheard:?} not heard were not ordered"))
        }
        _ => Ok(()),
    }
}

pub(super) fn orders_match_rows(facts: &Facts, _: &Stepped) -> Kept {
    match facts.sayings.first() {
        Some(saying) => Err(format!("{:?} is not", saying.text)),
        None => Ok(()),
    }
}

pub(super) fn nothing_unplayed_was_heard(facts: &Facts, stepped: &Stepped, at: CallTime, order: &Output) -> Kept {
    match claimed(facts, order).filter(|_| !is_troubled(stepped, at)) {
        Some((saying, claimed)) if claimed > words_heard(stepped, saying) + WORDS_OFF_MAX => {
            Err(format!("{claimed} words of {:?}, and {} were played", saying.text, words_heard(stepped, saying)))
        }
        _ => Ok(()),
    }
}

/// What was played while the news of it was under way may be missing: whoever hangs up does not wait for it.
pub(super) fn what_was_played_was_heard(facts: &Facts, stepped: &Stepped, at: CallTime, order: &Output) -> Kept {
    let Some((saying, claimed)) = claimed(facts, order).filter(|_| !is_troubled(stepped, at)) else { return Ok(()) };
    let known = words_until(&saying.text, heard_ms(stepped, saying).saturating_sub(stepped.round_trip_ms()));
    if claimed + WORDS_OFF_MAX < known {
        return Err(format!("{claimed} words of {:?}, and {known} were known to be played", saying.text));
    }
    Ok(())
}

/// A row about something of ours whose audio came as it should: what it is about, and how many words it says were heard.
fn claimed<'a>(facts: &'a Facts, order: &Output) -> Option<(&'a Saying, usize)> {
    let (heard, unheard) = said(order)?;
    let saying = &facts.sayings[facts.saying_of(heard, unheard)?];
    is_sound(facts, saying).then(|| (saying, heard.split_whitespace().count()))
}

fn said(order: &Output) -> Option<(&str, &str)> {
    match order {
        Output::Record(Row::Said { speaker: Speaker::Assistant, heard, unheard, .. }) => Some((heard, unheard)),
        _ => None,
    }
}

fn is_sound(facts: &Facts, saying: &Saying) -> bool {
    saying.phrases.iter().all(|phrase| facts.sound.contains(phrase))
}

/// Whether the network or the marks were in trouble a moment ago: then nobody can know yet what was heard.
fn is_troubled(stepped: &Stepped, at: CallTime) -> bool {
    stepped.troubled_until().is_some_and(|until| at < until + AFTER_TROUBLE)
}

/// How many words Twilio played of a saying, one that was cut in its middle counted by which half it was.
fn words_heard(stepped: &Stepped, saying: &Saying) -> usize {
    words_until(&saying.text, heard_ms(stepped, saying))
}

fn heard_ms(stepped: &Stepped, saying: &Saying) -> u32 {
    let end = CallTime::from_ms(u64::MAX / 2_000);
    let heard = saying.phrases.iter().filter_map(|phrase| stepped.twilio().heard_ms(*phrase, end)).max();
    heard.unwrap_or_default()
}

fn words_until(text: &str, ms: u32) -> usize {
    let mut begins = 0;
    word_ends_ms(text)
        .iter()
        .take_while(|end| {
            let middle = begins + (**end - begins) / 2;
            begins = **end;
            middle <= ms
        })
        .count()
}
