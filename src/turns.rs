//! What a thread learns about its pipes: whether the other side moves bytes at the same time.
//!
//! On a core of its own it does, and [`io_slice`] suits both. On a shared core the two take turns: one
//! sleeps until the other has filled the pipe, or emptied it. Then slices are system calls and nothing
//! else, and it is faster to move all there is. Which of the two it is shows in how much is moved between
//! two waits: by turns it is the same each time, namely what the pipe holds; otherwise it is more, and
//! hardly ever the same.
//!
//! What is learned decides about speed and nothing else, so that it may be forgotten at any time. It is kept
//! here because an end is no larger than mio's.

use std::cell::Cell;

use crate::sys::io_slice;

/// How many waits the turns are taken for granted. Then slices show whether they still are.
const TURNS: u32 = 32;

/// Ends that a thread knows. One that needs the place of another takes it.
const KNOWN: usize = 64;

#[derive(Clone, Copy)]
struct End {
    id: usize,
    /// Bytes moved since the last wait, and between the two waits before it.
    moved: usize,
    before: usize,
    /// How many of the next waits end a turn.
    turns: u32,
}

thread_local! {
    // It is `const`: clippy does not see that where thread-local variables are the library's, as on Android.
    #[allow(clippy::missing_const_for_thread_local)]
    static ENDS: [Cell<End>; KNOWN] = const {
        [const { Cell::new(End::unknown(usize::MAX)) }; KNOWN]
    };
}

impl End {
    const fn unknown(id: usize) -> End {
        End {
            id,
            moved: 0,
            before: 0,
            turns: 0,
        }
    }

    /// Calls `f` with what is known about the end `id`, and keeps what it makes of it.
    fn with<T>(id: usize, f: impl FnOnce(&mut End) -> T) -> T {
        ENDS.with(|ends| {
            let place = &ends[id % KNOWN];
            let mut end = place.get();
            if end.id != id {
                end = End::unknown(id);
            }
            let result = f(&mut end);
            place.set(end);
            result
        })
    }
}

/// How many bytes the end `id` best moves at a time.
pub(crate) fn slice(id: usize) -> usize {
    match End::with(id, |end| end.turns) {
        0 => io_slice(),
        _ => usize::MAX,
    }
}

/// The end `id` has moved so many `bytes`, and if it `blocks` nothing is left to it but to wait.
pub(crate) fn moved(id: usize, bytes: usize, blocks: bool) {
    End::with(id, |end| {
        end.moved = end.moved.wrapping_add(bytes);
        if !blocks {
            return;
        }
        if end.turns > 0 {
            end.turns -= 1;
        } else if end.moved == end.before && end.moved > io_slice() {
            end.turns = TURNS;
        }
        end.before = end.moved;
        end.moved = 0;
    });
}
