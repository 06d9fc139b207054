//! The task that writes to Redis, one thing after the other, so that nobody who wants a phrase waits for it.

use std::sync::Arc;
use std::time::Duration;

use redis::Pipeline;
use tokio::sync::{mpsc, oneshot};

use super::super::card::Card;
use super::super::phrase::{Ask, Whole};
use super::lock::GIVE_BACK;
use super::names::{Names, by_id};
use super::{Fault, Inner, Lock, Place};

/// How long Redis may take to take something: nobody waits for it.
const WITHIN: Duration = Duration::from_millis(500);

/// How long audio that is on its way to the object store can be had from Redis meanwhile.
const ON_ITS_WAY_FOR: Duration = Duration::from_secs(600);

/// The largest audio that goes into Redis, in bytes: two minutes on the telephone. A larger phrase is made by each
/// instance, unless an object store has it.
pub(super) const AUDIO_BYTES_MAX: usize = 1 << 20;

/// How long a refusal is remembered, by all instances.
const REFUSED_FOR: Duration = Duration::from_secs(5);

/// What there is to do.
pub(super) enum Order {
    /// Show a phrase, and give its lock back.
    Post(Whole, Place, Option<Lock>),
    /// Show why a phrase is not spoken, and give its lock back.
    Refuse(Ask, Fault, Option<Lock>),
    /// Take away a phrase that was damaged.
    Remove(Ask),
    /// Give back the lock of this key and owner.
    GiveBack(String, String),
    /// Say when all before is done.
    Flush(oneshot::Sender<()>),
}

/// Works until nobody can give orders any more. A server that does not answer is not asked; what it missed is made again
/// when it is wanted.
pub(super) async fn work(inner: Arc<Inner>, mut orders: mpsc::Receiver<Order>) {
    while let Some(order) = orders.recv().await {
        let mut pipe = redis::pipe();
        match order {
            Order::Post(whole, place, lock) => {
                post(&mut pipe, &inner, &whole, place);
                give_back(&mut pipe, lock.map(Lock::into_parts));
            }
            Order::Refuse(ask, fault, lock) => {
                let reason = serde_json::to_vec(&fault).expect("a fault is plain JSON");
                let key = Names::of(inner.prefix, &ask).refused();
                pipe.cmd("SET").arg(key).arg(reason).arg("PX").arg(REFUSED_FOR.as_millis() as u64).ignore();
                give_back(&mut pipe, lock.map(Lock::into_parts));
            }
            Order::Remove(ask) => {
                let names = Names::of(inner.prefix, &ask);
                pipe.hdel(&names.cards, names.field).ignore().del(names.audio()).ignore();
            }
            Order::GiveBack(key, owner) => give_back(&mut pipe, Some((key, owner))),
            Order::Flush(done) => {
                // Whoever waited may have stopped waiting.
                let _ = done.send(());
            }
        }
        if !pipe.is_empty() {
            inner.breaker.ask(WITHIN, pipe.query_async::<()>(&mut inner.redis.clone())).await;
        }
    }
}

/// What is shown lives as long as the phrase is good.
fn post(pipe: &mut Pipeline, inner: &Inner, whole: &Whole, place: Place) {
    let left_ms = inner.left_ms(whole);
    if left_ms <= 0 || (!matches!(place, Place::There(_)) && whole.audio.len() > AUDIO_BYTES_MAX) {
        return;
    }
    let audio_for_ms = match place {
        Place::Here => Some(left_ms),
        Place::OnItsWay => Some(left_ms.min(ON_ITS_WAY_FOR.as_millis() as i64)),
        Place::There(_) => None,
    };
    let path = if let Place::There(path) = place { Some(path) } else { None };
    let url = path.as_ref().zip(inner.objects_url.as_ref()).map(|(path, base)| format!("{base}/{path}"));
    let names = Names::of(inner.prefix, &whole.record.ask);
    let card = serde_json::to_vec(&Card { url, ..Card::of(whole, path) }).expect("a card is plain JSON");
    pipe.hset(&names.cards, names.field, card).ignore().pexpire(&names.cards, left_ms).ignore();
    if let Some(for_ms) = audio_for_ms {
        pipe.cmd("SET").arg(names.audio()).arg(&whole.audio[..]).arg("PX").arg(for_ms).ignore();
    }
    let id = by_id(inner.prefix, &whole.id());
    pipe.cmd("SET").arg(id).arg(format!("{} {}", names.field, names.cards)).arg("PX").arg(left_ms).ignore();
}

fn give_back(pipe: &mut Pipeline, lock: Option<(String, String)>) {
    if let Some((key, owner)) = lock {
        pipe.cmd("EVAL").arg(GIVE_BACK).arg(1).arg(key).arg(owner).ignore();
    }
}
