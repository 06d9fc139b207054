//! Reads the model's answer while it is being written: one flat JSON object whose members are strings or null.
//!
//! Pieces arrive cut anywhere, also inside an escape or between the halves of a surrogate pair. A member is reported when
//! its value closes, and the pieces of `reply` as they come, because they can be spoken before the rest is there.

use std::mem;

/// Characters that an answer may have; one that goes on is nonsense.
const ANSWER_MAX: usize = 8_192;

/// Something new in the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Slot {
    /// A member's value is complete; `None` is null.
    Closed {
        /// The member's name.
        key: String,
        /// Its value.
        value: Option<String>,
    },
    /// More of a string value that is not closed yet.
    Piece {
        /// The member's name.
        key: String,
        /// What is new.
        text: String,
    },
}

/// The answer is not what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the model's answer is not the object that was asked for: {0}")]
pub struct Nonsense(&'static str);

/// An answer being read.
#[derive(Debug, Default)]
pub struct Slots {
    at: At,
    key: String,
    value: String,
    reported: usize,
    escape: Escape,
    read: usize,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum At {
    #[default]
    Start,
    BeforeKey,
    InKey,
    BeforeColon,
    BeforeValue,
    InString,
    InWord,
    AfterValue,
    End,
}

#[derive(Debug, Default)]
enum Escape {
    #[default]
    None,
    Backslash,
    Unicode {
        digits: String,
    },
    /// The first half of a surrogate pair is read; the second must follow.
    Half {
        high: u32,
        backslash: bool,
    },
    SecondUnicode {
        high: u32,
        digits: String,
    },
}

impl Slots {
    /// Reads on, and appends what is new.
    ///
    /// # Errors
    /// [`Nonsense`] when the text cannot become the object that was asked for.
    pub fn push(&mut self, piece: &str, new: &mut Vec<Slot>) -> Result<(), Nonsense> {
        self.read += piece.len();
        if self.read > ANSWER_MAX {
            return Err(Nonsense("it does not end"));
        }
        for letter in piece.chars() {
            self.step(letter, new)?;
        }
        if self.at == At::InString && self.value.len() > self.reported {
            new.push(Slot::Piece { key: self.key.clone(), text: self.value[self.reported..].to_owned() });
            self.reported = self.value.len();
        }
        Ok(())
    }

    /// Whether the object is closed.
    pub fn is_whole(&self) -> bool {
        self.at == At::End
    }

    fn step(&mut self, letter: char, new: &mut Vec<Slot>) -> Result<(), Nonsense> {
        match (self.at, letter) {
            (At::InKey, '"') => self.at = At::BeforeColon,
            (At::InKey, letter) => self.key.push(letter),
            (At::InString, letter) => self.string_step(letter, new)?,
            (At::InWord, ',' | '}' | ' ' | '\n' | '\r' | '\t') => self.close_word(letter, new)?,
            (At::InWord, letter) => self.value.push(letter),
            (_, ' ' | '\n' | '\r' | '\t') => {}
            (At::Start, '{') | (At::AfterValue, ',') => self.at = At::BeforeKey,
            (At::BeforeKey, '"') => {
                self.key.clear();
                self.at = At::InKey;
            }
            (At::BeforeColon, ':') => self.at = At::BeforeValue,
            (At::BeforeValue, '"') => self.at = At::InString,
            (At::BeforeValue, letter @ ('a'..='z' | '0'..='9' | '-')) => {
                self.value.push(letter);
                self.at = At::InWord;
            }
            (At::BeforeKey | At::AfterValue, '}') => self.at = At::End,
            (At::Start, _) => return Err(Nonsense("it does not begin with a brace")),
            (At::End, _) => return Err(Nonsense("something follows its end")),
            _ => return Err(Nonsense("a member is not a name and a string or null")),
        }
        Ok(())
    }

    fn string_step(&mut self, letter: char, new: &mut Vec<Slot>) -> Result<(), Nonsense> {
        match mem::take(&mut self.escape) {
            Escape::None => match letter {
                '"' => self.close(true, new),
                '\\' => self.escape = Escape::Backslash,
                letter => self.value.push(letter),
            },
            Escape::Backslash => match letter {
                'n' => self.value.push('\n'),
                't' => self.value.push('\t'),
                'r' => self.value.push('\r'),
                'b' | 'f' => self.value.push(' '),
                'u' => self.escape = Escape::Unicode { digits: String::new() },
                '"' | '\\' | '/' => self.value.push(letter),
                _ => return Err(Nonsense("an escape is unknown")),
            },
            Escape::Unicode { mut digits } => {
                digits.push(letter);
                self.escape = if digits.len() < 4 { Escape::Unicode { digits } } else { self.unit(code(&digits)?) };
            }
            Escape::Half { high, backslash } => match (backslash, letter) {
                (false, '\\') => self.escape = Escape::Half { high, backslash: true },
                (true, 'u') => self.escape = Escape::SecondUnicode { high, digits: String::new() },
                _ => return Err(Nonsense("half a character")),
            },
            Escape::SecondUnicode { high, mut digits } => {
                digits.push(letter);
                if digits.len() < 4 {
                    self.escape = Escape::SecondUnicode { high, digits };
                } else {
                    let units = [high as u16, code(&digits)? as u16];
                    let joined = char::decode_utf16(units).next().and_then(Result::ok);
                    self.value.push(joined.ok_or(Nonsense("half a character"))?);
                }
            }
        }
        Ok(())
    }

    /// One `\uXXXX`: a character, or the first half of one.
    fn unit(&mut self, code: u32) -> Escape {
        match char::from_u32(code) {
            Some(letter) => {
                self.value.push(letter);
                Escape::None
            }
            None => Escape::Half { high: code, backslash: false },
        }
    }

    fn close_word(&mut self, letter: char, new: &mut Vec<Slot>) -> Result<(), Nonsense> {
        let is_string = match self.value.as_str() {
            "null" => false,
            "true" | "false" => true,
            number if number.bytes().all(|byte| byte.is_ascii_digit() || b"-+.eE".contains(&byte)) => true,
            _ => return Err(Nonsense("a value is neither a string nor null")),
        };
        self.close(is_string, new);
        self.step(letter, new)
    }

    fn close(&mut self, is_string: bool, new: &mut Vec<Slot>) {
        let value = mem::take(&mut self.value);
        if is_string && value.len() > self.reported {
            new.push(Slot::Piece { key: self.key.clone(), text: value[self.reported..].to_owned() });
        }
        new.push(Slot::Closed { key: self.key.clone(), value: is_string.then_some(value) });
        self.reported = 0;
        self.at = At::AfterValue;
    }
}

fn code(digits: &str) -> Result<u32, Nonsense> {
    u32::from_str_radix(digits, 16).map_err(|_| Nonsense("an escape is not four digits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed(pieces: &[&str]) -> Result<Vec<(String, Option<String>)>, Nonsense> {
        let (mut slots, mut new) = (Slots::default(), Vec::new());
        for piece in pieces {
            slots.push(piece, &mut new)?;
        }
        Ok(new
            .into_iter()
            .filter_map(|slot| if let Slot::Closed { key, value } = slot { Some((key, value)) } else { None })
            .collect())
    }

    fn said(text: &str) -> Vec<(String, Option<String>)> {
        vec![("reply".into(), Some(text.into()))]
    }

    #[test]
    fn an_answer_reads_the_same_wherever_it_is_cut() {
        let answer =
            "{ \"intent\":\"book\" ,\"service\":null,\n\"reply\":\"caf\\u00e9 \\ud83d\\ude00 \\\"ok\\\"\\n\" }";
        let whole = closed(&[answer]).expect("an answer");
        assert_eq!(whole[0], ("intent".into(), Some("book".into())));
        assert_eq!(whole[1], ("service".into(), None));
        assert_eq!(whole[2], ("reply".into(), Some("café 😀 \"ok\"\n".into())));
        for cut in (1..answer.len()).filter(|cut| answer.is_char_boundary(*cut)) {
            let (head, tail) = answer.split_at(cut);
            assert_eq!(closed(&[head, tail]).expect("an answer"), whole, "cut at {cut}");
        }
    }

    #[test]
    fn a_reply_is_reported_piece_by_piece() {
        let (mut slots, mut new) = (Slots::default(), Vec::new());
        for piece in ["{\"reply\":\"We ", "close at", " six.\"}"] {
            slots.push(piece, &mut new).expect("an answer");
        }
        let pieces: String = new
            .iter()
            .filter_map(|slot| if let Slot::Piece { text, .. } = slot { Some(text.as_str()) } else { None })
            .collect();
        assert_eq!(pieces, "We close at six.");
        assert!(slots.is_whole());
        assert_eq!(closed(&["{\"reply\":\"a\"}"]).expect("an answer"), said("a"));
    }

    #[test]
    fn nonsense_is_named_and_never_panics() {
        for text in [
            "hello",
            "[]",
            "{a:1}",
            "{\"a\":{}}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\ud800x\"}",
            "{\"a\":nil,",
            "{}x",
            "{\"a\":\"\\ud800\\u0000\"}",
            "{\"a\":\"\\udc00\\udc00\"}",
        ] {
            assert!(closed(&[text]).is_err(), "{text}");
        }
        assert!(closed(&["{\"reply\":\"", &"x".repeat(9_000)]).is_err());
    }
}
