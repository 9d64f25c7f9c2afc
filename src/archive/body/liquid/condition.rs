//! The condition of `{% if … %}` and `{% unless … %}` over scalars (`liquid/condition.rb`).

use std::cmp::Ordering;

use crate::archive::body::context::LiquidValue;
use crate::archive::body::liquid::expression::{ExpressionScanner, spend};
use crate::archive::body::liquid::filter;
use crate::archive::body::liquid::scope::{VariableScope, number};

/// An operand of a condition.
enum Operand {
    Value(LiquidValue),
    /// `empty`, which only an empty text equals.
    Empty,
    /// `blank`, which nothing equals in Jekyll: only Rails gives values this property.
    Blank,
}

/// Decides a condition, and takes the length of its values from `budget`. Returns `None` if the condition is not
/// supported, or if a value is unknown.
pub(crate) fn holds(condition: &str, scope: &VariableScope<'_, '_>, budget: &mut usize) -> Option<bool> {
    let mut scanner = ExpressionScanner::new(condition);
    let left = operand(&mut scanner, scope, budget)?;
    let first = match scanner.take_any(&["==", "!=", "<>", "contains"]) {
        None => is_true(&left)?,
        Some(operator) => {
            let right = operand(&mut scanner, scope, budget)?;
            match operator {
                "==" => is_equal(&left, &right)?,
                "contains" => contains(&left, &right)?,
                _ => !is_equal(&left, &right)?,
            }
        }
    };
    let conjunction = scanner.take_any(&["and", "or"]);
    if scanner.is_at_end() {
        return conjunction.is_none().then_some(first);
    }
    // Liquid reads `a and b or c` as `a and (b or c)`.
    let others = holds(scanner.rest(), scope, budget)?;
    match conjunction? {
        "and" => Some(first && others),
        _ => Some(first || others),
    }
}

fn operand(
    scanner: &mut ExpressionScanner<'_>,
    scope: &VariableScope<'_, '_>,
    budget: &mut usize,
) -> Option<Operand> {
    match scanner.take_any(&["empty", "blank"]) {
        Some("empty") => return Some(Operand::Empty),
        Some(_) => return Some(Operand::Blank),
        None => {}
    }
    let value = scanner.value(scope)?;
    spend(budget, &value)?;
    Some(Operand::Value(value))
}

fn is_true(operand: &Operand) -> Option<bool> {
    match operand {
        Operand::Value(LiquidValue::Nil | LiquidValue::Absent) => Some(false),
        Operand::Value(LiquidValue::Plain(text)) => Some(!filter::is_false(text)),
        Operand::Value(LiquidValue::Text(_) | LiquidValue::Time(_)) => Some(true),
        Operand::Empty | Operand::Blank => None,
    }
}

fn is_equal(left: &Operand, right: &Operand) -> Option<bool> {
    use LiquidValue::{Absent, Nil, Plain};
    match (left, right) {
        (Operand::Value(left), Operand::Value(right)) => match (left, right) {
            (Nil | Absent, Nil | Absent) => Some(true),
            (Nil | Absent, _) | (_, Nil | Absent) => Some(false),
            (Plain(left), Plain(right)) => Some(is_same_scalar(left, right)),
            _ => Some(string(left)? == string(right)?),
        },
        (Operand::Value(value), Operand::Empty) | (Operand::Empty, Operand::Value(value)) => {
            Some(matches!(value, LiquidValue::Text(text) if text.is_empty()))
        }
        (Operand::Value(_), Operand::Blank) | (Operand::Blank, Operand::Value(_)) => Some(false),
        (Operand::Empty | Operand::Blank, Operand::Empty | Operand::Blank) => None,
    }
}

/// Compares two unquoted scalars. Numbers are equal in any spelling; those with many digits are compared as written.
fn is_same_scalar(left: &str, right: &str) -> bool {
    /// Digits of a number that `f64` holds exactly.
    const MOST_DIGITS: usize = 15;
    let value = |text: &str| number(text).filter(|_| text.len() <= MOST_DIGITS);
    match (value(left), value(right)) {
        (Some(left), Some(right)) => left.partial_cmp(&right) == Some(Ordering::Equal),
        _ => switch(left) == switch(right),
    }
}

