//! Taking calls away for good: by age, or because one caller asks for it.
//!
//! Files go before rows, so that whoever is interrupted finds the rest again: see [`Cleaner::next`].

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::database::{Database, Pool, open_to_read};
use super::statement::Statement;
use super::{Store, StoreError};

/// Calls that go in one transaction.
const AT_ONCE: i64 = 100;

/// What belongs to a call, by its id; the call itself goes last.
const TABLES: [&str; 8] =
    ["transcripts", "turns", "events", "recordings", "analytics", "costs", "call_metadata", "messages"];

/// Which calls are to go; all conditions hold together. One that goes on never does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Going {
    /// This one only, by our own id.
    pub call: Option<String>,
    /// They ended before this moment.
    pub ended_before: Option<DateTime<Utc>>,
    /// Of this business.
    pub business: Option<String>,
    /// Of this caller, in E.164: calls from the number, and calls in which an appointment was made for it.
    pub caller: Option<String>,
    /// Only recordings and tapes; what was written stays.
    pub recordings_only: bool,
}

/// How much that is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromRow)]
pub struct Extent {
    /// Calls.
    pub calls: i64,
    /// Their recordings.
    pub recordings: i64,
    /// What these take, in bytes; tapes not counted.
    pub bytes: i64,
}

/// A call that is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaving {
    /// Our own id.
    pub call_id: String,
    /// When it was answered.
    pub start_time: DateTime<Utc>,
    /// The carrier's id.
    pub call_sid: String,
    /// Its recordings' files, and where the object store has them.
    pub files: Vec<(String, Option<String>)>,
}

/// How many rows went, by table.
pub type Removed = BTreeMap<&'static str, u64>;

/// Takes calls away, beside the process that writes them.
#[derive(Debug, Clone)]
pub struct Cleaner {
    database: Database,
}

impl Store {
    /// What takes calls away from this store.
    pub fn cleaner(&self) -> Cleaner {
        Cleaner { database: self.database.clone() }
    }
}

