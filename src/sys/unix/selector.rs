//! What mio's selector of this platform does beyond what mio says.

/// Whether a short read of a byte stream arms the next edge, as a read that finds nothing does.
///
/// With epoll(7) and kqueue(2) the kernel itself watches for new data. The other selectors wait to
/// be told by a `WouldBlock`; of pipes on illumos, which are STREAMS, it is not known that a short
/// read means "empty".
pub(crate) const SHORT_READ_ARMS: bool = cfg!(all(
    not(mio_unsupported_force_poll_poll),
    any(
        target_os = "linux",
        target_os = "android",
        target_os = "dragonfly",
        target_os = "freebsd",
        target_os = "netbsd",
        target_os = "openbsd",
        target_vendor = "apple",
    )
));

/// Whether the selector takes a Sender whose Receiver is gone already and then never reports it.
///
/// kqueue(2) of these systems refuses the filter with EPIPE (`pipe_kqfilter` in their sys_pipe.c), and
/// mio ignores EPIPE for the sake of macOS, where the event comes all the same. NetBSD says EBADF, which
/// mio passes on.
pub(crate) const DROPPED_RECEIVER_HAS_NO_EVENT: bool = cfg!(all(
    not(mio_unsupported_force_poll_poll),
    any(
        target_os = "dragonfly",
        target_os = "freebsd",
        target_os = "openbsd",
    )
));
