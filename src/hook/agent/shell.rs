//! Command lines, parsed as far as needed to see which programs are run on which files.
//!
//! Quotes, separators, redirections and here-documents of POSIX shells are understood and, if they agree, those of
//! PowerShell. Variables, aliases and functions are not: only the shell knows what a command does in the end. So this
//! finds what an agent does normally, not what is hidden on purpose.

/// The most bytes of a line that are read.
const MAX_LINE: usize = 64 << 10;
/// The most levels of command lines within the words of others.
const MAX_DEPTH: usize = 4;
/// The programs that run a command line given as a word.
const SHELLS: [&str; 9] = ["sh", "bash", "dash", "zsh", "fish", "pwsh", "powershell", "cmd", "eval"];
/// The programs that run the command given by their other words.
const WRAPPERS: [&str; 11] =
    ["sudo", "doas", "env", "command", "builtin", "exec", "nohup", "time", "nice", "timeout", "xargs"];

/// The options of these programs that take the next word as their value.
const WITH_A_WORD: [&str; 6] = ["-u", "-g", "-h", "-C", "-I", "-n"];

/// A command of a line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Command {
    /// The variables that are set for this command only, or permanently if it has no words.
    pub(super) variables: Vec<(String, String)>,
    /// The program and its arguments.
    pub(super) words: Vec<String>,
    /// The files that it is given as input.
    pub(super) inputs: Vec<String>,
    /// The files that its output is written to.
    pub(super) outputs: Vec<String>,
}

impl Command {
    /// Returns the program, without its folder and `.exe`, in lower case.
    pub(super) fn program(&self) -> String {
        let word = self.words.first().map(String::as_str).unwrap_or_default();
        let name = word.rsplit(['/', '\\']).next().unwrap_or_default().to_ascii_lowercase();
        name.strip_suffix(".exe").map(str::to_owned).unwrap_or(name)
    }

    /// Returns its arguments.
    pub(super) fn arguments(&self) -> &[String] {
        self.words.get(1..).unwrap_or_default()
    }

    /// Removes leading variables and programs that only run others.
    fn unwrapped(mut self) -> Self {
        loop {
            if let Some(variable) = self.words.first().and_then(|word| variable(word)) {
                self.variables.push(variable);
            } else if !WRAPPERS.contains(&self.program().as_str()) || self.words.len() < 2 {
                return self;
            }
            self.words.remove(0);
            while self.words.len() > 1 && is_of_wrapper(&self.words[0]) {
                let option = self.words.remove(0);
                if WITH_A_WORD.contains(&option.as_str()) && self.words.len() > 1 {
                    self.words.remove(0);
                }
            }
        }
    }
}

/// Returns `true` if a word is an option or a number, such as the seconds of `timeout`.
fn is_of_wrapper(word: &str) -> bool {
    word.starts_with('-') || word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Splits `NAME=VALUE`, also in PowerShell's form.
fn variable(word: &str) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    let name = name.strip_prefix("$env:").unwrap_or(name);
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then(|| (name.to_owned(), value.to_owned()))
}

/// Returns the commands of a line, and those of lines within it.
pub(super) fn commands(line: &str) -> Vec<Command> {
    let mut found = Vec::new();
    gather(line, 0, &mut found);
    found
}

/// Returns the same for a program and its arguments, which no shell parses.
pub(super) fn of_words(words: Vec<String>) -> Vec<Command> {
    let mut found = Vec::new();
    within(Command { words, ..Command::default() }, 0, &mut found);
    found
}

fn gather(line: &str, depth: usize, found: &mut Vec<Command>) {
    let line = &line[..line.floor_char_boundary(MAX_LINE)];
    Reader::new(line).read().into_iter().for_each(|command| within(command, depth, found));
}

/// Adds a command, and those that its words hold.
fn within(command: Command, depth: usize, found: &mut Vec<Command>) {
    let command = command.unwrapped();
    let is_shell = SHELLS.contains(&command.program().as_str());
    for word in &command.words {
        let is_line = word.contains("$(") || word.contains('`') || is_shell && word.contains(char::is_whitespace);
        if is_line && depth < MAX_DEPTH {
            gather(word, depth + 1, found);
        }
    }
    found.push(command);
}

/// The place that the next word belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Word,
    Input,
    Output,
    /// The word that ends a here-document.
    End,
    /// A text that is given as input.
    Text,
}

/// The reader of a command line, which may have line breaks.
struct Reader<'l> {
    rest: std::iter::Peekable<std::str::Chars<'l>>,
    commands: Vec<Command>,
    command: Command,
    /// The word so far; `None` between words.
    word: Option<String>,
    place: Place,
    /// The end words of the here-documents that begin with the next line.
    ends: Vec<String>,
}

impl<'l> Reader<'l> {
    fn new(line: &'l str) -> Self {
        let (commands, command) = (Vec::new(), Command::default());
        Self { rest: line.chars().peekable(), commands, command, word: None, place: Place::Word, ends: Vec::new() }
    }

