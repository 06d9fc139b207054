//! A WAV file that grows while a call goes on, and is whole after every block.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::num::NonZeroU32;
use std::os::unix::fs::FileExt;

use engine::audio::frame::{RATE_HZ, SILENCE};
use engine::audio::mulaw;
use engine::audio::resample::Resampler;
use hound::{SampleFormat, WavSpec, WavWriter};

use super::{STORED_CHANNELS, STORED_RATE_HZ};

const SPEC: WavSpec = WavSpec {
    channels: STORED_CHANNELS,
    sample_rate: STORED_RATE_HZ,
    bits_per_sample: 16,
    sample_format: SampleFormat::Int,
};

/// Samples a side that are interleaved at once, 100 ms: the file's own buffer is four bytes for each.
const PIECE: usize = STORED_RATE_HZ as usize / 10;

/// Samples a millisecond on the telephone.
const SAMPLES_PER_MS: u64 = RATE_HZ as u64 / 1_000;

/// A recording on disk: two sides, two resamplers (some 7 KiB each), and a file that may come and go.
pub(super) struct Wav<F: Read + Write + Seek> {
    caller: Resampler,
    assistant: Resampler,
    /// Telephone samples a side that were taken so far.
    taken: u64,
    /// Stored samples a side that were made so far, whether or not the disk took them.
    made: u64,
    file: Option<WavWriter<Guarded<F>>>,
}

/// Room to work on a block; shared by all recordings, because one thread writes them all.
#[derive(Default)]
pub(super) struct Scratch {
    decoded: Vec<i16>,
    caller: Vec<i16>,
    assistant: Vec<i16>,
}

impl<F: Read + Write + Seek> Wav<F> {
    /// A recording without a file yet.
    pub(super) fn new() -> Self {
        let rate = |hz| NonZeroU32::new(hz).expect("neither rate is zero");
        let resampler = || Resampler::new(rate(RATE_HZ), rate(STORED_RATE_HZ));
        Self { caller: resampler(), assistant: resampler(), taken: 0, made: 0, file: None }
    }

    /// Whether there is a file to write to. Without one, blocks still pass, so that what follows keeps its place.
    pub(super) fn has_file(&self) -> bool {
        self.file.is_some()
    }

    /// Gives it a new, empty file.
    pub(super) fn create(&mut self, file: F) -> io::Result<()> {
        let mut file = WavWriter::new(Guarded { inner: file, broken: false }, SPEC).map_err(io_error)?;
        file.flush().map_err(io_error)?;
        self.file = Some(file);
        Ok(())
    }

    /// Gives it the file of an earlier [`create`](Self::create) back. What the disk refused meanwhile becomes silence.
    pub(super) fn reopen(&mut self, file: F) -> io::Result<()> {
        let file = WavWriter::new_append(Guarded { inner: file, broken: false });
        self.file = Some(file.map_err(io_error)?);
        Ok(())
    }

    /// Appends µ-law of both sides, equally long, that begins at `from_ms` of the recording. Time that was skipped is
    /// silence, time that was written already is left out. On an error the file is let go as it was after the block
    /// before, and plays.
    pub(super) fn append(
        &mut self,
        from_ms: u64,
        caller: &[u8],
        assistant: &[u8],
        scratch: &mut Scratch,
    ) -> io::Result<()> {
        let from = from_ms.saturating_mul(SAMPLES_PER_MS);
        let mut result = Ok(());
        while self.taken < from {
            let len = (from - self.taken).min(RATE_HZ.into()) as usize;
            let silence = [SILENCE; RATE_HZ as usize];
            result = result.and(self.push(&silence[..len], &silence[..len], scratch));
        }
        let known = (self.taken - from).min(caller.len() as u64) as usize;
        result.and(self.push(&caller[known..], &assistant[known..], scratch))
    }

    /// Ends the recording: the last milliseconds leave the resamplers. Gives its length in milliseconds as it is on disk;
    /// none without a file.
    pub(super) fn finish(&mut self, scratch: &mut Scratch) -> io::Result<Option<u64>> {
        self.caller.flush(&mut scratch.caller);
        self.assistant.flush(&mut scratch.assistant);
        self.store(scratch)?;
        let Some(file) = self.file.take() else { return Ok(None) };
        let duration_ms = u64::from(file.duration()) * 1_000 / u64::from(STORED_RATE_HZ);
        file.finalize().map_err(io_error)?;
        Ok(Some(duration_ms))
    }

    fn push(&mut self, caller: &[u8], assistant: &[u8], scratch: &mut Scratch) -> io::Result<()> {
        let Scratch { decoded, caller: caller_ready, assistant: assistant_ready } = scratch;
        for (codes, resampler, ready) in
            [(caller, &mut self.caller, caller_ready), (assistant, &mut self.assistant, assistant_ready)]
        {
            decoded.clear();
            decoded.extend(codes.iter().map(|&code| mulaw::decode(code)));
            resampler.push(decoded, ready);
        }
        self.taken += caller.len() as u64;
        self.store(scratch)
    }

