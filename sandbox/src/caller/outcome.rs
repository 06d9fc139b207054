//! What became of a call, as the caller lived it.

use std::sync::LazyLock;
use std::time::Duration;

use engine::record::Speaker;

use super::script::{Expectation, Pattern, Script};
use crate::twilio::{Ending, Tally, Warning};

/// What the assistant says when, and only when, an appointment was made.
static BOOKED: LazyLock<Pattern> = LazyLock::new(|| {
    let phrases = "I've booked|you're booked|you are booked|you're all set|look forward to seeing you";
    Pattern::new(phrases).expect("constant phrases have words in them")
});

/// One call, told by the caller.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The call's id.
    pub call_sid: String,
    /// Who said what, in order.
    pub transcript: Vec<Said>,
    /// For each time the caller had spoken: from the end of the speech to the assistant's first audible sample. Not for
    /// times when the assistant was still, or already, speaking.
    pub gaps: Vec<Duration>,
    /// For each time the caller cut in: from the first audible sample of the caller's to the clear.
    pub stops: Vec<Duration>,
    /// Why the caller hung up, if it was the caller who did.
    pub hung_up: Option<HungUp>,
    /// How the call ended on Twilio's side; `None` if that was never told, which Twilio owes within seconds.
    pub ending: Option<Ending>,
    /// From placing the call to its end.
    pub lasted: Duration,
    /// What Twilio's debugger shows. The entry that comes with every stream closed by the gateway is left out.
    pub warnings: Vec<Warning>,
    /// The call in numbers.
    pub tally: Tally,
}

/// Something that one of the two said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Who.
    pub speaker: Speaker,
    /// The words; of the assistant's, those that the caller's ear knew.
    pub text: String,
    /// When it began, since the call was placed.
    pub from: Duration,
    /// When it ended.
    pub to: Duration,
}

/// Why a caller hung up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HungUp {
    /// The script says so.
    AsPlanned,
    /// The call took longer than the script allows.
    OutOfTime,
}

impl Outcome {
    /// Whether the assistant said that an appointment was made.
    pub fn booked(&self) -> bool {
        self.heard(&BOOKED)
    }

    /// Whether the assistant said any of these.
    pub fn heard(&self, pattern: &Pattern) -> bool {
        let mut assistant = self.transcript.iter().filter(|said| said.speaker == Speaker::Assistant);
        assistant.any(|said| pattern.heard_in(&said.text).is_some())
    }

    /// What is not as the script expects, a sentence each; empty when all is well.
    pub fn failures(&self, script: &Script) -> Vec<String> {
        let mut failures = Vec::new();
        if let Some(Ending::Failed(warning)) = &self.ending {
            failures.push(format!("the call failed with {}: {}", warning.code, warning.text));
        }
        if self.hung_up == Some(HungUp::OutOfTime) {
            failures.push(format!("the call was not over after {:?}", script.deadline));
        }
        failures.extend(script.expectations.iter().filter_map(|expectation| self.failure(expectation)));
        failures
    }

    fn failure(&self, expectation: &Expectation) -> Option<String> {
        let (met, failure) = match expectation {
            Expectation::Booked => (self.booked(), "nothing was booked".to_owned()),
            Expectation::NotBooked => (!self.booked(), "something was booked".to_owned()),
            Expectation::Hears(pattern) => (self.heard(pattern), format!("the assistant never said {pattern}")),
            Expectation::EndsByItself => (self.hung_up.is_none(), "the caller had to hang up".to_owned()),
        };
        (!met).then_some(failure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(assistant: &str) -> Outcome {
        let said = |speaker, text: &str| Said {
            speaker,
            text: text.to_owned(),
            from: Duration::ZERO,
            to: Duration::from_secs(1),
        };
        Outcome {
            call_sid: "CA1".into(),
            transcript: vec![said(Speaker::Assistant, assistant), said(Speaker::Caller, "You're booked?")],
            gaps: Vec::new(),
            stops: Vec::new(),
            hung_up: None,
            ending: Some(Ending::Completed),
            lasted: Duration::from_secs(20),
            warnings: Vec::new(),
            tally: Tally::default(),
        }
    }

    #[test]
    fn only_the_assistant_can_say_that_something_is_booked() {
        assert!(outcome("You're all set, Ada. I've booked a haircut.").booked());
        assert!(!outcome("Shall I book it?").booked());
    }

    #[test]
    fn what_was_expected_and_did_not_happen_is_told() {
        let script = Script::parse("say \"a\"\nexpect booked\nexpect hears \"goodbye\"\nexpect ends by itself")
            .expect("a good script");
        assert!(outcome("I've booked it. Goodbye!").failures(&script).is_empty());
        let late = Outcome { hung_up: Some(HungUp::OutOfTime), ..outcome("Hello?") };
        assert_eq!(late.failures(&script).len(), 4);
    }
}
