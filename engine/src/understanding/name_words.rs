//! Which words can be part of a name.

use super::dates::{month_of, weekday_of};
use super::numbers::{cardinal, ordinal};
use super::spelling::PARTICLES;
use super::words::{Pause, Word, text};

/// Where a word stands in what may be a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// It would be the name's first word.
    pub(super) first: bool,
    /// It must have a capital, because the text has capitals and nothing else speaks for a name.
    pub(super) capital: bool,
    /// Only a name can stand here, so that "April" is one.
    pub(super) sure: bool,
}

/// Whether a word can be part of a name.
pub(super) fn fits(words: &[Word], at: usize, place: Place) -> bool {
    let Some(word) = words.get(at) else { return false };
    let lower = word.text.as_str();
    let large = word.raw.starts_with(char::is_uppercase);
    let particle = PARTICLES.contains(&lower);
    let letters = lower.chars().all(|letter| letter.is_alphabetic() || letter == '\'');
    if !letters || (place.capital && !large && !particle) {
        return false;
    }
    if particle {
        return words.get(at + 1).is_some() && word.pause == Pause::None;
    }
    if lower.chars().count() == 1 {
        // A middle initial, never a name's first word: "I" and "a" are words.
        let followed = words.get(at + 1).is_some_and(|next| next.text.chars().count() > 1);
        return !place.first && large && followed && lower != "i";
    }
    if is_a_name_after_all(words, at, place.first) {
        return true;
    }
    let is_number = cardinal(words, at).is_some() || ordinal(words, at).is_some();
    let is_day = weekday_of(lower).is_some() || (place.first && !place.sure && month_of(lower).is_some());
    // "Trying", unless it has a capital inside the sentence: "Xi Jinping".
    let is_verb = lower.len() > 4 && lower.ends_with("ing") && !(large && at > 0);
    !is_number && !is_day && !is_verb && !is_no_name(lower)
}

/// Whether a word may follow a name right away: "I'm Ada and I'd like …".
pub(super) fn may_follow(word: &str) -> bool {
    const FOLLOWING: &str = "and i calling here from my speaking with can could please again by at on for but we thanks \
        thank do what is not";
    FOLLOWING.split_whitespace().any(|following| following == word)
}

/// Words that are names in some places: "Hope" alone, "Will" before another, "Price" at the end.
fn is_a_name_after_all(words: &[Word], at: usize, first: bool) -> bool {
    const FIRST_NAMES: [&str; 8] = ["hope", "will", "may", "rich", "sterling", "art", "sunny", "happy"];
    const SURNAMES: [&str; 20] = [
        "price", "best", "day", "way", "good", "new", "rich", "hope", "say", "may", "will", "cool", "home", "case",
        "sterling", "fleming", "browning", "channing", "king", "great",
    ];
    let word = &words[at];
    let large = |word: &Word| word.raw.starts_with(char::is_uppercase);
    let ends = word.pause >= Pause::Comma || at + 1 == words.len();
    if first {
        let alone = words.len() == 1;
        let before_another = words.get(at + 1).is_some_and(large) && text(words, at) == "will";
        FIRST_NAMES.contains(&word.text.as_str()) && large(word) && (alone || before_another)
    } else {
        ends && SURNAMES.contains(&word.text.as_str())
    }
}

/// Words that stand where a name may stand and are none.
fn is_no_name(word: &str) -> bool {
    const NO_NAMES: &str = "american annoying bit busy christmas convenient covid crazy cute difficult easter easy english far \
        french friend's funny german hard hungry impossible italian little local lost mad missing mom mexican necessary obvious odd \
        okay outside over possible regarding ridiculous serious short silly simple spanish strange stuck terrible thanksgiving tricky \
        unbelievable urgent useful weird worth stupid a able about absolutely actually afraid after afternoon again agent ahead all almost already \
        alright also always am amazing an and another any anybody anyone anything anytime appointment are around as asap ask at \
        available awesome back bad be beard because been before best better bit book booked booking both bother busy but by bye \
        call can cancel cannot certainly change client closed color come comfortable confirmed cool correct could curious \
        customer cut date day definitely did different do does dollars done double early either else emergency er erm evening \
        everything exactly excellent excited fantastic fine first flexible for free from full get give glad go good goodbye got \
        great guess had hair haircut happy has have he hello help her here hey hi him his hm hmm hold home hope hour how huh \
        human i if important in incorrect interested is it its just kind know last late later let like looking ma'am machine \
        make manager maybe me mean mhm mine minute mistake mm moment month more morning much must my name need nervous never new \
        next nice night no nobody none noon nope not nothing now number of off oh ok old on one only open operator or other our \
        out over pardon parking perfect person phone please pretty price probably problem put question quick quite ready really \
        regular representative right robot running same sarcastic say says schedule second see service services set she should \
        sick sir so some somebody someone something soon sorry sort sounds speak spelled still stop such super supposed sure \
        surprised take talk tell than thank thanks that thats the their them then there these they thing think this those though \
        time tired to today tomorrow tonight too totally trim uh uhm um under until up us usual very wait walk want was way we \
        week weekend well were what whats when whenever where whether which who whom why will with wonderful wondering works \
        worried would wrong yeah yep yes yesterday yet you your yours yup said";
    NO_NAMES.split_whitespace().any(|no_name| no_name == word)
}
