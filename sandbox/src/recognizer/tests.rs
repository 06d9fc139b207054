use std::num::NonZeroU32;
use std::path::Path;

use engine::audio::mulaw;
use engine::audio::resample::Resampler;

use super::*;
use crate::clips::{self, Clip};

fn clips() -> Vec<Clip> {
    clips::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/utterances")).expect("the clips are committed")
}

fn clip(id: &str) -> Clip {
    clips().into_iter().find(|clip| clip.id == id).expect("a clip of this name")
}

fn silence(ms: usize) -> Vec<u8> {
    vec![0xff; ms * 8]
}

fn listen(pieces: &[&[u8]], frame: usize) -> Ear {
    let mut ear = Ear::new(Lexicon::new(clips()));
    for piece in pieces.concat().chunks(frame) {
        ear.push(piece);
    }
    ear
}

fn text(words: &[HeardWord]) -> String {
    words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_clip_is_heard_word_for_word_whatever_the_offset_and_framing() {
    let lexicon = Lexicon::new(clips());
    for (n, clip) in clips().into_iter().enumerate() {
        let mut ear = Ear::new(lexicon.clone());
        let audio = [vec![0xff; 777 + 13 * n], clip.audio, silence(300)].concat();
        for frame in audio.chunks([160, 80, 640, 33, 1_000][n % 5]) {
            ear.push(frame);
        }
        assert_eq!(text(&ear.words()), clip.text, "{}", clip.id);
    }
}

#[test]
fn words_are_heard_one_after_another_as_they_go_by() {
    let clip = clip("open-tue-10");
    let mut ear = Ear::new(Lexicon::new(clips()));
    let mut before = 0;
    for frame in [clip.audio.clone(), silence(300)].concat().chunks(160) {
        ear.push(frame);
        let words = ear.words();
        assert!(clip.text.starts_with(&text(&words)), "{}", text(&words));
        assert!(words.len() == before || words.len() == before + 1);
        before = words.len();
    }
    assert_eq!(before, clip.words.len());
}

#[test]
fn a_clip_cut_off_gives_the_words_that_were_said() {
    let clip = clip("open-tue-10");
    let until = clip.words[4].to as usize;
    let ear = listen(&[&silence(500), &clip.audio[..until], &silence(1_000)], 160);
    assert_eq!(text(&ear.words()), "Hi, I'd like a haircut");
    let ear = listen(&[&clip.audio[until..], &silence(1_000)], 160);
    assert_eq!(text(&ear.words()), "on Tuesday at ten.");
}

#[test]
fn two_clips_one_after_another_are_both_heard() {
    for pause in [100, 2_000] {
        let (one, other) = (clip("tomorrow-3"), clip("ada"));
        let ear = listen(&[&silence(333), &one.audio, &silence(pause), &other.audio, &silence(300)], 160);
        assert_eq!(text(&ear.words()), "Tomorrow at three. Ada Lovelace.");
        let ear = listen(&[&one.audio, &silence(pause), &one.audio, &silence(300)], 160);
        assert_eq!(text(&ear.words()), "Tomorrow at three. Tomorrow at three.");
    }
}

#[test]
fn a_clip_with_lost_frames_keeps_its_words() {
    let clip = clip("open-fri-2");
    let kept = [&clip.audio[..6_000], &clip.audio[6_480..]].concat();
    assert_eq!(text(&listen(&[&silence(200), &kept, &silence(300)], 160).words()), clip.text);
}

#[test]
fn words_are_where_they_were_said() {
    let clip = clip("grace");
    let ear = listen(&[&silence(1_000), &clip.audio, &silence(500)], 160);
    for (heard, said) in ear.words().iter().zip(&clip.words) {
        assert_eq!((heard.from, heard.to), (8_000 + u64::from(said.from), 8_000 + u64::from(said.to)));
    }
}

#[test]
fn voice_starts_and_ends_with_the_clip() {
    let clip = clip("yes-please");
    let ear = listen(&[&silence(1_000), &clip.audio, &silence(700)], 160);
    let (first, last) = (&clip.words[0], clip.words.last().expect("a word"));
    let started = ear.voice_started().expect("somebody spoke");
    let ended = ear.last_voice().expect("somebody spoke");
    assert!(started.abs_diff(8_000 + u64::from(first.from)) < 800, "{started}");
    assert!(ended.abs_diff(8_000 + u64::from(last.to)) < 1_200, "{ended} {}", last.to);
}

#[test]
fn silence_has_neither_voice_nor_words() {
    let ear = listen(&[&silence(5_000)], 160);
    assert_eq!((ear.voice_started(), ear.words().len()), (None, 0));
}

#[test]
fn speech_learnt_while_a_stream_is_open_is_heard_on_it() {
    let lexicon = Lexicon::default();
    let mut ear = Ear::new(lexicon.clone());
    let clip = clip("parking");
    ear.push(&clip.audio);
    ear.push(&silence(500));
    assert!(ear.words().is_empty());
    lexicon.learn(clip.clone());
    ear.push(&clip.audio);
    ear.push(&silence(100));
    assert_eq!(text(&ear.words()), clip.text);
}

/// Clips of all voices, long and short, that differ from others in a word.
const SOME: [&str; 6] = ["open-tue-9", "open-tue-10", "yes", "no-thats-all", "grace", "mm-hm"];

fn samples(audio: &[u8]) -> Vec<i16> {
    audio.iter().map(|&code| mulaw::decode(code)).collect()
}

fn on_the_line(samples: impl IntoIterator<Item = f32>) -> Vec<u8> {
    samples.into_iter().map(|sample| mulaw::encode(sample as i16)).collect()
}

/// White noise of a level, the same each time.
fn noise(rms: f32) -> impl Iterator<Item = f32> {
    let next =
        |state: &u64| Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
    let uniform = std::iter::successors(Some(1_u64), next);
    uniform.map(move |state| ((state >> 33) as f32 / (1_u64 << 30) as f32 - 1.0) * rms * 3_f32.sqrt())
}

/// What is heard of audio, and with how much confidence at least.
fn understood(audio: &[u8]) -> (String, f32) {
    let words = listen(&[audio], 160).words();
    (text(&words), words.iter().map(|word| word.confidence).fold(1.0, f32::min))
}

fn resampled(samples: &[i16], from_hz: u32, to_hz: u32) -> Vec<i16> {
    let rate = |hz| NonZeroU32::new(hz).expect("not zero");
    let mut resampler = Resampler::new(rate(from_hz), rate(to_hz));
    let mut out = Vec::new();
    resampler.push(samples, &mut out);
    resampler.flush(&mut out);
    out
}

#[test]
fn a_clip_at_half_its_level_is_understood() {
    for id in SOME {
        let clip = clip(id);
        let quiet = on_the_line(samples(&clip.audio).into_iter().map(|sample| f32::from(sample) / 2.0));
        let (heard, confidence) = understood(&[silence(505), quiet, silence(800)].concat());
        assert_eq!(heard, clip.text);
        assert!(confidence > 0.7, "{heard}: {confidence}");
    }
}

#[test]
fn a_clip_in_noise_of_15_db_is_understood() {
    for id in SOME {
        let clip = clip(id);
        let alone = [silence(1_507), clip.audio.clone(), silence(1_000)].concat();
        // The clips are 3,000 RMS; 15 dB below that is 533.
        let noisy = samples(&alone).into_iter().zip(noise(533.0)).map(|(sample, noise)| f32::from(sample) + noise);
        let (heard, confidence) = understood(&on_the_line(noisy));
        assert_eq!(heard, clip.text);
        assert!(confidence > 0.2, "{heard}: {confidence}");
    }
}

#[test]
fn a_clip_that_went_through_other_rates_is_understood() {
    for id in SOME {
        let clip = clip(id);
        let wide = resampled(&samples(&clip.audio), 8_000, 24_000);
        // A sample lost at the higher rate moves everything by a third of one at the lower.
        let narrow = resampled(&wide[1..], 24_000, 8_000).into_iter().map(f32::from);
        let (heard, confidence) = understood(&[silence(503), on_the_line(narrow), silence(800)].concat());
        assert_eq!(heard, clip.text);
        assert!(confidence > 0.7, "{heard}: {confidence}");
    }
}

#[test]
fn words_of_a_likeness_come_as_they_go_by_and_where_they_are() {
    let clip = clip("open-tue-10");
    let quiet = on_the_line(samples(&clip.audio).into_iter().map(|sample| f32::from(sample) / 2.0));
    let mut ear = Ear::new(Lexicon::new(clips()));
    ear.push(&silence(500));
    ear.push(&quiet[..clip.words[5].to as usize]);
    assert_eq!(text(&ear.words()), "Hi, I'd like a haircut");
    ear.push(&quiet[clip.words[5].to as usize..]);
    ear.push(&silence(800));
    for (heard, said) in ear.words().iter().zip(&clip.words) {
        assert!(heard.from.abs_diff(4_000 + u64::from(said.from)) < 800, "{heard:?} {said:?}");
    }
}

#[test]
fn no_word_of_somebody_quick_ends_before_it_was_heard() {
    for id in SOME {
        let clip = clip(id);
        // A tenth quicker, so that the clip's own times run ahead of the speech.
        let quick: Vec<f32> = resampled(&samples(&clip.audio), 8_000, 7_200).into_iter().map(f32::from).collect();
        let mut ear = Ear::new(Lexicon::new(clips()));
        for piece in [silence(500), on_the_line(quick), silence(800)].concat().chunks(160) {
            ear.push(piece);
            for word in ear.words() {
                assert!(word.from <= word.to && word.to <= ear.position(), "{id}: {word:?} at {}", ear.position());
            }
        }
    }
}

#[test]
fn speech_and_noise_that_are_not_known_have_no_words() {
    let phrases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/phrases");
    for phrase in clips::load(&phrases).expect("the clips are committed").iter().step_by(6) {
        let (heard, confidence) = understood(&[silence(500), phrase.audio.clone(), silence(800)].concat());
        assert!(heard.is_empty() || confidence < 0.3, "{} was taken for {heard}: {confidence}", phrase.text);
    }
    let hiss = on_the_line(noise(1_000.0).take(40_000));
    assert_eq!(understood(&[silence(1_000), hiss].concat()).0, "");
}
