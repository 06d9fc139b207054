//! Orders in which voice and words come, and what turns they make.

use statecharts::proposal::Expect;

use super::*;
use crate::business::Business;

struct Ear {
    listening: Listening,
    timers: Timers,
    out: Vec<Output>,
    business: Business,
    expects: Expect,
}

impl Ear {
    fn new(expects: Expect) -> Self {
        let business = serde_json::json!({
            "name": "Harbor Street Barbers", "time_zone": "America/New_York", "hours": {},
            "services": [{"id": "haircut", "name": "a haircut", "also": ["hair cut"], "minutes": 30},
                         {"id": "beard_trim", "name": "a beard trim", "minutes": 30}],
            "staff": [{"id": "sam", "name": "Sam"}],
        });
        Self {
            listening: Listening::new(false),
            timers: Timers::default(),
            out: Vec::new(),
            business: serde_json::from_value(business).expect("a business"),
            expects,
        }
    }

    fn with_vendor_that_decides(expects: Expect) -> Self {
        Self { listening: Listening::new(true), ..Self::new(expects) }
    }

    fn hears(&mut self, ms: u64, input: Input) -> Vec<Heard> {
        let situation = Situation {
            business: &self.business,
            now: chrono::NaiveDate::from_ymd_opt(2026, 11, 23)
                .and_then(|day| day.and_hms_opt(10, 0, 0))
                .expect("a moment"),
            expects: self.expects,
            offered: &[],
            half: None,
            day_in_mind: None,
            half_name: None,
            detail: None,
            service: None,
        };
        let mut heard = Vec::new();
        let at = CallTime::from_ms(ms);
        self.listening.handle(at, &input, &situation, &mut self.timers, &mut heard);
        self.listening.look_again(at, &situation, &mut self.timers, &mut heard);
        heard
    }

    /// A voice from `from` to `to`, as the detector tells it.
    fn voice(&mut self, from: u64, to: u64) -> Vec<Heard> {
        self.hears(from, Input::VoiceStarted);
        self.hears(to + 240, Input::VoiceEnded { voiced_ms: (to - from) as u32 })
    }

    /// When the turn ends if nothing more is heard, and its words.
    fn left_alone(&mut self) -> Option<(u64, String)> {
        while let Some((due, Timer::EndOfTurn)) = self.timers.soonest() {
            self.timers.take_due(due);
            if let Some(turn) = self.listening.end_of_turn_due(due, &mut self.timers, &mut self.out) {
                return Some((due.as_ms(), turn.text));
            }
        }
        None
    }
}

fn interim(text: &str) -> Input {
    Input::Interim { text: text.into(), confidence: 0.9 }
}

fn last(text: &str, ends_turn: bool) -> Input {
    Input::Final { text: text.into(), confidence: 0.95, from_ms: 0, to_ms: 0, ends_turn, words: Vec::new() }
}

