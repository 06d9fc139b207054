//! Opus in Ogg: the pages of several files become one logical stream, with one serial number, pages counted through and
//! positions that go on (RFC 3533, section 6; RFC 7845, sections 3 and 4).

/// The part of a page before its lacing values.
const HEADER_LEN: usize = 27;

/// Packets in front of the audio: what the stream is, and remarks.
const HEADERS: usize = 2;

const FIRST: u8 = 0b10;
const LAST: u8 = 0b100;

/// No packet ends on a page with this position.
const NOWHERE: u64 = u64::MAX;

/// The stream so far.
#[derive(Debug, Default)]
pub(in crate::vendors::speech) struct Stream {
    /// The first file's; the other files' pages take it.
    serial: Option<[u8; 4]>,
    pages: u32,
    /// Where the audio so far ends, in samples at 48 kHz.
    position: u64,
}

struct Page<'a> {
    bytes: &'a [u8],
    /// Packets that end on it.
    packets: usize,
    /// Where its first packet begins.
    body_at: usize,
}

impl Stream {
    /// The pages of the next file, as they go on from those before it; none when it is no Ogg.
    pub(super) fn push(&mut self, file: &[u8], is_last: bool) -> Option<Vec<u8>> {
        let pages = pages(file)?;
        let is_first = self.serial.is_none();
        let serial = *self.serial.get_or_insert(pages.first()?.bytes[14..18].try_into().ok()?);
        let (from, mut headers, mut samples) = (self.position, 0, None);
        let mut out = Vec::with_capacity(file.len());
        for (number, page) in pages.iter().enumerate() {
            let is_header = headers < HEADERS;
            headers += page.packets;
            if is_header && !is_first {
                continue;
            }
            let ends = number + 1 == pages.len();
            let position = if is_header {
                0
            } else {
                let each = *samples.get_or_insert(samples_of(page.bytes.get(page.body_at..)?)?);
                self.end_of(page, from, (ends && !is_last).then_some(each))
            };
            let mut flags = page.bytes[5] & !(FIRST | LAST);
            flags |= if self.pages == 0 { FIRST } else { 0 } | if ends && is_last { LAST } else { 0 };
            out.extend(self.rewritten(page.bytes, flags, position, serial));
        }
        Some(out)
    }

    /// Where a page ends. The last one of a file may say that less of it is heard than is in it, which only the end of a
    /// stream may; inside, all of it is heard.
    fn end_of(&mut self, page: &Page<'_>, from: u64, whole: Option<u64>) -> u64 {
        let said = u64::from_le_bytes(page.bytes[6..14].try_into().expect("a page has its header"));
        let end = match whole {
            Some(each) => self.position + each * page.packets as u64,
            None if said == NOWHERE => return NOWHERE,
            None => from + said,
        };
        self.position = end;
        end
    }

    fn rewritten(&mut self, page: &[u8], flags: u8, position: u64, serial: [u8; 4]) -> Vec<u8> {
        let mut page = page.to_vec();
        page[5] = flags;
        page[6..14].copy_from_slice(&position.to_le_bytes());
        page[14..18].copy_from_slice(&serial);
        page[18..22].copy_from_slice(&self.pages.to_le_bytes());
        page[22..26].fill(0);
        let checksum = checksum(&page);
        page[22..26].copy_from_slice(&checksum.to_le_bytes());
        self.pages += 1;
        page
    }
}

fn pages(file: &[u8]) -> Option<Vec<Page<'_>>> {
    let (mut pages, mut rest) = (Vec::new(), file);
    while !rest.is_empty() {
        let segments = usize::from(*rest.get(26).filter(|_| rest.starts_with(b"OggS\0"))?);
        let body_at = HEADER_LEN + segments;
        let lacing = rest.get(HEADER_LEN..body_at)?;
        let len = body_at + lacing.iter().map(|len| usize::from(*len)).sum::<usize>();
        let (bytes, after) = rest.split_at_checked(len)?;
        pages.push(Page { bytes, packets: lacing.iter().filter(|len| **len < 255).count(), body_at });
        rest = after;
    }
    Some(pages)
}

