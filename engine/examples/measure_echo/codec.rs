//! What a mobile network's codec does to a voice: like GSM's full rate (ETSI EN 300 961), 20 ms are described by a filter
//! and every second sample of what is left by a coarse number. Of the same kind and as lossy, not the same to the bit.

use engine::audio::frame::FRAME_LEN;

const ORDER: usize = 8;

/// Samples that share a grid and a scale.
const PART: usize = 40;

/// Levels of a sample that is kept: four bits.
const LEVELS: f32 = 15.0;

/// A line as it sounds after the codec.
pub fn mobile(line: &[f32]) -> Vec<f32> {
    let mut out = Vec::with_capacity(line.len());
    let (mut heard, mut said) = ([0.0; ORDER], [0.0; ORDER]);
    for frame in line.chunks(FRAME_LEN) {
        let filter = prediction(frame);
        let rest: Vec<f32> = frame.iter().map(|&sample| sample - predict(&filter, &mut heard, sample)).collect();
        let coarse = rest.chunks(PART).flat_map(every_second);
        for rest in coarse.collect::<Vec<_>>() {
            let sample = rest + filter.iter().zip(&said).map(|(a, b)| a * b).sum::<f32>();
            said.rotate_right(1);
            said[0] = sample;
            out.push(sample);
        }
    }
    out
}

/// What the last samples say about this one; takes it in.
fn predict(filter: &[f32; ORDER], past: &mut [f32; ORDER], sample: f32) -> f32 {
    let predicted = filter.iter().zip(past.iter()).map(|(a, b)| a * b).sum();
    past.rotate_right(1);
    past[0] = sample;
    predicted
}

/// The better of two grids, in sixteen levels of its largest sample; nothing in between.
fn every_second(part: &[f32]) -> Vec<f32> {
    let energy = |grid: usize| part.iter().skip(grid).step_by(2).map(|rest| rest * rest).sum::<f32>();
    let grid = (0..2).max_by(|&a, &b| energy(a).total_cmp(&energy(b))).unwrap_or(0);
    let peak = part.iter().skip(grid).step_by(2).fold(1e-9_f32, |peak, rest| peak.max(rest.abs()));
    let mut coarse = vec![0.0; part.len()];
    for (out, rest) in coarse.iter_mut().zip(part).skip(grid).step_by(2) {
        let level = ((rest / peak + 1.0) / 2.0 * LEVELS).round();
        *out = (2.0 * level / LEVELS - 1.0) * peak;
    }
    coarse
}

/// The linear prediction of a frame (autocorrelation method, Levinson and Durbin), a little less than certain.
fn prediction(frame: &[f32]) -> [f32; ORDER] {
    let correlation = |lag: usize| frame.iter().zip(&frame[lag.min(frame.len())..]).map(|(a, b)| a * b).sum::<f32>();
    let mut filter = [0.0; ORDER];
    let mut error = correlation(0) * 1.001 + 1e-9;
    for order in 0..ORDER {
        let past: f32 = (0..order).map(|n| filter[n] * correlation(order - n)).sum();
        let reflection = (correlation(order + 1) - past) / error;
        let before = filter;
        filter[order] = reflection;
        for n in 0..order {
            filter[n] = before[n] - reflection * before[order - 1 - n];
        }
        error *= 1.0 - reflection * reflection;
    }
    filter
}
