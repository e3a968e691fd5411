//! What the gate looks for on behalf of this rule.
//! It never decides anything: a signal only makes the detector look.
use crate::gate::Signals;
use crate::lexicon::Vocabulary;

/// The signals without which nothing is found.
pub(in crate::detector) const NEEDS: &[Signals] = &[
    Signals::OBJECTS,
    Signals::NAME.with(Signals::INTERNAL),
    // `'$type':'…'`, which no reader of JSON opens.
    Signals::INTERNAL.with(Signals::DOLLAR).with(Signals::QUOTE),
    Signals::INTERNAL
        .with(Signals::OBJECT)
        .with(Signals::QUOTE)
        .with(Signals::BRACE),
];

/// The words that show a signal; the gate shows it for the first bytes of streams, too.
pub(in crate::detector) const WORDS: &Vocabulary = &[
    (
        Signals::INTERNAL.bits(),
        "py class type useroverridesasstring",
    ),
    // Marks, tags, elements and packages.
    (
        Signals::OBJECTS.bits(),
        "python ruby func aaeaaad dynamic objectdataprovider objectinstance builtin yaml java \
     javax sun jdk objectweb bsh anteros logback clojure druid fastjson caucho ibatis mchange \
     mysql newrelic nqadmin opensymphony spy pastdev rometools xstream vaadin hikari flex \
     freemarker groovy ehcache json ognl oracle oadd apache hibernate jboss javascript quartz \
     springframework snakeyaml scala ibm jetty posixsubprocess expandedwrapper diagnostics \
     workflow windowsidentity claims assemblyinstaller resourcedictionary",
    ),
    // Modules of Python behind the opcodes that name them.
    (
        Signals::OBJECTS.bits(),
        "casyncio cbdb cbuiltins ccloudpickle ccode ccodeop ccommands cconcurrent ccprofile \
     cctypes cdill cdistutils cfunctools chttp chttplib cidlelib cimp cimportlib cmarshal \
     cmultiprocessing cnt coperator cos cpdb cpickle cpip cplatform cpopen cposix cpty cpydoc \
     crequests crunpy cshutil csocket csubprocess csys ctimeit ctypes cwebbrowser iasyncio \
     ibdb ibuiltins icloudpickle icode icodeop icommands iconcurrent icprofile ictypes idill \
     idistutils ifunctools ihttp ihttplib iidlelib iimp iimportlib imarshal imultiprocessing \
     int ioperator ios ipdb ipickle ipip iplatform ipopen iposix ipty ipydoc irequests irunpy \
     ishutil isocket isubprocess isys itimeit itypes iwebbrowser",
    ),
];
