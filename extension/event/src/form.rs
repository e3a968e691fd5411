//! One key or value of an event in one of its forms, with its role and place.
//! It never owns the bytes of the event.
use alloc::string::String;

use crate::path::Path;
use crate::scan;

/// What a value means to the one who sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A query parameter or a raw query string.
    Query,
    /// A path or path parameter.
    Path,
    /// An HTTP header.
    Header,
    /// A cookie.
    Cookie,
    /// A body or a part of one.
    Body,
    /// A message of a queue, a topic or a stream, or a part of one.
    Message,
    /// The name of an object in a bucket, or of a file.
    ObjectKey,
    /// Anything else in the event.
    Other,
}

impl Role {
    /// True for what a caller sends as one piece: a body or a message.
    pub const fn is_payload(self) -> bool {
        matches!(self, Self::Body | Self::Message)
    }
}

/// Whether the text is a member name or a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A member name, parameter name or header name.
    Key,
    /// A value.
    Value,
}

/// A step of decoding that led to a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoder {
    /// Percent-decoding.
    Url,
    /// Base64 or base64url, with or without padding.
    Base64,
    /// A JSON document inside a string.
    Json,
    /// JSON or JavaScript escapes in plain text (`\u0027`).
    Escapes,
    /// HTML entities.
    Html,
    /// gzip, zlib or deflate.
    Gzip,
    /// A URL-encoded form body or query string, split into its fields.
    Form,
    /// A multipart body, split into its parts.
    Multipart,
    /// UTF-16 or UTF-32 to UTF-8.
    Utf16,
    /// UTF-7 to UTF-8.
    Utf7,
    /// Compatibility forms to ASCII (full-width, circled, mathematical, …), as databases and file
    /// systems fold them; invisible characters taken out.
    Compatibility,
    /// Malformed UTF-8 read leniently: overlong forms folded, what is left replaced by U+FFFD.
    Utf8,
    /// Hexadecimal digits, with or without `0x`.
    Hex,
    /// The escapes of CSS and of SQL's Unicode strings (`\27 `, `\0027`).
    Css,
    /// Character codes that build a text (`CHAR(39,32)`, `chr(39)||chr(32)`).
    CharCodes,
    /// Zero bytes taken out.
    Nul,
    /// What stands behind the comma of a `data:` URL.
    DataUrl,
    /// The value at the end of a path, without the folders before it.
    Segment,
    /// The values of a parameter that stands there more than once, with commas between them.
    Joined,
    /// An XML document, split into texts and attributes.
    Xml,
    /// A GraphQL document, split into its literals.
    Graphql,
    /// The names of an archive's members.
    Archive,
    /// A quoted-printable part of a multipart body.
    QuotedPrintable,
    /// An array of numbers that are bytes.
    Bytes,
    /// An aggregate of the Kinesis Producer Library, split into its records.
    Aggregate,
    /// The text among bytes that are none.
    Text,
}

impl Decoder {
    /// All of them, in the order of their declaration.
    pub const ALL: [Self; 23] = [
        Self::Url,
        Self::Base64,
        Self::Json,
        Self::Escapes,
        Self::Html,
        Self::Gzip,
        Self::Form,
        Self::Multipart,
        Self::Utf16,
        Self::Utf7,
        Self::Compatibility,
        Self::Utf8,
        Self::Hex,
        Self::Css,
        Self::CharCodes,
        Self::Nul,
        Self::DataUrl,
        Self::Joined,
        Self::Xml,
        Self::Graphql,
        Self::Archive,
        Self::QuotedPrintable,
        Self::Text,
    ];

