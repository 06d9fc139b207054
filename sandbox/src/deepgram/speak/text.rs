//! Text on its way into speech on a socket: collected as it comes, and spoken a sentence at a time.

/// What the client has sent and nobody has spoken yet.
#[derive(Debug, Default)]
pub(super) struct Text {
    waiting: String,
}

impl Text {
    /// Appends a piece, as it is: the client keeps the spaces.
    pub(super) fn push(&mut self, piece: &str) {
        self.waiting.push_str(piece);
    }

    /// The next whole sentence, once something follows it.
    pub(super) fn sentence(&mut self) -> Option<String> {
        let mut letters = self.waiting.char_indices().peekable();
        while let Some((_, letter)) = letters.next() {
            let Some(&(next_at, next)) = letters.peek() else { break };
            if matches!(letter, '.' | '!' | '?') && next.is_whitespace() {
                let rest = self.waiting.split_off(next_at);
                return Some(std::mem::replace(&mut self.waiting, rest.trim_start().to_owned()));
            }
        }
        None
    }

    /// All that is left, if there is something to say in it.
    pub(super) fn rest(&mut self) -> Option<String> {
        Some(std::mem::take(&mut self.waiting)).filter(|text| !text.trim().is_empty())
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_whole_when_something_follows_it() {
        let mut text = Text::default();
        for piece in ["Hel", "lo. At 9.30", " then? "] {
            text.push(piece);
        }
        assert_eq!(text.sentence().as_deref(), Some("Hello."));
        assert_eq!(text.sentence().as_deref(), Some("At 9.30 then?"));
        assert_eq!(text.sentence(), None);
        assert_eq!(text.rest(), None);
        text.push("Bye");
        assert_eq!(text.rest().as_deref(), Some("Bye"));
    }
}
