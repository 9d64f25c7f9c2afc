//! Reads valid YAML through serde_yaml. Its values hide how a scalar was written; but keys are borrowed
//! from the source, and the character after a key shows which type to request from serde.

mod simple;
mod source;

use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use crate::archive::body::count_lines;
use crate::archive::jekyll::front_matter::decode::decode;
use crate::archive::jekyll::front_matter::keys::is_damaged;
use crate::archive::jekyll::front_matter::lines::{is_blank, is_space};
use crate::archive::jekyll::front_matter::value::{Field, Value};
use crate::archive::jekyll::front_matter::yaml::source::{Lists, MappingKey, Shape, YamlSource};

/// The reason why a text is not front matter.
#[derive(Debug)]
pub(crate) struct InvalidYaml {
    pub(crate) reason: String,
    /// 1-based line of the file.
    pub(crate) line: Option<u32>,
}

/// A limit above the number of opening brackets in any real front matter.
const MOST_BRACKETS: usize = 2_000;

/// Returns the pairs of the mapping in order, including duplicate keys.
pub(crate) fn fields(yaml: &str) -> Result<Vec<(String, Field)>, InvalidYaml> {
    if let Some(fields) = simple::fields(yaml) {
        return Ok(fields);
    }
    let fields = parsed(yaml)?;
    // A quoted key is as its author wants it.
    let is_quoted =
        |key: &str| ['"', '\''].iter().any(|quote| yaml.contains(&format!("{quote}{key}{quote}")));
    match fields.iter().find(|(key, _)| is_damaged(key) && !is_quoted(key)) {
        Some((key, field)) => {
            let reason = format!("the key `{key}` holds white space or a colon that YAML takes for letters");
            Err(InvalidYaml { reason, line: Some(field.line) })
        }
        None => Ok(fields),
    }
}

/// Does the same through serde_yaml, which supports all of YAML.
fn parsed(yaml: &str) -> Result<Vec<(String, Field)>, InvalidYaml> {
    if yaml.lines().all(|line| is_blank(line) || line.starts_with('#')) {
        return Ok(Vec::new());
    }
    // The parser's time is quadratic in the depth.
    if yaml.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count() > MOST_BRACKETS {
        return Err(InvalidYaml { line: None, reason: "invalid YAML: too many brackets".into() });
    }
    // The first attempt assumes lists of scalars only, because it can keep their spelling. It loses their
    // tags, so `!binary`, the only tag with a meaning here, needs the other reading.
    let first = if yaml.contains("!binary") { Lists::OfAnything } else { Lists::OfScalars };
    read(yaml, first).or_else(|_| read(yaml, Lists::OfAnything)).map_err(|error| InvalidYaml {
        line: error.location().and_then(|at| u32::try_from(at.line() + 1).ok()),
        reason: reason(&error),
    })
}

/// Reads an unquoted word as a boolean of YAML 1.1 (`ScalarScanner#tokenize`).
pub(crate) fn boolean(word: &str) -> Option<bool> {
    let is = |name: &&str| word.eq_ignore_ascii_case(name);
    if ["true", "yes", "on"].iter().any(is) {
        Some(true)
    } else if ["false", "no", "off"].iter().any(is) {
        Some(false)
    } else {
        None
    }
}

/// Drops serde_yaml's line number, which counts from the first fence; the defect has its own.
fn reason(error: &serde_yaml::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or(&text);
    match text.strip_prefix("invalid type: ").and_then(|found| found.split_once(", expected ")) {
        Some((_, expected)) => format!("the front matter is not {expected}"),
        None => format!("invalid YAML: {text}"),
    }
}

fn read(yaml: &str, lists: Lists) -> Result<Vec<(String, Field)>, serde_yaml::Error> {
    let source = YamlSource::new(yaml, lists);
    // Like psych, this reads the first document only.
    match serde_yaml::Deserializer::from_str(yaml).next() {
        Some(document) => document.deserialize_any(MappingVisitor(&source)),
        None => Ok(Vec::new()),
    }
}

/// The visitor of the top mapping, which is the front matter.
struct MappingVisitor<'s, 'y>(&'s YamlSource<'y>);

impl<'de> Visitor<'de> for MappingVisitor<'_, '_> {
    type Value = Vec<(String, Field)>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a mapping")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Self(source) = self;
        let mut fields = Vec::with_capacity(8);
        // Keys arrive in the order of the source, so the count continues from the last key.
        let (mut line, mut counted) = (2, 0);
        while let Some(key) = map.next_key_seed(KeySeed(source))? {
            if let Some(end) = key.end.filter(|&end| end > counted) {
                line += count_lines(&source.yaml[counted..end]);
                counted = end;
            }
            let shape = source.shape_after(&key);
            let (value, quoted) = map.next_value_seed(ValueSeed { source, shape })?;
            match value {
                value @ (Value::Map(_) | Value::List(_)) if key.name == "<<" => fields
                    .extend(merged(value).map(|(name, value)| (name, Field { value, quoted: false, line }))),
                value => fields.push((key.name, Field { value, quoted, line })),
            }
        }
        Ok(fields)
    }
}

/// Returns the pairs under `<<`. In a list of mappings the first takes precedence, so it comes last.
fn merged(value: Value) -> impl Iterator<Item = (String, Value)> {
    let maps = match value {
        Value::List(items) => items,
        map => vec![map],
    };
    let pairs = |value| match value {
        Value::Map(pairs) => pairs,
        _ => Vec::new(),
    };
    maps.into_iter().rev().flat_map(pairs)
}

