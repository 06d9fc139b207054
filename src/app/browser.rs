//! From a page's socket to a call: its pass, its place, and the ticket with which it comes back.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::ws::WebSocket;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use crate::app::House;
use crate::app::call::{self, Arrival};
use crate::app::calls::LiveCall;
use crate::config::Browser;
use crate::legs::browser::{self, Carried, Knock, Page, Refused, Terms, VERSION, Welcome};
use crate::legs::{self};
use crate::telemetry::Targets;
use crate::vendors::openai::realtime;
use crate::web::Part;
use crate::web::talk::{NotAdmitted, Pass, Place, Secret, TooMany, Visit};
use crate::web::tickets::Caller;

/// How long a session waits for its page, in milliseconds: as long as the engine keeps a call whose stream dropped.
const RESUME_WITHIN_MS: u64 = engine::patience::RESUME.as_millis() as u64;

/// Tickets that lead back to a session, by their digest. A session has one at a time, and it is good once.
#[derive(Default)]
pub(super) struct Returns {
    sessions: Mutex<BTreeMap<[u8; 32], String>>,
}

impl Returns {
    /// A ticket for a session, in place of the one before.
    fn issue(&self, session: &str) -> String {
        let ticket = format!("{:032x}", rand::random::<u128>());
        let mut sessions = self.open();
        sessions.retain(|_, other| other != session);
        sessions.insert(Sha256::digest(&ticket).into(), session.to_owned());
        ticket
    }

    fn redeem(&self, ticket: &str) -> Option<String> {
        let digest: [u8; 32] = Sha256::digest(ticket).into();
        self.open().remove(&digest)
    }

