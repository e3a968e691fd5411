//! Outputs that are made to be slow: what they cost is linear in their bytes.
//! It never looks at time: what detectors look at is counted in bytes.
use alloc::format;
use alloc::string::String;

use super::text::CONTEXT_BYTES;
use super::{ANCHORS, LeakWatch, Leaks, Media, OutputText, seek};

fn looked(piece: &str, bytes: usize) -> u64 {
    let text = piece.repeat(bytes / piece.len());
    let mut leaks = Leaks::new();
    let text = OutputText::whole(text.as_bytes(), Media::Text);
    seek(&text, LeakWatch::all(), &mut leaks);
    leaks.looked()
}

/// Pieces that look like what each anchor begins or ends, as far as that can be made up.
fn pieces(anchor: &str) -> [String; 2] {
    [anchor.into(), format!("a.b({anchor}1:2)=x\n")]
}

#[test]
fn an_output_twice_as_long_is_looked_at_twice_as_long_whatever_it_is_made_of() {
    for anchor in ANCHORS.iter().copied().flatten() {
        for piece in pieces(anchor) {
            let (one, two) = (looked(&piece, 4 * 1024), looked(&piece, 8 * 1024));
            // A leak is looked at in whole; how many are kept does not grow with the text.
            let slack = 256 * 1024;
            assert!(two <= 2 * one + slack, "{piece:?}: {one} and {two} bytes");
            let anchors = (4 * 1024 / piece.len()) as u64;
            let most = anchors * 8 * CONTEXT_BYTES as u64 + slack;
            assert!(one <= most, "{piece:?}: {one} bytes for {anchors} anchors");
        }
    }
}
