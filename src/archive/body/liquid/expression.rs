//! The expression of `{{ … }}`: a text, a number or a variable, and the filters after it.

use crate::archive::body::context::LiquidValue;
use crate::archive::body::liquid::filter;
use crate::archive::body::liquid::scope::VariableScope;
use crate::archive::body::liquid::tag::is_space;

/// Evaluates an expression, and takes the length of its values from `budget`. Returns `None` if the expression is not
/// supported, or if its values exceed the budget.
pub(crate) fn evaluate(
    expression: &str,
    scope: &VariableScope<'_, '_>,
    budget: &mut usize,
) -> Option<String> {
    if *budget == 0 {
        return None;
    }
    let mut scanner = ExpressionScanner::new(expression);
    let mut value = scanner.value(scope)?;
    loop {
        spend(budget, &value)?;
        if scanner.is_at_end() {
            return filter::text(&value);
        }
        let (name, arguments) = scanner.filter(scope)?;
        arguments.iter().try_for_each(|argument| spend(budget, argument))?;
        value = filter::apply(name, value, &arguments, scope.cx)?;
    }
}

/// Takes the length of a value from a budget. A longer value empties the budget.
pub(crate) fn spend(budget: &mut usize, value: &LiquidValue) -> Option<()> {
    let length = match value {
        LiquidValue::Plain(text) | LiquidValue::Text(text) => text.len(),
        LiquidValue::Nil | LiquidValue::Absent | LiquidValue::Time(_) => 1,
    };
    let left = budget.checked_sub(length);
    *budget = left.unwrap_or(0);
    left.map(|_| ())
}

/// The rest of an expression.
pub(crate) struct ExpressionScanner<'e> {
    rest: &'e str,
}

impl<'e> ExpressionScanner<'e> {
    pub(crate) fn new(expression: &'e str) -> Self {
        Self { rest: expression }
    }

    /// The part that was not read yet.
    pub(crate) fn rest(&self) -> &'e str {
        self.rest
    }

    pub(crate) fn is_at_end(&mut self) -> bool {
        self.rest = self.rest.trim_start_matches(is_space);
        self.rest.is_empty()
    }

    /// Reads one of these words or signs, if one comes next. A longer word does not count.
    pub(crate) fn take_any(&mut self, words: &[&'static str]) -> Option<&'static str> {
        let rest = self.rest.trim_start_matches(is_space);
        self.rest = rest;
        let (word, after) = words.iter().find_map(|word| Some((*word, rest.strip_prefix(*word)?)))?;
        let is_word = word.starts_with(|c: char| c.is_ascii_alphabetic());
        if is_word && after.bytes().next().is_some_and(|b| is_name_part(b) || matches!(b, b'.' | b'[')) {
            return None;
        }
        self.rest = after;
        Some(word)
    }

    /// Reads a mark, if it comes next.
    fn take(&mut self, mark: char) -> bool {
        self.rest = self.rest.trim_start_matches(is_space);
        let after = self.rest.strip_prefix(mark);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    /// Reads `| name: argument, argument`.
    fn filter(&mut self, scope: &VariableScope<'_, '_>) -> Option<(&'e str, Vec<LiquidValue>)> {
        if !self.take('|') {
            return None;
        }
        self.rest = self.rest.trim_start_matches(is_space);
        let name = self.name()?;
        let mut arguments = Vec::new();
        if self.take(':') {
            arguments.push(self.value(scope)?);
            while self.take(',') {
                arguments.push(self.value(scope)?);
            }
        }
        Some((name, arguments))
    }

    /// Reads a text in quotes, a number, a constant or a variable.
    pub(crate) fn value(&mut self, scope: &VariableScope<'_, '_>) -> Option<LiquidValue> {
        self.rest = self.rest.trim_start_matches(is_space);
        if let Some(text) = self.quoted() {
            return Some(LiquidValue::Text(text.to_owned()));
        }
        if let Some(number) = self.number() {
            return Some(LiquidValue::Plain(number.to_owned()));
        }
        let mut path = vec![self.name()?];
        loop {
            if let Some(after) = self.rest.strip_prefix('.') {
                self.rest = after;
                path.push(self.name()?);
            } else if let Some(after) = self.rest.strip_prefix('[') {
                self.rest = after;
                path.push(self.quoted()?);
                self.rest = self.rest.strip_prefix(']')?;
            } else {
                break;
            }
        }
        match path.as_slice() {
            ["nil" | "null"] => Some(LiquidValue::Nil),
            ["true" | "false"] => Some(LiquidValue::Plain(path[0].to_owned())),
            path => scope.variable(path),
        }
    }

    fn quoted(&mut self) -> Option<&'e str> {
        let quote = self.rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (text, after) = self.rest[1..].split_once(quote)?;
        self.rest = after;
        Some(text)
    }

    fn number(&mut self) -> Option<&'e str> {
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let sign = usize::from(self.rest.starts_with('-'));
        let whole = digits(&self.rest[sign..]);
        if whole == 0 {
            return None;
        }
        let end = sign + whole;
        let fraction = self.rest[end..].strip_prefix('.').map_or(0, digits);
        let end = if fraction > 0 { end + 1 + fraction } else { end };
        let (number, after) = self.rest.split_at(end);
        self.rest = after;
        Some(number)
    }

    fn name(&mut self) -> Option<&'e str> {
        let len = self.rest.bytes().take_while(|b| is_name_part(*b)).count();
        let (name, after) = self.rest.split_at(len);
        self.rest = after;
        (len > 0).then_some(name)
    }
}

fn is_name_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}
