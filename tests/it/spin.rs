//! Spin: tries where it helps, stops where it does not, and looks again.

use std::io::{self, ErrorKind};

use mio_pipe::Spin;

const TRIES: u32 = Spin::TRIES;

/// One call in which the operation succeeds at the `nth` try, counted from 1, or never; returns how
/// many were made.
fn call(spin: &mut Spin, nth: Option<u32>) -> u32 {
    let mut tries = 0;
    let result = spin.run(|| {
        tries += 1;
        match nth {
            Some(n) if tries >= n => Ok(tries),
            _ => Err(io::Error::from(ErrorKind::WouldBlock)),
        }
    });
    match nth {
        Some(n) if n <= tries => assert_eq!(result.unwrap(), n),
        _ => assert_eq!(result.unwrap_err().kind(), ErrorKind::WouldBlock),
    }
    tries
}

#[test]
fn what_succeeds_at_once_is_tried_once() {
    let mut spin = Spin::new(TRIES);
    for _ in 0..1000 {
        assert_eq!(call(&mut spin, Some(1)), 1);
    }
}

#[test]
fn an_answer_within_the_tries_is_waited_for_every_time() {
    let mut spin = Spin::new(TRIES);
    for _ in 0..10_000 {
        assert_eq!(call(&mut spin, Some(20)), 20);
    }
    assert!(spin.is_spinning());
}

#[test]
fn in_vain_it_stops_and_little_is_lost() {
    let mut spin = Spin::new(TRIES);
    let calls = 100_000;
    let tries: u32 = (0..calls).map(|_| call(&mut spin, None)).sum();
    let in_vain = f64::from(tries - calls) / f64::from(calls * TRIES);
    assert!(in_vain < 0.006, "{in_vain} of the calls were spun in vain");
}

#[test]
fn it_notices_that_tries_are_worthwhile_again() {
    let mut spin = Spin::new(TRIES);
    for _ in 0..10_000 {
        call(&mut spin, None);
    }
    let noticed = (0..1000).position(|_| call(&mut spin, Some(2)) == 2);
    assert!(noticed.is_some(), "not within 1000 calls");
    for _ in 0..1000 {
        assert_eq!(call(&mut spin, Some(2)), 2);
    }
}

#[test]
fn now_and_then_in_vain_does_not_stop_it() {
    let mut spin = Spin::new(TRIES);
    for i in 0..10_000 {
        match i % 5 {
            0 => assert!(call(&mut spin, None) > TRIES),
            _ => assert_eq!(call(&mut spin, Some(7)), 7),
        }
    }
}

#[test]
fn a_side_that_must_wake_up_first_is_waited_for_once() {
    let mut spin = Spin::new(TRIES);
    assert_eq!(call(&mut spin, Some(8 * TRIES)), 8 * TRIES);
    // After that it answers at once, or it is not there.
    assert_eq!(call(&mut spin, Some(3)), 3);
    assert!(call(&mut spin, None) > 8 * TRIES);
    assert_eq!(call(&mut spin, None), 1 + TRIES);
}

#[test]
fn other_errors_are_returned_at_once() {
    let mut spin = Spin::default();
    for kind in [ErrorKind::BrokenPipe, ErrorKind::Interrupted] {
        let mut tries = 0;
        let result = spin.run(|| {
            tries += 1;
            Err::<(), _>(kind.into())
        });
        assert_eq!((result.unwrap_err().kind(), tries), (kind, 1));
    }
}

#[test]
fn without_tries_it_never_spins() {
    let mut spin = Spin::new(0);
    assert!(!spin.is_spinning());
    for _ in 0..1000 {
        assert_eq!(call(&mut spin, None), 1);
    }
}
