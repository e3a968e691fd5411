//! The signs of errors: what the one pass looks for, and what must stand beside it.
//! It never decides how sure an error is where somebody tells of it.
use super::frame::{self, Found};
use super::message::{self, within};

/// Looks at a text around an anchor of so many bytes.
type Judge = fn(&[u8], usize, usize) -> Option<Found>;

/// What must stand beside an anchor.
#[derive(Clone, Copy)]
pub(super) enum Proof {
    /// Nothing: only an error says so.
    Sure,
    /// Nothing, and something else may say so.
    Doubt,
    /// The message of an exception, or something else may say so.
    Raised,
    /// One of these, near behind it.
    Then(&'static [&'static str]),
    /// What a function makes of it.
    Look(Judge),
}

impl Proof {
    pub(super) fn find(self, text: &[u8], at: usize, len: usize) -> Option<Found> {
        match self {
            Self::Sure => Some(message::sure(text, at, len)),
            Self::Doubt => Some(message::doubt(text, at, len)),
            Self::Raised => Some(message::raised(text, at, len)),
            Self::Then(words) => message::then(text, at, len, words),
            Self::Look(look) => look(text, at, len),
        }
    }
}

/// A sign of an error.
#[derive(Clone, Copy)]
pub(super) struct Sign {
    pub(super) anchor: &'static str,
    pub(super) kind: &'static str,
    pub(super) proof: Proof,
}

const fn sign(kind: &'static str, anchor: &'static str, proof: Proof) -> Sign {
    Sign {
        anchor,
        kind,
        proof,
    }
}

use Proof::{Doubt, Look, Raised, Sure, Then};

/// The number of signs.
pub(super) const COUNT: usize = SIGNS.len();

/// What the one pass looks for, in the order of the signs.
#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "runs at build time only: a wrong index fails the build"
)]
pub(super) const fn anchors<const N: usize>() -> [&'static str; N] {
    let mut anchors = [""; N];
    let mut at = 0;
    while at < N {
        anchors[at] = SIGNS[at].anchor;
        at += 1;
    }
    anchors
}

