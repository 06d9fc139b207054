//! When a provider is asked again: pauses that double, each of them a throw of the dice, so that many who failed together
//! do not come back together ("full jitter", <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>,
//! read 2026-11).

use std::time::Duration;

use engine::io::Fault;

use super::Refused;

/// The longest pause before the first repetition.
const FIRST: Duration = Duration::from_millis(100);

/// The longest pause of all, unless the provider asks for more.
const MOST: Duration = Duration::from_secs(5);

/// How long to wait before asking again; none when that helps nobody: it would fail the same way, has been tried often
/// enough, or would come too late.
///
/// `again` counts repetitions from 1, `left` is the time until the asker's deadline, and `dice` lies between 0 and 1.
pub(super) fn pause(refused: &Refused, again: u32, retries_max: u32, left: Duration, dice: f64) -> Option<Duration> {
    if !matches!(refused.fault, Fault::Retry(_)) || again > retries_max {
        return None;
    }
    let jitter = ceiling(again).mul_f64(dice.clamp(0.0, 1.0));
    let pause = refused.retry_after.map_or(jitter, |asked| asked.max(jitter));
    (pause < left).then_some(pause)
}

fn ceiling(again: u32) -> Duration {
    FIRST.saturating_mul(1 << (again - 1).min(16)).min(MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn busy(retry_after: Option<Duration>) -> Refused {
        Refused { retry_after, ..Fault::Retry("busy".into()).into() }
    }

    #[test]
    fn pauses_double_from_a_tenth_of_a_second_to_five_and_the_dice_shorten_them() {
        let most = |again| pause(&busy(None), again, 99, MINUTE, 1.0).expect("a pause").as_millis();
        let pauses: Vec<u128> = (1..=8).map(most).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
        assert_eq!(most(99), 5_000);
        assert_eq!(pause(&busy(None), 3, 99, MINUTE, 0.25), Some(Duration::from_millis(100)));
        assert_eq!(pause(&busy(None), 3, 99, MINUTE, 0.0), Some(Duration::ZERO));
    }

    #[test]
    fn what_the_provider_asks_for_is_waited_at_least() {
        let asked = Duration::from_secs(7);
        assert_eq!(pause(&busy(Some(asked)), 1, 3, MINUTE, 1.0), Some(asked));
        let little = Duration::from_millis(1);
        assert_eq!(pause(&busy(Some(little)), 1, 3, MINUTE, 1.0), Some(Duration::from_millis(100)));
    }

    #[test]
    fn nobody_waits_past_the_deadline_or_for_what_stays_as_it_is() {
        assert_eq!(pause(&busy(Some(MINUTE)), 1, 3, MINUTE, 0.5), None);
        assert_eq!(pause(&busy(None), 1, 3, Duration::ZERO, 0.0), None);
        assert_eq!(pause(&busy(None), 4, 3, MINUTE, 0.5), None);
        assert_eq!(pause(&busy(None), 1, 0, MINUTE, 0.5), None);
        for fault in [Fault::GiveUp(String::new()), Fault::OurMistake(String::new())] {
            assert_eq!(pause(&fault.into(), 1, 3, MINUTE, 0.5), None);
        }
    }
}
