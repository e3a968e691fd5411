//! The detectors: one file and one page each, registered here in two lines.
//! This list is the only place that knows all of them; it never holds logic of a rule.
use credenza_event::{Form, Shape, Span, Steps};

use crate::gate::Signals;
use crate::lexicon::Vocabulary;
use crate::report::{Confidence, Explanation};

pub mod code_injection;
pub mod command_injection;
pub mod complexity_bomb;
pub mod cross_site_scripting;
pub mod csv_formula;
pub mod decompression_bomb;
pub mod deserialization;
pub mod graphql_abuse;
pub mod header_injection;
pub mod jndi_lookup;
pub mod json_bomb;
pub mod jwt_tricks;
pub mod ldap_injection;
pub mod leaked_credential;
mod listener;
pub mod mass_assignment;
pub mod nosql_injection;
pub mod open_redirect;
pub mod oversize;
pub mod path_traversal;
pub mod prompt_injection;
pub mod prototype_pollution;
pub mod scanner_traffic;
pub mod server_side_request_forgery;
pub mod sql_injection;
pub mod template_injection;
pub mod xml_external_entity;
pub mod xpath_injection;

/// Declares the detectors, in the order of their gate bits, with the words and signals that each
/// gives to the gate.
macro_rules! detectors {
    ($($rule:ident::$detector:ident,)+) => {
        /// All detectors, in the order of their gate bits.
        pub static DETECTORS: &[&dyn Detector] = &[$(&$rule::$detector,)+];

        /// Their rules, in the same order.
        pub(crate) static RULES: &[&Rule] = &[$(&$rule::RULE,)+];

        /// The words of all rules, for the gate.
        pub(crate) const VOCABULARIES: &[&Vocabulary] = &[$($rule::WORDS,)+];

        /// What a form must show to each detector, for the gate; in the order of the detectors.
        pub(crate) const NEEDS: &[&[Signals]] = &[$($rule::NEEDS,)+];
    };
}

detectors! {
    sql_injection::SqlInjection, // a value that changes the shape of a query
    path_traversal::PathTraversal, // a path that leaves its folder
    command_injection::CommandInjection, // a value that becomes a second command
    code_injection::CodeInjection, // program text that runs
    graphql_abuse::GraphqlAbuse, // a document that asks for too much, or for the schema
    prototype_pollution::PrototypePollution, // names that write into every object
    ldap_injection::LdapInjection, // a value that rewrites the filter of a directory
    jwt_tricks::JwtTricks, // a token that tells its verifier not to verify
    jndi_lookup::JndiLookup, // a lookup that a logger resolves
    server_side_request_forgery::ServerSideRequestForgery, // a URL that leads inside
    header_injection::HeaderInjection, // a line break that adds a header
    scanner_traffic::ScannerTraffic, // a program that looks for holes
    template_injection::TemplateInjection, // an expression that a template engine evaluates
    xpath_injection::XpathInjection, // a value that rewrites the path into a document
    cross_site_scripting::CrossSiteScripting, // markup that runs in somebody's browser
    json_bomb::JsonBomb, // a document that costs its reader more than its bytes
    decompression_bomb::DecompressionBomb, // packed data that grows beyond all measure
    complexity_bomb::ComplexityBomb, // a value that costs more than its bytes to evaluate
    leaked_credential::LeakedCredential, // a secret of somebody's in an event
    prompt_injection::PromptInjection, // a sentence that is meant for a model
    oversize::Oversize, // more parts than anyone who sends them needs
    nosql_injection::NosqlInjection, // operators or code where data was meant
    xml_external_entity::XmlExternalEntity, // a document that reads files or explodes
    open_redirect::OpenRedirect, // an address that hides its host
    csv_formula::CsvFormula, // a cell that reaches beyond its sheet
    deserialization::Deserialization, // objects whose reconstruction runs code
    mass_assignment::MassAssignment, // members that only the platform may set
}

/// The public identity of a detector.
#[derive(Debug)]
pub struct Rule {
    /// Kebab-case id, named after the attack (`sql-injection`).
    pub id: &'static str,
    /// Short class name (`sqli`).
    pub class: &'static str,
    /// CWE number.
    pub cwe: u16,
    /// The highest confidence that a finding of it ever has: below `high` it is reported and never
    /// blocks by default.
    pub ceiling: Confidence,
    /// Whether it is looked for where no policy says anything of it.
    pub is_on_by_default: bool,
    /// The rule page: rustdoc, tests, book and `credenza explain`.
    pub page: &'static str,
}

/// What a detector says of one form.
#[derive(Clone, Copy, Debug)]
pub struct Evidence {
    /// How sure it is.
    pub confidence: Confidence,
    /// The bytes that decided.
    pub span: Span,
    /// Context, dialect and production.
    pub explanation: Explanation,
}

impl Evidence {
    /// Evidence that is all of a form.
    pub(crate) fn of_all(
        form: &Form<'_>,
        confidence: Confidence,
        explanation: Explanation,
    ) -> Self {
        Self {
            confidence,
            span: Span::of_offsets(0, form.text.len()),
            explanation,
        }
    }
}

/// What a detector says of one form, and whether it has looked at all of it.
#[derive(Clone, Copy, Debug)]
pub struct Judgement {
    /// The strongest evidence, if any.
    pub evidence: Option<Evidence>,
    /// False if the budget ended before the form did.
    pub complete: bool,
}

impl Judgement {
    /// All of the form was looked at, and nothing is there.
    pub(crate) const CLEAN: Self = Self {
        evidence: None,
        complete: true,
    };
    /// The budget ended before the form did.
    pub(crate) const UNPAID: Self = Self {
        evidence: None,
        complete: false,
    };

    /// All of the form was looked at.
    pub(crate) fn of(evidence: Option<Evidence>) -> Self {
        Self {
            evidence,
            complete: true,
        }
    }
}

/// Code that looks at one form for one rule.
pub trait Detector: Sync {
    /// The rule's identity.
    fn rule(&self) -> &'static Rule;
    /// What a look costs however short the form is, in steps.
    fn steps(&self) -> usize {
        80
    }
    /// What it costs to look at a byte, in quarters of a step.
    fn price(&self) -> u8 {
        4
    }
    /// Whether what it finds is told by what stands around it, however long the text is.
    fn is_local(&self) -> bool {
        false
    }
    /// Judges one form that the gate called hot for this detector; nothing where shapes are all
    /// that it judges.
    fn judge(&self, form: &Form<'_>, steps: &mut Steps) -> Judgement {
        let _ = (form, steps);
        Judgement::CLEAN
    }
    /// Judges the figures of a document, a form or packed data that are out of the ordinary; `form`
    /// is the text that has this shape.
    fn judge_shape(&self, form: &Form<'_>, shape: &Shape) -> Option<Evidence> {
        let _ = (form, shape);
        None
    }
}

#[cfg(test)]
mod tests;
