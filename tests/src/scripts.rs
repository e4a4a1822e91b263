//! Random shell scripts from a seed: within POSIX, they end by themselves, and touch nothing but the files
//! in their working directory.

use fastrand::Rng;

/// What every script starts with: `p` shows its arguments.
pub const PROLOGUE: &str = "p() { printf '<%s>' \"$@\"; echo; }\n";

/// The script that belongs to `seed`, without the prologue.
pub fn script(seed: u64) -> String {
    let mut make =
        Make { rng: Rng::with_seed(seed), depth: 0, loops: 0, braces: 0, calm: false, function: false };
    let mut out = String::new();
    for _ in 0..make.rng.usize(2..9) {
        out += &make.statement();
        out.push('\n');
    }
    out + "p end \"$?\" \"$a\" \"$b\" \"$c\" \"$n\" \"$@\"\n"
}

struct Make {
    rng: Rng,
    depth: u32,
    loops: u32,
    /// Levels of `${…}`, in which a closing brace would have to be quoted.
    braces: u32,
    /// In a here-document, which some shells expand in a child: nothing fails or is assigned there.
    calm: bool,
    /// In a function, from which one can return.
    function: bool,
}

const VALUES: &[&str] = &[
    "",
    "x",
    "'a b'",
    "' lead'",
    "'trail '",
    "a:b::c",
    "':a: :b:'",
    "'*'",
    "'[ab]*'",
    "'?'",
    "'a\\b'",
    "'\\*'",
    "\"it's\"",
    "'say \"hi\"'",
    "'$a'",
    "'a\tb\nc'",
    "abcabc",
    "a/b/c.d.e",
    "~",
    "a=b",
    "-n",
    "5",
    "07",
    "-3",
];
const PATTERNS: &[&str] = &[
    "*",
    "?",
    "a*",
    "*b",
    "*/",
    "/*",
    ".*",
    "*.",
    "[ab]",
    "[!a]*",
    "[a-c]?",
    "\\*",
    "'*'",
    "\"?\"*",
    "[[:alpha:]]",
    "*:",
    ":*",
    "[]a]",
    "[\\]x]",
    "a",
    "",
    " *",
    "* ",
    "[",
    "a]",
    "[!]a]*",
    "\"$a\"",
    "$a",
    "${b}*",
    "[$c]",
];
const GLOBS: &[&str] = &[
    "*", "a?", "[ab]*", "*.c", "d/*", "*/e*", ".h*", "x*y", "'a'*", "\"a\"?", "no*", "[!a]*", "\\a*", "./a*",
    "d//e?",
];
const LITERALS: &[&str] = &[
    "a", "b1", "x.c", "0", "-", "--", "=", "+", "%", "@", ":", "/", ",", "^", "a-b", "word", "!", "#x", "]",
    "{", "}", "~", "a~", "[", "if", "done", "2",
];
const ESCAPES: &[&str] =
    &["\\a", "\\ ", "\\*", "\\$", "\\\\", "\\\"", "\\'", "\\`", "\\#", "\\~", "\\\n", "\\;", "\\?"];
/// Inside double quotes.
const QUOTED: &[&str] = &["\\\\", "\\$", "\\`", "\\a", "\\*", "'", "*", " ", "  ", "\\\n", ")", "}"];
const NAMES: &[&str] = &["a", "b", "c", "n"];
const NUMBERS: &[&str] =
    &["0", "1", "2", "7", "10", "-1", "010", "0x1F", "255", "9223372036854775807", "65536"];
const OPERATORS: &[&str] =
    &["+", "-", "*", "/", "%", "<<", ">>", "<", ">", "<=", ">=", "==", "!=", "&", "|", "^", "&&", "||"];
const STRING_TESTS: &[&str] = &["=", "!="];
const NUMBER_TESTS: &[&str] = &["-eq", "-ne", "-lt", "-le", "-gt", "-ge"];
const FILE_TESTS: &[&str] = &["-e", "-f", "-d", "-r", "-s", "-n", "-z", "-h"];
const FORMATS: &[&str] = &[
    "'%s|'",
    "'%5s|%-5s|'",
    "'%d,'",
    "'%03d %x %o\\n'",
    "'%c'",
    "'%b\\n'",
    "'%.2s'",
    "'%%\\t%s\\n'",
    "'\\101\\n'",
    "'%+d %i'",
    "'%#x %#o'",
    "'%-3s%%'",
];

