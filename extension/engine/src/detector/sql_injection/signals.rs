//! What the gate looks for on behalf of this rule.
//! It never decides anything: a signal only makes the detector look.
use crate::gate::Signals;
use crate::lexicon::Vocabulary;

/// The signals without which no reading passes anything.
pub(in crate::detector) const NEEDS: &[Signals] = &[
    // What is selected: a call, a list of columns, a table, a text, a number, or everything.
    Signals::SELECT.with(Signals::PARENTHESIS),
    Signals::SELECT.with(Signals::OBJECT),
    Signals::SELECT.with(Signals::BREAK_OUT),
    Signals::SELECT.with(Signals::CONSTANT),
    Signals::SELECT.with(Signals::STAR),
    Signals::SELECT.with(Signals::COMMENT),
    Signals::SELECT.with(Signals::SET_OPERATION),
    Signals::EFFECT,
    Signals::SET_OPERATION.with(Signals::ROWS),
    Signals::SET_OPERATION.with(Signals::COMMENT),
    Signals::CONNECTIVE.with(Signals::COMPARISON),
    Signals::CONNECTIVE
        .with(Signals::COMPARISON_WORD)
        .with(Signals::CONSTANT),
    Signals::CONNECTIVE.with(Signals::COMMENT),
    Signals::CONNECTIVE
        .with(Signals::BREAK_OUT)
        .with(Signals::CONSTANT),
    Signals::CALL.with(Signals::PARENTHESIS),
    Signals::CONNECTIVE.with(Signals::PARENTHESIS),
    Signals::CONNECTIVE.with(Signals::BRACE),
    Signals::BREAK_OUT.with(Signals::COMMENT),
    Signals::BREAK_OUT.with(Signals::COMPARISON),
    Signals::BREAK_OUT.with(Signals::COMPARISON_WORD),
    Signals::BREAK_OUT.with(Signals::SET_OPERATION),
    Signals::VERB.with(Signals::OBJECT),
    Signals::VERB.with(Signals::SEMICOLON),
    Signals::VERB.with(Signals::COMMENT),
    Signals::MARKED_VERB.with(Signals::SEMICOLON),
    Signals::ORDER.with(Signals::BY),
    Signals::CASE.with(Signals::COMPARISON),
];

/// The words that show a signal.
pub(in crate::detector) const WORDS: &Vocabulary = &[
    (
        Signals::CONNECTIVE.bits(),
        "and or xor where having on when",
    ),
    (
        Signals::COMPARISON_WORD.bits(),
        "like rlike regexp glob ilike similar sounds match contains overlaps \
         startswith in is between",
    ),
    (
        Signals::CONSTANT.bits(),
        "null true false unknown user current session system sysdate localtime rownum",
    ),
    (Signals::SELECT.bits(), "select"),
    (
        Signals::SET_OPERATION.bits(),
        "union except intersect minus",
    ),
    (Signals::ROWS.bits(), "values table"),
    (
        Signals::EFFECT.bits(),
        "waitfor exec execute outfile dumpfile",
    ),
    (
        Signals::CALL.bits(),
        "raiserror sleep benchmark receive extractvalue updatexml load randomblob zeroblob \
         generate regexp crypt gtid xmltype sys lo pg xml dblink \
         openrowset opendatasource openquery xp sp sqlid drithsx httpuritype \
         writefile readfile fts name getmappingxpath fn st geometrycollection \
         multipoint multipolygon multilinestring linestring polygon json uuid get \
         release master char chr nchar dbms utl ctxsys analyse sqlite edit",
    ),
    (
        Signals::VERB.bits(),
        "insert update delete drop create alter truncate declare set grant revoke merge replace \
         rename bulk deny shutdown",
    ),
    (
        Signals::OBJECT.bits(),
        "into from set to on with table database view index user function procedure schema \
         trigger login role column tablespace sequence server extension temporary temp unique \
         materialized aggregate language alias event proc type assembly package synonym virtual \
         system session constraint domain directory java or global",
    ),
    (
        Signals::MARKED_VERB.bits(),
        "call begin commit rollback load handler prepare do vacuum attach pragma copy use show \
         desc describe explain backup restore kill reconfigure dbcc print if with while lock \
         analyze values table detach reindex",
    ),
    (Signals::ORDER.bits(), "order group"),
    (Signals::BY.bits(), "by"),
    (Signals::CASE.bits(), "case"),
];
