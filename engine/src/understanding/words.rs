//! Text as speech-to-text writes it, cut into words that rules can compare.
//!
//! Deepgram's `smart_format` writes "3 PM", "2PM", "3:30", "November 24th" and "$35" where a person said words; a model
//! may write a date as 2026-11-24. Both arrive here, and nothing after this file looks at a character again.

use super::lexicon;
use crate::languages::Language;

/// One word: compared by `text`, written by `raw`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// Lower case, without punctuation, contractions taken apart: "I'm" is two words, `i` and `am`.
    pub(super) text: String,
    /// As it was written, without punctuation around it. Names keep their capitals by it.
    pub(super) raw: String,
    /// A hyphen, not a space, stands before it: the `luc` of "Jean-Luc", the `4` of "2-4".
    pub(super) hyphened: bool,
    /// What stands after it.
    pub(super) pause: Pause,
}

/// What stands after a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pause {
    /// A space.
    None,
    /// A comma or a dash.
    Comma,
    /// The end of a sentence.
    Stop,
    /// The end of a question.
    Question,
}

/// Cuts a text of a language into the words that the rules read.
pub(super) fn read(text: &str, language: Language) -> Vec<Word> {
    lexicon::put(cut(text), language)
}

/// Cuts a text into words as they stand.
pub(super) fn cut(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    for piece in text.split_whitespace() {
        let plain = piece.replace(['\u{2019}', '\u{2018}', '`'], "'").replace(['\u{2013}', '\u{2014}'], "-");
        read_piece(&plain, &mut words);
    }
    words
}

/// Whether the words from `at` on are the words of `phrase`, and how many those are. No sentence ends inside a phrase.
pub(super) fn starts(words: &[Word], at: usize, phrase: &str) -> Option<usize> {
    // Nearly every phrase fails by its first letter.
    if words.get(at)?.text.as_bytes().first() != phrase.as_bytes().first() {
        return None;
    }
    let mut count = 0;
    for wanted in phrase.split(' ') {
        let word = words.get(at + count)?;
        let broken = count > 0 && words[at + count - 1].pause >= Pause::Stop;
        if word.text != wanted || broken {
            return None;
        }
        count += 1;
    }
    Some(count)
}

/// How many words the longest of several phrases has that the words from `at` on begin with.
pub(super) fn starts_any(
    words: &[Word],
    at: usize,
    phrases: impl IntoIterator<Item = impl AsRef<str>>,
) -> Option<usize> {
    phrases.into_iter().filter_map(|phrase| starts(words, at, phrase.as_ref())).max()
}

/// How many words the longest of several phrases has that stand right before `at`, in the same sentence.
pub(super) fn preceded(words: &[Word], at: usize, phrases: impl IntoIterator<Item = impl AsRef<str>>) -> Option<usize> {
    let same_sentence = at > 0 && words.get(at - 1).is_some_and(|word| word.pause < Pause::Stop);
    let lengths = phrases.into_iter().filter_map(|phrase| {
        let start = at.checked_sub(phrase.as_ref().split(' ').count())?;
        starts(words, start, phrase.as_ref())
    });
    lengths.filter(|_| same_sentence).max()
}

/// Where one of the phrases stands first, and how many words it has.
pub(super) fn find(
    words: &[Word],
    phrases: impl IntoIterator<Item = impl AsRef<str>> + Clone,
) -> Option<(usize, usize)> {
    (0..words.len()).find_map(|at| Some((at, starts_any(words, at, phrases.clone())?)))
}

/// Whether one of the phrases stands anywhere.
pub(super) fn has(words: &[Word], phrases: impl IntoIterator<Item = impl AsRef<str>> + Clone) -> bool {
    find(words, phrases).is_some()
}

/// The phrases of a list written with commas between them.
pub(super) fn listed(list: &str) -> impl Iterator<Item = &str> + Clone {
    list.split(',').map(str::trim)
}