impl Cleaner {
    /// Opens a database for that, which is there already; a `serve` may use it meanwhile.
    ///
    /// # Errors
    /// As for [`Store::open`], and when there is no database.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        open_to_read(url).await?.close().await;
        let database = Database::open(url).await?;
        database.in_place().await?;
        Ok(Self { database })
    }

    /// How much is to go.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn extent(&self, going: &Going) -> Result<Extent, StoreError> {
        let mut statement = Statement::new(
            "SELECT count(DISTINCT c.id) AS calls, count(r.file_path) AS recordings,
                    CAST(coalesce(sum(r.size_bytes), 0) AS BIGINT) AS bytes
             FROM calls c LEFT JOIN recordings r ON r.call_id = c.id WHERE c.status <> 'active'",
        );
        going.add_to(&mut statement);
        Ok(statement.first(&self.database.ask()).await?.unwrap_or_default())
    }

    /// The next calls that are to go behind the last that was seen, the oldest first; none behind the last of all. Their files
    /// are to be removed first, then [`remove`](Self::remove) takes the rows.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn next(&self, going: &Going, behind: Option<&Leaving>) -> Result<Vec<Leaving>, StoreError> {
        let pool = self.database.ask();
        let mut statement =
            Statement::new("SELECT c.id, c.start_time, c.call_sid FROM calls c WHERE c.status <> 'active'");
        going.add_to(&mut statement);
        if let Some(last) = behind {
            let values = [last.start_time.into(), (&last.call_id).into()];
            statement.add(" AND (c.start_time, c.id) > (?, ?)", values);
        }
        statement.add(" ORDER BY c.start_time, c.id LIMIT ?", [AT_ONCE.into()]);
        let calls: Vec<(String, DateTime<Utc>, String)> = statement.all(&pool).await?;
        let mut leaving = Vec::with_capacity(calls.len());
        for (call_id, start_time, call_sid) in calls {
            let files = "SELECT file_path, file_url FROM recordings WHERE call_id = $1";
            let files = Statement::of(files, [(&call_id).into()]).all(&pool).await?;
            leaving.push(Leaving { call_id, start_time, call_sid, files });
        }
        Ok(leaving)
    }

    /// Removes the rows of calls, or of their recordings only.
    ///
    /// # Errors
    /// When the database cannot be written; then all of these rows are still there.
    pub async fn remove(&self, calls: &[Leaving], recordings_only: bool) -> Result<Removed, StoreError> {
        let mut removed = Removed::new();
        let mut transaction = self.database.write().begin().await?;
        for call in calls {
            for table in TABLES.into_iter().filter(|table| !recordings_only || *table == "recordings") {
                let mut statement = Statement::new(&format!("DELETE FROM {table}"));
                statement.add(" WHERE call_id = ?", [(&call.call_id).into()]);
                *removed.entry(table).or_default() += statement.run(&mut transaction).await?;
            }
            if recordings_only {
                continue;
            }
            // A reminder of an appointment that stands is still to be sent.
            let told = Statement::of(
                "DELETE FROM outbox WHERE call_id = $1 AND status <> 'waiting'",
                [(&call.call_id).into()],
            );
            *removed.entry("outbox").or_default() += told.run(&mut transaction).await?;
            let transfer = Statement::of("DELETE FROM transfers WHERE call_sid = $1", [(&call.call_sid).into()]);
            *removed.entry("transfers").or_default() += transfer.run(&mut transaction).await?;
            let profile = Statement::of("DELETE FROM call_profiles WHERE call_id = $1", [(&call.call_sid).into()]);
            *removed.entry("call_profiles").or_default() += profile.run(&mut transaction).await?;
            let itself = Statement::of("DELETE FROM calls WHERE id = $1", [(&call.call_id).into()]);
            *removed.entry("calls").or_default() += itself.run(&mut transaction).await?;
        }
        transaction.commit().await?;
        Ok(removed)
    }

    /// Removes appointments that ended before a moment; gives how many.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn remove_appointments(
        &self,
        ended_before: DateTime<Utc>,
        business: Option<&str>,
    ) -> Result<u64, StoreError> {
        let which = |statement: &mut Statement| {
            statement.add(" end_utc < ?", [ended_before.into()]);
            if let Some(business) = business {
                statement.add(" AND business = ?", [business.into()]);
            }
        };
        self.remove_appointments_where(which).await
    }

    /// Whether a caller is on the phone just now.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn is_calling(&self, caller: &str) -> Result<bool, StoreError> {
        let live = "SELECT id FROM calls WHERE status = 'active' AND caller = $1 LIMIT 1";
        let live: Option<(String,)> = Statement::of(live, [caller.into()]).first(&self.database.ask()).await?;
        Ok(live.is_some())
    }

    /// A caller's appointments: those that are over, and those to come that stand.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn appointments_of(&self, caller: &str, now: DateTime<Utc>) -> Result<(i64, i64), StoreError> {
        let mut statement = Statement::new("SELECT ");
        statement.add(
            "count(CASE WHEN end_utc > ? AND status = 'booked' THEN 1 END), count(*) FROM appointments",
            [now.into()],
        );
        statement.add(" WHERE ", []).add(OF_NUMBER, [digits(caller).into()]);
        let (to_come, all): (i64, i64) = statement.first(&self.database.ask()).await?.unwrap_or_default();
        Ok((all - to_come, to_come))
    }

    /// Removes a caller's appointments; gives how many. The calls they were made in must have gone before.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn remove_appointments_of(&self, caller: &str) -> Result<u64, StoreError> {
        self.remove_appointments_where(|statement| _ = statement.add(OF_NUMBER, [digits(caller).into()])).await
    }

    /// With what was told, or is to be told, of them.
    async fn remove_appointments_where(&self, which: impl Fn(&mut Statement)) -> Result<u64, StoreError> {
        let mut transaction = self.database.write().begin().await?;
        let mut told = Statement::new("DELETE FROM outbox WHERE appointment_id IN (SELECT id FROM appointments WHERE ");
        which(&mut told);
        told.add(")", []).run(&mut transaction).await?;
        let mut statement = Statement::new("DELETE FROM appointments WHERE ");
        which(&mut statement);
        let removed = statement.run(&mut transaction).await?;
        transaction.commit().await?;
        Ok(removed)
    }

    /// Makes the database forget what was removed: until then its files hold remains of it. Takes time.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn wipe(&self) -> Result<(), StoreError> {
        let pool = self.database.write();
        let steps: &[&str] = match pool {
            Pool::Sqlite(_) => &[
                // The index keeps words of removed lines until it is put together anew.
                "INSERT INTO transcript_search (transcript_search) VALUES ('optimize')",
                "VACUUM",
                "PRAGMA wal_checkpoint(TRUNCATE)",
            ],
            Pool::Postgres(_) => &[
                "VACUUM calls",
                "VACUUM transcripts",
                "VACUUM turns",
                "VACUUM events",
                "VACUUM recordings",
                "VACUUM analytics",
                "VACUUM costs",
                "VACUUM call_metadata",
                "VACUUM call_profiles",
                "VACUUM appointments",
                "VACUUM messages",
                "VACUUM outbox",
            ],
        };
        for step in steps {
            Statement::new(step).run(&pool).await?;
        }
        Ok(())
    }

    /// Closes the connections.
    pub async fn close(self) {
        self.database.close().await;
    }
}

/// An appointment's number, however it was written down: with or without what stands before the national number. At
/// least nine digits, because a shorter one, without its area, may be the end of somebody else's.
const OF_NUMBER: &str =
    "length(replace(replace(replace(replace(replace(phone, '+', ''), ' ', ''), '-', ''), '(', ''), ')', '')) >= 9
    AND ? LIKE '%' || replace(replace(replace(replace(replace(phone, '+', ''), ' ', ''), '-', ''), '(', ''), ')', '')";

fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

impl Going {
    fn add_to(&self, statement: &mut Statement) {
        if let Some(call) = &self.call {
            statement.add(" AND c.id = ?", [call.into()]);
        }
        if let Some(moment) = self.ended_before {
            statement.add(" AND coalesce(c.end_time, c.start_time) < ?", [moment.into()]);
        }
        if let Some(business) = &self.business {
            statement.add(" AND c.business = ?", [business.into()]);
        }
        if let Some(caller) = &self.caller {
            statement.add(" AND (c.caller = ? OR c.id IN (SELECT call_id FROM appointments WHERE ", [caller.into()]);
            statement.add(OF_NUMBER, [digits(caller).into()]).add("))", []);
        }
        if self.recordings_only {
            statement.add(" AND EXISTS (SELECT 1 FROM recordings r2 WHERE r2.call_id = c.id)", []);
        }
    }
}
