use super::*;

fn mark(name: &str) -> Input {
    Input::MarkReached(name.parse().expect("a mark"))
}

fn tell(speaking: &mut Speaking, ms: u64, input: Input) -> Vec<Progress> {
    let mut progress = Vec::new();
    speaking.handle(CallTime::from_ms(ms), &input, &mut progress);
    progress
}

/// Phrases of two seconds, in which each word takes as long as the next.
fn speaking_of(texts: &[&str]) -> (Speaking, Vec<Output>) {
    let (mut speaking, mut out) = (Speaking::default(), Vec::new());
    for text in texts {
        let phrase = speaking.say((*text).to_owned(), Interruptible::ByAnything, &mut out);
        let words = text.split_whitespace().count() as u32;
        let word_ends_ms = (1..=words).map(|word| 2_000 * word / words).collect();
        tell(&mut speaking, 0, Input::PhraseSynthesized { phrase, length_ms: 2_000, word_ends_ms, cached: true });
    }
    (speaking, out)
}

#[test]
fn phrases_finish_one_by_one_and_then_there_is_silence() {
    let (mut speaking, _) = speaking_of(&["Hello.", "How can I help?"]);
    tell(&mut speaking, 1_000, Input::PhraseStarted { phrase: PhraseId(0) });
    assert!(matches!(tell(&mut speaking, 1_200, mark("g0.p0.200"))[..], [Progress::FirstHeard(PhraseId(0))]));
    let finished = tell(&mut speaking, 3_000, mark("g0.p0.2000e"));
    assert!(matches!(&finished[..], [Progress::Finished(spoken)] if spoken.from == CallTime::from_ms(1_000)));
    let last = tell(&mut speaking, 5_000, mark("g0.p1.2000e"));
    assert_eq!(last.last(), Some(&Progress::Silent));
}

#[test]
fn a_stop_cuts_at_the_word_that_was_heard() {
    let (mut speaking, mut out) = speaking_of(&["one two three four five six seven eight", "Never begun."]);
    tell(&mut speaking, 1_000, Input::PhraseStarted { phrase: PhraseId(0) });
    tell(&mut speaking, 2_000, mark("g0.p0.1000"));
    speaking.stop(CallTime::from_ms(2_050), &mut out);
    assert_eq!(out.last(), Some(&Output::ClearPlayout { generation: 1 }));
    let dropped = speaking.drop_held(CallTime::from_ms(2_400));
    assert_eq!(dropped[0].heard, "one two three four");
    assert_eq!(dropped[0].unheard, "five six seven eight");
    assert_eq!((dropped[1].heard.as_str(), dropped[1].unheard.as_str()), ("", "Never begun."));
    assert!(dropped[0].to <= CallTime::from_ms(2_050));
}

#[test]
fn a_phrase_whose_audio_never_ended_is_dropped_with_all_behind_it() {
    let (mut speaking, mut out) = speaking_of(&["Thank you."]);
    tell(&mut speaking, 1_000, Input::PhraseStarted { phrase: PhraseId(0) });
    speaking.say("I have nine AM.".to_owned(), Interruptible::ByAnything, &mut out);
    speaking.say("Which suits you best?".to_owned(), Interruptible::ByAnything, &mut out);
    let spoken = speaking.assume_heard(CallTime::from_ms(9_000), &mut out);
    assert_eq!(out.last(), Some(&Output::ClearPlayout { generation: 1 }));
    let heard: Vec<&str> = spoken.iter().map(|spoken| spoken.heard.as_str()).collect();
    assert_eq!(heard, ["Thank you.", "", ""]);
    assert!(!speaking.is_busy());
}

#[test]
fn marks_echoed_by_a_clear_prove_nothing() {
    let (mut speaking, mut out) = speaking_of(&["Hello there, caller."]);
    tell(&mut speaking, 0, Input::PhraseStarted { phrase: PhraseId(0) });
    speaking.stop(CallTime::from_ms(100), &mut out);
    assert!(tell(&mut speaking, 101, mark("g0.p0.2000e")).is_empty());
    assert_eq!(speaking.drop_held(CallTime::from_ms(200))[0].heard, "");
}

#[test]
fn what_was_stopped_goes_on_from_its_word() {
    let (mut speaking, mut out) = speaking_of(&["one two three four five six seven eight"]);
    tell(&mut speaking, 0, Input::PhraseStarted { phrase: PhraseId(0) });
    tell(&mut speaking, 1_000, mark("g0.p0.1000"));
    speaking.stop(CallTime::from_ms(1_000), &mut out);
    assert!(speaking.resume(&mut out));
    let Some(Output::Speak { generation: 1, from_ms, .. }) = out.last() else { panic!("it goes on: {out:?}") };
    assert!((850..=1_150).contains(from_ms), "{from_ms}");
    let finished = tell(&mut speaking, 3_000, mark("g1.p1.2000e"));
    assert!(matches!(&finished[..], [.., Progress::Finished(spoken), Progress::Silent]
        if spoken.heard == "one two three four five six seven eight"));
}

