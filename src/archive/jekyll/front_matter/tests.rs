use proptest::prelude::*;

use super::*;

fn front(yaml: &str) -> FrontMatter {
    let (front, defects) = parse(yaml);
    assert_eq!(defects, [], "{yaml}");
    front
}

#[test]
fn fences_match_the_jekyll_regexp() {
    let cases = [
        ("plain", "---\na: b\n---\nbody", Some("a: b\n"), "body", 4),
        ("dots close", "---\na: b\n...\nbody", Some("a: b\n"), "body", 4),
        ("spaces after fences", "---  \na: b\n---\t \nbody", Some("a: b\n"), "body", 4),
        ("CRLF", "---\r\na: b\r\n---\r\nbody\r\n", Some("a: b\r\n"), "body\r\n", 4),
        ("blank lines are swallowed", "---\na: b\n---\n\n \n  body", Some("a: b\n"), "  body", 6),
        ("nothing inside", "---\n---\nbody", Some(""), "body", 3),
        ("no body", "---\na: b\n---", Some("a: b\n"), "", 3),
        ("a rule in the body", "---\na: b\n---\nx\n---\ny", Some("a: b\n"), "x\n---\ny", 4),
        ("four dashes", "----\na: b\n---\nbody", None, "----\na: b\n---\nbody", 1),
        ("not at the start", "\n---\na: b\n---\n", None, "\n---\na: b\n---\n", 1),
        ("an indented fence", "---\na: b\n ---\n", None, "---\na: b\n ---\n", 1),
        ("empty", "", None, "", 1),
    ];
    for (name, text, yaml, body, line) in cases {
        let split = split(text);
        assert_eq!((split.yaml, split.body, split.body_line), (yaml, body, line), "{name}");
    }
}

#[test]
fn late_front_matter_is_reported_with_lines_of_the_file() {
    let cases = [
        ("\n---\ntitle: t\n---\nbody", 3, "body", 5),
        ("\n \n\n---\ntitle: t\n---\n\nbody", 5, "body", 8),
        ("\u{FEFF}\r\n---\r\ntitle: t\r\n---\r\nbody", 3, "body", 5),
        ("  ---\n  title: t\n  ---\nbody", 2, "body", 4),
        ("\n---\ntitle: t\n---", 3, "", 4),
    ];
    for (text, line, body, body_line) in cases {
        let split = split(text);
        let (front, defects) = split.front_matter();
        assert_eq!((front.text("title"), front.line("title")), (Some("t"), Some(line)), "{text:?}");
        assert_eq!((split.body, split.body_line), (body, body_line), "{text:?}");
        assert_eq!(defects.len(), 1, "{text:?}");
        assert_eq!((defects[0].code, defects[0].line), (Code::FrontMatterInvalid, Some(1)), "{text:?}");
    }
    let (front, defects) = split("\n\n---\nlayout: post\ntitle: *x\n---\nbody").front_matter();
    assert_eq!((front.text("title"), front.line("title")), (Some("*x"), Some(5)));
    assert_eq!(defects.iter().map(|defect| defect.line).collect::<Vec<_>>(), [Some(5), Some(1)]);
    let (_, defects) = split("---\ntitle: t\n").front_matter();
    assert_eq!(defects.iter().map(|defect| defect.line).collect::<Vec<_>>(), [Some(1)]);
}

#[test]
fn damaged_opening_fence_is_reported_and_the_fields_are_read() {
    for (text, line, body_line) in [
        ("title: t\ntags: a\n---\nbody", 1, 4),
        ("tags: a\ntitle: t\n---\n\nbody", 2, 5),
        ("----\ntitle: t\n----\nbody", 2, 4),
        ("--- # comment\n\ntitle: t\n---\nbody", 3, 5),
        ("\n\u{FEFF}Title: t\n---\nbody", 2, 4),
        ("Tags: a\nTITLE: t\n...\nbody", 2, 4),
    ] {
        let split = split(text);
        let (front, defects) = split.front_matter();
        assert_eq!((front.text("title"), front.line("title")), (Some("t"), Some(line)), "{text:?}");
        assert_eq!((split.body, split.body_line), ("body", body_line), "{text:?}");
        let found: Vec<_> = defects.iter().map(|defect| (defect.code, defect.line)).collect();
        assert_eq!(found, [(Code::FrontMatterInvalid, Some(1))], "{text:?}");
    }
    let (front, defects) = split("title: *x\ntags: a\n---\nbody").front_matter();
    assert_eq!(front.text("title"), Some("*x"));
    assert_eq!(defects.iter().map(|defect| defect.line).collect::<Vec<_>>(), [Some(1), Some(1)]);
    let toml = "+++\ntitle = \"t\"\n+++\nbody";
    let (front, defects) = split(toml).front_matter();
    assert_eq!((front.iter().count(), split(toml).body), (0, toml));
    assert!(defects[0].message.contains("TOML"), "{defects:?}");
}

