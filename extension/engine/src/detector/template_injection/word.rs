//! The words that mean something in an expression: roles of names, functions and filters.
//! It never decides which role a word plays; that is the business of what stands around it.
use crate::lexicon::{Lexicon, Shapes, fold_word};

/// The roles that a word can play, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Roles(pub(super) u64);

impl Roles {
    /// A member that leads from any Python object to all others.
    pub(super) const REACH: Self = Self(1);
    /// Any other member that Python gives each object.
    pub(super) const DUNDER: Self = Self(1 << 1);
    /// Has an effect when it is called.
    pub(super) const CALL: Self = Self(1 << 2);
    /// Has an effect when it is called with a literal text.
    pub(super) const TEXT_CALL: Self = Self(1 << 3);
    /// Reads what a path names.
    pub(super) const READ: Self = Self(1 << 4);
    /// A function of PHP that a filter may be made to call.
    pub(super) const CALLBACK: Self = Self(1 << 5);
    /// A filter that calls what it is given.
    pub(super) const FILTER: Self = Self(1 << 6);
    /// What an engine gives to each template.
    pub(super) const ROOT: Self = Self(1 << 7);
    /// What a servlet container gives to each page.
    pub(super) const SERVLET_ROOT: Self = Self(1 << 8);
    /// `class`, `getClass`.
    pub(super) const CLASS: Self = Self(1 << 9);
    /// `forName`.
    pub(super) const FOR_NAME: Self = Self(1 << 10);
    /// A member of a class object that leads out of it.
    pub(super) const LEADS_OUT: Self = Self(1 << 11);
    /// `constructor`.
    pub(super) const CONSTRUCTOR: Self = Self(1 << 12);
    /// `prototype`.
    pub(super) const PROTOTYPE: Self = Self(1 << 13);
    /// `new`.
    pub(super) const NEW: Self = Self(1 << 14);
    /// A type whose making has an effect.
    pub(super) const TYPE: Self = Self(1 << 15);
    /// Only an attack says it in an expression.
    pub(super) const ONLY_ATTACKS: Self = Self(1 << 16);
    /// `_self` of Twig.
    pub(super) const SELF: Self = Self(1 << 17);
    /// `env`.
    pub(super) const ENV: Self = Self(1 << 18);
    /// `lookup`.
    pub(super) const LOOKUP: Self = Self(1 << 19);
    /// `attr`.
    pub(super) const ATTR: Self = Self(1 << 20);
    /// Stands behind `?` in Freemarker and makes objects of text.
    pub(super) const BUILT_IN: Self = Self(1 << 21);
    /// `import`.
    pub(super) const IMPORT: Self = Self(1 << 22);
    /// A module of Python that reaches the system.
    pub(super) const MODULE: Self = Self(1 << 23);
    /// A class of Ruby or Elixir that reaches files and processes.
    pub(super) const FILES: Self = Self(1 << 24);
    /// A first part of Java's package names.
    pub(super) const PACKAGE: Self = Self(1 << 25);
    /// `T`, the type operator of Spring's expressions.
    pub(super) const TYPE_OPERATOR: Self = Self(1 << 26);
    /// `freemarker`.
    pub(super) const FREEMARKER: Self = Self(1 << 27);
    /// `chr`.
    pub(super) const CHAR: Self = Self(1 << 28);
    /// `execute`.
    pub(super) const EXECUTE: Self = Self(1 << 29);
    /// `debug`.
    pub(super) const DEBUG: Self = Self(1 << 30);
    /// `items`, `iteritems`.
    pub(super) const ITEMS: Self = Self(1 << 31);
    /// `getRuntime`.
    pub(super) const RUNTIME: Self = Self(1 << 32);
    /// `exec`.
    pub(super) const EXEC: Self = Self(1 << 33);
    /// The gate knows the word, too.
    pub(super) const REFLECTION: Self = Self(1 << 34);
    /// A filter that reads files.
    pub(super) const FILE_FILTER: Self = Self(1 << 35);
    /// What a root keeps from its users.
    pub(super) const SECRET: Self = Self(1 << 36);
    /// `shell`, `cmd` of Elixir's `System`.
    pub(super) const SHELL: Self = Self(1 << 37);
    /// `smarty`.
    pub(super) const SMARTY: Self = Self(1 << 38);
    /// `php`.
    pub(super) const PHP: Self = Self(1 << 39);
    /// `server`.
    pub(super) const SERVER: Self = Self(1 << 40);
    /// Shows what a template has, when it is called.
    pub(super) const SHOW: Self = Self(1 << 41);
    /// `settings`, `config`.
    pub(super) const SETTINGS: Self = Self(1 << 42);
    /// `getClass`.
    pub(super) const GET_CLASS: Self = Self(1 << 43);
    /// Tells what a request has brought and no page shows.
    pub(super) const ENVIRON: Self = Self(1 << 44);
    /// `diagnostics` of .NET.
    pub(super) const DIAGNOSTICS: Self = Self(1 << 45);

    /// All roles of which an attack is made.
    pub(super) const IN_ATTACKS: Self = Self::REACH
        .with(Self::DUNDER)
        .with(Self::ONLY_ATTACKS)
        .with(Self::ENV)
        .with(Self::FREEMARKER)
        .with(Self::TYPE_OPERATOR)
        .with(Self::PACKAGE)
        .with(Self::FOR_NAME)
        .with(Self::EXEC)
        .with(Self::CONSTRUCTOR)
        .with(Self::PROTOTYPE);
    /// All roles that matter only where nothing stands around the expression.
    pub(super) const ALONE: Self = Self::SMARTY
        .with(Self::SERVER)
        .with(Self::SECRET)
        .with(Self::SHOW)
        .with(Self::GET_CLASS)
        .with(Self::ENVIRON)
        .with(Self::DEBUG);

