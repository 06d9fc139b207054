//! The small recurrent network that weighs the features over time: a gated recurrent unit (Cho et al., "Learning Phrase
//! Representations using RNN Encoder–Decoder", 2014) behind one layer that condenses the features.

use std::sync::LazyLock;

use super::features::INPUTS;

/// Neurons that condense the features of a frame.
pub const CONDENSED: usize = 32;

/// Neurons that remember.
pub const REMEMBERED: usize = 32;

/// What a gate weighs: the condensed features, the memory, and 1 for the bias.
pub const SEEN: usize = CONDENSED + REMEMBERED + 1;

/// The answer to a frame that is too quiet to ask about.
pub const NOTHING: f32 = -9.0;

/// What the network remembers of a call, each −1 to 1.
pub type Memory = [f32; REMEMBERED];

/// The weights: a row for each neuron, its bias last.
#[derive(Debug, Clone)]
pub struct Network {
    /// From the features.
    pub condense: Vec<[f32; INPUTS + 1]>,
    /// How much of the memory is kept.
    pub keep: Vec<[f32; SEEN]>,
    /// How much of the memory is consulted for what might replace it.
    pub consult: Vec<[f32; SEEN]>,
    /// What might replace it.
    pub replace: Vec<[f32; SEEN]>,
    /// From the memory to the answer.
    pub answer: [f32; REMEMBERED + 1],
}

/// A table of weights that does not fit this network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotOurTable {
    /// There are fewer rows than neurons.
    #[error("the table of weights ends before its last row; write it again with train_vad")]
    Short,
    /// A row is too long or too short, as after a change of the features.
    #[error(
        "row {0} of the table of weights has another length than this network needs; write it again with train_vad"
    )]
    Row(usize),
    /// Something is not a whole number.
    #[error("{0:?} in the table of weights is not a whole number")]
    Number(String),
}

static TRAINED: LazyLock<Network> =
    LazyLock::new(|| include_str!("weights.txt").parse().expect("the table is checked by a test"));

impl Network {
    /// The network that ships.
    pub fn trained() -> &'static Self {
        &TRAINED
    }

    /// Takes the features of a frame into the memory, and gives the natural logarithm of the odds that somebody speaks.
    pub fn hear(&self, inputs: &[f32; INPUTS], memory: &mut Memory) -> f32 {
        let mut seen = [0.0; SEEN - 1];
        for (out, row) in seen.iter_mut().zip(&self.condense) {
            *out = rectified(weighed(row, inputs));
        }
        seen[CONDENSED..].copy_from_slice(memory);
        let keep: Memory = std::array::from_fn(|n| sigmoid(weighed(&self.keep[n], &seen)));
        let consult: Memory = std::array::from_fn(|n| sigmoid(weighed(&self.consult[n], &seen)));
        for n in 0..REMEMBERED {
            seen[CONDENSED + n] *= consult[n];
        }
        for n in 0..REMEMBERED {
            let instead = weighed(&self.replace[n], &seen).tanh();
            memory[n] = instead + keep[n] * (memory[n] - instead);
        }
        weighed(&self.answer, memory)
    }

    /// Every row in the order of the table.
    pub fn rows(&self) -> impl Iterator<Item = &[f32]> {
        let gates = self.keep.iter().chain(&self.consult).chain(&self.replace);
        let condense = self.condense.iter().map(|row| &row[..]);
        condense.chain(gates.map(|row| &row[..])).chain([&self.answer[..]])
    }
}

/// Reads a table: a row a line, weights in hundredths; lines that begin with `#` are remarks.
impl std::str::FromStr for Network {
    type Err = NotOurTable;

    fn from_str(text: &str) -> Result<Self, NotOurTable> {
        let mut lines = text.lines().filter(|line| !line.starts_with('#')).enumerate();
        Ok(Self {
            condense: rows(&mut lines, CONDENSED)?,
            keep: rows(&mut lines, REMEMBERED)?,
            consult: rows(&mut lines, REMEMBERED)?,
            replace: rows(&mut lines, REMEMBERED)?,
            answer: row(lines.next())?,
        })
    }
}

fn rows<'a, const LEN: usize>(
    lines: &mut impl Iterator<Item = (usize, &'a str)>,
    count: usize,
) -> Result<Vec<[f32; LEN]>, NotOurTable> {
    (0..count).map(|_| row(lines.next())).collect()
}

fn row<const LEN: usize>(line: Option<(usize, &str)>) -> Result<[f32; LEN], NotOurTable> {
    let (at, line) = line.ok_or(NotOurTable::Short)?;
    let weight = |word: &str| match word.parse::<i32>() {
        Ok(hundredths) => Ok(hundredths as f32 / 100.0),
        Err(_) => Err(NotOurTable::Number(word.to_owned())),
    };
    let weights = line.split_whitespace().map(weight).collect::<Result<Vec<f32>, _>>()?;
    weights.try_into().map_err(|_| NotOurTable::Row(at))
}

/// A leaky rectifier.
pub fn rectified(sum: f32) -> f32 {
    sum.max(0.1 * sum)
}

/// Any number, squeezed between 0 and 1.
pub fn sigmoid(sum: f32) -> f32 {
    1.0 / (1.0 + (-sum).exp())
}

/// The weighted sum of the inputs and the bias, which the row holds last. Eight sums at a time, so that the compiler can
/// use wide registers; the order of additions is fixed, and so is the result.
pub fn weighed(row: &[f32], inputs: &[f32]) -> f32 {
    let (weights, bias) = (&row[..inputs.len()], row[inputs.len()]);
    let mut sums = [0.0_f32; 8];
    let (weights8, inputs8) = (weights.chunks_exact(8), inputs.chunks_exact(8));
    let rest: f32 = weights8.remainder().iter().zip(inputs8.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in weights8.zip(inputs8) {
        for n in 0..8 {
            sums[n] += a[n] * b[n];
        }
    }
    sums.iter().sum::<f32>() + rest + bias
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_that_ships_fits() {
        assert_eq!(include_str!("weights.txt").parse::<Network>().map(|network| network.rows().count()), Ok(129));
    }

    #[test]
    fn a_table_that_does_not_fit_says_where() {
        let table = include_str!("weights.txt");
        let short = table.rsplit_once('\n').and_then(|(short, _)| short.rsplit_once('\n')).expect("many lines").0;
        assert_eq!(short.parse::<Network>().err(), Some(NotOurTable::Short));
        let first_row = table.lines().find(|line| !line.starts_with('#')).expect("a row");
        assert_eq!(table.replace(first_row, "1 2 3").parse::<Network>().err(), Some(NotOurTable::Row(0)));
        let wrong = table.replace(first_row, "1 x 3").parse::<Network>().err();
        assert_eq!(wrong, Some(NotOurTable::Number("x".to_owned())));
    }

    #[test]
    fn a_weighted_sum_ends_with_the_bias() {
        let row: Vec<f32> = (0..12).map(|n| n as f32).collect();
        assert_eq!(weighed(&row, &[1.0; 11]), 66.0);
    }
}