/// How long a packet of Opus plays, in samples at 48 kHz (RFC 6716, section 3.1).
fn samples_of(packet: &[u8]) -> Option<u64> {
    let toc = *packet.first()?;
    let frame = match toc >> 3 {
        config @ 0..=11 => [480, 960, 1_920, 2_880][usize::from(config % 4)],
        config @ 12..=15 => [480, 960][usize::from(config % 2)],
        config => [120, 240, 480, 960][usize::from(config % 4)],
    };
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => packet.get(1)? & 0x3f,
    };
    Some(frame * u64::from(frames))
}

/// Ogg's checksum: polynomial 04c11db7, nothing reflected, nothing inverted.
fn checksum(page: &[u8]) -> u32 {
    page.iter().fold(0, |crc, byte| crc << 8 ^ TABLE[(crc >> 24) as usize ^ usize::from(*byte)])
}

const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < table.len() {
        let (mut crc, mut bit) = ((at as u32) << 24, 0);
        while bit < 8 {
            crc = if crc & 0x8000_0000 == 0 { crc << 1 } else { crc << 1 ^ 0x04c1_1db7 };
            bit += 1;
        }
        table[at] = crc;
        at += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    fn page(flags: u8, position: u64, serial: u32, packets: &[&[u8]]) -> Vec<u8> {
        let mut page = b"OggS\0".to_vec();
        page.push(flags);
        page.extend(position.to_le_bytes());
        page.extend(serial.to_le_bytes());
        page.extend([0; 8]);
        page.push(packets.len() as u8);
        page.extend(packets.iter().map(|packet| packet.len() as u8));
        packets.iter().for_each(|packet| page.extend(*packet));
        page
    }

    /// Two pages of two packets of 20 ms each, the last cut short by 100 samples.
    fn file(serial: u32) -> Vec<u8> {
        let packet = &[0xf8, 0xff, 0xfe][..];
        [
            page(FIRST, 0, serial, &[b"OpusHead"]),
            page(0, 0, serial, &[b"OpusTags"]),
            page(0, 1_920, serial, &[packet, packet]),
            page(LAST, 3_740, serial, &[packet, packet]),
        ]
        .concat()
    }

    #[test]
    fn files_become_one_stream_that_counts_through() {
        let mut stream = Stream::default();
        let joined = [(7, false), (8, false), (9, true)].map(|(serial, is_last)| stream.push(&file(serial), is_last));
        let joined: Vec<u8> = joined.into_iter().flat_map(|part| part.expect("Ogg")).collect();
        let pages = pages(&joined).expect("whole pages");
        let seen: Vec<(u8, u64, u32)> = pages
            .iter()
            .map(|page| {
                let number = |at: usize| u32::from_le_bytes(page.bytes[at..at + 4].try_into().expect("four"));
                assert_eq!(number(14), 7, "one serial number");
                let mut unsigned = page.bytes.to_vec();
                unsigned[22..26].fill(0);
                assert_eq!(checksum(&unsigned), number(22));
                (page.bytes[5], u64::from(number(6)), number(18))
            })
            .collect();
        let ends = [0, 0, 1_920, 3_840, 5_760, 7_680, 9_600, 11_420];
        let flags = [FIRST, 0, 0, 0, 0, 0, 0, LAST];
        let expected: Vec<_> = flags.into_iter().zip(ends).zip(0..).map(|((flag, end), at)| (flag, end, at)).collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn what_is_no_whole_ogg_is_not_joined() {
        for file in [&b"ID3"[..], b"OggS\0", &file(1)[..50], b""] {
            assert_eq!(Stream::default().push(file, true), None, "{file:?}");
        }
    }

    #[test]
    fn packets_play_as_long_as_they_say() {
        for (packet, samples) in
            [(&[0xf8][..], 960), (&[0x08], 960), (&[0x19], 5_760), (&[0xfb, 3], 2_880), (&[0x60], 480)]
        {
            assert_eq!(samples_of(packet), Some(samples), "{packet:x?}");
        }
        // The check value of this checksum over the nine digits.
        assert_eq!((checksum(b"123456789"), samples_of(b"")), (0x89a1_897f, None));
    }
}
