//! What came back, against the file it came from.

use std::fs::File;
use std::io::{self, Read};

/// The file once more, to compare with what comes back.
pub struct Compare {
    file: File,
    equal: u64,
    chunk: Vec<u8>,
}

impl Compare {
    pub fn new(file: File) -> Compare {
        Compare {
            file,
            equal: 0,
            chunk: Vec::new(),
        }
    }

    /// How many bytes were equal so far.
    pub fn equal(&self) -> u64 {
        self.equal
    }

    pub fn next(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.chunk.resize(bytes.len(), 0);
        let longer = || format!("it goes on after byte {}, where the file ends", self.equal);
        self.file
            .read_exact(&mut self.chunk)
            .map_err(|_| io::Error::other(longer()))?;
        if let Some(i) = bytes.iter().zip(&self.chunk).position(|(a, b)| a != b) {
            return Err(io::Error::other(format!("byte {}", self.equal + i as u64)));
        }
        self.equal += bytes.len() as u64;
        Ok(())
    }

    pub fn end(&mut self) -> io::Result<()> {
        match self.file.read(&mut [0; 1])? {
            0 => Ok(()),
            _ => Err(io::Error::other(format!(
                "it ends after {} bytes",
                self.equal
            ))),
        }
    }
}
