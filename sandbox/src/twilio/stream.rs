//! One media stream: the socket, both directions of audio, and nothing else. One task carries it, at the cost of one
//! wake-up per 20 ms, one per audio message and one per mark.

use std::collections::VecDeque;
use std::time::Duration;

use engine::audio::frame::{FRAME_LEN, FRAME_MS, SILENCE};
use futures_util::{SinkExt, StreamExt};
use reqwest::Url;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{sleep_until, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderValue, header};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async_tls_with_config};

use super::Warning;
use super::echo::{Echo, Return};
use super::line::{Happening, Order, Reporter};
use super::playback::{Arrival, Playback};
use super::way::{Network, Way};
use super::webhook::{Addresses, CONNECT_DEADLINE, authority};
use super::wire::{CONNECTED, Inbound, Outbox, read};

const FRAME: Duration = Duration::from_millis(FRAME_MS);

/// A peer that takes nothing for this long is gone.
const SEND_DEADLINE: Duration = Duration::from_secs(5);

/// How long the other side may take to answer our close.
const CLOSE_DEADLINE: Duration = Duration::from_secs(2);

/// Twilio names no limit for messages; a minute of audio in one is surely a mistake.
const MESSAGE_BYTES_MAX: usize = 1 << 20;

pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Why a stream is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StreamEnd {
    /// The caller hung up, and the other side was told.
    CallerHungUp,
    /// The other side closed, or the network failed: the next verb is due.
    Closed,
}

/// Opens the WebSocket of a `<Stream url>`, signed as that address stands in the TwiML.
pub(super) async fn open(url: &str, signature: Option<String>, addresses: &Addresses) -> Result<Socket, Warning> {
    let failed = |code, text: String| Warning { code, text: format!("stream {url}: {text}") };
    let known = Url::options()
        .base_url(Some(&addresses.public))
        .parse(url)
        .map_err(|error| failed(31_923, format!("malformed address: {error}")))?;
    if known.scheme() != "wss" {
        return Err(failed(31_922, "the address must begin with wss://".to_owned()));
    }
    let real = addresses.real(&known);
    let mut request =
        real.as_str().into_client_request().map_err(|error| failed(31_923, format!("malformed address: {error}")))?;
    let mut set = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::try_from(value) {
            request.headers_mut().insert(name, value);
        }
    };
    set(header::HOST.as_str(), authority(&known));
    set(header::USER_AGENT.as_str(), "Twilio.TmeWs/1.0".to_owned());
    if let Some(signature) = signature {
        set("x-twilio-signature", signature);
    }
    let config = WebSocketConfig::default()
        .read_buffer_size(4 << 10)
        .write_buffer_size(0)
        .max_message_size(Some(MESSAGE_BYTES_MAX));
    let connect = async {
        let address = (real.host_str().unwrap_or_default(), real.port_or_known_default().unwrap_or(443));
        let tcp = TcpStream::connect(address).await.map_err(|error| failed(31_902, error.to_string()))?;
        tcp.set_nodelay(true).map_err(|error| failed(31_902, error.to_string()))?;
        match client_async_tls_with_config(request, tcp, Some(config), None).await {
            Ok((socket, _)) => Ok(socket),
            Err(Error::Tls(error)) => Err(failed(31_910, error.to_string())),
            Err(error) => Err(failed(31_920, error.to_string())),
        }
    };
    match timeout(CONNECT_DEADLINE, connect).await {
        Ok(opened) => opened,
        Err(_) => Err(failed(31_901, format!("no connection within {CONNECT_DEADLINE:?}"))),
    }
}

/// A stream in progress.
pub(super) struct Stream<'a> {
    socket: Socket,
    /// On their way to the gateway.
    there: Way<Message>,
    /// On their way from it; the socket's end is the last.
    back: Way<Option<Result<Message, Error>>>,
    ended: bool,
    reporter: &'a Reporter,
    outbox: Outbox,
    playback: Playback,
    /// What was played and not yet told.
    heard: Vec<u8>,
    /// What of it comes back, where the line returns it.
    echo: Option<Return>,
    speech: Speech,
    /// When the next frame of the caller is due.
    next_frame: Duration,
    frames_to_lose: u32,
    last_arrival: Option<Duration>,
    /// Twilio reports each kind of nonsense once per stream.
    warned_binary: bool,
    warned_text: bool,
}

/// What the caller is saying, clip by clip.
#[derive(Debug, Default)]
struct Speech {
    clips: VecDeque<Vec<u8>>,
    /// How much of the first clip was said.
    said: usize,
}

/// The connection is of no use any more.
struct Gone;

impl<'a> Stream<'a> {
    pub(super) fn new(
        socket: Socket,
        reporter: &'a Reporter,
        outbox: Outbox,
        network: Network,
        echo: Option<Echo>,
    ) -> Self {
        Self {
            socket,
            there: network.there(),
            back: network.back(),
            ended: false,
            reporter,
            outbox,
            playback: Playback::default(),
            heard: Vec::new(),
            echo: echo.map(Return::new),
            speech: Speech::default(),
            next_frame: reporter.now() + FRAME,
            frames_to_lose: 0,
            last_arrival: None,
            warned_binary: false,
            warned_text: false,
        }
    }

