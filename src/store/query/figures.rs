//! Figures over time: counts, booked share, latency, cost, and how far callers got.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Days, Duration, NaiveDate, NaiveDateTime, TimeZone, Timelike, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use utoipa::ToSchema;

use super::QueryError;
use super::filter::Filter;
use crate::store::Records;
use crate::store::statement::{Statement, Value};

/// Stretches that are asked about at once, at most.
const BUCKETS_MAX: usize = 400;

/// Latencies are counted in steps as wide as this.
const LATENCY_STEP_MS: i64 = 10;

/// The states of the booking chart in the order in which a call comes by them when all is well.
const STEPS: [&str; 7] = ["greeting", "service", "time", "contact", "confirmation", "booking", "success"];

/// How long the stretches are, by the clock of a time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// From full hour to full hour.
    Hour,
    /// From midnight to midnight, also where that is 23 or 25 hours.
    Day,
    /// From Monday to Monday.
    Week,
}

impl Step {
    /// By its name in the API.
    pub fn of_name(name: &str) -> Option<Self> {
        match name {
            "hour" => Some(Self::Hour),
            "day" => Some(Self::Day),
            "week" => Some(Self::Week),
            _ => None,
        }
    }
}

/// Stretches of time, one after another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spans(Vec<(DateTime<Utc>, DateTime<Utc>)>);

impl Spans {
    /// One stretch from here to there.
    pub fn one(from: DateTime<Utc>, to: DateTime<Utc>) -> Self {
        Self(vec![(from, to)])
    }

    /// The stretches of a clock that have some part between two moments. The first and the last are whole.
    ///
    /// # Errors
    /// Names `to` when that is no later than `from`, and `step` when there are more than 400.
    pub fn between(from: DateTime<Utc>, to: DateTime<Utc>, step: Step, zone: Tz) -> Result<Self, QueryError> {
        if to <= from {
            return Err(QueryError::wrong("to", "it must be later than from"));
        }
        let mut spans = Vec::new();
        let mut local = begin(from.with_timezone(&zone).naive_local(), step);
        let mut since = moment(local, zone);
        while since < to {
            local = after(local, step);
            let until = moment(local, zone);
            // An hour that the clock skips in spring has no length.
            if until > since {
                spans.push((since, until));
                since = until;
            }
            if spans.len() > BUCKETS_MAX {
                let detail = format!("that is more than {BUCKETS_MAX} stretches; take longer ones or less time");
                return Err(QueryError::wrong("step", detail));
            }
        }
        Ok(Self(spans))
    }
}

fn begin(local: NaiveDateTime, step: Step) -> NaiveDateTime {
    let midnight = |date: NaiveDate| date.and_hms_opt(0, 0, 0).expect("every day has a midnight on paper");
    match step {
        Step::Hour => midnight(local.date()) + Duration::hours(local.hour().into()),
        Step::Day => midnight(local.date()),
        Step::Week => {
            let days = Days::new(local.weekday().num_days_from_monday().into());
            midnight(local.date().checked_sub_days(days).unwrap_or(local.date()))
        }
    }
}

fn after(local: NaiveDateTime, step: Step) -> NaiveDateTime {
    match step {
        Step::Hour => local + Duration::hours(1),
        Step::Day => local + Duration::days(1),
        Step::Week => local + Duration::days(7),
    }
}

/// When a clock shows this; where it skips it, when it goes on. What it shows twice is taken the first time.
fn moment(local: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    let skipped =
        (1..=8).find_map(|quarters| zone.from_local_datetime(&(local + Duration::minutes(15 * quarters))).earliest());
    let found = zone.from_local_datetime(&local).earliest().or(skipped);
    found.map_or_else(|| local.and_utc(), |moment| moment.with_timezone(&Utc))
}

/// Figures of all calls that were answered in some stretches of time.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Figures {
    /// Each stretch, in order; those without calls, too.
    pub buckets: Vec<Bucket>,
    /// How many calls came by each state of the booking, in the order of the chart.
    pub funnel: Vec<FunnelStep>,
}

/// Figures of one stretch of time.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Bucket {
    /// Where it begins.
    pub from: DateTime<Utc>,
    /// Where it ends.
    pub to: DateTime<Utc>,
    /// Calls that were answered in it.
    pub calls: i64,
    /// Of these, booked.
    pub booked: i64,
    /// Booked of all; none where there were no calls.
    pub booked_share: Option<f64>,
    /// Calls that go on.
    pub active: i64,
    /// How long they took together.
    pub duration_ms: i64,
    /// How long somebody was heard in them.
    pub talk_time_ms: i64,
    /// What they cost, in millionths of a US dollar.
    pub cost_micros: i64,
    /// What the cache saved.
    pub saved_micros: i64,
    /// How long callers waited for answers.
    pub latency: Latency,
}

