//! What follows a call: others are told of it, callers get text messages and are reminded, and calendars of others are read.
//! What is to be told waits in the store's outbox, so that neither an end of the process nor a receiver that is away
//! loses any of it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use engine::business::Business;
use engine::calendar::HORIZON_DAYS_MAX;
use engine::io::Fault;
use engine::languages::Language;
use engine::wording::{Text, text};
use serde::Deserialize;
use statecharts::proposal::Slot;
use tokio::task::JoinSet;

use crate::app::House;
use crate::calendars;
use crate::store::{Due, Outcome};
use crate::vendors::others::Reception;
use crate::vendors::twilio::Sent;

/// How often the outbox is looked into, and how long it is left alone when the database is away.
const LOOKED_INTO_EVERY: Duration = Duration::from_secs(1);
const AWAY: Duration = Duration::from_secs(10);

/// How often calendars of others are read.
const CALENDARS_READ_EVERY: Duration = Duration::from_secs(10 * 60);

/// The part of an outbox's payload that is needed here.
#[derive(Deserialize)]
struct Payload {
    appointment: Appointment,
}

#[derive(Deserialize)]
struct Appointment {
    id: String,
    service: String,
    start_at: String,
    name: String,
    phone: String,
    /// Absent from what was written before there were several.
    #[serde(default)]
    language: Language,
}

