//! How long each wait of a call may last, in one place, because together they make sure that no line goes dead: a caller
//! hears something within three seconds of having finished, whatever is late.

use std::time::Duration;

/// Nobody speaks: then "are you still there?".
pub const SILENCE: Duration = Duration::from_secs(8);

/// The same at least, after a noise that came in between: its maker may be about to speak.
pub const SILENCE_AFTER_NOISE: Duration = Duration::from_secs(2);

/// A voice was heard and ended, and no words came of it: then they are asked for again, or it was a noise.
pub const WORDS: Duration = Duration::from_millis(1_800);

/// The same where the voice stopped us, and what was cut off waits to go on: words that come later stop us again.
pub const WORDS_OF_A_STOP: Duration = Duration::from_secs(1);

/// A stop that is taken back after longer than this goes on from its clause: half a sentence makes no sense any more.
pub const MID_SENTENCE: Duration = Duration::from_secs(2);

/// One turn of the caller, however it goes on: then it is answered as far as it was understood.
pub const MONOLOGUE: Duration = Duration::from_secs(45);

/// A voice goes on, and no more words come of it: then it is no voice, or cannot be understood.
pub const WORDLESS: Duration = Duration::from_secs(5);

/// The turn is over and nothing can be said yet: then "one moment".
pub const FILLER: Duration = Duration::from_millis(1_100);

/// After the filler: then the rules answer in the model's place.
pub const RULES: Duration = Duration::from_millis(1_900);

/// After the rules had their chance: then we say that we cannot tell, or once more that it takes a moment where it is the
/// calendar that is late.
pub const APOLOGY: Duration = Duration::from_millis(1_900);

/// Beyond the length of what is being played: then it counts as heard although its marks did not come.
pub const LAST_MARK: Duration = Duration::from_secs(2);

/// From an order to the first of its audio: then it will not come.
pub const FIRST_AUDIO: Duration = Duration::from_secs(3);

/// No audio of the caller comes any more: then "are you still there?", and after the same time again goodbye.
pub const FRAMES: Duration = Duration::from_millis(4_500);

/// A stop that may be taken back: then it is decided.
pub const DECISION: Duration = Duration::from_millis(500);

/// After a key of a number: then the number is taken as it is. Longer than anybody looks for the next key.
pub const KEYS: Duration = Duration::from_secs(3);

/// The calendar's answer: then it has failed, and is asked once more.
pub const CALENDAR: Duration = Duration::from_secs(4);

/// A dropped stream: then the call is lost. A carrier opens another within seconds; a browser may have to find a network
/// first.
pub const RESUME: Duration = Duration::from_secs(30);

/// A whole call: then goodbye.
pub const LONGEST_CALL: Duration = Duration::from_secs(30 * 60);

/// A voice ended while we had something to say, and its words may be on their way: then we say it. About as long as a
/// vendor takes from a word to its first transcript.
pub const KEPT: Duration = Duration::from_millis(450);

/// A sound shorter than this is not waited for: it was too short for a word.
pub const WORD_MIN_MS: u32 = 200;

/// A sound shorter than this without any words was a noise, and is not worth a "sorry?". Where the voice before it came to no
/// words either, it may be speech-to-text that is deaf, and [`WORD_MIN_MS`] counts.
pub const NOISE_MAX_MS: u32 = 600;

/// Failures of speech-to-text in a row before we stop waiting for it.
pub const HEARING_FAILURES_MAX: u32 = 4;
