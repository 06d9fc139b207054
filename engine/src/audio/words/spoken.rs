//! How long a written word takes to say, next to other words. A syllable counts 1.

use crate::numbers;

/// A consonant, as a part of a syllable.
const CONSONANT: f32 = 0.4;

/// How much longer a voice stays on the last word before a comma, a stop or the end of a clause.
const DRAWN_OUT: f32 = 1.2;

/// Written short, said long.
const ABBREVIATIONS: [(&str, &str); 6] =
    [("Dr.", "doctor"), ("Mr.", "mister"), ("Mrs.", "missis"), ("Ms.", "miz"), ("St.", "street"), ("No.", "number")];

/// What a word weighs: numbers, letters and signs as they are read out.
pub(super) fn weight(word: &str) -> f32 {
    if let Some((_, long)) = ABBREVIATIONS.iter().find(|(short, _)| word.trim_end_matches(',') == *short) {
        return of_letters(long);
    }
    let drawn_out = if word.ends_with(['.', ',', '?', '!', ';', ':']) { DRAWN_OUT } else { 0.0 };
    let parts = word.as_bytes().chunk_by(|a, b| kind(*a) == kind(*b) && kind(*a) != Kind::Sign);
    let parts: f32 = parts.map(|part| of_part(&String::from_utf8_lossy(part))).sum();
    parts.max(CONSONANT) + drawn_out
}

#[derive(PartialEq, Eq)]
enum Kind {
    Letter,
    Digit,
    Sign,
}

/// Letters of other scripts are more than one byte, and all of those count as letters.
fn kind(byte: u8) -> Kind {
    match byte {
        b'0'..=b'9' => Kind::Digit,
        b'a'..=b'z' | b'A'..=b'Z' | b'\'' | 128.. => Kind::Letter,
        _ => Kind::Sign,
    }
}

fn of_part(part: &str) -> f32 {
    match part {
        "$" => of_letters("dollars"),
        "%" => of_letters("percent"),
        "&" => of_letters("and"),
        "@" => of_letters("at"),
        "#" => of_letters("number"),
        "+" => of_letters("plus"),
        _ if part.starts_with(|first: char| first.is_ascii_digit()) => of_digits(part),
        _ if is_spelled(part) => part.chars().map(of_letter).sum(),
        _ if part.starts_with(|first: char| first.is_alphabetic() || first == '\'') => of_letters(part),
        _ => 0.0,
    }
}

/// "AM", "USB": letter by letter. "I" and "A" are words.
fn is_spelled(part: &str) -> bool {
    (2..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn of_letter(letter: char) -> f32 {
    if letter == 'W' { of_letters("double you") } else { 1.0 + CONSONANT }
}

/// Up to three digits are one number, more are read one by one.
fn of_digits(digits: &str) -> f32 {
    match digits.parse::<u32>() {
        Ok(value) if value < 100 => of_words(&numbers::cardinal(value)),
        Ok(value) if value < 1_000 => {
            let rest = if value % 100 == 0 { 0.0 } else { of_words(&numbers::cardinal(value % 100)) };
            of_words(&numbers::cardinal(value / 100)) + of_letters("hundred") + rest
        }
        _ => digits.bytes().map(|digit| of_letters(&numbers::cardinal(u32::from(digit - b'0')))).sum(),
    }
}

fn of_words(words: &str) -> f32 {
    words.split([' ', '-']).map(of_letters).sum()
}

/// Vowels in a row are one syllable, and an e at the end is mostly none; th, sh, ck and double letters are one sound.
fn of_letters(word: &str) -> f32 {
    let letters: Vec<u8> = word.bytes().filter(|byte| *byte != b'\'').map(|byte| byte.to_ascii_lowercase()).collect();
    let is_vowel = |letter: u8| b"aeiouy".contains(&letter) || letter >= 128;
    let mut syllables = letters.chunk_by(|a, b| is_vowel(*a) == is_vowel(*b)).filter(|run| is_vowel(run[0])).count();
    if letters.ends_with(b"e") && !letters.ends_with(b"le") && syllables > 1 {
        syllables -= 1;
    }
    let doubled =
        |pair: &[u8]| pair[0] == pair[1] || (pair[1] == b'h' && b"tscpgw".contains(&pair[0])) || pair == b"ck";
    let consonants = letters.iter().filter(|letter| !is_vowel(**letter)).count();
    let pairs = letters.windows(2).filter(|pair| !is_vowel(pair[0]) && doubled(pair)).count();
    syllables.max(1) as f32 + CONSONANT * (consonants - pairs) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_letters_count_as_they_are_spoken() {
        let alike = |written: &str, said: &str| (weight(written) - of_words(said)).abs() < 1e-3;
        for (written, said) in
            [("10:30", "ten thirty"), ("$35", "dollars thirty five"), ("Dr.", "doctor"), ("4155", "four one five five")]
        {
            assert!(alike(written, said), "{written}");
        }
        assert!(weight("AM") > weight("am"));
        assert!(weight("350") > weight("35"));
    }

    #[test]
    fn syllables_and_sounds_are_counted_and_not_letters() {
        assert_eq!(of_letters("eight"), 1.0 + 2.0 * CONSONANT);
        assert_eq!(of_letters("name"), 1.0 + 2.0 * CONSONANT);
        assert_eq!(of_letters("possible"), 3.0 + 4.0 * CONSONANT);
        assert!(weight("anybody") > weight("through"));
        assert!(weight("name,") > weight("name"));
    }

    #[test]
    fn nothing_weighs_nothing() {
        for word in ["—", "…", "?", "'", "日本"] {
            assert!(weight(word) > 0.0, "{word}");
        }
    }
}
