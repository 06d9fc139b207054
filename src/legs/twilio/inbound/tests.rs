use engine::audio::frame::{Frame, SILENCE};
use engine::audio::mark::Mark;
use engine::io::PhraseId;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;

fn events(inbound: &mut Inbound, text: &str) -> Vec<LegEvent> {
    inbound.read(text);
    std::iter::from_fn(|| inbound.next()).collect()
}

fn media(timestamp_ms: usize, audio: &[u8]) -> String {
    let payload = BASE64.encode(audio);
    format!(
        r#"{{"event":"media","sequenceNumber":"4","streamSid":"MZ1","media":{{"track":"inbound","chunk":"2","timestamp":"{timestamp_ms}","payload":"{payload}"}}}}"#
    )
}

fn frame(stream_ms: u64, frame: Frame) -> LegEvent {
    LegEvent::Frame { stream_ms, frame }
}

#[test]
fn a_frame_arrives_as_it_was_sent() {
    let mut inbound = Inbound::new("MZ1");
    let audio: Frame = std::array::from_fn(|at| at as u8);
    assert_eq!(events(&mut inbound, &media(0, &audio)), [frame(0, audio)]);
    assert_eq!(events(&mut inbound, &media(20, &audio)), [frame(20, audio)]);
}

#[test]
fn payloads_of_random_lengths_give_every_byte_once_and_in_order() {
    let mut random = StdRng::seed_from_u64(7);
    for _ in 0..50 {
        let audio: Vec<u8> = (0..random.random_range(0..5_000)).map(|_| random.random()).collect();
        let mut inbound = Inbound::new("MZ1");
        let mut heard = Vec::new();
        let mut sent = 0;
        while sent < audio.len() {
            let length = random.random_range(0..=700).min(audio.len() - sent);
            for event in events(&mut inbound, &media(sent / 8, &audio[sent..sent + length])) {
                let LegEvent::Frame { stream_ms, frame } = event else { panic!("{event:?}") };
                assert_eq!(stream_ms as usize, heard.len() / 8);
                heard.extend(frame);
            }
            sent += length;
        }
        inbound.end(None);
        while let Some(LegEvent::Frame { frame, .. }) = inbound.next() {
            heard.extend(frame);
        }
        assert_eq!(heard[..audio.len()], audio);
        assert!(heard[audio.len()..].iter().all(|byte| *byte == SILENCE));
        assert!(heard.len() < audio.len() + FRAME_LEN);
    }
}

#[test]
fn a_gap_gives_the_frame_cut_short_before_the_new_one() {
    let mut inbound = Inbound::new("MZ1");
    assert_eq!(events(&mut inbound, &media(0, &[1; 80])), []);
    let mut cut_short = [SILENCE; FRAME_LEN];
    cut_short[..80].fill(1);
    assert_eq!(events(&mut inbound, &media(500, &[2; 160])), [frame(0, cut_short), frame(500, [2; FRAME_LEN])]);
}

#[test]
fn escaped_slashes_plain_numbers_unpadded_and_unknown_fields_are_understood() {
    let mut inbound = Inbound::new("MZ1");
    let payload = BASE64.encode([0xff; FRAME_LEN]).replace('/', "\\/").replace('=', "");
    let text = format!(
        r#"{{"event":"media","streamSid":"MZ1","extra":[1,{{"a":null}}],"media":{{"timestamp":40,"payload":"{payload}","x":1}}}}"#
    );
    assert_eq!(events(&mut inbound, &text), [frame(40, [0xff; FRAME_LEN])]);
}

