//! Any bytes as a post file: decoded, split at its fences, and its front matter parsed.
#![no_main]

use std::fmt::Write;

use finews::archive::jekyll::front_matter::{self, FrontMatter, Value};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let (text, defect) = front_matter::decode(bytes);
    assert_eq!(defect.is_none(), std::str::from_utf8(bytes).is_ok());
    let split = front_matter::split(&text);
    let before = text.strip_suffix(split.body).expect("a body ends its file");
    assert_eq!(split.body_line, 1 + line_breaks(before));
    match split.yaml {
        Some(yaml) => {
            assert!(before.contains(yaml) && !split.unclosed);
            check(yaml);
        }
        None => assert_eq!(split.body, &*text),
    }
    let (front, defects) = split.front_matter();
    let mut lines =
        defects.iter().filter_map(|defect| defect.line).chain(front.iter().map(|(_, field)| field.line));
    assert!(lines.all(|line| (1..=1 + line_breaks(&text)).contains(&line)));
    // Most inputs have no fences, so parse the whole text too.
    check(&text);
});

fn check(yaml: &str) {
    let (front, defects) = front_matter::parse(yaml);
    let lines = 2..=2 + line_breaks(yaml);
    assert!(defects.iter().filter_map(|defect| defect.line).all(|line| lines.contains(&line)), "{defects:?}");
    let mut size = 0;
    for (number, (key, field)) in front.iter().enumerate() {
        assert!(front.iter().skip(number + 1).all(|(other, _)| other != key), "{key:?} twice");
        assert!(lines.contains(&field.line), "{key:?} on line {}", field.line);
        assert!(field.value == Value::Null || front.has(key));
        size += key.len() + length_of(&field.value);
        let (whole, parts) = (front.strings(key, false), front.strings(key, true));
        assert!(whole.iter().chain(&parts).all(|name| !name.is_empty()));
        match front.text(key) {
            Some(text) => {
                assert!(parts.iter().all(|part| !part.contains([' ', '\t', '\n'])));
                assert!(front.bool(key).is_none() || !field.quoted && text.len() <= 5);
                assert!(front.setting(key).is_none_or(|setting| setting == text));
            }
            None => assert_eq!(whole, parts),
        }
    }
    // Aliases must not expand a file far beyond its size.
    assert!(size <= 4 * yaml.len() + 1024, "{size} bytes of {}", yaml.len());
    check_written(&front);
}

/// Asserts that the front matter has the same values when all of it is quoted.
fn check_written(front: &FrontMatter) {
    let mut yaml = String::new();
    for (key, field) in front.iter() {
        write_text(key, &mut yaml);
        yaml.push_str(": ");
        write_value(&field.value, &mut yaml);
        yaml.push('\n');
    }
    let merges = front.iter().any(|(key, _)| key == "<<");
    // YAML limits nesting and the length of keys.
    let is_beyond_yaml = yaml.matches(['[', '{']).count() > 2_000
        || yaml.lines().any(|line| line.split("\": ").any(|key| key.len() > 1_000));
    if merges || is_beyond_yaml {
        return;
    }
    let (again, defects) = front_matter::parse(&yaml);
    assert_eq!(defects, [], "{yaml}");
    let pairs = |front: &FrontMatter| {
        front.iter().map(|(key, field)| (key.to_owned(), field.value.clone())).collect::<Vec<_>>()
    };
    assert_eq!(pairs(&again), pairs(front), "{yaml}");
}

fn write_value(value: &Value, yaml: &mut String) {
    match value {
        Value::Null => yaml.push_str("null"),
        Value::Text(text) => write_text(text, yaml),
        Value::List(items) => {
            yaml.push('[');
            for item in items {
                write_value(item, yaml);
                yaml.push_str(", ");
            }
            yaml.push(']');
        }
        Value::Map(pairs) => {
            yaml.push('{');
            for (key, value) in pairs {
                write_text(key, yaml);
                yaml.push_str(": ");
                write_value(value, yaml);
                yaml.push_str(", ");
            }
            yaml.push('}');
        }
    }
}

fn write_text(text: &str, yaml: &mut String) {
    yaml.push('"');
    for c in text.chars() {
        if c.is_alphanumeric() || c == ' ' {
            yaml.push(c);
        } else {
            write!(yaml, "\\U{:08x}", u32::from(c)).expect("a text takes all");
        }
    }
    yaml.push('"');
}

fn length_of(value: &Value) -> usize {
    match value {
        Value::Null => 0,
        Value::Text(text) => {
            let is_forbidden = |c: char| {
                c.is_control() && !matches!(c, '\t' | '\n' | '\r') || matches!(c, '\u{FFFE}' | '\u{FFFF}')
            };
            assert!(!text.contains(is_forbidden), "{text:?}");
            text.len()
        }
        Value::List(items) => items.iter().map(length_of).sum(),
        Value::Map(pairs) => pairs.iter().map(|(key, value)| key.len() + length_of(value)).sum(),
    }
}

fn line_breaks(text: &str) -> u32 {
    text.bytes().filter(|byte| *byte == b'\n').count() as u32
}