    /// Carries the stream until it is over. `before_start` is sent out of turn, for gateways to cope with.
    pub(super) async fn carry(
        mut self,
        before_start: &[String],
        parameters: &[(String, String)],
        orders: &mut mpsc::Receiver<Order>,
    ) -> StreamEnd {
        let start = self.outbox.start(parameters);
        let end = match self.greet(before_start, start).await {
            Ok(()) => self.exchange(orders).await,
            Err(Gone) => Err(Gone),
        };
        let end = end.unwrap_or_else(|Gone| {
            self.reporter.warn(31_903, "the WebSocket broke");
            self.reporter.tell(Happening::Closed { code: None, properly: false });
            StreamEnd::Closed
        });
        self.tell_heard(self.reporter.now());
        end
    }

    async fn greet(&mut self, before_start: &[String], start: String) -> Result<(), Gone> {
        self.send(Message::text(CONNECTED)).await?;
        for text in before_start {
            self.send(Message::text(text.as_str())).await?;
        }
        self.send(Message::text(start)).await?;
        self.reporter.tell(Happening::StreamStarted { stream_sid: self.outbox.stream_sid().to_owned() });
        Ok(())
    }

    async fn exchange(&mut self, orders: &mut mpsc::Receiver<Order>) -> Result<StreamEnd, Gone> {
        let wake = sleep_until(self.reporter.instant(self.next_frame));
        tokio::pin!(wake);
        loop {
            let due = self.reporter.instant(self.next_due());
            if wake.deadline() != due {
                wake.as_mut().reset(due);
            }
            tokio::select! {
                () = &mut wake => self.frame_if_due().await?,
                message = self.socket.next(), if !self.ended => {
                    self.ended = !matches!(message, Some(Ok(_)));
                    self.back.send(self.reporter.now(), message);
                }
                order = orders.recv() => {
                    if let Some(end) = self.obey(order.unwrap_or(Order::HangUp)).await? {
                        return Ok(end);
                    }
                }
            }
            let now = self.reporter.now();
            while let Some(message) = self.back.arrived(now) {
                if let Some(end) = self.receive(message).await? {
                    return Ok(end);
                }
            }
            self.play(self.reporter.now()).await?;
            self.depart().await?;
        }
    }

    /// When anything is to be done, whatever comes.
    fn next_due(&self) -> Duration {
        let dues = [self.playback.next_mark_due(), self.there.next_due(), self.back.next_due()];
        dues.into_iter().flatten().fold(self.next_frame, Duration::min)
    }

    /// Sends the caller's next 20 ms, if their time has come. Times are absolute: what is late is not skipped.
    async fn frame_if_due(&mut self) -> Result<(), Gone> {
        let now = self.reporter.now();
        if now < self.next_frame {
            return Ok(());
        }
        let late = now - self.next_frame;
        self.next_frame += FRAME;
        if self.frames_to_lose > 0 {
            self.frames_to_lose -= 1;
            self.speech.take(self.reporter);
            self.outbox.lose_frame();
            return Ok(());
        }
        let mut frame = self.speech.take(self.reporter);
        if let Some(echo) = &mut self.echo {
            echo.mix(self.next_frame - FRAME, &mut frame);
        }
        let message = self.outbox.media(&frame);
        self.reporter.count(|tally| {
            tally.own_lateness.add(late);
            tally.frames_sent += 1;
            tally.played = self.playback.played();
        });
        self.tell_heard(now);
        self.send(Message::text(message)).await
    }

    /// Plays up to now and echoes the marks that were reached.
    async fn play(&mut self, now: Duration) -> Result<(), Gone> {
        let told = self.heard.len();
        let reached = self.playback.advance(now, &mut self.heard);
        if let (Some(echo), Some(ended)) = (&mut self.echo, self.playback.played_until()) {
            echo.played(ended, &self.heard[told..]);
        }
        for name in reached {
            self.tell_heard(now);
            self.echo(name, false).await?;
        }
        Ok(())
    }

    async fn echo(&mut self, name: String, cleared: bool) -> Result<(), Gone> {
        let message = self.outbox.mark(&name);
        self.reporter.count(|tally| tally.marks += 1);
        self.reporter.tell(Happening::Mark { name, cleared });
        self.send(Message::text(message)).await
    }

    fn tell_heard(&mut self, now: Duration) {
        if !self.heard.is_empty() {
            self.reporter.tell_at(now, Happening::Heard(std::mem::take(&mut self.heard)));
        }
    }

