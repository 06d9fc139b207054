//! What the cache tells whoever counts.

use std::sync::Arc;
use std::time::Duration;

/// Where a phrase was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// In this process.
    Memory,
    /// In Redis.
    Redis,
    /// On this machine's disk.
    Disk,
    /// In the object store.
    Objects,
}

impl Tier {
    /// Its name in metrics and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Redis => "redis",
            Self::Disk => "disk",
            Self::Objects => "object_store",
        }
    }
}

/// Something that happened in the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A phrase was there, once or for several who asked at the same time.
    Hit {
        /// Where.
        tier: Tier,
        /// How often it was asked for.
        times: u64,
        /// How many characters did not have to be spoken, each time.
        characters: usize,
    },
    /// A phrase was not there, for so many who asked.
    Miss {
        /// How often it was asked for.
        times: u64,
    },
    /// A synthesis ended.
    Made {
        /// How long it took, the wait for its turn included.
        took: Duration,
        /// How long the provider took.
        provider: Duration,
        /// Whether the phrase is whole.
        is_whole: bool,
    },
    /// A phrase that is too old was given out, because no new one could be made.
    Stale,
    /// A phrase was put where it outlives the process, or should have been.
    Stored {
        /// Where.
        tier: Tier,
        /// How long that took.
        took: Duration,
        /// Whether it is there.
        is_there: bool,
    },
    /// A phrase that was kept was not what had been put there, and was thrown away.
    Damaged,
}

/// Whoever counts.
pub type Tell = Arc<dyn Fn(Event) + Send + Sync>;