fn contains(left: &Operand, right: &Operand) -> Option<bool> {
    let (Operand::Value(left), Operand::Value(right)) = (left, right) else { return None };
    match (left, right) {
        (LiquidValue::Nil | LiquidValue::Absent, _) | (_, LiquidValue::Nil | LiquidValue::Absent) => {
            Some(false)
        }
        (left, LiquidValue::Plain(part) | LiquidValue::Text(part)) => {
            Some(string(left)?.contains(part.as_str()))
        }
        (_, LiquidValue::Time(_)) => None,
    }
}

/// The text of a value that is a text in Jekyll too. An unquoted scalar may be a number, a date or a switch.
fn string(value: &LiquidValue) -> Option<&str> {
    match value {
        LiquidValue::Text(text) => Some(text.as_str()),
        LiquidValue::Plain(text) => {
            let begins_number = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.');
            (!text.starts_with(begins_number) && !filter::is_switch(text)).then_some(text.as_str())
        }
        LiquidValue::Nil | LiquidValue::Absent | LiquidValue::Time(_) => None,
    }
}

/// Returns the usual word for a switch; YAML has several. Any other text stays.
fn switch(text: &str) -> &str {
    if filter::is_true(text) {
        "true"
    } else if filter::is_false(text) {
        "false"
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::body::tests::{context, site};

    #[test]
    fn conditions_over_scalars_are_decided_as_in_liquid() {
        let table = [
            ("page.foo", Some(true)),
            ("page.flag", Some(false)),
            ("page.empty", Some(false)),
            ("page.missing", Some(false)),
            ("''", Some(true)),
            ("0", Some(true)),
            ("nil", Some(false)),
            ("page.list", None),
            ("site.nothing", None),
            ("page.foo == 'bar'", Some(true)),
            ("page.foo=='baz'", Some(false)),
            ("page.foo != \"bar\"", Some(false)),
            ("page.foo <> \"x\"", Some(true)),
            ("page.missing == nil", Some(true)),
            ("page.flag == false", Some(true)),
            ("page.flag == 'false'", None),
            ("page.switch == true", Some(true)),
            ("page.switch != true", Some(false)),
            ("page.switch == page.flag", Some(false)),
            ("page.switch == 'Yes'", None),
            ("7 == '7'", None),
            ("1.0 == 1", Some(true)),
            ("1 != 1.5", Some(true)),
            ("1234567890123456789 == 1234567890123456788", Some(false)),
            ("page.missing != nil", Some(false)),
            ("page.foo == null", Some(false)),
            ("'' == empty", Some(true)),
            ("empty != page.foo", Some(true)),
            ("page.missing == empty", Some(false)),
            ("page.missing == blank", Some(false)),
            ("page.foo != blank", Some(true)),
            ("empty", None),
            ("page.foo contains empty", None),
            ("page.foo orx", None),
            ("page.foo or page.flag", Some(true)),
            ("page.foo containsx 'b'", None),
            ("jekyll.environment == 'production'", Some(true)),
            ("jekyll.version", None),
            ("page.date == 'x'", None),
            ("site.url contains 'news.example'", Some(true)),
            ("site.url contains \"x.y\"", Some(false)),
            ("page.missing contains 'x'", Some(false)),
            ("page.foo and page.flag", Some(false)),
            ("page.flag or page.foo == 'bar'", Some(true)),
            ("page.flag and page.foo or page.foo", Some(false)),
            ("page.foo and page.list", None),
            ("page.foo and", None),
            ("page.foo > 1", None),
            ("page.foo | size", None),
            ("", None),
        ];
        let site = site();
        let context = context(&site);
        let scope = VariableScope::new("", &context);
        for (condition, expected) in table {
            assert_eq!(holds(condition, &scope, &mut 10_000), expected, "{condition}");
        }
    }
}
