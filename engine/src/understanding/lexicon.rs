//! Another language's words, put into those that the rules read.
//!
//! The rules know one language's words. What speakers of another one say is written down as a list of patterns with what
//! each means in those words; dates and times are patterns like all others. The list of a language has these parts:
//!
//! ```text
//! [numbers]              the words of numbers, and what joins tens and ones
//! treinta 30
//! joined by y
//!
//! [letters]              the names of letters, for what is spelled, and what a word like them stands behind
//! jota j
//! as in de
//!
//! [day]                  words of a kind, for patterns; [month] likewise
//! lunes = monday
//!
//! [words]                everything else: the longest pattern that fits wins
//! el {day} que viene = {day}
//! las {hour} y media = {hour}:30
//! la/esta? semana        a choice, and an optional word
//! cómo. = pardon         a sentence of its own, and nothing else
//! ```
//!
//! | in a pattern | stands for |
//! |---|---|
//! | `{n}` | a number, in words or digits |
//! | `{hour}`, `{hour2}` | 1 to 24 |
//! | `{minute}` | 1 to 59 |
//! | `{mm}` | minutes as on a clock: 10 to 59, or with a nought in front |
//! | `{date}` | 1 to 31, and no other number behind it |
//! | `{year}` | 2000 to 2099 |
//! | `{day}`, `{month}` | a word of these parts |
//!
//! Accents are heeded where they tell two words apart ("qué", "que") and forgiven elsewhere. A word with a capital inside a
//! sentence is a name and stays, unless its pattern has the capital, too.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::phrasebook as book;
use super::words::{Pause, Word, text};
use crate::languages::Language;

/// English words that other languages spell like theirs, and that no pattern is put into.
const ENGLISH_TOO: &str = "he, once, sale, dice, media, red, pie, sin, ten, son, dos, mire, mode";

/// The most words of a name of a letter: "uve doble".
const LETTER_WORDS_MAX: usize = 2;

/// So many letters in a row are being spelled.
const SPELLED_MIN: usize = 3;

/// Puts words of a language into those that the rules read.
pub(super) fn put(words: Vec<Word>, language: Language) -> Vec<Word> {
    match of(language) {
        Some(lexicon) => lexicon.put(&words),
        None => words,
    }
}

/// How many of the words belong to a language and not to the rules' own, and how many the other way round.
pub(super) fn belonging(words: &[Word], language: Language) -> (usize, usize) {
    let Some(lexicon) = of(language) else { return (0, 0) };
    let is_theirs = |word: &&Word| lexicon.theirs.contains(&plain(&word.text));
    let is_ours = |word: &&Word| lexicon.ours.contains(&word.text);
    (
        words.iter().filter(|word| is_theirs(word) && !is_ours(word)).count(),
        words.iter().filter(|word| is_ours(word) && !is_theirs(word)).count(),
    )
}

fn of(language: Language) -> Option<&'static Lexicon> {
    static LEXICONS: LazyLock<BTreeMap<Language, Lexicon>> = LazyLock::new(|| {
        let lists = Language::ALL.into_iter().filter_map(|language| Some((language, language.words()?)));
        lists.map(|(language, list)| (language, Lexicon::read(list))).collect()
    });
    LEXICONS.get(&language)
}

/// The list of a language, ready to be looked up.
#[derive(Debug, Default)]
struct Lexicon {
    numbers: BTreeMap<String, u32>,
    joiner: String,
    /// Names of letters, each as its words.
    letters: Vec<(Vec<String>, char)>,
    /// What stands between a letter and a word that begins with it: "eme de mamá".
    as_in: Vec<String>,
    days: BTreeMap<String, String>,
    months: BTreeMap<String, String>,
    /// Patterns that begin with a word, by that word without accents.
    by_word: BTreeMap<String, Vec<Pattern>>,
    /// Patterns that begin with anything else.
    others: Vec<Pattern>,
    /// All words of patterns, without accents.
    theirs: BTreeSet<String>,
    /// All words that they are put into.
    ours: BTreeSet<String>,
}

#[derive(Debug, Clone)]
struct Pattern {
    pieces: Vec<Piece>,
    means: Vec<String>,
    /// It must be a whole sentence.
    whole: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Word {
        text: String,
        plain: String,
        /// It is written with a capital.
        large: bool,
    },
    Kind(Kind),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Hour,
    Hour2,
    Minute,
    Clock,
    Date,
    Year,
    Day,
    Month,
}

/// Words that are to be put into others.
struct Said<'w> {
    words: &'w [Word],
    /// The same without accents.
    plain: Vec<String>,
}

