use super::*;

/// The spans as text: `0-3 1-2 -`.
fn spans(e: &str, text: &str, how: u32) -> String {
    let r = Regex::new(e.as_bytes(), how).unwrap_or_else(|why| panic!("{e}: {}", why.escape_ascii()));
    let mut all = vec![Span::NONE; r.groups() + 1];
    if !r.find(text.as_bytes(), 0, &mut all) {
        assert_eq!(r.first_end(text.as_bytes(), 0), None, "{e} {text}");
        return "none".into();
    }
    assert!(r.first_end(text.as_bytes(), 0).is_some(), "{e} {text}");
    let one = |s: &Span| if s.start == usize::MAX { "-".into() } else { format!("{}-{}", s.start, s.end) };
    all.iter().map(one).collect::<Vec<_>>().join(" ")
}

#[test]
fn extended() {
    for (e, text, want) in [
        ("", "a", "0-0"),
        ("b", "abc", "1-2"),
        ("abc", "xabcabc", "1-4"),
        ("a|ab", "xab", "1-3"),
        ("(a|ab)(c|bcd)(d*)", "abcd", "0-4 0-2 2-3 3-4"),
        ("(a|ab)(bcd|c)(d*)", "abcd", "0-4 0-2 2-3 3-4"),
        ("(ab|cd|abc|d)*", "abcd", "0-4 3-4"),
        ("(a*)(ab)*(b*)", "abb", "0-3 0-1 - 1-3"),
        ("(a*)*", "b", "0-0 0-0"),
        ("(a*)+", "aa", "0-2 0-2"),
        ("(a*){2}", "aa", "0-2 2-2"),
        ("(a|b)*", "ba", "0-2 1-2"),
        ("(a|(b))*", "ba", "0-2 1-2 -"),
        ("x(a)?y", "xy", "0-2 -"),
        ("(a){0}b", "ab", "1-2 -"),
        ("([0-9]+)\\.([0-9]+)", "v10.25", "1-6 1-3 4-6"),
        ("^a{2,3}$", "aaa", "0-3"),
        ("a{,2}b", "aaab", "1-4"),
        ("a{", "a{", "0-2"),
        ("{", "{", "0-1"),
        ("a{x", "a{x", "0-3"),
        ("*a", "a", "0-1"),
        ("a)", "a)", "0-2"),
        ("()", "", "0-0 0-0"),
        ("(|a)b", "ab", "0-2 0-1"),
        ("a||b", "b", "0-1"),
        ("(.)\\1", "abb", "1-3 1-2"),
        ("(a+)b\\1", "aabaaa", "0-5 0-2"),
        ("((a|x)*b)\\1", "aabaab", "0-6 0-3 1-2"),
        ("\\bb", "ab b", "3-4"),
        ("\\<b|\\>x", "ab-bx", "3-4"),
        ("\\w+", "-a_1-", "1-4"),
        ("\\S\\s\\W", "a -", "0-3"),
        ("[]a]+", "x]a]", "1-4"),
        ("[^]a]+", "]ab-", "2-4"),
        ("[a\\]+", "\\a", "0-2"),
        ("[!x]+", "a!x", "1-3"),
        ("[a-]+", "x-a", "1-3"),
        ("[[:digit:]x-z]+", "a1yb", "1-3"),
        ("[[.-.]]", "-", "0-1"),
        ("((((((a))))))", "a", "0-1 0-1 0-1 0-1 0-1 0-1 0-1"),
        ("(a(b)?)+", "aba", "0-3 2-3 -"),
        ("(b|abc)+(d)", "abcbd", "0-5 3-4 4-5"),
        ("a.c", "a\nc", "0-3"),
        ("\\`a|b\\'", "ba", "none"),
        ("a$b|^c", "a$b", "none"),
    ] {
        assert_eq!(spans(e, text, EXTENDED), want, "{e} {text}");
    }
}

