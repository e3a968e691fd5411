//! The vocabulary of five dialects: which roles a word can play in a query.
//! It never decides which of them it plays; that is the reader's business.
use crate::lexicon::{Lexicon, fold_word};

/// The roles that a word can play, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Roles(pub(super) u32);

impl Roles {
    /// `and`, `or`, `xor`.
    pub(super) const CONNECTIVE: Self = Self(1);
    /// Compares two operands: `like`, `regexp`, …
    pub(super) const COMPARE: Self = Self(1 << 1);
    /// `in`, `is`: compares with what follows.
    pub(super) const IN: Self = Self(1 << 2);
    /// `between`, whose `and` connects nothing.
    pub(super) const BETWEEN: Self = Self(1 << 3);
    /// `not`, before an operand or before a comparison.
    pub(super) const NOT: Self = Self(1 << 4);
    /// Stands before an operand: `binary`, `exists`, `all`, …
    pub(super) const UNARY: Self = Self(1 << 5);
    /// `div`, `mod`, `collate`: joins two operands to one.
    pub(super) const ARITHMETIC: Self = Self(1 << 6);
    /// An operand of fixed value: `null`, `true`, …
    pub(super) const CONSTANT: Self = Self(1 << 7);
    /// `select`.
    pub(super) const SELECT: Self = Self(1 << 8);
    /// `union`, `except`, `intersect`, `minus`.
    pub(super) const SET_OPERATION: Self = Self(1 << 9);
    /// `all`, `distinct`: between a set operation or `select` and what follows.
    pub(super) const QUANTIFIER: Self = Self(1 << 10);
    /// `case`.
    pub(super) const CASE: Self = Self(1 << 11);
    /// `when`, `then`, `else`.
    pub(super) const WHEN: Self = Self(1 << 12);
    /// `end`.
    pub(super) const END: Self = Self(1 << 13);
    /// `from`.
    pub(super) const FROM: Self = Self(1 << 14);
    /// `where`, `having`, `on`: a condition follows.
    pub(super) const WHERE: Self = Self(1 << 15);
    /// Any other word that ends one clause and begins another.
    pub(super) const CLAUSE: Self = Self(1 << 16);
    /// `order`, `group`.
    pub(super) const ORDER: Self = Self(1 << 17);
    /// `asc`, `desc`.
    pub(super) const DIRECTION: Self = Self(1 << 18);
    /// Begins a statement.
    pub(super) const VERB: Self = Self(1 << 19);
    /// A function that waits, reads files, calls out, or fails on purpose.
    pub(super) const EFFECT: Self = Self(1 << 20);
    /// A function that every database has.
    pub(super) const CALL: Self = Self(1 << 21);
    /// A schema, table or variable of the database itself.
    pub(super) const SYSTEM: Self = Self(1 << 22);
    /// What a statement creates, alters or drops.
    pub(super) const OBJECT: Self = Self(1 << 23);
    /// `into`.
    pub(super) const INTO: Self = Self(1 << 24);
    /// `outfile`, `dumpfile`.
    pub(super) const FILE: Self = Self(1 << 25);
    /// `as`.
    pub(super) const AS: Self = Self(1 << 26);
    /// `boolean mode`, `natural language mode` of a full-text search.
    pub(super) const MODE: Self = Self(1 << 27);
    /// `values`, `table`: rows without `select`.
    pub(super) const ROWS: Self = Self(1 << 28);
    /// `waitfor`.
    pub(super) const WAIT: Self = Self(1 << 29);

