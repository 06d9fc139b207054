//! The task that keeps a call's session: orders in, facts and speech out.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::audio::frame::Frame;
use engine::audio::speech::SpeechPart;
use engine::io::{Fault, Input, Message, PhraseId, Role};
use futures_util::{SinkExt, StreamExt};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Duration, Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message as Text;

use super::link::{self, Socket};
use super::wants::{Asking, Saying, Wants, is_the_same};
use super::wire::{self, Event, Response};
use super::{Config, Left, Order, Shared, lock};
use crate::vendors::excerpt;

/// The caller's audio that is kept until something was said about it: 3 s.
const KEPT_FRAMES_MAX: usize = 150;

/// How long a write may take.
const WRITE_MAX: Duration = Duration::from_secs(2);

/// Attempts at another session after one was lost; then the service is given up.
const ATTEMPTS_MAX: u32 = 2;

/// Responses in a row that may fail before the service is given up.
const FAILURES_MAX: u32 = 2;

/// The service tells no confidence. Its transcripts are good, and not sure.
const CONFIDENCE: f32 = 0.9;

/// How a session ended.
enum End {
    /// The call lets go of it.
    Gone,
    /// It was lost.
    Lost(Fault),
    /// The service cannot be worked with.
    Hopeless(Fault),
}

pub(super) struct Task {
    config: Arc<Config>,
    keyterms: Vec<String>,
    orders: mpsc::Receiver<Order>,
    facts: mpsc::Sender<Input>,
    speech: mpsc::Sender<(PhraseId, SpeechPart)>,
    shared: Arc<Shared>,
    wants: Wants,
    /// The conversation as the call remembers it: what was heard of us, and what the caller said.
    said: Vec<Message>,
    /// The caller's audio that nothing was said about yet.
    kept: VecDeque<(u64, Frame)>,
    /// Where this session's audio begins, in milliseconds of the call.
    origin_ms: Option<u64>,
    /// Where speech began and ended, by the item that it becomes.
    spans: BTreeMap<String, (u64, u64)>,
    /// Words of an item so far.
    words: BTreeMap<String, String>,
    speaking: bool,
    failures: u32,
    /// Tokens of what was said, to be told with the next answer.
    spoken_tokens: (u32, u32),
}