fn turn_of(heard: &[Heard]) -> Option<String> {
    heard.iter().find_map(|heard| if let Heard::Turn(turn) = heard { Some(turn.text.clone()) } else { None })
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn finals_are_joined_until_the_turn_is_over() {
    let mut ear = Ear::new(Expect::Anything);
    ear.hears(0, Input::VoiceStarted);
    ear.hears(900, last("A haircut please,", false));
    ear.hears(1_500, interim("tomorrow"));
    ear.hears(2_040, Input::VoiceEnded { voiced_ms: 1_800 });
    let heard = ear.hears(2_200, last("tomorrow at three.", true));
    assert_eq!(turn_of(&heard), some("A haircut please, tomorrow at three."));
    assert!(!ear.listening.has_words());
}

#[test]
fn an_answer_ends_its_turn_as_soon_as_its_words_are_there() {
    let mut ear = Ear::new(Expect::YesNo);
    ear.voice(0, 400);
    assert_eq!(turn_of(&ear.hears(720, last("Yes.", false))), some("Yes."));
}

#[test]
fn a_complete_interim_ends_the_turn_without_the_vendors_end() {
    let mut ear = Ear::new(Expect::YesNo);
    ear.voice(0, 400);
    assert_eq!(turn_of(&ear.hears(710, interim("yes please"))), some("yes please"));
    assert_eq!(ear.hears(1_100, last("Yes, please.", true)), []);
    assert_eq!(ear.left_alone(), None);
}

#[test]
fn an_interim_that_may_lack_the_last_words_is_asked_about_first() {
    let mut ear = Ear::new(Expect::YesNo);
    ear.hears(0, Input::VoiceStarted);
    ear.hears(500, interim("yes"));
    ear.hears(940, Input::VoiceEnded { voiced_ms: 700 });
    assert_eq!(ear.timers.take_due(CallTime::from_ms(1_300)), Some(Timer::EndOfTurn));
    assert_eq!(ear.listening.end_of_turn_due(CallTime::from_ms(1_300), &mut ear.timers, &mut ear.out), None);
    assert_eq!(ear.out, [Output::FinishUtterance]);
    assert_eq!(turn_of(&ear.hears(1_450, last("Yes, that's right.", false))), some("Yes, that's right."));
}

#[test]
fn a_silent_vendor_is_asked_and_then_done_without() {
    let mut ear = Ear::new(Expect::Service);
    ear.hears(0, Input::VoiceStarted);
    ear.hears(500, interim("a beard trim"));
    ear.hears(1_000, Input::VoiceEnded { voiced_ms: 800 });
    assert_eq!(ear.left_alone(), Some((1_800, "a beard trim".to_owned())));
    assert_eq!(ear.out, [Output::FinishUtterance]);
}

#[test]
fn a_vendor_that_has_no_more_ends_the_wait_for_it() {
    let mut ear = Ear::new(Expect::Service);
    ear.hears(0, Input::VoiceStarted);
    ear.hears(500, interim("a beard trim"));
    ear.hears(1_000, Input::VoiceEnded { voiced_ms: 800 });
    ear.timers.take_due(CallTime::from_ms(1_400));
    ear.listening.end_of_turn_due(CallTime::from_ms(1_400), &mut ear.timers, &mut ear.out);
    assert_eq!(turn_of(&ear.hears(1_520, last("", false))), some("a beard trim"));
}

#[test]
fn a_sentence_that_cannot_end_there_is_waited_for_although_the_vendor_calls_it_over() {
    let mut ear = Ear::new(Expect::Anything);
    ear.voice(0, 1_000);
    assert_eq!(turn_of(&ear.hears(1_400, last("I'd like a haircut on.", true))), None);
    ear.hears(1_900, Input::VoiceStarted);
    assert_eq!(ear.timers.soonest(), None);
    ear.hears(2_740, Input::VoiceEnded { voiced_ms: 600 });
    let heard = ear.hears(2_900, last("Friday at two.", true));
    assert_eq!(turn_of(&heard), some("I'd like a haircut on Friday at two."));
}

#[test]
fn a_sentence_that_never_ends_is_answered_as_far_as_it_goes() {
    let mut ear = Ear::new(Expect::Anything);
    ear.voice(0, 1_000);
    ear.hears(1_400, last("I'd like a haircut on.", true));
    assert_eq!(turn_of(&ear.hears(2_100, Input::UtteranceEnded)), None);
    assert_eq!(ear.left_alone(), Some((2_400, "I'd like a haircut on".to_owned())));
}

#[test]
fn a_number_is_over_with_its_last_digit_and_not_before() {
    let mut ear = Ear::new(Expect::Phone);
    ear.voice(0, 1_000);
    assert_eq!(turn_of(&ear.hears(1_400, last("two one two", true))), None);
    assert_eq!(ear.timers.soonest(), Some((CallTime::from_ms(2_750), Timer::EndOfTurn)));
    ear.voice(2_100, 3_000);
    assert_eq!(turn_of(&ear.hears(3_400, last("five five five", true))), None);
    ear.voice(4_000, 5_000);
    let heard = ear.hears(5_300, interim("oh one nine nine"));
    assert_eq!(turn_of(&heard), some("two one two five five five oh one nine nine"));
}

#[test]
fn a_name_being_spelled_is_given_time() {
    let mut ear = Ear::new(Expect::Name);
    ear.voice(0, 1_000);
    ear.hears(1_300, last("H O P", true));
    assert_eq!(ear.left_alone(), Some((2_750, "H O P".to_owned())));
}

#[test]
fn a_caller_who_pauses_is_given_time_the_next_time() {
    let mut ear = Ear::new(Expect::Time);
    ear.voice(0, 500);
    ear.hears(900, last("Friday", true));
    ear.voice(950, 1_300);
    ear.hears(1_340, interim("morning"));
    ear.hears(1_700, last("morning", true));
    let usual = ear.left_alone().expect("a turn").0;
    for _ in 0..4 {
        ear.voice(10_000, 10_500);
        ear.hears(10_900, last("on Friday", false));
        ear.voice(11_600, 12_000);
        ear.hears(12_340, last("twenty seventh", false));
        ear.left_alone().expect("a turn");
    }
    ear.voice(20_000, 20_500);
    ear.hears(20_900, last("Friday", true));
    let patient = ear.left_alone().expect("a turn").0 - 20_500;
    assert!(usual - 1_300 == 500 && (900..=1_000).contains(&patient), "{usual} and {patient}");
}

#[test]
fn a_vendor_that_decides_turns_is_believed_about_words_that_could_end() {
    let mut ear = Ear::with_vendor_that_decides(Expect::Time);
    ear.voice(0, 500);
    ear.hears(800, interim("Friday"));
    assert_eq!(turn_of(&ear.hears(850, last("Friday.", true))), some("Friday."));
    ear.voice(5_000, 5_500);
    ear.hears(5_850, last("on Friday, um", true));
    assert_eq!(ear.left_alone(), Some((6_900, "on Friday, um".to_owned())));
}

#[test]
fn a_gap_between_words_ends_the_turn_in_noise() {
    let mut ear = Ear::new(Expect::Anything);
    ear.hears(0, Input::VoiceStarted);
    ear.hears(900, last("Friday at two", false));
    assert_eq!(ear.timers.soonest(), None);
    assert_eq!(turn_of(&ear.hears(2_000, Input::UtteranceEnded)), some("Friday at two"));
}

#[test]
fn a_pause_that_the_vendor_reports_after_the_voice_came_back_ends_nothing() {
    let mut ear = Ear::new(Expect::Anything);
    ear.voice(0, 1_000);
    ear.hears(1_300, Input::VoiceStarted);
    assert_eq!(turn_of(&ear.hears(1_450, last("I'd like a haircut.", true))), None);
    assert_eq!(ear.timers.soonest(), None);
}

#[test]
fn a_final_that_comes_after_its_turn_was_taken_is_no_second_turn() {
    let mut ear = Ear::new(Expect::Anything);
    ear.hears(500, interim("a beard trim"));
    ear.listening.force(CallTime::from_ms(1_000), &mut ear.timers).expect("words are there");
    assert_eq!(ear.hears(1_400, last("A beard trim.", true)), []);
    ear.hears(2_500, last("Friday at two.", true));
    assert_eq!(ear.left_alone(), Some((2_700, "Friday at two.".to_owned())));
}

#[test]
fn what_a_late_final_adds_is_a_turn_of_its_own_unless_it_is_a_politeness() {
    for (late, more) in [("A beard trim on Friday.", Some("on Friday.")), ("A beard trim, please.", None)] {
        let mut ear = Ear::new(Expect::Anything);
        ear.hears(500, interim("a beard trim"));
        ear.listening.force(CallTime::from_ms(1_000), &mut ear.timers).expect("words are there");
        let heard = ear.hears(1_400, last(late, true));
        let turn = turn_of(&heard).or(ear.left_alone().map(|(_, text)| text));
        assert_eq!(turn.as_deref(), more);
        assert_eq!(heard.contains(&Heard::Aside("please.".into())), more.is_none());
    }
}

#[test]
fn the_rest_of_a_segment_does_not_say_again_what_was_taken_of_it() {
    let mut ear = Ear::new(Expect::Anything);
    ear.hears(500, interim("a beard trim"));
    let turn = ear.listening.force(CallTime::from_ms(1_000), &mut ear.timers).expect("words are there");
    assert_eq!(ear.hears(1_200, interim("A beard trim")), []);
    assert_eq!(ear.hears(1_500, interim("A beard trim on"))[0], Heard::Words("on".into()));
    ear.listening.resume(turn);
    let mut heard = ear.hears(2_300, last("A beard trim on Friday at two.", true));
    heard.retain(|heard| matches!(heard, Heard::Turn(_)));
    assert_eq!(turn_of(&heard), some("a beard trim on Friday at two."));
}

#[test]
fn an_interim_of_the_next_segment_is_not_taken_for_the_last_one() {
    let mut ear = Ear::new(Expect::YesNo);
    ear.hears(500, interim("yes"));
    ear.listening.force(CallTime::from_ms(1_000), &mut ear.timers).expect("words are there");
    assert_eq!(ear.hears(1_400, last("Yes.", true)), []);
    assert_eq!(ear.hears(2_000, interim("yes"))[0], Heard::Words("yes".into()));
}

#[test]
fn a_final_that_comes_twice_is_heard_once() {
    let mut ear = Ear::new(Expect::YesNo);
    let yes = Input::Final {
        text: "Yes.".into(),
        confidence: 0.95,
        from_ms: 200,
        to_ms: 600,
        ends_turn: true,
        words: Vec::new(),
    };
    ear.voice(200, 600);
    assert_eq!(turn_of(&ear.hears(900, yes.clone())), some("Yes."));
    assert_eq!(ear.hears(1_300, yes), []);
    let next = Input::Final {
        text: "Yes.".into(),
        confidence: 0.95,
        from_ms: 2_200,
        to_ms: 2_600,
        ends_turn: true,
        words: Vec::new(),
    };
    assert_eq!(turn_of(&ear.hears(2_900, next)), some("Yes."));
}

#[test]
fn the_first_word_of_a_name_is_waited_behind() {
    let mut ear = Ear::new(Expect::Name);
    ear.voice(0, 500);
    assert_eq!(turn_of(&ear.hears(850, last("Edwin.", true))), None);
    assert_eq!(ear.left_alone(), Some((1_400, "Edwin.".to_owned())));
    let mut ear = Ear::new(Expect::Name);
    ear.voice(0, 900);
    assert_eq!(turn_of(&ear.hears(1_250, last("Edwin Hubble.", true))), some("Edwin Hubble."));
}

#[test]
fn a_voice_that_comes_back_takes_the_deadline_away() {
    let mut ear = Ear::new(Expect::Anything);
    ear.hears(500, interim("on friday"));
    ear.hears(700, Input::VoiceEnded { voiced_ms: 300 });
    ear.hears(900, Input::VoiceStarted);
    assert_eq!(ear.timers.soonest(), None);
}

#[test]
fn words_of_a_turn_taken_too_early_come_first() {
    let mut ear = Ear::new(Expect::Time);
    ear.hears(500, last("tomorrow", true));
    let turn = ear.listening.force(CallTime::from_ms(700), &mut ear.timers).expect("words are there");
    ear.listening.resume(turn);
    assert_eq!(turn_of(&ear.hears(1_500, last("at three PM", true))), some("tomorrow at three PM"));
}

#[test]
fn a_turn_that_is_probably_over_is_named_once_for_the_same_words() {
    let mut ear = Ear::new(Expect::Time);
    ear.hears(0, Input::VoiceStarted);
    ear.hears(400, interim("Friday"));
    assert_eq!(ear.hears(840, Input::VoiceEnded { voiced_ms: 600 }), []);
    let heard = ear.hears(910, interim("Friday morning"));
    assert_eq!(heard[1], Heard::LikelyOver("Friday morning".into()));
    assert_eq!(ear.hears(950, interim("Friday morning")).len(), 1);
    let mut ear = Ear::with_vendor_that_decides(Expect::Time);
    let heard = ear.hears(900, Input::TurnLikelyOver { text: "Friday".into() });
    assert_eq!(heard[1], Heard::LikelyOver("Friday".into()));
    assert_eq!(ear.hears(1_000, Input::TurnResumed), [Heard::GoesOn]);
}

#[test]
fn the_end_of_speech_is_where_the_voice_ended_and_not_where_that_was_noticed() {
    let mut ear = Ear::new(Expect::YesNo);
    ear.voice(1_000, 1_400);
    let heard = ear.hears(1_720, last("Yes.", true));
    let Some(Heard::Turn(turn)) = heard.last() else { panic!("a turn") };
    assert_eq!(turn.speech_ended, CallTime::from_ms(1_400));
    assert_eq!(turn.transcribed, Some(CallTime::from_ms(1_720)));
}
