//! Names the dialect in which a break-out reads, by the marks that only one dialect has.
//! It never changes what a finding is worth: a dialect is an explanation, not a proof.
use super::token::{Kind, Lexer, Token};
use crate::lexicon::{Lexicon, fold_word};

/// The dialects in the order of their bits; the first that has a mark names the finding.
const NAMES: [(u64, &str); 5] = [
    (MYSQL, "mysql"),
    (POSTGRESQL, "postgresql"),
    (MSSQL, "mssql"),
    (ORACLE, "oracle"),
    (SQLITE, "sqlite"),
];

const MYSQL: u64 = 1;
const POSTGRESQL: u64 = 1 << 1;
const MSSQL: u64 = 1 << 2;
const ORACLE: u64 = 1 << 3;
const SQLITE: u64 = 1 << 4;

// Limit: a mark that decides stands near the break-out; 64 tokens are a long injection.
const TOKENS_MAX: usize = 64;

/// The dialect of what stands in `text` between two offsets; `generic` where nothing tells.
pub(super) fn name(text: &[u8], start: usize, end: usize) -> &'static str {
    let mut lexer = Lexer::new(text, start);
    for _ in 0..TOKENS_MAX {
        let token = lexer.next();
        if token.kind == Kind::End || token.start > end {
            break;
        }
        let marks = marks(&token);
        if let Some((_, name)) = NAMES.iter().find(|(bit, _)| marks & bit != 0) {
            return name;
        }
        if token.kind == Kind::Cut {
            break;
        }
    }
    "generic"
}

/// The dialects that alone know a token.
fn marks(token: &Token<'_>) -> u64 {
    match token.kind {
        Kind::Word => token
            .text
            .split(|byte| *byte == b'.')
            .fold(0, |marks, part| marks | marks_of_word(part)),
        Kind::Name if token.text.starts_with(b"`") => MYSQL,
        Kind::Name => MSSQL,
        Kind::Cut if token.text.starts_with(b"#") => MYSQL,
        Kind::Cast => POSTGRESQL,
        Kind::Text { .. } if token.text.starts_with(b"$") => POSTGRESQL,
        Kind::Connective if token.text == b"&&" => MYSQL,
        _ => 0,
    }
}

fn marks_of_word(word: &[u8]) -> u64 {
    let family = FAMILIES.iter().find(|(_, prefix)| {
        word.get(..prefix.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(prefix.as_bytes()))
    });
    match family {
        Some((marks, _)) => *marks,
        None => WORDS.roles(fold_word(word)),
    }
}

/// Prefixes that name what one dialect ships with.
const FAMILIES: [(u64, &str); 9] = [
    (POSTGRESQL, "pg_"),
    (POSTGRESQL, "lo_"),
    (MSSQL, "xp_"),
    (MSSQL, "sp_"),
    (ORACLE, "dbms_"),
    (ORACLE, "utl_"),
    (ORACLE, "ctxsys"),
    (SQLITE, "sqlite_"),
    (SQLITE, "fts3_"),
];

static WORDS: Lexicon<128> = Lexicon::new(&[&[
    (
        MYSQL,
        "sleep benchmark extractvalue updatexml load_file outfile dumpfile rlike xor \
         gtid_subset gtid_subtract analyse div geometrycollection multipoint polygon \
         distinctrow mysql handler",
    ),
    (
        POSTGRESQL,
        "ilike generate_series dblink current_schema overlaps similar vacuum",
    ),
    (
        MSSQL,
        "waitfor openrowset opendatasource openquery sysobjects syscolumns master \
         reconfigure raiserror bulk dbo exec",
    ),
    (
        ORACLE,
        "dual rownum xmltype sysdate drithsx httpuritype minus all_tables user_tables \
         all_tab_columns",
    ),
    (
        SQLITE,
        "randomblob zeroblob load_extension glob pragma attach writefile readfile",
    ),
]]);

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn a_dialect_is_named_by_what_only_it_knows() {
        for (text, dialect) in [
            ("' or sleep(5)-- -", "mysql"),
            ("' or 1=1 #", "mysql"),
            ("' union select `a` from b -- ", "mysql"),
            ("'; select PG_Sleep(5)--", "postgresql"),
            (
                "' and 1=cast(version() as int) and 1::int=1--",
                "postgresql",
            ),
            ("'; waitfor delay '0:0:5'--", "mssql"),
            ("'; exec master..xp_cmdshell 'dir'--", "mssql"),
            ("' union select null from dual--", "oracle"),
            ("' and 1=utl_inaddr.get_host_name('a')--", "oracle"),
            ("' union select sql from sqlite_master--", "sqlite"),
            ("' and randomblob(100000000)--", "sqlite"),
            ("' or 1=1 --", "generic"),
            ("' or 'sleep'='sleep", "generic"),
        ] {
            assert_eq!(name(text.as_bytes(), 1, text.len()), dialect, "{text}");
        }
    }

    #[test]
    fn what_stands_behind_the_reading_names_no_dialect() {
        let text = "' or 1=1 -- sleep(5)";
        assert_eq!(name(text.as_bytes(), 1, text.len()), "generic");
        let text = "' or 1=1 in the dual sense";
        assert_eq!(name(text.as_bytes(), 1, 8), "generic");
    }
}
