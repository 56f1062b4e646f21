//! The statistics: medians, ratios round by round, and the order of a round.

/// The median and the extremes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Half of the values are below.
    pub median: f64,
    /// The least value.
    pub min: f64,
    /// The greatest value.
    pub max: f64,
}

/// The median; of an even number of values, the mean of the two in the middle.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[middle],
        _ => (sorted[middle - 1] + sorted[middle]) / 2.0,
    }
}

/// Median, least and greatest value.
pub fn spread(values: &[f64]) -> Spread {
    Spread {
        median: median(values),
        min: values.iter().copied().fold(f64::INFINITY, f64::min),
        max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    }
}

/// The median of the ratios of values of the same round.
pub fn median_ratio(values: &[f64], references: &[f64]) -> f64 {
    let ratios: Vec<f64> = values
        .iter()
        .zip(references)
        .map(|(value, reference)| value / reference)
        .collect();
    median(&ratios)
}

/// The order of `count` cases in a round: each round starts one case later.
pub fn rotation(count: usize, round: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |position| (position + round) % count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_of_odd_and_even_counts() {
        assert_eq!(median(&[5.0, 1.0, 3.0]), 3.0);
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), 2.5);
        assert_eq!(median(&[7.0]), 7.0);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn spread_has_the_extremes() {
        let expected = Spread {
            median: 2.0,
            min: 1.0,
            max: 9.0,
        };
        assert_eq!(spread(&[9.0, 1.0, 2.0]), expected);
    }

    #[test]
    fn ratios_are_taken_within_a_round() {
        // The machine is three times slower in the second round: the ratio does not care.
        assert_eq!(median_ratio(&[2.0, 6.0, 2.0], &[1.0, 3.0, 1.0]), 2.0);
        // The ratio of the medians would be 1.
        assert_eq!(median_ratio(&[1.0, 2.0, 6.0], &[2.0, 1.0, 2.0]), 2.0);
    }

    #[test]
    fn rotation_visits_every_case_and_starts_with_each() {
        let orders: Vec<Vec<usize>> = (0..4).map(|r| rotation(3, r).collect()).collect();
        assert_eq!(orders, [[0, 1, 2], [1, 2, 0], [2, 0, 1], [0, 1, 2]]);
    }
}