    fn forget(&self, session: &str) {
        self.open().retain(|_, other| other != session);
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<[u8; 32], String>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How sessions are carried, as the settings say.
pub(super) fn terms(settings: &Browser) -> Terms {
    let rate_hz = NonZeroU32::new(settings.rate_hz).expect("the settings name one of three rates");
    Terms { rate_hz, bitrate: settings.bitrate, idle: settings.idle }
}

/// How quick sessions are to be, as the settings say.
pub(super) fn targets(settings: &Browser) -> Targets {
    Targets {
        first_token: settings.first_token_target,
        partial: settings.partial_target,
        barge_in: settings.barge_in_target,
        warns: settings.warns,
    }
}

/// Takes a page's socket over, from before its hello to the end of its session.
pub(super) async fn take(house: Arc<House>, mut socket: WebSocket, visit: Visit) {
    if !visit.origin_allowed {
        house.turned_away(&Refused::Origin, &visit);
        return Refused::Origin.tell(&mut socket).await;
    }
    let knock = match browser::listen(socket, house.terms).await {
        Ok(knock) => knock,
        Err(refused) => return house.turned_away(&refused, &visit),
    };
    match &knock.hello.resume {
        Some(ticket) => come_back(&house, ticket.clone(), knock, &visit).await,
        None => come_in(house, knock, visit).await,
    }
}

async fn come_in(house: Arc<House>, knock: Knock, visit: Visit) {
    let (pass, place) = match admit(&house, &knock, &visit) {
        Ok(admitted) => admitted,
        Err(refused) => {
            house.turned_away(&refused, &visit);
            return knock.refuse(&refused).await;
        }
    };
    let session = format!("VS{:032x}", rand::random::<u128>());
    let page = Page::default();
    let welcome = welcome(&house, &session, &pass.tenant, &knock, false);
    let Ok(leg) = knock.let_in(&welcome, house.terms, &page).await else {
        house.returns.forget(&session);
        return house.telemetry.session_ended(&pass.tenant, "gone");
    };
    let caller = Caller {
        reminds: None,
        call_sid: session.clone(),
        from: format!("client:{}", pass.visitor),
        to: format!("browser:{}", pass.tenant),
    };
    let active = house.telemetry.session_started();
    let arrival = Arrival {
        call_sid: session.clone(),
        stream_sid: session.clone(),
        caller,
        leg: legs::Leg::Browser(Box::new(leg)),
        page: Some(page),
        longest: pass.longest,
    };
    let ended = call::carry(Arc::clone(&house), arrival).await;
    house.returns.forget(&session);
    house.telemetry.session_ended(&pass.tenant, ended);
    drop((place, active));
}

fn admit(house: &House, knock: &Knock, visit: &Visit) -> Result<(Pass, Place), Refused> {
    if house.calls.is_draining() {
        return Err(Refused::GoingDown);
    }
    let talk = &house.talk;
    let now = house.clock.now();
    let address = visit.address.to_string();
    let too_many = |why: TooMany| match why {
        TooMany::Sessions => Refused::Busy,
        why => Refused::TooMany(why.to_string()),
    };
    let token = visit.token.as_deref().or(knock.hello.token.as_deref());
    let pass = talk.redeem(token).map_err(|why: NotAdmitted| {
        // Whoever tries tokens is slowed down.
        let _ = talk.limits.open_another(&address, now);
        Refused::NotTrusted(why.to_string())
    })?;
    talk.limits.open_another(&format!("{}/{}", pass.tenant, pass.visitor), now).map_err(too_many)?;
    if house.calls.count() >= house.max_calls {
        return Err(Refused::Busy);
    }
    let place = talk.limits.enter(&format!("{}/{}", pass.tenant, pass.visitor), pass.sessions_max).map_err(too_many)?;
    Ok((pass, place))
}

/// The socket of a session that is still going on replaces the one it lost.
async fn come_back(house: &Arc<House>, ticket: String, knock: Knock, visit: &Visit) {
    let session = house.returns.redeem(&ticket);
    let there: Option<(String, LiveCall)> =
        session.and_then(|session| house.calls.find(&session).map(|there| (session, there)));
    let Some((session, LiveCall { legs, page: Some(page), to, .. })) = there else {
        house.turned_away(&Refused::Gone, visit);
        return knock.refuse(&Refused::Gone).await;
    };
    let welcome = welcome(house, &session, &house.businesses.of(&to).name, &knock, true);
    if let Ok(leg) = knock.let_in(&welcome, house.terms, &page).await
        && legs.send((session, legs::Leg::Browser(Box::new(leg)))).await.is_err()
    {
        tracing::info!("a page came back to a session that was just ending");
    }
}

fn welcome(house: &House, session: &str, business: &str, knock: &Knock, resumed: bool) -> Welcome {
    let wanted = knock.hello.audio;
    Welcome {
        version: VERSION,
        session: session.to_owned(),
        resume: house.returns.issue(session),
        resume_within_ms: RESUME_WITHIN_MS,
        resumed,
        business: business.to_owned(),
        audio: Carried {
            up: wanted.up,
            down: wanted.down,
            rate_hz: house.terms.rate_hz.get(),
            frame_ms: engine::audio::frame::FRAME_MS as u32,
            bitrate: house.terms.bitrate,
        },
        idle_ms: house.terms.idle.as_millis() as u64,
    }
}

/// How long a page's own key is good: long enough to open a session with, which may go on beyond.
const SECRET_GOOD_FOR_S: u32 = 60;

/// How long what was found out about the model holds: whoever asks every second is not passed on to the vendor.
const MODEL_LOOKED_AT_EVERY: Duration = Duration::from_secs(15);

/// When the model was last looked at, and how it was.
#[derive(Default)]
pub(super) struct ModelSeen {
    seen: tokio::sync::Mutex<Option<(Instant, Part)>>,
}

impl House {
    /// A key for a page that talks to the model by itself.
    pub(super) async fn page_secret(&self, business: &str) -> Option<Secret> {
        let instructions = format!("You speak for {business}, on its web page.");
        match realtime::give_secret(&self.realtime, &instructions, SECRET_GOOD_FOR_S).await {
            Ok(given) => Some(Secret { value: given.value, expires_at: given.expires_at }),
            Err(fault) => {
                self.telemetry.vendor_failed("realtime", &fault);
                None
            }
        }
    }

    /// How the model is. One look is shared by all who ask meanwhile.
    pub(super) async fn model_health(&self) -> Part {
        let Some(model) = &self.model else {
            return Part::Impaired { why: "there is none; the rules book".to_owned() };
        };
        let mut seen = self.model_seen.seen.lock().await;
        if let Some((at, part)) = &*seen
            && *at + MODEL_LOOKED_AT_EVERY > self.clock.now()
        {
            return part.clone();
        }
        let part = match model.warm().await {
            Ok(_) => Part::Works,
            Err(fault) => Part::Impaired { why: format!("it does not answer ({fault:?}); the rules book meanwhile") },
        };
        *seen = Some((self.clock.now(), part.clone()));
        part
    }

    fn turned_away(&self, refused: &Refused, visit: &Visit) {
        tracing::info!(address = %visit.address, code = refused.code(), "a page was turned away: {refused}");
        self.telemetry.session_ended(&self.businesses.main().name, "refused");
    }
}
