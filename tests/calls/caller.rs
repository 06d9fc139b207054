//! A caller whom a test leads by the hand, where a script would not do: what they hear and say is decided line by line,
//! so that the world can be changed in between.

use std::time::Duration;

use engine::audio::frame::SILENCE;
use engine::audio::mulaw::{self, BYTES_PER_MS};
use sandbox::clips::{Clip, spoken};
use sandbox::heard::Played;
use sandbox::recognizer::Ear;
use sandbox::twilio::{CallSetup, Ending, Happening, Line, LineEvent, Verb};
use sandbox::world::World;
use tokio::time::timeout;

use crate::gateway::{Gateway, PATIENCE};

/// What a caller answers to each question who wants a haircut and nothing else. The first that is heard counts.
pub(crate) const ANSWERS: &[(&str, &str)] = &[
    ("which suits you best", "first-one"),
    ("does that suit you", "yes"),
    ("your name", "ada"),
    ("shall i book", "yes-please"),
    ("should i book", "yes-please"),
    ("say yes or no", "yes"),
    ("number can we reach you", "phone-long"),
    ("anything else", "no-thats-all"),
];

/// Samples from here on can be heard.
const AUDIBLE: u16 = 400;

/// A longer pause divides what the assistant says.
const PAUSE: Duration = Duration::from_millis(400);

/// What the line brought.
pub(crate) struct Caller {
    pub(crate) line: Line,
    ear: Ear,
    clips: Vec<Clip>,
    /// Up to where in the ear's own count words were taken.
    taken: u64,
    /// All that the assistant was heard to say, phrase by phrase.
    pub(crate) heard: Vec<String>,
    /// Since when nobody could be heard.
    quiet_since: Option<Duration>,
    speaking: Option<Duration>,
    last_said: Option<String>,
    /// How long the caller thinks before saying anything. Nobody but a test answers at once.
    pub(crate) breath: Duration,
    /// What Twilio played, by its own count.
    pub(crate) played: Played,
    /// When the assistant could be heard: from, to. Pauses of up to 400 ms divide nothing.
    pub(crate) sounds: Vec<(Duration, Duration)>,
    /// The longest time in which nobody could be heard, once the call had begun.
    pub(crate) longest_silence: Duration,
    /// How often what we had sent was dropped.
    pub(crate) clears: u32,
    /// Streams that started.
    pub(crate) streams: u32,
    /// What whoever was dialled heard before the caller.
    pub(crate) whispered: Vec<Verb>,
    /// What Twilio did besides connecting the stream.
    pub(crate) verbs: Vec<Verb>,
    pub(crate) ending: Option<Ending>,
}

impl Gateway {
    /// A caller whose call was just placed.
    pub(crate) fn caller(&self) -> Caller {
        Caller::on(self.call(), &self.world)
    }

    /// The same, calling in an unusual way.
    pub(crate) fn caller_as(&self, setup: CallSetup) -> Caller {
        Caller::on(self.call_as(setup), &self.world)
    }
}

impl Caller {
    /// A caller on a line that was just placed, who understands what this world says.
    pub(crate) fn on(line: Line, world: &World) -> Self {
        Self {
            line,
            ear: Ear::new(world.lexicon().clone()),
            clips: world.utterances().to_vec(),
            taken: 0,
            heard: Vec::new(),
            quiet_since: None,
            speaking: None,
            last_said: None,
            breath: Duration::ZERO,
            played: Played::default(),
            sounds: Vec::new(),
            longest_silence: Duration::ZERO,
            clears: 0,
            streams: 0,
            verbs: Vec::new(),
            whispered: Vec::new(),
            ending: None,
        }
    }

    pub(crate) fn call_sid(&self) -> String {
        self.line.call_sid().to_owned()
    }

    /// Waits until the assistant has said this, to the end of the phrase.
    pub(crate) async fn hears(&mut self, words: &str) {
        while let Some(phrase) = self.phrase().await {
            if phrase.contains(words) {
                return;
            }
        }
        panic!("{words:?} was never said, but {:?}, and then {:?}", self.heard, self.ending);
    }

    /// Waits until the assistant can be heard.
    pub(crate) async fn hears_anything(&mut self) {
        let from = self.ear.position();
        while self.ear.position() == from {
            self.happening().await.expect("the call goes on");
        }
    }

    /// Waits until the assistant has been heard for so long from now on, its pauses not counted.
    pub(crate) async fn hears_for(&mut self, length: Duration) {
        let mut heard = Duration::ZERO;
        while heard < length {
            if let Happening::Heard(audio) = self.happening().await.expect("the call goes on") {
                heard += playing(audio.len() as u32);
            }
        }
    }

    /// Says a clip of this name, and returns at its end.
    pub(crate) async fn says(&mut self, id: &str) {
        let audio = self.clip(id).audio.clone();
        self.last_said = Some(id.to_owned());
        self.sounds(&audio).await;
    }

    /// Makes a sound, and returns at its end.
    pub(crate) async fn sounds(&mut self, audio: &[u8]) {
        let breath = (self.breath.as_millis() as usize) * BYTES_PER_MS;
        self.line.say(&[&vec![SILENCE; breath], audio].concat());
        self.passes(|what| matches!(what, Happening::Said)).await;
    }

    /// Begins to say a clip, and returns at once.
    pub(crate) fn begins(&mut self, id: &str) {
        self.last_said = Some(id.to_owned());
        self.line.say(&self.clip(id).audio);
    }

