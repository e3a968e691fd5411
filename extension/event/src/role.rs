//! What a value means to its sender, told from its position in an HTTP-shaped event.
//! It never looks at values: only names and depth count.
use crate::form::Role;

/// The roles at the walker's position.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Roles {
    /// Whether positions mean anything: true in the event itself, false in nested documents.
    by_position: bool,
    /// The role of the top-level member in which the walker stands.
    section: Role,
    /// The role of values of the current member.
    member: Role,
}

impl Roles {
    /// Roles of the event itself.
    pub(crate) const BY_POSITION: Self = Self {
        by_position: true,
        section: Role::Other,
        member: Role::Other,
    };

    /// One role for all of a nested document.
    pub(crate) fn fixed(role: Role) -> Self {
        Self {
            by_position: false,
            section: role,
            member: role,
        }
    }

    /// The walker came to a member name; `depth` counts the open containers.
    pub(crate) fn enter(&mut self, depth: usize, name: &[u8]) {
        if !self.by_position {
            return;
        }
        if depth == 1 {
            self.section = section(name);
            self.member = self.section;
        } else if depth == 2 && self.section == Role::Header {
            let is_cookie = name.eq_ignore_ascii_case(b"cookie");
            self.member = if is_cookie {
                Role::Cookie
            } else {
                Role::Header
            };
        }
    }

    /// The role of a member name at `depth`.
    pub(crate) fn of_key(self, depth: usize) -> Role {
        if self.by_position && depth <= 1 {
            Role::Other
        } else {
            self.section
        }
    }

    /// The role of a value.
    pub(crate) fn of_value(self) -> Role {
        self.member
    }
}

/// The role of a top-level member (lambda-contract.md section 4.1: API Gateway, Function URL, ALB;
/// the snake-case names are VPC Lattice's).
fn section(name: &[u8]) -> Role {
    match name {
        b"headers" | b"multiValueHeaders" => Role::Header,
        b"cookies" => Role::Cookie,
        b"queryStringParameters"
        | b"multiValueQueryStringParameters"
        | b"rawQueryString"
        | b"query_string_parameters" => Role::Query,
        b"path" | b"rawPath" | b"raw_path" | b"pathParameters" => Role::Path,
        b"body" => Role::Body,
        _ => Role::Other,
    }
}
