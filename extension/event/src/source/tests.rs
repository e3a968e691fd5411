//! Tests of the sources: each page's sample, near misses, and the published samples where present.
//! They never hold a copy of a published sample.
use std::string::String;
use std::vec::Vec;

use super::{Source, recognise};
use crate::{Form, Part, Role, Steps, Visitor, walk};

/// The page of a source, its file's name, and the sources that it tells, one for each sample.
pub(super) struct Page {
    file: String,
    text: String,
    sources: Vec<Source>,
    pub(super) samples: Vec<String>,
}

/// Fences with a mark, each one's text.
fn fences<'p>(page: &'p str, mark: &str) -> Vec<&'p str> {
    let mark = std::format!("```{mark}\n");
    let rest = page.split(mark.as_str()).skip(1);
    rest.map(|rest| rest.split_once("```").unwrap().0).collect()
}

/// The value of an event's page line.
fn page(file: &str) -> Page {
    let text = std::fs::read_to_string(std::format!("{FOLDER}/{file}.md")).unwrap();
    let names = text
        .lines()
        .find(|line| line.contains(" in records and policies: "))
        .unwrap_or_else(|| panic!("{file} has no name"));
    let names = names.split('`').skip(1).step_by(2);
    let sources = names.map(|name| Source::named(name).unwrap()).collect();
    let samples = fences(&text, "event").into_iter().map(Into::into).collect();
    Page {
        file: file.into(),
        text: text.clone(),
        sources,
        samples,
    }
}

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/source");

/// All pages, in the order in which sources are asked.
pub(super) fn pages() -> Vec<Page> {
    let list = include_str!("mod.rs");
    let lines = list
        .lines()
        .filter_map(|line| line.trim().strip_suffix("::SHAPE,"));
    lines.map(page).collect()
}

/// The first sample on a page.
fn sample(file: &str) -> String {
    page(file).samples.swap_remove(0)
}

#[test]
fn the_samples_on_each_page_are_recognised() {
    let mut told = Vec::new();
    for page in pages() {
        assert_eq!(page.sources.len(), page.samples.len(), "{}", page.file);
        for (sample, source) in page.samples.iter().zip(&page.sources) {
            assert_eq!(recognise(sample.as_bytes()), *source, "{}", page.file);
            told.push(*source);
        }
    }
    for source in Source::ALL {
        let is_told = *source == Source::Unknown || told.contains(source);
        assert!(is_told, "no page tells {}", source.name());
    }
}

/// Writes the values of an event that have a position, each on a line.
#[derive(Default)]
struct Fields(String);

impl Visitor for Fields {
    fn form(&mut self, form: &Form<'_>, _: &mut Steps) {
        if form.part == Part::Key || form.opened || form.role == Role::Other {
            return;
        }
        let role = std::format!("{:?}", form.role).to_lowercase();
        let text = form.text.escape_ascii();
        std::fmt::write(
            &mut self.0,
            format_args!("{} {role} {text}", form.pointer()),
        )
        .unwrap();
        for decoder in form.decoded {
            self.0.push_str(" ← ");
            self.0.push_str(decoder.name());
        }
        self.0.push('\n');
    }
}

pub(super) fn fields(event: &str) -> String {
    let mut fields = Fields::default();
    let mut steps = Steps::for_bytes(event.len());
    let coverage = walk(event.as_bytes(), &mut steps, &mut fields);
    assert!(coverage.gaps().next().is_none(), "{event}");
    fields.0
}

/// Compares a text with a file, or writes it there if the tests are asked to.
fn agrees(path: &str, text: &str, what: &str) {
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, text).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(written == text, "{what}: UPDATE_EXPECT=1 writes it anew");
}

#[test]
fn the_fields_on_each_page_are_those_of_its_samples() {
    for page in pages() {
        let mut text = String::new();
        let mut rest = page.text.as_str();
        for sample in &page.samples {
            let (before, behind) = rest.split_once("```fields\n").unwrap();
            let (_, behind) = behind.split_once("```").unwrap();
            text.push_str(before);
            text.push_str("```fields\n");
            text.push_str(&fields(sample));
            text.push_str("```");
            rest = behind;
        }
        text.push_str(rest);
        agrees(
            &std::format!("{FOLDER}/{}.md", page.file),
            &text,
            &page.file,
        );
    }
}

/// A paragraph of a page that begins with these words in bold, on one line.
fn paragraph(page: &Page, words: &str) -> String {
    let mark = std::format!("**{words}**");
    let (_, behind) = page.text.split_once(mark.as_str()).unwrap();
    let text = behind.split("\n\n").next().unwrap();
    let text = text.trim_start_matches([':', ' ']).replace('\n', " ");
    text.replace('|', "\\|")
}

