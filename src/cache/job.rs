//! One phrase being fetched: from a slower tier, from its voice, or by whoever stands in for that voice. However it ends,
//! its phrase is whole or has failed afterwards, and its followers know.
//!
//! What a stand-in says is kept as a phrase of the stand-in's own, never as the one that was asked for: when the voice that
//! was meant is back, it is heard again.

use std::sync::Arc;
use std::time::Duration;

use engine::audio::format::Format;
use engine::io::Fault;
use futures_util::stream::StreamExt;
use tokio::time::{Instant, timeout_at};

use super::board::Lock;
use super::event::{Event, Tier};
use super::filling::{Filled, Filling};
use super::phrase::{Ask, Cast, Key, Who, Whole};
use super::search::Search;
use super::tiers::Tiers;
use super::{Shared, Terms};

pub(super) struct Job {
    pub(super) shared: Arc<Shared>,
    /// Where the phrase may be, and goes.
    pub(super) tiers: Tiers,
    pub(super) key: Key,
    pub(super) cast: Cast,
    pub(super) text: String,
    pub(super) format: Format,
    /// How long other instances and servers are waited for.
    pub(super) patience: Duration,
    /// How long its first audio may take once it is ours to make.
    pub(super) first_within: Duration,
    /// When the phrase has to be whole.
    pub(super) deadline: Instant,
    pub(super) filling: Arc<Filling>,
}

impl Job {
    pub(super) async fn run(self) {
        let meant = self.ask(self.cast.meant());
        let mut older = self.shared.lock().of_any_age(&self.key);
        self.end(match self.search(&meant, &mut older).await {
            Search::Found(whole, tier) => Ok(self.found(whole, tier)),
            Search::Refused(fault) => self.helped(fault, older, Instant::now() + self.first_within).await,
            Search::Ours(lock) => self.fill(&meant, older, lock).await,
        });
    }

    /// The phrase in the voice that was meant, for all instances; or what helps where that fails.
    async fn fill(&self, meant: &Ask, older: Option<Whole>, lock: Option<Lock>) -> Result<Filled, Fault> {
        let first_by = Instant::now() + self.first_within;
        match self.made(meant, first_by, self.cast.stand_ins().len()).await {
            Ok(filled) => {
                self.tiers.keep(&filled.whole, lock);
                Ok(filled)
            }
            Err(fault) => {
                let outcome = self.helped(fault, older, first_by).await;
                if let Err(fault) = &outcome {
                    self.tiers.refuse(meant, fault, lock);
                }
                outcome
            }
        }
    }

    /// Where nothing was heard yet: an older phrase in the voice that was meant, or another voice.
    async fn helped(&self, fault: Fault, older: Option<Whole>, first_by: Instant) -> Result<Filled, Fault> {
        if self.shared.config.gives_stale
            && self.filling.audio().is_empty()
            && let Some(whole) = self.or_oldest(older).await
        {
            tracing::warn!(?fault, "a phrase could not be made anew; the old one is given out");
            self.shared.tell(Event::Stale);
            return Ok(self.found(whole, Tier::Memory));
        }
        self.stood_in(fault, first_by).await
    }

    /// The object store may still have what nobody else knows any more.
    async fn or_oldest(&self, older: Option<Whole>) -> Option<Whole> {
        if older.is_some() { older } else { self.deposited(Instant::now() + self.patience).await }
    }

    /// The phrase by the first who can stand in. Once a part was given out, nobody else goes on with it.
    async fn stood_in(&self, mut fault: Fault, first_by: Instant) -> Result<Filled, Fault> {
        let stand_ins = self.cast.stand_ins();
        for (at, who) in stand_ins.iter().enumerate() {
            if !self.filling.audio().is_empty() {
                break;
            }
            tracing::warn!(?fault, instead = who.provider, "a voice cannot speak; another stands in");
            let ask = self.ask(who);
            if let Some((whole, tier)) = self.kept(&ask).await {
                return Ok(self.found(whole, tier));
            }
            match self.made(&ask, first_by, stand_ins.len() - at - 1).await {
                Ok(filled) => {
                    self.tiers.keep(&filled.whole, None);
                    return Ok(filled);
                }
                // What may work next time is not remembered as refused, whatever others say.
                Err(next) if !matches!(fault, Fault::Retry(_)) => fault = next,
                Err(_) => {}
            }
        }
        Err(fault)
    }

    fn ask(&self, who: &Who) -> Ask {
        Ask { who: who.clone(), text: self.text.clone(), format: self.format }
    }

    fn found(&self, whole: Whole, tier: Tier) -> Filled {
        self.filling.push(Arc::clone(&whole.audio));
        Filled { whole, tier: Some(tier), provider: Duration::ZERO }
    }

    /// The phrase in a voice. The time for its first audio is shared with as many as may have to stand in.
    async fn made(&self, ask: &Ask, first_by: Instant, stand_ins: usize) -> Result<Filled, Fault> {
        let began = Instant::now();
        let left = first_by.saturating_duration_since(began);
        let first_within = left / u32::try_from(stand_ins + 1).unwrap_or(u32::MAX);
        let (made, provider) = self.make(ask, Terms { first_within, has_stand_in: stand_ins > 0 }).await;
        self.shared.tell(Event::Made { took: began.elapsed(), provider, is_whole: made.is_ok() });
        made.map(|whole| Filled { whole, tier: None, provider })
    }

    /// The phrase, and how long its voice alone took.
    async fn make(&self, ask: &Ask, terms: Terms) -> (Result<Whole, Fault>, Duration) {
        self.shared.lock().synthesis();
        let within = self.shared.config.fill;
        let late = || Fault::Retry(format!("a phrase was not spoken within {} ms", within.as_millis()));
        let Ok(slot) = timeout_at(self.deadline, self.shared.syntheses.acquire()).await else {
            return (Err(late()), Duration::ZERO);
        };
        let _slot = slot.expect("the semaphore is never closed");
        let began = Instant::now();
        let outcome = timeout_at(self.deadline, self.speak(ask, terms)).await.unwrap_or_else(|_| Err(late()));
        (outcome.map(|()| self.whole(ask)), began.elapsed())
    }

    async fn speak(&self, ask: &Ask, terms: Terms) -> Result<(), Fault> {
        let mut audio = (self.shared.means.synthesize)(ask, terms);
        while let Some(piece) = audio.next().await {
            let piece = piece?;
            if !piece.is_empty() {
                self.filling.push(Arc::from(&piece[..]));
            }
        }
        Ok(())
    }

    fn whole(&self, ask: &Ask) -> Whole {
        let audio = self.filling.audio();
        let file = match ask.format.header(audio.len()) {
            Some(header) => [&header[..], &audio].concat().into(),
            None => audio,
        };
        Whole::new(ask.clone(), file, (self.shared.means.wall_ms)())
    }

    /// The phrase first, then the news: who hears of the end finds the phrase.
    fn end(&self, outcome: Result<Filled, Fault>) {
        let whole = outcome.as_ref().map(|Filled { whole, .. }| (Key::of(&whole.record.ask), whole));
        self.shared.lock().end(&self.key, whole, Instant::now());
        let asked = self.filling.asked();
        if let Ok(Filled { whole, tier, .. }) = &outcome {
            match tier {
                Some(tier) => self.shared.hit(*tier, asked, &whole.record),
                None => self.shared.tell(Event::Miss { times: asked }),
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
