use std::collections::VecDeque;

use axum::extract::WebSocketUpgrade;
use engine::audio::frame::FRAME_LEN;

use super::*;

const CONNECTED: &str = r#"{"event":"connected","protocol":"Call","version":"1.0.0"}"#;
const START: &str =
    r#"{"event":"start","streamSid":"MZ1","start":{"callSid":"CA1","customParameters":{"ticket":"t"}}}"#;
const STOP: &str = r#"{"event":"stop","streamSid":"MZ1"}"#;
const KEY: &str = r#"{"event":"dtmf","streamSid":"MZ1","dtmf":{"digit":"5"}}"#;

/// A socket whose peer has a script. At its end the peer is silent, or gone.
#[derive(Debug)]
struct Scripted {
    incoming: VecDeque<Result<Message, axum::Error>>,
    sent: Vec<Message>,
    goes_silent: bool,
}

impl Scripted {
    fn saying(texts: &[&str]) -> Self {
        let incoming = texts.iter().map(|text| Ok(Message::text(*text))).collect();
        Self { incoming, sent: Vec::new(), goes_silent: false }
    }

    fn and(mut self, message: Message) -> Self {
        self.incoming.push_back(Ok(message));
        self
    }
}

impl Stream for Scripted {
    type Item = Result<Message, axum::Error>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let script = self.get_mut();
        match script.incoming.pop_front() {
            None if script.goes_silent => Poll::Pending,
            next => Poll::Ready(next),
        }
    }
}

impl Sink<Message> for Scripted {
    type Error = axum::Error;

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        Poll::Ready(Ok(()))
    }

    fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), axum::Error> {
        self.get_mut().sent.push(message);
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        Poll::Ready(Ok(()))
    }
}

async fn started(socket: Scripted) -> Leg<Scripted> {
    open(socket).await.expect("the script starts a stream").1
}

#[tokio::test]
async fn a_stream_starts_with_or_without_connected_and_past_some_noise() {
    for before in [&[][..], &[CONNECTED], &["{", KEY, CONNECTED]] {
        let (start, mut leg) = open(Scripted::saying(&[before, &[START, STOP]].concat())).await.expect("a start");
        assert_eq!((start.stream_sid.as_str(), start.call_sid.as_str()), ("MZ1", "CA1"));
        assert_eq!(start.parameters["ticket"], "t");
        assert_eq!(leg.next().await, Some(LegEvent::Stopped));
        assert_eq!(leg.next().await, None);
    }
}

#[tokio::test]
async fn a_peer_that_never_starts_is_refused_and_told() {
    let mut socket = Scripted::saying(&[KEY; BEFORE_START_MAX + 1]);
    assert!(matches!(await_start(&mut socket).await, Err(Refused::NoStart)));
    let gone = open(Scripted::saying(&[CONNECTED])).await.expect_err("the peer left");
    assert!(matches!(gone, Refused::Gone(_)), "{gone}");
    let mut socket = Scripted::saying(&[]);
    send_refusal(&mut socket, "no").await;
    assert!(matches!(&socket.sent[..], [Message::Close(Some(frame))] if frame.code == close_code::POLICY));
}

#[tokio::test]
async fn a_silent_peer_holds_nobody_up() {
    let mut socket = Scripted { goes_silent: true, ..Scripted::saying(&[CONNECTED]) };
    let waited = timeout(Duration::from_millis(5), await_start(&mut socket)).await;
    assert!(waited.is_err(), "only the deadline ends the wait");
}

#[tokio::test]
async fn a_start_without_a_call_is_refused_by_name() {
    let start = r#"{"event":"start","streamSid":"MZ1","start":{}}"#;
    let refused = open(Scripted::saying(&[start])).await.expect_err("no call");
    assert!(refused.to_string().contains("callSid"), "{refused}");
}

#[tokio::test]
async fn binary_messages_are_malformed_and_the_stream_goes_on() {
    let socket = Scripted::saying(&[START])
        .and(Message::Binary(bytes::Bytes::from_static(b"\0")))
        .and(Message::Ping(bytes::Bytes::new()))
        .and(Message::text(KEY))
        .and(Message::text(STOP));
    let events: Vec<LegEvent> = started(socket).await.collect().await;
    assert_eq!(events, [LegEvent::Malformed("binary"), LegEvent::Key('5'), LegEvent::Stopped]);
}

