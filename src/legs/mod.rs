//! Ways audio reaches us. A leg turns one transport's messages into [`LegEvent`]s and [`LegOrder`]s into its messages;
//! what they mean for the call is decided elsewhere.

pub mod browser;
pub mod twilio;

use std::pin::Pin;
use std::task::{Context, Poll};

use engine::audio::frame::{LegEvent, LegOrder};
use futures_util::{Sink, SinkExt, Stream, StreamExt};

/// Any of them.
pub enum Leg {
    /// A telephone, by Twilio.
    Twilio(Box<twilio::Leg>),
    /// A web page.
    Browser(Box<browser::Leg>),
}

impl Leg {
    /// Whether its stream's time goes on where that of the one before it stopped.
    pub fn keeps_time(&self) -> bool {
        matches!(self, Self::Browser(leg) if leg.resumes())
    }
}

impl Stream for Leg {
    type Item = LegEvent;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<LegEvent>> {
        match self.get_mut() {
            Self::Twilio(leg) => leg.poll_next_unpin(cx),
            Self::Browser(leg) => leg.poll_next_unpin(cx),
        }
    }
}

impl Sink<LegOrder> for Leg {
    type Error = axum::Error;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        match self.get_mut() {
            Self::Twilio(leg) => leg.poll_ready_unpin(cx),
            Self::Browser(leg) => leg.poll_ready_unpin(cx),
        }
    }

    fn start_send(self: Pin<&mut Self>, order: LegOrder) -> Result<(), axum::Error> {
        match self.get_mut() {
            Self::Twilio(leg) => leg.start_send_unpin(order),
            Self::Browser(leg) => leg.start_send_unpin(order),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        match self.get_mut() {
            Self::Twilio(leg) => leg.poll_flush_unpin(cx),
            Self::Browser(leg) => leg.poll_flush_unpin(cx),
        }
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        match self.get_mut() {
            Self::Twilio(leg) => leg.poll_close_unpin(cx),
            Self::Browser(leg) => leg.poll_close_unpin(cx),
        }
    }
}