    /// True if the word can play one of `other`'s roles.
    #[inline]
    pub(super) const fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Both sets together.
    pub(super) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

const VOCABULARY: &crate::lexicon::Vocabulary = &[
    (
        Roles::REACH.0,
        "__subclasses__ __globals__ __builtins__ __mro__ __bases__ __base__ __import__",
    ),
    (
        Roles::DUNDER.0,
        "__class__ __init__ __dict__ __getattribute__ __getitem__ __self__ __code__ __func__ \
         __reduce__ __new__ __call__ __enter__ __loader__ __setattr__ __closure__ __wrapped__",
    ),
    (
        Roles::CALL.0,
        "system popen popen2 popen3 passthru shell_exec proc_open pcntl_exec execsync spawnsync \
         execfilesync execfile phpinfo file_get_contents show_source highlight_file \
         readfilesync readdirsync getruntime forname newinstance loadclass \
         getdeclaredconstructors getdeclaredmethod getdeclaredmethods getdeclaredconstructor \
         getmethods getconstructors defineclass parseclass getprotectiondomain getcodesource \
         getsystemclassloader getenginebyname createnewfile getstreamvariable check_output \
         eval call_user_func call_user_func_array create_function asttest evalscript",
    ),
    (
        Roles::TEXT_CALL.0,
        "exec spawn getmethod inspect getfilter getfunction",
    ),
    (
        Roles::READ.0,
        "open include source read fopen readfile entries glob readlines foreach binread \
         children load file",
    ),
    (
        Roles::CALLBACK.0,
        "system exec passthru shell_exec popen proc_open call_user_func call_user_func_array \
         assert phpinfo file_get_contents ini_set error_reporting ob_start readfile \
         show_source highlight_file create_function pcntl_exec putenv unserialize ob_end_flush",
    ),
    (Roles::FILTER.0, "map filter sort reduce find usort"),
    (
        Roles::ROOT.0,
        "self config request _self _context cycler joiner lipsum get_flashed_messages url_for",
    ),
    (
        Roles::SERVLET_ROOT.0,
        "request session pagecontext application applicationscope sessionscope requestscope \
         facescontext response",
    ),
    (Roles::CLASS.0, "class getclass"),
    (Roles::FOR_NAME.0, "forname"),
    (
        Roles::LEADS_OUT.0,
        "protectiondomain classloader getresource getresourceasstream getclassloader inspect \
         getconstructor getconstructors getmethod",
    ),
    (Roles::CONSTRUCTOR.0, "constructor"),
    (Roles::PROTOTYPE.0, "prototype"),
    (Roles::NEW.0, "new"),
    (
        Roles::TYPE.0,
        "file processbuilder java javax groovy groovyshell groovyclassloader \
         scriptenginemanager urlclassloader filewriter fileinputstream",
    ),
    (
        Roles::ONLY_ATTACKS.0,
        "registerundefinedfiltercallback mainmodule \
         _memberaccess default_member_access ognlcontext denymethodexecution _nsattr__parent \
         _templatereference__context smarty_internal_write_file _with_template",
    ),
    (Roles::SELF.0, "_self"),
    (Roles::ENV.0, "env"),
    (Roles::LOOKUP.0, "lookup"),
    (Roles::ATTR.0, "attr"),
    (Roles::BUILT_IN.0, "new api eval interpret"),
    (Roles::IMPORT.0, "import"),
    (Roles::MODULE.0, "os sys subprocess pty socket shutil"),
    (Roles::FILES.0, "io dir file kernel open3"),
    (
        Roles::PACKAGE.0,
        "java javax org com groovy jdk sun net ognl",
    ),
    (Roles::TYPE_OPERATOR.0, "t"),
    (Roles::FREEMARKER.0, "freemarker"),
    (Roles::CHAR.0, "chr"),
    (Roles::EXECUTE.0, "execute"),
    (Roles::DEBUG.0, "debug"),
    (Roles::ITEMS.0, "items iteritems"),
    (Roles::RUNTIME.0, "getruntime"),
    (Roles::EXEC.0, "exec"),
    (
        Roles::REFLECTION.0,
        "forname getruntime inspect classloader loadclass newinstance getmethod php smarty system \
         passthru popen exec shell_exec phpinfo self",
    ),
    (Roles::FILE_FILTER.0, "file_excerpt"),
    (Roles::SECRET.0, "secret_key"),
    (Roles::SHELL.0, "shell cmd"),
    (Roles::SMARTY.0, "smarty"),
    (Roles::PHP.0, "php"),
    (Roles::SERVER.0, "server"),
    (Roles::SHOW.0, "dump locals globals constant"),
    (Roles::SETTINGS.0, "settings config"),
    (Roles::GET_CLASS.0, "getclass"),
    (Roles::ENVIRON.0, "environ"),
    (Roles::DIAGNOSTICS.0, "diagnostics"),
    (
        Roles::CALL.0,
        "subclasses from_object from_pyfile from_envvar",
    ),
    (Roles::READ.0, "extends"),
    (Roles::CALL.0, "child_process"),
];

static TABLE: Lexicon<512> = Lexicon::new(&[VOCABULARY]);

/// What tells most words from those of the vocabulary before they are hashed.
static SHAPES: Shapes = Shapes::of(&[VOCABULARY]);

/// The roles of one word of letters, digits and underscores.
#[inline]
pub(super) fn roles(word: &[u8]) -> Roles {
    if SHAPES.fit(word) {
        Roles(TABLE.roles(fold_word(word)))
    } else {
        Roles(0)
    }
}