    /// The name in decode chains.
    pub fn name(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::Base64 => "base64",
            Self::Json => "json",
            Self::Escapes => "escapes",
            Self::Html => "html",
            Self::Gzip => "gzip",
            Self::Form => "form",
            Self::Multipart => "multipart",
            Self::Utf16 => "utf16",
            Self::Utf7 => "utf7",
            Self::Compatibility => "compatibility",
            Self::Utf8 => "utf8",
            Self::Hex => "hex",
            Self::Css => "css",
            Self::CharCodes => "char-codes",
            Self::Nul => "nul",
            Self::DataUrl => "data-url",
            Self::Segment => "segment",
            Self::Joined => "joined",
            Self::Xml => "xml",
            Self::Graphql => "graphql",
            Self::Archive => "archive",
            Self::QuotedPrintable => "quoted-printable",
            Self::Bytes => "bytes",
            Self::Aggregate => "aggregate",
            Self::Text => "text",
        }
    }
}

/// A half-open range of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The range between two offsets; offsets beyond 4 GiB are cut (no message is that long).
    pub fn of_offsets(start: usize, end: usize) -> Self {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self {
            start: offset(start),
            end: offset(end),
        }
    }

    /// The same range of a text with `bytes` more at its front.
    #[must_use]
    pub fn behind(self, bytes: usize) -> Self {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        Self {
            start: self.start.saturating_add(bytes),
            end: self.end.saturating_add(bytes),
        }
    }

    /// How many bytes are in the range.
    pub(crate) fn bytes(self) -> u32 {
        self.end.saturating_sub(self.start)
    }

    /// The bytes of `text` in the range.
    pub(crate) fn of(self, text: &[u8]) -> Option<&[u8]> {
        text.get(self.start as usize..self.end as usize)
    }
}

/// Which kinds of bytes occur in a text; found in the same pass that finds its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Classes(u8);

impl Classes {
    /// Contains a backslash, so the raw text and the unescaped text differ.
    pub const ESCAPED: Self = Self(1);
    /// Contains a byte that is not an ASCII letter, digit, space or one of `-_.,:/+`.
    pub const ODD: Self = Self(2);
    /// Contains a byte of 0x80 and above.
    pub const HIGH: Self = Self(4);
    /// Contains `%`.
    pub const PERCENT: Self = Self(8);
    /// Contains `&`.
    pub const AMPERSAND: Self = Self(16);

    /// Contains a space.
    pub const SPACE: Self = Self(64);

    /// Contains `+`.
    pub const PLUS: Self = Self(32);
    /// Two of `.`, `/`, `:` and `_` stand side by side, as in paths that climb and in URLs; told of
    /// texts without [`Classes::ODD`] alone.
    pub const JOINT: Self = Self(128);
    /// Contains a zero byte, an opening parenthesis or a closing bracket; told of texts with
    /// [`Classes::ODD`] alone, where nobody asks for joints.
    pub(crate) const SIGN: Self = Self(128);
    /// Nobody has looked: anything may be in it.
    pub(crate) const UNKNOWN: Self = Self(0xff);

    /// The classes of a text.
    pub fn of(text: &[u8]) -> Self {
        scan::classes(text)
    }

    /// The set with these bits.
    pub(crate) const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// The bits of the set.
    pub(crate) const fn bits(self) -> u8 {
        self.0
    }

    /// The set if the condition holds, else none.
    #[inline]
    pub(crate) fn when(self, condition: bool) -> Self {
        if condition { self } else { Self(0) }
    }

    /// True if any of `other` is in here.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Both sets together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// True if all of `other` is in here.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// One form of one key or value.
#[derive(Clone, Copy, Debug)]
pub struct Form<'a> {
    /// The text: raw event bytes where they need no unescaping, else the decoded bytes.
    pub text: &'a [u8],
    /// Kinds of bytes in `text`.
    pub classes: Classes,
    /// What the value means to its sender.
    pub role: Role,
    /// Key or value.
    pub part: Part,
    /// Where it stands; rendered only for a finding.
    pub path: &'a Path<'a>,
    /// The steps that led here, first step first; empty for the text as it stands in the event.
    pub decoded: &'a [Decoder],
    /// True if the whole text is a container (a JSON document, a form, cookies) that was opened
    /// without a byte left over: its leaves were shown on their own, each in all its forms.
    pub opened: bool,
}

impl Form<'_> {
    /// The JSON Pointer of the key or value, through nested documents (`/body/q`).
    pub fn pointer(&self) -> String {
        self.path.pointer()
    }
}