    /// Writes what is ready, and before it what an earlier file missed.
    fn store(&mut self, scratch: &mut Scratch) -> io::Result<()> {
        let result = match &mut self.file {
            Some(file) => write(file, self.made, &scratch.caller, &scratch.assistant),
            None => Ok(()),
        };
        self.made += scratch.caller.len() as u64;
        scratch.caller.clear();
        scratch.assistant.clear();
        if result.is_err() {
            self.file = None;
        }
        result
    }
}

fn write<F: Write + Seek>(
    file: &mut WavWriter<Guarded<F>>,
    from: u64,
    caller: &[i16],
    assistant: &[i16],
) -> io::Result<()> {
    let silence = [0; PIECE];
    let mut missing = from.saturating_sub(file.duration().into());
    while missing > 0 {
        let len = missing.min(PIECE as u64) as usize;
        write_piece(file, &silence[..len], &silence[..len])?;
        missing -= len as u64;
    }
    for (caller, assistant) in caller.chunks(PIECE).zip(assistant.chunks(PIECE)) {
        write_piece(file, caller, assistant)?;
    }
    // The header's lengths are written here and nowhere else.
    file.flush().map_err(io_error)
}

fn write_piece<F: Write + Seek>(file: &mut WavWriter<Guarded<F>>, caller: &[i16], assistant: &[i16]) -> io::Result<()> {
    let mut samples = file.get_i16_writer(2 * caller.len() as u32);
    for (&caller, &assistant) in caller.iter().zip(assistant) {
        samples.write_sample(caller);
        samples.write_sample(assistant);
    }
    samples.flush().map_err(io_error)
}

/// Makes a header say how much audio there is, where a process was killed between the one and the other: the two lengths
/// of a RIFF file with one chunk of data behind 44 bytes, as this program writes it. A half sample at the end is cut off.
pub(super) fn mend(file: &File) -> io::Result<()> {
    const HEADER: u64 = 44;
    let frame = u64::from(STORED_CHANNELS) * 2;
    let len = file.metadata()?.len();
    let mut tag = [0; 4];
    if len < HEADER || file.read_exact_at(&mut tag, HEADER - 8).is_err() || &tag != b"data" {
        return Ok(());
    }
    let audio = (len - HEADER) / frame * frame;
    let audio32 = u32::try_from(audio).unwrap_or(u32::MAX - 36);
    file.set_len(HEADER + audio)?;
    file.write_all_at(&(audio32 + 36).to_le_bytes(), 4)?;
    file.write_all_at(&audio32.to_le_bytes(), HEADER - 4)?;
    file.sync_all()
}

fn io_error(error: hound::Error) -> io::Error {
    match error {
        hound::Error::IoError(error) => error,
        error => io::Error::other(error),
    }
}

/// A file that is not touched any more after its first failure. A WAV writer that is dropped writes its header once
/// more, and would count samples that the disk never took.
struct Guarded<F> {
    inner: F,
    broken: bool,
}

impl<F> Guarded<F> {
    fn guard<T>(&mut self, work: impl FnOnce(&mut F) -> io::Result<T>) -> io::Result<T> {
        if self.broken {
            return Err(io::Error::other("an earlier write failed"));
        }
        let result = work(&mut self.inner);
        self.broken = result.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::Interrupted);
        result
    }
}

impl<F: Read> Read for Guarded<F> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.guard(|file| file.read(bytes))
    }
}

impl<F: Write> Write for Guarded<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.guard(|file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.guard(Write::flush)
    }
}

