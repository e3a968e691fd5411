//! The functions that have an effect outside of their program, by what they do.
//! It never holds functions that every program calls all the time.
use crate::lexicon::{Lexicon, Vocabulary, WORD_SEED, fold_byte};

/// What a function does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Effect(u64);

impl Effect {
    /// It runs a command.
    pub(super) const RUNS: Self = Self(1);
    /// It runs program text.
    pub(super) const EVALUATES: Self = Self(1 << 1);
    /// It loads a module that runs commands or reads files.
    pub(super) const LOADS: Self = Self(1 << 2);
    /// It reads or writes a file.
    pub(super) const READS: Self = Self(1 << 3);
    /// It tells something, or does what attackers try first.
    pub(super) const TELLS: Self = Self(1 << 4);
    /// It undoes what hides program text.
    pub(super) const UNPACKS: Self = Self(1 << 5);
    /// It is a method whose object makes it dangerous.
    pub(super) const METHOD: Self = Self(1 << 6);
    /// The object of such a method.
    pub(super) const OBJECT: Self = Self(1 << 7);
    /// No program has it but one that climbs out of a sandbox.
    pub(super) const CLIMBS: Self = Self(1 << 8);

    /// It says nothing by itself: what it is given decides.
    pub(super) const GIVEN: Self = Self(1 << 9);

    pub(super) fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn is_none(self) -> bool {
        self.0 == 0
    }
}

/// What the function of a name does.
pub(super) fn effect(name: &[u8]) -> Effect {
    if name.len() > NAME_BYTES_MAX {
        return Effect::default();
    }
    let hash = name
        .iter()
        .fold(WORD_SEED, |hash, byte| fold_byte(hash, *byte));
    Effect(ROLES.roles(hash))
}

// Limit: the longest name of the vocabulary has 21 letters.
pub(super) const NAME_BYTES_MAX: usize = 24;

const RUNS: &str = "system shell_exec passthru popen proc_open pcntl_exec execsync spawnsync";
const RUNS_OR_METHOD: &str = "exec spawn";
const RUNS_AS_METHOD: &str =
    "check_output execfile popen2 popen3 getoutput check_call call execute start";
const READS_GIVEN: &str = "open fopen readlines";
const EVALUATES: &str = "eval assert create_function loadstring preg_replace";
const EVALUATES_AS_METHOD: &str = "instance_eval class_eval constructor function compile";
const LOADS: &str =
    "__import__ require import_module import include include_once require_once forname";
const READS: &str = "file_get_contents file_put_contents readfile readfilesync show_source \
    highlight_file fpassthru";
const TELLS: &str = "phpinfo unserialize printf print_r var_dump getenv filegroup fileowner \
    phpversion \
    call_user_func call_user_func_array array_map usort move_uploaded_file getattr exit die \
    print echo";
const UNPACKS: &str = "base64_decode gzinflate str_rot13 gzuncompress fromcharcode chr atob \
    unescape \
    hex2bin rawurldecode strrev str_repeat pack md5 sha1";
const OBJECTS: &str = "os subprocess commands child_process kernel process io runtime \
    getruntime pty \
    posix processbuilder binding mainmodule _load console";
const CLIMBS: &str = "__subclasses__ __builtins__ __globals__ getruntime processbuilder mainmodule \
    __reduce__ __mro__";

const VOCABULARY: &Vocabulary = &[
    (Effect::RUNS.0, RUNS),
    (Effect::RUNS.0 | Effect::METHOD.0, RUNS_OR_METHOD),
    (Effect::RUNS.0 | Effect::METHOD.0, RUNS_AS_METHOD),
    (Effect::EVALUATES.0, EVALUATES),
    (Effect::EVALUATES.0 | Effect::METHOD.0, EVALUATES_AS_METHOD),
    (Effect::LOADS.0, LOADS),
    (Effect::READS.0, READS),
    (Effect::READS.0 | Effect::GIVEN.0, READS_GIVEN),
    (Effect::GIVEN.0, "call execute start"),
    (Effect::TELLS.0, TELLS),
    (Effect::UNPACKS.0, UNPACKS),
    (Effect::OBJECT.0, OBJECTS),
    (Effect::CLIMBS.0, CLIMBS),
];

static ROLES: Lexicon<256> = Lexicon::new(&[VOCABULARY]);
