//! Letters that are spelled: single ones, their names, and words that begin like them.

use super::fitting::Said;
use super::list::Lexicon;
use crate::understanding::words::{Pause, Word};

/// So many letters in a row are being spelled.
const SPELLED_MIN: usize = 3;

impl Lexicon {
    /// Letters that are being spelled: single ones, and their names.
    pub(super) fn spelled(&self, said: &Said, at: usize, out: &mut Vec<Word>) -> Option<usize> {
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
        let says = |(nth, name): (usize, &String)| said.plain(at + nth) == name;
        let named = self.letters.iter().filter(|(names, _)| names.iter().enumerate().all(says));
        if let Some((names, letter)) = named.max_by_key(|(names, _)| names.len()) {
            return Some((*letter, names.len()));
        }
        let mut chars = said.words.get(at)?.text.chars();
        chars.next().filter(|letter| letter.is_alphabetic() && chars.next().is_none()).map(|letter| (letter, 1))
    }
}
