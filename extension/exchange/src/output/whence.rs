//! Where an output comes from: which event it answers, for whom, on which day.
//! It never recognises an event before there is something to say of its answer.
use core::cell::{Cell, OnceCell};

use credenza_event::Source;
use credenza_policy::{Day, Judge, Place, Policy, Routes};

use crate::route::routes;

// Limit: 64 million steps are some 20 ms; an answer with so many leaks that asking about each takes
// longer keeps those that are left. An exemption with a location of 30 letters takes 12,000.
const EXEMPTION_STEPS: u32 = 64 * 1024 * 1024;

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
    /// What the exemptions of the policy and of its candidate may still take.
    left: [Cell<u32>; 2],
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
            left: [0, 1].map(|_| Cell::new(EXEMPTION_STEPS)),
        }
    }

    /// True if one more exemption may be asked about what stands there.
    pub(super) fn may_ask(&self, judge: Judge, location: &str) -> bool {
        let [own, other] = &self.left;
        let left = if judge == Judge::Active { own } else { other };
        let route = self
            .known
            .get()
            .map_or("", |(_, routes)| routes.at(location));
        // A pattern takes a step for each letter and element.
        let letters = location
            .len()
            .saturating_add(route.len())
            .saturating_add(32);
        let cost = u32::try_from(letters.saturating_mul(128)).unwrap_or(u32::MAX);
        let rest = left.get().checked_sub(cost);
        left.set(rest.unwrap_or_else(|| left.get()));
        rest.is_some()
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
