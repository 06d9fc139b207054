//! MPEG audio, layer III: a row of frames that stand on their own (ISO/IEC 11172-3, section 2.4.1.3; ISO/IEC 13818-3).

/// Kilobits a second by the header's index, of MPEG-1 and of MPEG-2 and 2.5.
const KBPS: [[usize; 15]; 2] = [
    [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];

/// Hertz by the header's index, of MPEG-1.
const RATES_HZ: [usize; 3] = [44_100, 48_000, 32_000];

/// A file's frames without what describes the file: tags, and a first frame that only counts the others.
pub(super) fn frames(file: &[u8]) -> &[u8] {
    let frames = without_tags(file);
    match Frame::read(frames) {
        Some(frame) if frames.get(..frame.len).is_some_and(|bytes| frame.counts_others(bytes)) => &frames[frame.len..],
        _ => frames,
    }
}

/// ID3 of version 2 stands in front, of version 1 in the last 128 bytes.
fn without_tags(file: &[u8]) -> &[u8] {
    let mut frames = file;
    while let [b'I', b'D', b'3', _, _, flags, a, b, c, d, ..] = *frames {
        let len = [a, b, c, d].iter().fold(0, |len, byte| len << 7 | usize::from(byte & 0x7f));
        let footer = if flags & 0x10 == 0 { 0 } else { 10 };
        frames = frames.get(10 + len + footer..).unwrap_or_default();
    }
    match frames.len().checked_sub(128) {
        Some(tag) if frames[tag..].starts_with(b"TAG") => &frames[..tag],
        _ => frames,
    }
}

struct Frame {
    len: usize,
    /// Where a count of the other frames stands, if this frame is one.
    count_at: usize,
}

impl Frame {
    fn read(bytes: &[u8]) -> Option<Self> {
        let [0xff, b, c, d, ..] = *bytes else { return None };
        let (version, layer, has_crc) = (b >> 3 & 3, b >> 1 & 3, b & 1 == 0);
        if b >> 5 != 7 || version == 1 || layer != 1 {
            return None;
        }
        let is_first = version == 3;
        let kbps = *KBPS[usize::from(!is_first)].get(usize::from(c >> 4)).filter(|kbps| **kbps > 0)?;
        let halvings = match version {
            3 => 0,
            2 => 1,
            _ => 2,
        };
        let rate_hz = *RATES_HZ.get(usize::from(c >> 2 & 3))? >> halvings;
        let len = if is_first { 144 } else { 72 } * kbps * 1_000 / rate_hz + usize::from(c >> 1 & 1);
        let side = match (is_first, d >> 6 == 3) {
            (true, false) => 32,
            (true, true) | (false, false) => 17,
            (false, true) => 9,
        };
        Some(Self { len, count_at: 4 + if has_crc { 2 } else { 0 } + side })
    }

    /// `Xing`, `Info` and `VBRI` are how encoders mark a frame that has no sound in it but the number of frames.
    fn counts_others(&self, bytes: &[u8]) -> bool {
        let marked = |at: usize, mark: &[u8]| bytes.get(at..).is_some_and(|rest| rest.starts_with(mark));
        marked(self.count_at, b"Xing") || marked(self.count_at, b"Info") || marked(36, b"VBRI")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of MPEG-2 at 22,050 Hz and 48 kbit/s, mono, with something in it.
    fn frame(inside: &[u8]) -> Vec<u8> {
        let mut frame = vec![0xff, 0xf3, 0x60, 0xc0];
        frame.extend([0; 9]);
        frame.extend(inside);
        frame.resize(156, 0);
        frame
    }

    #[test]
    fn tags_and_a_frame_that_counts_are_left_out() {
        let (sound, count) = (frame(b"sound"), frame(b"Info\0\0\0\x01"));
        let front = [&b"ID3\x04\0\0\0\0\x01\x02"[..], &[7; 130]].concat();
        let back = [&b"TAG"[..], &[0; 125]].concat();
        let file = [&front[..], &count, &sound, &sound, &back].concat();
        assert_eq!(frames(&file), [&sound[..], &sound].concat());
        assert_eq!(frames(&sound), sound);
    }

    #[test]
    fn what_is_no_frame_is_left_as_it_is() {
        for bytes in [&b""[..], b"ID3", b"ID3\x04\0\0\0\0\x7f\x7f", b"\xff\xff\xff\xff", b"\xff\xf3\x00\xc0", b"words"]
        {
            assert!(bytes.ends_with(frames(bytes)), "{bytes:?}");
        }
    }

    #[test]
    fn a_frames_length_follows_from_its_header() {
        for (header, len) in [
            ([0xff, 0xfb, 0x90, 0x00], 417),
            ([0xff, 0xfb, 0x92, 0x00], 418),
            ([0xff, 0xf3, 0x60, 0xc0], 156),
            ([0xff, 0xf3, 0x64, 0xc4], 144),
        ] {
            assert_eq!(Frame::read(&header).map(|frame| frame.len), Some(len), "{header:x?}");
        }
    }
}