    fn read(mut self) -> Vec<Command> {
        while let Some(next) = self.rest.next() {
            match next {
                '\'' => self.quoted(),
                '"' => self.half_quoted(),
                '\\' => self.escaped(),
                '$' if self.rest.peek() == Some(&'(') => {}
                ';' | '|' | '&' | '(' | ')' | '`' => self.end_command(),
                '\n' => {
                    self.end_command();
                    self.skip_documents();
                }
                '<' => self.input(),
                '>' => self.output(),
                '#' if self.word.is_none() => self.skip_line(),
                next if next.is_whitespace() => self.end_word(),
                next => self.word.get_or_insert_default().push(next),
            }
        }
        self.end_command();
        self.commands
    }

    fn quoted(&mut self) {
        let word = self.word.get_or_insert_default();
        word.extend(self.rest.by_ref().take_while(|next| *next != '\''));
    }

    fn half_quoted(&mut self) {
        let word = self.word.get_or_insert_default();
        while let Some(next) = self.rest.next() {
            match next {
                '"' => return,
                '\\' => word.extend(self.rest.next_if(|next| "\"\\$`".contains(*next)).or(Some('\\'))),
                next => word.push(next),
            }
        }
    }

    /// Reads a backslash: before a letter or digit it is a path separator, as on Windows.
    fn escaped(&mut self) {
        match self.rest.next_if(|next| !next.is_alphanumeric()) {
            Some('\n') => {}
            next => self.word.get_or_insert_default().push(next.unwrap_or('\\')),
        }
    }

    fn input(&mut self) {
        self.end_word();
        let mut more = 0;
        while self.rest.next_if_eq(&'<').is_some() {
            more += 1;
        }
        self.place = match more {
            0 => Place::Input,
            1 => {
                self.rest.next_if_eq(&'-');
                Place::End
            }
            _ => Place::Text,
        };
    }

    fn output(&mut self) {
        // The digits are the number of a stream, not a word.
        if self.word.as_ref().is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit())) {
            self.word = None;
        }
        self.end_word();
        while self.rest.next_if(|next| ['>', '|', '&'].contains(next)).is_some() {}
        self.place = Place::Output;
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        match std::mem::replace(&mut self.place, Place::Word) {
            Place::Word => self.command.words.push(word),
            Place::Input => self.command.inputs.push(word),
            Place::Output => self.command.outputs.push(word),
            Place::End => self.ends.push(word),
            Place::Text => {}
        }
    }

    fn end_command(&mut self) {
        self.end_word();
        let command = std::mem::take(&mut self.command);
        if command != Command::default() {
            self.commands.push(command);
        }
    }

    fn skip_line(&mut self) {
        while self.rest.next_if(|next| *next != '\n').is_some() {}
    }

    fn skip_documents(&mut self) {
        for end in std::mem::take(&mut self.ends) {
            loop {
                let line: String = self.rest.by_ref().take_while(|next| *next != '\n').collect();
                if line.trim() == end || self.rest.peek().is_none() {
                    break;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<Vec<String>> {
        commands(line).into_iter().map(|command| command.words).filter(|words| !words.is_empty()).collect()
    }

    #[test]
    fn words_are_split_as_in_a_shell() {
        assert_eq!(
            words("cat 'a b' \"c d\"e f\\ g | grep x; ls && id"),
            [vec!["cat", "a b", "c de", "f g"], vec!["grep", "x"], vec!["ls"], vec!["id"]]
        );
        assert_eq!(words(r"type C:\keys\a.env"), [vec!["type", r"C:\keys\a.env"]]);
        assert_eq!(words("echo a # cat b\ncat c"), [vec!["echo", "a"], vec!["cat", "c"]]);
        assert!(words("'unfinished \"").len() <= 1 && words("\\").len() <= 1 && words("cat <").len() == 1);
    }

    #[test]
    fn nested_command_lines_are_read_and_wrappers_are_skipped() {
        assert!(words("bash -lc 'cd x && cat .env'").contains(&vec!["cat".to_owned(), ".env".to_owned()]));
        assert!(words("echo \"$(cat .env)\"").iter().any(|words| words.starts_with(&["cat".to_owned()])));
        let command = commands("A=1 sudo -u me env B=2 timeout 5 git push").remove(0);
        assert_eq!((command.program().as_str(), command.variables.len()), ("git", 2));
        assert!(words(&"bash -c \"".repeat(50)).len() < 60);
    }

    #[test]
    fn redirections_and_heredocs_are_not_arguments() {
        let command = commands("sort < in.txt 2>&1 > out.txt").remove(0);
        assert_eq!((command.inputs, command.words), (vec!["in.txt".to_owned()], vec!["sort".to_owned()]));
        assert_eq!(command.outputs.last().map(String::as_str), Some("out.txt"));
        assert_eq!(words("cat > a <<'END'\ncat .env\nEND\nls"), [vec!["cat"], vec!["ls"]]);
        assert_eq!(words("cat <<< text"), [vec!["cat"]]);
    }
}
