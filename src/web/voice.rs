//! The four voice webhooks. Each answers at once with TwiML: whatever is slow happens after the stream has started.

use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use engine::languages::Language;
use engine::wording::{Aside, aside};

use super::tickets::Caller;
use super::twiml::Twiml;
use super::webhook::{Refusal, Webhook};
use super::{Admit, Next, StatusCallback};

/// How often a call may be cut off before we give it up.
const RECONNECTS_MAX: u32 = 5;

/// `POST /voice`: a call comes in.
pub(super) async fn answer(webhook: Webhook) -> Result<Response, Refusal> {
    let caller = caller(&webhook)?;
    let admit = webhook.front.desk.admit();
    tracing::info!(call = caller.call_sid, ?admit, "a call comes in");
    Ok(respond(match admit {
        Admit::Welcome => stream(Twiml::new(), &webhook, caller, 0).await,
        Admit::Busy => Twiml::new().reject_busy(),
        Admit::Draining => say(Twiml::new(), Aside::TryLater, language(&webhook, &caller).await).hang_up(),
    }))
}

/// `POST /voice/resume`: the call's stream ended, by our close or by breaking.
pub(super) async fn resume(webhook: Webhook) -> Result<Response, Refusal> {
    let caller = caller(&webhook)?;
    let reconnects = webhook.query("reconnects").and_then(|count| count.parse().ok()).unwrap_or(0);
    let next = webhook.front.desk.after_stream(&caller.call_sid).await;
    tracing::debug!(call = caller.call_sid, reconnects, ?next, "a stream ended");
    Ok(respond(match next {
        Next::Hangup => Twiml::new().hang_up(),
        Next::Dial { to, .. } => {
            let (whisper, after) = (webhook.address("/voice/whisper"), webhook.address("/voice/dialled"));
            Twiml::new().put_through(&to, &whisper, &after)
        }
        Next::Apologise => give_up(&webhook, &caller).await,
        Next::Reconnect if reconnects < RECONNECTS_MAX => stream(Twiml::new(), &webhook, caller, reconnects + 1).await,
        Next::Reconnect => {
            tracing::warn!(call = caller.call_sid, "the stream broke {reconnects} times; the call is given up");
            give_up(&webhook, &caller).await
        }
    }))
}

/// `POST /voice/fallback`: Twilio could not reach one of the others, or not read its answer.
pub(super) async fn fallback(webhook: Webhook) -> Result<Response, Refusal> {
    let call_sid = webhook.optional("CallSid")?.unwrap_or_default();
    let (code, url) = (webhook.optional("ErrorCode")?, webhook.optional("ErrorUrl")?);
    tracing::warn!(
        call = call_sid,
        code,
        url,
        "Twilio fell back; its error code says why: https://www.twilio.com/docs/api/errors"
    );
    let to = webhook.optional("To")?.unwrap_or_default();
    let caller = Caller { call_sid, from: String::new(), to, reminds: None };
    Ok(respond(give_up(&webhook, &caller).await))
}

/// `POST /sms`: somebody writes to one of our numbers. STOP and START are heeded; nothing is answered, because Twilio answers
/// these itself.
pub(super) async fn texted(webhook: Webhook) -> Result<Response, Refusal> {
    let (from, to) = (webhook.required("From")?, webhook.required("To")?);
    // Nothing that is longer than a field may be is one of the words that count.
    let words = webhook.optional("Body").ok().flatten().unwrap_or_default();
    webhook.front.desk.texted(&from, &to, &words).await;
    Ok(respond(Twiml::new()))
}

/// `POST /voice/remind?appointment=…`: somebody answers whom we call about their appointment. Where a machine
/// answers, or no more calls are taken, they get a text message instead.
pub(super) async fn remind(webhook: Webhook) -> Result<Response, Refusal> {
    let appointment = webhook.query("appointment").unwrap_or_default().to_owned();
    let answered_by = webhook.optional("AnsweredBy")?.unwrap_or_default();
    let Caller { call_sid, from: ours, to: theirs, .. } = caller(&webhook)?;
    tracing::info!(call = call_sid, answered_by, "somebody answers a reminder");
    let is_machine = answered_by.starts_with("machine") || answered_by == "fax";
    if is_machine || webhook.front.desk.admit() != Admit::Welcome {
        webhook.front.desk.remind_by_text(&appointment).await;
        return Ok(respond(Twiml::new().hang_up()));
    }
    let called = Caller { call_sid, from: theirs, to: ours, reminds: Some(appointment) };
    Ok(respond(stream(Twiml::new(), &webhook, called, 0).await))
}

