//! Where an output comes from: which event it answers, for whom, on which day.
//! It never recognises an event before there is something to say of its answer.
use core::cell::OnceCell;

use credenza_event::Source;
use credenza_policy::{Day, Place, Policy, Routes};

use crate::route::routes;

/// Who shaped the event that an output answers, and on which routes it came.
#[derive(Clone, Copy, Debug)]
pub enum Provenance<'a> {
    /// The source is known, or nobody will know it.
    Known(Source),
    /// So are the routes.
    At(Source, &'a Routes),
    /// This is the event: it is recognised only where there is something to say about its answer,
    /// because that takes longer than to look through a small one.
    Of(&'a [u8]),
}

impl Provenance<'_> {
    /// The source.
    pub fn source(self) -> Source {
        match self {
            Self::Known(source) | Self::At(source, _) => source,
            Self::Of(event) => credenza_event::source::recognise(event),
        }
    }

    fn routes(self, source: Source) -> Routes {
        match self {
            Self::Known(_) => Routes::default(),
            Self::At(_, routes) => routes.clone(),
            Self::Of(event) => routes(source, event),
        }
    }
}

/// The invocation whose output is looked at.
#[derive(Debug)]
pub struct Whence<'a> {
    /// Its event.
    pub provenance: Provenance<'a>,
    /// The caller's tenant; empty if there is none.
    pub tenant: &'a [u8],
    /// Its id; empty where there was no invocation.
    pub request_id: &'a [u8],
    /// Today, in UTC.
    pub today: Day,
    known: OnceCell<(Source, Routes)>,
}

impl<'a> Whence<'a> {
    /// An invocation of which this is known.
    pub fn new(
        provenance: Provenance<'a>,
        tenant: &'a [u8],
        request_id: &'a [u8],
        today: Day,
    ) -> Self {
        Self {
            provenance,
            tenant,
            request_id,
            today,
            known: OnceCell::new(),
        }
    }

    /// Where it comes from, as far as a policy asks.
    pub(super) fn place(&self, policy: &Policy) -> Place<'_> {
        let (source, routes) = self.known.get_or_init(|| {
            if !policy.asks_whence() {
                return (Source::Unknown, Routes::default());
            }
            let source = self.provenance.source();
            (source, self.provenance.routes(source))
        });
        Place {
            source: *source,
            routes: routes.clone(),
            tenant: self.tenant,
            request_id: self.request_id,
            today: self.today,
        }
    }
}