#[test]
fn missing_closing_fence_is_detected() {
    for (text, unclosed) in [
        ("---\ntitle: t\n", true),
        ("---", true),
        ("\n---\ntitle: t\n", true),
        ("---\n---\n", false),
        ("--", false),
        ("text", false),
        ("\n---\ntext", false),
    ] {
        assert_eq!(split(text).unclosed, unclosed, "{text:?}");
    }
}

#[test]
fn scalars_keep_their_spelling() {
    let cases = [
        ("007", Some("007")),
        ("1.10", Some("1.10")),
        ("0x1F", Some("0x1F")),
        ("1e3", Some("1e3")),
        ("2024-01-02 03:04:05 +0800", Some("2024-01-02 03:04:05 +0800")),
        ("yes", Some("yes")),
        ("标题：续 #1", Some("标题：续")),
        ("a#b", Some("a#b")),
        ("【快讯】[a] b", Some("【快讯】[a] b")),
        ("http://x/y", Some("http://x/y")),
        ("\"\"", Some("")),
        ("\"null\"", Some("null")),
        ("\"a: \\u4e2d\" # c", Some("a: 中")),
        ("'it''s'", Some("it's")),
        ("a\n  b", Some("a b")),
        ("|\n  007\n  b", Some("007\nb\n")),
        (">\n  a\n  b", Some("a b\n")),
        ("\n  below", Some("below")),
        ("!!str 5", Some("5")),
        ("!ruby/object:Foo x", Some("x")),
        ("", None),
        ("~", None),
        ("NULL", None),
        ("# only", None),
        ("[a]", None),
    ];
    for (written, text) in cases {
        assert_eq!(front(&format!("x: 1\ntitle: {written}\ny: 2\n")).text("title"), text, "{written}");
    }
}

#[test]
fn only_unquoted_words_are_booleans() {
    let cases = [
        ("false", Some(false), true),
        ("No", Some(false), true),
        ("OFF", Some(false), true),
        ("", None, true),
        ("null", None, true),
        ("true", Some(true), false),
        ("yes", Some(true), false),
        ("\"false\"", None, false),
        ("'no'", None, false),
        ("\"null\"", None, false),
        ("n", None, false),
        ("0", None, false),
    ];
    for (written, bool, hides) in cases {
        let front = front(&format!("published: {written}\n"));
        assert_eq!(
            (front.bool("published"), front.is_false_or_null("published")),
            (bool, hides),
            "{written}"
        );
    }
    assert!(!FrontMatter::default().is_false_or_null("published"));
}

#[test]
fn tags_are_read_from_strings_and_lists() {
    let cases = [
        ("Career In 投行", vec!["Career", "In", "投行"]),
        ("\"a b\"", vec!["a", "b"]),
        ("36", vec!["36"]),
        ("", vec![]),
        ("[36, 36kr, null, ~, '']", vec!["36", "36kr"]),
        ("[Career In, 007, 1.10, 'null']", vec!["Career In", "007", "1.10", "null"]),
        ("\n  - a b\n  - 007", vec!["a b", "007"]),
        ("\n- a\n- b", vec!["a", "b"]),
        ("[a, [b, [c]]]", vec!["a", "b", "c"]),
        ("{a: b}", vec![]),
    ];
    for (written, names) in cases {
        assert_eq!(front(&format!("tags: {written}\n")).strings("tags", true), names, "{written}");
    }
    assert_eq!(front("category: Foo Bar\n").strings("category", false), ["Foo Bar"]);
}

#[test]
fn fields_record_quotes_and_line_numbers() {
    let front = front("a: x\n\nb: 'y'\n# c\nc: [1]\n\"d\": \"\\n\"\n");
    let fields: Vec<_> = front.iter().map(|(key, field)| (key, field.quoted, field.line)).collect();
    assert_eq!(fields, [("a", false, 2), ("b", true, 4), ("c", false, 6), ("d", true, 7)]);
}

#[test]
fn last_of_duplicate_keys_wins() {
    let front = front("title: one\nx: y\ntitle: two\n");
    assert_eq!(front.text("title"), Some("two"));
    assert_eq!(front.iter().count(), 2);
}

