//! Why a browser's session is not opened, or ends before its call does. Every reason is a close code and a sentence that
//! a page can show; RFC 6455 leaves it 123 bytes.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, close_code};
use futures_util::{Sink, SinkExt};
use tokio::time::timeout;

/// How long a refused page has to take our goodbye.
const GOODBYE_WITHIN: Duration = Duration::from_secs(1);

/// The longest reason of a close, in bytes.
const REASON_LEN_MAX: usize = 123;

/// Why there is no session, or none any more. The codes are ours (RFC 6455, section 7.4.2: 4000 to 4999).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// 4400.
    #[error("The page sent something that is not understood: {0}.")]
    NotUnderstood(String),
    /// 4401.
    #[error("This page may not open a session: {0}.")]
    NotTrusted(String),
    /// 4403.
    #[error("Sessions may not be opened from this site.")]
    Origin,
    /// 4404.
    #[error("The session to go on with is gone.")]
    Gone,
    /// 4406.
    #[error("The audio cannot be used: {0}.")]
    Audio(String),
    /// 4408.
    #[error("Nothing was heard of the page for too long.")]
    Silent,
    /// 4409.
    #[error("Another connection took the session over.")]
    TakenOver,
    /// 4429.
    #[error("Too many at once: {0}.")]
    TooMany(String),
    /// 4503.
    #[error("No line is free; please try again in a while.")]
    Busy,
    /// 1001.
    #[error("The server goes down; please try again.")]
    GoingDown,
}

impl Refused {
    /// The code of the close.
    pub fn code(&self) -> u16 {
        match self {
            Self::NotUnderstood(_) => 4_400,
            Self::NotTrusted(_) => 4_401,
            Self::Origin => 4_403,
            Self::Gone => 4_404,
            Self::Audio(_) => 4_406,
            Self::Silent => 4_408,
            Self::TakenOver => 4_409,
            Self::TooMany(_) => 4_429,
            Self::Busy => 4_503,
            Self::GoingDown => 1_001,
        }
    }

    pub(super) fn message(&self) -> Message {
        let mut reason = self.to_string();
        let cut = (0..=REASON_LEN_MAX).rev().find(|at| reason.is_char_boundary(*at)).unwrap_or_default();
        reason.truncate(cut);
        Message::Close(Some(CloseFrame { code: self.code(), reason: reason.into() }))
    }

    /// Tells a page, and closes. One that does not listen is dropped with its socket.
    pub async fn tell<S: Sink<Message> + Unpin>(&self, socket: &mut S) {
        let _ = timeout(GOODBYE_WITHIN, socket.send(self.message())).await;
    }
}

/// The close of a call that came to its end.
pub(super) fn over() -> Message {
    Message::Close(Some(CloseFrame { code: close_code::NORMAL, reason: "The call is over.".into() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_fits_into_a_close() {
        let Message::Close(Some(close)) = Refused::NotUnderstood("ü".repeat(200)).message() else { panic!("a close") };
        assert!(close.reason.len() <= REASON_LEN_MAX && close.reason.ends_with('ü'));
        assert_eq!(close.code, 4_400);
    }
}
