//! Colour and measure: how text is laid out for the one who reads it.
//! It never colours what does not go to a terminal, unless asked to.
use std::io::{self, IsTerminal};

use crate::arguments::Color;

/// What a piece of text is to the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    /// Harm.
    Red,
    /// Health.
    Green,
    /// Doubt.
    Yellow,
    /// Names.
    Cyan,
    /// Less important.
    Dim,
    /// More important.
    Bold,
}

impl Ink {
    fn code(self) -> &'static str {
        match self {
            Self::Red => "31",
            Self::Green => "32",
            Self::Yellow => "33",
            Self::Cyan => "36",
            Self::Dim => "2",
            Self::Bold => "1",
        }
    }
}

/// Knows whether to colour, whether a person watches, and how wide the page is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Painter {
    colour: bool,
    /// True if the text goes to a terminal.
    pub(crate) terminal: bool,
    /// Columns of a line.
    pub(crate) width: usize,
}

// Limit: lines beyond 120 columns are hard to read, and below 60 nothing fits beside anything.
const WIDTH_MIN: usize = 60;
const WIDTH_MAX: usize = 120;

// Limit: what pipes, files and small terminals have in common.
const WIDTH_PLAIN: usize = 80;

impl Painter {
    /// A painter without colour, `width` columns wide.
    #[cfg(test)]
    pub(crate) fn plain(width: usize) -> Self {
        Self {
            colour: false,
            terminal: false,
            width,
        }
    }

    /// A painter with colour, `width` columns wide.
    #[cfg(test)]
    pub(crate) fn coloured(width: usize) -> Self {
        Self {
            colour: true,
            terminal: false,
            width,
        }
    }

    /// The painter for stdout.
    pub(crate) fn of_stdout(color: Color) -> Self {
        let width = rustix::termios::tcgetwinsize(io::stdout())
            .ok()
            .map(|size| size.ws_col);
        Self::new(color, io::stdout().is_terminal(), width)
    }

    /// The painter for stderr.
    pub(crate) fn of_stderr(color: Color) -> Self {
        Self::new(color, io::stderr().is_terminal(), None)
    }

    fn new(color: Color, terminal: bool, columns: Option<u16>) -> Self {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let wanted = set("NO_COLOR").is_none() && set("TERM").is_none_or(|term| term != "dumb");
        let coloured = match color {
            Color::Auto => terminal && wanted,
            Color::Always => true,
            Color::Never => false,
        };
        let columns = columns.filter(|columns| terminal && *columns > 0);
        let width = columns.map_or(WIDTH_PLAIN, |columns| {
            usize::from(columns).clamp(WIDTH_MIN, WIDTH_MAX)
        });
        Self {
            colour: coloured,
            terminal,
            width,
        }
    }

    /// `text` in `ink`.
    pub(crate) fn ink(&self, ink: Ink, text: &str) -> String {
        if self.colour && !text.is_empty() {
            format!("\x1b[{}m{text}\x1b[0m", ink.code())
        } else {
            text.to_owned()
        }
    }
}

/// `text` cut to `width` columns, with an ellipsis where something is missing.
///
/// Control characters become dots: what an attacker sent must not steer the terminal.
pub(crate) fn fit(text: &str, width: usize) -> String {
    let mut fitted: String = text.chars().take(width).map(tamed).collect();
    if text.chars().count() > width {
        fitted.pop();
        fitted.push('…');
    }
    fitted
}

/// `text` cut to `width` columns at its beginning: the end of a path says more than its start.
pub(crate) fn fit_end(text: &str, width: usize) -> String {
    let excess = text.chars().count().saturating_sub(width);
    if excess == 0 {
        return tame(text);
    }
    let kept: String = text.chars().skip(excess + 1).map(tamed).collect();
    format!("…{kept}")
}

/// `text` with control characters as dots, so that it cannot steer the terminal.
pub(crate) fn tame(text: &str) -> String {
    text.chars().map(tamed).collect()
}

fn tamed(character: char) -> char {
    match character {
        '\t' => ' ',
        _ if character.is_control() => '·',
        _ => character,
    }
}

/// The text in pieces of `room` columns at most, broken at blanks where there are any; in one
/// piece where no page has an end.
pub(crate) fn pieces(text: &str, room: usize, paged: bool) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut used = 0;
    for word in text.split_inclusive(' ') {
        let mut word: Vec<char> = word.chars().collect();
        if paged && used > 0 && used + word.len() > room {
            pieces.push(String::new());
            used = 0;
        }
        while paged && word.len() > room {
            let rest = word.split_off(room);
            if let Some(piece) = pieces.last_mut() {
                piece.extend(word);
            }
            pieces.push(String::new());
            word = rest;
        }
        used += word.len();
        if let Some(piece) = pieces.last_mut() {
            piece.extend(word);
        }
    }
    pieces
}

/// `text` cut or filled to exactly `width` columns.
pub(crate) fn pad(text: &str, width: usize) -> String {
    format!("{:<width$}", fit(text, width))
}

/// `text` cut or filled to exactly `width` columns, flush right.
pub(crate) fn pad_left(text: &str, width: usize) -> String {
    format!("{:>width$}", fit(text, width))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_keeps_its_end() {
        assert_eq!(fit_end("events/sqs/one.json", 10), "…/one.json");
        assert_eq!(fit_end("one.json", 10), "one.json");
    }

    #[test]
    fn text_is_cut_with_an_ellipsis_and_filled_with_spaces() {
        assert_eq!(fit("tasting", 7), "tasting");
        assert_eq!(fit("tasting", 4), "tas…");
        assert_eq!(pad("fig", 5), "fig  ");
        assert_eq!(pad_left("fig", 5), "  fig");
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(fit("a\x1b[2Jb\n", 20), "a·[2Jb·");
    }

    #[test]
    fn colour_is_a_matter_of_terminal_and_wish() {
        assert!(Painter::new(Color::Always, false, None).colour);
        assert!(!Painter::new(Color::Auto, false, None).colour);
        assert!(!Painter::new(Color::Never, true, None).colour);
    }

    #[test]
    fn the_page_is_as_wide_as_the_terminal_within_reason() {
        assert_eq!(Painter::new(Color::Auto, true, Some(100)).width, 100);
        assert_eq!(Painter::new(Color::Auto, true, Some(400)).width, WIDTH_MAX);
        assert_eq!(Painter::new(Color::Auto, true, Some(0)).width, WIDTH_PLAIN);
        assert_eq!(
            Painter::new(Color::Auto, false, Some(100)).width,
            WIDTH_PLAIN
        );
    }
}