impl Said<'_> {
    fn plain(&self, at: usize) -> &str {
        self.plain.get(at).map_or("", String::as_str)
    }
}

/// A pattern that fits: how many words it takes, how many of them to the letter, and what its kinds stand for.
struct Fit<'l> {
    length: usize,
    exact: usize,
    means: &'l [String],
    filled: Vec<(Kind, String)>,
}

impl Kind {
    const NAMES: [(&'static str, Self); 9] = [
        ("{n}", Self::Number),
        ("{hour}", Self::Hour),
        ("{hour2}", Self::Hour2),
        ("{minute}", Self::Minute),
        ("{mm}", Self::Clock),
        ("{date}", Self::Date),
        ("{year}", Self::Year),
        ("{day}", Self::Day),
        ("{month}", Self::Month),
    ];

    fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| *name)
    }
}

impl Lexicon {
    fn read(list: &str) -> Self {
        let mut lexicon = Self::default();
        let common = [book::YES, book::NO, book::GOODBYE, book::CHANGE, book::BOOK, book::ASKS, ENGLISH_TOO];
        lexicon.ours.extend(common.iter().flat_map(|list| list.split([' ', ','])).map(str::to_owned));
        let mut part = "";
        for line in list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                part = name;
                continue;
            }
            let (left, right) = match line.split_once('=') {
                Some((left, right)) => (left.trim(), right.trim()),
                None => line.rsplit_once(' ').unwrap_or((line, "")),
            };
            match part {
                "numbers" if left == "joined by" => right.clone_into(&mut lexicon.joiner),
                "numbers" => {
                    lexicon.theirs.insert(plain(left));
                    lexicon.numbers.insert(plain(left), right.parse().unwrap_or_default());
                }
                "letters" if left == "as in" => lexicon.as_in.push(plain(right)),
                "letters" => {
                    let names = left.split('_').map(plain).collect();
                    lexicon.letters.extend(right.chars().next().map(|letter| (names, letter)));
                }
                "day" => lexicon.kind(left, right, |lexicon| &mut lexicon.days),
                "month" => lexicon.kind(left, right, |lexicon| &mut lexicon.months),
                _ => lexicon.pattern(left, right),
            }
        }
        lexicon
    }

    fn kind(&mut self, left: &str, right: &str, kind: impl Fn(&mut Self) -> &mut BTreeMap<String, String>) {
        self.theirs.insert(plain(left));
        self.ours.insert(right.to_owned());
        kind(self).insert(plain(left), right.to_owned());
    }

    fn pattern(&mut self, left: &str, right: &str) {
        let (left, whole) = left.strip_suffix('.').map_or((left, false), |left| (left, true));
        let means: Vec<String> = right.split_whitespace().map(str::to_owned).collect();
        self.ours.extend(means.iter().filter(|word| !word.contains('{')).cloned());
        for pieces in every_way(left) {
            let words = pieces.iter().filter_map(|piece| match piece {
                Piece::Word { plain, .. } => Some(plain.clone()),
                Piece::Kind(_) => None,
            });
            self.theirs.extend(words);
            let pattern = Pattern { pieces, means: means.clone(), whole };
            match &pattern.pieces[0] {
                Piece::Word { plain, .. } => self.by_word.entry(plain.clone()).or_default().push(pattern),
                Piece::Kind(_) => self.others.push(pattern),
            }
        }
    }

    fn put(&self, words: &[Word]) -> Vec<Word> {
        let said = Said { words, plain: words.iter().map(|word| plain(&word.text)).collect() };
        let mut out: Vec<Word> = Vec::with_capacity(words.len() + 4);
        let mut at = 0;
        while at < words.len() {
            if let Some(length) = self.spelled(&said, at, &mut out).or_else(|| kept(words, at, &mut out)) {
                at += length;
                continue;
            }
            let number = self.number(&said, at);
            let fit = self.best(&said, at).filter(|fit| number.is_none_or(|(_, length)| fit.length >= length));
            match (fit, number) {
                (Some(fit), _) => {
                    let length = fit.length;
                    put_fit(&fit, &words[at..at + length], &mut out);
                    at += length;
                }
                (None, Some((value, length))) => {
                    let text = if length == 1 && is_digits(&words[at].text) {
                        words[at].text.clone()
                    } else {
                        value.to_string()
                    };
                    out.push(Word {
                        raw: text.clone(),
                        text,
                        hyphened: words[at].hyphened,
                        pause: words[at + length - 1].pause,
                    });
                    at += length;
                }
                (None, None) => {
                    out.push(Word { text: said.plain[at].clone(), ..words[at].clone() });
                    at += 1;
                }
            }
        }
        out
    }

    /// The pattern that takes the most words from `at` on; of several, the one that has most of them to the letter.
    fn best(&self, said: &Said, at: usize) -> Option<Fit<'_>> {
        let begin = self.by_word.get(said.plain(at)).into_iter().flatten();
        let fits = begin.chain(&self.others).filter_map(|pattern| self.fit(pattern, said, at));
        fits.fold(None, |best: Option<Fit>, fit| match best {
            Some(best) if (best.length, best.exact) >= (fit.length, fit.exact) => Some(best),
            _ => Some(fit),
        })
    }

    fn fit<'l>(&self, pattern: &'l Pattern, said: &Said, at: usize) -> Option<Fit<'l>> {
        let words = said.words;
        let (mut next, mut exact, mut filled) = (at, 0, Vec::new());
        for piece in &pattern.pieces {
            let word = words.get(next)?;
            // A pause parts what a pattern puts together.
            if next > at && words[next - 1].pause > Pause::None {
                return None;
            }
            match piece {
                Piece::Word { text, plain: wanted, large } => {
                    if said.plain(next) != wanted || (!large && is_name(words, next)) {
                        return None;
                    }
                    exact += usize::from(word.text == *text);
                    next += 1;
                }
                Piece::Kind(kind) => {
                    let (value, length) = self.of_kind(*kind, said, next)?;
                    filled.push((*kind, value));
                    next += length;
                }
            }
        }
        let begins = at == 0 || words[at - 1].pause >= Pause::Stop;
        let ends = next == words.len() || words[next - 1].pause >= Pause::Stop;
        if pattern.whole && !(begins && ends) {
            return None;
        }
        exact += usize::from(pattern.whole);
        Some(Fit { length: next - at, exact, means: &pattern.means, filled })
    }

    fn of_kind(&self, kind: Kind, said: &Said, at: usize) -> Option<(String, usize)> {
        let named = |names: &BTreeMap<String, String>| Some((names.get(said.plain(at))?.clone(), 1));
        let number = |range: std::ops::RangeInclusive<u32>| {
            self.number(said, at)
                .filter(|(value, _)| range.contains(value))
                .map(|(value, length)| (value.to_string(), length))
        };
        let goes_on = |length: usize| {
            said.words[at + length - 1].pause == Pause::None && self.number(said, at + length).is_some()
        };
        match kind {
            Kind::Number => number(0..=9_999),
            Kind::Hour | Kind::Hour2 => number(1..=24),
            Kind::Minute => number(1..=59).map(|(minute, length)| (format!("{minute:0>2}"), length)),
            Kind::Clock => self.minutes_on_a_clock(said, at),
            Kind::Date => number(1..=31).filter(|(_, length)| !goes_on(*length)),
            Kind::Year => number(2_000..=2_099),
            Kind::Day => named(&self.days),
            Kind::Month => named(&self.months),
        }
    }

    /// "treinta", "cero cinco", "05".
    fn minutes_on_a_clock(&self, said: &Said, at: usize) -> Option<(String, usize)> {
        let words = said.words;
        let (value, length) = self.number(said, at)?;
        if value == 0 && text(words, at) != "00" {
            let (ones, more) = self.number(said, at + length).filter(|(ones, _)| (1..=9).contains(ones))?;
            return Some((format!("0{ones}"), length + more));
        }
        let written = text(words, at).len() == 2 && is_digits(text(words, at));
        ((10..=59).contains(&value) || (written && value < 10)).then(|| (format!("{value:0>2}"), length))
    }

    /// A number in words or digits, and how many words it takes: hundreds, tens and ones put together.
    fn number(&self, said: &Said, at: usize) -> Option<(u32, usize)> {
        let words = said.words;
        let word = words.get(at)?;
        if is_digits(&word.text) {
            return (word.text.len() <= 4).then(|| word.text.parse().ok()).flatten().map(|value| (value, 1));
        }
        let value_at = |at: usize| self.numbers.get(said.plain(at)).copied();
        let unbroken = |at: usize| words.get(at).is_some_and(|word| word.pause == Pause::None);
        let (mut value, mut next) = (value_at(at)?, at + 1);
        if value < 100 && value_at(next) == Some(1_000) && unbroken(next - 1) {
            value *= 1_000;
            next += 1;
        }
        // Thousands, hundreds, and what is left, each smaller than the one before.
        while value >= 100 && unbroken(next - 1) {
            let room = if value.is_multiple_of(1_000) { 1_000 } else { 100 };
            let fits = |rest: &u32| *rest > 0 && *rest < room && value.is_multiple_of(100);
            let Some(rest) = value_at(next).filter(fits) else { break };
            value += rest;
            next += 1;
        }
        let tens = value % 100;
        if tens >= 30 && tens.is_multiple_of(10) && unbroken(next - 1) {
            let joined = usize::from(text(words, next) == self.joiner && unbroken(next));
            if let Some(ones) = value_at(next + joined).filter(|ones| (1..=9).contains(ones)) {
                value += ones;
                next += joined + 1;
            }
        }
        Some((value, next - at))
    }

    /// Letters that are being spelled: single ones, and their names.
    fn spelled(&self, said: &Said, at: usize, out: &mut Vec<Word>) -> Option<usize> {
        let words = said.words;
        let mut letters = Vec::new();
        let mut next = at;
        while let Some((letter, length)) = self.letter(said, next) {
            let length = length + self.word_like(letter, said, next + length);
            let last = &words[next + length - 1];
            letters.push(Word {
                text: letter.to_string(),
                raw: letter.to_uppercase().collect(),
                hyphened: words[next].hyphened,
                pause: last.pause,
            });
            next += length;
            if last.pause >= Pause::Stop {
                break;
            }
        }
        (letters.len() >= SPELLED_MIN).then(|| {
            out.append(&mut letters);
            next - at
        })
    }

    /// How many words tell a letter by a word that begins with it.
    fn word_like(&self, letter: char, said: &Said, at: usize) -> usize {
        let is_told = self.as_in.iter().any(|as_in| said.plain(at) == as_in);
        if is_told && said.plain(at + 1).starts_with(letter) { 2 } else { 0 }
    }

    fn letter(&self, said: &Said, at: usize) -> Option<(char, usize)> {
        let named = self.letters.iter().filter(|(names, _)| {
            names.len() <= LETTER_WORDS_MAX && names.iter().enumerate().all(|(nth, name)| said.plain(at + nth) == name)
        });
        if let Some((names, letter)) = named.max_by_key(|(names, _)| names.len()) {
            return Some((*letter, names.len()));
        }
        let mut chars = said.words.get(at)?.text.chars();
        chars.next().filter(|letter| letter.is_alphabetic() && chars.next().is_none()).map(|letter| (letter, 1))
    }
}

