//! The security descriptor of every pipe: its owner, and nobody else.
#![allow(unsafe_code)]

use std::{io, ptr};

use windows_sys::Win32::Foundation::LocalFree;
use windows_sys::Win32::Security::Authorization::{
    ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1,
};
use windows_sys::Win32::Security::PSECURITY_DESCRIPTOR;
use windows_sys::w;

use super::query::ok;

/// A descriptor with a protected list of one entry: all access for the owner.
///
/// Without one, a pipe lets everybody read.
pub(super) struct OwnerOnly(PSECURITY_DESCRIPTOR);

impl OwnerOnly {
    pub(super) fn new() -> io::Result<OwnerOnly> {
        let mut descriptor = ptr::null_mut();
        // SAFETY: the call wants a string that ends in a zero, which `w!` makes, and room for the
        // pointer, which is a local variable. The length is not asked for.
        ok(unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                w!("D:P(A;;GA;;;OW)"),
                SDDL_REVISION_1,
                &mut descriptor,
                ptr::null_mut(),
            )
        })?;
        Ok(OwnerOnly(descriptor))
    }

    pub(super) fn as_ptr(&self) -> PSECURITY_DESCRIPTOR {
        self.0
    }
}

impl Drop for OwnerOnly {
    fn drop(&mut self) {
        // SAFETY: `LocalFree` wants memory of the local heap that nobody else frees: the descriptor
        // was allocated there by the call in `new`, and only this line frees it.
        unsafe { LocalFree(self.0) };
    }
}
