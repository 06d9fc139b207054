//! Text on its way to a voice: what a voice cannot read is taken out, what is too long is cut where a speaker pauses.
//!
//! Voices read a text literally, Markdown and all, and Aura takes `\{…}` for an instruction of its own. Source:
//! <https://developers.deepgram.com/docs/tts-voice-controls>, read 2026-11.

use super::Limit;

/// The text as a voice should get it: may be empty.
pub(super) fn speakable(text: &str) -> String {
    let mut spoken = String::with_capacity(text.len());
    for word in unlinked(text).split_whitespace() {
        let word: String = without_address(word).chars().filter(|char| is_speakable(*char)).collect();
        // A dash, a bullet or a number sign on its own is layout, not a word.
        if !word.is_empty()
            && word.chars().any(|char| char.is_alphanumeric() || matches!(char, '&' | '%' | '+' | '$' | '€' | '£'))
        {
            if !spoken.is_empty() {
                spoken.push(' ');
            }
            spoken.push_str(&word);
        } else if let Some(stop) = word.chars().last().filter(|char| matches!(char, '.' | '!' | '?' | ',')) {
            spoken.push(stop);
        }
    }
    spoken
}

/// The text in pieces that one request may hold, cut after sentences where there are any, else after clauses, else after
/// words.
pub(super) fn pieces(text: &str, limit: Limit) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(piece_len(rest, limit));
        pieces.push(piece.trim().to_owned());
        rest = after.trim_start();
    }
    pieces
}

/// Whether one request may hold all of a text.
pub(super) fn fits(text: &str, limit: Limit) -> bool {
    piece_len(text, limit) == text.len()
}

/// How many bytes the next piece takes.
fn piece_len(text: &str, limit: Limit) -> usize {
    let most = match limit {
        Limit::Characters(most) => text.char_indices().nth(most).map_or(text.len(), |(at, _)| at),
        Limit::Bytes(most) => text.floor_char_boundary(most),
    };
    if most == text.len() {
        return most;
    }
    let head = &text[..most];
    let after = |marks: &[char]| {
        head.char_indices().rev().find_map(|(at, mark)| {
            let end = at + mark.len_utf8();
            (marks.contains(&mark) && text[end..].starts_with(char::is_whitespace)).then_some(end)
        })
    };
    let pause = after(&['.', '!', '?', ';']).or_else(|| after(&[',', ':']));
    pause.or_else(|| head.rfind(char::is_whitespace)).filter(|len| *len > 0).unwrap_or(most)
}

/// `[the page](https://…)` becomes `the page`.
fn unlinked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, label, after)) = next_link(rest) {
        out.push_str(before);
        out.push_str(label);
        rest = after;
    }
    out.push_str(rest);
    out
}

fn next_link(text: &str) -> Option<(&str, &str, &str)> {
    let middle = text.find("](")?;
    let open = text[..middle].rfind('[')?;
    let close = middle + text[middle..].find(')')?;
    Some((&text[..open], &text[open + 1..middle], &text[close + 1..]))
}

/// Of an address only the name is worth hearing: `https://www.example.com/a?b` becomes `example.com`.
fn without_address(word: &str) -> &str {
    let Some((_, rest)) = word.split_once("://") else { return word };
    let rest = rest.strip_prefix("www.").unwrap_or(rest);
    let end = rest.find(['/', '?', '#', ')', '>']).unwrap_or(rest.len());
    rest[..end].trim_end_matches(['.', ','])
}

fn is_speakable(char: char) -> bool {
    let is_layout = matches!(char, '*' | '_' | '#' | '`' | '~' | '|' | '<' | '>' | '\\' | '{' | '}' | '[' | ']' | '^');
    let is_picture = matches!(u32::from(char),
        0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0x2190..=0x21ff | 0x2300..=0x23ff | 0x2500..=0x2bff
        | 0xe000..=0xf8ff | 0xfe00..=0xfe0f | 0xfeff | 0x1f000..=0x1faff | 0xe0000..=0xe007f);
    !(is_layout || is_picture || char.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_speech_is_left_as_it_is() {
        for text in
            ["Thanks for calling Ada's. How can I help you?", "It's $30, or 20% off on Friday: nice!", "Grüße & bye."]
        {
            assert_eq!(speakable(text), text);
        }
    }

    #[test]
    fn layout_pictures_and_addresses_are_not_read_aloud() {
        let cases = [
            ("**Sure!** Here is `what` we have:\n- cuts\n- colour", "Sure! Here is what we have: cuts colour"),
            ("See [our page](https://example.com/x) 🙂.", "See our page."),
            ("At https://www.example.com/book?a=b, please", "At example.com please"),
            ("Call \\{\"word\":\"x\",\"pronounce\":\"y\"\\} now", "Call \"word\":\"x\",\"pronounce\":\"y\" now"),
            ("a — b – c - d", "a b c d"),
            (" 🙂 \u{200b} ", ""),
            ("[not a link] (really)", "not a link (really)"),
        ];
        for (text, spoken) in cases {
            assert_eq!(speakable(text), spoken, "{text}");
        }
    }

    #[test]
    fn a_long_text_is_cut_after_sentences_and_loses_nothing() {
        let text = "One two three. Four five six! Seven eight nine? Ten eleven.";
        let characters = |text, most| pieces(text, Limit::Characters(most));
        assert_eq!(characters(text, 32), ["One two three. Four five six!", "Seven eight nine? Ten eleven."]);
        assert_eq!(characters("one, two three four", 13), ["one,", "two three", "four"]);
        assert_eq!(characters("one two three", 9), ["one two", "three"]);
        assert_eq!(characters("ääääää", 4), ["ääää", "ää"]);
        assert_eq!(characters("  ", 4), [""; 0]);
        assert_eq!(characters("3.5 is a number", 5), ["3.5", "is a", "numbe", "r"]);
        assert_eq!(pieces("ääääää", Limit::Bytes(5)), ["ää", "ää", "ää"]);
        assert_eq!(pieces("Grüße. Bis", Limit::Bytes(9)), ["Grüße.", "Bis"]);
    }
}
