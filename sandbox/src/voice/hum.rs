//! What is said when nobody can say it: a low melody, one tone a letter, quieter than a voice.

use engine::audio::frame::RATE_HZ;
use engine::audio::mulaw;

/// A letter takes as long as in speech: about 15 a second.
const LETTER_SAMPLES: usize = 530;

/// A sixteenth of full scale.
const AMPLITUDE: f32 = 2_000.0;

/// The melody of a text, as µ-law at 8 kHz. Every text has its own, so that it can be told from others.
pub(super) fn hum(text: &str) -> Vec<u8> {
    let mut phase = 0_f32;
    let mut audio = Vec::with_capacity((text.len() + 2) * LETTER_SAMPLES);
    for letter in text.chars() {
        let tone_hz = 90.0 + (u32::from(letter) % 64) as f32;
        let loudness = if letter.is_alphanumeric() { AMPLITUDE } else { 0.0 };
        for n in 0..LETTER_SAMPLES {
            phase += std::f32::consts::TAU * tone_hz / RATE_HZ as f32;
            // Each tone swells and fades, so that none begins or ends with a click.
            let swell = (std::f32::consts::PI * n as f32 / LETTER_SAMPLES as f32).sin();
            audio.push(mulaw::encode((loudness * swell * phase.sin()) as i16));
        }
        phase %= std::f32::consts::TAU;
    }
    audio
}
