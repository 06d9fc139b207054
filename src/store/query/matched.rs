//! The words of a search, and where they stand in a line.
//!
//! A word is a run of letters and digits, in lower case, here as in FTS5's `unicode61` and in PostgreSQL's `simple`. The
//! last word of a search may be the beginning of one, since people search while they type; a filter takes whole words,
//! because it looks at calls one by one, and a prefix would be looked up anew for each.

use serde::Serialize;
use utoipa::ToSchema;

/// Words of a search at most; further ones are not looked for.
const WORDS_MAX: usize = 16;

/// The longest word that is looked for, in characters.
const WORD_CHARS_MAX: usize = 64;

/// Characters of a line around its first match.
const SNIPPET_CHARS: usize = 160;

/// A stretch of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Piece {
    /// Its characters; text, never HTML.
    pub text: String,
    /// Whether this is what was searched for.
    pub hit: bool,
}

/// What somebody searches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words(Vec<String>);

impl Words {
    pub(super) fn of(text: &str) -> Self {
        let words = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
        let words = words.map(|word| word.to_lowercase().chars().take(WORD_CHARS_MAX).collect());
        Self(words.take(WORDS_MAX).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In the syntax of FTS5: each word a string in quotes; with `*` behind it, the last one is a prefix.
    pub(super) fn fts5(&self, last: &str) -> String {
        self.joined(" ", '"', last)
    }

    /// In the syntax of `to_tsquery`, which marks a prefix by `:*`.
    pub(super) fn tsquery(&self, last: &str) -> String {
        self.joined(" & ", '\'', last)
    }

    fn joined(&self, between: &str, quote: char, last: &str) -> String {
        let words: Vec<String> = self.0.iter().map(|word| format!("{quote}{word}{quote}")).collect();
        format!("{}{last}", words.join(between))
    }

    /// Whether a line has all of them, as whole words.
    pub(super) fn are_in(&self, line: &str) -> bool {
        let mut missing: Vec<&str> = self.0.iter().map(String::as_str).collect();
        for word in line.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()) {
            let is_it = |wanted: &str| {
                if word.is_ascii() { word.eq_ignore_ascii_case(wanted) } else { word.to_lowercase() == wanted }
            };
            missing.retain(|wanted| !is_it(wanted));
            if missing.is_empty() {
                return true;
            }
        }
        missing.is_empty()
    }

    fn has(&self, word: &str) -> bool {
        let word = word.to_lowercase();
        let (last, whole) = self.0.split_last().expect("a search without words finds nothing");
        word.starts_with(last) || whole.contains(&word)
    }

    /// The line cut to what is around its first match, as stretches.
    pub(super) fn snippet(&self, line: &str) -> Vec<Piece> {
        let pieces = self.pieces(line);
        let before: usize = pieces.iter().take_while(|piece| !piece.hit).map(|piece| piece.text.chars().count()).sum();
        let from = before.saturating_sub(SNIPPET_CHARS / 3);
        let len = line.chars().count();
        let mut cut = Vec::new();
        let mut at = 0;
        for piece in pieces {
            let text: String = piece
                .text
                .chars()
                .skip(from.saturating_sub(at))
                .take((from + SNIPPET_CHARS).saturating_sub(at.max(from)))
                .collect();
            at += piece.text.chars().count();
            if !text.is_empty() {
                cut.push(Piece { text, hit: piece.hit });
            }
        }
        if from > 0 {
            cut.insert(0, Piece { text: "…".to_owned(), hit: false });
        }
        if from + SNIPPET_CHARS < len {
            cut.push(Piece { text: "…".to_owned(), hit: false });
        }
        cut
    }

    fn pieces(&self, line: &str) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut rest = line;
        while let Some(first) = rest.chars().next() {
            let is_word = first.is_alphanumeric();
            let end = rest.find(|letter: char| letter.is_alphanumeric() != is_word).unwrap_or(rest.len());
            let (part, after) = rest.split_at(end);
            let hit = is_word && self.has(part);
            match pieces.last_mut() {
                Some(last) if last.hit == hit => last.text.push_str(part),
                _ => pieces.push(Piece { text: part.to_owned(), hit }),
            }
            rest = after;
        }
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_words_and_never_syntax() {
        let words = Words::of("\"hair\" OR NEAR(cut)* -- ' & | !x:*");
        assert_eq!(words.fts5("*"), "\"hair\" \"or\" \"near\" \"cut\" \"x\"*");
        assert_eq!(words.tsquery(":*"), "'hair' & 'or' & 'near' & 'cut' & 'x':*");
        assert!(Words::of(" *\"'()--").is_empty());
    }

    #[test]
    fn a_line_has_words_where_it_has_all_of_them_whole() {
        for (words, line, has) in [
            ("refund complaint", "My COMPLAINT: a refund!", true),
            ("refund complaint", "a refund of complaints", false),
            ("über", "Über alles", true),
            ("nr7x3", "Nr7x3", true),
            ("a a", "a", true),
            ("b", "", false),
        ] {
            assert_eq!(Words::of(words).are_in(line), has, "{words} in {line}");
        }
    }

    #[test]
    fn every_match_is_marked_and_the_last_word_may_be_unfinished() {
        let marked = |search: &str, line: &str| {
            let pieces = Words::of(search).snippet(line);
            pieces
                .iter()
                .map(|piece| if piece.hit { format!("[{}]", piece.text) } else { piece.text.clone() })
                .collect::<String>()
        };
        assert_eq!(marked("a hairc", "A Haircut, please: a cut"), "[A] [Haircut], please: [a] cut");
        assert_eq!(marked("<b>", "say <b>no</b>"), "say <[b]>no</[b]>");
        assert_eq!(marked("über", "Über alles"), "[Über] alles");
        let long = format!("{} haircut {}", "word ".repeat(60), "more ".repeat(60));
        let short = marked("haircut", &long);
        assert!(short.starts_with('…') && short.ends_with('…') && short.contains("[haircut]"), "{short}");
        assert!(short.chars().count() < 170, "{short}");
    }
}
