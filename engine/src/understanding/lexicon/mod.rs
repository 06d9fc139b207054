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
//!
//! | file | holds |
//! |---|---|
//! | `list` | the list of a language, read |
//! | `fitting` | which pattern fits |
//! | `numbers`, `letters` | numbers put together, and letters that are spelled |

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::spelling::PARTICLES;
use super::words::{Pause, Word, text};
use crate::languages::Language;
use fitting::{Fit, Said};
use list::{Kind, Lexicon};

mod fitting;
mod letters;
mod list;
mod numbers;
#[cfg(test)]
mod tests;

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

impl Lexicon {
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
}

/// A name stays as it is, with the small words inside of it: "Ana de la Cruz".
fn kept(words: &[Word], at: usize, out: &mut Vec<Word>) -> Option<usize> {
    let small = |at: usize| PARTICLES.contains(&text(words, at));
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
