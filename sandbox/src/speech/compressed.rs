//! MP3 and Opus of the right length, and silent: the sandbox has no encoder. Any player takes them.

/// A compressed format, at the one rate that it has here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compressed {
    /// 22,050 Hz at 48 kbit/s.
    Mp3,
    /// 48,000 Hz in Ogg.
    Opus,
}

/// Samples of an MPEG-2 layer III frame (ISO/IEC 13818-3).
const MP3_FRAME_SAMPLES: u64 = 576;
const MP3_RATE_HZ: u64 = 22_050;
const MP3_BITRATE: u64 = 48_000;

/// One packet of Opus: 20 ms of silence, mono (RFC 6716: CELT, fullband).
const OPUS_SILENCE: [u8; 3] = [0xf8, 0xff, 0xfe];
const OPUS_PACKET_MS: u64 = 20;
const OPUS_PACKET_SAMPLES: u64 = 960;
/// Samples that a player throws away at the start (RFC 7845, section 4.2).
const OPUS_PRE_SKIP: u16 = 312;
/// Packets on one page; an Ogg page holds 255 at most.
const PACKETS_PER_PAGE: u64 = 50;

impl Compressed {
    /// The type of the body.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Mp3 => "audio/mpeg",
            Self::Opus => "audio/ogg;codecs=opus",
        }
    }

    /// A file that plays so long.
    pub(crate) fn silence(self, ms: u64) -> Vec<u8> {
        match self {
            Self::Mp3 => mp3(ms),
            Self::Opus => opus(ms),
        }
    }
}

/// Frames whose side information says that there is nothing in them.
fn mp3(ms: u64) -> Vec<u8> {
    let frames = (ms * MP3_RATE_HZ).div_ceil(1_000 * MP3_FRAME_SAMPLES);
    let end_of = |frame: u64| frame * MP3_FRAME_SAMPLES * MP3_BITRATE / 8 / MP3_RATE_HZ;
    let mut file = Vec::new();
    for frame in 0..frames {
        let len = (end_of(frame + 1) - end_of(frame)) as usize;
        let padding = u8::from(len as u64 > MP3_FRAME_SAMPLES * MP3_BITRATE / 8 / MP3_RATE_HZ);
        let start = file.len();
        file.extend([0xff, 0xf3, 0x60 | padding << 1, 0xc0]);
        file.resize(start + len, 0);
    }
    file
}

/// Two pages of headers and pages of silence (RFC 7845).
fn opus(ms: u64) -> Vec<u8> {
    let mut head = b"OpusHead\x01\x01".to_vec();
    head.extend(OPUS_PRE_SKIP.to_le_bytes());
    head.extend(48_000_u32.to_le_bytes());
    head.extend([0, 0, 0]);
    let tags = b"OpusTags\x07\0\0\0sandbox\0\0\0\0".to_vec();
    let mut file = page(0, 0b10, 0, &[&head]);
    file.extend(page(1, 0, 0, &[&tags]));
    let packets = ms.div_ceil(OPUS_PACKET_MS).max(1);
    for (number, first) in (0..packets).step_by(PACKETS_PER_PAGE as usize).enumerate() {
        let last = packets.min(first + PACKETS_PER_PAGE);
        let is_last = if last == packets { 0b100 } else { 0 };
        let silence = vec![&OPUS_SILENCE[..]; (last - first) as usize];
        file.extend(page(number as u32 + 2, is_last, last * OPUS_PACKET_SAMPLES, &silence));
    }
    file
}

/// A page of Ogg with packets shorter than 255 bytes (RFC 3533, section 6).
fn page(number: u32, flags: u8, position: u64, packets: &[&[u8]]) -> Vec<u8> {
    let mut page = b"OggS\0".to_vec();
    page.push(flags);
    page.extend(position.to_le_bytes());
    page.extend(1_u32.to_le_bytes());
    page.extend(number.to_le_bytes());
    page.extend([0; 4]);
    page.push(packets.len() as u8);
    page.extend(packets.iter().map(|packet| packet.len() as u8));
    packets.iter().for_each(|packet| page.extend(*packet));
    let checksum = crc(&page);
    page[22..26].copy_from_slice(&checksum.to_le_bytes());
    page
}

/// Ogg's checksum: polynomial 04c11db7, nothing reflected, nothing inverted.
fn crc(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte) << 24, |crc, _| {
            if crc & 0x8000_0000 == 0 { crc << 1 } else { crc << 1 ^ 0x04c1_1db7 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_mp3_is_made_of_whole_frames_at_its_bitrate() {
        let file = mp3(1_000);
        assert!(file.len().abs_diff(6_000) < 200, "{}", file.len());
        let (mut at, mut frames) = (0, 0);
        while at < file.len() {
            assert_eq!((file[at], file[at + 1], file[at + 3]), (0xff, 0xf3, 0xc0));
            at += 156 + usize::from(file[at + 2] >> 1 & 1);
            frames += 1;
        }
        assert_eq!((at, frames), (file.len(), 39));
    }

    #[test]
    fn an_ogg_file_has_its_headers_and_ends_with_its_last_page() {
        let file = opus(2_500);
        let pages: Vec<_> = file.windows(5).enumerate().filter(|(_, bytes)| bytes == b"OggS\0").collect();
        assert_eq!(pages.len(), 5);
        let last = pages[4].0;
        assert_eq!((file[5], file[last + 5]), (0b10, 0b100));
        assert_eq!(file[last + 6..last + 14], (125 * 960_u64).to_le_bytes());
        // The check value of this checksum over the nine digits.
        assert_eq!(crc(b"123456789"), 0x89a1_897f);
    }
}
