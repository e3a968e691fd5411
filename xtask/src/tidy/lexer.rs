//! Rust source with its comments and literals blanked, and what lies between its braces.
//! It never parses more than the house rules need: words, braces, functions and test modules.

/// One source file, read for the house rules.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    /// The text with every comment and literal turned into spaces, line by line.
    pub(crate) lines: Vec<String>,
    /// For each line, whether it lies in a module of tests.
    pub(crate) is_test: Vec<bool>,
    /// Every function that has a body.
    pub(crate) functions: Vec<Function>,
}

/// A function and the lines that it fills, counted from zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Function {
    /// Its name.
    pub(crate) name: String,
    /// The line of the word `fn`.
    pub(crate) first: usize,
    /// The line of the closing brace.
    pub(crate) last: usize,
}

/// Reads one file.
pub(crate) fn read(text: &str) -> Code {
    let blanked = blank(text);
    let lines: Vec<String> = blanked.split('\n').map(str::to_owned).collect();
    let words = words(&blanked);
    let mut is_test = vec![false; lines.len()];
    for (first, last) in test_modules(&words) {
        for flag in is_test.iter_mut().take(last + 1).skip(first) {
            *flag = true;
        }
    }
    Code {
        lines,
        is_test,
        functions: functions(&words),
    }
}

/// A word or a sign, and its line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Word {
    text: String,
    line: usize,
}

fn words(blanked: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    for (line, text) in blanked.split('\n').enumerate() {
        let mut current = String::new();
        for sign in text.chars().chain([' ']) {
            if sign.is_alphanumeric() || sign == '_' {
                current.push(sign);
                continue;
            }
            if !current.is_empty() {
                words.push(Word {
                    text: std::mem::take(&mut current),
                    line,
                });
            }
            if !sign.is_whitespace() {
                words.push(Word {
                    text: sign.to_string(),
                    line,
                });
            }
        }
    }
    words
}

fn functions(words: &[Word]) -> Vec<Function> {
    let mut functions = Vec::new();
    for (at, pair) in words.windows(2).enumerate() {
        let [keyword, name] = pair else { continue };
        let is_name = name
            .text
            .starts_with(|sign: char| sign.is_alphabetic() || sign == '_');
        if keyword.text != "fn" || !is_name {
            continue;
        }
        if let Some(last) = body_end(words.get(at + 2..).unwrap_or_default()) {
            functions.push(Function {
                name: name.text.clone(),
                first: keyword.line,
                last,
            });
        }
    }
    functions
}

/// The line of the brace that closes the first body in `words`; none where `;` comes first.
fn body_end(words: &[Word]) -> Option<usize> {
    let mut brackets = 0_i32;
    for (at, word) in words.iter().enumerate() {
        match word.text.as_str() {
            "(" | "[" => brackets += 1,
            ")" | "]" => brackets -= 1,
            ";" if brackets == 0 => return None,
            "{" if brackets == 0 => return closing_line(words.get(at..)?),
            _ => {}
        }
    }
    None
}

/// The line of the brace that closes the one at the start of `words`.
fn closing_line(words: &[Word]) -> Option<usize> {
    let mut depth = 0_i32;
    for word in words {
        match word.text.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(word.line);
        }
    }
    None
}

/// First and last line of each module marked `#[cfg(test)]`.
fn test_modules(words: &[Word]) -> Vec<(usize, usize)> {
    const MARK: [&str; 8] = ["#", "[", "cfg", "(", "test", ")", "]", "mod"];
    let mut modules = Vec::new();
    for (at, window) in words.windows(MARK.len()).enumerate() {
        let is_mark = window
            .iter()
            .zip(MARK)
            .all(|(word, mark)| word.text == mark);
        let rest = words.get(at + MARK.len() + 1..).unwrap_or_default();
        let opens = rest.first().is_some_and(|word| word.text == "{");
        if let (true, true, Some(first)) = (is_mark, opens, window.first())
            && let Some(last) = closing_line(rest)
        {
            modules.push((first.line, last));
        }
    }
    modules
}

/// Turns comments and literals into spaces; line breaks stay.
fn blank(text: &str) -> String {
    let signs: Vec<char> = text.chars().collect();
    let mut blanked = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(&sign) = signs.get(at) {
        let length = literal_length(&signs, at);
        if length == 0 {
            blanked.push(sign);
            at += 1;
            continue;
        }
        for &hidden in signs.iter().skip(at).take(length) {
            blanked.push(if hidden == '\n' { '\n' } else { ' ' });
        }
        at += length;
    }
    blanked
}

