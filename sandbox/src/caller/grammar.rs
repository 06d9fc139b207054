//! The words of a script's line: plain words, and texts in quotes.

use std::collections::VecDeque;
use std::time::Duration;

/// One word or text.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Quoted(String),
}

/// What is left of a line.
#[derive(Debug)]
pub(super) struct Tokens(VecDeque<Token>);

/// The lines of a file that say something, with the number of the first; a line that begins with a quote belongs to the
/// one before.
pub(super) fn lines(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        match lines.last_mut() {
            Some((_, before)) if line.trim().starts_with('"') => *before += &format!(" {}", line.trim()),
            _ if line.trim().is_empty() => {}
            _ => lines.push((at + 1, line.to_owned())),
        }
    }
    lines
}

impl Tokens {
    /// Takes a line apart. What follows a `#` with a blank before and behind it is a comment.
    pub(super) fn read(line: &str) -> Result<Self, String> {
        let mut tokens = VecDeque::new();
        let mut rest = line.trim();
        while !rest.is_empty() && !rest.starts_with("# ") {
            if let Some(text) = rest.strip_prefix('"') {
                let (text, after) = text.split_once('"').ok_or("a text has no closing quote")?;
                tokens.push_back(Token::Quoted(text.to_owned()));
                rest = after.trim_start();
            } else {
                let end = rest.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(rest.len());
                tokens.push_back(Token::Word(rest[..end].to_owned()));
                rest = rest[end..].trim_start();
            }
        }
        Ok(Self(tokens))
    }

    pub(super) fn peek(&self) -> Option<&str> {
        match self.0.front() {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    pub(super) fn at_quoted(&self) -> bool {
        matches!(self.0.front(), Some(Token::Quoted(_)))
    }

    pub(super) fn skip(&mut self, count: usize) -> &mut Self {
        self.0.drain(..count.min(self.0.len()));
        self
    }

    pub(super) fn take(&mut self, word: &str) -> bool {
        let found = self.peek() == Some(word);
        self.skip(usize::from(found));
        found
    }

    pub(super) fn expect(&mut self, word: &str) -> Result<(), String> {
        if self.take(word) { Ok(()) } else { Err(format!("{word:?} was expected{}", self.found())) }
    }

    pub(super) fn word(&mut self, expected: &str) -> Result<String, String> {
        match self.0.pop_front() {
            Some(Token::Word(word)) => Ok(word),
            Some(Token::Quoted(text)) => Err(format!("{text:?} stands where {expected} was expected")),
            None => Err(format!("the line ends where {expected} was expected")),
        }
    }

    pub(super) fn quoted(&mut self) -> Result<String, String> {
        match self.0.pop_front() {
            Some(Token::Quoted(text)) => Ok(text),
            Some(Token::Word(word)) => Err(format!("a text in quotes was expected, not {word:?}")),
            None => Err("a text in quotes was expected".to_owned()),
        }
    }

    pub(super) fn duration(&mut self) -> Result<Duration, String> {
        let word = self.word("a time like 2s or 500ms")?;
        let (number, unit_s) = match word.strip_suffix("ms") {
            Some(number) => (Some(number), 0.001),
            None => (word.strip_suffix('s'), 1.0),
        };
        let seconds = number.and_then(|number| number.parse::<f64>().ok()).map(|number| number * unit_s);
        let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        duration.ok_or_else(|| format!("{word:?} is no time; write one like 2s or 500ms"))
    }

    pub(super) fn number(&mut self) -> Result<u32, String> {
        let word = self.word("a number")?;
        word.parse().map_err(|_| format!("{word:?} is no number"))
    }

    pub(super) fn keys(&mut self) -> Result<String, String> {
        let word = self.word("a key")?;
        match word.chars().all(|key| matches!(key, '0'..='9' | '*' | '#')) {
            true => Ok(word),
            false => Err(format!("{word:?} are no keys; a phone has 0 to 9, * and #")),
        }
    }

    /// That the line is used up.
    pub(super) fn end(&self) -> Result<(), String> {
        match self.0.front() {
            None => Ok(()),
            Some(Token::Word(word)) => Err(format!("{word:?} is too much")),
            Some(Token::Quoted(text)) => Err(format!("{text:?} is too much; write `one of` before a list")),
        }
    }

    fn found(&self) -> String {
        match self.0.front() {
            None => " at the end of the line".to_owned(),
            Some(Token::Word(word)) => format!(", not {word:?}"),
            Some(Token::Quoted(text)) => format!(", not the text {text:?}"),
        }
    }
}