/// How long callers waited for answers, from the end of their speech to our first frame, to ten milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Latency {
    /// Answers that were measured.
    pub turns: i64,
    /// Half of them came as quickly.
    pub p50_ms: Option<i64>,
    /// 95 of 100.
    pub p95_ms: Option<i64>,
    /// 99 of 100.
    pub p99_ms: Option<i64>,
}

/// Of a stretch, by its number: calls, booked, active, and milliseconds of calls and of talk.
type CountRow = (i64, i64, i64, i64, i64, i64);

/// A state of the booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FunnelStep {
    /// Its name.
    pub state: String,
    /// Calls that came by it.
    pub calls: i64,
}

impl Latency {
    /// Of a histogram: by its step, how many.
    fn of(steps: &BTreeMap<i64, i64>) -> Self {
        let turns: i64 = steps.values().sum();
        let at = |percent: i64| {
            // The nearest rank: the smallest that so many of a hundred do not exceed.
            let rank = (turns * percent + 99) / 100;
            let mut seen = 0;
            steps
                .iter()
                .find(|(_, count)| {
                    seen += **count;
                    seen >= rank.max(1)
                })
                .map(|(step, _)| step * LATENCY_STEP_MS)
        };
        Self { turns, p50_ms: at(50), p95_ms: at(95), p99_ms: at(99) }
    }
}

impl Records {
    /// Figures of the calls of a filter, whose own `from` and `to` are not asked.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn figures(&self, filter: &Filter, spans: &Spans) -> Result<Figures, QueryError> {
        let filter = &Filter { from: None, to: None, ..filter.clone() };
        let mut buckets: Vec<Bucket> = spans.0.iter().map(|(from, to)| Bucket::empty(*from, *to)).collect();
        // Each on a connection of its own: the sums of a long time keep a processor busy.
        let (counts, costs, latencies, funnel) = tokio::try_join!(
            self.counts(filter, spans),
            self.costs(filter, spans),
            self.latencies(filter, spans),
            self.funnel(filter, spans),
        )?;
        for (n, calls, booked, active, duration_ms, talk_time_ms) in counts {
            let bucket = &mut buckets[n as usize];
            *bucket = Bucket { calls, booked, active, duration_ms, talk_time_ms, ..bucket.clone() };
            bucket.booked_share = (calls > 0).then(|| booked as f64 / calls as f64);
        }
        for (n, cost_micros, saved_micros) in costs {
            buckets[n as usize].cost_micros = cost_micros;
            buckets[n as usize].saved_micros = saved_micros;
        }
        for (n, latency) in latencies {
            buckets[n as usize].latency = latency;
        }
        Ok(Figures { buckets, funnel })
    }

    async fn counts(&self, filter: &Filter, spans: &Spans) -> Result<Vec<CountRow>, QueryError> {
        let columns = "b.n, count(*),
            CAST(sum(CASE WHEN c.outcome = 'booked' THEN 1 ELSE 0 END) AS BIGINT),
            CAST(sum(CASE WHEN c.status = 'active' THEN 1 ELSE 0 END) AS BIGINT),
            CAST(coalesce(sum(c.duration_ms), 0) AS BIGINT), CAST(coalesce(sum(f.talk_time_ms), 0) AS BIGINT)";
        let figures = "LEFT JOIN analytics f ON f.call_id = c.id AND f.snapshot = 0";
        let mut statement = self.over(filter, spans, columns, figures).await?;
        Ok(statement.add(" GROUP BY b.n", []).all(self).await?)
    }

    async fn costs(&self, filter: &Filter, spans: &Spans) -> Result<Vec<(i64, i64, i64)>, QueryError> {
        let columns = "b.n, CAST(sum(m.micros) AS BIGINT), CAST(sum(m.saved_micros) AS BIGINT)";
        let mut statement = self.over(filter, spans, columns, "JOIN costs m ON m.call_id = c.id").await?;
        Ok(statement.add(" GROUP BY b.n", []).all(self).await?)
    }

    async fn latencies(&self, filter: &Filter, spans: &Spans) -> Result<Vec<(i64, Latency)>, QueryError> {
        let turns = "JOIN turns t ON t.call_id = c.id AND t.first_frame_ms >= t.speech_ended_ms";
        let columns = "b.n, (t.first_frame_ms - t.speech_ended_ms) / 10 AS step, count(*)";
        let mut statement = self.over(filter, spans, columns, turns).await?;
        let rows: Vec<(i64, i64, i64)> = statement.add(" GROUP BY b.n, step", []).all(self).await?;
        let mut steps: BTreeMap<i64, BTreeMap<i64, i64>> = BTreeMap::new();
        for (n, step, count) in rows {
            steps.entry(n).or_default().insert(step, count);
        }
        Ok(steps.into_iter().map(|(n, steps)| (n, Latency::of(&steps))).collect())
    }

    async fn funnel(&self, filter: &Filter, spans: &Spans) -> Result<Vec<FunnelStep>, QueryError> {
        let events = "JOIN events e ON e.call_id = c.id AND e.name = 'booking_state'";
        let mut statement = self.over(filter, spans, "e.detail, count(DISTINCT e.call_id)", events).await?;
        let rows: Vec<(String, i64)> = statement.add(" GROUP BY e.detail", []).all(self).await?;
        let mut reached: BTreeMap<String, i64> = rows.into_iter().collect();
        let main = STEPS.iter().map(|state| (*state).to_owned());
        let main: Vec<FunnelStep> =
            main.map(|state| FunnelStep { calls: reached.remove(&state).unwrap_or(0), state }).collect();
        let aside = reached.into_iter().map(|(state, calls)| FunnelStep { state, calls });
        Ok(main.into_iter().chain(aside).collect())
    }

    /// The calls of a filter, each with the stretch `b` that it was answered in.
    async fn over(&self, filter: &Filter, spans: &Spans, columns: &str, joined: &str) -> Result<Statement, QueryError> {
        let places = vec!["(?, ?, ?)"; spans.0.len()].join(", ");
        let values = spans.0.iter().enumerate();
        let values = values.flat_map(|(n, (from, to))| [Value::from(n as u64), (*from).into(), (*to).into()]);
        let mut statement = Statement::default();
        statement.push(&format!("WITH b (n, since, until) AS (VALUES {places}) "), values);
        statement.push(
            &format!(
                "SELECT {columns} FROM b JOIN calls c ON c.start_time >= b.since AND c.start_time < b.until
                 {joined} WHERE TRUE"
            ),
            [],
        );
        if let (Some((from, _)), Some((_, to))) = (spans.0.first(), spans.0.last()) {
            // Says nothing new, but a planner sees from it how few calls are meant.
            statement.add(" AND c.start_time >= ? AND c.start_time < ?", [(*from).into(), (*to).into()]);
        }
        filter.add_to(&mut statement, &self.found(filter).await?, self.is_postgres());
        Ok(statement)
    }
}

