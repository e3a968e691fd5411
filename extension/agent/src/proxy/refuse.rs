//! The refusal: the platform gets the answer that the function will never give.
//! It never lets the runtime see a byte of the event, and never posts twice what was accepted.
use std::io;
use std::sync::Arc;

use credenza_exchange::Refusal;

use super::buffer::Room;
use super::connection::{Call, Connection};
use super::link::Link;
use super::message::{Message, Unread};
use super::next::After;
use crate::fault::Fault;

/// Where an answer of ours goes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target<'a> {
    /// To an invocation.
    Invocation(&'a [u8]),
    /// Where INIT, or a restore, is told to have failed.
    Init,
}

impl Target<'_> {
    fn write(self, is_error: bool, out: &mut Vec<u8>) {
        match self {
            Self::Invocation(id) => {
                out.extend_from_slice(b"invocation/");
                out.extend_from_slice(id);
                let verb: &[u8] = if is_error { b"/error" } else { b"/response" };
                out.extend_from_slice(verb);
            }
            Self::Init => out.extend_from_slice(b"init/error"),
        }
    }
}

impl Connection {
    /// Answers the platform in the function's place.
    pub(super) fn refuse(
        mut self,
        link: Link,
        call: Call,
        message: &Message,
        refusal: &Refusal,
    ) -> After {
        if message.reply.keeps {
            self.own(link);
        }
        let id = message.request_id();
        self.proxy.shared.witness.answered(id);
        let fault = match self.post(call.user_agent(), Target::Invocation(id), refusal) {
            Ok(202) => None,
            Ok(_) => Some(Fault::PlatformRefusalRejected),
            Err(_) => {
                self.proxy.fault(Fault::PlatformAnswerBroken, id);
                // What was idle beside the broken one may be stale as well.
                self.link = None;
                self.proxy.pool.forget_idle();
                match self.post(call.user_agent(), Target::Invocation(id), refusal) {
                    Ok(202) => None,
                    // A repeat that is refused by id had arrived the first time (R18).
                    Ok(400 | 403) => Some(Fault::PlatformAnswerDoubled),
                    Ok(_) | Err(_) => Some(Fault::PlatformRefusalRejected),
                }
            }
        };
        if let Some(fault) = fault {
            self.proxy.fault(fault, id);
        }
        After::Refused(self, call)
    }

    /// Posts a refusal and reads the platform's whole reply; the status, 0 if there is none in it.
    pub(super) fn post(
        &mut self,
        user_agent: Option<&[u8]>,
        to: Target<'_>,
        refusal: &Refusal,
    ) -> io::Result<u16> {
        let (mut link, _) = self.link()?;
        link.wire.begin();
        let mut bytes = Vec::with_capacity(512_usize.saturating_add(refusal.body.len()));
        bytes.extend_from_slice(b"POST ");
        bytes.extend_from_slice(link.upstream.prefix().as_bytes());
        bytes.extend_from_slice(b"/2018-06-01/runtime/");
        to.write(refusal.error_type.is_some(), &mut bytes);
        let authority = link.upstream.authority();
        bytes.extend_from_slice(format!(" HTTP/1.1\r\nHost: {authority}\r\n").as_bytes());
        if let Some(agent) = user_agent {
            // The platform takes the runtime's release from here (R6).
            bytes.extend_from_slice(b"User-Agent: ");
            bytes.extend_from_slice(agent);
            bytes.extend_from_slice(b"\r\n");
        }
        if let Some(error_type) = refusal.error_type {
            let header = format!("Lambda-Runtime-Function-Error-Type: {error_type}\r\n");
            bytes.extend_from_slice(header.as_bytes());
        }
        let (kind, length) = (refusal.content_type, refusal.body.len());
        let headers = format!("Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n");
        bytes.extend_from_slice(headers.as_bytes());
        bytes.extend_from_slice(&refusal.body);
        link.wire.write(&bytes)?;
        // The platform's word on a refusal is no event: nobody judges it.
        let policy = self.proxy.shared.policy.now();
        loop {
            match link.message(Arc::clone(&policy), u64::MAX, |_| Room::default()) {
                Ok(message) => {
                    if message.reply.keeps {
                        self.own(link);
                    }
                    return Ok(message.reply.status);
                }
                Err(Unread::Interim) => {}
                // Whoever has begun to answer has read the refusal: no second one (R18).
                Err(_) if link.wire.has_spoken() => return Ok(0),
                Err(_) => return Err(io::ErrorKind::ConnectionAborted.into()),
            }
        }
    }
}
