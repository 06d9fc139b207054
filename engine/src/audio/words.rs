//! Where each word of a phrase ends in its audio, so that what was heard can be told to the word.

/// How fast we speak when a phrase's length is not known yet: about 15 characters a second.
const CHARACTER_MS: u32 = 66;

/// How long a text takes to say, as far as it can be known without its audio.
pub fn length_ms(text: &str) -> u32 {
    text.chars().count() as u32 * CHARACTER_MS
}

/// When each word ends in speech of this length, estimated from its letters and the pause behind its punctuation.
pub fn ends_by_text(text: &str, length_ms: u32) -> Vec<u32> {
    let weights: Vec<u32> = text.split_whitespace().map(weight).collect();
    let total: u32 = weights.iter().sum::<u32>().max(1);
    let mut passed = 0;
    weights
        .into_iter()
        .map(|weight| {
            passed += weight;
            (u64::from(length_ms) * u64::from(passed) / u64::from(total)) as u32
        })
        .collect()
}

/// How long a word takes, in characters: its own, the gap behind it, and the pause of a comma or a stop.
fn weight(word: &str) -> u32 {
    let pause = match word.chars().last() {
        Some('.' | '?' | '!' | ';' | ':') => 6,
        Some(',') => 3,
        _ => 0,
    };
    word.chars().count() as u32 + 1 + pause
}