/// The text of the word at `at`, or nothing past either end.
pub(super) fn text(words: &[Word], at: usize) -> &str {
    words.get(at).map_or("", |word| word.text.as_str())
}

/// The text of the word before `at`, unless a sentence ended between.
pub(super) fn before(words: &[Word], at: usize) -> &str {
    match at.checked_sub(1).and_then(|index| words.get(index)) {
        Some(word) if word.pause < Pause::Stop => &word.text,
        _ => "",
    }
}

/// One piece between spaces: usually a word, sometimes several with marks between them.
fn read_piece(piece: &str, words: &mut Vec<Word>) {
    let core = piece.trim_matches(|c: char| !c.is_alphanumeric() && !"+$#'".contains(c)).trim_matches('\'');
    let pause = pause_of(piece, core);
    if core.is_empty() {
        if let Some(last) = words.last_mut() {
            last.pause = last.pause.max(pause);
        }
        return;
    }
    let first = words.len();
    if !read_iso(core, words) && !read_initials(core, words) {
        for (nth, part) in core.split(['-', '_']).filter(|part| !part.is_empty()).enumerate() {
            read_part(part, nth > 0, words);
        }
    }
    if let Some(last) = words[first..].last_mut() {
        last.pause = pause;
    }
}

/// What a piece's closing punctuation means. A title's dot ends nothing.
fn pause_of(piece: &str, core: &str) -> Pause {
    let tail = piece.rfind(core).map_or("", |at| &piece[at + core.len()..]);
    let title = ["mr", "mrs", "ms", "dr", "st"].contains(&core.to_lowercase().as_str());
    let initials = core.contains('.') || (core.len() == 1 && core.chars().all(char::is_alphabetic));
    if tail.contains('?') {
        Pause::Question
    } else if tail.contains(['!', ';', ':']) || (tail.contains('.') && !title && !initials) {
        Pause::Stop
    } else if tail.contains([',', '-']) || (core.is_empty() && piece.contains('-')) {
        Pause::Comma
    } else {
        Pause::None
    }
}

/// `2026-11-24`, alone or followed by `T15:00`, as a model may write it.
fn read_iso(core: &str, words: &mut Vec<Word>) -> bool {
    let Some((date, rest)) = core.split_at_checked(10) else { return false };
    let shape = |(at, c): (usize, char)| if at == 4 || at == 7 { c == '-' } else { c.is_ascii_digit() };
    if !date.chars().enumerate().all(shape) {
        return false;
    }
    push(date, date, false, words);
    if let Some(clock) = rest.strip_prefix(['T', 't']) {
        let minutes: String = clock.chars().take(5).collect();
        push(&minutes, &minutes, false, words);
    }
    true
}

/// Letters with dots: "p.m" is one word, "A.D.A" three.
fn read_initials(core: &str, words: &mut Vec<Word>) -> bool {
    let parts: Vec<&str> = core.split('.').filter(|part| !part.is_empty()).collect();
    if parts.len() < 2 || !parts.iter().all(|part| part.chars().count() == 1 && part.chars().all(char::is_alphabetic)) {
        return false;
    }
    let joined = parts.concat().to_lowercase();
    if ["am", "pm", "ok"].contains(&joined.as_str()) {
        push(&joined, core, false, words);
    } else {
        parts.iter().for_each(|part| push(&part.to_lowercase(), part, false, words));
    }
    true
}

