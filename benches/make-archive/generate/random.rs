//! Random numbers that are the same on every machine. The state is a counter, so every post has its own
//! numbers and posts can be generated in any order.

/// The SplitMix64 generator by Steele, Lea and Flood.
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    /// A generator for one `stream` of a seed.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut start = Self(seed);
        let mixed = start.next();
        Self(mixed ^ Self(stream).next())
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 up to, but not including, 1.
    pub(super) fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number below `end`, which must not be 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.next()) * end as u128) >> 64) as usize
    }

    /// One of the choices, which must not be empty.
    pub(super) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    /// A log-normal number; `mean` and `deviation` describe its logarithm.
    pub(super) fn lognormal(&mut self, mean: f64, deviation: f64) -> f64 {
        let radius = (-2.0 * (1.0 - self.share()).ln()).sqrt();
        let normal = radius * (std::f64::consts::TAU * self.share()).cos();
        normal.mul_add(deviation, mean).exp()
    }
}
