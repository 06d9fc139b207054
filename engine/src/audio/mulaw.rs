//! G.711 µ-law by table (ITU-T G.711, 1988; the reference of the ITU-T Software Tool Library).

/// Bytes in a millisecond, at 8 kHz.
pub const BYTES_PER_MS: usize = 8;

/// One decoded sample per code.
static DECODED: [i16; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = expand(code as u8);
        code += 1;
    }
    table
};

/// The linear sample, 16 bit, of a µ-law byte.
pub fn decode(code: u8) -> i16 {
    DECODED[code as usize]
}

/// The µ-law byte nearest to a linear 16-bit sample.
pub fn encode(sample: i16) -> u8 {
    let mut magnitude = i32::from(sample) >> 2;
    let mask = if magnitude < 0 {
        magnitude = -magnitude;
        0x7f
    } else {
        0xff
    };
    let biased = magnitude.min(8_159) + 33;
    let segment = (26 - biased.leading_zeros() as i32).max(0);
    if segment >= 8 {
        return 0x7f ^ mask;
    }
    (((segment << 4) | ((biased >> (segment + 1)) & 15)) as u8) ^ mask
}

const fn expand(code: u8) -> i16 {
    let code = !code;
    let magnitude = ((((code & 15) as i32) << 3) + 0x84) << ((code & 0x70) >> 4);
    if code & 0x80 != 0 { (0x84 - magnitude) as i16 } else { (magnitude - 0x84) as i16 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_survives_a_round_trip_but_negative_zero() {
        for code in 0..=255 {
            let expected = if code == 0x7f { 0xff } else { code };
            assert_eq!(encode(decode(code)), expected, "code {code:#04x}");
        }
    }

    #[test]
    fn known_points_of_the_standard_hold() {
        assert_eq!(decode(0xff), 0);
        assert_eq!(decode(0x80), 32_124);
        assert_eq!(decode(0x00), -32_124);
        assert_eq!(encode(0), 0xff);
        assert_eq!(encode(i16::MAX), 0x80);
        assert_eq!(encode(i16::MIN), 0x00);
    }

    #[test]
    fn encoding_is_monotonic() {
        let levels: Vec<i16> = (i16::MIN..=i16::MAX).map(|sample| decode(encode(sample))).collect();
        assert!(levels.is_sorted());
    }
}