    /// Answers questions until the call is over.
    pub(crate) async fn answers(&mut self, answers: &[(&str, &str)]) -> Ending {
        while let Some(phrase) = self.phrase().await {
            let answer = answers.iter().find(|(question, _)| phrase.contains(question));
            match answer {
                Some((_, key)) if key.len() == 1 => drop(self.line.press(key.chars().next().expect("one key"))),
                Some((_, id)) => self.says(id).await,
                None if phrase.contains("didn't catch that") => self.repeats().await,
                None => {}
            }
        }
        self.ending.clone().expect("a call without an end goes on")
    }

    /// Books a haircut: says what is wanted once the greeting is over, and answers questions until the call ends.
    pub(crate) async fn books(&mut self, opener: &str) -> Ending {
        self.hears("how can i help you").await;
        self.says(opener).await;
        self.answers(ANSWERS).await
    }

    /// Waits until the call is over, whatever is said meanwhile.
    pub(crate) async fn ends(&mut self) -> Ending {
        while self.happening().await.is_some() {}
        self.ending.clone().expect("a call without an end goes on")
    }

    /// Waits for the next stream; false when the call ends without one.
    pub(crate) async fn is_connected_again(&mut self) -> bool {
        let before = self.streams;
        while self.streams == before {
            if self.happening().await.is_none() {
                return false;
            }
        }
        true
    }

    /// Waits until the call is over, or a stream has started, and hangs up then. Returns whether it is over by itself.
    pub(crate) async fn ends_or_connects(&mut self) -> bool {
        let connected = self.is_connected_again().await;
        if connected {
            self.line.hang_up();
        }
        !connected
    }

    /// Whether Twilio itself read this to the caller.
    pub(crate) fn was_read(&self, words: &str) -> bool {
        self.verbs.iter().any(|verb| matches!(verb, Verb::Say { text } if text.contains(words)))
    }

    /// Waits until this happens.
    pub(crate) async fn passes(&mut self, is_it: impl Fn(&Happening) -> bool) {
        loop {
            match self.happening().await {
                Some(what) if is_it(&what) => return,
                Some(_) => {}
                None => panic!("it never happened; heard {:?}, and then {:?}", self.heard, self.ending),
            }
        }
    }

    /// Whether the assistant said this so far.
    pub(crate) fn has_heard(&self, words: &str) -> bool {
        self.heard.iter().any(|phrase| phrase.contains(words))
    }

    async fn repeats(&mut self) {
        if let Some(id) = self.last_said.clone() {
            self.says(&id).await;
        }
    }

    fn clip(&self, id: &str) -> &Clip {
        self.clips.iter().find(|clip| clip.id == id).expect("a clip of this name")
    }

    /// The next phrase that was heard to its end, as it sounds; none when the call is over. Its last mark comes back when
    /// it has been played, so that nobody is spoken into.
    async fn phrase(&mut self) -> Option<String> {
        loop {
            if let Happening::Mark { name, cleared: false } = self.happening().await?
                && name.ends_with('e')
            {
                let taken = std::mem::replace(&mut self.taken, self.ear.position());
                let words = self.ear.words().into_iter().filter(|word| word.to > taken);
                let phrase = spoken(&words.map(|word| word.text).collect::<Vec<_>>().join(" "));
                self.heard.push(phrase.clone());
                return Some(phrase);
            }
        }
    }

    async fn happening(&mut self) -> Option<Happening> {
        let event = timeout(PATIENCE, self.line.next()).await;
        let event = event.unwrap_or_else(|_| panic!("nothing happens any more; heard {:?}", self.heard))?;
        self.notice(&event);
        match &event.what {
            Happening::Ended(_) => None,
            _ => Some(event.what),
        }
    }

    fn notice(&mut self, event: &LineEvent) {
        self.played.notice(event);
        match &event.what {
            Happening::StreamStarted { .. } => self.streams += 1,
            Happening::Heard(audio) => self.hear(audio, event.at),
            Happening::Saying => self.speaking = Some(event.at),
            Happening::Said => {
                self.speaking = None;
                self.quiet_since = self.quiet_since.max(Some(event.at - self.tail()));
            }
            Happening::Cleared { .. } => self.clears += 1,
            Happening::Verb(verb) => self.verbs.push(verb.clone()),
            Happening::Ended(ending) => self.ending = Some(ending.clone()),
            Happening::Whispered(verb) => self.whispered.push(verb.clone()),
            Happening::Mark { .. } | Happening::Closed { .. } | Happening::Warned(_) => {}
        }
    }

    fn hear(&mut self, audio: &[u8], at: Duration) {
        self.ear.push(audio);
        let Some(first) = audio.iter().position(audible) else { return };
        let moment = |byte: usize| at.saturating_sub(playing((audio.len() - byte) as u32));
        if let (Some(since), None) = (self.quiet_since, self.speaking) {
            self.longest_silence = self.longest_silence.max(moment(first).saturating_sub(since));
        }
        let last = audio.iter().rposition(audible).expect("one is audible");
        let (from, to) = (moment(first), moment(last + 1));
        self.quiet_since = Some(to);
        match self.sounds.last_mut() {
            Some((_, ended)) if from < *ended + PAUSE => *ended = to,
            _ => self.sounds.push((from, to)),
        }
    }

    /// How long the clip that was said last is silent at its end.
    fn tail(&self) -> Duration {
        let Some(id) = &self.last_said else { return Duration::ZERO };
        let audio = &self.clip(id).audio;
        let voiced = audio.iter().rposition(audible).map_or(0, |last| last + 1);
        playing((audio.len() - voiced) as u32)
    }
}

/// How long so many bytes of µ-law play.
fn playing(bytes: u32) -> Duration {
    Duration::from_micros(125) * bytes
}

fn audible(code: &u8) -> bool {
    mulaw::decode(*code).unsigned_abs() >= AUDIBLE
}
