//! Where a construct stands in a text: alone, in a sentence, in a listing, in a whole page.
//! It never looks into the construct.
use credenza_event::{Decoder, Form, Span};
use memchr::{memchr, memrchr};

use super::Found;
use crate::prose;
use crate::report::Confidence::{High, Low, Medium};
use crate::sought;

// Limit: code is indented by a few levels of four or eight spaces.
const INDENT_BYTES: usize = 40;
// Limit: the end of a construct and of its element stand before the quote that closes it.
const QUOTE_BYTES: usize = 16;
// Limit: a paragraph of a listing; each construct asks once more, so that more would be too much.
const PARAGRAPH_BYTES: usize = 2048;
// Limit: a line of program text is rarely longer.
const STRING_BYTES: usize = 160;
// Limit: each construct asks for at most 768 bytes around it; a text in which sixty-four of them
// were lowered is a listing of something else, and the next is taken as it stands.
const LOWERED_MAX: u32 = 64;

/// A text as the surroundings of what is found in it.
pub(super) struct Place<'t> {
    text: &'t [u8],
    /// The surest so far, lowered where it stands.
    best: Option<Found>,
    lowered: u32,
    /// The text is a page or a listing as a whole.
    is_whole: bool,
    /// References were undone last, so that markup may have been text.
    is_unreferenced: bool,
    /// Markup of running text was passed.
    is_rich: bool,
    /// Fences passed up to `fenced_to`.
    fences: u32,
    fenced_to: usize,
}

impl<'t> Place<'t> {
    pub(super) fn new(form: &Form<'t>) -> Self {
        Self {
            text: form.text,
            best: None,
            lowered: 0,
            is_whole: is_page(form.text) || is_program(form.text),
            is_unreferenced: form.decoded.last() == Some(&Decoder::Html),
            is_rich: false,
            fences: 0,
            fenced_to: 0,
        }
    }

    /// The reader has passed an element.
    pub(super) fn passed(&mut self, name: &[u8]) {
        self.is_rich |= matches!(
            name,
            b"p" | b"pre"
                | b"code"
                | b"li"
                | b"ul"
                | b"ol"
                | b"dd"
                | b"dt"
                | b"h1"
                | b"h2"
                | b"h3"
                | b"h4"
                | b"h5"
                | b"blockquote"
                | b"strong"
                | b"em"
                | b"kbd"
                | b"samp"
        );
    }

    /// True if nothing surer can be found.
    pub(super) fn is_decided(&self) -> bool {
        let most = if self.is_whole { Medium } else { High };
        self.best.is_some_and(|best| best.confidence >= most)
    }

    /// True if what stands before a place is no rich text and no sentence.
    pub(super) fn is_bare(&self, start: usize) -> bool {
        let before = self.text.get(..start).unwrap_or(&[]);
        let before = before.get(..64).filter(|_| start > 64).unwrap_or(before);
        start <= 64 && !self.is_rich && !self.is_whole && memchr(b'\n', before).is_none()
    }

    pub(super) fn best(self) -> Option<Found> {
        self.best
    }

    /// Keeps a construct if it is surer than what was found before.
    pub(super) fn note(&mut self, found: Found) {
        let mut found = found;
        if self
            .best
            .is_some_and(|best| best.confidence >= found.confidence)
        {
            return;
        }
        if self.lowers(&found) {
            self.lowered = self.lowered.saturating_add(1);
            found.confidence = match found.confidence {
                High => Medium,
                Medium | Low => Low,
            };
            if self
                .best
                .is_some_and(|best| best.confidence >= found.confidence)
            {
                return;
            }
        }
        self.best = Some(found);
    }

    fn lowers(&mut self, found: &Found) -> bool {
        if self.lowered >= LOWERED_MAX {
            return false;
        }
        // Text about markup in markup is written with references: `<p>&lt;script&gt;</p>`.
        if self.is_whole || self.is_unreferenced && self.is_rich {
            return true;
        }
        self.is_fenced(found.start)
            || self.ends_fence(found)
            || self.is_in_a_listing(found)
            || self.is_indented(found.start)
            || self.is_quoted(found)
            || prose::is_ticked(self.text, found.start, found.end)
            || self.is_spoken_of(found)
    }

