//! One-time tickets: what makes a media stream the answer to a webhook of ours.
//!
//! The webhook is signed, the stream's parameters are not. A ticket given in the webhook's TwiML and brought back in the
//! stream's start ties the two together. It is worth one stream of one call within a minute.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use tokio::time::Instant;

/// How long a ticket is good. Twilio opens the stream within seconds of the TwiML.
pub const GOOD_FOR: Duration = Duration::from_secs(60);

/// Tickets remembered at once, used ones included. When there are more, the oldest is forgotten.
pub const TICKETS_MAX: usize = 10_000;

const SECRET_LEN: usize = 16;

/// Tells the time: the process's clock, or a test's.
pub type Now = Arc<dyn Fn() -> Instant + Send + Sync>;

/// Who calls whom, as the webhook said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// Twilio's id of the call.
    pub call_sid: String,
    /// Who calls: E.164, `client:…`, `sip:…`, `anonymous`, or empty.
    pub from: String,
    /// The number that was dialled; may be empty.
    pub to: String,
    /// We called them, about this appointment. `from` and `to` are theirs and ours all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reminds: Option<String>,
}

/// Why a ticket does not open a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAdmitted {
    /// There is none.
    #[error("the stream brought no ticket; its TwiML must come from POST /voice")]
    Missing,
    /// Not one of ours, or of another process, or forgotten because too many came after it.
    #[error("the ticket is not one of ours")]
    Forged,
    /// It opened a stream before.
    #[error("the ticket was used before")]
    Used,
    /// Its minute is over.
    #[error("the ticket is older than {GOOD_FOR:?}")]
    Expired,
    /// It belongs to another call.
    #[error("the ticket belongs to another call")]
    OtherCall,
}

/// The tickets given out lately.
pub struct Tickets {
    now: Now,
    /// Held for a few instructions at a time, and never across a wait.
    book: Mutex<Book>,
}

impl Tickets {
    /// An empty book of tickets that lives by this clock.
    pub fn new(now: Now) -> Self {
        Self { now, book: Mutex::new(Book { first: 0, tickets: VecDeque::new() }) }
    }

    /// Gives out a ticket for a call: `17-9f86d081884c7d65…`, safe in XML, JSON and addresses.
    ///
    /// A webhook that Twilio repeats gets another one; both are good, since nobody knows which answer arrived.
    pub fn issue(&self, caller: Caller) -> String {
        // The generator behind `random` is a cryptographic one, seeded by the operating system.
        let secret = rand::random();
        let good_until = (self.now)() + GOOD_FOR;
        let ticket = Ticket { secret, caller, good_until, used: false };
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        format!("{}-{}", book.enter(ticket), hex(secret))
    }

    /// Takes a ticket that a stream brought, and tells whose it is.
    ///
    /// The secret is compared in constant time; where it stands in the book is no secret. A ticket that is tried for
    /// another call is left as it was, so that a stranger cannot spend it.
    pub fn redeem(&self, ticket: &str, call_sid: &str) -> Result<Caller, NotAdmitted> {
        if ticket.is_empty() {
            return Err(NotAdmitted::Missing);
        }
        let (number, secret) = parse(ticket).ok_or(NotAdmitted::Forged)?;
        let now = (self.now)();
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let ticket = book.find(number).ok_or(NotAdmitted::Forged)?;
        if !bool::from(ticket.secret.ct_eq(&secret)) {
            return Err(NotAdmitted::Forged);
        }
        if ticket.caller.call_sid != call_sid {
            return Err(NotAdmitted::OtherCall);
        }
        if ticket.used {
            return Err(NotAdmitted::Used);
        }
        if ticket.good_until <= now {
            return Err(NotAdmitted::Expired);
        }
        ticket.used = true;
        Ok(ticket.caller.clone())
    }
}

/// Tickets by their number, which counts up.
struct Book {
    /// The number of the oldest ticket that is remembered.
    first: u64,
    tickets: VecDeque<Ticket>,
}

struct Ticket {
    secret: [u8; SECRET_LEN],
    caller: Caller,
    good_until: Instant,
    used: bool,
}

impl Book {
    fn enter(&mut self, ticket: Ticket) -> u64 {
        if self.tickets.len() == TICKETS_MAX {
            self.tickets.pop_front();
            self.first += 1;
        }
        self.tickets.push_back(ticket);
        self.first + self.tickets.len() as u64 - 1
    }

