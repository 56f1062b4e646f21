//! Handles in and out.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::net::UdpSocket;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::{
    AsHandle, AsRawHandle, FromRawHandle, IntoRawHandle, IntoRawSocket, OwnedHandle,
};

use mio_pipe::os::windows::FromHandleError;
use mio_pipe::{Receiver, Sender, new_pipe};
use windows_sys::Win32::Foundation::{GENERIC_READ, GENERIC_WRITE};
use windows_sys::Win32::Storage::FileSystem::FILE_FLAG_OVERLAPPED;

use super::util::{foreign_pipe, foreign_server};
use crate::util::{Loop, RECEIVER, SENDER, assert_error};

#[track_caller]
fn assert_refused<T: std::fmt::Debug>(
    result: Result<T, FromHandleError>,
    words: &str,
) -> OwnedHandle {
    let err = result.unwrap_err();
    assert_eq!(err.error().kind(), ErrorKind::InvalidInput);
    assert!(err.to_string().contains(words), "{err}");
    err.into_handle()
}

#[test]
fn file_is_refused_and_handed_back() {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"kept").unwrap();
    let raw = file.as_raw_handle();
    let file = assert_refused(Sender::from_handle(file), "not a pipe, but a file");
    let file = assert_refused(Receiver::from_handle(file), "not a pipe, but a file");
    assert_eq!(file.as_raw_handle(), raw);
    assert_eq!(File::from(file).metadata().unwrap().len(), 4);
}

#[test]
fn device_is_refused() {
    let nul = File::open("NUL").unwrap();
    assert_refused(Receiver::from_handle(nul), "not a pipe");
}

#[test]
fn socket_is_refused_and_handed_back() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    // SAFETY: a socket is a handle; it goes back to its own kind below.
    let handle = unsafe { OwnedHandle::from_raw_handle(socket.into_raw_socket() as _) };
    let handle = assert_refused(Receiver::from_handle(handle), "not a pipe");
    let handle = assert_refused(Sender::from_handle(handle), "not a pipe");
    let raw = handle.into_raw_handle();
    // SAFETY: the line above gave up the ownership.
    let socket =
        unsafe { <UdpSocket as std::os::windows::io::FromRawSocket>::from_raw_socket(raw as _) };
    assert_eq!(socket.local_addr().unwrap(), address);
}

#[test]
fn blocking_pipe_is_refused_and_handed_back_instead_of_hanging() {
    let (_server, client) = foreign_pipe();
    let client = assert_refused(Receiver::from_handle(client), "FILE_FLAG_OVERLAPPED");
    let client = assert_refused(Sender::from_handle(client), "FILE_FLAG_OVERLAPPED");
    assert_eq!(File::from(client).write(b"still works").unwrap(), 11);
}

#[test]
fn wrong_direction_is_refused_and_handed_back() {
    let (_sender, receiver) = new_pipe().unwrap();
    let handle = assert_refused(Sender::from_handle(receiver), "writing end");
    Receiver::from_handle(handle).unwrap();

    let (_server, name) = foreign_server(FILE_FLAG_OVERLAPPED);
    let client = OpenOptions::new()
        .access_mode(GENERIC_WRITE)
        .custom_flags(FILE_FLAG_OVERLAPPED)
        .open(name)
        .unwrap();
    let handle = assert_refused(Receiver::from_handle(client), "reading end");
    Sender::from_handle(handle).unwrap();
}

#[test]
fn server_without_a_client_is_refused() {
    let (server, _name) = foreign_server(FILE_FLAG_OVERLAPPED);
    assert_refused(Receiver::from_handle(server), "nobody is connected");
}

#[test]
fn both_overlapped_sides_of_a_foreign_pipe_work() {
    let (server, name) = foreign_server(FILE_FLAG_OVERLAPPED);
    let client = OpenOptions::new()
        .access_mode(GENERIC_READ | GENERIC_WRITE)
        .custom_flags(FILE_FLAG_OVERLAPPED)
        .open(name)
        .unwrap();
    let mut sender = Sender::from_handle(server).unwrap();
    let mut receiver = Receiver::from_handle(client).unwrap();
    let mut events = Loop::new();
    events.writable(&mut sender, SENDER);
    events.readable(&mut receiver, RECEIVER);
    events.write_all(&sender, b"hello");
    drop(sender);
    assert_eq!(events.read_to_end(&receiver), b"hello");
}

#[test]
fn ends_become_handles_and_ends_again() {
    let (sender, receiver) = new_pipe().unwrap();
    let mut sender = Sender::from_handle(OwnedHandle::from(sender)).unwrap();
    let raw = receiver.into_raw_handle();
    // SAFETY: the line above gave up the ownership.
    let mut receiver = unsafe { Receiver::from_raw_handle(raw) };
    assert!(!receiver.is_sender_dropped().unwrap());
    assert!(!sender.is_receiver_dropped().unwrap());
    let mut events = Loop::new();
    events.writable(&mut sender, SENDER);
    events.readable(&mut receiver, RECEIVER);
    events.write_all(&sender, b"hello");
    drop(sender);
    assert_eq!(events.read_to_end(&receiver), b"hello");
}

#[test]
fn a_duplicated_handle_keeps_its_end_open() {
    let (sender, receiver) = new_pipe().unwrap();
    let kept = receiver.as_handle().try_clone_to_owned().unwrap();
    drop(receiver);
    assert!(!sender.is_receiver_dropped().unwrap());
    drop(kept);
    assert!(sender.is_receiver_dropped().unwrap());

    let (sender, receiver) = new_pipe().unwrap();
    let kept = sender.as_handle().try_clone_to_owned().unwrap();
    drop(sender);
    assert!(!receiver.is_sender_dropped().unwrap());
    drop(kept);
    assert!(receiver.is_sender_dropped().unwrap());
}

#[test]
fn what_cannot_be_is_unsupported() {
    let (sender, receiver) = new_pipe().unwrap();
    sender.set_nonblocking(true).unwrap();
    receiver.set_nonblocking(true).unwrap();
    assert_error(sender.set_nonblocking(false), ErrorKind::Unsupported);
    assert_error(receiver.set_nonblocking(false), ErrorKind::Unsupported);
    assert_error(sender.try_clone(), ErrorKind::Unsupported);
    assert_error(receiver.try_clone(), ErrorKind::Unsupported);
    assert_error(sender.try_io(|| Ok(())), ErrorKind::Unsupported);
    assert_error(receiver.try_io(|| Ok(())), ErrorKind::Unsupported);
}