    /// True if the word can play one of `other`'s roles.
    #[inline]
    pub(super) const fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

const fn both(one: Roles, other: Roles) -> u32 {
    one.0 | other.0
}

/// The words by role; a word may stand in several groups.
pub(super) const VOCABULARY: &[(u32, &[&str])] = &[
    (Roles::CONNECTIVE.0, &["and", "or", "xor"]),
    (Roles::COMPARE.0, &["like", "rlike", "regexp", "glob", "ilike", "similar", "sounds", "match"]),
    (Roles::COMPARE.0, &["contains", "overlaps", "startswith", "regexp_like"]),
    (Roles::IN.0, &["in", "is"]),
    (Roles::BETWEEN.0, &["between"]),
    (Roles::NOT.0, &["not"]),
    (Roles::UNARY.0, &["binary", "all", "any", "some", "exists", "distinct", "interval", "prior"]),
    (Roles::UNARY.0, &["top", "symmetric", "to", "variadic"]),
    (Roles::ARITHMETIC.0, &["div", "mod", "collate", "escape", "using"]),
    (Roles::CONSTANT.0, &["null", "true", "false", "unknown"]),
    (
        both(Roles::CONSTANT, Roles::CALL),
        &[
            "current_user", "session_user", "system_user", "user", "current_date", "localtime",
            "current_timestamp", "current_database", "current_schema", "sysdate", "rownum",
        ],
    ),
    (both(Roles::SELECT, Roles::VERB), &["select"]),
    (Roles::SET_OPERATION.0, &["union", "except", "intersect", "minus"]),
    (Roles::QUANTIFIER.0, &["all", "distinct", "distinctrow", "unique", "sql_no_cache"]),
    (Roles::CASE.0, &["case"]),
    (Roles::WHEN.0, &["when", "then", "else"]),
    (Roles::END.0, &["end"]),
    (Roles::FROM.0, &["from"]),
    (Roles::WHERE.0, &["where", "having", "on"]),
    (
        Roles::CLAUSE.0,
        &[
            "by", "limit", "offset", "procedure", "join", "left", "right", "inner", "outer",
            "cross", "natural", "full", "for", "window", "fetch", "returning", "with", "into",
            "set", "values", "separator", "qualify", "straight_join", "partition", "over", "lock",
            "option", "start", "connect", "rows", "only", "nulls", "first", "last", "next",
        ],
    ),
    (Roles::ORDER.0, &["order", "group"]),
    (Roles::DIRECTION.0, &["asc", "desc"]),
    (Roles::INTO.0, &["into"]),
    (Roles::FILE.0, &["outfile", "dumpfile"]),
    (Roles::AS.0, &["as"]),
    (Roles::MODE.0, &["boolean", "mode", "language", "expansion", "query"]),
    (Roles::ROWS.0, &["values", "table"]),
    (both(Roles::WAIT, Roles::VERB), &["waitfor"]),
    (
        Roles::VERB.0,
        &[
            "insert", "update", "delete", "drop", "create", "alter", "truncate", "exec", "execute",
            "declare", "set", "call", "begin", "commit", "rollback", "shutdown", "grant", "revoke",
            "merge", "replace", "rename", "load", "handler", "prepare", "do", "vacuum", "attach",
            "pragma", "copy", "use", "show", "desc", "describe", "explain", "backup", "restore",
            "kill", "reconfigure", "dbcc", "print", "if", "with", "while", "lock", "analyze",
            "values", "table", "raiserror", "bulk", "deny", "detach", "reindex",
        ],
    ),
    (
        Roles::OBJECT.0,
        &[
            "table", "database", "view", "index", "user", "function", "procedure", "schema",
            "trigger", "login", "role", "column", "tablespace", "sequence", "server", "extension",
            "temporary", "temp", "unique", "materialized", "aggregate", "language", "alias",
            "event", "proc", "type", "assembly", "package", "synonym", "virtual", "system",
            "session", "constraint", "domain", "directory", "java", "or", "global",
        ],
    ),
    (
        Roles::EFFECT.0,
        &[
            "sleep", "pg_sleep", "pg_sleep_for", "pg_sleep_until", "benchmark", "receive_message",
            "extractvalue", "updatexml", "load_file", "load_extension", "randomblob", "zeroblob",
            "generate_series", "regexp_substring", "crypt_key", "gtid_subset", "gtid_subtract",
            "xmltype", "get_host_address", "get_host_name", "sys_eval", "sys_exec", "lo_import",
            "lo_export", "pg_read_file", "pg_ls_dir", "pg_read_binary_file", "query_to_xml",
            "database_to_xml", "dblink", "dblink_connect", "openrowset", "opendatasource",
            "openquery", "xp_cmdshell", "xp_dirtree", "xp_fileexist", "xp_regread", "xp_regwrite",
            "xp_subdirs", "xp_availablemedia", "xp_enumdsn", "xp_loginconfig", "xp_makecab",
            "xp_ntsec_enumdomains", "xp_terminate_process", "xp_sprintf", "sp_oacreate",
            "sp_oamethod", "sp_configure", "sp_addextendedproc", "sp_makewebtask", "sp_password",
            "sp_execute_external_script", "sqlid_to_sqlhash", "drithsx", "httpuritype", "writefile",
            "readfile", "fts3_tokenizer", "name_const", "getmappingxpath",
            "fn_trace_gettable", "fn_xe_file_target_read_file", "fn_get_audit_file", "st_latfromgeohash",
            "geometrycollection", "multipoint", "multipolygon", "multilinestring", "linestring",
            "polygon", "json_keys", "uuid_to_bin", "pg_file_write", "get_lock",
            "release_lock", "master_pos_wait", "dbms_pipe", "dbms_lock", "user_lock", "utl_inaddr",
            "utl_http", "utl_file", "utl_smtp", "dbms_ldap", "dbms_xmlgen", "dbms_utility",
            "dbms_scheduler", "dbms_xslprocessor", "dbms_java", "ctxsys",
            "dbms_export_extension", "dbms_session", "analyse", "sqlite_compileoption_get",
        ],
    ),
    (
        Roles::CALL.0,
        &[
            "substr", "substring", "mid", "ascii", "ord", "char", "chr", "nchar", "concat",
            "concat_ws", "group_concat", "string_agg", "listagg", "wm_concat", "array_agg", "length",
            "len", "char_length", "octet_length", "bit_length", "datalength", "version", "database",
            "schema", "count", "cast", "convert", "try_convert", "if", "iif", "ifnull", "isnull",
            "nullif", "coalesce", "nvl", "nvl2", "decode", "elt", "make_set", "row", "field", "md5",
            "sha", "sha1", "sha2", "hex", "unhex", "hextoraw", "rawtohex", "lower", "upper", "ucase",
            "lcase", "left", "right", "repeat", "replicate", "floor", "rand", "random", "round",
            "sum", "min", "max", "avg", "abs", "exp", "pow", "power", "now", "getdate", "db_name",
            "suser_name", "suser_sname", "user_name", "host_name", "object_id", "object_name",
            "col_name", "bin", "oct", "conv", "sqlite_version", "unicode", "instr", "locate",
            "position", "charindex", "patindex", "quote", "replace", "reverse", "printf", "glob",
            "json_extract", "json_array", "json_object", "json_valid", "json_length", "json_type",
            "json_contains", "json_depth", "to_char", "to_number", "to_date", "trim", "ltrim",
            "rtrim", "lpad", "rpad", "insert", "space", "strcmp", "find_in_set", "format", "typeof",
            "last_insert_id", "connection_id", "found_rows", "row_count", "is_srvrolemember",
            "has_dbaccess", "serverproperty", "sys_context", "userenv", "quotename", "stuff", "like",
            "hash", "digest", "encode", "crypt", "pg_user", "current_setting", "quote_ident",
            "quote_literal", "translate", "initcap", "greatest", "least", "sign", "sqrt", "cos",
            "sin", "pi", "log", "ln", "mod", "bitand", "aes_encrypt", "aes_decrypt", "des_encrypt",
            "compress", "uncompress", "inet_aton", "soundex", "difference", "total_changes",
            "changes", "likelihood", "unlikely", "bin_to_uuid", "from_base64", "to_base64",
            "array_to_string", "exists", "values", "xmlelement", "xmlagg", "rank", "row_number",
            "dense_rank", "json_unquote", "json_search", "json_table", "weight_string", "st_x",
            "point", "interval", "any_value", "std", "stddev", "variance", "bit_or", "bit_and",
            "date", "year", "sysdate", "chartorowid", "rowtocol", "generate_subscripts", "unnest",
        ],
    ),
    (
        Roles::SYSTEM.0,
        &[
            "information_schema", "pg_catalog", "pg_shadow", "pg_database", "pg_tables", "pg_user",
            "pg_class", "pg_attribute", "sqlite_master", "sqlite_schema", "sqlite_temp_master",
            "sysobjects", "syscolumns", "sysusers", "sysdatabases", "sysprocesses", "syslogins",
            "sysxlogins", "sysibm", "sysibmadm", "syscat", "all_users", "all_tables", "user_tables",
            "all_tab_columns", "user_tab_columns", "dba_users", "dba_tables", "dual", "mysql",
            "performance_schema", "master", "msdb", "tempdb", "msysobjects", "msysaccessobjects",
            "rdb", "sys", "v$version", "v$instance", "v$database", "domain", "systables", "sysmaster",
            "user_catalog", "all_objects", "user_objects", "global_name", "innodb_table_stats",
        ],
    ),
];

static TABLE: Lexicon<1024> = Lexicon::new(VOCABULARY);

/// The roles of one word without dots.
#[inline]
pub(super) fn roles(word: &[u8]) -> Roles {
    // Limit: the longest word of the vocabulary has 27 letters.
    if word.len() > 28 || word.len() < 2 {
        return Roles(0);
    }
    Roles(TABLE.roles(fold_word(word)))
}

/// True if `word` is `other` in any case.
#[inline]
pub(super) fn is(word: &[u8], other: &str) -> bool {
    word.eq_ignore_ascii_case(other.as_bytes())
}
