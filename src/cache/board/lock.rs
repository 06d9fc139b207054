//! The right to make a phrase, for one of all instances.
//!
//! It expires soon, so that an instance that dies keeps nobody waiting, and is renewed as long as the phrase is being made.
//! Only its owner can renew it or give it back.

use std::time::Duration;

use redis::aio::ConnectionManager;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::sleep;

use super::poster::Order;

/// How long a lock holds that nobody renews.
pub(super) const HOLDS_FOR: Duration = Duration::from_secs(3);

/// Deletes the lock if it is still this owner's.
pub(super) const GIVE_BACK: &str = "local owner = redis.call('GET', KEYS[1]); if owner ~= ARGV[1] then return 0 end; return redis.call('DEL', KEYS[1])";

/// Lets the lock hold for longer if it is still this owner's.
const RENEW: &str = "local owner = redis.call('GET', KEYS[1]); if owner ~= ARGV[1] then return 0 end; return redis.call('PEXPIRE', KEYS[1], ARGV[2])";

/// Held while a phrase is made. Dropped, it is given back.
pub(in super::super) struct Lock {
    key: String,
    owner: String,
    renewing: AbortHandle,
    orders: mpsc::Sender<Order>,
    is_given_back: bool,
}

impl Lock {
    pub(super) fn held(key: String, owner: String, redis: ConnectionManager, orders: mpsc::Sender<Order>) -> Self {
        let renewing = tokio::spawn(renew(key.clone(), owner.clone(), redis)).abort_handle();
        Self { key, owner, renewing, orders, is_given_back: false }
    }

    /// The key and its owner, for whoever gives the lock back together with other things. It is not renewed any more.
    pub(super) fn into_parts(mut self) -> (String, String) {
        self.is_given_back = true;
        (std::mem::take(&mut self.key), std::mem::take(&mut self.owner))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.renewing.abort();
        if !self.is_given_back {
            let order = Order::GiveBack(std::mem::take(&mut self.key), std::mem::take(&mut self.owner));
            // With a queue that is full it expires by itself.
            let _ = self.orders.try_send(order);
        }
    }
}

/// A lock that could not be renewed may be lost; then two instances make the same phrase, and that is all.
async fn renew(key: String, owner: String, mut redis: ConnectionManager) {
    loop {
        sleep(HOLDS_FOR / 3).await;
        let mut script = redis::cmd("EVAL");
        script.arg(RENEW).arg(1).arg(&key).arg(&owner).arg(HOLDS_FOR.as_millis() as u64);
        if let Err(error) = script.query_async::<i64>(&mut redis).await {
            tracing::debug!(%error, "the lock of a phrase was not renewed");
        }
    }
}
