//! One input pipe, many output pipes: every byte to every output, by tee(2) and one splice(2).
//!
//! # The scheme
//!
//! tee(2) copies from the head of a pipe and only from there, and an output that is nearly full takes
//! less than it was offered. What it missed cannot be tee'd to it later, not from the middle. So the
//! outputs get out of step, and this file is about keeping account of that.
//!
//! Each output has a number, `ahead`: how many bytes past the head of the input it already has. Its
//! position in the stream is the head's plus that. Three rules:
//!
//! 1. Only an output with `ahead == 0` is given anything, so that what it gets is what follows what
//!    it has. A tee of n bytes leaves the head where it is and makes its `ahead` n.
//! 2. The head moves only by a splice to an output with `ahead == 0`, when it is the only one, and by
//!    no more than the least `ahead` of the others. A splice of n bytes takes n off everybody
//!    else's `ahead`, which stays at or above 0; its own stays 0.
//! 3. If an output goes away and leaves nobody with `ahead == 0`, the least `ahead` is read from the
//!    input and thrown away: everybody who is left has those bytes.
//!
//! By 1 no output gets a byte twice or out of order; by 2 and 3 no byte leaves the input before every
//! output has it. Somebody always has `ahead == 0`, so that either one of them can be given something
//! or all of them are full: those are the ones to wait for. When all keep up, that is N - 1 tees and a
//! splice for each chunk, and no byte is copied at all.
//!
//! No output is ahead by more than the input pipe holds. That is what bounds the memory, and why the
//! slowest output sets the pace.

use std::collections::VecDeque;
use std::io::{self, Read};

use mio::Token;
use rustix::io::{Errno, retry_on_intr};
use rustix::pipe::{SpliceFlags, splice, tee};

use super::{Moved, Next, Side, Step};
use crate::{Receiver, Sender};

/// How often one step serves every output.
const ROUNDS: usize = 16;

/// The longest tee or splice, in bytes: the kernel refuses lengths that are negative as an `isize`.
const LONGEST: usize = 1 << 30;

/// Passes everything that one pipe receives on to many pipes, without copying it.
///
/// All pipes refer to the same pages: what a write to each of N outputs would copy N times is not
/// copied at all.
///
/// Each output gets every byte once and in order, whenever its reader takes it. Outputs may fill up
/// at different times; the slowest sets the pace, and none is ahead of it by more than the input pipe
/// holds. To go on without a slow one, [`remove`](Fanout::remove) it.
///
/// # Events
///
/// Register the input, readable, and each output, writable, before you hand them over or through
/// [`input_mut`](Fanout::input_mut) and [`sender_mut`](Fanout::sender_mut). Call
/// [`step`](Fanout::step) once at first, and then as the last [`Step`] says:
///
/// - [`Next::Wait`]`(Side::Input)`: when the input has an event.
/// - [`Next::Wait`]`(Side::Output)`: when one of the outputs that [`waiting`](Fanout::waiting) names
///   has one: best once after all events of a poll. If it names none, there is no output; add one.
///   Meanwhile the input's events are of no use, and there is one for each write to it: deregister it
///   for that time if it is busy.
/// - [`Next::Again`]: soon; no event will say so.
/// - [`Next::Done`]: the input has ended, and every output has everything. Drop the Fanout.
///
/// An output whose Receiver is gone is taken out when it is next given something, and the others go
/// on; ask [`next_lost`](Fanout::next_lost) after each step. Its event comes earlier:
/// [`is_receiver_dropped`](crate::EventExt::is_receiver_dropped) says that you may remove it.
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use std::io::{Read, Write};
/// use mio::Token;
/// use mio_pipe::new_pipe;
/// use mio_pipe::os::linux::{Fanout, Next, Side};
///
/// let (mut source, input) = new_pipe()?;
/// let mut fanout = Fanout::new(input);
/// let mut readers = Vec::new();
/// for i in 0..3 {
///     let (sender, receiver) = new_pipe()?;
///     fanout.add(Token(i), sender);
///     readers.push(receiver);
/// }
///
/// source.write_all(b"to everyone")?;
/// let step = fanout.step(1 << 20)?;
/// assert_eq!((step.taken, step.given), (11, 33));
/// assert_eq!(step.next, Next::Wait(Side::Input));
/// for mut reader in readers {
///     let mut buf = [0; 32];
///     let n = reader.read(&mut buf)?;
///     assert_eq!(&buf[..n], b"to everyone");
/// }
/// # Ok(())
/// # }
/// ```
///
/// # References
///
/// - [tee(2)](https://man7.org/linux/man-pages/man2/tee.2.html),
///   [splice(2)](https://man7.org/linux/man-pages/man2/splice.2.html)
#[derive(Debug)]
#[doc(alias = "tee")]
pub struct Fanout {
    input: Receiver,
    outputs: Vec<Output>,
    lost: VecDeque<LostOutput>,
}

