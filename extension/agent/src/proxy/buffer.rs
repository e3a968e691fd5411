//! The bytes of one whole message, large ones in memory of their own.
//! It never leaves a hole in the heap: what a large message took goes back to the kernel with it.
use std::io;
use std::ops::Deref;

use memmap2::{MmapMut, MmapOptions};

// Limit: up to 256 KiB the heap is faster, and what it keeps of it is a twentieth of what an
// environment at rest may have.
const HEAP_BYTES_MAX: usize = 256 * 1024;

/// Bytes that are read in and then only looked at.
#[derive(Debug)]
pub(super) enum Buffer {
    /// Small: a piece of the heap.
    Heap(Vec<u8>),
    /// Large: pages of its own, of which the first so many bytes are filled.
    Pages(MmapMut, usize),
}

impl Buffer {
    /// Starts with `begun` and reads on until there are `total` bytes or `read` gives none.
    pub(super) fn read(
        begun: &[u8],
        total: usize,
        mut read: impl FnMut(&mut [u8]) -> io::Result<usize>,
    ) -> io::Result<Self> {
        let no_memory = |_| io::ErrorKind::OutOfMemory;
        let mut buffer = if total <= HEAP_BYTES_MAX {
            let mut bytes = Vec::new();
            bytes.try_reserve_exact(total).map_err(no_memory)?;
            bytes.extend_from_slice(begun);
            bytes.resize(total, 0);
            Self::Heap(bytes)
        } else {
            let pages = MmapOptions::new().len(total).populate().map_anon();
            let mut pages = pages.map_err(|_| io::ErrorKind::OutOfMemory)?;
            if let Some(start) = pages.get_mut(..begun.len()) {
                start.copy_from_slice(begun);
            }
            Self::Pages(pages, total)
        };
        let mut filled = begun.len().min(total);
        while filled < total {
            let whole = match &mut buffer {
                Self::Heap(bytes) => bytes.as_mut_slice(),
                Self::Pages(pages, _) => &mut pages[..],
            };
            match read(whole.get_mut(filled..).unwrap_or_default())? {
                0 => break,
                count => filled = filled.saturating_add(count),
            }
        }
        match &mut buffer {
            Self::Heap(bytes) => bytes.truncate(filled),
            Self::Pages(_, length) => *length = filled,
        }
        Ok(buffer)
    }
}

impl From<Vec<u8>> for Buffer {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Heap(bytes)
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Heap(bytes) => bytes,
            Self::Pages(pages, length) => pages.get(..*length).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::{Buffer, HEAP_BYTES_MAX};

    /// Reads `source` in pieces of `piece` bytes behind `begun`.
    fn read(begun: &[u8], source: &[u8], piece: usize, total: usize) -> Buffer {
        let mut rest = source;
        Buffer::read(begun, total, |room| {
            let count = piece.min(room.len()).min(rest.len());
            room[..count].copy_from_slice(&rest[..count]);
            rest = &rest[count..];
            Ok(count)
        })
        .unwrap()
    }

    #[test]
    fn what_was_read_is_what_is_there_on_both_sides_of_the_bound() {
        for total in [0, 1, 100, HEAP_BYTES_MAX, HEAP_BYTES_MAX + 1, 1 << 20] {
            let bytes: Vec<u8> = (0..total).map(|at| at.to_le_bytes()[0]).collect();
            let begun = total / 3;
            let buffer = read(&bytes[..begun], &bytes[begun..], 7919, total);
            assert!(*buffer == bytes[..], "{total}");
        }
    }

    #[test]
    fn a_source_that_ends_early_leaves_a_short_buffer() {
        for total in [100, 1 << 20] {
            let buffer = read(b"ab", b"cd", 1, total);
            assert_eq!(&*buffer, b"abcd");
        }
    }

    #[test]
    fn an_error_of_the_source_is_an_error() {
        let broken = Buffer::read(b"", 10, |_| Err(io::ErrorKind::ConnectionReset.into()));
        assert_eq!(broken.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    }

    #[test]
    fn a_length_beyond_all_memory_is_an_error_and_no_end() {
        let none = Buffer::read(b"", usize::MAX / 2, |_| Ok(0));
        assert_eq!(none.unwrap_err().kind(), io::ErrorKind::OutOfMemory);
    }
}