/// A name stays as it is, with the small words inside of it: "Ana de la Cruz".
fn kept(words: &[Word], at: usize, out: &mut Vec<Word>) -> Option<usize> {
    const SMALL: [&str; 6] = ["de", "del", "la", "las", "los", "y"];
    let small = |at: usize| SMALL.contains(&text(words, at));
    let follows_a_name =
        at > 0 && words[at - 1].pause == Pause::None && words[at - 1].raw.starts_with(char::is_uppercase);
    let next = (at..words.len()).take(3).find(|at| !small(*at));
    let leads_to_one = next.is_some_and(|next| words[next].raw.starts_with(char::is_uppercase));
    let unbroken = next.is_some_and(|next| words[at..next].iter().all(|word| word.pause == Pause::None));
    // "Sí, de Ana": a word that only begins the sentence with a capital is no name.
    let is_kept = out.last().is_some_and(|last| at > 0 && last.raw == words[at - 1].raw);
    let inside = next.filter(|_| small(at) && follows_a_name && leads_to_one && unbroken && is_kept)?;
    out.extend_from_slice(&words[at..inside]);
    Some(inside - at)
}

/// A capital inside a sentence.
fn is_name(words: &[Word], at: usize) -> bool {
    at > 0 && words[at - 1].pause < Pause::Stop && words[at].raw.starts_with(char::is_uppercase)
}

