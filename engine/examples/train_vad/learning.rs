//! Gradient descent through time for the detector's network (Adam: Kingma and Ba, 2015).

use engine::audio::vad::features::INPUTS;
use engine::audio::vad::network::{CONDENSED, Memory, Network, REMEMBERED, SEEN, rectified, sigmoid, weighed};

use crate::mix::Random;

/// One frame to learn from.
pub struct Example {
    pub inputs: [f32; INPUTS],
    pub wanted: f32,
    pub weight: f32,
}

/// All weights in one row: condense, keep, consult, replace, answer.
const KEEP_AT: usize = CONDENSED * (INPUTS + 1);
const CONSULT_AT: usize = KEEP_AT + REMEMBERED * SEEN;
const REPLACE_AT: usize = CONSULT_AT + REMEMBERED * SEEN;
const ANSWER_AT: usize = REPLACE_AT + REMEMBERED * SEEN;
const WEIGHTS: usize = ANSWER_AT + REMEMBERED + 1;

/// A network that is being trained.
pub struct Learner {
    weights: Vec<f32>,
    mean: Vec<f32>,
    square: Vec<f32>,
    steps: i32,
}

/// What one frame left behind on the way forward.
struct Trace {
    /// Condensed features and the memory before.
    seen: [f32; SEEN - 1],
    /// The same with the memory as far as consulted.
    consulted: [f32; SEEN - 1],
    keep: Memory,
    consult: Memory,
    instead: Memory,
    after: Memory,
    /// Of the loss by the answer.
    error: f32,
}

impl Learner {
    pub fn new(random: &mut Random) -> Self {
        let scale = |at: usize| if at < KEEP_AT { (3.0 / INPUTS as f32).sqrt() } else { (1.5 / SEEN as f32).sqrt() };
        let mut weights: Vec<f32> = (0..WEIGHTS).map(|at| scale(at) * random.sample()).collect();
        for n in 0..REMEMBERED {
            // A memory that keeps at first learns to keep.
            weights[KEEP_AT + n * SEEN + SEEN - 1] = 1.0;
        }
        Self { weights, mean: vec![0.0; WEIGHTS], square: vec![0.0; WEIGHTS], steps: 0 }
    }

    /// Learns from some calls, a few to a step, and returns the mean loss.
    pub fn learn(&mut self, calls: &[&Vec<Example>], rate: f32) -> f32 {
        let (mut loss, mut matter) = (0.0, 0.0);
        for few in calls.chunks(4) {
            let mut gradient = vec![0.0; WEIGHTS];
            let mut count = 0.0;
            for call in few {
                loss += self.descend(call, &mut gradient);
                count += call.iter().map(|example| example.weight).sum::<f32>();
            }
            matter += count;
            self.step(&gradient, count.max(1.0), rate);
        }
        loss / matter
    }

    pub fn network(&self) -> Network {
        let gate = |from: usize| {
            let rows = self.weights[from..from + REMEMBERED * SEEN].chunks_exact(SEEN);
            rows.map(|row| row.try_into().expect("rows of this length")).collect()
        };
        let condense = self.weights[..KEEP_AT].chunks_exact(INPUTS + 1);
        Network {
            condense: condense.map(|row| row.try_into().expect("rows of this length")).collect(),
            keep: gate(KEEP_AT),
            consult: gate(CONSULT_AT),
            replace: gate(REPLACE_AT),
            answer: self.weights[ANSWER_AT..].try_into().expect("the rest is the last row"),
        }
    }

    fn descend(&self, call: &[Example], gradient: &mut [f32]) -> f32 {
        let mut loss = 0.0;
        let mut memory = [0.0; REMEMBERED];
        let traces: Vec<Trace> = call
            .iter()
            .map(|example| {
                let trace = self.forward(example, &memory);
                memory = trace.after;
                let chance = trace.error / example.weight + example.wanted;
                let chance = if example.wanted > 0.5 { chance } else { 1.0 - chance };
                loss -= example.weight * chance.max(1e-7).ln();
                trace
            })
            .collect();
        let mut later = [0.0; REMEMBERED];
        for (example, trace) in call.iter().zip(&traces).rev() {
            later = self.backward(example, trace, later, gradient);
        }
        loss
    }

