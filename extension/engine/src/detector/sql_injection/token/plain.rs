//! Words that say nothing where they stand, which is what prose is made of.
//! It never looks at more than one word.
use super::{Kind, Token};
use crate::detector::sql_injection::word::Roles;

impl Token<'_> {
    /// True for a word that is a mere name where a value begins.
    pub(in crate::detector::sql_injection) fn is_plain_operand(&self) -> bool {
        const OTHERS: Roles = Roles(
            Roles::CONTINUES.0
                | Roles::VERB.0
                | Roles::SELECT.0
                | Roles::CASE.0
                | Roles::UNARY.0
                | Roles::NOT.0
                | Roles::QUANTIFIER.0
                | Roles::CONSTANT.0
                | Roles::CLAUSE.0
                | Roles::FROM.0,
        );
        self.kind == Kind::Word && !self.roles.any(OTHERS)
    }

    /// True for a word that ends every reading when it stands behind a mere name.
    pub(in crate::detector::sql_injection) fn breaks_behind_operand(&self) -> bool {
        const OTHERS: Roles = Roles(
            Roles::CONNECTIVE.0
                | Roles::COMPARE.0
                | Roles::IN.0
                | Roles::BETWEEN.0
                | Roles::NOT.0
                | Roles::SET_OPERATION.0
                | Roles::FROM.0
                | Roles::WHERE.0
                | Roles::SELECT.0
                | Roles::WAIT.0
                | Roles::VERB.0
                | Roles::ORDER.0
                | Roles::CLAUSE.0
                | Roles::AS.0
                | Roles::INTO.0
                | Roles::ARITHMETIC.0
                | Roles::DIRECTION.0
                | Roles::MODE.0,
        );
        self.kind == Kind::Word && !self.roles.any(OTHERS)
    }
}
