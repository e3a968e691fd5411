//! The commands that an injection runs, and what their arguments look like.
//! It never holds names that nobody injects: most commands of a system are not here.
use super::word::{self, Word};
use crate::lexicon::{Lexicon, Shapes, Vocabulary, WORD_SEED, fold_byte};

/// What is known of a command by its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Kind(u64);

impl Kind {
    /// A name that is no word of any language.
    pub(super) const SURE: Self = Self(1);
    /// A name of few letters, which other things have, too.
    pub(super) const SHORT: Self = Self(1 << 1);
    /// A name that is an English word.
    pub(super) const WORD: Self = Self(1 << 2);
    /// It reads or changes files.
    pub(super) const FILES: Self = Self(1 << 3);
    /// It takes a number.
    pub(super) const NUMBER: Self = Self(1 << 4);
    /// It speaks to other hosts.
    pub(super) const NET: Self = Self(1 << 5);
    /// It runs program text.
    pub(super) const CODE: Self = Self(1 << 6);
    /// It reads commands.
    pub(super) const SHELL: Self = Self(1 << 7);
    /// Its first argument is a word that it knows.
    pub(super) const TAKES_WORD: Self = Self(1 << 8);
    /// Such a word.
    pub(super) const WORD_TAKEN: Self = Self(1 << 9);
    /// A keyword of shells, or a command that only scripts and consoles have.
    pub(super) const SCRIPT: Self = Self(1 << 10);
    /// It takes any text.
    pub(super) const TEXT: Self = Self(1 << 11);

    /// It only changes what goes through it, as pipes of scripts do.
    pub(super) const FILTER: Self = Self(1 << 12);
    /// It runs the command that its arguments name.
    pub(super) const RUNS: Self = Self(1 << 13);
    /// What is asked first where a command may run: who, and where.
    pub(super) const PROBE: Self = Self(1 << 14);
    /// A tool that a value names often, and a command only where nothing but a sign precedes it.
    pub(super) const TOOL: Self = Self(1 << 15);
    /// A verb that begins the names of PowerShell's commands.
    pub(super) const CMDLET_VERB: Self = Self(1 << 16);
    /// A tool whose name is an English word.
    pub(super) const ENGLISH: Self = Self(1 << 18);
    /// It needs no arguments.
    pub(super) const LONE: Self = Self(1 << 19);
    /// With arguments it changes the shell that it runs in, and nothing else.
    pub(super) const SETS: Self = Self(1 << 20);
    /// Taken for a command because of where it stands.
    pub(super) const GUESS: Self = Self(1 << 17);

    /// True if anything of `other` is known of it.
    pub(super) fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Both.
    pub(super) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// True for the name of a command that an injection runs.
    pub(super) fn is_command(self) -> bool {
        self.any(Self(
            Self::SURE.0 | Self::SHORT.0 | Self::WORD.0 | Self::GUESS.0,
        ))
    }
}

/// What is known of a command.
pub(super) fn kind(word: &Word<'_>) -> Kind {
    let is_variable = matches!(word.text.first(), Some(b'$' | b'%'));
    if is_variable && is_shell_variable(word.text) {
        return Kind::SURE.with(Kind::SHELL).with(Kind::CODE);
    }
    let name = word.name();
    let name = match name.split_last_chunk::<4>() {
        Some((stem, b".exe" | b".com" | b".bat" | b".cmd")) => stem,
        _ => name,
    };
    // A variable that is not set, behind the name.
    let name = name.strip_suffix(b"$").unwrap_or(name);
    let found = of_name(name);
    if found != Kind::default() || !name.ends_with(b"}") && !ends_in_digit(name) {
        return found;
    }
    let letters = name.iter().take_while(|byte| byte.is_ascii_alphabetic());
    let found = of_name(name.get(..letters.count()).unwrap_or_default());
    // `python3.11`, `perl5`.
    if found.any(Kind::CODE) {
        found
    } else {
        Kind::default()
    }
}

fn ends_in_digit(name: &[u8]) -> bool {
    name.last().is_some_and(u8::is_ascii_digit)
}

