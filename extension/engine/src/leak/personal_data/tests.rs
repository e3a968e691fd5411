//! Numbers that prove themselves, made here, and others that do not.
//! They never are anybody's.
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::*;
use crate::leak::{LeakWatch, Media, seek};

fn found(text: &str) -> Vec<&'static str> {
    let mut leaks = Leaks::new();
    let text = OutputText::whole(text.as_bytes(), Media::Text);
    seek(&text, LeakWatch::of(|rule| rule.id == RULE.id), &mut leaks);
    leaks.iter().map(|leak| leak.kind).collect()
}

/// Draws always the same numbers.
struct Dice(u64);

impl Dice {
    fn digits(&mut self, count: usize) -> String {
        (0..count)
            .map(|_| {
                self.0 = self
                    .0
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                char::from(b'0' + (self.0 >> 40).to_le_bytes()[0] % 10)
            })
            .collect()
    }
}

#[test]
fn an_id_behind_its_name_is_found_however_it_is_written() {
    for (name, value, kind) in [
        ("dni", "46189057C", "spain-dni"),
        ("nie", "Y4618905J", "spain-dni"),
        ("codice_fiscale", "RSSMRA85T10A562S", "italy-codice-fiscale"),
        ("steuer_id", "86095742719", "germany-tax-id"),
        ("bsn", "111222333", "netherlands-bsn"),
        ("pesel", "44051401359", "poland-pesel"),
        ("personnummer", "640823-3234", "sweden-personnummer"),
        ("hetu", "131052-308T", "finland-hetu"),
        ("nhs", "943 476 5919", "britain-nhs-number"),
        ("nino", "AB 64 10 79 C", "britain-national-insurance"),
        ("cpf", "529.982.247-25", "brazil-cpf"),
        ("cnpj", "11.222.333/0001-81", "brazil-cnpj"),
        ("rut", "18.765.432-7", "chile-rut"),
        ("sin", "130 692 544", "canada-sin"),
        ("ssn", "536-90-4399", "usa-social-security"),
        ("tckn", "10000000146", "turkey-kimlik"),
        ("tfn", "459 599 230", "australia-tax-file-number"),
        (
            "rijksregister",
            "93.05.18-223.61",
            "belgium-register-number",
        ),
        ("my_number", "615293847104", "japan-my-number"),
    ] {
        let upper = name.to_uppercase();
        for text in [
            format!("{{\"{name}\": \"{value}\", \"a\": 1}}"),
            format!("<td>{name}</td><td>{value}</td>"),
            format!("{upper}: {value}."),
        ] {
            let is_long = name.len() > 5;
            // Short names in cells stand in capitals, long ones as they are called.
            let text = match (text.starts_with('<'), is_long) {
                (true, false) => format!("<td>{upper}</td><td>{value}</td>"),
                (false, true) => text.replace(&upper, name),
                _ => text,
            };
            assert_eq!(found(&text), [kind], "{text}");
        }
        assert_eq!(found(value), [""; 0], "{value}");
    }
}

#[test]
fn many_different_addresses_are_a_list_and_few_or_the_same_are_none() {
    let mut dice = Dice(7);
    let mails: Vec<_> = (0..70)
        .map(|_| format!("u{}@mail.shop.io", dice.digits(6)))
        .collect();
    assert!(
        found(&mails.join("\n"))
            .iter()
            .all(|kind| *kind == "email-list")
    );
    assert_eq!(found(&mails.join(",")).len(), 70);
    assert_eq!(found(&mails[..63].join("\n")), [""; 0]);
    assert_eq!(found(&"info@shop.io ".repeat(200)), [""; 0]);
    assert_eq!(
        found(&mails.join("\n").replace("shop.io", "example.com")),
        [""; 0]
    );
    let phones: Vec<_> = (0..70)
        .map(|_| format!("\"+44 20 {}\"", dice.digits(8)))
        .collect();
    assert_eq!(found(&phones.join(", ")).len(), 70);
    assert_eq!(found(&phones[..63].join(", ")), [""; 0]);
}

#[test]
fn numbers_that_nobody_calls_anything_are_none() {
    let mut dice = Dice(11);
    for count in 0..20_000 {
        let len = 8 + count % 12;
        let number = dice.digits(len);
        let text = format!(
            "{{\"id\":\"{number}\",\"at\":{},\"v\":[1,2]}}",
            dice.digits(13)
        );
        assert_eq!(found(&text), [""; 0], "{text}");
    }
}

#[test]
fn wherever_a_stream_is_split_its_numbers_are_found() {
    let filler = "It was a bright cold day, and 13 clocks were striking. ".repeat(100);
    for (example, kind) in [
        ("your card 4539 5787 6362 1486, thanks", "payment-card"),
        ("{\"pan\":\"4539578763621486\"}", "payment-card"),
        ("IBAN DE44 5001 0517 5407 3249 31", "bank-account"),
        ("{\"ssn\":\"536-90-4399\"}", "usa-social-security"),
        ("11010519491231002X", "china-resident-id"),
    ] {
        let text = format!("{filler}{example} {filler}");
        for split in filler.len() - 2..filler.len() + example.len() + 3 {
            let mut all = Vec::new();
            let from = split - crate::leak::LOOK_BEHIND_BYTES;
            let text = text.as_bytes();
            for (window, from) in [
                (
                    OutputText::window(&text[..split], Media::Text, false, true),
                    0,
                ),
                (
                    OutputText::window(&text[from..], Media::Text, true, false),
                    from,
                ),
            ] {
                let mut leaks = Leaks::new();
                seek(
                    &window,
                    LeakWatch::of(|rule| rule.id == RULE.id),
                    &mut leaks,
                );
                all.extend(leaks.iter().map(|leak| (leak.kind, from + leak.start)));
            }
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), 1, "{example} split at {split}: {all:?}");
            assert_eq!(all[0].0, kind);
        }
    }
}
