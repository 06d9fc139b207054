//! One phrase being fetched: from a slower tier, or from its voice. However it ends, its phrase is whole or has failed
//! afterwards, and its followers know.

use std::sync::Arc;
use std::time::Duration;

use engine::io::Fault;
use futures_util::stream::StreamExt;
use tokio::time::{Instant, timeout_at};

use super::Shared;
use super::event::{Event, Tier};
use super::filling::{Filled, Filling};
use super::phrase::{Ask, Key, Whole};
use super::shelf::{Shelf, Sought};

pub(super) struct Job {
    pub(super) shared: Arc<Shared>,
    /// Where the phrase may be, and goes.
    pub(super) shelf: Option<Shelf>,
    pub(super) key: Key,
    pub(super) ask: Ask,
    pub(super) filling: Arc<Filling>,
}

impl Job {
    pub(super) async fn run(self) {
        let stale = self.shared.lock().of_any_age(&self.key);
        let stale = match self.shelved().await {
            Some(whole) if self.shared.is_fresh(&whole) => {
                self.filling.push(Arc::clone(&whole.audio));
                return self.end(Ok(Filled { whole, tier: Some(Tier::Disk), provider: Duration::ZERO }));
            }
            older => stale.or(older),
        };
        let began = Instant::now();
        let (made, provider) = self.make().await;
        let is_whole = made.is_ok();
        self.shared.tell(Event::Made { took: began.elapsed(), provider, is_whole });
        self.end(match (made, stale) {
            (Ok(whole), _) => Ok(Filled { whole, tier: None, provider }),
            (Err(fault), Some(whole)) if self.shared.config.gives_stale && self.filling.audio().is_empty() => {
                tracing::warn!(?fault, "a phrase could not be made anew; the old one is given out");
                self.shared.tell(Event::Stale);
                self.filling.push(Arc::clone(&whole.audio));
                Ok(Filled { whole, tier: Some(Tier::Memory), provider })
            }
            (Err(fault), _) => Err(fault),
        });
    }

    async fn shelved(&self) -> Option<Whole> {
        match self.shelf.as_ref()?.get(self.key).await {
            Sought::Whole(whole) => Some(whole),
            Sought::Damaged(_) | Sought::Missing => None,
        }
    }

    /// The phrase in its voice, and how long that alone took.
    async fn make(&self) -> (Result<Whole, Fault>, Duration) {
        self.shared.lock().synthesis();
        let within = self.shared.config.fill;
        let deadline = Instant::now() + within;
        let late = || Fault::Retry(format!("a phrase was not spoken within {} ms", within.as_millis()));
        let Ok(slot) = timeout_at(deadline, self.shared.syntheses.acquire()).await else {
            return (Err(late()), Duration::ZERO);
        };
        let _slot = slot.expect("the semaphore is never closed");
        let began = Instant::now();
        let outcome = timeout_at(deadline, self.speak()).await.unwrap_or_else(|_| Err(late()));
        (outcome.map(|()| self.whole()), began.elapsed())
    }

    async fn speak(&self) -> Result<(), Fault> {
        let mut audio = (self.shared.means.synthesize)(&self.ask);
        while let Some(piece) = audio.next().await {
            let piece = piece?;
            if !piece.is_empty() {
                self.filling.push(Arc::from(&piece[..]));
            }
        }
        Ok(())
    }

    fn whole(&self) -> Whole {
        let audio = self.filling.audio();
        let file = match self.ask.format.header(audio.len()) {
            Some(header) => [&header[..], &audio].concat().into(),
            None => audio,
        };
        Whole::new(self.ask.clone(), file, (self.shared.means.wall_ms)())
    }

    /// The phrase first, then the news: who hears of the end finds the phrase.
    fn end(&self, outcome: Result<Filled, Fault>) {
        let whole = outcome.as_ref().map(|filled| &filled.whole);
        self.shared.lock().end(&self.key, whole, Instant::now());
        let asked = self.filling.asked();
        if let Ok(Filled { whole, tier, .. }) = &outcome {
            match tier {
                Some(tier) => self.shared.hit(*tier, asked, &whole.record),
                None => {
                    self.shared.tell(Event::Miss { times: asked });
                    if let Some(shelf) = &self.shelf {
                        shelf.put(whole.clone());
                    }
                }
            }
        } else {
            self.shared.tell(Event::Miss { times: asked });
        }
        self.filling.end(outcome);
    }
}

impl Drop for Job {
    /// A panic in the synthesis, or a runtime that shuts down, leaves nobody waiting.
    fn drop(&mut self) {
        if !self.filling.is_over() {
            self.end(Err(Fault::Retry("the synthesis of a phrase ended without an outcome".into())));
        }
    }
}
