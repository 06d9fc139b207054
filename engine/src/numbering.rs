//! How telephone numbers are dialled, by the numbering plans of all countries (libphonenumber's metadata).
//!
//! A number that its plan knows is written in E.164. So is one of the right shape that no plan has given out, as those
//! that begin with 555: what a caller dictates is not judged, only completed.

use phonenumber::country::Id;
use phonenumber::metadata::{DATABASE, Metadata};
use phonenumber::{Mode, PhoneNumber, parse};

/// Digits of a number that reaches somebody, at least.
const DIGITS_MIN: usize = 7;
/// Digits that ITU-T E.164 allows.
const DIGITS_MAX: usize = 15;

/// How many digits a dictated number has, compared with those of its country.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Length {
    /// Digits are missing.
    Short,
    /// It is as long as a number can be there.
    Whole,
    /// It could be whole: numbers of the country differ in length, or its plan is unknown.
    Open,
}

/// Reads the plans of some countries (ISO 3166 alpha-2) before they are needed: the first time takes a tenth of a second,
/// and the first number of a country some milliseconds.
pub fn prepare<'c>(countries: impl IntoIterator<Item = &'c str>) {
    for country in countries {
        let _ = dialable("2125550123", country);
    }
}

/// A number as the world dials it: E.164 where the country's plan is known and fits, else its digits. Between 7 digits and
/// 15; `digits` may begin with `+`.
pub(crate) fn dialable(digits: &str, country: &str) -> Option<String> {
    let plain = digits.trim_start_matches('+');
    if !(DIGITS_MIN..=DIGITS_MAX).contains(&plain.len()) {
        return None;
    }
    if digits.starts_with('+') {
        return Some(digits.to_owned());
    }
    let national = plan(country).and_then(|plan| {
        let number = parse(country.parse::<Id>().ok(), plain).ok()?;
        (number.is_valid() || has_the_shape(&number, plain, plan)).then(|| number.format().mode(Mode::E164).to_string())
    });
    Some(national.unwrap_or_else(|| plain.to_owned()))
}

/// Whether a number that is being dictated has all its digits.
pub(crate) fn length(digits: &str, country: &str) -> Length {
    let plain = digits.trim_start_matches('+');
    let plan = plan(country).filter(|_| !digits.starts_with('+'));
    let Some((plan, (least, most))) = plan.and_then(|plan| Some((plan, lengths(plan)?))) else {
        return if plain.len() < DIGITS_MIN { Length::Short } else { Length::Open };
    };
    let prefix = plan.national_prefix().filter(|prefix| plain.starts_with(prefix)).map_or(0, str::len);
    let national = plain.len() - prefix;
    if national >= most {
        Length::Whole
    } else if national < least {
        Length::Short
    } else {
        Length::Open
    }
}

/// The country of a number in E.164, ISO 3166 alpha-2: of several that share a code, the largest where the number does not
/// tell. None for what is no number.
pub fn country_of(number: &str) -> Option<String> {
    let number = number.starts_with('+').then(|| parse(None, number).ok())??;
    let told = number.country().id().map(|id| id.as_ref().to_owned());
    told.or_else(|| Some(DATABASE.by_code(&number.country().code())?.first()?.id().to_owned()))
}

fn plan(country: &str) -> Option<&'static Metadata> {
    DATABASE.by_id(country)
}

/// Whether a number is as long as the plan's, and begins as they do. A prefix that goes before every number inside the
/// country has to be there: without it the number is a local one, whose area nobody knows. North America's may be left out.
fn has_the_shape(number: &PhoneNumber, dialled: &str, plan: &Metadata) -> bool {
    if number.country().code() != plan.country_code() {
        return true;
    }
    let national = number.national().to_string();
    let prefix_missing = plan.national_prefix().is_some_and(|prefix| prefix != "1" && !dialled.starts_with(prefix));
    let fits = lengths(plan).is_some_and(|(least, most)| (least..=most).contains(&national.len()));
    fits && !prefix_missing && plan.descriptors().general().is_match(&national)
}

/// The fewest and the most digits behind the country's code, of numbers that are called.
fn lengths(plan: &Metadata) -> Option<(usize, usize)> {
    let kinds = [plan.descriptors().fixed_line(), plan.descriptors().mobile()];
    let lengths = || kinds.iter().flatten().flat_map(|kind| kind.possible_length().iter().copied().map(usize::from));
    Some((lengths().min()?, lengths().max()?))
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
            ("+5491123456789", Some("AR")),
            ("anonymous", None),
            ("client:ada", None),
            ("", None),
        ] {
            assert_eq!(country_of(number).as_deref(), country, "{number}");
        }
    }

    #[test]
    fn a_number_is_whole_when_no_digit_can_follow() {
        for (digits, country, wanted) in [
            ("555123", "US", Length::Short),
            ("5551234567", "US", Length::Whole),
            ("15551234567", "US", Length::Whole),
            ("612345678", "ES", Length::Whole),
            ("0207946001", "GB", Length::Open),
            ("02079460018", "GB", Length::Whole),
            ("030123456", "DE", Length::Open),
            ("+5255", "US", Length::Short),
            ("1234567", "ZZ", Length::Open),
        ] {
            assert_eq!(length(digits, country), wanted, "{digits} in {country}");
        }
    }
}