pub(super) fn is_shell_variable(text: &[u8]) -> bool {
    [
        b"$SHELL".as_slice(),
        b"${SHELL}",
        b"%COMSPEC%",
        b"$BASH",
        b"$0",
    ]
    .iter()
    .any(|known| text.eq_ignore_ascii_case(known))
}

/// True for a text that begins with a command and what it is told, or with one that asks who.
pub(in crate::detector) fn names_command(text: &[u8]) -> bool {
    let word = word::read(text, 0, 0);
    let known = kind(&word);
    let is_told = text.get(word.end) == Some(&b' ') && known.is_command();
    is_told || known.any(Kind::PROBE) || known.any(Kind::SURE) && !known.any(Kind::CODE)
}

/// What is known of a name.
pub(super) fn of_name(name: &[u8]) -> Kind {
    let hash = name
        .iter()
        .fold(WORD_SEED, |hash, byte| fold_byte(hash, *byte));
    Kind(ROLES.roles(hash))
}

/// The names, for the gate, too.
pub(super) const SURE: &str = "whoami ifconfig uname systeminfo ipconfig netstat printenv nslookup \
    tasklist hostname getent lsof mkfifo zcat xxd hexdump strace arp iptables crontab visudo \
    tac rev chmod chown mkdir rmdir vssadmin schtasks taskkill qwinsta bcdboot regedit \
    nohup setsid stdbuf unshare chroot chgrp lsblk lscpu lsusb lspci lsmod killall pkill pgrep \
    poweroff useradd usermod userdel groupadd groupdel findstr wscript cscript msiexec tcpdump \
    nmap dmesg sysctl modprobe insmod rmmod dpkg mknod getfacl setfacl \
    xxencode uuencode uudecode bunzip2 gunzip unxz inotifywait journalctl attrib icacls \
    takeown forfiles nltest";
const SURE_NET: &str = "wget curl certutil bitsadmin ncat netcat socat tftp dig mshta iwr \
    fetch lwp-download rundll32 regsvr32 tracert";
const SURE_CODE: &str =
    "python perl ruby php node nodejs lua awk gawk tclsh powershell pwsh iex osascript";
const SURE_SHELL: &str =
    "bash sh zsh ksh csh tcsh dash ash busybox cmd command.com invoke-expression";
const SURE_FILES: &str = "base64 base32 zstdcat bzcat xzcat zless zmore egrep fgrep";
const SHORT_FILES: &str = "ls rm cp mv dd df du od nl vi sed grep dir del";
const SHORT: &str = "id ps pwd env sudo gdb c89 c99 gcc cc";
const SHORT_NET: &str = "nc ssh ftp scp";
const WORD_FILES: &str = "cat find head tail sort more less cut type copy touch tee split \
    strings file \
    ln tar zip gzip cd";
const WORD_NUMBER: &str = "sleep kill timeout";
const WORD_NET: &str = "ping telnet host traceroute";
const WORD_TAKES: &str = "net netsh reg wmic sc";
const WORD_TEXT: &str = "echo printf expr";
const WORDS: &str = "set date time at who which last top free export alias eval exec source trap \
    flock watch nice mail test xargs history shutdown reboot halt start su man locate";
const TAKEN: &str = "user localgroup group view share use accounts firewall advfirewall wlan \
    interface \
    add query delete export process service os useraccount call stop start aux auxf -ef";
const SCRIPT: &str = "if then else elif fi for while until do done case esac in function return \
    local readonly declare npm npx yarn pnpm bun git docker make cargo go pip apt apt-get yum \
    dnf apk \
    brew cmake mvn gradle kubectl helm terraform aws gcloud az systemctl service run entrypoint \
    script command install tsc jest eslint vite rollup webpack rimraf ninja meson";

const RUNS: &str = "command builtin exec eval nohup setsid stdbuf unshare chroot time timeout \
    nice watch sudo env xargs busybox flock su invoke-expression iex";
