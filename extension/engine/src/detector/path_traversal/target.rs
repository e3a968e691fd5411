//! The grammar of what must not be read: secrets of systems, users, servers and applications.
//! It never knows where a name stands in a value, only the names before it on the path.
use crate::lexicon::{Lexicon, Vocabulary, WORD_SEED, fold_byte};

/// What naming a target means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Worth {
    /// Anything.
    #[default]
    Nothing,
    /// A file that applications have and read, of use to nobody who does not leave his folder.
    Own,
    /// A file of the system or of a user that a value seldom names.
    Sensitive,
    /// A file that no value names innocently.
    Secret,
}

/// The names of a path since it was last at a root or went up.
#[derive(Default)]
pub(super) struct Names<'t> {
    /// How many there were.
    count: u32,
    last: &'t [u8],
    role: u64,
    parent: u64,
    grandparent: u64,
    is_number: bool,
    was_number: bool,
    /// The role of the first.
    root: u64,
}

impl<'t> Names<'t> {
    /// The path is at a root again.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The path is at a root again unless it is on its way to a target.
    pub(super) fn clear_unknown(&mut self) {
        if self.root == 0 {
            self.clear();
        }
    }

    /// The path goes down.
    pub(super) fn push(&mut self, name: &'t [u8]) {
        self.grandparent = self.parent;
        self.parent = self.role;
        self.was_number = self.is_number;
        self.role = role(name);
        self.is_number = name
            .iter()
            .all(|byte| byte.is_ascii_digit() || b"[]-*?".contains(byte));
        self.last = name;
        if self.count == 0 {
            self.root = self.role;
        }
        self.count = self.count.saturating_add(1);
    }
}

/// What the names of a path name.
pub(super) fn worth(names: &Names<'_>) -> Worth {
    let is = |role: u64, of: u64| role & of != 0;
    let own = names.role;
    // Names that mean the same in every folder.
    if is(own, SECRET_FILE) || is(names.parent, SECRET_FOLDER) && is(own, KEY) {
        return Worth::Secret;
    }
    if is(own, FILE) && is(names.root, VAR) {
        return Worth::Secret;
    }
    if is(names.parent, ETC) && is(names.grandparent, DRIVERS) {
        return Worth::Sensitive;
    }
    if is(names.parent, SECRET_FOLDER | JAVA) || is(own, FILE) {
        return Worth::Sensitive;
    }
    if is(names.parent | names.grandparent, HIVES) && is(own, HIVE) {
        return Worth::Secret;
    }
    if is(names.root, ETC) {
        return of_etc(names);
    }
    if is(names.root, PROC) {
        return of_proc(names);
    }
    if is(names.root, VAR) && is(own, OF_VAR) && names.count == 2 {
        return Worth::Sensitive;
    }
    if is(names.root, VAR) && is(names.parent, SECRETS) {
        return Worth::Secret;
    }
    let is_server = is(names.root, SERVER) && names.count == 2;
    let is_windows = is(names.root, WINDOWS) && is(own, OF_WINDOWS) && names.count == 2;
    if is_server || is_windows || is(own, APPLICATION) {
        Worth::Own
    } else {
        Worth::Nothing
    }
}

fn of_etc(names: &Names<'_>) -> Worth {
    let is = |role: u64, of: u64| role & of != 0;
    match names.count {
        2 if is(names.role, OF_ETC) => Worth::Secret,
        2 => Worth::Sensitive,
        3 if is(names.parent, SECURITY) && !names.last.contains(&b'.') => Worth::Secret,
        _ => Worth::Nothing,
    }
}

fn of_proc(names: &Names<'_>) -> Worth {
    let is = |role: u64, of: u64| role & of != 0;
    match names.count {
        2 if is(names.role, OF_PROC) => Worth::Secret,
        3 if is(names.parent, SELF) || names.was_number => Worth::Secret,
        _ => Worth::Nothing,
    }
}

const ETC: u64 = 1;
const OF_ETC: u64 = 1 << 1;
const SECURITY: u64 = 1 << 2;
const PROC: u64 = 1 << 3;
const OF_PROC: u64 = 1 << 4;
const SELF: u64 = 1 << 5;
const VAR: u64 = 1 << 6;
const OF_VAR: u64 = 1 << 7;
const SECRETS: u64 = 1 << 8;
const WINDOWS: u64 = 1 << 9;
const OF_WINDOWS: u64 = 1 << 10;
const HIVES: u64 = 1 << 11;
const HIVE: u64 = 1 << 12;
const SERVER: u64 = 1 << 13;
const SECRET_FOLDER: u64 = 1 << 14;
const KEY: u64 = 1 << 15;
const SECRET_FILE: u64 = 1 << 16;
const FILE: u64 = 1 << 17;
const JAVA: u64 = 1 << 18;
const APPLICATION: u64 = 1 << 19;

const DRIVERS: u64 = 1 << 20;

const VOCABULARY: &Vocabulary = &[
    (ETC, "etc"),
    (
        OF_ETC,
        "passwd passwd- shadow shadow- shadow~ gshadow sudoers issue hosts.equiv master.passwd \
         group opasswd krb5.keytab",
    ),
    (SECURITY, "security"),
    (PROC, "proc"),
    (DRIVERS, "drivers"),
    (OF_PROC, "cmdline version kcore sched_debug"),
    (SELF, "self thread-self curproc"),
    (VAR, "var"),
    (
        OF_VAR,
        "task runtime log run spool www lib adm mail backups rapid",
    ),
    (SECRETS, "secrets serviceaccount"),
    (WINDOWS, "windows winnt"),
    (
        OF_WINDOWS,
        "system32 syswow64 repair win.ini system.ini php.ini panther debug system",
    ),
    (HIVES, "config repair regback"),
    (HIVE, "sam system security software ntds.dit"),
    (SERVER, "inetpub xampp wamp"),
    (
        SECRET_FOLDER,
        ".ssh .aws .git .svn .hg .docker .kube .gnupg .azure .gcloud",
    ),
    (
        KEY,
        "id_rsa id_dsa id_ecdsa id_ed25519 authorized_keys credentials secring.gpg",
    ),
    (
        SECRET_FILE,
        ".htpasswd .bash_history .mysql_history .psql_history .history .pgpass ntuser.dat \
         .netrc .pass .sh_history .zsh_history",
    ),
    (
        FILE,
        "boot.ini win.ini web.config applicationhost.config metabase.xml unattend.xml \
         sysprep.inf global.asa localstart.asp .env .htaccess .npmrc .bashrc .dockercfg \
         .git-credentials .passwd",
    ),
    (JAVA, "web-inf"),
    (
        APPLICATION,
        "wp-config.php config.php _config.php config.inc.php settings.php settings.py \
         database.yml secrets.yml parameters.yml credentials.json appsettings.json \
         lambda_function.py tomcat-users.xml server.xml httpd.conf",
    ),
];

static ROLES: Lexicon<256> = Lexicon::new(&[VOCABULARY]);

// Limit: the longest name of the vocabulary has 22 bytes.
const NAME_BYTES_MAX: usize = 24;

fn role(name: &[u8]) -> u64 {
    if name.len() > NAME_BYTES_MAX {
        return 0;
    }
    let hash = name
        .iter()
        .fold(WORD_SEED, |hash, byte| fold_byte(hash, *byte));
    ROLES.roles(hash)
}