#[derive(Debug)]
struct Output {
    token: Token,
    sender: Sender,
    ahead: usize,
}

/// An output that [`Fanout`] has taken out because nothing can be written to it any more.
#[derive(Debug)]
pub struct LostOutput {
    /// The token it was [added](Fanout::add) under.
    pub token: Token,
    /// The output. Deregister it before dropping it if you use mio's poll(2) selector.
    pub sender: Sender,
    /// Why: [`BrokenPipe`](io::ErrorKind::BrokenPipe) (`EPIPE`) when its Receiver is gone,
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) (`EINVAL`) when it is the input's own pipe, or
    /// no pipe.
    pub error: io::Error,
}

impl Fanout {
    /// A fan-out of `input`, without outputs so far. Nobody else may read from that pipe.
    pub fn new(input: Receiver) -> Fanout {
        Fanout {
            input,
            outputs: Vec::new(),
            lost: VecDeque::new(),
        }
    }

    /// Adds an output. It gets everything from the first byte on that is still in the input: what
    /// not all of the others have yet.
    ///
    /// `token` is what [`waiting`](Fanout::waiting), [`next_lost`](Fanout::next_lost) and
    /// [`remove`](Fanout::remove) call it: the token it is registered under, most conveniently. Give
    /// each output its own.
    pub fn add(&mut self, token: Token, sender: Sender) {
        self.outputs.push(Output {
            token,
            sender,
            ahead: 0,
        });
    }

    /// Takes an output out and returns it, or `None` if there is none of that token. The others go
    /// on undisturbed; what it has not got yet is not given to it.
    pub fn remove(&mut self, token: Token) -> Option<Sender> {
        let i = self.outputs.iter().position(|o| o.token == token)?;
        Some(self.outputs.remove(i).sender)
    }

    /// Passes bytes on until the input is empty or has ended, the slowest outputs are full, or
    /// `limit` bytes were taken from the input.
    ///
    /// [`Step::taken`] is what left the input and is with every output; [`Step::given`] is what all
    /// outputs together were given. A step makes at most 16 tees or splices for each output.
    ///
    /// # Errors
    ///
    /// Those of the input, and `ENOMEM` ([`OutOfMemory`](io::ErrorKind::OutOfMemory)). The account of
    /// who has what stays right: call again if the reason can go away. An output that cannot be
    /// written to is no error; see [`next_lost`](Fanout::next_lost).
    pub fn step(&mut self, limit: usize) -> io::Result<Step> {
        let mut step = Step {
            taken: 0,
            given: 0,
            next: Next::Again,
        };
        for _ in 0..ROUNDS {
            if step.taken >= limit {
                break;
            }
            if let Some(next) = self.round(limit, &mut step)? {
                step.next = next;
                break;
            }
        }
        Ok(step)
    }

    /// Offers everything up to the limit to each output that is level with the head, and moves the
    /// head on once; `None` if another round may move it further.
    fn round(&mut self, limit: usize, step: &mut Step) -> io::Result<Option<Next>> {
        self.settle()?;
        let mut level = self.outputs.iter().filter(|o| o.ahead == 0).count();
        let mut least = self.least_ahead();
        let len = (limit - step.taken).min(LONGEST);
        let mut i = 0;
        while level > 0 && i < self.outputs.len() {
            if self.outputs[i].ahead > 0 {
                i += 1;
                continue;
            }
            let alone = level == 1;
            let len = if alone { len.min(least) } else { len };
            // Whoever is ahead has bytes that are still in the input.
            let moved = self.offer(i, len, alone, least < usize::MAX);
            match moved {
                Ok(Moved::Bytes(n)) if alone => {
                    self.take_off(n);
                    step.taken += n;
                    step.given += n;
                    return Ok(None);
                }
                Ok(Moved::Bytes(n)) => {
                    self.outputs[i].ahead = n;
                    least = least.min(n);
                    step.given += n;
                    level -= 1;
                    i += 1;
                }
                Ok(Moved::Eof) => return Ok(Some(Next::Done)),
                Ok(Moved::WouldBlock(Side::Input)) => return Ok(Some(Next::Wait(Side::Input))),
                Ok(Moved::WouldBlock(Side::Output)) => i += 1,
                Err(error) if is_of_output(&error) => {
                    let Output { token, sender, .. } = self.outputs.remove(i);
                    self.lost.push_back(LostOutput {
                        token,
                        sender,
                        error,
                    });
                    level -= 1;
                }
                Err(error) => return Err(error),
            }
        }
        if level == 0 && !self.outputs.is_empty() {
            return Ok(None); // The last one that was level is lost.
        }
        // Those that are level are full. tee(2) does not report the end of the input then.
        Ok(Some(match least == usize::MAX && self.is_ended()? {
            true => Next::Done,
            false => Next::Wait(Side::Output),
        }))
    }