impl<F: Seek> Seek for Guarded<F> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.guard(|file| file.seek(to))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::io::Cursor;
    use std::rc::Rc;

    use super::*;

    /// A disk that takes so many bytes beyond what it has, and refuses the rest.
    #[derive(Clone, Default)]
    struct Disk {
        bytes: Rc<RefCell<Vec<u8>>>,
        at: u64,
        room: Rc<Cell<usize>>,
    }

    impl Disk {
        fn samples(&self) -> Vec<i16> {
            let reader = hound::WavReader::new(Cursor::new(self.bytes.borrow().clone())).expect("a header");
            assert_eq!(reader.spec(), SPEC);
            reader.into_samples().collect::<Result<_, _>>().expect("as many samples as the header says")
        }

        fn again(&self) -> Self {
            Self { at: 0, ..self.clone() }
        }
    }

    impl Read for Disk {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let read = (&self.bytes.borrow()[self.at as usize..]).read(into)?;
            self.at += read as u64;
            Ok(read)
        }
    }

    impl Write for Disk {
        fn write(&mut self, from: &[u8]) -> io::Result<usize> {
            let mut bytes = self.bytes.borrow_mut();
            let at = self.at as usize;
            let room = bytes.len() - at + self.room.get();
            let len = from.len().min(room);
            if len == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            let end = at + len;
            self.room.set(self.room.get() - end.saturating_sub(bytes.len()));
            let longest = bytes.len().max(end);
            bytes.resize(longest, 0);
            bytes[at..end].copy_from_slice(&from[..len]);
            self.at = end as u64;
            Ok(len)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Seek for Disk {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.at = match to {
                SeekFrom::Start(at) => at,
                SeekFrom::Current(by) => self.at.saturating_add_signed(by),
                SeekFrom::End(by) => (self.bytes.borrow().len() as u64).saturating_add_signed(by),
            };
            Ok(self.at)
        }
    }

    const LOUD: u8 = 0x90;
    const BLOCK_MS: u64 = 500;

    fn side(code: u8) -> Vec<u8> {
        vec![code; (BLOCK_MS * SAMPLES_PER_MS) as usize]
    }

    /// The loudest sample of one side within a stretch.
    fn peak(samples: &[i16], side: usize, from_ms: usize, to_ms: usize) -> u16 {
        let per_ms = STORED_RATE_HZ as usize / 1_000;
        let frames = samples.chunks(2).skip(from_ms * per_ms).take((to_ms - from_ms) * per_ms);
        frames.map(|frame| frame[side].unsigned_abs()).max().unwrap_or(0)
    }

    #[test]
    fn every_block_leaves_a_whole_file() {
        let disk = Disk::default();
        disk.room.set(usize::MAX / 2);
        let mut wav = Wav::new();
        wav.create(disk.again()).expect("room");
        let mut scratch = Scratch::default();
        for nth in 0..4 {
            wav.append(nth * BLOCK_MS, &side(LOUD), &side(SILENCE), &mut scratch).expect("room");
            let stored_ms = disk.samples().len() as u64 / 32;
            // The filter keeps some milliseconds back until the end.
            assert!(((nth + 1) * BLOCK_MS - 25..=(nth + 1) * BLOCK_MS).contains(&stored_ms), "{stored_ms}");
        }
        assert_eq!(wav.finish(&mut scratch).expect("room"), Some(2_000));
        let samples = disk.samples();
        assert_eq!(samples.len(), 2 * 2 * STORED_RATE_HZ as usize);
        assert!(peak(&samples, 0, 100, 1_900) > 10_000);
        assert_eq!(peak(&samples, 1, 0, 2_000), 0);
    }

    #[test]
    fn time_that_is_skipped_is_silence_and_what_follows_keeps_its_place() {
        let disk = Disk::default();
        disk.room.set(usize::MAX / 2);
        let mut wav = Wav::new();
        wav.create(disk.again()).expect("room");
        let mut scratch = Scratch::default();
        wav.append(0, &side(SILENCE), &side(LOUD), &mut scratch).expect("room");
        wav.append(2_500, &side(LOUD), &side(SILENCE), &mut scratch).expect("room");
        assert_eq!(wav.finish(&mut scratch).expect("room"), Some(3_000));
        let samples = disk.samples();
        assert_eq!((peak(&samples, 0, 0, 2_490), peak(&samples, 1, 510, 3_000)), (0, 0));
        assert!(peak(&samples, 1, 0, 490) > 10_000 && peak(&samples, 0, 2_510, 2_990) > 10_000);
    }

    #[test]
    fn a_full_disk_keeps_what_it_has_and_the_rest_follows_in_its_place_when_there_is_room() {
        let disk = Disk::default();
        // Room for the header, two blocks and a part of the third.
        disk.room.set(44 + 2 * 32_000 + 7_777);
        let mut wav = Wav::new();
        let mut scratch = Scratch::default();
        wav.create(disk.again()).expect("room");
        wav.append(0, &side(LOUD), &side(SILENCE), &mut scratch).expect("room");
        wav.append(500, &side(LOUD), &side(SILENCE), &mut scratch).expect("room");
        wav.append(1_000, &side(LOUD), &side(SILENCE), &mut scratch).expect_err("full");
        assert!(!wav.has_file());
        assert!((950..=1_000).contains(&(disk.samples().len() / 32)));

        wav.reopen(disk.again()).expect("readable");
        wav.append(1_500, &side(LOUD), &side(SILENCE), &mut scratch).expect_err("still full");
        assert!((950..=1_000).contains(&(disk.samples().len() / 32)));

        disk.room.set(usize::MAX / 2);
        wav.reopen(disk.again()).expect("readable");
        wav.append(2_000, &side(SILENCE), &side(LOUD), &mut scratch).expect("room");
        assert_eq!(wav.finish(&mut scratch).expect("room"), Some(2_500));
        let samples = disk.samples();
        assert!(peak(&samples, 0, 0, 950) > 10_000);
        assert_eq!((peak(&samples, 0, 1_010, 1_970), peak(&samples, 1, 0, 1_990)), (0, 0));
        assert!(peak(&samples, 1, 2_010, 2_490) > 10_000);
    }
}