impl House {
    /// Tells what is due, for as long as the process lives.
    pub(super) async fn follow_up(self: Arc<Self>) {
        loop {
            let pause = match self.store.take_due(self.clock.wall_ms()).await {
                Ok(due) if due.is_empty() => LOOKED_INTO_EVERY,
                Ok(due) => {
                    self.tell_all(due).await;
                    Duration::ZERO
                }
                Err(error) => {
                    tracing::warn!(%error, "the outbox cannot be looked into");
                    AWAY
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Each within its own deadline, all at once: the store gives sixteen at most.
    async fn tell_all(self: &Arc<Self>, due: Vec<Due>) {
        let mut telling = JoinSet::new();
        for due in due {
            let house = Arc::clone(self);
            telling.spawn(async move {
                let outcome = house.tell(&due).await;
                house.telemetry.told_others(&due.channel, outcome_word(&outcome));
                if let Outcome::Failed(why) | Outcome::Again(why) = &outcome {
                    tracing::warn!(
                        id = due.id,
                        channel = due.channel,
                        attempts = due.attempts,
                        why,
                        "somebody was not told"
                    );
                }
                if let Err(error) = house.store.told(&due, &outcome, house.clock.wall_ms()).await {
                    tracing::warn!(%error, id = due.id, "it is told once more");
                }
            });
        }
        telling.join_all().await;
    }

    async fn tell(&self, due: &Due) -> Outcome {
        let Some(business) = self.businesses.named(&due.business) else {
            return Outcome::Dropped(format!("there is no business {:?} any more", due.business));
        };
        match due.channel.as_str() {
            "webhook" => self.tell_webhook(&business, due).await,
            _ => self.tell_caller(&business, due).await,
        }
    }

    async fn tell_webhook(&self, business: &Business, due: &Due) -> Outcome {
        let Some(address) = &business.afterwards.webhook else {
            return Outcome::Dropped("the business wants no webhooks any more".to_owned());
        };
        let now_s = self.clock.wall_ms() / 1_000;
        match self.others.tell(address, &due.id, &due.payload, now_s).await {
            Ok(Reception::Taken) => Outcome::Done,
            Ok(Reception::Unwanted) => Outcome::Dropped("the webhook answered 410".to_owned()),
            Err(fault) => again(fault),
        }
    }

    /// By a text message, or by a call.
    async fn tell_caller(&self, business: &Business, due: &Due) -> Outcome {
        let Ok(Payload { appointment }) = serde_json::from_str(&due.payload) else {
            return Outcome::Failed("the payload has no appointment".to_owned());
        };
        let is_reminder = due.event == "appointment.reminder";
        match self.wants(business, &appointment, is_reminder).await {
            Ok(None) => {}
            Ok(Some(why)) => return Outcome::Dropped(why.to_owned()),
            Err(why) => return Outcome::Again(why),
        }
        let (Some(from), Some(carrier)) = (&business.afterwards.from, &self.carrier) else {
            return Outcome::Failed(
                "text messages and calls need `from` in [afterwards], TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"
                    .to_owned(),
            );
        };
        let sent = if due.channel == "call" {
            let Some(public_url) = &self.public_url else {
                return Outcome::Failed("reminder calls need PUBLIC_URL: Twilio asks there what to say".to_owned());
            };
            let twiml = format!("{}/voice/remind?appointment={}", public_url.trim_end_matches('/'), appointment.id);
            carrier.call(from, &appointment.phone, &twiml).await
        } else {
            let slot = Slot(appointment.start_at);
            // A business that does not speak it any more writes in its own.
            let spoken = business.speaking(appointment.language);
            let business = spoken.as_ref().unwrap_or(business);
            let words = text(what(&due.event), &appointment.service, &slot, &appointment.name, business);
            carrier.text(from, &appointment.phone, &words).await
        };
        match sent {
            Ok(Sent::Accepted) => Outcome::Done,
            Ok(Sent::OptedOut) => {
                let noted = self.store.opt_out(&business.name, &appointment.phone, true, self.clock.wall_ms()).await;
                if let Err(error) = noted {
                    tracing::warn!(%error, "an opt-out is not noted; the carrier knows of it");
                }
                Outcome::Dropped("the number has opted out".to_owned())
            }
            Ok(Sent::NoSuchNumber(why)) => Outcome::Failed(why),
            Err(fault) => again(fault),
        }
    }

    /// Why a caller is not to be told after all; none when they are.
    async fn wants(
        &self,
        business: &Business,
        appointment: &Appointment,
        is_reminder: bool,
    ) -> Result<Option<&'static str>, String> {
        let opted_out = self.store.has_opted_out(&business.name, &appointment.phone);
        if opted_out.await.map_err(|error| error.to_string())? {
            return Ok(Some("the number has opted out"));
        }
        let stands = !is_reminder || self.store.stands(&appointment.id).await.map_err(|error| error.to_string())?;
        Ok((!stands).then_some("the appointment stands no more"))
    }

    /// Somebody wrote to one of our numbers. The words are those that carriers know
    /// (twilio.com/docs/messaging/tutorials/advanced-opt-out, read 2026-11).
    pub(super) async fn texted(&self, from: &str, to: &str, words: &str) {
        const STOP: [&str; 8] = ["stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"];
        const START: [&str; 3] = ["start", "yes", "unstop"];
        let word = words.trim().to_lowercase();
        let out = match word.as_str() {
            word if STOP.contains(&word) => true,
            word if START.contains(&word) => false,
            _ => return,
        };
        let business = self.businesses.of(to);
        tracing::info!(business = business.name, out, "a number opts out of text messages, or in again");
        if let Err(error) = self.store.opt_out(&business.name, from, out, self.clock.wall_ms()).await {
            tracing::error!(%error, "an opt-out is not noted; the carrier knows of it");
        }
    }

    /// Reads the calendars of others, again and again. One that cannot be read stays as it was.
    pub(super) async fn read_calendars(self: Arc<Self>) {
        loop {
            for business in self.businesses.all().iter() {
                for (staff, address) in &business.afterwards.busy_from {
                    if let Err(why) = self.read_calendar(business, staff, address).await {
                        tracing::warn!(
                            staff,
                            business = business.name,
                            why,
                            "a calendar is not read; what it said before stands"
                        );
                    }
                }
            }
            tokio::time::sleep(CALENDARS_READ_EVERY).await;
        }
    }

    async fn read_calendar(&self, business: &Business, staff: &str, address: &str) -> Result<(), String> {
        let text = self.others.calendar(address).await.map_err(|fault| format!("{fault:?}"))?;
        let now = DateTime::from_timestamp_millis(self.clock.wall_ms()).unwrap_or_default();
        let span = (now - TimeDelta::days(1), now + TimeDelta::days(HORIZON_DAYS_MAX.into()));
        let busy = calendars::busy(&text, span, business.time_zone).map_err(|error| error.to_string())?;
        tracing::debug!(staff, times = busy.len(), "a calendar was read");
        self.store.keep_busy(&business.name, staff, &busy).await.map_err(|error| error.to_string())
    }
}

fn what(event: &str) -> Text {
    match event {
        "appointment.moved" => Text::Moved,
        "appointment.cancelled" => Text::Cancelled,
        "appointment.reminder" => Text::Reminder,
        _ => Text::Created,
    }
}

fn again(fault: Fault) -> Outcome {
    match fault {
        Fault::Retry(why) | Fault::OurMistake(why) => Outcome::Again(why),
        Fault::GiveUp(why) => Outcome::Failed(why),
    }
}

fn outcome_word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "done",
        Outcome::Again(_) => "again",
        Outcome::Failed(_) => "failed",
        Outcome::Dropped(_) => "dropped",
    }
}
