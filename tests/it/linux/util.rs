//! Words of the tests that move data between pipes.

use std::io::Read;

use mio_pipe::Receiver;

/// Sizes below `below`, the same for the same seed.
pub fn sizes(mut seed: u64, below: usize) -> impl FnMut() -> usize {
    move || {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    }
}

/// Takes everything out of a pipe that is in it now.
#[track_caller]
pub fn contents(mut receiver: &Receiver) -> Vec<u8> {
    let mut data = vec![0; receiver.available().unwrap()];
    receiver.read_exact(&mut data).unwrap();
    data
}
