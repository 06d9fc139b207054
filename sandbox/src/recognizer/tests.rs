use std::path::Path;

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
