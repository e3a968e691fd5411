//! The bytes of one whole message, large ones in memory of their own.
//! It never leaves a hole in the heap: what a large message took goes back to the kernel with it.
use std::io;
use std::ops::Deref;
use std::os::fd::AsFd;

use memmap2::{Advice, MmapMut};
use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};

// Limit: up to 1 MiB the heap is faster, because its pages are there already, and what it keeps of
// it is a sixth of what the process may have at rest.
pub(super) const HEAP_BYTES_MAX: usize = 1024 * 1024;

/// Room that a message took and another may take.
#[derive(Debug)]
pub(super) enum Room {
    /// A piece of the heap; it may be empty.
    Heap(Vec<u8>),
    /// Pages of its own.
    Pages(MmapMut),
}

impl Default for Room {
    fn default() -> Self {
        Self::Heap(Vec::new())
    }
}

impl Room {
    /// How much there is.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Heap(bytes) => bytes.len(),
            Self::Pages(pages) => pages.len(),
        }
    }

    /// Pages of their own for so many bytes: these, or fresh ones.
    fn into_pages(self, bytes: usize) -> io::Result<MmapMut> {
        match self {
            Self::Pages(pages) if pages.len() >= bytes => Ok(pages),
            Self::Pages(_) | Self::Heap(_) => pages(bytes),
        }
    }

    fn into_heap(self) -> Vec<u8> {
        match self {
            Self::Heap(bytes) => bytes,
            Self::Pages(_) => Vec::new(),
        }
    }
}

/// Bytes that are read in and then only looked at.
#[derive(Debug)]
pub(super) enum Buffer {
    /// Small: a piece of the heap, of which the first so many bytes are filled.
    Heap(Vec<u8>, usize),
    /// Large: pages of its own, of which the first so many bytes are filled.
    Pages(MmapMut, usize),
}

impl Buffer {
    /// Starts with `begun` and reads on until there are `total` bytes or the stream ends; `room` is
    /// used where it helps.
    pub(super) fn read(
        begun: &[u8],
        total: usize,
        room: Room,
        stream: impl AsFd + Copy,
    ) -> io::Result<Self> {
        if total > HEAP_BYTES_MAX {
            let mut pages = room.into_pages(total)?;
            let filled = fill(pages.get_mut(..total).unwrap_or_default(), begun, stream)?;
            return Ok(Self::Pages(pages, filled));
        }
        let mut bytes = room.into_heap();
        // Room that was used before is not cleared again.
        let missing = total.saturating_sub(bytes.len());
        let reserved = bytes.try_reserve_exact(missing);
        reserved.map_err(|_| io::ErrorKind::OutOfMemory)?;
        bytes.resize(total.max(bytes.len()), 0);
        let filled = fill(bytes.get_mut(..total).unwrap_or_default(), begun, stream)?;
        Ok(Self::Heap(bytes, filled))
    }

    /// The room that it took, for the next message.
    pub(super) fn into_room(self) -> Room {
        match self {
            Self::Heap(bytes, _) => Room::Heap(bytes),
            Self::Pages(pages, _) => Room::Pages(pages),
        }
    }
}

/// Pages of their own for so many bytes.
fn pages(bytes: usize) -> io::Result<MmapMut> {
    let pages = MmapMut::map_anon(bytes).map_err(|_| io::ErrorKind::OutOfMemory)?;
    // Three large pages instead of 1,500 small ones, where the kernel has them.
    let _ = pages.advise(Advice::HugePage);
    Ok(pages)
}

// Limit: 256 KiB, as a stream moves: with less three processes take turns more often, and with more
// the other side waits longer for its first byte.
const PIECE_BYTES: usize = 256 * 1024;

/// A large message of which each piece is there to be handed on while the next one comes.
#[derive(Debug)]
pub(super) struct Filling {
    pages: MmapMut,
    filled: usize,
    total: usize,
}

impl Filling {
    /// Begins with what was read of it.
    pub(super) fn begin(begun: &[u8], total: usize, room: Room) -> io::Result<Self> {
        let mut pages = room.into_pages(total)?;
        if let Some(start) = pages.get_mut(..begun.len()) {
            start.copy_from_slice(begun);
        }
        Ok(Self {
            pages,
            filled: begun.len(),
            total,
        })
    }

    /// What is there.
    pub(super) fn bytes(&self) -> &[u8] {
        self.pages.get(..self.filled).unwrap_or_default()
    }

    /// True once all of it is there.
    pub(super) fn is_full(&self) -> bool {
        self.filled >= self.total
    }

