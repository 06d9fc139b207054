//! The formats speech is asked for in. Calls know µ-law only; other systems play a phrase wherever they like.

use serde::{Deserialize, Serialize};

/// How a phrase's audio is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Format {
    /// µ-law at 8 kHz, without any header: what the telephone speaks.
    #[default]
    #[serde(rename = "MULAW")]
    Mulaw,
    /// 16-bit samples at 24 kHz in a WAV file.
    #[serde(rename = "LINEAR16")]
    Linear16,
    /// MPEG layer III.
    #[serde(rename = "MP3")]
    Mp3,
    /// Opus in Ogg.
    #[serde(rename = "OGG_OPUS")]
    OggOpus,
}

/// Samples a second of [`Format::Linear16`]: what voices are made at, so that nothing resamples them.
pub const LINEAR16_RATE_HZ: u32 = 24_000;

/// The length of a plain WAV header.
pub const WAV_HEADER_LEN: usize = 44;

impl Format {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Mulaw, Self::Linear16, Self::Mp3, Self::OggOpus];

    /// Its name in requests and records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mulaw => "MULAW",
            Self::Linear16 => "LINEAR16",
            Self::Mp3 => "MP3",
            Self::OggOpus => "OGG_OPUS",
        }
    }

    /// The format of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The type that a body of it has. The names are those that Twilio's `<Play>` takes.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Mulaw => "audio/ulaw",
            Self::Linear16 => "audio/wav",
            Self::Mp3 => "audio/mpeg",
            Self::OggOpus => "audio/ogg",
        }
    }

    /// How files of it are called.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Mulaw => "ulaw",
            Self::Linear16 => "wav",
            Self::Mp3 => "mp3",
            Self::OggOpus => "ogg",
        }
    }

    /// What stands before so many bytes of what a voice gave, to make a file of it: samples have a header, which can only
    /// be written once their length is known.
    pub fn header(self, audio_len: usize) -> Option<[u8; WAV_HEADER_LEN]> {
        (self == Self::Linear16).then(|| wav_header(audio_len))
    }

    /// How long a whole file plays, in milliseconds, where its length tells.
    pub fn length_ms(self, file: &[u8]) -> Option<u32> {
        let (bytes, bytes_per_ms) = match self {
            Self::Mulaw => (file.len(), 8),
            Self::Linear16 => (file.len().saturating_sub(WAV_HEADER_LEN), LINEAR16_RATE_HZ as usize / 500),
            Self::Mp3 | Self::OggOpus => return None,
        };
        u32::try_from(bytes / bytes_per_ms).ok()
    }
}

/// The header of a WAV file with one channel of 16-bit samples (RFC 2361, format tag 1).
fn wav_header(data_len: usize) -> [u8; WAV_HEADER_LEN] {
    let len = u32::try_from(data_len).unwrap_or(u32::MAX - 36);
    let mut header = *b"RIFF____WAVEfmt \x10\0\0\0\x01\0\x01\0____....\x02\0\x10\0data____";
    header[4..8].copy_from_slice(&(len + 36).to_le_bytes());
    header[24..28].copy_from_slice(&LINEAR16_RATE_HZ.to_le_bytes());
    header[28..32].copy_from_slice(&(2 * LINEAR16_RATE_HZ).to_le_bytes());
    header[40..44].copy_from_slice(&len.to_le_bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_found_by_its_name() {
        for format in Format::ALL {
            assert_eq!(Format::of_name(format.name()), Some(format));
            assert_eq!(serde_json::to_value(format).expect("a name"), format.name());
        }
        assert_eq!(Format::of_name("mp3"), None);
    }

    #[test]
    fn samples_become_a_wav_file_of_their_length() {
        let mut file = Format::Linear16.header(48_000).expect("a header").to_vec();
        file.extend([0; 48_000]);
        assert_eq!((&file[..4], &file[8..16], &file[36..40]), (&b"RIFF"[..], &b"WAVEfmt "[..], &b"data"[..]));
        assert_eq!(file[4..8], 48_036_u32.to_le_bytes());
        assert_eq!(file[24..28], 24_000_u32.to_le_bytes());
        assert_eq!(Format::Linear16.length_ms(&file), Some(1_000));
        assert_eq!((Format::Mulaw.header(160), Format::Mulaw.length_ms(&[0xff; 160])), (None, Some(20)));
        assert_eq!(Format::Mp3.length_ms(b"ID3"), None);
    }
}
