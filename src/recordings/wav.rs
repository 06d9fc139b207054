//! A WAV file that grows while a call goes on, and is whole after every block.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::num::NonZeroU32;

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

/// A recording on disk: two sides, two resamplers (some 3 KiB each), and a file that may come and go.
pub(super) struct Wav<F: Read + Write + Seek> {
    caller: Side,
    assistant: Side,
    /// Telephone samples a side that were taken so far.
    taken: u64,
    /// Stored samples a side that were made so far, whether or not the disk took them.
    made: u64,
    file: Option<WavWriter<Guarded<F>>>,
}

/// One channel on its way to 16 kHz.
struct Side {
    resampler: Resampler,
    /// Ready and not interleaved yet; emptied with each block.
    ready: Vec<i16>,
}

/// Room to decode a block in; shared by all recordings, because one thread writes them all.
pub(super) type Scratch = Vec<i16>;

impl<F: Read + Write + Seek> Wav<F> {
    /// A recording without a file yet.
    pub(super) fn new() -> Self {
        Self { caller: Side::new(), assistant: Side::new(), taken: 0, made: 0, file: None }
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
        let known = ((self.taken - from) as usize).min(caller.len());
        result.and(self.push(&caller[known..], &assistant[known..], scratch))
    }

    /// Ends the recording: the last milliseconds leave the resamplers. Gives its length in milliseconds as it is on disk.
    pub(super) fn finish(&mut self) -> io::Result<u64> {
        self.caller.resampler.flush(&mut self.caller.ready);
        self.assistant.resampler.flush(&mut self.assistant.ready);
        self.store()?;
        let Some(file) = self.file.take() else { return Ok(0) };
        let duration_ms = u64::from(file.duration()) * 1_000 / u64::from(STORED_RATE_HZ);
        file.finalize().map_err(io_error)?;
        Ok(duration_ms)
    }

    fn push(&mut self, caller: &[u8], assistant: &[u8], scratch: &mut Scratch) -> io::Result<()> {
        self.caller.push(caller, scratch);
        self.assistant.push(assistant, scratch);
        self.taken += caller.len() as u64;
        self.store()
    }

    /// Writes what is ready, and what an earlier file missed before it.
    fn store(&mut self) -> io::Result<()> {
        let result = match &mut self.file {
            Some(file) => write(file, self.made, &self.caller.ready, &self.assistant.ready),
            None => Ok(()),
        };
        self.made += self.caller.ready.len() as u64;
        self.caller.ready.clear();
        self.assistant.ready.clear();
        if result.is_err() {
            self.file = None;
        }
        result
    }
}

impl Side {
    fn new() -> Self {
        let rate = |hz| NonZeroU32::new(hz).expect("neither rate is zero");
        Self { resampler: Resampler::new(rate(RATE_HZ), rate(STORED_RATE_HZ)), ready: Vec::new() }
    }

    fn push(&mut self, codes: &[u8], scratch: &mut Scratch) {
        scratch.clear();
        scratch.extend(codes.iter().map(|&code| mulaw::decode(code)));
        self.resampler.push(scratch, &mut self.ready);
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
