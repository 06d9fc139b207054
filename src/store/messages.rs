//! What callers left: noting that somebody has seen to it. It is [read](super::query) with everything else.

use super::query::Scope;
use super::rows::moment_of;
use super::statement::Statement;
use super::{Store, StoreError};

impl Store {
    /// Notes that somebody has seen to the message of a call, or has not after all. `false` where there is none in
    /// `scope`. The first time counts.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn see_to_message(
        &self,
        scope: &Scope,
        call_id: &str,
        done: bool,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let mut statement = Statement::new("UPDATE messages SET done_at = ");
        match done {
            true => statement.add("COALESCE(done_at, ?)", [moment_of(now_ms).into()]),
            false => statement.add("NULL", []),
        };
        statement.add(" WHERE call_id = ?", [call_id.into()]);
        if let Scope::Business(name) = scope {
            statement.add(" AND call_id IN (SELECT id FROM calls WHERE business = ?)", [name.into()]);
        }
        Ok(statement.run(&self.database.write()).await? > 0)
    }
}
