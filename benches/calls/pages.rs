//! Visitors of a web page who talk as long as they are let, each over a socket of its own, in Opus both ways.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicIsize, Ordering};
use std::time::Duration;

use anyhow::{Context, ensure};
use engine::audio::mulaw;
use futures_util::{SinkExt, StreamExt};
use ropus::{Application, Bitrate, Channels, Encoder};
use sandbox::clips::Clip;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const FRAME: Duration = Duration::from_millis(20);

/// Frames of quiet between one question and the next: nine seconds, in which the answer is heard.
const BREATH_FRAMES: usize = 450;

/// What can be asked for ever without the session coming to an end.
const QUESTIONS: [&str; 5] = ["how-much", "hours", "where", "parking", "by-card"];

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// All visitors.
pub struct Crowd {
    address: String,
    /// Packets of each question, the silence behind it included.
    packets: Arc<Vec<Vec<Vec<u8>>>>,
    over: watch::Sender<bool>,
    visits: JoinSet<anyhow::Result<u64>>,
    connected: Arc<AtomicIsize>,
}

impl Crowd {
    pub fn new(port: u16, utterances: &[Clip]) -> Self {
        let clips = utterances.iter().filter(|clip| QUESTIONS.contains(&clip.id.as_str()));
        Self {
            address: format!("127.0.0.1:{port}"),
            packets: Arc::new(clips.map(|clip| packets(&clip.audio)).collect()),
            over: watch::channel(false).0,
            visits: JoinSet::new(),
            connected: Arc::default(),
        }
    }

    /// One more.
    pub fn visit(&mut self) {
        let number = self.visits.len();
        let (address, packets) = (self.address.clone(), Arc::clone(&self.packets));
        let (over, connected) = (self.over.subscribe(), Arc::clone(&self.connected));
        self.visits.spawn(async move {
            let socket = open(&address).await?;
            connected.fetch_add(1, Ordering::Relaxed);
            let heard = talk(socket, &packets, number, over).await;
            connected.fetch_sub(1, Ordering::Relaxed);
            heard
        });
    }

    /// How many have a session at the moment.
    pub fn connected(&self) -> isize {
        self.connected.load(Ordering::Relaxed)
    }

    /// Everybody leaves. Gives how many frames each heard.
    pub async fn leave(mut self) -> anyhow::Result<Vec<u64>> {
        let _ = self.over.send(true);
        let mut heard = Vec::new();
        while let Some(visit) = self.visits.join_next().await {
            heard.push(visit??);
        }
        Ok(heard)
    }
}

async fn open(address: &str) -> anyhow::Result<Socket> {
    let url = format!("http://{address}/talk/harbor-street-barbers/token");
    let answer = reqwest::Client::new().post(url).header("origin", format!("http://{address}")).send().await?;
    let given: Value = answer.error_for_status()?.json().await?;
    let mut request = format!("ws://{address}/voice-ws").into_client_request()?;
    request.headers_mut().insert("sec-websocket-protocol", "frontdesk.voice.v1".parse()?);
    let (mut socket, _) = connect_async(request).await?;
    let audio = json!({"up": "opus", "down": "opus", "rate_hz": 48_000});
    let hello = json!({"type": "hello", "version": 1, "token": given["token"], "audio": audio});
    socket.send(Message::text(hello.to_string())).await?;
    let welcome = socket.next().await.context("no welcome")??;
    ensure!(welcome.to_text()?.contains("welcome"), "{welcome}");
    Ok(socket)
}

async fn talk(
    mut socket: Socket,
    packets: &[Vec<Vec<u8>>],
    number: usize,
    mut over: watch::Receiver<bool>,
) -> anyhow::Result<u64> {
    let mut clock = interval(FRAME);
    clock.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut speech = (number..).flat_map(|question| packets[question % packets.len()].iter());
    let (mut sequence, mut heard) = (0_u32, 0);
    // What was sent to us is heard by then; marks wait for their moment.
    let mut plays_until = Instant::now();
    let mut marks: VecDeque<(Instant, String)> = VecDeque::new();
    loop {
        tokio::select! {
            _ = over.changed() => {
                socket.send(Message::text(r#"{"type":"bye"}"#)).await?;
                return Ok(heard);
            }
            now = clock.tick() => {
                let mut message = vec![1, 1, 0, 0];
                message.extend(sequence.to_be_bytes());
                message.extend(speech.next().context("it never ends")?);
                sequence += 1;
                socket.feed(Message::binary(message)).await?;
                while marks.front().is_some_and(|(due, _)| *due <= now) {
                    let (_, name) = marks.pop_front().context("it is there")?;
                    socket.feed(Message::text(json!({"type": "mark", "name": name}).to_string())).await?;
                }
                socket.flush().await?;
            }
            message = socket.next() => match message.context("the session ended")?? {
                Message::Binary(_) => {
                    heard += 1;
                    plays_until = plays_until.max(Instant::now()) + FRAME;
                }
                Message::Text(text) if text.contains(r#""type":"mark""#) => {
                    let mark: Value = serde_json::from_str(&text)?;
                    marks.push_back((plays_until, mark["name"].as_str().unwrap_or_default().to_owned()));
                }
                Message::Text(text) if text.contains(r#""type":"clear""#) => {
                    plays_until = Instant::now();
                    marks.iter_mut().for_each(|(due, _)| *due = plays_until);
                }
                _ => {}
            },
        }
    }
}

/// As a browser encodes it: at 48 kHz, so that the gateway has the whole work of it.
fn packets(audio: &[u8]) -> Vec<Vec<u8>> {
    let encoder =
        Encoder::builder(48_000, Channels::Mono, Application::Voip).bitrate(Bitrate::Bits(16_000)).complexity(5);
    let mut encoder = encoder.build().expect("48 kHz mono is Opus");
    let quiet = vec![0xff; BREATH_FRAMES * 160];
    let frames = audio.chunks(160).chain(quiet.chunks(160)).filter(|frame| frame.len() == 160);
    let packet = |frame: &[u8]| {
        // As the page does when the microphone is quiet.
        if frame.iter().all(|code| *code == 0xff) {
            return Vec::new();
        }
        let wide: Vec<i16> = frame.iter().flat_map(|code| std::iter::repeat_n(mulaw::decode(*code), 6)).collect();
        let mut packet = [0; 1_275];
        let length = encoder.encode(&wide, &mut packet).expect("a frame of 20 ms");
        packet[..length].to_vec()
    };
    frames.map(packet).collect()
}
