//! The country of a telephone number.

/// Country codes (ITU-T E.164, list of assigned codes) of where numbers that call us are likely to be from.
const CODES: [(&str, &str); 40] = [
    ("1", "US"),
    ("20", "EG"),
    ("27", "ZA"),
    ("30", "GR"),
    ("31", "NL"),
    ("32", "BE"),
    ("33", "FR"),
    ("34", "ES"),
    ("36", "HU"),
    ("39", "IT"),
    ("40", "RO"),
    ("41", "CH"),
    ("420", "CZ"),
    ("43", "AT"),
    ("44", "GB"),
    ("45", "DK"),
    ("46", "SE"),
    ("47", "NO"),
    ("48", "PL"),
    ("49", "DE"),
    ("351", "PT"),
    ("352", "LU"),
    ("353", "IE"),
    ("358", "FI"),
    ("380", "UA"),
    ("51", "PE"),
    ("52", "MX"),
    ("54", "AR"),
    ("55", "BR"),
    ("56", "CL"),
    ("57", "CO"),
    ("61", "AU"),
    ("64", "NZ"),
    ("65", "SG"),
    ("81", "JP"),
    ("82", "KR"),
    ("86", "CN"),
    ("90", "TR"),
    ("91", "IN"),
    ("972", "IL"),
];

/// Area codes of Canada, which shares the code 1 (Canadian Numbering Administrator, geographic codes in use).
const CANADA: [&str; 46] = [
    "204", "226", "236", "249", "250", "257", "263", "289", "306", "343", "354", "365", "367", "368", "382", "403",
    "416", "418", "428", "431", "437", "438", "450", "468", "474", "506", "514", "519", "548", "579", "581", "584",
    "587", "604", "613", "639", "647", "672", "683", "705", "709", "742", "778", "780", "782", "807",
];

/// ISO 3166 of a number in E.164. None for what is no number, or for a code that is not in the list.
pub(super) fn of_number(number: &str) -> Option<&'static str> {
    let digits = number.strip_prefix('+')?;
    if let Some(national) = digits.strip_prefix('1')
        && CANADA.iter().any(|area| national.starts_with(area))
    {
        return Some("CA");
    }
    // No code is the beginning of another.
    CODES.iter().find(|(code, _)| digits.starts_with(code)).map(|(_, country)| *country)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_tells_its_country() {
        for (number, country) in [
            ("+15550001111", Some("US")),
            ("+14165550142", Some("CA")),
            ("+442079460018", Some("GB")),
            ("+34910000000", Some("ES")),
            ("+35315550000", Some("IE")),
            ("anonymous", None),
            ("client:ada", None),
            ("", None),
        ] {
            assert_eq!(of_number(number), country, "{number}");
        }
    }
}