    fn forward(&self, example: &Example, memory: &Memory) -> Trace {
        let mut seen = [0.0; SEEN - 1];
        for (n, out) in seen[..CONDENSED].iter_mut().enumerate() {
            *out = rectified(weighed(&self.weights[n * (INPUTS + 1)..][..=INPUTS], &example.inputs));
        }
        seen[CONDENSED..].copy_from_slice(memory);
        let gate = |from: usize, n: usize, seen: &[f32]| weighed(&self.weights[from + n * SEEN..][..SEEN], seen);
        let keep: Memory = std::array::from_fn(|n| sigmoid(gate(KEEP_AT, n, &seen)));
        let consult: Memory = std::array::from_fn(|n| sigmoid(gate(CONSULT_AT, n, &seen)));
        let mut consulted = seen;
        for n in 0..REMEMBERED {
            consulted[CONDENSED + n] *= consult[n];
        }
        let instead: Memory = std::array::from_fn(|n| gate(REPLACE_AT, n, &consulted).tanh());
        let after: Memory = std::array::from_fn(|n| instead[n] + keep[n] * (memory[n] - instead[n]));
        let chance = sigmoid(weighed(&self.weights[ANSWER_AT..], &after));
        Trace { seen, consulted, keep, consult, instead, after, error: example.weight * (chance - example.wanted) }
    }

    /// Adds what one frame has to say, given what later frames say of the memory after it; returns what it says of the
    /// memory before it.
    fn backward(&self, example: &Example, trace: &Trace, later: Memory, gradient: &mut [f32]) -> Memory {
        add(&mut gradient[ANSWER_AT..], &trace.after, trace.error);
        let mut before = [0.0; REMEMBERED];
        let mut of_seen = [0.0; SEEN - 1];
        let mut of_consulted = [0.0; SEEN - 1];
        for n in 0..REMEMBERED {
            let of_after = later[n] + trace.error * self.weights[ANSWER_AT + n];
            let (keep, instead) = (trace.keep[n], trace.instead[n]);
            before[n] += of_after * keep;
            let of_keep = of_after * (trace.seen[CONDENSED + n] - instead) * keep * (1.0 - keep);
            self.through(KEEP_AT + n * SEEN, of_keep, &trace.seen, &mut of_seen, gradient);
            let of_instead = of_after * (1.0 - keep) * (1.0 - instead * instead);
            self.through(REPLACE_AT + n * SEEN, of_instead, &trace.consulted, &mut of_consulted, gradient);
        }
        for n in 0..REMEMBERED {
            let consult = trace.consult[n];
            before[n] += of_consulted[CONDENSED + n] * consult;
            let of_consult = of_consulted[CONDENSED + n] * trace.seen[CONDENSED + n] * consult * (1.0 - consult);
            self.through(CONSULT_AT + n * SEEN, of_consult, &trace.seen, &mut of_seen, gradient);
        }
        for n in 0..REMEMBERED {
            before[n] = (before[n] + of_seen[CONDENSED + n]).clamp(-10.0, 10.0);
        }
        for n in 0..CONDENSED {
            let slope = if trace.seen[n] > 0.0 { 1.0 } else { 0.1 };
            let own = slope * (of_seen[n] + of_consulted[n]);
            add(&mut gradient[n * (INPUTS + 1)..][..=INPUTS], &example.inputs, own);
        }
        before
    }

    /// Carries an error back through one row.
    fn through(&self, row_at: usize, error: f32, seen: &[f32], of_seen: &mut [f32], gradient: &mut [f32]) {
        for (sum, weight) in of_seen.iter_mut().zip(&self.weights[row_at..]) {
            *sum += error * weight;
        }
        add(&mut gradient[row_at..row_at + SEEN], seen, error);
    }

    fn step(&mut self, gradient: &[f32], count: f32, rate: f32) {
        self.steps += 1;
        let norm = gradient.iter().map(|g| g * g).sum::<f32>().sqrt() / count;
        let count = count * (norm / 0.5).max(1.0);
        let rate = rate * (1.0 - 0.999_f32.powi(self.steps)).sqrt() / (1.0 - 0.9_f32.powi(self.steps));
        let moments = self.mean.iter_mut().zip(&mut self.square);
        for ((weight, (mean, square)), gradient) in self.weights.iter_mut().zip(moments).zip(gradient) {
            let gradient = gradient / count + 3e-5 * *weight;
            *mean += 0.1 * (gradient - *mean);
            *square += 0.001 * (gradient * gradient - *square);
            *weight -= rate * *mean / (square.sqrt() + 1e-8);
        }
    }
}

/// Adds `error` times the inputs, and `error` itself to the bias.
fn add(gradient: &mut [f32], inputs: &[f32], error: f32) {
    for (sum, input) in gradient.iter_mut().zip(inputs) {
        *sum += error * input;
    }
    gradient[inputs.len()] += error;
}