#[test]
fn binary_scalars_are_decoded() {
    let front =
        front("title: !binary |-\n  5Lit5paH\n  5qCH6aKY\ntags:\n- !binary YQ==\n- !binary 中\nx: !y z\n");
    assert_eq!((front.text("title"), front.text("x")), (Some("中文标题"), Some("z")));
    assert_eq!(front.strings("tags", true), ["a", "中"]);
}

#[test]
fn defaults_fill_missing_and_null_fields() {
    let mut front = front("title:\nslug: own\npermalink: false\n");
    let given = crate::archive::jekyll::front_matter::tests::front(
        "title: given\nslug: given\nlayout: given\ncategory: ''\n",
    );
    front.fill(given.iter().map(|(key, field)| (key.to_owned(), field.clone())).collect());
    let texts = ["title", "slug", "layout"].map(|key| front.text(key));
    assert_eq!(texts, [Some("given"), Some("own"), Some("given")]);
    assert_eq!((front.setting("slug"), front.setting("permalink")), (Some("own"), None));
    assert!(front.has("category") && !front.has("tag"));
}

#[test]
fn empty_front_matter_has_no_defects() {
    for yaml in ["", "\n", "# comment\n", "~\n"] {
        assert_eq!(front(yaml), FrontMatter::default(), "{yaml:?}");
    }
}

#[test]
fn invalid_yaml_is_read_line_by_line() {
    let cases = [
        ("inner quotes", "\"abc\"def\"ghi\"", "abc\"def\"ghi"),
        ("colon", "标题: 续 [快讯] #1", "标题: 续 [快讯] #1"),
        ("at", "@foo", "@foo"),
        ("percent", "%50 涨", "%50 涨"),
        ("star", "*ST 海航", "*ST 海航"),
        ("ampersand", "&重磅", "&重磅"),
        ("exclamation", "!重磅", "!重磅"),
        ("brackets", "[快讯] b", "[快讯] b"),
        ("two brackets", "[快讯] b [图]", "[快讯] b [图]"),
        ("escape", "\"a\\d\"", "a\\d"),
        ("open quote", "\"abc", "\"abc"),
    ];
    for (name, written, title) in cases {
        let yaml =
            format!("layout: post\ntitle: {written}\ndate: 2024-01-02\ntags:\n  - a\n  - 007\nhidden: yes\n");
        let (front, defects) = parse(&yaml);
        assert_eq!(front.text("title"), Some(title), "{name}");
        assert_eq!(front.text("date"), Some("2024-01-02"), "{name}");
        assert_eq!(front.strings("tags", true), ["a", "007"], "{name}");
        assert_eq!(front.bool("hidden"), Some(true), "{name}");
        assert_eq!(defects.iter().map(|defect| defect.line).collect::<Vec<_>>(), [Some(3)], "{name}");
    }
}

#[test]
fn fields_of_damaged_yaml_are_recovered() {
    let (front, defects) =
        parse("title: t\n\tfoo: bar\ncategories: [a\"b\", *x]\ntags:a b\n不知所云\n'q': 'x'y'\n");
    assert_eq!(defects[0].line, Some(3));
    assert_eq!(
        (front.text("title"), front.text("foo"), front.text("q")),
        (Some("t"), Some("bar"), Some("x'y"))
    );
    assert_eq!(front.strings("categories", true), ["a\"b\"", "*x"]);
    assert_eq!(front.strings("tags", true), ["a", "b"]);
}