    /// Gives up to `len` bytes from the head to output `i`, and takes them out of the input if it is
    /// `alone` in not having them.
    fn offer(&self, i: usize, len: usize, alone: bool, has_input: bool) -> io::Result<Moved> {
        let (input, output) = (&self.input, &self.outputs[i].sender);
        if !has_input {
            return match alone {
                true => input.splice_to(output, len).inspect(|moved| {
                    if *moved == Moved::WouldBlock(Side::Output) {
                        let _ = output.wait_for_output();
                    }
                }),
                false => input.tee_to(output, len),
            };
        }
        // Here EAGAIN has but one meaning, and the question which side it was is spared.
        let flags = SpliceFlags::NONBLOCK | SpliceFlags::MOVE;
        let moved = retry_on_intr(|| match alone {
            true => splice(input, None, output, None, len, flags),
            false => tee(input, output, len, SpliceFlags::NONBLOCK),
        });
        match moved {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(n) => Ok(Moved::Bytes(n)),
            Err(Errno::AGAIN) => Ok(output.wait_for_output()),
            Err(err) => Err(err.into()),
        }
    }

    fn is_ended(&self) -> io::Result<bool> {
        // In this order: what was sent last before the end is seen by the second question.
        Ok(self.input.is_sender_dropped()? && self.input.available()? == 0)
    }

    /// Rule 3: makes sure that somebody is level with the head.
    fn settle(&mut self) -> io::Result<()> {
        let mut scratch = [0; 4096];
        while !self.outputs.is_empty() && self.outputs.iter().all(|o| o.ahead > 0) {
            let len = self.least_ahead().min(scratch.len());
            match (&self.input).read(&mut scratch[..len]) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(n) => self.take_off(n),
                Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
                Err(err) => return Err(err),
            }
        }
        Ok(())
    }

    /// The least that anybody is ahead by who is ahead at all.
    fn least_ahead(&self) -> usize {
        let ahead = self.outputs.iter().map(|o| o.ahead);
        ahead.filter(|n| *n > 0).min().unwrap_or(usize::MAX)
    }

    /// The head has moved on by `n`.
    fn take_off(&mut self, n: usize) {
        for output in &mut self.outputs {
            output.ahead = output.ahead.saturating_sub(n);
        }
    }

    /// The outputs that the last step waits for, if it returned [`Next::Wait`]`(Side::Output)`: those
    /// that are full and furthest behind.
    pub fn waiting(&self) -> impl Iterator<Item = Token> + '_ {
        self.outputs
            .iter()
            .filter(|o| o.ahead == 0)
            .map(|o| o.token)
    }

    /// The next output that was taken out because it cannot be written to any more: call it after
    /// each step until it returns `None`.
    pub fn next_lost(&mut self) -> Option<LostOutput> {
        self.lost.pop_front()
    }

    /// How many outputs there are.
    pub fn len(&self) -> usize {
        self.outputs.len()
    }

    /// Whether there is no output.
    pub fn is_empty(&self) -> bool {
        self.outputs.is_empty()
    }

    /// The input.
    pub fn input(&self) -> &Receiver {
        &self.input
    }

    /// The input, to register or deregister it.
    pub fn input_mut(&mut self) -> &mut Receiver {
        &mut self.input
    }

    /// An output, to register or deregister it.
    pub fn sender_mut(&mut self, token: Token) -> Option<&mut Sender> {
        let output = self.outputs.iter_mut().find(|o| o.token == token)?;
        Some(&mut output.sender)
    }

    /// Gives the input back, and each output with the number of bytes that it has beyond the head of
    /// the input: skip so many for it, and what follows is what it lacks.
    pub fn into_parts(self) -> (Receiver, Vec<(Token, Sender, usize)>) {
        let outputs = self.outputs.into_iter();
        let outputs = outputs.map(|o| (o.token, o.sender, o.ahead)).collect();
        (self.input, outputs)
    }
}

/// Whether an error of tee(2) or splice(2) says that nothing can be written to the output.
fn is_of_output(error: &io::Error) -> bool {
    let of_output = [Errno::PIPE, Errno::INVAL].map(|errno| Some(errno.raw_os_error()));
    of_output.contains(&error.raw_os_error())
}
