//! Works jobs: new ones, and those whose worker was lost.

use std::convert::Infallible;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use futures_util::future::BoxFuture;
use redis::aio::MultiplexedConnection;
use redis::streams::{StreamAutoClaimReply, StreamId, StreamReadReply};
use redis::{Cmd, RedisResult, Script};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::jobs::GROUP;
use super::{Event, Fleet, Job, JobState, Worked};

/// Jobs that one instance works at the same time; calls come first.
const AT_ONCE: usize = 4;

/// How often a job is tried.
const TRIES_MAX: u32 = 3;

/// Before the second try; twice as long before the third.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// How often a worker says that it is still at it.
const KEPT_EVERY: Duration = Duration::from_secs(2);

/// When a job is taken over whose worker has not said so. Three times it may be late.
const LOST_AFTER: Duration = Duration::from_secs(8);

/// How often those are looked for.
const LOOKED_FOR_EVERY: Duration = Duration::from_secs(2);

/// How long one look for a new job waits. Looking for lost ones waits with it.
const LOOK: Duration = Duration::from_secs(1);

/// Between a broken connection and the next one.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// When a worker is forgotten that has no job in hand. Each process is another one, so they would become ever more.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(3_600);

/// Forgets workers that were lost long ago. One that comes back is known again with its next look.
static FORGET: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"for _, worker in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
            local told = {}
            for place = 1, #worker, 2 do told[worker[place]] = worker[place + 1] end
            if told.pending == 0 and told.idle > tonumber(ARGV[2]) then
                redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], told.name)
            end
        end",
    )
});

type Work = Arc<dyn Fn(Job) -> BoxFuture<'static, Worked> + Send + Sync>;

/// Works jobs until it is told to stop, and those in hand to their end.
pub(super) async fn run(fleet: Fleet, work: Work, mut stop: watch::Receiver<bool>) {
    let slots = Arc::new(Semaphore::new(AT_ONCE));
    // Dropped, they end with us.
    let mut in_hand = JoinSet::new();
    tokio::select! {
        never = take_over_every_outage(&fleet, &work, &slots, &mut in_hand) => match never {},
        _ = stop.wait_for(|stop| *stop) => {}
    }
    while in_hand.join_next().await.is_some() {}
}

async fn take_over_every_outage(
    fleet: &Fleet,
    work: &Work,
    slots: &Arc<Semaphore>,
    in_hand: &mut JoinSet<()>,
) -> Infallible {
    loop {
        if let Ok(mut connection) = fleet.inner.link.own(LOOK).await
            && let Err(error) = take(fleet, work, slots, in_hand, &mut connection).await
        {
            tracing::debug!(%error, "jobs cannot be read");
        }
        sleep(RETRY_AFTER).await;
    }
}

/// Takes jobs one by one, as many as there is room for, until the connection breaks.
async fn take(
    fleet: &Fleet,
    work: &Work,
    slots: &Arc<Semaphore>,
    in_hand: &mut JoinSet<()>,
    connection: &mut MultiplexedConnection,
) -> RedisResult<()> {
    make_group(fleet, connection).await?;
    forget_lost_workers(fleet, connection).await?;
    let mut looked_for_lost: Option<Instant> = None;
    loop {
        let slot = Arc::clone(slots).acquire_owned().await.expect("the semaphore is never closed");
        // Those that have ended; their number is bounded by the slots.
        while in_hand.try_join_next().is_some() {}
        let is_due = looked_for_lost.is_none_or(|at| at.elapsed() >= LOOKED_FOR_EVERY);
        let taken = if is_due { lost(fleet, connection).await? } else { next(fleet, connection).await? };
        match taken {
            Some(entry) => drop(in_hand.spawn(work_entry(fleet.clone(), Arc::clone(work), entry, slot))),
            None if is_due => looked_for_lost = Some(Instant::now()),
            None => {}
        }
    }
}