impl Task {
    pub(super) fn new(
        config: Arc<Config>,
        keyterms: Vec<String>,
        orders: mpsc::Receiver<Order>,
        facts: mpsc::Sender<Input>,
        speech: mpsc::Sender<(PhraseId, SpeechPart)>,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            config,
            keyterms,
            orders,
            facts,
            speech,
            shared,
            wants: Wants::default(),
            said: Vec::new(),
            kept: VecDeque::new(),
            origin_ms: None,
            spans: BTreeMap::new(),
            words: BTreeMap::new(),
            speaking: false,
            failures: 0,
            spoken_tokens: (0, 0),
        }
    }

    pub(super) async fn run(mut self) {
        let mut lost = 0;
        // Nobody is served meanwhile: however often it is tried, it is over within the time for one greeting.
        let mut without_since = Instant::now();
        loop {
            let fault = match link::open(&self.config, &self.keyterms, &self.said).await {
                Ok(socket) => {
                    let began = Instant::now();
                    match self.serve(socket).await {
                        End::Gone => return,
                        End::Hopeless(fault) => return self.give_up(fault).await,
                        End::Lost(fault) => {
                            // One that stood for a while is worth another.
                            if began.elapsed() > self.config.connect {
                                lost = 0;
                                without_since = Instant::now();
                            }
                            fault
                        }
                    }
                }
                Err(fault @ (Fault::GiveUp(_) | Fault::OurMistake(_))) => return self.give_up(fault).await,
                Err(fault) => fault,
            };
            lost += 1;
            if lost > ATTEMPTS_MAX || without_since.elapsed() >= self.config.connect {
                return self.give_up(fault).await;
            }
            tracing::info!(?fault, "a speech-to-speech session was lost; another is opened");
            if self.orders.is_closed() {
                return;
            }
            self.break_off(&fault).await;
        }
    }

    /// Carries one session. Another is opened ahead when it grows old, and takes its place in a silence.
    async fn serve(&mut self, mut socket: Socket) -> End {
        if let Err(end) = self.begin(&mut socket).await {
            return end;
        }
        let mut renew_at = Instant::now() + self.config.renew_after;
        let mut next: Option<JoinHandle<Result<Socket, Fault>>> = None;
        let mut ready: Option<Socket> = None;
        loop {
            if let Some(fresh) = ready.take_if(|_| self.wants.is_idle() && !self.speaking) {
                let _ = timeout(WRITE_MAX, socket.close(None)).await;
                socket = fresh;
                renew_at = Instant::now() + self.config.renew_after;
                tracing::debug!("the call goes on in another speech-to-speech session");
                if let Err(end) = self.begin(&mut socket).await {
                    return end;
                }
            }
            let owed_until = self.wants.owed_since().map(|since| since + self.config.first);
            let step = tokio::select! {
                order = self.orders.recv() => match order {
                    Some(order) => self.order(&mut socket, order).await,
                    None => return End::Gone,
                },
                message = socket.next() => match message {
                    Some(Ok(Text::Text(text))) => self.hear(&mut socket, &text).await,
                    Some(Ok(Text::Close(frame))) => {
                        let why = frame.map_or_else(String::new, |frame| frame.reason.to_string());
                        Err(lost(format!("the session was closed: {}", excerpt(&why, &self.config.key))))
                    }
                    Some(Ok(_)) => Ok(()),
                    Some(Err(error)) => Err(lost(format!("the session broke: {error}"))),
                    None => Err(lost("the session ended".to_owned())),
                },
                () = sleep_until(owed_until.unwrap_or(renew_at)), if owed_until.is_some() => {
                    Err(lost(format!("nothing came within {} ms", self.config.first.as_millis())))
                }
                () = sleep_until(renew_at), if next.is_none() && ready.is_none() => {
                    let (config, keyterms, said) = (Arc::clone(&self.config), self.keyterms.clone(), self.said.clone());
                    next = Some(tokio::spawn(async move { link::open(&config, &keyterms, &said).await }));
                    Ok(())
                }
                opened = async { next.as_mut().expect("it is there").await }, if next.is_some() => {
                    next = None;
                    match opened {
                        Ok(Ok(fresh)) => ready = Some(fresh),
                        // Until the old one ends there is time to try again.
                        _ => renew_at = Instant::now() + self.config.connect * 10,
                    }
                    Ok(())
                }
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    /// A new session hears first what nothing was said about.
    async fn begin(&mut self, socket: &mut Socket) -> Result<(), End> {
        self.origin_ms = None;
        self.spans.clear();
        self.words.clear();
        self.speaking = false;
        self.tell(Input::HearingStarted).await?;
        for (at_ms, frame) in self.kept.clone() {
            self.send_frame(socket, at_ms, &frame).await?;
        }
        self.say_next(socket).await
    }

    async fn order(&mut self, socket: &mut Socket, order: Order) -> Result<(), End> {
        match order {
            Order::Frame(at_ms, frame) => {
                if self.kept.len() >= KEPT_FRAMES_MAX {
                    self.kept.pop_front();
                }
                self.kept.push_back((at_ms, frame));
                self.send_frame(socket, at_ms, &frame).await
            }
            Order::Commit => self.send(socket, wire::commit()).await,
            Order::Ask(reply, messages) => {
                let want = self.wants.number();
                let request = wire::ask(want, &messages);
                self.said = messages;
                self.wants.asking = Some(Asking { want, reply, response: None, asked: Instant::now() });
                self.send(socket, request).await
            }
            Order::CancelAsk => match self.wants.asking.take().and_then(|asking| asking.response) {
                Some(response) => self.send(socket, wire::cancel(&response)).await,
                None => Ok(()),
            },
            Order::Say(phrase, text) => {
                self.wants.to_say.push_back((phrase, text));
                self.say_next(socket).await
            }
            Order::Stop => {
                self.wants.to_say.clear();
                Ok(())
            }
            Order::Heard(phrase, heard_ms) => {
                for (item, heard_ms) in self.wants.heard(phrase, heard_ms.into()) {
                    self.send(socket, wire::truncate(&item, heard_ms)).await?;
                }
                Ok(())
            }
            Order::Typed(text) => self.send(socket, wire::item(&Message { role: Role::User, content: text })).await,
        }
    }

    async fn hear(&mut self, socket: &mut Socket, text: &str) -> Result<(), End> {
        let event: Event = serde_json::from_str(text).unwrap_or_default();
        let (item, delta) = (event.item_id.unwrap_or_default(), event.delta.unwrap_or_default());
        match event.r#type.as_str() {
            "input_audio_buffer.speech_started" => {
                self.speaking = true;
                let from_ms = self.origin_ms.unwrap_or_default() + event.audio_start_ms.unwrap_or_default();
                self.spans.insert(item, (from_ms, from_ms));
            }
            "input_audio_buffer.speech_stopped" => {
                self.speaking = false;
                let to_ms = self.origin_ms.unwrap_or_default() + event.audio_end_ms.unwrap_or_default();
                self.spans.entry(item).or_insert((to_ms, to_ms)).1 = to_ms;
            }
            "conversation.item.input_audio_transcription.delta" => {
                let words = self.words.entry(item).or_default();
                words.push_str(&delta);
                let text = words.clone();
                self.tell(Input::Interim { text, confidence: CONFIDENCE }).await?;
            }
            "conversation.item.input_audio_transcription.completed" => {
                self.transcribed(&item, event.transcript.unwrap_or_default()).await?;
            }
            "conversation.item.input_audio_transcription.failed" => self.transcribed(&item, String::new()).await?,
            "response.created" => self.began(event.response.unwrap_or_default()),
            "response.output_item.added" => {
                let id = event.item.map(|item| item.id);
                let of = event.response_id;
                if let Some(saying) = self.wants.saying.as_mut().filter(|saying| saying.response == of) {
                    saying.item = id;
                }
            }
            "response.output_audio.delta" => self.heard_audio(event.response_id, &delta).await?,
            "response.output_audio_transcript.delta" => {
                if let Some(saying) = self.wants.saying.as_mut().filter(|saying| saying.response == event.response_id) {
                    saying.transcript.push_str(&delta);
                }
            }
            "response.function_call_arguments.delta" => {
                let asking = self.wants.asking.as_ref().filter(|asking| asking.response == event.response_id);
                if let Some(reply) = asking.map(|asking| asking.reply) {
                    self.tell(Input::ReplyDelta { reply, text: delta }).await?;
                }
            }
            "response.done" => self.done(socket, event.response.unwrap_or_default()).await?,
            "error" => self.trouble(&event.error.unwrap_or_default())?,
            _ => {}
        }
        Ok(())
    }

    async fn transcribed(&mut self, item: &str, text: String) -> Result<(), End> {
        self.words.remove(item);
        let (from_ms, to_ms) = self.spans.remove(item).unwrap_or_default();
        // Whatever comes after it, this was heard.
        self.kept.retain(|(at_ms, _)| *at_ms >= to_ms);
        let words = Vec::new();
        self.tell(Input::Final { text, confidence: CONFIDENCE, from_ms, to_ms, ends_turn: true, words }).await
    }

    fn began(&mut self, response: Response) {
        let want = response.want();
        if let Some(asking) = self.wants.asking.as_mut().filter(|asking| Some(asking.want) == want) {
            asking.response = Some(response.id);
        } else if let Some(saying) = self.wants.saying.as_mut().filter(|saying| Some(saying.want) == want) {
            saying.response = Some(response.id);
        }
    }

    async fn heard_audio(&mut self, response: Option<String>, delta: &str) -> Result<(), End> {
        let saying =
            self.wants.saying.as_mut().filter(|saying| saying.response.is_some() && saying.response == response);
        let (Some(saying), Ok(audio)) = (saying, STANDARD.decode(delta)) else { return Ok(()) };
        saying.audio.extend_from_slice(&audio);
        let phrase = saying.phrase;
        self.speak(phrase, SpeechPart::Chunk(audio.into())).await
    }

    async fn done(&mut self, socket: &mut Socket, response: Response) -> Result<(), End> {
        let want = response.want();
        let usage = response.usage.unwrap_or_default();
        let completed = response.status == "completed";
        self.failures = if response.status == "failed" { self.failures + 1 } else { 0 };
        let fault = || {
            let details = response.status_details.as_ref();
            let why = details
                .and_then(|details| details.error.as_ref().map(wire::Problem::told).or_else(|| details.reason.clone()));
            Fault::Retry(format!(
                "a response is {}: {}",
                response.status,
                excerpt(&why.unwrap_or_default(), &self.config.key)
            ))
        };
        let fault = (!completed).then(fault);
        if let Some(asking) = self.wants.asking.take_if(|asking| Some(asking.want) == want) {
            let reply = asking.reply;
            let spoken = std::mem::take(&mut self.spoken_tokens);
            let tokens = Some((usage.input_tokens + spoken.0, usage.output_tokens + spoken.1));
            match fault.clone() {
                None => self.tell(Input::ReplyFinished { reply, tokens }).await?,
                Some(fault) => self.tell(Input::ReplyFailed { reply, fault }).await?,
            }
        } else if self.wants.saying.as_ref().is_some_and(|saying| Some(saying.want) == want) {
            self.spoken_tokens.0 += usage.input_tokens;
            self.spoken_tokens.1 += usage.output_tokens;
            self.said(socket, fault.clone()).await?;
        }
        match fault {
            Some(fault) if self.failures >= FAILURES_MAX => Err(End::Hopeless(fault)),
            _ => self.say_next(socket).await,
        }
    }

    /// A phrase was said, or not. One of which nothing came is said again by whoever carries on.
    async fn said(&mut self, socket: &mut Socket, fault: Option<Fault>) -> Result<(), End> {
        let Some((saying, cut)) = self.wants.said() else { return Ok(()) };
        if let Some((item, heard_ms)) = cut {
            self.send(socket, wire::truncate(&item, heard_ms)).await?;
        }
        let Saying { phrase, text, audio, transcript, .. } = saying;
        match fault {
            Some(_) if audio.is_empty() => self.wants.to_say.push_front((phrase, text)),
            Some(fault) => self.speak(phrase, SpeechPart::Failed(fault)).await?,
            None => {
                if !is_the_same(&text, &transcript) {
                    tracing::debug!(text, transcript, "the model said other words than it was told");
                    let detail = format!("phrase {}", phrase.0);
                    self.tell(Input::Noted { name: "reworded".to_owned(), detail }).await?;
                }
                self.shared.keep(phrase, audio);
                self.speak(phrase, SpeechPart::End).await?;
            }
        }
        Ok(())
    }

    fn trouble(&mut self, problem: &wire::Problem) -> Result<(), End> {
        let told = excerpt(&problem.told(), &self.config.key);
        match problem.code.as_deref() {
            Some("session_expired") => Err(lost(told)),
            Some("response_cancel_not_active" | "input_audio_buffer_commit_empty") => Ok(()),
            _ => {
                tracing::info!(told, "the speech-to-speech model complains");
                Ok(())
            }
        }
    }

    async fn say_next(&mut self, socket: &mut Socket) -> Result<(), End> {
        let Some((phrase, text)) = self.wants.next_to_say() else { return Ok(()) };
        let want = self.wants.number();
        let request = wire::say(want, &text);
        let (audio, transcript, asked) = (Vec::new(), String::new(), Instant::now());
        self.wants.saying = Some(Saying { want, phrase, text, response: None, item: None, audio, transcript, asked });
        self.send(socket, request).await
    }

    async fn send_frame(&mut self, socket: &mut Socket, at_ms: u64, frame: &Frame) -> Result<(), End> {
        self.origin_ms.get_or_insert(at_ms);
        self.send(socket, wire::audio(frame)).await
    }

    async fn send(&mut self, socket: &mut Socket, event: String) -> Result<(), End> {
        match timeout(WRITE_MAX, socket.send(Text::text(event))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(lost(format!("the session broke: {error}"))),
            Err(_) => Err(lost("the session takes no more bytes".to_owned())),
        }
    }

    /// A call that takes no facts is gone.
    async fn tell(&mut self, fact: Input) -> Result<(), End> {
        self.facts.send(fact).await.map_err(|_| End::Gone)
    }

    async fn speak(&mut self, phrase: PhraseId, part: SpeechPart) -> Result<(), End> {
        self.speech.send((phrase, part)).await.map_err(|_| End::Gone)
    }

    /// What was under way does not come over another session. What was not begun is begun again there.
    async fn break_off(&mut self, fault: &Fault) {
        if let Some(asking) = self.wants.asking.take() {
            let _ = self.tell(Input::ReplyFailed { reply: asking.reply, fault: fault.clone() }).await;
        }
        if let Some(Saying { phrase, text, audio, .. }) = self.wants.saying.take() {
            if audio.is_empty() {
                self.wants.to_say.push_front((phrase, text));
            } else {
                let _ = self.speak(phrase, SpeechPart::Failed(fault.clone())).await;
            }
        }
        let _ = self.tell(Input::HearingFailed(fault.clone())).await;
    }

    /// Leaves what is to be done to whoever carries on, and then says so.
    async fn give_up(mut self, fault: Fault) {
        tracing::warn!(?fault, "the speech-to-speech model is given up for this call; the call goes on without it");
        let (Fault::Retry(why) | Fault::GiveUp(why) | Fault::OurMistake(why)) = fault;
        let fault = Fault::Retry(why);
        if let Some(Saying { phrase, text, .. }) = self.wants.saying.take_if(|saying| saying.audio.is_empty()) {
            self.wants.to_say.push_front((phrase, text));
        }
        // Orders that came meanwhile are part of what is left; those that come now go there by themselves.
        self.orders.close();
        while let Ok(order) = self.orders.try_recv() {
            match order {
                Order::Say(phrase, text) => self.wants.to_say.push_back((phrase, text)),
                Order::Frame(at_ms, frame) => self.kept.push_back((at_ms, frame)),
                Order::Stop => self.wants.to_say.clear(),
                Order::Ask(reply, _) => drop(self.tell(Input::ReplyFailed { reply, fault: fault.clone() }).await),
                _ => {}
            }
        }
        let left = Left { unsaid: self.wants.to_say.drain(..).collect(), unheard: self.kept.drain(..).collect() };
        *lock(&self.shared.left) = Some(left);
        self.break_off(&fault).await;
    }
}

fn lost(why: String) -> End {
    End::Lost(Fault::Retry(why))
}
