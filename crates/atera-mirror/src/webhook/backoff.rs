//! When to try again: exponential, with full jitter, so that what failed together does not come back together.

use std::time::Duration;

/// The longest pause after so many failures: the first is `base`, and each is twice the last one, up to `most`.
pub(super) fn ceiling(base: Duration, failures: u32, most: Duration) -> Duration {
    let factor = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    base.checked_mul(factor).unwrap_or(most).min(most)
}

/// A pause of any length up to the longest. `random` is from 0 to 1.
pub(super) fn full_jitter(longest: Duration, random: f64) -> Duration {
    longest.mul_f64(random.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let (base, most) = (Duration::from_secs(5), Duration::from_secs(3600));
        let seconds = |failures| ceiling(base, failures, most).as_secs();
        assert_eq!([1, 2, 3, 4].map(seconds), [5, 10, 20, 40]);
        assert_eq!([10, 11, 33, u32::MAX].map(seconds), [2560, 3600, 3600, 3600]);
        assert_eq!(ceiling(Duration::from_secs(7200), 1, most), most);
    }

    #[test]
    fn a_pause_has_any_length_up_to_that() {
        let longest = Duration::from_secs(10);
        assert_eq!(full_jitter(longest, 0.0), Duration::ZERO);
        assert_eq!(full_jitter(longest, 0.25), Duration::from_millis(2500));
        assert_eq!(full_jitter(longest, 1.0), longest);
    }
}
