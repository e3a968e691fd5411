//! Where a finding is: whose event, on which route, for which tenant, and on which day.
//! It never reads an event: whoever knows the source's layout fills it in.
use alloc::{string::String, vec::Vec};

use credenza_event::Source;

use crate::Day;

/// One route: as it came, and as records may tell it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// As it came, for patterns to be held against.
    pub text: String,
    /// As a pattern in which nothing stands that a caller chose.
    pub shown: String,
}

impl Route {
    /// A route of which callers choose nothing.
    pub fn named(text: String) -> Self {
        Self {
            shown: text.clone(),
            text,
        }
    }
}

/// The routes of an event: one, or one for each record of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routes {
    /// The JSON Pointer of a record, empty for the whole event, and the route.
    routes: Vec<(String, Route)>,
}

impl Routes {
    /// The route of all of an event.
    pub fn of_event(route: Route) -> Self {
        Self {
            routes: [(String::new(), route)].into(),
        }
    }

    /// Adds the route of what stands under a pointer.
    pub fn add(&mut self, pointer: String, route: Route) {
        self.routes.push((pointer, route));
    }

    /// The route of the finding at a location, as it came; empty if it has none.
    pub fn at(&self, location: &str) -> &str {
        self.route(location).map_or("", |route| route.text.as_str())
    }

    /// The same as records may tell it.
    pub fn shown_at(&self, location: &str) -> &str {
        self.route(location)
            .map_or("", |route| route.shown.as_str())
    }

    fn route(&self, location: &str) -> Option<&Route> {
        let found = self.routes.iter().find(|(pointer, _)| {
            let rest = location.strip_prefix(pointer.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '#']))
        });
        found.map(|(_, route)| route)
    }

    /// Every route as it came, with the pointer of what came on it.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        let routes = self.routes.iter();
        routes.map(|(pointer, route)| (pointer.as_str(), route.text.as_str()))
    }

    /// The first route, as it came.
    pub fn first(&self) -> &str {
        self.routes
            .first()
            .map_or("", |(_, route)| route.text.as_str())
    }
}

/// Where an invocation comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// Who shaped the event.
    pub source: Source,
    /// On which routes it came.
    pub routes: Routes,
    /// The caller's tenant; empty if there is none.
    pub tenant: &'a [u8],
    /// The invocation's id; empty at a desk.
    pub request_id: &'a [u8],
    /// Today.
    pub today: Day,
}

impl Place<'_> {
    /// A place of which nothing is known.
    pub fn unknown() -> Self {
        Self {
            source: Source::Unknown,
            routes: Routes::default(),
            tenant: b"",
            request_id: b"",
            today: Day::default(),
        }
    }
}
