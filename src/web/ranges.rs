//! Parts of a file that a player asks for (RFC 9110, section 14).

use axum::http::HeaderMap;
use axum::http::header::{IF_RANGE, RANGE};
use http_range_header::parse_range_header;

/// What of a file is wanted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    Whole,
    /// From this byte up to that one, which is not among them.
    Of(u64, u64),
    Beyond,
}

/// A range that cannot be read, or of another file, is no range; of several the whole is sent, as may be.
pub(super) fn part(headers: &HeaderMap, etag: &str, len: u64) -> Part {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(parsed) = text(RANGE).and_then(|range| parse_range_header(range).ok()) else { return Part::Whole };
    if text(IF_RANGE).is_some_and(|known| known != etag) {
        return Part::Whole;
    }
    match parsed.validate(len).as_deref() {
        Ok([range]) => Part::Of(*range.start(), *range.end() + 1),
        Ok(_) => Part::Whole,
        Err(_) => Part::Beyond,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(range: &str, if_range: Option<&str>) -> Part {
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, range.parse().expect("a header"));
        if let Some(tag) = if_range {
            headers.insert(IF_RANGE, tag.parse().expect("a header"));
        }
        part(&headers, "\"tag\"", 100)
    }

    #[test]
    fn a_part_is_cut_where_it_was_asked_for() {
        assert_eq!(part(&HeaderMap::new(), "", 100), Part::Whole);
        assert_eq!(wanted("bytes=0-9", None), Part::Of(0, 10));
        assert_eq!(wanted("bytes=90-", None), Part::Of(90, 100));
        assert_eq!(wanted("bytes=-10", None), Part::Of(90, 100));
        assert_eq!(wanted("bytes=90-1000", None), Part::Of(90, 100));
        assert_eq!(wanted("bytes=100-", None), Part::Beyond);
        assert_eq!(wanted("lines=1-2", None), Part::Whole);
        assert_eq!(wanted("bytes=0-1,5-6", None), Part::Whole);
        assert_eq!(wanted("bytes=0-9", Some("\"tag\"")), Part::Of(0, 10));
        assert_eq!(wanted("bytes=0-9", Some("\"other\"")), Part::Whole);
    }
}