#[test]
fn our_own_track_is_not_the_caller() {
    let mut inbound = Inbound::new("MZ1");
    let text = media(0, &[1; 160]).replace(r#""inbound""#, r#""outbound""#);
    assert_eq!(events(&mut inbound, &text), []);
}

#[test]
fn keys_and_marks_are_events() {
    let mut inbound = Inbound::new("MZ1");
    let key =
        r##"{"event":"dtmf","sequenceNumber":"9","streamSid":"MZ1","dtmf":{"track":"inbound_track","digit":"#"}}"##;
    assert_eq!(events(&mut inbound, key), [LegEvent::Key('#')]);
    let mark = r#"{"event":"mark","sequenceNumber":"12","streamSid":"MZ1","mark":{"name":"g3.p17.1200e"}}"#;
    let expected = Mark { generation: 3, phrase: PhraseId(17), offset_ms: 1_200, ends_phrase: true };
    assert_eq!(events(&mut inbound, mark), [LegEvent::Mark(expected)]);
}

#[test]
fn a_stop_gives_the_last_piece_of_audio_first() {
    let mut inbound = Inbound::new("MZ1");
    events(&mut inbound, &media(0, &[1; 8]));
    let stop = r#"{"event":"stop","sequenceNumber":"5","streamSid":"MZ1","stop":{"accountSid":"AC1","callSid":"CA1"}}"#;
    let mut last = [SILENCE; FRAME_LEN];
    last[..8].fill(1);
    assert_eq!(events(&mut inbound, stop), [frame(0, last), LegEvent::Stopped]);
}

#[test]
fn what_makes_no_sense_is_named_and_otherwise_ignored() {
    let cases = [
        ("", "message"),
        ("{", "message"),
        ("null", "message"),
        ("[]", "message"),
        (r#"{"streamSid":"MZ1"}"#, "message"),
        (r#"{"event":7,"streamSid":"MZ1"}"#, "message"),
        (r#"{"event":"media","streamSid":"MZ1","media":{}}"#, "message"),
        (r#"{"event":"media","streamSid":"MZ1","media":{"timestamp":"-1","payload":""}}"#, "message"),
        (r#"{"event":"media","streamSid":"MZ1"}"#, "media"),
        (r#"{"event":"media","streamSid":"MZ1","media":{"payload":"*"}}"#, "payload"),
        (r#"{"event":"media","streamSid":"MZ2","media":{"payload":""}}"#, "stream_sid"),
        (r#"{"event":"media","media":{"payload":""}}"#, "stream_sid"),
        (r#"{"event":"dtmf","streamSid":"MZ1","dtmf":{"digit":"12"}}"#, "dtmf"),
        (r#"{"event":"dtmf","streamSid":"MZ1","dtmf":{"digit":"A"}}"#, "dtmf"),
        (r#"{"event":"mark","streamSid":"MZ1","mark":{"name":"utt-7"}}"#, "mark"),
        (r#"{"event":"mark","streamSid":"MZ1"}"#, "mark"),
        (r#"{"event":"start","streamSid":"MZ1"}"#, "second_start"),
        (r#"{"event":"applause","streamSid":"MZ1"}"#, "event"),
    ];
    let mut inbound = Inbound::new("MZ1");
    for (text, kind) in cases {
        assert_eq!(events(&mut inbound, text), [LegEvent::Malformed(kind)], "{text}");
    }
    assert_eq!(events(&mut inbound, &media(0, &[3; 160])), [frame(0, [3; FRAME_LEN])]);
}

#[test]
fn damaged_messages_never_panic() {
    let mut random = StdRng::seed_from_u64(11);
    let whole = media(20, &[9; 160]).into_bytes();
    let mut inbound = Inbound::new("MZ1");
    for _ in 0..3_000 {
        let mut damaged = whole.clone();
        for _ in 0..random.random_range(1..6) {
            let at = random.random_range(0..damaged.len());
            damaged[at] = random.random();
        }
        damaged.truncate(random.random_range(0..=damaged.len()));
        let text = String::from_utf8_lossy(&damaged);
        events(&mut inbound, &text);
        read_opening(&text);
    }
}

#[test]
fn a_start_tells_whose_call_it_is() {
    let text = r#"{"event":"start","sequenceNumber":"1","streamSid":"MZ1","start":{"streamSid":"MZ1","accountSid":"AC1",
        "callSid":"CA2","tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},
        "customParameters":{"ticket":"a\/b"}}}"#;
    let Opening::Start(start) = read_opening(text) else { panic!("a start") };
    assert_eq!((start.stream_sid.as_str(), start.call_sid.as_str()), ("MZ1", "CA2"));
    assert_eq!(start.account_sid, "AC1");
    assert_eq!(start.parameters["ticket"], "a/b");
}

#[test]
fn a_start_that_cannot_be_used_says_why() {
    let cases = [
        (r#"{"event":"start","streamSid":"MZ1"}"#, "no start object in it"),
        (r#"{"event":"start","start":{"callSid":"CA1"}}"#, "streamSid is missing"),
        (r#"{"event":"start","streamSid":"","start":{"callSid":"CA1"}}"#, "streamSid is missing"),
        (r#"{"event":"start","streamSid":"MZ1","start":{"streamSid":"MZ2","callSid":"CA1"}}"#, "differ"),
        (r#"{"event":"start","streamSid":"MZ1","start":{}}"#, "callSid is missing"),
        (
            r#"{"event":"start","streamSid":"MZ1","start":{"callSid":"CA1","customParameters":{"n":1}}}"#,
            "expected a string",
        ),
        (
            r#"{"event":"start","streamSid":"MZ1","start":{"callSid":"CA1","mediaFormat":{"sampleRate":16000}}}"#,
            "8000 Hz",
        ),
    ];
    for (text, reason) in cases {
        let Opening::Unusable(said) = read_opening(text) else { panic!("{text}") };
        assert!(said.contains(reason), "{said:?} for {text}");
    }
    for text in ["", r#"{"event":"connected","protocol":"Call","version":"1.0.0"}"#, &media(0, &[1; 160])] {
        assert!(matches!(read_opening(text), Opening::NotYet), "{text}");
    }
}
