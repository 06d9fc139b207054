//! espeak-ng as a process: text on its standard input, a WAV file on its standard output.

use std::io;
use std::num::NonZeroU32;
use std::process::Stdio;
use std::time::Duration;

use engine::audio::frame::RATE_HZ;
use engine::audio::mulaw;
use engine::audio::resample::Resampler;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Processes at once. More wait their turn.
const PROCESSES_MAX: usize = 4;

/// A sentence takes some 20 ms; past this the process is killed.
const SPEAKING_MAX: Duration = Duration::from_secs(10);

/// Characters spoken at once.
const CHARACTERS_MAX: usize = 2_000;

/// Root mean square of the speech, as in the recorded phrases.
const LOUDNESS: f32 = 3_000.0;

/// The voices of the recorded phrases, of other texts and of Spanish ones: see `scripts/make-fixtures`.
const VOICES: [[&str; 4]; 2] = [["-v", "en-us+f4", "-s", "175"], ["-v", "es-419+f4", "-s", "165"]];
const ARGUMENTS: [&str; 4] = ["-p", "50", "--stdin", "--stdout"];

/// Letters that only Spanish texts of ours have.
const SPANISH: [char; 9] = ['¿', '¡', 'á', 'é', 'í', 'ó', 'ú', 'ñ', 'ü'];

/// Why there is no speech.
#[derive(Debug, thiserror::Error)]
pub(super) enum EspeakError {
    #[error("espeak-ng cannot be run: {0}")]
    NotRun(#[from] io::Error),
    #[error("espeak-ng took more than {SPEAKING_MAX:?}")]
    TooSlow,
    #[error("espeak-ng wrote no WAV file")]
    NoSpeech,
    #[error("the text is longer than {CHARACTERS_MAX} characters")]
    TooLong,
}

/// A bounded number of processes.
#[derive(Debug)]
pub(super) struct Espeak {
    places: Semaphore,
}

impl Default for Espeak {
    fn default() -> Self {
        Self { places: Semaphore::new(PROCESSES_MAX) }
    }
}

impl Espeak {
    /// Speaks a text as µ-law at 8 kHz.
    pub(super) async fn speak(&self, text: &str) -> Result<Vec<u8>, EspeakError> {
        if text.chars().count() > CHARACTERS_MAX {
            return Err(EspeakError::TooLong);
        }
        let _place = self.places.acquire().await.expect("the semaphore is never closed");
        let wav = timeout(SPEAKING_MAX, run(text)).await.map_err(|_| EspeakError::TooSlow)??;
        let (rate, samples) = parse(&wav).ok_or(EspeakError::NoSpeech)?;
        Ok(for_the_telephone(rate, &samples))
    }
}

async fn run(text: &str) -> io::Result<Vec<u8>> {
    let mut child: Child = Command::new("espeak-ng")
        .args(VOICES[usize::from(text.to_lowercase().contains(SPANISH))])
        .args(ARGUMENTS)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let mut input = child.stdin.take();
    let write = async move {
        if let Some(input) = &mut input {
            input.write_all(text.as_bytes()).await?;
        }
        // Dropping the pipe is what tells it that the text is whole.
        drop(input);
        io::Result::Ok(())
    };
    let (written, output) = tokio::join!(write, child.wait_with_output());
    written?;
    Ok(output?.stdout)
}

/// The rate and samples of a 16-bit mono WAV file whose lengths are not to be trusted, as it was written to a pipe.
fn parse(wav: &[u8]) -> Option<(NonZeroU32, Vec<i16>)> {
    let rate = u32::from_le_bytes(wav.get(24..28)?.try_into().ok()?);
    let data = wav.windows(4).position(|four| four == b"data")? + 8;
    let (samples, _) = wav.get(data..)?.as_chunks::<2>();
    Some((NonZeroU32::new(rate)?, samples.iter().map(|&pair| i16::from_le_bytes(pair)).collect()))
        .filter(|(_, samples): &(_, Vec<i16>)| !samples.is_empty())
}

fn for_the_telephone(rate: NonZeroU32, samples: &[i16]) -> Vec<u8> {
    let mut resampler = Resampler::new(rate, NonZeroU32::new(RATE_HZ).expect("8 kHz is not zero"));
    let mut line = Vec::new();
    resampler.push(samples, &mut line);
    resampler.flush(&mut line);
    let power = line.iter().map(|&sample| f32::from(sample).powi(2)).sum::<f32>() / line.len().max(1) as f32;
    let gain = LOUDNESS / power.sqrt().max(1.0);
    line.into_iter().map(|sample| mulaw::encode((f32::from(sample) * gain) as i16)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_with_placeholder_lengths_is_read() {
        let mut wav = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
        wav.extend(22_050_u32.to_le_bytes());
        wav.extend([0; 8]);
        wav.extend(b"data\xff\xff\xff\x7f");
        wav.extend([1, 0, 2, 0]);
        assert_eq!(parse(&wav), Some((NonZeroU32::new(22_050).expect("not zero"), vec![1, 2])));
        assert_eq!(parse(b"sorry"), None);
    }
}