    /// True inside of a Markdown fence.
    fn is_fenced(&mut self, start: usize) -> bool {
        while let Some(rest) = self.text.get(self.fenced_to..start) {
            let Some(at) = sought::find(rest, b"```") else {
                self.fenced_to = start.saturating_sub(2).max(self.fenced_to);
                break;
            };
            self.fences = self.fences.saturating_add(1);
            self.fenced_to = self.fenced_to.saturating_add(at).saturating_add(3);
        }
        self.fences % 2 == 1
    }

    /// True if lines end with a fence that a paragraph before them opened.
    fn ends_fence(&mut self, found: &Found) -> bool {
        let end = self.text.trim_ascii_end();
        let Some(code) = end.strip_suffix(b"\n```") else {
            return false;
        };
        // Nothing else opened it.
        code.len() <= PARAGRAPH_BYTES
            && found.end <= code.len()
            && self.fences == 0
            && memchr(b'\n', code).is_some()
            && sought::find(code, b"```").is_none()
    }

    /// True in a string that program text opens, on a line of its own.
    fn is_in_a_listing(&self, found: &Found) -> bool {
        let before = self.text.get(..found.start).unwrap_or(&[]);
        let near = before.len().saturating_sub(STRING_BYTES);
        let near = before.get(near..).unwrap_or(&[]);
        let Some(break_at) = memrchr(b'\n', near) else {
            return memchr(b'\n', before).is_some() && opens_string(near);
        };
        opens_string(near.get(break_at..).unwrap_or(&[]))
    }

    /// True on an indented line of a text that did not begin as markup, as Markdown shows code.
    fn is_indented(&self, start: usize) -> bool {
        let first = self.text.iter().find(|byte| **byte > b' ');
        let before = self.text.get(..start).unwrap_or(&[]);
        let near = before.len().saturating_sub(INDENT_BYTES);
        let near = before.get(near..).unwrap_or(&[]);
        let line = memrchr(b'\n', near).and_then(|at| near.get(at.saturating_add(1)..));
        let indent = line.is_some_and(|line| {
            let spaces = line.len() >= 4 || line.first() == Some(&b'\t');
            spaces && line.iter().all(|byte| matches!(byte, b' ' | b'\t'))
        });
        indent && first.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'#')
    }

    /// True between quotes behind a word: `echo "<b>…</b>" | …`.
    fn is_quoted(&self, found: &Found) -> bool {
        let before = self.text.get(..found.start).unwrap_or(&[]);
        let [.., letter, b' ', quote @ (b'"' | b'\'')] = before else {
            return false;
        };
        let behind = self.text.get(found.end..).unwrap_or(&[]);
        let behind = behind.get(..QUOTE_BYTES).unwrap_or(behind);
        *letter > b' ' && memchr(*quote, behind).is_some()
    }

    /// True behind rich text, where an editor embeds what another site offers.
    pub(super) fn is_embedding(&self) -> bool {
        self.is_rich
    }

    /// True in a sentence, which does not begin with the construct that it speaks of.
    fn is_spoken_of(&self, found: &Found) -> bool {
        let before = self.text.get(..found.start).unwrap_or(&[]);
        if !before.iter().any(u8::is_ascii_alphabetic) && found.is_complete {
            return false;
        }
        // Where a sentence or a tag has ended, a construct is not what it spoke of.
        let last = before.iter().rev().find(|byte| **byte > b' ');
        if matches!(last, Some(b'.' | b'!' | b'?' | b'>')) && found.is_complete {
            return false;
        }
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let span = Span {
            start: offset(found.start),
            end: offset(found.end),
        };
        prose::surrounds(self.text, span)
    }
}