#[test]
fn the_book_has_the_table_of_all_sources() {
    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/sources.md");
    let mut lines = std::vec![String::from(include_str!("preface.txt").trim_end())];
    lines.push(
        "\n| source | names | recognised by | what is inspected as what callers write |".into(),
    );
    lines.push("|---|---|---|---|".into());
    for page in pages() {
        let title = page.text.lines().next().unwrap().trim_start_matches("# ");
        let names: Vec<_> = page.sources.iter().map(|source| source.name()).collect();
        lines.push(std::format!(
            "| [{title}](../extension/event/src/source/{}.md) | `{}` | {} | {} |",
            page.file,
            names.join("`, `"),
            paragraph(&page, "Recognised by"),
            paragraph(&page, "Where callers write"),
        ));
    }
    lines.push(String::new());
    agrees(FILE, &lines.join("\n"), "docs/sources.md");
}

#[test]
fn a_sample_without_its_request_context_is_unknown() {
    for page in [
        "alb",
        "api_gateway_http",
        "api_gateway_rest",
        "function_url",
    ] {
        let event = sample(page).replace("\"requestContext\"", "\"context\"");
        assert_eq!(recognise(event.as_bytes()), Source::Unknown);
    }
}

#[test]
fn a_load_balancer_with_multi_value_headers_wants_them_back() {
    let event = sample("alb").replace("\"headers\"", "\"multiValueHeaders\"");
    assert_eq!(recognise(event.as_bytes()), Source::Alb { multi: true });
}

#[test]
fn authorizers_and_sockets_are_no_requests() {
    let http = sample("api_gateway_http");
    let rest = sample("api_gateway_rest");
    for (event, source) in [
        (
            http.replacen(
                '{',
                r#"{"type":"REQUEST","routeArn":"arn:x","identitySource":["a"],"#,
                1,
            ),
            Source::AuthorizerHttp,
        ),
        (
            rest.replacen('{', r#"{"type":"REQUEST","methodArn":"arn:x","#, 1),
            Source::AuthorizerRequest,
        ),
        (
            rest.replace(
                "\"identity\"",
                r#""connectionId":"c","eventType":"MESSAGE","identity""#,
            ),
            Source::WebSocketMessage,
        ),
    ] {
        assert_eq!(recognise(event.as_bytes()), source, "{event}");
    }
}

#[test]
fn the_last_of_two_members_counts_as_it_does_in_every_runtime() {
    let http = sample("api_gateway_http");
    let first = http.replacen('{', r#"{"version":"1.0","requestContext":null,"#, 1);
    assert_eq!(recognise(first.as_bytes()), Source::ApiGatewayHttp);
    let last = http.trim_end().strip_suffix('}').unwrap();
    let last = std::format!(r#"{last},"requestContext":{{"stage":"x"}}}}"#);
    assert_eq!(recognise(last.as_bytes()), Source::Unknown);
    let escaped = http.replace("\"rawPath\"", "\"raw\\u0050ath\"");
    assert_eq!(recognise(escaped.as_bytes()), Source::ApiGatewayHttp);
}

#[test]
fn what_callers_write_does_not_change_the_source() {
    let inside = r#"{"requestContext":{"elb":{"targetGroupArn":"x"}},"httpMethod":"GET"}"#;
    let quoted = inside.replace('"', "\\\"");
    let event = sample("function_url")
        .replace(r#"{\"text\":\"milk and bread\"}"#, &quoted)
        .replace(
            r#""tag": "home""#,
            &std::format!(r#""requestContext": {inside}"#),
        );
    assert_eq!(recognise(event.as_bytes()), Source::FunctionUrl);
}

#[test]
fn other_bytes_are_unknown() {
    for event in [
        "",
        "{",
        "{}",
        "[]",
        "null",
        "{\"a\"",
        "{\"a\":",
        "{\"a\" 1}",
        "{\"version\":\"2.0\"}",
        "\"{}\"",
    ] {
        assert_eq!(recognise(event.as_bytes()), Source::Unknown, "{event}");
    }
    let many: Vec<_> = (0..65)
        .map(|index| std::format!("\"k{index}\":1"))
        .collect();
    let many = std::format!("{{{},", many.join(","));
    let http = sample("api_gateway_http").replacen('{', &many, 1);
    assert_eq!(recognise(http.as_bytes()), Source::Unknown);
}

/// Says where the tool that runs all tests will find it what was not done.
fn skip(reason: &str) {
    use std::io::Write as _;
    let Some(path) = std::env::var_os("CREDENZA_SKIPS") else {
        return;
    };
    let file = std::fs::OpenOptions::new().append(true).open(path);
    file.and_then(|mut file| std::writeln!(file, "event sources: {reason}"))
        .unwrap();
}

#[test]
fn published_samples_are_of_the_sources_in_the_table_where_they_are_present() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/events");
    let Ok(manifest) = std::fs::read_to_string(std::format!("{folder}/MANIFEST.tsv")) else {
        skip("the published samples are not beside the project");
        return;
    };
    let mut lines = std::vec![String::from("file\tsource")];
    for line in manifest.lines().skip(1) {
        let file = line.split('\t').next().unwrap();
        let event = std::fs::read(std::format!("{folder}/{file}")).unwrap();
        lines.push(std::format!("{file}\t{}", recognise(&event).name()));
    }
    let table = lines.join("\n") + "\n";
    agrees(
        &std::format!("{FOLDER}/published.tsv"),
        &table,
        "published.tsv",
    );
}
