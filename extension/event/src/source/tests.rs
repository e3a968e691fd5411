//! Tests of the sources: each page's sample, near misses, and the published samples where present.
//! They never hold a copy of a published sample.
use std::string::String;
use std::vec::Vec;

use super::{Source, recognise};

/// The sample in the `event` fence of a page.
fn sample(page: &str) -> &str {
    let (_, fence) = page.split_once("```event\n").unwrap();
    fence.split_once("```").unwrap().0
}

const PAGES: [(&str, Source); 4] = [
    (include_str!("alb.md"), Source::Alb { multi: false }),
    (include_str!("api_gateway_http.md"), Source::ApiGatewayHttp),
    (include_str!("api_gateway_rest.md"), Source::ApiGatewayRest),
    (include_str!("function_url.md"), Source::FunctionUrl),
];

#[test]
fn the_sample_on_each_page_is_recognised() {
    for (page, source) in PAGES {
        assert_eq!(recognise(sample(page).as_bytes()), source);
        assert!(
            page.contains(&std::format!("`{}`", source.name())),
            "{}",
            source.name()
        );
    }
}

#[test]
fn a_sample_without_its_request_context_is_unknown() {
    for (page, _) in PAGES {
        let event = sample(page).replace("\"requestContext\"", "\"context\"");
        assert_eq!(recognise(event.as_bytes()), Source::Unknown);
    }
}

#[test]
fn a_load_balancer_with_multi_value_headers_wants_them_back() {
    let event = sample(include_str!("alb.md")).replace("\"headers\"", "\"multiValueHeaders\"");
    assert_eq!(recognise(event.as_bytes()), Source::Alb { multi: true });
}

#[test]
fn authorizers_and_sockets_are_left_to_others() {
    let http = sample(include_str!("api_gateway_http.md"));
    let rest = sample(include_str!("api_gateway_rest.md"));
    for event in [
        http.replacen(
            '{',
            r#"{"type":"REQUEST","routeArn":"arn:x","identitySource":["a"],"#,
            1,
        ),
        rest.replacen('{', r#"{"type":"REQUEST","methodArn":"arn:x","#, 1),
        rest.replace(
            "\"identity\"",
            r#""connectionId":"c","eventType":"MESSAGE","identity""#,
        ),
    ] {
        assert_eq!(recognise(event.as_bytes()), Source::Unknown, "{event}");
    }
}

#[test]
fn the_last_of_two_members_counts_as_it_does_in_every_runtime() {
    let http = sample(include_str!("api_gateway_http.md"));
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
    let event = sample(include_str!("function_url.md"))
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
    let http = sample(include_str!("api_gateway_http.md")).replacen('{', &many, 1);
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
fn published_samples_are_recognised_where_they_are_present() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/events");
    let Ok(manifest) = std::fs::read_to_string(std::format!("{folder}/MANIFEST.tsv")) else {
        skip("the published samples are not beside the project");
        return;
    };
    let mut recognised = 0;
    for line in manifest.lines().skip(1) {
        let mut columns = line.split('\t');
        let (file, kind) = (columns.next().unwrap(), columns.next().unwrap());
        let event = std::fs::read(std::format!("{folder}/{file}")).unwrap();
        let source = recognise(&event);
        recognised += usize::from(source != Source::Unknown);
        // The kinds of the manifest are guesses by shape. Authorizers count as `apigw-v2` there;
        // one file is a fragment, and one is an ordinary request that names a connection.
        let text = String::from_utf8_lossy(&event);
        let is_authorizer = text.contains("\"routeArn\"") || text.contains("\"methodArn\"");
        let lower = file.to_ascii_lowercase();
        let expected = match kind {
            _ if is_authorizer => Source::Unknown,
            _ if lower.ends_with("apigatewayproxyeventprincipalid.json") => Source::Unknown,
            _ if lower == "dotnet/proxy-event.json" => Source::ApiGatewayRest,
            "alb" => Source::Alb {
                multi: matches!(source, Source::Alb { multi: true }),
            },
            "apigw-v2" => Source::ApiGatewayHttp,
            "apigw-v1" => Source::ApiGatewayRest,
            "furl" => Source::FunctionUrl,
            _ => Source::Unknown,
        };
        assert_eq!(source, expected, "{file}: {kind}");
    }
    assert!(recognised > 40, "{recognised}");
}

#[test]
fn every_source_is_named_once_and_fits_its_column_in_records() {
    for source in Source::ALL {
        assert_eq!(Source::named(source.name()), Some(*source));
        assert!(source.name().len() <= 24, "{}", source.name());
    }
    assert_eq!(Source::named("alb"), Some(Source::Alb { multi: false }));
    assert_eq!(Source::named("nobody"), None);
}