/// What a pattern means, in place of its words. A word for a word keeps its capital, in case it is a name after all.
fn put_fit(fit: &Fit, words: &[Word], out: &mut Vec<Word>) {
    let first = out.len();
    for meaning in fit.means {
        let fill = |text: String, (kind, value): &(Kind, String)| text.replace(kind.name(), value);
        let text = fit.filled.iter().fold(meaning.clone(), fill);
        let raw = if fit.means.len() == 1 && words.len() == 1 { words[0].raw.clone() } else { text.clone() };
        out.push(Word { text, raw, hyphened: false, pause: Pause::None });
    }
    let pause = words.last().map_or(Pause::None, |word| word.pause);
    if let Some(last) = out.last_mut() {
        last.pause = last.pause.max(pause);
    }
    if let Some(word) = out.get_mut(first) {
        word.hyphened = words[0].hyphened;
    }
}

fn is_digits(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Every way to say a pattern: with and without its optional words, and with each of its choices.
fn every_way(pattern: &str) -> Vec<Vec<Piece>> {
    let mut ways: Vec<Vec<Piece>> = vec![Vec::new()];
    for part in pattern.split_whitespace() {
        let (part, optional) = match part.strip_suffix('?') {
            Some(part) => (part, true),
            None => (part, false),
        };
        let choices: Vec<Piece> = part.split('/').map(piece).collect();
        let with = ways.iter().flat_map(|way| {
            choices.iter().map(|choice| way.iter().cloned().chain([choice.clone()]).collect::<Vec<_>>())
        });
        let mut longer: Vec<Vec<Piece>> = with.collect();
        if optional {
            longer.append(&mut ways);
        }
        ways = longer;
    }
    ways.retain(|way| !way.is_empty());
    ways
}

fn piece(text: &str) -> Piece {
    match Kind::NAMES.iter().find(|(name, _)| *name == text) {
        Some((_, kind)) => Piece::Kind(*kind),
        None => {
            Piece::Word { text: text.to_lowercase(), plain: plain(text), large: text.starts_with(char::is_uppercase) }
        }
    }
}

/// Lower case, without accents.
pub(super) fn plain(word: &str) -> String {
    word.chars()
        .flat_map(char::to_lowercase)
        .map(|letter| match letter {
            'á' | 'à' | 'â' => 'a',
            'é' | 'è' | 'ê' => 'e',
            'í' | 'ì' | 'î' => 'i',
            'ó' | 'ò' | 'ô' => 'o',
            'ú' | 'ù' | 'û' | 'ü' => 'u',
            'ñ' => 'n',
            'ç' => 'c',
            letter => letter,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::words::read;
    use super::*;

    fn spanish(text: &str) -> String {
        let words = read(text, Language::Spanish);
        words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_longest_pattern_is_what_is_meant() {
        for (said, wanted) in [
            ("mañana", "tomorrow"),
            ("mañana por la mañana", "tomorrow in the morning"),
            ("pasado mañana", "the day after tomorrow"),
            ("a las tres y media de la tarde", "at 3:30 pm"),
            ("a las cuatro menos cuarto", "at quarter to 4"),
            ("el viernes que viene a las diez", "friday at 10 oclock"),
            ("el 24 de noviembre", "the 24th of november"),
            ("¿Cuánto cuesta?", "how much is"),
        ] {
            assert_eq!(spanish(said), wanted, "{said:?}");
        }
    }

    #[test]
    fn numbers_are_put_together() {
        for (said, wanted) in [
            ("treinta y cuatro", "34"),
            ("seiscientos doce treinta y cuatro", "612 34"),
            ("dos mil veintiséis", "2026"),
            ("mil novecientos noventa y nueve", "1999"),
            ("cinco cinco cinco", "5 5 5"),
            ("ciento veinte", "120"),
            ("cuarenta, cinco", "40 5"),
            ("a las diez y cinco", "at 10:05"),
        ] {
            assert_eq!(spanish(said), wanted, "{said:?}");
        }
    }

    #[test]
    fn names_stay_and_letters_are_letters() {
        for (said, wanted) in [
            ("Me llamo Ana de la Cruz.", "my name is ana de la cruz"),
            ("Soy Julio Mañana", "i am july manana"),
            ("ele o pe e zeta", "l o p e z"),
            ("jota, uve doble, i griega", "j w y"),
            ("eme de mamá, a de árbol, erre de rosa", "m a r"),
        ] {
            assert_eq!(spanish(said), wanted, "{said:?}");
        }
    }

    #[test]
    fn no_pattern_means_two_things() {
        let mut twice = String::new();
        for language in Language::ALL {
            let Some(lexicon) = of(language) else { continue };
            let mut seen: BTreeMap<String, &[String]> = BTreeMap::new();
            for pattern in lexicon.by_word.values().flatten().chain(&lexicon.others) {
                let words = pattern.pieces.iter().map(|piece| match piece {
                    Piece::Word { text, .. } => text.as_str(),
                    Piece::Kind(kind) => kind.name(),
                });
                let said = words.collect::<Vec<_>>().join(" ") + if pattern.whole { "." } else { "" };
                if let Some(other) = seen.insert(said.clone(), &pattern.means).filter(|other| *other != pattern.means) {
                    twice.push_str(&format!("\n{language}: {said:?} means {other:?} and {:?}", pattern.means));
                }
            }
        }
        assert!(twice.is_empty(), "{twice}");
    }
}
