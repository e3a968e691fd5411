//! The database that leaks: twelve users in memory, each with a secret that is a canary.
//! It never escapes or binds the id that it is asked for; that is its whole point.
use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::types::ValueRef;
use rusqlite::{Batch, Connection, Row, Statement, params};
use serde_json::{Map, Value, json};

/// The names of the seeded users; the apostrophe is there for honest searches.
const NAMES: [&str; 12] = [
    "Ada Lovelace",
    "Miles O'Brien",
    "Grace Hopper",
    "Alan Turing",
    "Katherine Johnson",
    "Union Select",
    "Barbara Liskov",
    "Edsger Dijkstra",
    "Robin O'Neill-Drop",
    "Radia Perlman",
    "Ken Thompson",
    "Frances Allen",
];

/// The users of the demo.
#[derive(Debug)]
pub(crate) struct Users {
    database: Connection,
}

impl Users {
    /// Opens a database in memory and fills it.
    pub(crate) fn seed() -> rusqlite::Result<Self> {
        let database = Connection::open_in_memory()?;
        database.execute_batch(
            "create table users (id integer primary key, name text, secret text);
             create table notes (id integer primary key, text text);",
        )?;
        for (id, name) in (1_i64..).zip(NAMES) {
            database.execute(
                "insert into users values (?, ?, ?)",
                params![id, name, canary(id)],
            )?;
        }
        Ok(Self { database })
    }

    /// Looks a user up the vulnerable way: the id becomes part of the statement.
    ///
    /// Everything that the database allows works, stacked statements included; the rows of all
    /// statements are returned.
    pub(crate) fn find(&self, id: &str) -> rusqlite::Result<Vec<Value>> {
        let statement = format!("select id,name from users where id={id}");
        let mut batch = Batch::new(&self.database, &statement);
        let mut rows = Vec::new();
        while let Some(mut statement) = batch.next()? {
            rows.extend(run(&mut statement, [])?);
        }
        Ok(rows)
    }

    /// Looks users up by a part of their name, the right way: the text is bound.
    pub(crate) fn search(&self, name: &str) -> rusqlite::Result<Vec<Value>> {
        let mut statement = self
            .database
            .prepare("select id,name from users where instr(name, ?) > 0")?;
        run(&mut statement, [name])
    }

    /// Keeps a note and answers its id; the text is bound.
    pub(crate) fn note(&self, text: &str) -> rusqlite::Result<i64> {
        self.database
            .execute("insert into notes (text) values (?)", [text])?;
        Ok(self.database.last_insert_rowid())
    }
}

/// What the database says of a statement that it does not take, without the statement.
pub(crate) fn message(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    }
}

/// The secret of user `id`; put together here, so that no scanner takes it for a real one.
fn canary(id: i64) -> String {
    [
        "canary",
        &format!("{id:02}"),
        &format!("{:08x}", id * 0x0101_4b21),
    ]
    .join("-")
}

fn run<P: rusqlite::Params>(
    statement: &mut Statement<'_>,
    parameters: P,
) -> rusqlite::Result<Vec<Value>> {
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut rows = Vec::new();
    let mut cursor = statement.query(parameters)?;
    while let Some(row) = cursor.next()? {
        rows.push(object(row, &names)?);
    }
    Ok(rows)
}

fn object(row: &Row<'_>, names: &[String]) -> rusqlite::Result<Value> {
    let mut object = Map::new();
    for (index, name) in names.iter().enumerate() {
        let value = match row.get_ref(index)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(integer) => json!(integer),
            ValueRef::Real(real) => json!(real),
            ValueRef::Text(text) => json!(String::from_utf8_lossy(text)),
            ValueRef::Blob(blob) => json!(format!("{} bytes", blob.len())),
        };
        object.insert(name.clone(), value);
    }
    Ok(Value::Object(object))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(id: &str, expected: &Expect) {
        let users = Users::seed().unwrap();
        let answer = match users.find(id) {
            Ok(rows) => format!("{} rows\n{:#}", rows.len(), rows[0]),
            Err(error) => message(&error),
        };
        expected.assert_eq(&answer);
    }

    #[test]
    fn an_honest_id_gives_one_row() {
        check(
            "7",
            &expect![[r#"
                1 rows
                {
                  "id": 7,
                  "name": "Barbara Liskov"
                }"#]],
        );
    }

    #[test]
    fn a_tautology_gives_every_row() {
        check(
            "1 or 1=1",
            &expect![[r#"
                12 rows
                {
                  "id": 1,
                  "name": "Ada Lovelace"
                }"#]],
        );
    }

    #[test]
    fn a_union_dumps_the_secrets() {
        check(
            "-1 union select id,secret from users",
            &expect![[r#"
                12 rows
                {
                  "id": 1,
                  "name": "canary-01-01014b21"
                }"#]],
        );
    }

    #[test]
    fn a_union_dumps_the_schema() {
        check(
            "-1 union select 1,sql from sqlite_master where name='users'",
            &expect![[r#"
                1 rows
                {
                  "id": 1,
                  "name": "CREATE TABLE users (id integer primary key, name text, secret text)"
                }"#]],
        );
    }

    #[test]
    fn a_stacked_statement_runs() {
        check(
            "1; select secret from users",
            &expect![[r#"
                13 rows
                {
                  "id": 1,
                  "name": "Ada Lovelace"
                }"#]],
        );
        check(
            "1; drop table users; select count(*) from users",
            &expect!["no such table: users"],
        );
        check(
            "1; pragma user_version",
            &expect![[r#"
                2 rows
                {
                  "id": 1,
                  "name": "Ada Lovelace"
                }"#]],
        );
    }

    #[test]
    fn a_broken_statement_shows_the_message_of_the_database() {
        check("O'Brien", &expect![[r#"unrecognized token: "'Brien""#]]);
    }

    #[test]
    fn a_bound_text_is_only_a_text() {
        let users = Users::seed().unwrap();
        assert_eq!(users.search("O'Brien").unwrap().len(), 1);
        assert_eq!(users.search("x' or '1'='1").unwrap().len(), 0);
        assert_eq!(users.note("x'); drop table users; --").unwrap(), 1);
        assert_eq!(users.search("").unwrap().len(), NAMES.len());
    }
}
