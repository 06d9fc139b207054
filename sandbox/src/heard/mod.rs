//! What a caller really heard of a call, and what the gateway says that they did.
//!
//! [`Played`] is Twilio's own count: how much was played when each clear took effect. [`Account`] is the gateway's tape of
//! the same call: what it ordered, how much it believes was heard, and what it put on record. [`Words`] knows where the
//! words really lie in the speech that was made here.

mod account;
mod played;
mod words;

pub use account::{Account, Decision, Line, Order, Place, Stop};
pub use played::{Cut, Played};
pub use words::Words;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use engine::io::{Input, Output, PhraseId};
    use engine::record::{Row, Speaker};
    use engine::tape::{input_line, output_line};
    use engine::time::CallTime;

    use super::*;
    use crate::twilio::{Happening, LineEvent};

    fn speak(phrase: u32, generation: u32, text: &str, from_ms: u32) -> Output {
        Output::Speak { phrase: PhraseId(phrase), generation, text: text.to_owned(), from_ms }
    }

    fn event(what: Happening) -> LineEvent {
        LineEvent { at: Duration::from_secs(1), what }
    }

    fn cleared(past: Option<(&str, u64)>) -> LineEvent {
        let past = past.map(|(mark, behind_ms)| (mark.to_owned(), Duration::from_millis(behind_ms)));
        event(Happening::Cleared { dropped: Duration::ZERO, past })
    }

    fn account() -> Account {
        let at = CallTime::from_ms(1_500);
        let outputs = [
            speak(0, 0, "Good morning.", 0),
            speak(1, 0, "How are you?", 0),
            Output::ClearPlayout { generation: 1 },
            Output::Record(Row::Event { event: 0, at, name: "went_on".into(), detail: String::new() }),
            speak(2, 1, "How are you?", 300),
            Output::ClearPlayout { generation: 2 },
            Output::Record(Row::Said {
                line: 0,
                speaker: Speaker::Assistant,
                heard: "How are".into(),
                unheard: "you?".into(),
                confidence: 1.0,
                from: at,
                to: at,
                words: Vec::new(),
            }),
        ];
        let length = |phrase, length_ms| Input::PhraseSynthesized {
            phrase: PhraseId(phrase),
            length_ms,
            word_ends_ms: Vec::new(),
            cached: true,
        };
        let inputs = [length(0, 1_000), length(1, 900), length(2, 900)].map(|input| input_line(at, &input));
        let lines = inputs.into_iter().chain(outputs.iter().map(|output| output_line(at, output)));
        Account::read(&lines.collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn a_clear_is_placed_by_the_last_mark_that_was_reached() {
        let account = account();
        for (past, generation, phrase, heard_ms) in [
            (Some(("g0.p1.400", 30)), 1, 1, 430.0),
            (Some(("g0.p0.1000e", 50)), 1, 1, 50.0),
            (Some(("g0.p0.1000e", 0)), 1, 0, 1_000.0),
            // The clear's own mark, and then nothing.
            (Some(("g1.p1.900", 40)), 2, 2, 340.0),
            (Some(("g1.p2.500", 5)), 2, 2, 505.0),
        ] {
            let mut played = Played::default();
            (1..generation).for_each(|_| played.notice(&cleared(None)));
            played.notice(&cleared(past));
            let place = played.cuts().last().and_then(|cut| cut.place(&account)).expect("a place");
            assert_eq!((place.phrase.0, place.heard_ms), (phrase, heard_ms), "{past:?}");
        }
    }

    #[test]
    fn without_any_mark_what_was_heard_since_the_clear_before_counts() {
        let mut played = Played::default();
        played.notice(&event(Happening::Heard(vec![0x90; 480])));
        played.notice(&cleared(None));
        let place = played.cuts()[0].place(&account()).expect("a place");
        assert_eq!((place.phrase.0, place.heard_ms), (0, 60.0));
    }

    #[test]
    fn an_account_tells_what_came_of_each_stop() {
        let account = account();
        let stop = |generation| account.stop(generation).expect("a stop");
        assert_eq!(stop(1).decisions[0].1, Decision::WentOn);
        assert_eq!(stop(2).lines, [Line { heard: "How are".into(), unheard: "you?".into() }]);
        let place = |phrase, heard_ms| Place { phrase: PhraseId(phrase), heard_ms };
        assert_eq!(account.apart_ms(place(0, 900.0), place(1, 50.0)), Some(150.0));
        assert_eq!(account.apart_ms(place(2, 400.0), place(2, 390.0)), Some(-10.0));
    }
}
