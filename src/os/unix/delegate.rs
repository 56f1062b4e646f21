//! What a type that wraps an end and something to keep with it forwards to its field `end`.

macro_rules! delegate_to_end {
    ($type:ident) => {
        impl<E> std::ops::Deref for $type<E> {
            type Target = E;

            fn deref(&self) -> &E {
                &self.end
            }
        }

        impl<E: std::io::Read> std::io::Read for $type<E> {
            fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
                self.end.read(buf)
            }

            fn read_vectored(
                &mut self,
                bufs: &mut [std::io::IoSliceMut<'_>],
            ) -> std::io::Result<usize> {
                self.end.read_vectored(bufs)
            }
        }

        impl<E> std::io::Read for &$type<E>
        where
            for<'a> &'a E: std::io::Read,
        {
            fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
                (&self.end).read(buf)
            }

            fn read_vectored(
                &mut self,
                bufs: &mut [std::io::IoSliceMut<'_>],
            ) -> std::io::Result<usize> {
                (&self.end).read_vectored(bufs)
            }
        }

        impl<E: std::io::Write> std::io::Write for $type<E> {
            fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
                self.end.write(buf)
            }

            fn write_vectored(&mut self, bufs: &[std::io::IoSlice<'_>]) -> std::io::Result<usize> {
                self.end.write_vectored(bufs)
            }

            fn flush(&mut self) -> std::io::Result<()> {
                self.end.flush()
            }
        }

        impl<E> std::io::Write for &$type<E>
        where
            for<'a> &'a E: std::io::Write,
        {
            fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
                (&self.end).write(buf)
            }

            fn write_vectored(&mut self, bufs: &[std::io::IoSlice<'_>]) -> std::io::Result<usize> {
                (&self.end).write_vectored(bufs)
            }

            fn flush(&mut self) -> std::io::Result<()> {
                (&self.end).flush()
            }
        }

        impl<E: mio::event::Source> mio::event::Source for $type<E> {
            fn register(
                &mut self,
                registry: &mio::Registry,
                token: mio::Token,
                interests: mio::Interest,
            ) -> std::io::Result<()> {
                self.end.register(registry, token, interests)
            }

            fn reregister(
                &mut self,
                registry: &mio::Registry,
                token: mio::Token,
                interests: mio::Interest,
            ) -> std::io::Result<()> {
                self.end.reregister(registry, token, interests)
            }

            fn deregister(&mut self, registry: &mio::Registry) -> std::io::Result<()> {
                self.end.deregister(registry)
            }
        }

        impl<E: std::os::fd::AsFd> std::os::fd::AsFd for $type<E> {
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                self.end.as_fd()
            }
        }

        impl<E: std::os::fd::AsRawFd> std::os::fd::AsRawFd for $type<E> {
            fn as_raw_fd(&self) -> std::os::fd::RawFd {
                self.end.as_raw_fd()
            }
        }
    };
}

pub(super) use delegate_to_end;