/// `POST /voice/whisper`: somebody answers to whom a caller is put through; only they hear this.
pub(super) async fn whisper(webhook: Webhook) -> Result<Response, Refusal> {
    let call_sid = webhook.required("ParentCallSid")?;
    let words = webhook.front.desk.whisper(&call_sid).await;
    Ok(respond(words.map_or_else(Twiml::new, |(words, language)| Twiml::new().say(&words, language))))
}

/// `POST /voice/dialled`: what became of a caller who was put through. Where nobody took them, they are told, and go on with us.
pub(super) async fn dialled(webhook: Webhook) -> Result<Response, Refusal> {
    let caller = caller(&webhook)?;
    let status = webhook.required("DialCallStatus")?;
    let duration_s = webhook.optional("DialCallDuration")?.and_then(|seconds| seconds.parse().ok());
    tracing::info!(call = caller.call_sid, status, duration_s, "a caller was put through");
    webhook.front.desk.dialled(&caller.call_sid, &status, duration_s).await;
    let spoke = matches!(status.as_str(), "completed" | "answered");
    if spoke {
        return Ok(respond(Twiml::new().hang_up()));
    }
    let said = say(Twiml::new(), Aside::NobodyThere, language(&webhook, &caller).await);
    let goes_on = webhook.front.desk.admit() == Admit::Welcome;
    Ok(respond(if goes_on { stream(said, &webhook, caller, 0).await } else { said.hang_up() }))
}

/// `POST /voice/status`: how a call, or a stream, is doing.
pub(super) async fn status(webhook: Webhook) -> Result<Response, Refusal> {
    let number = |text: Option<String>| text.and_then(|digits| digits.parse().ok());
    webhook.front.desk.status(StatusCallback {
        call_sid: webhook.required("CallSid")?,
        call_status: webhook.optional("CallStatus")?.unwrap_or_default(),
        duration_s: number(webhook.optional("CallDuration")?),
        sequence: number(webhook.optional("SequenceNumber")?),
        stream_event: webhook.optional("StreamEvent")?,
        stream_error: webhook.optional("StreamError")?,
    });
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn caller(webhook: &Webhook) -> Result<Caller, Refusal> {
    Ok(Caller {
        call_sid: webhook.required("CallSid")?,
        from: webhook.optional("From")?.unwrap_or_default(),
        to: webhook.optional("To")?.unwrap_or_default(),
        reminds: None,
    })
}

/// Connects the call to a stream. How often it was connected before travels in the redirect's address, so that no
/// process has to remember it.
async fn stream(before: Twiml, webhook: &Webhook, caller: Caller, reconnects: u32) -> Twiml {
    let ticket = webhook.front.tickets.issue(caller.clone());
    webhook.front.desk.lend(&ticket, &caller).await;
    let after = match reconnects {
        0 => webhook.address("/voice/resume"),
        count => webhook.address(&format!("/voice/resume?reconnects={count}")),
    };
    before.connect_stream(&webhook.socket_address(), &[("ticket", &ticket)]).redirect(&after)
}

async fn give_up(webhook: &Webhook, caller: &Caller) -> Twiml {
    let language = language(webhook, caller).await;
    let sorry = say(Twiml::new(), Aside::Apology, language);
    match &webhook.front.transfer_to {
        Some(number) => sorry.dial(number).hang_up(),
        None => say(sorry, Aside::CallLater, language).hang_up(),
    }
}

async fn language(webhook: &Webhook, caller: &Caller) -> Language {
    webhook.front.desk.language(&caller.call_sid, &caller.to).await
}

fn say(before: Twiml, what: Aside, language: Language) -> Twiml {
    before.say(aside(what, language), language)
}

/// Twilio caches what it gets by GET unless it is told not to, and a ticket is good only once.
fn respond(twiml: Twiml) -> Response {
    ([(CONTENT_TYPE, "text/xml; charset=utf-8"), (CACHE_CONTROL, "no-store")], twiml.finish()).into_response()
}