    /// Reads the next piece; nothing at the end of the stream.
    pub(super) fn read(&mut self, stream: impl AsFd + Copy) -> io::Result<&[u8]> {
        let from = self.filled;
        let rest = self.pages.get_mut(from..self.total).unwrap_or_default();
        let room = rest.len().min(PIECE_BYTES);
        let room = rest.get_mut(..room).unwrap_or_default();
        let count = loop {
            match read_once(stream, room) {
                Ok(count) => break count,
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        };
        self.filled = from.saturating_add(count);
        Ok(self.pages.get(from..self.filled).unwrap_or_default())
    }
}

impl From<Filling> for Buffer {
    fn from(filling: Filling) -> Self {
        Self::Pages(filling.pages, filling.filled)
    }
}

/// Fills `room` with `begun` and what comes; says how much of it is filled.
fn fill(room: &mut [u8], begun: &[u8], stream: impl AsFd + Copy) -> io::Result<usize> {
    if let Some(start) = room.get_mut(..begun.len()) {
        start.copy_from_slice(begun);
    }
    let mut filled = begun.len();
    while filled < room.len() {
        match read_once(stream, room.get_mut(filled..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(count) => filled = filled.saturating_add(count),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(filled)
}

fn read_once(stream: impl AsFd, room: &mut [u8]) -> Result<usize, Errno> {
    recv(stream, room, RecvFlags::empty()).map(|(_, count)| count)
}

impl From<Vec<u8>> for Buffer {
    fn from(bytes: Vec<u8>) -> Self {
        let filled = bytes.len();
        Self::Heap(bytes, filled)
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Heap(bytes, length) => bytes.get(..*length).unwrap_or_default(),
            Self::Pages(pages, length) => pages.get(..*length).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write as _};
    use std::os::unix::net::UnixStream;
    use std::thread;

    use super::{Buffer, Filling, HEAP_BYTES_MAX, Room};

    /// Reads `source`, which comes in pieces of `piece` bytes and then ends, behind `begun`.
    fn read(begun: &[u8], source: &[u8], piece: usize, total: usize) -> Buffer {
        let (near, mut far) = UnixStream::pair().unwrap();
        thread::scope(|scope| {
            scope.spawn(move || {
                for piece in source.chunks(piece) {
                    // What is not wanted any more is not read, either.
                    let _ = far.write_all(piece);
                }
            });
            // Room of another message, smaller or larger than needed.
            let room = Room::Heap(vec![b'?'; total / 2 + 50]);
            let buffer = Buffer::read(begun, total, room, &near).unwrap();
            drop(near);
            buffer
        })
    }

    #[test]
    fn what_was_read_is_what_is_there_on_both_sides_of_the_bound() {
        for total in [0, 1, 100, HEAP_BYTES_MAX, HEAP_BYTES_MAX + 1, 3 << 20] {
            let bytes: Vec<u8> = (0..total).map(|at| at.to_le_bytes()[0]).collect();
            for begun in [0, total / 3, total] {
                let more = [&bytes[begun..], b"the next message"].concat();
                let buffer = read(&bytes[..begun], &more, 7919, total);
                assert!(*buffer == bytes[..], "{total} with {begun}");
            }
        }
    }

    #[test]
    fn pages_serve_one_message_after_the_other_and_show_each_its_own_bytes() {
        let mut room = Room::default();
        for total in [3_usize << 20, 2 << 20, (2 << 20) + 1, 4 << 20] {
            let bytes: Vec<u8> = (0..total).map(|at| at.to_le_bytes()[1]).collect();
            let (near, mut far) = UnixStream::pair().unwrap();
            let buffer = thread::scope(|scope| {
                scope.spawn(|| far.write_all(&bytes[7..]));
                let mut filling = Filling::begin(&bytes[..7], total, room).unwrap();
                while !filling.is_full() {
                    assert!(!filling.read(&near).unwrap().is_empty());
                }
                Buffer::from(filling)
            });
            assert!(*buffer == bytes[..], "{total}");
            room = buffer.into_room();
            assert!(room.len() >= total);
        }
    }

    #[test]
    fn a_source_that_ends_early_leaves_a_short_buffer() {
        for total in [100, 2 << 20] {
            let buffer = read(b"ab", b"cd", 1, total);
            assert_eq!(&*buffer, b"abcd");
        }
    }

    #[test]
    fn a_length_beyond_all_memory_is_an_error_and_no_end() {
        let (near, _far) = UnixStream::pair().unwrap();
        let none = Buffer::read(b"", usize::MAX / 2, Room::default(), &near);
        assert_eq!(none.unwrap_err().kind(), io::ErrorKind::OutOfMemory);
    }
}
