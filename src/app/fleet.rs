//! What several instances share, between the calls, the web and the fleet. Without a Redis an instance is on its own.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::Value;

use crate::app::{House, OpenError};
use crate::config::Settings;
use crate::fleet::{self, Event, Fleet, Given, Hooks, Running};
use crate::telemetry::Telemetry;
use crate::vendors::twilio;
use crate::web::speech::{self, Heard, JobState, NotQueued, Once, Shared, Worked};
use crate::web::tickets::Caller;
use crate::web::{Front, Next};

/// What the keys of instances begin with.
const REAL: &str = "frontdesk:";

/// The same where the sandbox speaks: its voice is no answer to a job of real callers.
const SANDBOX: &str = "frontdesk:sandbox:";

/// This instance among the others, where there is a Redis.
pub(super) fn fleet(settings: &Settings, telemetry: &Arc<Telemetry>) -> Result<Option<Fleet>, OpenError> {
    let Some(url) = &settings.sharing.redis_url else { return Ok(None) };
    let config = fleet::Config {
        redis_url: url.expose().to_owned(),
        prefix: if settings.stand_ins.deepgram { SANDBOX } else { REAL },
        remembered: settings.speech.url_ttl,
    };
    let telemetry = Arc::clone(telemetry);
    let tell = Arc::new(move |event| match event {
        Event::Given(outcome) => telemetry.words_given(outcome),
        Event::Job(outcome) => telemetry.job(outcome),
    });
    Ok(Some(Fleet::new(config, tell)?))
}

/// What the routes of speech ask the fleet.
pub(super) fn shared(fleet: Option<&Fleet>) -> Option<Arc<dyn Shared>> {
    fleet.map(|fleet| Arc::new(InFleet(fleet.clone())) as Arc<dyn Shared>)
}

/// Begins to hear the others, and to work jobs.
pub(super) fn start(house: &Arc<House>, front: Arc<Front>) -> Option<Running> {
    let fleet = house.fleet.as_ref()?;
    let [counted, told, ended] = [(); 3].map(|()| Arc::clone(&house.calls));
    Some(fleet.start(Hooks {
        live: Arc::new(move || counted.live()),
        lost: Arc::new(move |call_id| ended.hung_up(call_id)),
        announce: Arc::new(move |call_id, text| told.announce(call_id, text)),
        work: Arc::new(move |job| {
            let front = Arc::clone(&front);
            Box::pin(async move {
                match speech::work(&front, &job.id, &job.payload).await {
                    Worked::Done(answer) => fleet::Worked::Done(answer),
                    Worked::Again(why) => fleet::Worked::Again(why),
                    Worked::Failed(why) => fleet::Worked::Failed(why),
                }
            })
        }),
    }))
}

impl House {
    /// Lets a ticket open a stream that lands on another instance.
    pub(super) async fn lend(&self, ticket: &str, caller: &Caller) {
        if let Some(fleet) = &self.fleet {
            let told = serde_json::to_string(caller).expect("a plain struct of texts is written as JSON");
            fleet.lend_ticket(&caller.call_sid, ticket, &told).await;
        }
    }

    /// Takes a ticket away from the other instances: whose it is, if it was lent.
    pub(super) async fn redeem_lent(&self, ticket: &str, call_sid: &str) -> Option<Caller> {
        let caller = self.fleet.as_ref()?.redeem_ticket(call_sid, ticket).await?;
        serde_json::from_str(&caller).ok()
    }

    /// What becomes of a call whose stream ended. One that nobody decided about was cut off.
    pub(super) async fn after_stream(&self, call_sid: &str) -> Next {
        let next = match (self.calls.after_stream(call_sid), &self.fleet) {
            (None, Some(fleet)) => fleet.next_of(call_sid).await.and_then(|next| serde_json::from_str(&next).ok()),
            (next, _) => next,
        };
        next.unwrap_or(Next::Reconnect)
    }

    /// Has the caller of a live call hear words, once: by its own voice at the next pause where the call is ours or another
    /// instance's, and by the carrier where it has no stream.
    pub(super) async fn play(&self, heard: Heard) -> bool {
        let (Some(fleet), Some(id)) = (&self.fleet, &heard.once) else { return self.play_now(&heard).await };
        match fleet.may_say(id).await {
            Ok(()) => {
                let played = self.play_now(&heard).await;
                fleet.said(id, played).await;
                played
            }
            Err(played) => played,
        }
    }

    async fn play_now(&self, heard: &Heard) -> bool {
        if let Some(took) = self.calls.announce(&heard.call_id, &heard.text) {
            return took;
        }
        let given = match &self.fleet {
            Some(fleet) => fleet.give(&heard.call_id, &heard.text).await,
            None => Given::Nobody,
        };
        match given {
            Given::Taken => true,
            Given::Nobody => self.play_by_carrier(heard).await,
            // The carrier would tear a call out of its conversation that an instance may well have.
            Given::Refused | Given::Unknown => false,
        }
    }

    async fn play_by_carrier(&self, Heard { call_id, audio_url, .. }: &Heard) -> bool {
        let Some(carrier) = self.carrier.as_ref().filter(|_| twilio::is_call_sid(call_id)) else { return false };
        carrier.play(call_id, audio_url).await.unwrap_or_else(|fault| {
            self.telemetry.vendor_failed("carrier", &fault);
            false
        })
    }
}

/// The fleet as the web sees it.
struct InFleet(Fleet);

impl Shared for InFleet {
    fn once<'a>(
        &'a self,
        id: &'a str,
        body: &'a str,
        within: Duration,
        carry_out: BoxFuture<'a, Option<Value>>,
    ) -> BoxFuture<'a, Once> {
        Box::pin(async move {
            match self.0.once(id, body, within, carry_out).await {
                fleet::Once::Answered { answer, was_before } => Once::Answered { answer, was_before },
                fleet::Once::Failed => Once::Failed,
                fleet::Once::KeyReused => Once::KeyReused,
                fleet::Once::Late => Once::Late,
            }
        })
    }

    fn queue<'a>(&'a self, client: &'a str, payload: &'a str) -> BoxFuture<'a, Result<String, NotQueued>> {
        Box::pin(async move {
            self.0.queue(client, payload).await.map_err(|why| match why {
                fleet::NotQueued::Full => NotQueued::Full,
                fleet::NotQueued::Away(_) => NotQueued::Away,
            })
        })
    }

    fn job<'a>(&'a self, client: &'a str, id: &'a str) -> BoxFuture<'a, Result<Option<JobState>, NotQueued>> {
        Box::pin(async move {
            let state = self.0.job(client, id).await.map_err(|_| NotQueued::Away)?;
            Ok(state.map(|state| match state {
                fleet::JobState::Queued => JobState::Queued,
                fleet::JobState::Working => JobState::Working,
                fleet::JobState::Done(answer) => JobState::Done(answer),
                fleet::JobState::Failed(why) => JobState::Failed(why),
            }))
        })
    }
}