#[test]
fn full_width_punctuation_around_a_key_is_read_and_reported() {
    let cases = [
        (
            "only full-width",
            "title：全角\ndate：2015-03-01\n",
            "全角",
            2,
            "`title` is followed by a full-width colon",
        ),
        (
            "first of two",
            "title：全角\ndate: 2015-03-01\n",
            "全角",
            2,
            "`title` is followed by a full-width colon",
        ),
        ("last", "date: 2015-03-01\ntitle：全角\n", "全角", 3, "`title` is followed by a full-width colon"),
        ("colon in the value", "title：续: 篇\ndate: 2015-03-01\n", "续: 篇", 2, "full-width colon"),
        ("time in the value", "date：2015-03-01 08:00\ntitle: 一：二\n", "一：二", 2, "`date` is followed"),
        ("space around it", "title ： 全角\ndate: 2015-03-01\n", "全角", 2, "full-width colon"),
        ("quotes", "title：“全角”\ndate: 2015-03-01\n", "全角", 2, "full-width colon"),
        ("ASCII quotes", "title：\"全角\"\ndate: 2015-03-01\n", "全角", 2, "full-width colon"),
        ("two quotes", "title：“甲”与“乙”\ndate: 2015-03-01\n", "“甲”与“乙”", 2, "full-width colon"),
        (
            "wide space",
            "title:\u{3000}全角\ndate: 2015-03-01\n",
            "全角",
            2,
            "a space that YAML does not know",
        ),
        ("hard space", "title:\u{A0}全角\ndate: 2015-03-01\n", "全角", 2, "a space that YAML does not know"),
        ("wide space, colon", "title:\u{3000}续: 篇\ndate: 2015-03-01\n", "续: 篇", 2, "does not know"),
        (
            "wide indentation",
            "\u{3000}title: 全角\ndate: 2015-03-01\n",
            "全角",
            2,
            "the key `\u{3000}title` holds",
        ),
    ];
    for (name, yaml, title, line, reason) in cases {
        let (front, defects) = parse(yaml);
        assert_eq!(front.text("title"), Some(title), "{name}");
        assert!(front.text("date").is_some_and(|date| date.starts_with("2015-03-01")), "{name}");
        assert_eq!(defects.iter().map(|defect| defect.line).collect::<Vec<_>>(), [Some(line)], "{name}");
        assert!(defects[0].message.contains(reason), "{name}: {}", defects[0].message);
        assert!(defects[0].message.ends_with("; read line by line"), "{name}: {}", defects[0].message);
    }
    let (front, defects) = parse("'title：x': a\n\"tags\u{3000}\": b\n");
    assert_eq!(
        (front.text("title：x"), front.text("tags\u{3000}"), defects.len()),
        (Some("a"), Some("b"), 0)
    );
    let (front, defects) = parse("title: “引号”\nsummary: A：B\n");
    assert_eq!(
        (front.text("title"), front.text("summary"), defects.len()),
        (Some("“引号”"), Some("A：B"), 0)
    );
    let (front, defects) =
        parse("tags：\n- 甲\n\u{3000}- 乙\npublished：false\ncategories：[a, b]\nslug：\n");
    assert_eq!(front.strings("tags", true), ["甲", "乙"]);
    assert_eq!(front.strings("categories", true), ["a", "b"]);
    assert_eq!((front.bool("published"), front.has("slug"), defects.len()), (Some(false), false, 1));
}

#[test]
fn names_of_damaged_lines_are_split_at_commas_too() {
    let cases = [
        // A proper line means what it means to Jekyll.
        ("tags: 甲，乙", vec!["甲，乙"]),
        ("tags: 甲、乙 丙", vec!["甲、乙", "丙"]),
        ("tags: a,b", vec!["a,b"]),
        ("tags: [甲，乙, 丙]", vec!["甲，乙", "丙"]),
        ("tags：甲，乙", vec!["甲", "乙"]),
        ("tags：甲、乙 丙", vec!["甲", "乙", "丙"]),
        ("tags：“甲，乙”", vec!["甲", "乙"]),
        ("tags：a, b,c", vec!["a", "b", "c"]),
        ("tags：甲\u{3000}乙", vec!["甲", "乙"]),
        ("tags：甲 乙", vec!["甲", "乙"]),
        ("tags：[甲，乙, c d]", vec!["甲", "乙", "c d"]),
        ("tags：\n- 甲、乙\n- c, d", vec!["甲", "乙", "c, d"]),
        ("tags:甲，乙", vec!["甲", "乙"]),
        ("tags: *甲，乙", vec!["*甲", "乙"]),
        ("tags：，", vec![]),
    ];
    for (line, names) in cases {
        for rest in ["title: t\n", "title：t\n"] {
            let (front, _) = parse(&format!("{line}\n{rest}"));
            assert_eq!(front.strings("tags", true), names, "{line} {rest}");
            assert_eq!(front.text("title"), Some("t"), "{line} {rest}");
        }
    }
    let (front, _) = parse("title：甲，乙\ntag：甲，乙\n");
    assert_eq!((front.text("title"), front.text("tag")), (Some("甲，乙"), Some("甲，乙")));
    assert_eq!(parse("categories：甲，乙\n").0.strings("categories", true), ["甲", "乙"]);
}

#[test]
fn non_mapping_front_matter_has_no_fields() {
    for yaml in ["- a\n- b\n", "hello\n", "\"a\"\n"] {
        let (front, defects) = parse(yaml);
        assert_eq!(front, FrontMatter::default());
        assert_eq!(defects[0].message, "the front matter is not a mapping; read line by line");
    }
}

