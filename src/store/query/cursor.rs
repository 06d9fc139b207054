//! Where a page begins: the sort value and the id of the row before it.
//!
//! It is written in base64url, so that nobody takes it for something to put together by hand. It is not signed: it gives
//! no right, and whatever it says is checked like any other input.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use uuid::Uuid;

use super::QueryError;

/// What a list of calls is sorted by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    /// When they were answered.
    #[default]
    StartTime,
    /// How long they took. Calls that go on are left out.
    Duration,
    /// How long the caller waited for answers on average. Calls without an answer are left out.
    Latency,
}

impl Sort {
    /// Its name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::StartTime => "start_time",
            Self::Duration => "duration",
            Self::Latency => "latency",
        }
    }

    /// By its name in the API.
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::StartTime, Self::Duration, Self::Latency].into_iter().find(|sort| sort.name() == name)
    }
}

/// Which end comes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// The newest, the longest, the slowest.
    #[default]
    Descending,
    /// The oldest, the shortest, the quickest.
    Ascending,
}

impl Order {
    fn letter(self) -> &'static str {
        match self {
            Self::Descending => "d",
            Self::Ascending => "a",
        }
    }

    pub(super) fn sql(self) -> &'static str {
        match self {
            Self::Descending => "DESC",
            Self::Ascending => "ASC",
        }
    }

    pub(super) fn reversed(self) -> Self {
        match self {
            Self::Descending => Self::Ascending,
            Self::Ascending => Self::Descending,
        }
    }
}

/// Where a page begins, and which way it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor {
    /// Of the row that is left out: microseconds since 1970, or milliseconds.
    pub(super) value: i64,
    pub(super) id: String,
    /// The page stands before that row and not behind it.
    pub(super) is_before: bool,
}

impl Cursor {
    /// As it is handed out, for lists of this sort only.
    pub(super) fn written(&self, sort: Sort, order: Order) -> String {
        let way = if self.is_before { "<" } else { ">" };
        BASE64.encode(format!("{way} {} {} {} {}", sort.name(), order.letter(), self.value, self.id))
    }

    pub(super) fn read(text: &str, sort: Sort, order: Order) -> Result<Self, QueryError> {
        let no = || QueryError::wrong("cursor", "take it from the page before, as it stands");
        let bytes = BASE64.decode(text).map_err(|_| no())?;
        let plain = String::from_utf8(bytes).map_err(|_| no())?;
        let parts: Vec<&str> = plain.split(' ').collect();
        let [way @ ("<" | ">"), of_sort, of_order, value, id] = parts[..] else { return Err(no()) };
        if (of_sort, of_order) != (sort.name(), order.letter()) {
            return Err(QueryError::wrong(
                "cursor",
                "it is of a list that was sorted otherwise; begin with the first page",
            ));
        }
        let value = value.parse().map_err(|_| no())?;
        let id = Uuid::try_parse(id).map_err(|_| no())?.hyphenated().to_string();
        Ok(Self { value, id, is_before: way == "<" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_by_its_own_list_only() {
        let cursor = Cursor { value: -5, id: Uuid::from_u128(7).hyphenated().to_string(), is_before: true };
        let text = cursor.written(Sort::Latency, Order::Ascending);
        assert_eq!(Cursor::read(&text, Sort::Latency, Order::Ascending).expect("read"), cursor);
        for (sort, order) in [(Sort::Duration, Order::Ascending), (Sort::Latency, Order::Descending)] {
            assert!(Cursor::read(&text, sort, order).is_err());
        }
        for text in ["", "%%%", "YQ", "PiBzdGFydF90aW1lIGQgOTk5OTk5OTk5OTk5OTk5OTk5OTk5OSB4"] {
            let error = Cursor::read(text, Sort::StartTime, Order::Descending).expect_err(text);
            assert!(error.to_string().starts_with("cursor: "), "{error}");
        }
    }
}