/// True if program text opens a string in a line: `+ '`, `("`; the quote of an attribute stands
/// beside its `=`.
fn opens_string(line: &[u8]) -> bool {
    let quotes = line.iter().enumerate();
    let mut quotes = quotes.filter(|(_, byte)| matches!(byte, b'"' | b'\'' | b'`'));
    quotes.any(|(at, _)| {
        let before = line.get(..at).unwrap_or(&[]);
        let opens = before.trim_ascii_end();
        let apart = opens.len() < before.len();
        match opens.last() {
            Some(b'(' | b'+' | b',' | b'[' | b'?') => true,
            Some(b'=' | b':') => apart,
            _ => opens.ends_with(b"return"),
        }
    })
}

/// True for a page: it begins as a document and has a head before anything else.
fn is_page(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let near = text.get(..HEAD_BYTES).unwrap_or(text);
    if text.len() >= PAGE_BYTES_MIN && marks(near) >= 2 {
        return true;
    }
    let mut start = text.trim_ascii_start();
    if start.starts_with(b"<?xml ") {
        let end = memchr(b'>', start).map_or(start.len(), |at| at.saturating_add(1));
        start = start.get(end..).unwrap_or(&[]).trim_ascii_start();
    }
    let begins = |word: &[u8]| {
        start
            .get(..word.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(word))
    };
    if !begins(b"<!doctype html") && !begins(b"<html") {
        return false;
    }
    marks(start.get(..HEAD_BYTES).unwrap_or(start)) >= 2
}

// Limit: a page's head begins within its first kilobytes.
const HEAD_BYTES: usize = 2048;
// Limit: a piece of a page with a part of its head; a payload is shorter.
const PAGE_BYTES_MIN: usize = 256;

/// How many parts of a page's head there are.
fn marks(text: &[u8]) -> usize {
    let marks = [
        b"<head>".as_slice(),
        b"</head>",
        b"<meta ",
        b"<title>",
        b"<HEAD>",
        b"<META ",
        b"<TITLE>",
        b"<link ",
        b"<LINK ",
        b"<!DOCTYPE html",
        b"<!doctype html",
    ];
    let found = marks
        .iter()
        .filter(|mark| sought::find(text, mark).is_some());
    // A head in which nothing stands is nobody's page.
    let empty = sought::find(text, b"<head></head>").map_or(0, |_| 2);
    found.count().saturating_sub(empty)
}

// Limit: the first kilobyte of a file tells what it is, and five lines are no payload.
const PROGRAM_BYTES: usize = 1024;
const PROGRAM_LINES: usize = 5;
// Limit: a condition, what it writes, and its end.
const TEMPLATE_LINES: usize = 3;

/// True for the text of a program: it begins as one and has lines.
fn is_program(text: &[u8]) -> bool {
    let start = text.trim_ascii_start();
    // A template that pages are made of.
    if start.starts_with(b"{%") {
        let near = start.get(..PROGRAM_BYTES).unwrap_or(start);
        let ends = [
            b"{% end".as_slice(),
            b"{%- end",
            b"{% extends",
            b"{% block",
            b"{%- block",
        ];
        return memchr(b'\n', near).is_some()
            && ends.iter().any(|sign| sought::find(near, sign).is_some());
    }
    // Another one, with a condition around what it writes.
    if start.starts_with(b"<% ") {
        let near = start.get(..PROGRAM_BYTES).unwrap_or(start);
        let code = sought::find_all(near, b"<%").nth(1).is_some();
        return code && memchr::memchr_iter(b'\n', near).count() >= TEMPLATE_LINES;
    }
    let begins = [
        b"<?php".as_slice(),
        b"<%@",
        b"#!/",
        b"#include",
        b"package ",
        b"import ",
        b"from ",
        b"use ",
        b"using ",
        b"'use strict'",
        b"\"use strict\"",
        b"/*",
        b"//",
        b"<template>",
    ];
    if !begins.iter().any(|word| start.starts_with(word)) {
        return false;
    }
    let near = start.get(..PROGRAM_BYTES).unwrap_or(start);
    memchr::memchr_iter(b'\n', near).count() >= PROGRAM_LINES
}