/// Every sign.
pub(super) const SIGNS: &[Sign] = &[
    // Stack traces.
    sign(
        "python-trace",
        "Traceback (most recent call last)",
        Then(&["File "]),
    ),
    sign("python-trace", ".py\"", Look(frame::python)),
    sign("python-trace", ".py\\\"", Look(frame::python)),
    sign("node-trace", ".js:", Look(frame::node)),
    sign("node-trace", "mjs:", Look(frame::node)),
    sign("node-trace", "cjs:", Look(frame::node)),
    sign("node-trace", ".ts:", Look(frame::node)),
    sign("node-trace", "(node:internal/", Look(frame::node_internal)),
    sign("dotnet-trace", ".cs:line ", Look(frame::dotnet_line)),
    sign("dotnet-trace", "   at System.", Look(frame::dotnet)),
    sign("dotnet-trace", "   at Amazon.Lambda.", Look(frame::dotnet)),
    sign("dotnet-trace", "   at Microsoft.", Look(frame::dotnet)),
    sign(
        "dotnet-trace",
        "End of stack trace from previous location",
        Sure,
    ),
    sign("java-trace", ".java:", Look(frame::java)),
    sign("java-trace", ".kt:", Look(frame::java)),
    sign("java-trace", "Exception in thread \"", Sure),
    sign("ruby-trace", ".rb:", Look(frame::ruby)),
    sign("go-trace", ".go:", Look(frame::go)),
    sign("go-trace", "goroutine ", Look(frame::goroutine)),
    sign("rust-trace", "panicked at ", Look(frame::rust)),
    sign("php-trace", ".php(", Look(frame::php)),
    sign("php-trace", ".php on line ", Look(frame::php_line)),
    sign("php-trace", ".php</b> on line <b>", Look(frame::php_line)),
    // Paths.
    sign("function-path", "/var/task/", Look(frame::path)),
    sign("function-path", "/var/runtime/", Look(frame::path)),
    sign("function-path", "/opt/python/", Look(frame::path)),
    sign("function-path", "/opt/nodejs/", Look(frame::path)),
    sign("function-path", "/opt/java/", Look(frame::path)),
    sign("function-path", "/opt/ruby/", Look(frame::path)),
    // MySQL and MariaDB.
    sign("mysql-error", "You have an error in your SQL syntax", Sure),
    sign("mysql-error", "SQLSTATE[", Sure),
    sign("mysql-error", "mysql_fetch_", Then(&["()"])),
    sign("mysql-error", "mysqli_", Then(&["() expects"])),
    sign("mysql-error", "ER_PARSE_ERROR", Look(message::code)),
    sign("mysql-error", "ER_BAD_FIELD_ERROR", Look(message::code)),
    sign("mysql-error", "ER_DUP_ENTRY", Look(message::code)),
    sign("mysql-error", "ER_NO_SUCH_TABLE", Look(message::code)),
    sign("mysql-error", "pymysql.err.", Raised),
    sign("mysql-error", "com.mysql.", Then(&["Exception"])),
    sign("mysql-error", "Unknown column '", Then(&["' in '"])),
    sign("mysql-error", "Duplicate entry '", Then(&["' for key"])),
    // PostgreSQL.
    sign("postgresql-error", "syntax error at or near ", Sure),
    sign(
        "postgresql-error",
        "unterminated quoted string at or near",
        Sure,
    ),
    sign("postgresql-error", "input syntax for type ", Look(within)),
    sign("postgresql-error", "psycopg2.errors.", Raised),
    sign("postgresql-error", "psycopg.errors.", Raised),
    sign("postgresql-error", "PSQLException", Sure),
    sign(
        "postgresql-error",
        "PG::",
        Then(&["Error", "Violation", "Undefined"]),
    ),
    sign("postgresql-error", "pg_query()", Sure),
    sign("postgresql-error", "violates uniqu", Look(within)),
    sign("postgresql-error", "violates foreign ", Look(within)),
    sign(
        "postgresql-error",
        "violates not-null constraint",
        Look(within),
    ),
    // SQLite.
    sign("sqlite-error", "sqlite3.OperationalError", Raised),
    sign("sqlite-error", "sqlite3.IntegrityError", Raised),
    sign("sqlite-error", "sqlite3.ProgrammingError", Raised),
    sign("sqlite-error", "SQLITE_ERROR", Look(message::code)),
    sign("sqlite-error", "SQLITE_CONSTRAINT", Look(message::code)),
    sign("sqlite-error", "SQLite3::", Then(&["Exception"])),
    sign("sqlite-error", "syntax error", Look(message::behind_quote)),
    sign("sqlite-error", "unrecognized token: ", Sure),
    sign("sqlite-error", "no such column: ", Sure),
    sign("sqlite-error", "no such table: ", Sure),
    sign("sqlite-error", "UNIQUE constraint failed: ", Sure),
    // SQL Server.
    sign(
        "sqlserver-error",
        "Unclosed quotation mark after the character string",
        Sure,
    ),
    sign("sqlserver-error", "Incorrect syntax near ", Sure),
    sign("sqlserver-error", "SqlClient.SqlException", Sure),
    sign("sqlserver-error", "[SQL Server]", Sure),
    sign("sqlserver-error", "[ODBC SQL Server Driver]", Sure),
    sign("sqlserver-error", "failed when converting the ", Sure),
    // Oracle and DB2.
    sign("oracle-error", "ORA-", Look(frame::oracle)),
    sign("oracle-error", "PLS-", Look(frame::oracle)),
    sign(
        "oracle-error",
        "quoted string not properly terminated",
        Sure,
    ),
    sign("db2-error", "SQLCODE=-", Then(&["SQLSTATE="])),
    // Mappers between objects and tables.
    sign("sql-error", "sqlalchemy.exc.", Raised),
    sign("sql-error", "SequelizeDatabaseError", Sure),
    sign("sql-error", "PrismaClientKnownRequestError", Sure),
    sign("sql-error", "QueryFailedError", Sure),
    sign("sql-error", "django.db.utils.", Raised),
    sign(
        "sql-error",
        "ActiveRecord::",
        Then(&["Invalid", "NotUnique", "NotFound"]),
    ),
    sign("sql-error", "Illuminate\\Database\\", Sure),
    sign("sql-error", "Doctrine\\DBAL\\", Sure),
    sign("sql-error", "org.hibernate.", Then(&["Exception"])),
    sign("sql-error", "java.sql.SQL", Then(&["Exception"])),
    // Other stores.
    sign("mongodb-error", "MongoServerError", Sure),
    sign("mongodb-error", "E11000 duplicate key error", Sure),
    sign("mongodb-error", "pymongo.errors.", Raised),
    sign("mongodb-error", "com.mongodb.", Then(&["Exception"])),
    sign("mongodb-error", "Cast to ObjectId failed for value", Sure),
    sign("redis-error", "WRONGTYPE Operation against a key", Sure),
    sign("redis-error", "redis.exceptions.", Raised),
    sign("redis-error", "NOAUTH Authentication required", Sure),
    sign(
        "dynamodb-error",
        "An error occurred (",
        Then(&["when calling the "]),
    ),
    sign(
        "dynamodb-error",
        "ValidationException",
        Look(message::thrown),
    ),
    sign("dynamodb-error", "Invalid UpdateExpression: ", Sure),
    sign("dynamodb-error", "Invalid FilterExpression: ", Sure),
    sign("dynamodb-error", "Invalid KeyConditionExpression: ", Sure),
    sign(
        "dynamodb-error",
        "provided key element does not match the schema",
        Sure,
    ),
    sign(
        "elasticsearch-error",
        "search_phase_execution_exception",
        Sure,
    ),
    sign("elasticsearch-error", "parsing_exception", Doubt),
    // Pages for those who debug.
    sign("debug-page", "Werkzeug Debugger", Sure),
    sign(
        "debug-page",
        "The debugger caught an exception in your WSGI",
        Sure,
    ),
    sign(
        "debug-page",
        "this error because you have ",
        Then(&["DEBUG = True"]),
    ),
    sign("debug-page", "Starlette Debugger", Sure),
    sign("debug-page", "Action Controller: Exception caught", Sure),
    sign("debug-page", "Rails.root: ", Sure),
    sign(
        "debug-page",
        "Whoops, looks like something went wrong",
        Sure,
    ),
    sign("debug-page", "facade/ignition", Sure),
    sign("debug-page", "spatie/laravel-ignition", Sure),
    sign("debug-page", "sf-dump", Sure),
    sign("debug-page", "Symfony Exception", Sure),
    sign("debug-page", "Whitelabel Error Page", Sure),
    sign("debug-page", "Server Error in '", Then(&["' Application"])),
    sign(
        "debug-page",
        "An unhandled exception occurred while processing the request",
        Sure,
    ),
    sign("debug-page", "nextjs__container_errors", Sure),
    sign("debug-page", "nextjs-portal", Doubt),
    sign("debug-page", "Plug.Debugger", Sure),
    sign("debug-page", "<h3>Apache Tomcat/", Sure),
    sign("debug-page", "stacktrace", Look(message::member)),
];