#[test]
fn basic() {
    for (e, text, want) in [
        ("*a", "*a", "0-2"),
        ("\\(*a\\)", "*a", "0-2 0-2"),
        ("^*a", "*a", "0-2"),
        ("a\\|b", "b", "0-1"),
        ("a\\+b\\?c", "aac", "0-3"),
        ("a\\{2\\}", "aaa", "0-2"),
        ("a{2}", "a{2}", "0-4"),
        ("a^b$c", "a^b$c", "0-5"),
        ("\\(^a$\\)", "a", "0-1 0-1"),
        ("\\([a-z]*\\) \\([a-z]*\\)", "ab cd", "0-5 0-2 3-5"),
        ("\\(.\\).*\\1", "xabcay", "1-5 1-2"),
        ("a+b", "a+b", "0-3"),
        ("a\\.b", "a.b", "0-3"),
        ("a.*c", "xabcbcd", "1-6"),
        ("\\n\\t", "\n\t", "0-2"),
        ("\\(a\\)*\\(b\\)", "aab", "0-3 1-2 2-3"),
    ] {
        assert_eq!(spans(e, text, 0), want, "{e} {text}");
    }
}

#[test]
fn ways() {
    assert_eq!(spans("ÄB.", "xäbé", EXTENDED | IGNORE_CASE | CHARACTERS), "1-6");
    assert_eq!(spans("[^b]+", "bABC", EXTENDED | IGNORE_CASE), "1-2");
    assert_eq!(spans("x[é-ü]y", "xêy", CHARACTERS), "0-4");
    assert_eq!(spans("^.$", "é", CHARACTERS), "0-2");
    assert_eq!(spans("^..$", "é", 0), "0-2");
    assert_eq!(spans("^.$", "\u{1}", CHARACTERS), "0-1");
    assert_eq!(spans("^b$", "a\nb\nc", NEWLINE), "2-3");
    assert_eq!(spans("a.b|[^x]c", "a\nb\nc", NEWLINE | EXTENDED), "none");
    assert_eq!(spans("a\nb.", "xbc\na", LINES), "1-3");
    assert_eq!(spans("[[:space:]]", "a\nb c", LINES), "3-4");
    assert_eq!(spans("b", "abc b", WORD), "4-5");
    assert_eq!(spans("a*", "baa aa", WORD), "4-6");
    assert_eq!(spans("b\\|bc", "abc\nbc", WHOLE | LINES), "4-6");
    assert_eq!(spans("(a)|(b)", "bb\nb", WHOLE | LINES | EXTENDED), "3-4 - 3-4");
    assert_eq!(spans("a.*\nb", "aab.*", FIXED | LINES), "2-3");
}

#[test]
fn what_is_none_is_refused() {
    let deep = "(".repeat(1000);
    for e in [
        "(a",
        "a{3,2}",
        "[a",
        "[b-a]",
        "[[:no:]]",
        "a\\",
        "\\1",
        "(a)\\2",
        "a{99999}",
        "[[.ab.]]",
        &deep,
        "((a{999}){999}){999}",
    ] {
        assert!(Regex::new(e.as_bytes(), EXTENDED).is_err(), "{e}");
    }
    for e in ["\\(a", "a\\)", "a\\{1", "a\\{x\\}", "\\{1\\}"] {
        assert!(Regex::new(e.as_bytes(), 0).is_err(), "{e}");
    }
}

#[test]
fn nothing_takes_forever() {
    let text = "a".repeat(20_000);
    assert_eq!(spans("(a*)*(a|aa)*(a?){20}b$", &text, EXTENDED), "none");
    assert_eq!(spans("(x+x+)+y|(.*x|.)*b", &text, EXTENDED), "none");
    let r = Regex::new(b"\\(a*\\)*\\1[bc]", 0).unwrap();
    assert!(!r.find(text.as_bytes(), 0, &mut []) && r.gave_up());
    // Long tries from each place.
    let r = Regex::new(b"a.*b|c", EXTENDED).unwrap();
    let mut one = [Span::NONE];
    assert!(r.find((text + "c").as_bytes(), 0, &mut one) && one[0].start == 20_000);
}
