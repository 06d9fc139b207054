//! Appointments by day.

use chrono::{DateTime, Utc};

use super::QueryError;
use super::filter::Scope;
use crate::store::statement::Statement;
use crate::store::{AppointmentRecord, Records};

/// Appointments that are read at once at most.
const APPOINTMENTS_MAX: i64 = 5_000;

/// A stretch of time and whose appointments in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaySpan {
    /// Whose may be seen.
    pub scope: Scope,
    /// Of this business.
    pub business: Option<String>,
    /// They begin at this moment or later.
    pub from: DateTime<Utc>,
    /// They begin before this moment.
    pub to: DateTime<Utc>,
}

impl Records {
    /// The appointments that begin in a stretch of time, in order; those that were cancelled, too. No more than 5,000.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn appointments_between(&self, span: &DaySpan) -> Result<Vec<AppointmentRecord>, QueryError> {
        let mut statement = Statement::new(
            "SELECT id, business, staff, service, start_at, start_utc, end_utc, name, phone, call_id, status, language,
                    confirmed_at, details
             FROM appointments WHERE TRUE",
        );
        if let Scope::Business(name) = &span.scope {
            statement.add(" AND business = ?", [name.into()]);
        }
        if let Some(name) = &span.business {
            statement.add(" AND business = ?", [name.into()]);
        }
        statement.add(" AND start_utc >= ? AND start_utc < ?", [span.from.into(), span.to.into()]);
        statement.add(" ORDER BY start_utc, id LIMIT ?", [APPOINTMENTS_MAX.into()]);
        Ok(statement.all(self).await?)
    }
}