    fn find(&mut self, number: u64) -> Option<&mut Ticket> {
        let place = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.tickets.get_mut(place)
    }
}

fn hex(secret: [u8; SECRET_LEN]) -> String {
    secret.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn parse(ticket: &str) -> Option<(u64, [u8; SECRET_LEN])> {
    let (number, digits) = ticket.split_once('-')?;
    if digits.len() != 2 * SECRET_LEN || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    Some((number.parse().ok()?, u128::from_str_radix(digits, 16).ok()?.to_be_bytes()))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    /// A book, and the seconds its clock shows.
    fn book() -> (Tickets, Arc<AtomicU64>) {
        let start = Instant::now();
        let seconds = Arc::new(AtomicU64::new(0));
        let shown = Arc::clone(&seconds);
        (Tickets::new(Arc::new(move || start + Duration::from_secs(shown.load(Ordering::Relaxed)))), seconds)
    }

    fn caller(call_sid: &str) -> Caller {
        Caller {
            call_sid: call_sid.to_owned(),
            from: "anonymous".to_owned(),
            to: "+15551230000".to_owned(),
            reminds: None,
        }
    }

    #[test]
    fn a_ticket_opens_one_stream_of_its_call() {
        let (tickets, _) = book();
        let ticket = tickets.issue(caller("CA1"));
        assert_eq!(tickets.redeem(&ticket, "CA2"), Err(NotAdmitted::OtherCall));
        assert_eq!(tickets.redeem(&ticket, "CA1"), Ok(caller("CA1")));
        assert_eq!(tickets.redeem(&ticket, "CA1"), Err(NotAdmitted::Used));
    }

    #[test]
    fn a_ticket_is_good_for_a_minute() {
        let (tickets, seconds) = book();
        let (early, late) = (tickets.issue(caller("CA1")), tickets.issue(caller("CA2")));
        seconds.store(59, Ordering::Relaxed);
        assert!(tickets.redeem(&early, "CA1").is_ok());
        seconds.store(60, Ordering::Relaxed);
        assert_eq!(tickets.redeem(&late, "CA2"), Err(NotAdmitted::Expired));
    }

    #[test]
    fn forged_tickets_open_nothing() {
        let (tickets, _) = book();
        let ticket = tickets.issue(caller("CA1"));
        let (number, secret) = ticket.split_once('-').expect("a number and a secret");
        let other = tickets.issue(caller("CA1"));
        let (_, other_secret) = other.split_once('-').expect("a number and a secret");
        assert_eq!(tickets.redeem("", "CA1"), Err(NotAdmitted::Missing));
        for forged in [
            number.to_owned(),
            format!("{number}-"),
            format!("{number}-{}", &secret[1..]),
            format!("{number}-+{}", &secret[1..]),
            format!("{number}-{other_secret}"),
            format!("99-{secret}"),
            format!("-1-{secret}"),
            format!("{}-{secret}", u64::MAX),
            "ü".repeat(40),
        ] {
            assert_eq!(tickets.redeem(&forged, "CA1"), Err(NotAdmitted::Forged), "{forged}");
        }
        assert!(tickets.redeem(&ticket, "CA1").is_ok(), "a forgery does not spend the real one");
    }

    #[test]
    fn a_repeated_webhook_gets_a_ticket_of_its_own() {
        let (tickets, _) = book();
        let (first, second) = (tickets.issue(caller("CA1")), tickets.issue(caller("CA1")));
        assert_ne!(first, second);
        assert!(tickets.redeem(&second, "CA1").is_ok());
        assert!(tickets.redeem(&first, "CA1").is_ok());
    }

    #[test]
    fn the_oldest_ticket_is_forgotten_when_the_book_is_full() {
        let (tickets, _) = book();
        let issued: Vec<String> = (0..=TICKETS_MAX).map(|_| tickets.issue(caller("CA1"))).collect();
        assert_eq!(tickets.redeem(&issued[0], "CA1"), Err(NotAdmitted::Forged));
        assert!(tickets.redeem(&issued[1], "CA1").is_ok());
        assert!(tickets.redeem(&issued[TICKETS_MAX], "CA1").is_ok());
    }
}