#[test]
fn aliases_are_resolved_up_to_a_limit() {
    let front = front("a: &a {x: 1}\nb: *a\n<<: *a\nc: &c text\ntitle: *c\n");
    assert_eq!((front.text("title"), front.text("x")), (Some("text"), Some("1")));
    // In a list of mappings the first takes precedence.
    let front = crate::archive::jekyll::front_matter::tests::front("<<: [{title: m}, {title: n, slug: z}]\n");
    assert_eq!((front.text("title"), front.text("slug")), (Some("m"), Some("z")));
    let mut laughs = "a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha]\n".to_owned();
    for level in 1..12 {
        let below = format!("*a{}, ", level - 1).repeat(9);
        laughs.push_str(&format!("a{level}: &a{level} [{below}]\n"));
    }
    assert_eq!(parse(&laughs).1.len(), 1);
    let deep = format!("a: {}\n", "[".repeat(5000));
    assert_eq!(parse(&deep).1.len(), 1);
}

#[test]
fn deeply_nested_yaml_is_read_line_by_line() {
    let deep = format!("title: t\nx: {}{}\n", "[".repeat(20_000), "]".repeat(20_000));
    let (front, defects) = parse(&deep);
    assert_eq!(front.text("title"), Some("t"));
    assert_eq!(defects.len(), 1);
}

#[test]
fn bytes_are_decoded_and_non_utf8_is_reported() {
    let cut = &"一个汉字".as_bytes()[..11];
    let cases: [(&str, &[u8], &str, Option<u32>); 17] = [
        ("UTF-8", "中文".as_bytes(), "中文", None),
        ("BOM", b"\xEF\xBB\xBFa", "a", None),
        ("GB18030", b"a\n\xD6\xD0\xCE\xC4", "a\n中文", Some(2)),
        ("neither", b"bad\xFF\xFE", "bad\u{FFFD}\u{FFFD}", Some(1)),
        ("UTF-8 cut short", cut, "一个汉\u{FFFD}", Some(1)),
        ("empty", b"", "", None),
        ("UTF-16LE", b"\xFF\xFEa\0\n\0\x2D\x4E", "a\n中", Some(1)),
        ("UTF-16BE", b"\xFE\xFF\0a\0\n\x4E\x2D", "a\n中", Some(1)),
        ("UTF-16 with a pair of surrogates", b"\xFF\xFE\x3D\xD8\x00\xDE", "😀", Some(1)),
        ("UTF-16 cut short", b"\xFF\xFEa\0b", "a\u{FFFD}", Some(1)),
        ("UTF-16 with half a pair", b"\xFE\xFF\xD8\x3D\0a", "\u{FFFD}a", Some(1)),
        ("only a mark of UTF-16", b"\xFF\xFE", "", Some(1)),
        ("UTF-32LE", b"\xFF\xFE\0\0a\0\0\0\n\0\0\0\x2D\x4E\0\0", "a\n中", Some(1)),
        ("UTF-32BE", b"\0\0\xFE\xFF\0\0\0a\0\x01\xF6\0", "a😀", Some(1)),
        ("UTF-32 cut short", b"\xFF\xFE\0\0a\0\0\0b\0", "a\u{FFFD}", Some(1)),
        ("UTF-32 with half a pair", b"\0\0\xFE\xFF\0\0\xD8\0\0\0\0a", "\u{FFFD}a", Some(1)),
        ("only a mark of UTF-32", b"\xFF\xFE\0\0", "", Some(1)),
    ];
    for (name, bytes, text, line) in cases {
        let (decoded, defect) = decode(bytes);
        assert_eq!((decoded.as_ref(), defect.and_then(|defect| defect.line)), (text, line), "{name}");
    }
}

proptest! {
    #[test]
    fn any_bytes_parse_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let (text, _) = decode(&bytes);
        if let Some(yaml) = split(&text).yaml {
            parse(yaml);
        }
    }

    #[test]
    fn yaml_like_text_parses_without_panic(yaml in "([a-c\"'\\[\\]{}:,&*!|>%@`#?\\-\\t中~<=0.]|: |\n|  |- ){0,60}") {
        parse(&yaml);
    }

    #[test]
    fn split_body_is_a_suffix_and_yaml_a_substring(text in "(---|\\.\\.\\.|\n| |a|中|\r\n){0,12}") {
        let split = split(&text);
        prop_assert!(text.ends_with(split.body));
        prop_assert!(split.yaml.is_none_or(|yaml| text.contains(yaml)));
    }

    #[test]
    fn quoted_title_is_read_unchanged(title in "[^\\p{C}\"\\\\]{0,30}") {
        let yaml = format!("title: \"{title}\"\n");
        let front = front(&yaml);
        prop_assert_eq!(front.text("title"), Some(title.as_str()));
    }
}