struct KeySeed<'s, 'y>(&'s YamlSource<'y>);

impl<'de> DeserializeSeed<'de> for KeySeed<'_, '_> {
    type Value = MappingKey;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<MappingKey, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for KeySeed<'_, '_> {
    type Value = MappingKey;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a mapping with plain keys")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<MappingKey, E> {
        self.0.spend(name.len())?;
        Ok(MappingKey { name: name.to_owned(), end: None })
    }

    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<MappingKey, E> {
        let end = self.0.position(name).map(|start| start + name.len());
        Ok(MappingKey { end, ..self.visit_str(name)? })
    }
}

/// Reads a value of the top mapping, and whether it is quoted.
struct ValueSeed<'s, 'y> {
    source: &'s YamlSource<'y>,
    shape: Shape,
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_, '_> {
    type Value = (Value, bool);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let Self { source, shape } = self;
        let any = |spelling| AnyValue { source, spelling };
        match shape {
            // If text is requested, serde returns a number as written.
            Shape::Scalar { quoted } => {
                let value = deserializer.deserialize_str(any(Spelling::from_quoted(quoted)))?;
                Ok((value.0, quoted))
            }
            Shape::List if source.lists == Lists::OfScalars => {
                deserializer.deserialize_any(any(Spelling::Kept))
            }
            Shape::List | Shape::Unknown => deserializer.deserialize_any(any(Spelling::Lost)),
        }
    }
}

/// The known notation of a scalar.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spelling {
    Plain,
    Quoted,
    /// Items of this list are requested as text.
    Kept,
    /// serde chooses the type; the source shows whether there are quotes.
    Lost,
}

impl Spelling {
    fn from_quoted(quoted: bool) -> Self {
        if quoted { Self::Quoted } else { Self::Plain }
    }
}

struct AnyValue<'s, 'y> {
    source: &'s YamlSource<'y>,
    spelling: Spelling,
}

impl AnyValue<'_, '_> {
    fn written<E: Error>(self, text: &str) -> Result<(Value, bool), E> {
        Ok((self.source.scalar(text, false)?, false))
    }
}

impl<'de> DeserializeSeed<'de> for AnyValue<'_, '_> {
    type Value = (Value, bool);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        if self.spelling == Spelling::Kept {
            deserializer.deserialize_str(self)
        } else {
            deserializer.deserialize_any(self)
        }
    }
}

impl<'de> Visitor<'de> for AnyValue<'_, '_> {
    type Value = (Value, bool);

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a mapping of scalars, lists and mappings")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok((Value::Null, false))
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok((Value::Null, false))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        self.written(if value { "true" } else { "false" })
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        self.written(&value.to_string())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        self.written(&value.to_string())
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<Self::Value, E> {
        self.written(&value.to_string())
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<Self::Value, E> {
        self.written(&value.to_string())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        self.written(&value.to_string())
    }

    /// Text that is not borrowed has escapes or spans several lines, so it is most likely quoted.
    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        let quoted = self.spelling != Spelling::Plain;
        Ok((self.source.scalar(text, quoted)?, quoted))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        let quoted = match self.spelling {
            Spelling::Plain => false,
            Spelling::Quoted => true,
            Spelling::Kept | Spelling::Lost => self.source.is_quoted(text),
        };
        Ok((self.source.scalar(text, quoted)?, quoted))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let Self { source, spelling } = self;
        let mut list = Vec::new();
        while let Some((item, _)) = items.next_element_seed(AnyValue { source, spelling })? {
            source.spend(0)?;
            list.push(item);
        }
        Ok((Value::List(list), false))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Self { source, .. } = self;
        let mut pairs = Vec::new();
        while let Some(key) = map.next_key_seed(KeySeed(source))? {
            let (value, _) = map.next_value_seed(AnyValue { source, spelling: Spelling::Lost })?;
            source.spend(0)?;
            pairs.push((key.name, value));
        }
        Ok((Value::Map(pairs), false))
    }

    /// Ignores a custom tag such as `!ruby/object` and reads its value. `!binary` is decoded, because
    /// Ruby's exporters once wrote non-ASCII text with it.
    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Self::Value, A::Error> {
        let source = self.source;
        let (tag, value) = tagged.variant::<String>()?;
        let (value, quoted) = value.newtype_variant_seed(Self { spelling: Spelling::Lost, ..self })?;
        match &value {
            Value::Text(text) if tag == "binary" => match base64(text) {
                Some(bytes) => Ok((source.scalar(&decode(&bytes).0, true)?, true)),
                None => Ok((value, quoted)),
            },
            _ => Ok((value, quoted)),
        }
    }
}

/// Decodes base64 with optional padding. White space does not count, nor do bits at the end that make no byte, as in
/// Ruby's `unpack("m")`; another character makes the text no base64.
fn base64(text: &str) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurpose =
        GeneralPurpose::new(&alphabet::STANDARD, NO_PAD.with_decode_allow_trailing_bits(true));
    let mut digits: String = text.chars().filter(|c| !is_space(*c)).collect();
    digits.truncate(digits.trim_end_matches('=').len());
    if digits.len() % 4 == 1 && digits.ends_with(|c: char| c.is_ascii_alphanumeric() || "+/".contains(c)) {
        digits.pop();
    }
    LENIENT.decode(digits).ok()
}

#[cfg(test)]
mod tests;