async fn make_group(fleet: &Fleet, connection: &mut MultiplexedConnection) -> RedisResult<()> {
    let mut make = redis::cmd("XGROUP");
    make.arg("CREATE").arg(fleet.stream()).arg(GROUP).arg("0").arg("MKSTREAM");
    let made: RedisResult<()> = make.query_async(connection).await;
    made.or_else(|error| if error.code() == Some("BUSYGROUP") { Ok(()) } else { Err(error) })
}

async fn forget_lost_workers(fleet: &Fleet, connection: &mut MultiplexedConnection) -> RedisResult<()> {
    let mut script = FORGET.key(fleet.stream());
    script.arg(GROUP).arg(FORGOTTEN_AFTER.as_millis() as u64).invoke_async(connection).await
}

/// A job that nobody has taken.
async fn next(fleet: &Fleet, connection: &mut MultiplexedConnection) -> RedisResult<Option<StreamId>> {
    let mut read = redis::cmd("XREADGROUP");
    read.arg("GROUP").arg(GROUP).arg(&fleet.inner.me).arg("COUNT").arg(1);
    read.arg("BLOCK").arg(LOOK.as_millis() as u64).arg("STREAMS").arg(fleet.stream()).arg(">");
    let reply: Option<StreamReadReply> = read.query_async(connection).await?;
    Ok(reply.and_then(|reply| reply.keys.into_iter().next()?.ids.into_iter().next()))
}

/// A job whose worker was lost.
async fn lost(fleet: &Fleet, connection: &mut MultiplexedConnection) -> RedisResult<Option<StreamId>> {
    let claim = Cmd::xautoclaim_options(
        fleet.stream(),
        GROUP,
        &fleet.inner.me,
        LOST_AFTER.as_millis() as u64,
        "0",
        redis::streams::StreamAutoClaimOptions::default().count(1),
    );
    let reply: StreamAutoClaimReply = claim.query_async(connection).await?;
    Ok(reply.claimed.into_iter().next())
}

async fn work_entry(fleet: Fleet, work: Work, entry: StreamId, _slot: OwnedSemaphorePermit) {
    let Some(id) = entry.get::<String>("job") else {
        let _ = fleet.drop_entry(&entry.id).await;
        return;
    };
    let worked = tokio::select! {
        worked = fleet.work_job(&work, &entry.id, &id) => worked,
        never = keep(&fleet, &entry.id) => match never {},
    };
    if worked.is_err() {
        tracing::warn!(job = id, "Redis is away, so that nobody hears what came of a job; it is worked again");
    }
}

async fn keep(fleet: &Fleet, entry: &str) -> Infallible {
    loop {
        sleep(KEPT_EVERY).await;
        let _ = fleet.keep_entry(entry).await;
    }
}

impl Fleet {
    async fn work_job(&self, work: &Work, entry: &str, id: &str) -> Result<(), super::Away> {
        let mut pause = AGAIN_AFTER;
        loop {
            let Some(job) = self.begin_job(id).await? else { return self.drop_entry(entry).await };
            let tries = job.tries;
            // One that takes its workers down with it comes here again and again.
            let worked = match tries {
                ..=TRIES_MAX => work(job).await,
                _ => Worked::Failed(format!("it was tried {TRIES_MAX} times, and its worker was lost")),
            };
            let end = match worked {
                Worked::Done(answer) => JobState::Done(answer),
                Worked::Failed(reason) => JobState::Failed(reason),
                Worked::Again(reason) if tries >= TRIES_MAX => {
                    JobState::Failed(format!("it was tried {tries} times: {reason}"))
                }
                Worked::Again(reason) => {
                    tracing::info!(job = id, tries, reason, "a job is tried again");
                    (self.inner.tell)(Event::Job("again"));
                    sleep(pause).await;
                    pause *= 2;
                    continue;
                }
            };
            (self.inner.tell)(Event::Job(if matches!(end, JobState::Done(_)) { "done" } else { "failed" }));
            return self.end_job(entry, id, &end).await;
        }
    }
}