/// A part without hyphens: a word, a contraction, or digits with letters behind them.
fn read_part(part: &str, hyphened: bool, words: &mut Vec<Word>) {
    let lower = part.to_lowercase();
    let letters = lower.find(|c: char| !c.is_ascii_digit() && c != ':' && c != '.').unwrap_or(lower.len());
    let (digits, suffix) = lower.split_at(letters);
    let suffix = suffix.replace('.', "");
    if !digits.is_empty() && ["am", "pm", "a", "p"].contains(&suffix.as_str()) {
        push(digits, digits, hyphened, words);
        let half = if suffix.starts_with('a') { "am" } else { "pm" };
        return push(half, half, false, words);
    }
    // "3ish", "threeish", "noonish".
    if let Some(hour) = lower.strip_suffix("ish").filter(|stem| is_hour(stem)) {
        push(hour, hour, hyphened, words);
        return push("ish", "ish", false, words);
    }
    if let Some(number) = lower.strip_prefix('#') {
        push("number", "number", hyphened, words);
        return push(number, number, false, words);
    }
    if let Some((first, second)) = expanded(&lower) {
        let kept: String = part.chars().take(first.chars().count()).collect();
        push(&first, &kept, hyphened, words);
        return push(second, second, false, words);
    }
    match lower.as_str() {
        "wanna" => push_all(&["want", "to"], hyphened, words),
        "gonna" => push_all(&["going", "to"], hyphened, words),
        "gotta" => push_all(&["got", "to"], hyphened, words),
        "lemme" => push_all(&["let", "me"], hyphened, words),
        "gimme" => push_all(&["give", "me"], hyphened, words),
        "o'clock" => push("oclock", part, hyphened, words),
        "okay" => push("ok", part, hyphened, words),
        _ => push(&lower, part, hyphened, words),
    }
}

/// Whether "-ish" may stand behind a word: noon, or an hour.
fn is_hour(stem: &str) -> bool {
    stem == "noon"
        || super::numbers::unit(stem).is_some()
        || (!stem.is_empty() && stem.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The two words of a contraction.
fn expanded(lower: &str) -> Option<(String, &'static str)> {
    match lower {
        "can't" => return Some(("can".to_owned(), "not")),
        "won't" => return Some(("will".to_owned(), "not")),
        "let's" => return Some(("let".to_owned(), "us")),
        _ => {}
    }
    const ENDINGS: [(&str, &str); 7] =
        [("n't", "not"), ("'s", "is"), ("'m", "am"), ("'re", "are"), ("'d", "would"), ("'ll", "will"), ("'ve", "have")];
    ENDINGS.iter().find_map(|(ending, word)| {
        let stem = lower.strip_suffix(ending)?;
        (!stem.is_empty()).then(|| (stem.to_owned(), *word))
    })
}

fn push(text: &str, raw: &str, hyphened: bool, words: &mut Vec<Word>) {
    words.push(Word { text: text.to_owned(), raw: raw.to_owned(), hyphened, pause: Pause::None });
}

fn push_all(texts: &[&str], hyphened: bool, words: &mut Vec<Word>) {
    texts.iter().enumerate().for_each(|(nth, text)| push(text, text, hyphened && nth == 0, words));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> String {
        cut(text).iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn smart_formatted_text_becomes_plain_words() {
        for (text, wanted) in [
            ("Hi, I'd like a haircut.", "hi i would like a haircut"),
            ("at 2PM.", "at 2 pm"),
            ("3:30 p.m.", "3:30 pm"),
            ("2:15pm", "2:15 pm"),
            ("November 24th, 2026", "november 24th 2026"),
            ("11/24 it\u{2019}s $35", "11/24 it is $35"),
            ("twenty-fourth", "twenty fourth"),
            ("A. D. A.", "a d a"),
            ("A.D.A.", "a d a"),
            ("three o'clock, OK?", "three oclock ok"),
            ("2026-11-24T15:00", "2026-11-24 15:00"),
            ("#2 - can't", "number 2 can not"),
            ("(555) 123-4567", "555 123 4567"),
        ] {
            assert_eq!(texts(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn a_title_ends_no_sentence_and_a_question_mark_does() {
        let words = cut("Is Mr. Smith in? Yes.");
        let pauses: Vec<Pause> = words.iter().map(|word| word.pause).collect();
        assert_eq!(pauses, [Pause::None, Pause::None, Pause::None, Pause::Question, Pause::Stop]);
    }
}