#[tokio::test]
async fn an_end_without_a_stop_is_a_loss() {
    let closed = Message::Close(Some(CloseFrame { code: 1006, reason: "gone".into() }));
    for (socket, why) in [
        (Scripted::saying(&[START]), "closed without a stop"),
        (Scripted::saying(&[START]).and(closed), "code 1006 \"gone\""),
    ] {
        let events: Vec<LegEvent> = started(socket).await.collect().await;
        assert!(matches!(&events[..], [LegEvent::Lost(said)] if said.contains(why)), "{events:?}");
    }
    let mut broken = Scripted::saying(&[START]);
    broken.incoming.push_back(Err(axum::Error::new("reset by peer")));
    let events: Vec<LegEvent> = started(broken).await.collect().await;
    assert_eq!(events, [LegEvent::Lost("reset by peer".to_owned())]);
}

#[tokio::test]
async fn our_own_close_is_no_loss() {
    let mut leg = started(Scripted::saying(&[START])).await;
    leg.close().await.expect("closing works");
    assert_eq!(leg.next().await, None);
}

#[tokio::test]
async fn orders_become_messages_in_their_order() {
    let mut leg = started(Scripted::saying(&[START])).await;
    leg.feed(LegOrder::Frame([1; FRAME_LEN])).await.expect("room");
    leg.feed(LegOrder::Clear).await.expect("room");
    leg.flush().await.expect("sent");
    let sent: Vec<&str> = leg.socket.sent.iter().map(|message| message.to_text().expect("text")).collect();
    assert!(sent[0].starts_with(r#"{"event":"media","streamSid":"MZ1","media":{"payload":""#));
    assert_eq!(sent[1], r#"{"event":"clear","streamSid":"MZ1"}"#);
}

/// Serves one media socket, hands what becomes of it to `run`, and gives the address.
async fn serve<F, Fut>(run: F) -> String
where
    F: FnOnce(WebSocket) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let upgrade = async move |upgrade: WebSocketUpgrade| upgrade.max_message_size(64 << 10).on_upgrade(run);
    let router = axum::Router::new().route("/media", axum::routing::any(upgrade));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("ws://{address}/media")
}

#[tokio::test]
async fn a_real_socket_carries_frames_both_ways_until_a_message_is_too_large() {
    use tokio_tungstenite::tungstenite::Message as Sent;
    let (events, mut heard) = tokio::sync::mpsc::channel(64);
    let address = serve(async move |socket| {
        let (_, mut leg) = open(socket).await.expect("a start");
        while let Some(event) = leg.next().await {
            if let LegEvent::Frame { frame, .. } = &event {
                leg.send(LegOrder::Frame(*frame)).await.expect("the peer listens");
            }
            events.send(event).await.expect("the test listens");
        }
    })
    .await;
    let (mut peer, _) = tokio_tungstenite::connect_async(&address).await.expect("an upgrade");
    let media = format!(
        r#"{{"event":"media","streamSid":"MZ1","media":{{"timestamp":"0","payload":"{}"}}}}"#,
        "//8A".repeat(54)
    );
    for text in [CONNECTED, START, &media] {
        peer.send(Sent::text(text)).await.expect("sent");
    }
    let echo = timeout(Duration::from_secs(5), peer.next()).await.expect("in time").expect("open").expect("a message");
    assert!(echo.to_text().expect("text").contains("//8A//8A"), "{echo}");
    assert!(matches!(heard.recv().await, Some(LegEvent::Frame { stream_ms: 0, .. })));
    // The other side may hang up before it has read all of this.
    let _ = peer.send(Sent::text("x".repeat(1 << 17))).await;
    let rest = timeout(Duration::from_secs(5), async { (heard.recv().await, heard.recv().await) });
    let (tail, lost) = rest.await.expect("in time");
    assert!(matches!(tail, Some(LegEvent::Frame { stream_ms: 20, .. })), "two bytes were left over: {tail:?}");
    assert!(matches!(&lost, Some(LegEvent::Lost(why)) if why.contains("too long")), "{lost:?}");
}

#[tokio::test]
async fn a_refused_peer_reads_why_in_the_close() {
    let address = serve(async |socket| {
        let refused = open(socket).await.expect_err("no call in the start");
        assert!(matches!(refused, Refused::Unusable(_)), "{refused}");
    })
    .await;
    let (mut peer, _) = tokio_tungstenite::connect_async(&address).await.expect("an upgrade");
    let start = START.replace("CA1", "");
    peer.send(tokio_tungstenite::tungstenite::Message::text(start)).await.expect("sent");
    let close = timeout(Duration::from_secs(5), peer.next()).await.expect("in time").expect("open").expect("a message");
    assert!(close.is_close() && close.to_text().is_ok_and(|reason| reason == "no media stream"), "{close:?}");
}