impl Bucket {
    fn empty(from: DateTime<Utc>, to: DateTime<Utc>) -> Self {
        Self {
            from,
            to,
            calls: 0,
            booked: 0,
            booked_share: None,
            active: 0,
            duration_ms: 0,
            talk_time_ms: 0,
            cost_micros: 0,
            saved_micros: 0,
            latency: Latency::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a moment")
    }

    #[test]
    fn days_are_as_long_as_the_clock_makes_them() {
        let zone = Tz::America__New_York;
        let days =
            Spans::between(at("2026-10-31T12:00:00Z"), at("2026-11-02T12:00:00Z"), Step::Day, zone).expect("days");
        let hours: Vec<i64> = days.0.iter().map(|(from, to)| (*to - *from).num_hours()).collect();
        assert_eq!(hours, [24, 25, 24]);
        let hours =
            Spans::between(at("2026-03-08T06:00:00Z"), at("2026-03-08T08:00:00Z"), Step::Hour, zone).expect("hours");
        assert_eq!(hours.0.len(), 2, "the hour that is skipped is none: {hours:?}");
        let weeks =
            Spans::between(at("2026-11-18T12:00:00Z"), at("2026-11-23T12:00:00Z"), Step::Week, zone).expect("weeks");
        assert_eq!(weeks.0[0].0, at("2026-11-16T05:00:00Z"));
        assert_eq!(weeks.0.len(), 2);
    }

    #[test]
    fn too_many_stretches_and_times_that_run_back_are_refused_by_name() {
        let refused =
            |from, to, step| Spans::between(at(from), at(to), step, Tz::UTC).expect_err("refused").to_string();
        assert!(refused("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", Step::Day).starts_with("to: "));
        assert!(refused("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", Step::Hour).starts_with("step: "));
    }

    #[test]
    fn percentiles_are_the_nearest_rank() {
        assert_eq!(Latency::of(&BTreeMap::new()), Latency::default());
        let steps: BTreeMap<i64, i64> = (1..=100).map(|step| (step, 1)).collect();
        let latency = Latency::of(&steps);
        assert_eq!((latency.p50_ms, latency.p95_ms, latency.p99_ms), (Some(500), Some(950), Some(990)));
        assert_eq!(Latency::of(&[(7, 1)].into()).p99_ms, Some(70));
    }
}