/// How many characters from `at` are one comment or literal; 0 for code.
fn literal_length(signs: &[char], at: usize) -> usize {
    let sign = |ahead: usize| signs.get(at + ahead).copied().unwrap_or('\0');
    let before = at
        .checked_sub(1)
        .and_then(|before| signs.get(before))
        .copied();
    let in_word = before.is_some_and(|before| before.is_alphanumeric() || before == '_');
    match (sign(0), sign(1)) {
        ('/', '/') => signs
            .iter()
            .skip(at)
            .take_while(|sign| **sign != '\n')
            .count(),
        ('/', '*') => block_comment(signs, at),
        ('"', _) => string(signs, at),
        ('\'', '\\') => {
            let escape = signs
                .iter()
                .skip(at + 3)
                .take_while(|sign| **sign != '\'')
                .count();
            escape + 4
        }
        ('\'', _) if sign(2) == '\'' => 3,
        ('r', '"' | '#') if !in_word => raw_string(signs, at, 1),
        ('b' | 'c', 'r') if !in_word && matches!(sign(2), '"' | '#') => raw_string(signs, at, 2),
        _ => 0,
    }
}

fn block_comment(signs: &[char], at: usize) -> usize {
    let mut depth = 0_usize;
    let mut length = 0;
    loop {
        let pair = (signs.get(at + length), signs.get(at + length + 1));
        match pair {
            (Some('/'), Some('*')) => {
                depth += 1;
                length += 2;
            }
            (Some('*'), Some('/')) => {
                depth -= 1;
                length += 2;
            }
            (Some(_), _) => length += 1,
            (None, _) => return length,
        }
        if depth == 0 {
            return length;
        }
    }
}

fn string(signs: &[char], at: usize) -> usize {
    let mut length = 1;
    while let Some(sign) = signs.get(at + length) {
        length += match sign {
            '\\' => 2,
            '"' => return length + 1,
            _ => 1,
        };
    }
    length
}

fn raw_string(signs: &[char], at: usize, prefix: usize) -> usize {
    let hashes = signs
        .iter()
        .skip(at + prefix)
        .take_while(|sign| **sign == '#')
        .count();
    let mut length = prefix + hashes + 1;
    if signs.get(at + prefix + hashes) != Some(&'"') {
        return 0;
    }
    while at + length < signs.len() {
        let quote = signs.get(at + length) == Some(&'"');
        let closing = signs
            .iter()
            .skip(at + length + 1)
            .take_while(|sign| **sign == '#')
            .count();
        length += 1;
        if quote && closing >= hashes {
            return length + hashes;
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use super::{Function, blank, read};

    #[test]
    fn comments_and_literals_are_blank_and_lifetimes_are_not() {
        let check = |text: &str, expected: &str| assert_eq!(blank(text), expected, "{text}");
        check("a // b", "a     ");
        check("a /* b /* c */ d */ e", "a                   e");
        check(r#"f("x \" y", 'z')"#, "f(        ,    )");
        check(r##"r#"a"b"# + 1"##, "         + 1");
        check("b\"\\n\" '\\'' &'a str", "b          &'a str");
        check("'\\u{41}' x", "         x");
    }

    #[test]
    fn functions_have_their_lines_and_declarations_have_none() {
        let code = read(
            "fn one() {\n  two();\n}\n\
             trait T { fn none(&self); }\n\
             fn three<const N: usize>(a: [u8; N]) -> usize\nwhere\n{\n    { 1 }\n}\n",
        );
        let function = |name: &str, first, last| Function {
            name: name.to_owned(),
            first,
            last,
        };
        assert_eq!(
            code.functions,
            [function("one", 0, 2), function("three", 4, 8)]
        );
    }

    #[test]
    fn a_module_of_tests_is_known_to_its_closing_brace() {
        let code = read("fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c() {}");
        assert_eq!(code.is_test, [false, true, true, true, true, false]);
        let sibling = read("#[cfg(test)]\nmod tests;\nfn c() {}");
        assert_eq!(sibling.is_test, [false, false, false]);
    }
}
