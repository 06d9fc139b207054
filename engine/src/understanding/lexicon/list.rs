//! The list of a language: read, and ready to be looked up.

use std::collections::{BTreeMap, BTreeSet};

use super::plain;
use crate::understanding::phrasebook as book;

/// English words that other languages spell like theirs, and that no pattern is put into.
const ENGLISH_TOO: &str = "he, once, sale, dice, media, red, pie, sin, ten, son, dos, mire, mode";

/// The list of a language, ready to be looked up.
#[derive(Debug, Default)]
pub(super) struct Lexicon {
    pub(super) numbers: BTreeMap<String, u32>,
    pub(super) joiner: String,
    /// Names of letters, each as its words.
    pub(super) letters: Vec<(Vec<String>, char)>,
    /// What stands between a letter and a word that begins with it: "eme de mamá".
    pub(super) as_in: Vec<String>,
    pub(super) days: BTreeMap<String, String>,
    pub(super) months: BTreeMap<String, String>,
    /// Patterns that begin with a word, by that word without accents.
    pub(super) by_word: BTreeMap<String, Vec<Pattern>>,
    /// Patterns that begin with anything else.
    pub(super) others: Vec<Pattern>,
    /// All words of patterns, without accents.
    pub(super) theirs: BTreeSet<String>,
    /// All words that they are put into.
    pub(super) ours: BTreeSet<String>,
}

#[derive(Debug, Clone)]
pub(super) struct Pattern {
    pub(super) pieces: Vec<Piece>,
    pub(super) means: Vec<String>,
    /// It must be a whole sentence.
    pub(super) whole: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Word {
        text: String,
        plain: String,
        /// It is written with a capital.
        large: bool,
    },
    Kind(Kind),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
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

    pub(super) fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| *name)
    }
}

impl Lexicon {
    pub(super) fn read(list: &str) -> Self {
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
