//! What the caller makes of the sound in the receiver: when the assistant speaks, when it has finished, and its words.

use std::time::Duration;

use engine::audio::mulaw;

use crate::recognizer::{Ear, Lexicon};

/// After so much silence the assistant's turn is over. People take over after 200 ms on average; a caller who waits a
/// little longer does not take the gap between two phrases for the end.
pub(super) const TURN_OVER: Duration = Duration::from_millis(600);

/// Samples from here on can be heard: -38 dB under full scale, well above what µ-law and a telephone line add.
const AUDIBLE: u16 = 400;

/// How long one byte of µ-law plays, in microseconds.
const BYTE_US: u64 = 125;

/// The receiver.
#[derive(Debug)]
pub(super) struct Listening {
    ear: Ear,
    turn: Option<Turn>,
}

/// The assistant speaks, or has just spoken.
#[derive(Debug, Clone)]
pub(super) struct Turn {
    /// Its first audible sample.
    pub(super) began: Duration,
    /// Its last so far.
    pub(super) ended: Duration,
    /// The caller has spoken since it began: nothing more is to be said because of it.
    pub(super) answered: bool,
    /// Where it begins in the ear's own count of samples.
    from: u64,
    /// Words that came in writing, by `<Say>`.
    written: String,
}

impl Listening {
    pub(super) fn new(lexicon: Lexicon) -> Self {
        Self { ear: Ear::new(lexicon), turn: None }
    }

    /// Takes audio of which the last byte was heard at `at`. Returns when the first audible sample of a turn was heard,
    /// if this brought it.
    pub(super) fn hear(&mut self, audio: &[u8], at: Duration) -> Option<Duration> {
        let from = self.ear.position();
        self.ear.push(audio);
        let first = audio.iter().position(audible)?;
        let last = audio.iter().rposition(audible)?;
        let moment = |byte: usize| at.saturating_sub(Duration::from_micros((audio.len() - byte) as u64 * BYTE_US));
        let ended = moment(last + 1);
        match &mut self.turn {
            Some(turn) => {
                turn.ended = ended;
                None
            }
            none => {
                let began = moment(first);
                *none = Some(Turn { began, ended, answered: false, from, written: String::new() });
                Some(began)
            }
        }
    }

    /// Takes words that Twilio reads aloud itself.
    pub(super) fn read(&mut self, text: &str, at: Duration) {
        let from = self.ear.position();
        let new = Turn { began: at, ended: at, answered: false, from, written: String::new() };
        let turn = self.turn.get_or_insert(new);
        turn.ended = at;
        turn.written = format!("{} {text}", turn.written).trim().to_owned();
    }

    /// The turn in progress.
    pub(super) fn turn(&mut self) -> Option<&mut Turn> {
        self.turn.as_mut()
    }

    /// When the turn in progress will be over, if nothing more is heard.
    pub(super) fn over_at(&self) -> Option<Duration> {
        self.turn.as_ref().map(|turn| turn.ended + TURN_OVER)
    }

    /// Ends the turn in progress, with the words that were heard of it.
    pub(super) fn finish(&mut self) -> Option<(Turn, String)> {
        let turn = self.turn.take()?;
        let heard = self.ear.words().into_iter().filter(|word| word.to > turn.from).map(|word| word.text);
        let text = heard.chain((!turn.written.is_empty()).then(|| turn.written.clone())).collect::<Vec<_>>().join(" ");
        Some((turn, text))
    }
}

/// Where in a clip its voice begins and ends, in bytes; `None` when it is silent.
pub(super) fn voiced(clip: &[u8]) -> Option<(usize, usize)> {
    Some((clip.iter().position(audible)?, clip.iter().rposition(audible)? + 1))
}

/// How long so many bytes play.
pub(super) fn playing_time(bytes: usize) -> Duration {
    Duration::from_micros(bytes as u64 * BYTE_US)
}

fn audible(code: &u8) -> bool {
    mulaw::decode(*code).unsigned_abs() >= AUDIBLE
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::clips;

    const LOUD: u8 = 0x90;
    const SILENT: u8 = 0xff;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_turn_begins_and_ends_with_its_audible_samples() {
        let mut listening = Listening::new(Lexicon::default());
        assert_eq!(listening.hear(&[SILENT; 160], ms(20)), None);
        let mut half = [SILENT; 160];
        half[80..].fill(LOUD);
        assert_eq!(listening.hear(&half, ms(40)), Some(ms(30)));
        assert_eq!(listening.hear(&[LOUD; 160], ms(60)), None);
        listening.hear(&[SILENT; 160], ms(80));
        assert_eq!(listening.over_at(), Some(ms(60) + TURN_OVER));
        let (turn, text) = listening.finish().expect("a turn");
        assert_eq!((turn.began, turn.ended, text.as_str()), (ms(30), ms(60), ""));
        assert!(listening.finish().is_none());
    }

    #[test]
    fn the_words_of_a_turn_are_those_heard_since_it_began() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/utterances");
        let clips = clips::load(&folder).expect("the fixtures are committed");
        let clip = |id: &str| clips.iter().find(|clip| clip.id == id).expect("a committed clip");
        let (one, two) = (clip("ada"), clip("alan"));
        let mut listening = Listening::new(Lexicon::new([one.clone(), two.clone()]));
        for (clip, at) in [(one, 1_000), (two, 3_000)] {
            listening.hear(&clip.audio, ms(at));
            listening.hear(&[SILENT; 160], ms(at + 20));
            assert_eq!(listening.finish().expect("a turn").1, clip.text);
        }
        listening.read("Goodbye.", ms(5_000));
        assert_eq!(listening.finish().expect("a turn").1, "Goodbye.");
    }
}