impl Make {
    fn pick(&mut self, of: &[&'static str]) -> &'static str {
        of[self.rng.usize(..of.len())]
    }

    /// As [`Make::pick`]; inside `${…}` nothing that would end it, or be a quote in some places.
    fn literal(&mut self, of: &[&'static str]) -> &'static str {
        loop {
            let text = self.pick(of);
            if self.braces == 0 || !text.contains(['}', '\'']) {
                return text;
            }
        }
    }

    fn one_in(&mut self, n: u32) -> bool {
        self.rng.u32(..n) == 0
    }

    fn name(&mut self) -> &'static str {
        self.pick(NAMES)
    }

    fn file(&mut self) -> &'static str {
        self.pick(&["t1", "t2"])
    }

    /// Runs `inner` one level deeper, or gives something flat when that is too deep.
    fn deeper(&mut self, flat: &str, inner: impl FnOnce(&mut Make) -> String) -> String {
        if self.depth > 4 {
            return flat.to_string();
        }
        self.depth += 1;
        let text = inner(self);
        self.depth -= 1;
        text
    }

    fn words(&mut self) -> String {
        (0..self.rng.usize(1..4)).map(|_| " ".to_string() + &self.word()).collect()
    }

    fn word(&mut self) -> String {
        (0..self.rng.usize(1..4)).map(|_| self.part()).collect()
    }

    fn part(&mut self) -> String {
        match self.rng.u32(..16) {
            0..=2 => self.literal(LITERALS).to_string(),
            3 => self.pick(ESCAPES).to_string(),
            4 => self.pick(VALUES).to_string(),
            5 => self.pick(GLOBS).to_string(),
            6..=8 => self.deeper("\"\"", |m| format!("\"{}\"", m.quoted())),
            9..=12 => self.parameter(false),
            13 => self.deeper("$n", |m| format!("$(({}))", m.arithmetic())),
            _ => self.substitution(false),
        }
    }

    /// The inside of double quotes, or a line of a here-document.
    fn quoted(&mut self) -> String {
        let part = |m: &mut Make| match m.rng.u32(..10) {
            0..=1 => m.literal(LITERALS).to_string(),
            2 => m.literal(QUOTED).to_string(),
            3..=6 => m.parameter(true),
            7 => m.deeper("$n", |m| format!("$(({}))", m.arithmetic())),
            8 => m.substitution(true),
            _ => " ".to_string(),
        };
        (0..self.rng.usize(..4)).map(|_| part(self)).collect()
    }

    fn parameter(&mut self, quotes: bool) -> String {
        let name = self.pick(&["a", "a", "b", "b", "c", "n", "1", "2", "3", "u"]);
        match self.rng.u32(..14) {
            0..=2 => format!("${name}"),
            3 => format!("${{{name}}}"),
            // `"a$@b"` without arguments is one word here, none there.
            4 if quotes => self.pick(&["$*", "$#", "$?", "${#}"]).to_string(),
            4 => self.pick(&["$*", "$@", "$#", "$?", "\"$@\"", "\"$*\"", "${#}", "${@}"]).to_string(),
            5 => format!("${{#{name}}}"),
            6..=7 => {
                let op = self.pick(&["#", "##", "%", "%%"]);
                let pattern = self.pick(PATTERNS);
                format!("${{{name}{op}{pattern}}}")
            }
            8 if !self.calm => {
                let op = self.pick(&["=", ":="]);
                let name = self.pick(&["u", "c", "b"]);
                let word = self.operand(quotes);
                format!("${{{name}{op}{word}}}")
            }
            _ => {
                let op = self.pick(&["-", ":-", "+", ":+"]);
                let word = self.operand(quotes);
                format!("${{{name}{op}{word}}}")
            }
        }
    }

    /// The word in `${x-word}`.
    fn operand(&mut self, quotes: bool) -> String {
        self.braces += 1;
        let text = self.deeper("w", |m| {
            if quotes {
                return m.quoted();
            }
            let blank = if m.one_in(3) { " " } else { "" };
            format!("{}{blank}{}", m.word(), m.pick(&["", "z"]))
        });
        self.braces -= 1;
        text
    }

    fn substitution(&mut self, quotes: bool) -> String {
        self.deeper("$a", |m| {
            let command = m.flat();
            match m.rng.u32(..4) {
                // Backslashes and quotes in there have rules of their own.
                0 if !command.contains(['\\', '`', '"', '\''])
                    || !quotes && !command.contains(['\\', '`']) =>
                {
                    format!("`{command}`")
                }
                1 => {
                    let second = m.flat();
                    match m.rng.u32(..4) {
                        0 => format!("$( {command}\n{second}\n)"),
                        1 => m.case_inside(&command, &second),
                        _ => format!("$( {command}; {second})"),
                    }
                }
                // Not `$((`, which is arithmetic.
                _ if command.starts_with('(') => format!("$( {command})"),
                _ => format!("$({command})"),
            }
        })
    }

    /// `case` in a substitution, where its parentheses come in no pairs.
    fn case_inside(&mut self, command: &str, second: &str) -> String {
        let (open, gap) = (self.pick(&["", "("]), self.pick(&[" ", "\n"]));
        let (word, pattern) =
            (self.literal(&["a", "'a b'", "$a", "\"$b\""]), self.pick(&["a", "*", "'a b'", "x|a"]));
        format!("$(case {word} in{gap}{open}{pattern}) {command}{gap};;{gap}*) {second};; esac)")
    }

    fn arithmetic(&mut self) -> String {
        if self.calm {
            return self.pick(&["1 + 2", "3 < 4", "7 % 4", "$#"]).to_string();
        }
        match self.rng.u32(..10) {
            0..=2 => self.pick(NUMBERS).to_string(),
            3 => "n".to_string(),
            4 => self.pick(&["$n", "${n}", "$#", "${#a}"]).to_string(),
            5 => self.deeper("n", |m| format!("({})", m.arithmetic())),
            6 => self.deeper("1", |m| {
                let sign = m.pick(&["-", "!", "~", "+"]);
                format!("{sign} {}", m.arithmetic())
            }),
            7 => self.deeper("2", |m| {
                let op = m.pick(&["=", "+=", "-=", "*=", "<<=", "|="]);
                format!("n {op} {}", m.arithmetic())
            }),
            8 => {
                self.deeper("3", |m| format!("{} ? {} : {}", m.arithmetic(), m.arithmetic(), m.arithmetic()))
            }
            _ => self.deeper("4", |m| {
                let op = m.pick(OPERATORS);
                format!("{} {op} {}", m.arithmetic(), m.arithmetic())
            }),
        }
    }

    /// A simple command of one line.
    fn flat(&mut self) -> String {
        match self.rng.u32(..24) {
            0..=6 => format!("p{}", self.words()),
            7 => format!("{}={}", self.name(), self.word()),
            8 => format!("a={} p \"$a\"{}", self.word(), self.words()),
            9 => format!("printf {}{}", self.pick(FORMATS), self.words()),
            10 => format!("set --{}", self.words()),
            11 => self
                .pick(&["true", "false", ":", "shift", "p $?", "unset u", "unset a", "p \"$-\" > /dev/null"])
                .to_string(),
            12 => format!("cat {}", self.file()),
            13 => format!("n=$(({}))", self.arithmetic()),
            14 => self.test(),
            15 => format!("p{} > {}", self.words(), self.file()),
            16 => format!("(exit {})", self.rng.u32(..4)),
            17 => format!("p{} | cat", self.words()),
            18 => format!("command p{}", self.words()),
            19 => format!("eval p{}", self.words()),
            20 => format!("read a b < {}", self.file()),
            21 => format!("export a={}", self.word()),
            22 => self
                .pick(&["f 1", "g a b", "f \"$@\"", "p \"$#\"", "p \"${PWD##*/}\"", "cd .", "p \"$*\""])
                .to_string(),
            _ => format!("p{} 2> /dev/null >> {}", self.words(), self.file()),
        }
    }

    fn test(&mut self) -> String {
        let inner = match self.rng.u32(..5) {
            0 => format!("\"{}\" {} \"{}\"", self.quoted(), self.pick(STRING_TESTS), self.quoted()),
            1 => format!("$(({})) {} \"$n\"", self.arithmetic(), self.pick(NUMBER_TESTS)),
            2 => format!("{} {}", self.pick(FILE_TESTS), self.word()),
            3 => format!("! {} {}", self.pick(FILE_TESTS), self.pick(&["t1", "d", "a1", "\"$a\""])),
            _ => format!("{} {} {}", self.word(), self.pick(STRING_TESTS), self.word()),
        };
        if self.one_in(2) {
            format!("[ {inner} ]")
        } else {
            format!("test {inner}")
        }
    }

    fn list(&mut self) -> String {
        let mut text = self.flat();
        for _ in 0..self.rng.usize(..3) {
            text += self.pick(&[" && ", " || ", "; ", " | cat; ", " && ! ", " || ! "]);
            text += &self.flat();
        }
        text
    }

    /// Statements, each on lines of its own.
    fn body(&mut self) -> String {
        (0..self.rng.usize(1..4)).map(|_| self.statement() + "\n").collect()
    }

    fn statement(&mut self) -> String {
        if self.depth > 2 {
            return self.flat();
        }
        self.depth += 1;
        let text = match self.rng.u32(..32) {
            0..=9 => self.flat(),
            10..=11 => self.list(),
            12 => format!("if {}\nthen\n{}else\n{}fi", self.list(), self.body(), self.body()),
            13 => format!("for {} in{}\ndo\n{}done", self.name(), self.words(), self.body()),
            14 => format!("for {}\ndo\n{}done", self.name(), self.body()),
            15..=16 => self.counted(),
            17..=18 => self.case(),
            19 => format!("(\n{})", self.body()),
            20 => format!("{{\n{}}} > {}\ncat t1 t2", self.body(), self.file()),
            21 => format!("{{\n{}}} | while read -r a b\ndo\np \"$a\" \"$b\"\ndone", self.body()),
            22..=23 => self.here_document(),
            24 => self.function(),
            25 => self.errexit(),
            26 => self.trap(),
            27 => self.fields(),
            28 => self.odd(),
            29 => self.alias(),
            30 => self.document_behind(),
            _ => format!("! {}\np $?", self.list()),
        };
        self.depth -= 1;
        text
    }

    /// A loop of a few turns, with ways out.
    fn counted(&mut self) -> String {
        self.loops += 1;
        let i = format!("i{}", self.loops);
        let (word, test) = if self.one_in(2) { ("while", "-lt") } else { ("until", "-ge") };
        let way = self.pick(&["", "break", "continue", "continue 2", "break 2", "return 3", "exit 4"]);
        let way = if way.starts_with("return") && !self.function { "" } else { way };
        let way = if way.is_empty() || !self.one_in(2) {
            String::new()
        } else {
            format!("[ ${i} = 2 ] && {way}\n")
        };
        format!("{i}=0\n{word} [ ${i} {test} 3 ]\ndo\n{i}=$(({i} + 1))\n{way}{}done\np $?", self.body())
    }

    fn case(&mut self) -> String {
        let mut text = format!("case {} in\n", self.word());
        for _ in 0..self.rng.usize(1..4) {
            let open = self.pick(&["", "("]);
            text += &format!("{open}{}|{})\n{};;\n", self.case_pattern(), self.case_pattern(), self.body());
        }
        text + "esac"
    }

    fn case_pattern(&mut self) -> String {
        match self.pick(PATTERNS) {
            "" => "''".into(),
            " *" | "* " => "' '*".into(),
            pattern => pattern.into(),
        }
    }

    fn here_document(&mut self) -> String {
        self.calm = true;
        let lines: String =
            (0..self.rng.usize(..4)).map(|_| self.quoted().replace("\\\n", "\\\\") + "\n").collect();
        self.calm = false;
        let command = self.pick(&[
            "cat",
            "read a b",
            "while read -r a; do p \"$a\"; done",
            "p \"$(cat)\"",
            "(cat; p x)",
        ]);
        match self.rng.u32(..4) {
            0 => format!("{command} << 'E'\n{lines}E"),
            1 => format!("{command} <<- E\n\t{lines}\tE"),
            2 => format!("a=$(cat << E\n{lines}E\n)\np \"$a\""),
            _ => format!("{command} << E\n{lines}E"),
        }
    }

    /// A here-document whose text comes behind a substitution over several lines.
    fn document_behind(&mut self) -> String {
        self.calm = true;
        let (first, second) = (self.flat(), self.flat());
        let line = self.quoted().replace("\\\n", "\\\\");
        self.calm = false;
        let both = match self.rng.u32(..3) {
            0 => format!("$(\n{first}\n{second}\n)"),
            1 => format!("$( {first}\ncat << F\n{line}\nF\n)"),
            _ => format!("${{u-$( {first}\n{second}\n)}}"),
        };
        let join = self.pick(&["; p", " && p", " | cat - /dev/null; p"]);
        format!("cat << E{join} \"{both}\"\n{line}\nE")
    }

    /// Aliases, and what they become at the places where they count. They are the script's own again behind that.
    fn alias(&mut self) -> String {
        let chosen = |m: &mut Make| {
            m.pick(&[
                "'p '",
                "'p x '",
                "p",
                "",
                "' '",
                "'! '",
                "'p y;'",
                "'p z; p'",
                "'{ p in; } && '",
                "k",
                "'l '",
                "m",
            ])
        };
        let values: String = ["k", "l", "m"].iter().map(|name| format!(" {name}={}", chosen(self))).collect();
        let mut text = format!("alias{values} r=x 'w=a ' 'v=in b'\n");
        for _ in 0..self.rng.usize(1..5) {
            let (name, words) = (self.pick(&["k", "l", "m"]), self.words());
            text += &match self.rng.u32(..10) {
                0 => format!("{name} r r{words}"),
                1 => format!("{name} p{words}"),
                2 => format!("true && {name} p{words} | cat"),
                3 => format!("p \"$({name} p r\n{name} p k)\""),
                4 => format!("{name} {name} r > t1; cat t1"),
                5 => format!("if true; then {name} p 1\nfi; p $?"),
                6 => "alias f='for ' i='i v; do '\nf i p $i; done\nunalias f i".to_string(),
                7 => "alias f='case ' i='w in ' x='a) p yes;; *) p no;; '\nf i x esac\nunalias f i x"
                    .to_string(),
                8 => format!("eval '{name} p r'\np $?"),
                _ => format!("(exit 3)\n{name}\np $?"),
            };
            text.push('\n');
        }
        text + "unalias -a"
    }

    fn function(&mut self) -> String {
        let name = if self.one_in(2) { "f" } else { "g" };
        let local = if self.one_in(2) { "local a\n" } else { "" };
        let end = self.pick(&["", "return 2\n", "return\n", "(exit 5)\n"]);
        let outer = std::mem::replace(&mut self.function, true);
        let body = self.body();
        self.function = outer;
        // It must not call itself.
        let body = body.replace("f 1", "p f").replace("g a b", "p g").replace("f \"$@\"", "p \"$@\"");
        format!("{name}() {{\n{local}{body}{end}}}\n{name}{}\np $?", self.words())
    }

    fn errexit(&mut self) -> String {
        let what = match self.rng.u32(..8) {
            0 => "false || true",
            1 => "if false; then :; fi",
            2 => "! true",
            3 => "(false)",
            4 => "a=$(false)",
            5 => "{ false; } && :",
            6 => "false | true",
            _ => "while false; do :; done",
        };
        format!("(\nset -e\n{what}\np on\n{}{}\np after\n)\np $?", self.body(), self.list())
    }

    fn trap(&mut self) -> String {
        match self.rng.u32(..4) {
            0 => format!("(\ntrap 'p bye $?' EXIT\n{}exit {}\n)\np $?", self.body(), self.rng.u32(..3)),
            1 => format!("trap 'p usr' USR1\nkill -USR1 $$\n{}", self.flat()),
            2 => "trap 'p one' USR1\ntrap - USR1\ntrap".to_string(),
            _ => format!("(\ntrap 'p bye' 0\n{})\np $?", self.body()),
        }
    }

    fn fields(&mut self) -> String {
        let ifs = self.pick(&["':'", "' :'", "''", "'a'", "'*'", "'\\'", "': \t'"]);
        format!(
            "IFS={ifs}\np {}\np{}\nset -- $a $b\np $# \"$*\"\nunset IFS",
            self.parameter(false),
            self.words()
        )
    }

    fn odd(&mut self) -> String {
        match self.rng.u32(..10) {
            0 => format!("(\nset -u\np{}\n)\np $?", self.words()),
            1 => format!("set -f\np{}\nset +f", self.words()),
            2 => format!("{} &\nwait\np $?", self.flat()),
            3 => format!("exec 3> t1\np{} >&3\nexec 3>&-\ncat t1", self.words()),
            4 => "set -- -a -b x y\nwhile getopts ab: o\ndo\np \"$o\" \"$OPTARG\" \"$OPTIND\"\ndone"
                .to_string(),
            5 => format!("(\nset -C\np{} > t1\np y >| t2\n) 2> /dev/null\np $?", self.words()),
            6 => format!("(p ${{u?{}}}) 2> /dev/null\np $?", self.operand(false)),
            7 => format!("(cd d && p \"${{PWD##*/}}\" *)\np{}", self.words()),
            8 => format!("(readonly a=1\na=2\np not) 2> /dev/null\np $?{}", self.words()),
            _ => format!("echo 'p \"$1\" {}' > t1\n. ./t1\np $?", self.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_stands_for_one_script() {
        assert_eq!(script(1), script(1));
        assert_ne!(script(1), script(2));
    }
}
