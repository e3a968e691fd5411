//! Names of classes and modules: what their reconstruction is known to do.
//! It never guesses from a name alone: what no list knows is unknown.
use crate::report::Confidence;

/// What the reconstruction of a class is worth to an attacker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Worth {
    /// Collections, numbers and dates.
    Harmless,
    /// A class of the application, as far as anybody can tell.
    Unknown,
    /// Code that runs, files, addresses, or a step on the way there.
    Gadget,
}

impl Worth {
    /// What a finding is worth.
    pub(super) fn confidence(self) -> Option<Confidence> {
        match self {
            Self::Harmless => None,
            Self::Unknown => Some(Confidence::Medium),
            Self::Gadget => Some(Confidence::High),
        }
    }
}

/// True for a name of parts that dots join, the last of which is written as classes are.
pub(super) fn is_java_name(name: &[u8]) -> bool {
    let mut parts = 0_usize;
    let mut last: &[u8] = &[];
    for part in name.split(|byte| *byte == b'.') {
        let begins = part
            .first()
            .is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'$'));
        let is_name = part
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$'));
        if !begins || !is_name {
            return false;
        }
        parts = parts.saturating_add(1);
        last = part;
    }
    parts >= 2 && last.first().is_some_and(u8::is_ascii_uppercase)
}

/// The worth of a class of Java.
pub(super) fn java(name: &[u8]) -> Worth {
    if name.starts_with(b"java.") {
        let is_value = JAVA_VALUES.iter().any(|prefix| name.starts_with(prefix));
        return if is_value {
            Worth::Harmless
        } else {
            Worth::Gadget
        };
    }
    if is_java_gadget(name) {
        Worth::Gadget
    } else {
        Worth::Unknown
    }
}

/// True for packages of the platform, and for those of libraries that chains to running code go
/// through.
fn is_java_gadget(name: &[u8]) -> bool {
    let mut parts = name.split(|byte| *byte == b'.');
    let mut next = || parts.next().unwrap_or(&[]);
    let (first, second) = (next(), next());
    match (first, second) {
        (
            b"javax" | b"sun" | b"jdk" | b"bsh" | b"clojure" | b"freemarker" | b"groovy" | b"ognl"
            | b"oracle" | b"oadd",
            _,
        )
        | (
            b"com",
            b"sun" | b"caucho" | b"ibatis" | b"mchange" | b"mysql" | b"newrelic" | b"nqadmin"
            | b"opensymphony" | b"p6spy" | b"pastdev" | b"rometools" | b"vaadin",
        )
        | (b"flex", b"messaging")
        | (b"org", b"hibernate" | b"jboss" | b"python" | b"quartz" | b"springframework") => true,
        (b"org", b"apache") => {
            let (third, fourth) = (next(), next());
            is_apache_gadget(third, fourth)
        }
        (b"aj", b"org") => next() == b"objectweb",
        (b"br", b"com") => next() == b"anteros",
        (b"ch", b"qos") => next() == b"logback",
        (b"com", b"alibaba") => matches!(next(), b"druid" | b"fastjson"),
        (b"com", b"ibm") => next() == b"ws",
        (b"com", b"thoughtworks") => next() == b"xstream",
        (b"com", b"zaxxer") => next() == b"hikari",
        (b"net", b"sf") => matches!(next(), b"ehcache" | b"json"),
        (b"org", b"codehaus") => next() == b"groovy",
        (b"org", b"eclipse") => next() == b"jetty",
        (b"org", b"mozilla") => next() == b"javascript",
        (b"org", b"yaml") => next() == b"snakeyaml",
        (b"scala", b"sys") => next() == b"process",
        _ => false,
    }
}

/// The same behind `org.apache`.
fn is_apache_gadget(third: &[u8], fourth: &[u8]) -> bool {
    match third {
        b"commons" => matches!(
            fourth,
            b"beanutils"
                | b"collections"
                | b"collections4"
                | b"configuration"
                | b"configuration2"
                | b"dbcp"
                | b"dbcp2"
                | b"fileupload"
                | b"io"
                | b"jelly"
                | b"proxy"
        ),
        _ => matches!(
            third,
            b"activemq"
                | b"aries"
                | b"axis"
                | b"axis2"
                | b"bcel"
                | b"cocoon"
                | b"cxf"
                | b"hadoop"
                | b"ibatis"
                | b"log4j"
                | b"logging"
                | b"myfaces"
                | b"openjpa"
                | b"shiro"
                | b"tomcat"
                | b"velocity"
                | b"wicket"
                | b"xalan"
                | b"xbean"
        ),
    }
}

/// The worth of a type of .NET, which may have an assembly behind a comma.
pub(super) fn dotnet(name: &[u8]) -> Worth {
    let is_known = |list: &[&[u8]]| list.iter().any(|prefix| name.starts_with(prefix));
    if is_known(&DOTNET_GADGETS) {
        Worth::Gadget
    } else if is_known(&[b"System."]) {
        Worth::Harmless
    } else {
        Worth::Unknown
    }
}

/// The worth of a callable of Python: `module.name`, or a name that is built in.
pub(super) fn python(module: &[u8], name: &[u8]) -> Worth {
    let top = module.split(|byte| *byte == b'.').next().unwrap_or(&[]);
    if matches!(top, b"builtins" | b"__builtin__" | b"") {
        return if PYTHON_HARMLESS.contains(&name) {
            Worth::Harmless
        } else {
            Worth::Gadget
        };
    }
    if PYTHON_GADGETS.contains(&top) {
        Worth::Gadget
    } else if matches!(
        top,
        b"collections" | b"datetime" | b"decimal" | b"uuid" | b"fractions" | b"pathlib"
    ) {
        Worth::Harmless
    } else {
        Worth::Unknown
    }
}

