//! The condition of `{% if … %}` and `{% unless … %}` over scalars (`liquid/condition.rb`).

use crate::archive::body::context::{Context, LiquidValue};
use crate::archive::body::liquid::expression::{ExpressionScanner, spend};
use crate::archive::body::liquid::filter;

/// Decides a condition, and takes the length of its values from `budget`. Returns `None` if the condition is not
/// supported, or if a value is unknown.
pub(crate) fn holds(condition: &str, cx: &Context<'_>, budget: &mut usize) -> Option<bool> {
    let mut scanner = ExpressionScanner::new(condition);
    let left = scanner.value(cx)?;
    spend(budget, &left)?;
    let first = match scanner.take_any(&["==", "!=", "<>", "contains"]) {
        None => is_true(&left),
        Some(operator) => {
            let right = scanner.value(cx)?;
            spend(budget, &right)?;
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
    let others = holds(scanner.rest(), cx, budget)?;
    match conjunction? {
        "and" => Some(first && others),
        _ => Some(first || others),
    }
}

fn is_true(value: &LiquidValue) -> bool {
    match value {
        LiquidValue::Nil | LiquidValue::Absent => false,
        LiquidValue::Plain(text) => !filter::is_false(text),
        LiquidValue::Text(_) | LiquidValue::Time(_) => true,
    }
}

fn is_equal(left: &LiquidValue, right: &LiquidValue) -> Option<bool> {
    use LiquidValue::{Absent, Nil, Plain};
    match (left, right) {
        (Nil | Absent, Nil | Absent) => Some(true),
        (Nil | Absent, _) | (_, Nil | Absent) => Some(false),
        (Plain(left), Plain(right)) => Some(switch(left) == switch(right)),
        _ => Some(string(left)? == string(right)?),
    }
}

fn contains(left: &LiquidValue, right: &LiquidValue) -> Option<bool> {
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
            let is_switch = matches!(switch(text), "true" | "false");
            (!text.starts_with(begins_number) && !is_switch).then_some(text.as_str())
        }
        LiquidValue::Nil | LiquidValue::Absent | LiquidValue::Time(_) => None,
    }
}

/// The usual word for a switch, for which YAML has several. Any other text stays.
fn switch(text: &str) -> &str {
    let is_on = ["true", "yes", "on"].iter().any(|word| text.eq_ignore_ascii_case(word));
    if is_on {
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
        for (condition, expected) in table {
            assert_eq!(holds(condition, &context(&site), &mut 10_000), expected, "{condition}");
        }
    }
}
