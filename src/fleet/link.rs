//! The way to Redis: connected when it is needed, given up quickly, and left alone for a moment after it failed.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig, MultiplexedConnection};
use redis::{AsyncConnectionConfig, Client, Cmd, FromRedisValue, Pipeline, RedisError, RedisResult, ScriptInvocation};
use tokio::time::Instant;

/// How long connecting may take.
const CONNECT_WITHIN: Duration = Duration::from_millis(300);

/// How long an answer may take. Redis answers within one; this is for a network that stalls.
const ANSWER_WITHIN: Duration = Duration::from_millis(300);

/// After a failure Redis is not asked for so long, so that requests do not all wait for a dead one.
const LEFT_ALONE: Duration = Duration::from_secs(1);

/// The address of Redis is none.
#[derive(Debug, thiserror::Error)]
#[error("REDIS_URL is no address of a Redis ({0}); write redis://:password@host:6379/0")]
pub struct FleetError(String);

/// Redis does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Redis does not answer")]
pub struct Away;

pub(super) struct Link {
    client: Client,
    manager: ConnectionManager,
    /// Since the last failure: when it may be asked again. None while it answers.
    away_until: Mutex<Option<Instant>>,
}

impl Link {
    pub(super) fn new(url: &str) -> Result<Self, FleetError> {
        // What the client says of a wrong address does not repeat it.
        let wrong = |error: RedisError| FleetError(error.to_string());
        let client = Client::open(url).map_err(wrong)?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECT_WITHIN))
            .set_response_timeout(Some(ANSWER_WITHIN))
            .set_number_of_retries(1)
            .set_min_delay(Duration::from_millis(10))
            .set_max_delay(LEFT_ALONE);
        let manager = ConnectionManager::new_lazy_with_config(client.clone(), config).map_err(wrong)?;
        Ok(Self { client, manager, away_until: Mutex::default() })
    }

    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Away> {
        let mut manager = self.manager.clone();
        self.watched(command.query_async(&mut manager)).await
    }

    pub(super) async fn ask_all<T: FromRedisValue>(&self, pipeline: &Pipeline) -> Result<T, Away> {
        let mut manager = self.manager.clone();
        self.watched(pipeline.query_async(&mut manager)).await
    }

    pub(super) async fn run<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T, Away> {
        let mut manager = self.manager.clone();
        self.watched(script.invoke_async(&mut manager)).await
    }

    /// A connection of its own for commands that wait, at most so long: on the shared one everybody would wait with them.
    pub(super) async fn own(&self, wait_max: Duration) -> RedisResult<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_WITHIN))
            .set_response_timeout(Some(wait_max + Duration::from_secs(2)));
        self.client.get_multiplexed_async_connection_with_config(&config).await
    }

    async fn watched<T>(&self, asking: impl Future<Output = RedisResult<T>>) -> Result<T, Away> {
        if !self.may_ask() {
            return Err(Away);
        }
        match asking.await {
            Ok(answer) => {
                self.answered();
                Ok(answer)
            }
            Err(error) => {
                self.failed(&error);
                Err(Away)
            }
        }
    }

    /// After a failure one request at a time tries whether Redis is back.
    fn may_ask(&self) -> bool {
        let mut until = self.away_until.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        match *until {
            Some(moment) if now < moment => false,
            Some(_) => {
                *until = Some(now + LEFT_ALONE);
                true
            }
            None => true,
        }
    }

    fn answered(&self) {
        if self.away_until.lock().unwrap_or_else(PoisonError::into_inner).take().is_some() {
            tracing::info!("Redis answers again; instances know each other's calls and jobs");
        }
    }

    fn failed(&self, error: &RedisError) {
        let mut until = self.away_until.lock().unwrap_or_else(PoisonError::into_inner);
        if until.replace(Instant::now() + LEFT_ALONE).is_none() {
            tracing::warn!(%error, "Redis (REDIS_URL) does not answer; this instance is on its own meanwhile");
        }
    }
}