#[test]
fn what_goes_on_from_its_clause_counts_as_heard_once() {
    let (mut speaking, mut out) = speaking_of(&["one two, three four five six"]);
    tell(&mut speaking, 0, Input::PhraseStarted { phrase: PhraseId(0) });
    tell(&mut speaking, 1_400, mark("g0.p0.1400"));
    speaking.stop(CallTime::from_ms(1_400), &mut out);
    speaking.go_back_to_clause();
    speaking.resume(&mut out);
    let Some(Output::Speak { from_ms: 500..=900, .. }) = out.last() else { panic!("from the comma: {out:?}") };
    speaking.stop(CallTime::from_ms(5_000), &mut out);
    assert_eq!(speaking.drop_held(CallTime::from_ms(5_000))[0].heard, "one two, three four");
}

#[test]
fn what_is_held_stays_held_when_all_is_stopped_again() {
    let (mut speaking, mut out) = speaking_of(&["one two three", "four five six"]);
    speaking.stop(CallTime::from_ms(10), &mut out);
    speaking.say("seven".to_owned(), Interruptible::ByAnything, &mut out);
    speaking.stop(CallTime::from_ms(20), &mut out);
    tell(&mut speaking, 20, cleared(2, 2, 0));
    assert_eq!(speaking.drop_held(CallTime::from_ms(30)).len(), 3);
}

#[test]
fn a_position_never_runs_further_than_a_mark_past_what_is_proved() {
    let (mut speaking, mut out) = speaking_of(&["one two three four five six seven eight"]);
    tell(&mut speaking, 0, Input::PhraseStarted { phrase: PhraseId(0) });
    speaking.stop(CallTime::from_ms(60_000), &mut out);
    assert_eq!(speaking.drop_held(CallTime::from_ms(60_000))[0].heard, "one");
}

fn cleared(generation: u32, phrase: u32, heard_ms: u32) -> Input {
    Input::PlayoutCleared { generation, phrase: PhraseId(phrase), heard_ms }
}

#[test]
fn what_the_leg_says_of_a_clear_counts_and_not_what_was_guessed() {
    let (mut speaking, mut out) = speaking_of(&["one two three four five six seven eight", "Never begun."]);
    tell(&mut speaking, 1_000, Input::PhraseStarted { phrase: PhraseId(0) });
    tell(&mut speaking, 2_000, mark("g0.p0.1000"));
    speaking.stop(CallTime::from_ms(2_050), &mut out);
    tell(&mut speaking, 2_050, cleared(1, 0, 1_400));
    tell(&mut speaking, 2_300, cleared(1, 0, 700));
    let dropped = speaking.drop_held(CallTime::from_ms(2_400));
    assert_eq!(dropped[0].heard, "one two three");
    assert_eq!(dropped[0].to, CallTime::from_ms(1_700));
}

#[test]
fn phrases_before_the_one_that_was_cleared_were_heard_whole() {
    let (mut speaking, mut out) = speaking_of(&["Hello.", "How can I help you?"]);
    tell(&mut speaking, 0, Input::PhraseStarted { phrase: PhraseId(0) });
    tell(&mut speaking, 1_900, mark("g0.p0.1800"));
    speaking.stop(CallTime::from_ms(2_000), &mut out);
    let finished = tell(&mut speaking, 2_000, cleared(1, 1, 100));
    assert!(matches!(&finished[..], [Progress::Finished(spoken)] if spoken.heard == "Hello."));
    assert!(speaking.resume(&mut out));
    assert!(matches!(out.last(), Some(Output::Speak { from_ms: 0, text, .. }) if text == "How can I help you?"));
}

#[test]
fn what_was_heard_before_a_second_stop_stays_heard() {
    let (mut speaking, mut out) = speaking_of(&["one two three four five six seven eight"]);
    tell(&mut speaking, 0, Input::PhraseStarted { phrase: PhraseId(0) });
    speaking.stop(CallTime::from_ms(1_000), &mut out);
    tell(&mut speaking, 1_000, cleared(1, 0, 1_000));
    speaking.resume(&mut out);
    speaking.stop(CallTime::from_ms(1_500), &mut out);
    assert_eq!(speaking.drop_held(CallTime::from_ms(1_600))[0].heard, "one two three four");
}

#[test]
fn words_end_where_the_synthesizer_says() {
    let (mut speaking, mut out) = speaking_of(&["one two three"]);
    let word_ends_ms = vec![1_500, 1_800, 2_000];
    tell(
        &mut speaking,
        0,
        Input::PhraseSynthesized { phrase: PhraseId(0), length_ms: 2_000, word_ends_ms, cached: true },
    );
    tell(&mut speaking, 0, Input::PhraseStarted { phrase: PhraseId(0) });
    speaking.stop(CallTime::from_ms(1_600), &mut out);
    tell(&mut speaking, 1_600, cleared(1, 0, 1_600));
    assert_eq!(speaking.held[0].clone().cut(CallTime::from_ms(1_600)).heard, "one");
    speaking.resume(&mut out);
    assert!(matches!(out.last(), Some(Output::Speak { from_ms: 1_500, .. })));
}

#[test]
fn a_phrase_that_is_stuck_gets_no_time_of_those_behind_it() {
    let (mut speaking, mut out) = speaking_of(&["I'm sorry, I'm having trouble hearing you."]);
    tell(&mut speaking, 0, Input::PhraseStarted { phrase: PhraseId(0) });
    let before = speaking.progress();
    speaking.say("Are you still there?".to_owned(), Interruptible::ByAnything, &mut out);
    assert_eq!(speaking.progress(), before, "nothing moved");
    tell(&mut speaking, 200, mark("g0.p0.200"));
    assert_ne!(speaking.progress(), before);
}