/// The worth of a class of Ruby.
pub(super) fn ruby(name: &[u8]) -> Worth {
    let is_known = |list: &[&[u8]]| list.iter().any(|prefix| name.starts_with(prefix));
    if is_known(&RUBY_GADGETS) {
        Worth::Gadget
    } else if is_known(&RUBY_HARMLESS) {
        Worth::Harmless
    } else {
        Worth::Unknown
    }
}

/// Values that libraries write with their types.
const JAVA_VALUES: [&[u8]; 40] = [
    b"java.lang.Boolean",
    b"java.lang.Byte",
    b"java.lang.Character",
    b"java.lang.Double",
    b"java.lang.Enum",
    b"java.lang.Float",
    b"java.lang.Integer",
    b"java.lang.Long",
    b"java.lang.Number",
    b"java.lang.Short",
    b"java.lang.StackTraceElement",
    b"java.lang.String",
    b"java.lang.Exception",
    b"java.lang.RuntimeException",
    b"java.lang.Illegal",
    b"java.lang.NullPointerException",
    b"java.math.",
    b"java.time.",
    b"java.sql.Date",
    b"java.sql.Time",
    b"java.io.IOException",
    b"java.util.ArrayDeque",
    b"java.util.ArrayList",
    b"java.util.Arrays$",
    b"java.util.BitSet",
    b"java.util.Collections$",
    b"java.util.Date",
    b"java.util.EnumMap",
    b"java.util.GregorianCalendar",
    b"java.util.HashMap",
    b"java.util.HashSet",
    b"java.util.ImmutableCollections$",
    b"java.util.LinkedHash",
    b"java.util.LinkedList",
    b"java.util.Locale",
    b"java.util.Optional",
    b"java.util.TreeMap",
    b"java.util.TreeSet",
    b"java.util.UUID",
    b"java.util.concurrent.",
];

/// Types of .NET that run commands, load code, read files or wrap another stream.
const DOTNET_GADGETS: [&[u8]; 38] = [
    b"Microsoft.Exchange.",
    b"Microsoft.IdentityModel.",
    b"Microsoft.Management.",
    b"Microsoft.PowerShell.",
    b"Microsoft.VisualBasic.",
    b"Microsoft.VisualStudio.",
    b"Microsoft.Web.",
    b"System.Activities.",
    b"System.AddIn.",
    b"System.AppDomain",
    b"System.CodeDom.",
    b"System.Collections.Generic.SortedSet",
    b"System.Collections.Generic.ComparisonComparer",
    b"System.Collections.Hashtable",
    b"System.ComponentModel.Design",
    b"System.Configuration.",
    b"System.Data.",
    b"System.Delegate",
    b"System.Diagnostics.",
    b"System.Drawing.",
    b"System.DirectoryServices.",
    b"System.IdentityModel.",
    b"System.IO.",
    b"System.Management.",
    b"System.Messaging.",
    b"System.Net.",
    b"System.Reflection.",
    b"System.Resources.",
    b"System.Runtime.",
    b"System.Security.",
    b"System.ServiceModel.",
    b"System.UnitySerializationHolder",
    b"System.Web.",
    b"System.Windows.",
    b"System.Workflow.",
    b"System.Xaml.",
    b"System.Xml.",
    b"System.Activator",
];

/// Modules that run commands and code, and those that call what they are given.
const PYTHON_GADGETS: [&[u8]; 40] = [
    b"_posixsubprocess",
    b"asyncio",
    b"bdb",
    b"cProfile",
    b"cloudpickle",
    b"code",
    b"codeop",
    b"commands",
    b"concurrent",
    b"ctypes",
    b"dill",
    b"distutils",
    b"functools",
    b"http",
    b"httplib",
    b"idlelib",
    b"imp",
    b"importlib",
    b"marshal",
    b"multiprocessing",
    b"nt",
    b"operator",
    b"os",
    b"pdb",
    b"pickle",
    b"pip",
    b"platform",
    b"popen2",
    b"posix",
    b"pty",
    b"pydoc",
    b"requests",
    b"runpy",
    b"shutil",
    b"socket",
    b"subprocess",
    b"sys",
    b"timeit",
    b"types",
    b"webbrowser",
];

/// What is built in and does nothing when it is called.
const PYTHON_HARMLESS: [&[u8]; 18] = [
    b"bool",
    b"bytearray",
    b"bytes",
    b"complex",
    b"dict",
    b"float",
    b"frozenset",
    b"int",
    b"list",
    b"long",
    b"object",
    b"range",
    b"set",
    b"slice",
    b"str",
    b"tuple",
    b"unicode",
    b"xrange",
];

/// Classes of Ruby that chains to running code go through.
const RUBY_GADGETS: [&[u8]; 17] = [
    b"ActionController::Routing",
    b"ActionDispatch::",
    b"ActiveModel::AttributeMethods",
    b"ActiveSupport::Deprecation",
    b"DRb",
    b"ERB",
    b"Gem::DependencyList",
    b"Gem::Installer",
    b"Gem::Package",
    b"Gem::Request",
    b"Gem::Resolver",
    b"Gem::Source",
    b"Gem::SpecFetcher",
    b"Gem::StubSpecification",
    b"Net::",
    b"Rack::",
    b"Sprockets::",
];

/// Values that libraries write with their types, and what the format of gems has.
const RUBY_HARMLESS: [&[u8]; 14] = [
    b"ActiveSupport::",
    b"BigDecimal",
    b"Complex",
    b"Date",
    b"Gem::Dependency",
    b"Gem::Platform",
    b"Gem::Requirement",
    b"Gem::Specification",
    b"Gem::Version",
    b"Range",
    b"Rational",
    b"Regexp",
    b"Set",
    b"Time",
];