    async fn receive(&mut self, message: Option<Result<Message, Error>>) -> Result<Option<StreamEnd>, Gone> {
        let now = self.reporter.now();
        self.play(now).await?;
        match message {
            Some(Ok(Message::Text(text))) => match read(text.as_str(), self.outbox.stream_sid()) {
                Ok(inbound) => self.take(now, inbound).await?,
                Err(reason) if !std::mem::replace(&mut self.warned_text, true) => self.reporter.warn(31_951, reason),
                Err(_) => self.reporter.count(|tally| tally.warnings += 1),
            },
            Some(Ok(Message::Binary(_))) if !std::mem::replace(&mut self.warned_binary, true) => {
                self.reporter.warn(31_950, "a binary message");
            }
            Some(Ok(Message::Close(frame))) => {
                self.tell_heard(now);
                let code = frame.map(|frame| u16::from(frame.code));
                self.reporter.warn(31_921, "the other side closed the stream");
                self.reporter.tell(Happening::Closed { code, properly: true });
                // The answer to their close is queued by tungstenite; this lets it out.
                let _ = timeout(CLOSE_DEADLINE, self.socket.close(None)).await;
                return Ok(Some(StreamEnd::Closed));
            }
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return Err(Gone),
        }
        Ok(None)
    }

    async fn take(&mut self, now: Duration, inbound: Inbound) -> Result<(), Gone> {
        match inbound {
            Inbound::Media(audio) => {
                self.arrived(now, &audio);
                Ok(())
            }
            Inbound::Mark(name) => match self.playback.mark(name) {
                Some(name) => self.echo(name, false).await,
                None => Ok(()),
            },
            Inbound::Clear => {
                self.tell_heard(now);
                let dropped = self.playback.clear();
                self.last_arrival = None;
                self.reporter.count(|tally| {
                    tally.clears += 1;
                    tally.dropped += dropped.audio;
                });
                self.reporter.tell_at(now, Happening::Cleared { dropped: dropped.audio, past: dropped.past });
                for name in dropped.marks {
                    self.echo(name, true).await?;
                }
                Ok(())
            }
        }
    }

    fn arrived(&mut self, now: Duration, audio: &[u8]) {
        let arrival = self.playback.append(now, audio);
        let before = self.last_arrival.replace(now);
        self.reporter.count(|tally| {
            tally.frames_received += 1;
            match arrival {
                Arrival::InTime => tally.lateness.add(Duration::ZERO),
                Arrival::Late(by) => tally.lateness.add(by),
                Arrival::First | Arrival::Refused => return,
            }
            if let Some(before) = before {
                tally.spacing.add(now.saturating_sub(before));
            }
        });
        if arrival == Arrival::Refused {
            self.reporter.warn(31_951, "more than 35 minutes of audio are waiting; this message is dropped");
        }
    }

    async fn obey(&mut self, order: Order) -> Result<Option<StreamEnd>, Gone> {
        match order {
            Order::Say(clip) if !clip.is_empty() => self.speech.clips.push_back(clip),
            Order::Say(_) => {}
            Order::Hush => self.speech = Speech::default(),
            Order::LoseFrames(frames) => self.frames_to_lose += frames,
            Order::Press(digit) => {
                let message = self.outbox.dtmf(digit);
                self.send(Message::text(message)).await?;
            }
            Order::Text(text) => self.send(Message::text(text)).await?,
            Order::Binary(bytes) => self.send(Message::binary(bytes)).await?,
            Order::DropSocket => return Err(Gone),
            Order::HangUp => {
                self.hang_up().await;
                return Ok(Some(StreamEnd::CallerHungUp));
            }
        }
        Ok(None)
    }

    /// Says `stop`, closes, and gives the other side a moment to close, too.
    async fn hang_up(&mut self) {
        let stop = Message::text(self.outbox.stop());
        self.there.send(self.reporter.now(), stop);
        self.there.hurry();
        let close = async {
            if self.depart().await.is_ok() && self.socket.close(None).await.is_ok() {
                while let Some(Ok(_)) = self.socket.next().await {}
            }
        };
        let closed = timeout(CLOSE_DEADLINE, close).await.is_ok();
        tracing::debug!(closed, "the caller hung up");
    }

    async fn send(&mut self, message: Message) -> Result<(), Gone> {
        self.there.send(self.reporter.now(), message);
        self.depart().await
    }

    /// Whatever has been under way long enough arrives.
    async fn depart(&mut self) -> Result<(), Gone> {
        while let Some(message) = self.there.arrived(self.reporter.now()) {
            match timeout(SEND_DEADLINE, self.socket.send(message)).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return Err(Gone),
            }
        }
        Ok(())
    }
}

impl Speech {
    /// The caller's next 20 ms: silence when nothing is being said.
    fn take(&mut self, reporter: &Reporter) -> [u8; FRAME_LEN] {
        let mut frame = [SILENCE; FRAME_LEN];
        let Some(clip) = self.clips.front() else { return frame };
        let rest = &clip[self.said..];
        let length = rest.len().min(FRAME_LEN);
        frame[..length].copy_from_slice(&rest[..length]);
        if self.said == 0 {
            reporter.tell(Happening::Saying);
        }
        self.said += length;
        if self.said == clip.len() {
            self.clips.pop_front();
            self.said = 0;
            reporter.tell(Happening::Said);
        }
        frame
    }
}
