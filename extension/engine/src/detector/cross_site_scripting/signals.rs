//! What the gate looks for on behalf of this rule, and the words that mean something to a browser.
//! It never decides anything: a signal only makes the detector look.
use crate::gate::Signals;
use crate::lexicon::{Lexicon, Vocabulary, fold_word};

/// The signals without which nothing is found.
pub(in crate::detector) const NEEDS: &[Signals] = &[
    Signals::LESS.with(Signals::EQUALS),
    Signals::LESS.with(Signals::ELEMENT),
    Signals::EVENT.with(Signals::EQUALS),
    Signals::SCRIPT.with(Signals::QUOTE),
    Signals::SCRIPT.with(Signals::PARENTHESIS),
    Signals::SCRIPT.with(Signals::EQUALS),
    Signals::SCHEME.with(Signals::SLASH),
    Signals::SCHEME.with(Signals::PARENTHESIS),
    Signals::SCHEME.with(Signals::EQUALS),
    Signals::SCHEME.with(Signals::QUOTE),
    Signals::SCHEME.with(Signals::SCRIPT),
    Signals::BRACKET.with(Signals::PARENTHESIS),
];

/// Elements that load or run something, whatever attributes they have.
const LOADING: &str = "iframe frame object embed applet layer ilayer portal fencedframe vmlframe";

/// Words that make a browser do something when they are called, and that nobody else calls so.
const SINKS: &str = "alert confirm prompt eval execscript settimeout setinterval setimmediate \
    requestanimationframe queuemicrotask importscripts getscript sendbeacon globaleval msgbox \
    activexobject xmlhttprequest";

/// The same, with names that other languages have, too.
const SHARED_SINKS: &str = "print function fetch open import write writeln postmessage execute \
    expression websocket eventsource atob image constructor";

/// Global objects.
const ROOTS: &str = "document window self top parent frames globalthis location this opener \
    navigator localstorage sessionstorage";

/// Members through which a page is changed, left or read out.
const ACTIONS: &str = "cookie innerhtml outerhtml href insertadjacenthtml srcdoc domain onerror \
    src appendchild fromcharcode";

/// Schemes whose URLs run.
const SCHEMES: &str = "javascript vbscript livescript mocha data binding behavior mhtml";

/// Handlers of events, as browsers have had them.
const EVENTS: &str = "onabort onactivate onafterprint onafterupdate onanimationcancel \
    onanimationend onanimationiteration onanimationstart onauxclick onbeforeactivate onbeforecopy \
    onbeforecut onbeforeinput onbeforematch onbeforepaste onbeforeprint onbeforetoggle \
    onbeforeunload onbegin onblur onbounce oncancel oncanplay oncanplaythrough onchange onclick \
    onclose oncontextmenu oncopy oncuechange oncut ondblclick ondrag ondragend ondragenter \
    ondragexit ondragleave ondragover ondragstart ondrop ondurationchange onemptied onend onended \
    onerror onfilterchange onfinish onfocus onfocusin onfocusout onformchange onforminput \
    onfullscreenchange ongotpointercapture onhashchange oninput oninvalid onkeydown onkeypress \
    onkeyup onload onloadeddata onloadedmetadata onloadend onloadstart onlostpointercapture \
    onmessage onmousedown onmouseenter onmouseleave onmousemove onmouseout onmouseover onmouseup \
    onmousewheel onoffline ononline onpagehide onpageshow onpaste onpause onplay onplaying \
    onpointercancel onpointerdown onpointerenter onpointerleave onpointermove onpointerout \
    onpointerover onpointerrawupdate onpointerup onpopstate onprogress onpropertychange \
    onratechange onreadystatechange onrepeat onreset onresize onscroll onscrollend onsearch \
    onseeked onseeking onselect onselectionchange onselectstart onshow onslotchange onstalled \
    onstart onstorage onsubmit onsuspend ontimeupdate ontoggle ontouchcancel ontouchend \
    ontouchmove ontouchstart ontransitioncancel ontransitionend ontransitionrun \
    ontransitionstart onunhandledrejection onunload onvolumechange onwaiting onwheel";

/// The words that show a signal.
pub(in crate::detector) const WORDS: &Vocabulary = &[
    (Signals::ELEMENT.bits(), LOADING),
    (
        Signals::ELEMENT.bits(),
        "script style base link meta import xml isindex handler wbr",
    ),
    (Signals::EVENT.bits(), EVENTS),
    (Signals::SCRIPT.bits(), SINKS),
    (Signals::SCRIPT.bits(), SHARED_SINKS),
    (Signals::SCRIPT.bits(), ROOTS),
    // `<` in an encoding of seven bits.
    (Signals::SCRIPT.bits(), "adw"),
    (Signals::SCHEME.bits(), SCHEMES),
];

/// A call of it has an effect.
pub(super) const SINK: u64 = 1;
/// A call of it has an effect in other languages, too.
pub(super) const SHARED: u64 = 1 << 6;
/// A global object.
pub(super) const ROOT: u64 = 1 << 1;
/// A member with an effect.
pub(super) const ACTION: u64 = 1 << 2;
/// A word of the language.
pub(super) const KEYWORD: u64 = 1 << 3;
/// A handler of an event.
pub(super) const EVENT: u64 = 1 << 4;
/// An element that loads something.
pub(super) const LOAD: u64 = 1 << 5;

static ROLES: Lexicon<512> = Lexicon::new(&[&[
    (SINK, SINKS),
    (SINK | SHARED, SHARED_SINKS),
    (ROOT, ROOTS),
    (ACTION, ACTIONS),
    (EVENT, EVENTS),
    (LOAD, LOADING),
    (
        KEYWORD,
        "var let const new return typeof void in of instanceof if else for while do throw \
         function delete async await yield with try catch finally case default switch break \
         continue class extends",
    ),
]]);

/// The roles of a word in scripts and markup.
pub(super) fn roles(word: &[u8]) -> u64 {
    ROLES.roles(fold_word(word))
}