const TOOL: &str = "aptitude apt apt-get yum dnf apk brew rpm pip npm yarn git svn hg docker \
    podman kubectl helm terraform aws gcloud az umount ip ss passwd systemctl journalctl htop vim \
    nano ed ver calc notepad mspaint fmt pr comm cmp tr uniq pidof ulimit tty tmux openssl gpg \
    mysql psql sqlite3 redis-cli mongo unzip rar ar rsync busctl loginctl lsns mailx sendmail \
    rlogin rsh rexec aria2c axel irm gci compgen declare typeset smbclient \
    ldapsearch ansible ansible-playbook chef-client facter vagrant \
    ffmpeg pandoc iconv cpio ltrace gpasswd chpasswd chsh uptime readlink realpath mktemp mknod";
const TOOL_ENGLISH: &str = "snap gem cargo make mount route free groups service ex paste fold join \
    diff patch tree jobs call where pushd finger users screen zip mail logger wall talk puppet at \
    batch";
const CMDLET_VERBS: &str = "add clear convert copy enter export find get import invoke measure \
    move new out read remove rename resolve restart select send set start stop test update \
    write";

const VOCABULARY: &Vocabulary = &[
    (Kind::SURE.0, SURE),
    (Kind::SURE.0 | Kind::NET.0, SURE_NET),
    (Kind::SURE.0 | Kind::CODE.0, SURE_CODE),
    (Kind::SURE.0 | Kind::SHELL.0 | Kind::CODE.0, SURE_SHELL),
    (Kind::SURE.0 | Kind::FILES.0, SURE_FILES),
    (Kind::SHORT.0 | Kind::FILES.0, SHORT_FILES),
    (Kind::SHORT.0, SHORT),
    (Kind::SHORT.0 | Kind::NET.0, SHORT_NET),
    (Kind::WORD.0 | Kind::FILES.0, WORD_FILES),
    (Kind::WORD.0 | Kind::NUMBER.0, WORD_NUMBER),
    (Kind::WORD.0 | Kind::NET.0, WORD_NET),
    (Kind::WORD.0 | Kind::TAKES_WORD.0, WORD_TAKES),
    (Kind::WORD.0 | Kind::TEXT.0, WORD_TEXT),
    (Kind::WORD.0, WORDS),
    (Kind::TAKES_WORD.0, "ps"),
    (Kind::WORD_TAKEN.0, TAKEN),
    (Kind::SCRIPT.0, SCRIPT),
    (
        Kind::FILTER.0,
        "grep egrep fgrep sort head tail cut sed awk gawk less more xargs tee base64 xxd od tr \
         uniq fold nl comm join",
    ),
];

/// What is known of names by their place alone.
const BY_PLACE: &Vocabulary = &[
    (Kind::RUNS.0, RUNS),
    (Kind::PROBE.0, "id ls pwd whoami uname"),
    (
        Kind::LONE.0,
        "set date who history export alias reboot shutdown poweroff halt",
    ),
    (Kind::SETS.0, "export cd source trap alias"),
    (Kind::TOOL.0, TOOL),
    (Kind::TOOL.0 | Kind::ENGLISH.0, TOOL_ENGLISH),
    (Kind::CMDLET_VERB.0, CMDLET_VERBS),
];

static ROLES: Lexicon<1024> = Lexicon::new(&[VOCABULARY, BY_PLACE]);

static SHAPES: Shapes = Shapes::of(&[VOCABULARY]);

/// True if a run of letters is as long as a known name that begins and ends like it.
#[inline]
pub(super) fn may_be_known(letters: &[u8]) -> bool {
    SHAPES.fit(letters)
}

/// The names of all commands, for the gate.
pub(super) const NAMES: [&str; 14] = [
    SURE,
    SURE_NET,
    SURE_CODE,
    SURE_SHELL,
    SURE_FILES,
    SHORT_FILES,
    SHORT,
    SHORT_NET,
    WORD_FILES,
    WORD_NUMBER,
    WORD_NET,
    WORD_TAKES,
    WORD_TEXT,
    WORDS,
];
