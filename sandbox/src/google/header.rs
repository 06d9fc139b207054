//! The header that stands before samples, as common encoders write it: with an extended `fmt ` and a `fact`, so that nobody
//! gets away with cutting 44 bytes off.

use crate::speech::Form;

/// A WAV header for so many bytes of audio; nothing for what is compressed.
pub(super) fn wav(form: Form, audio_len: usize) -> Vec<u8> {
    let (tag, sample_bytes, rate_hz) = match form {
        Form::Mulaw => (7_u16, 1_u16, 8_000),
        Form::Linear16(rate_hz) => (1, 2, rate_hz.get()),
        Form::Compressed(_) => return Vec::new(),
    };
    let len = u32::try_from(audio_len).unwrap_or(u32::MAX - 100);
    let mut header = b"RIFF".to_vec();
    header.extend((len + 50).to_le_bytes());
    header.extend(b"WAVEfmt \x12\0\0\0");
    header.extend(tag.to_le_bytes());
    header.extend(1_u16.to_le_bytes());
    header.extend(rate_hz.to_le_bytes());
    header.extend((rate_hz * u32::from(sample_bytes)).to_le_bytes());
    header.extend(sample_bytes.to_le_bytes());
    header.extend((8 * sample_bytes).to_le_bytes());
    header.extend(b"\0\0fact\x04\0\0\0");
    header.extend((len / u32::from(sample_bytes)).to_le_bytes());
    header.extend(b"data");
    header.extend(len.to_le_bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_says_how_much_follows() {
        let header = wav(Form::Mulaw, 160);
        assert_eq!((header.len(), &header[..4], &header[50..54]), (58, &b"RIFF"[..], &b"data"[..]));
        assert_eq!((header[4..8].to_vec(), header[54..].to_vec()), (vec![210, 0, 0, 0], vec![160, 0, 0, 0]));
        assert!(wav(Form::MP3, 160).is_empty());
    }
}
