//! What the requests of one call need to know of each other, wherever each of them lands: the ticket that its webhook gave
//! out for its stream, and what is to become of it after that.

use std::time::Duration;

use redis::Cmd;
use tokio::time::{Instant, sleep};

use super::Fleet;

/// How long a ticket is lent; no longer than it is good.
const TICKET_EXPIRY: Duration = Duration::from_secs(60);

/// How long it is remembered what becomes of a call. It is asked right after its stream.
pub(super) const NEXT_EXPIRY: Duration = Duration::from_secs(60);

/// How long a request waits for an instance that is just ending the call.
const ENDED_WITHIN: Duration = Duration::from_millis(500);

/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_millis(25);

impl Fleet {
    /// Lets the other instances redeem a ticket for a call. Without Redis they cannot.
    pub async fn lend_ticket(&self, call_id: &str, ticket: &str, caller: &str) {
        let (name, ms) = (self.ticket(call_id, ticket), TICKET_EXPIRY.as_millis() as u64);
        let _: Result<(), _> = self.inner.link.ask(Cmd::set(name, caller).arg("PX").arg(ms)).await;
    }

    /// Redeems a ticket of any instance, once. None when it is nobody's, for another call, or too old.
    pub async fn redeem_ticket(&self, call_id: &str, ticket: &str) -> Option<String> {
        self.inner.link.ask(&Cmd::get_del(self.ticket(call_id, ticket))).await.ok()?
    }

    /// What another instance decided about a call whose stream ended; none when it did not, or is still at it.
    pub async fn next_of(&self, call_id: &str) -> Option<String> {
        let until = Instant::now() + ENDED_WITHIN;
        loop {
            let mut look = redis::cmd("MGET");
            look.arg(self.key("next", call_id)).arg(self.key("call", call_id));
            let (next, owner): (Option<String>, Option<String>) = self.inner.link.ask(&look).await.ok()?;
            if next.is_some() || owner.is_none() || Instant::now() >= until {
                return next;
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// The call is part of the name: somebody who tries a ticket for another call does not spend it.
    fn ticket(&self, call_id: &str, ticket: &str) -> String {
        self.key("ticket", &format!("{ticket}:{call_id}"))
    }
}
