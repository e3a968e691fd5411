//! What is known of scanners: their names, what they ask for, where they wait to be called.
//! It never decides anything: where a word stands is the detector's business.
use crate::gate::Signals;
use crate::lexicon::Vocabulary;

/// The signals without which nothing is looked at.
pub(in crate::detector) const NEEDS: &[Signals] = &[Signals::SCANNER];

/// The words that show a signal: one of each name, path and zone below.
pub(in crate::detector) const WORDS: &Vocabulary = &[(
    Signals::SCANNER.bits(),
    "sqlmap nikto nuclei masscan zgrab arachni havij acunetix netsparker appscan webinspect w \
     wpscan nmap gobuster dirbuster feroxbuster ffuf fool wfuzz commix xsser joomscan whatweb \
     openvas nessus qualys zaproxy zap jaeles skipfish sqlninja fimap hydra censysinspect zmap \
     explore vega grendel jbrofuzz dirsearch xspear dalfox rustbuster burpsuite projectdiscovery \
     git env svn hg ds wp xmlrpc actuator phpmyadmin pma server phpunit ignition hnap boaform \
     solr manager cgi jenkins telescope pprof jmx wlwmanifest aws ssh htpasswd phpinfo adminer \
     eval vscode bash \
     oastify burpcollaborator interact oast dnslog ceye canarytokens bxss requestbin",
)];

/// Names of tools, as they give them.
pub(super) const TOOLS: [&str; 46] = [
    "sqlmap",
    "nikto",
    "nuclei",
    "masscan",
    "zgrab",
    "arachni",
    "havij",
    "acunetix",
    "netsparker",
    "appscan",
    "webinspect",
    "w3af",
    "wpscan",
    "nmap",
    "gobuster",
    "dirbuster",
    "feroxbuster",
    "ffuf",
    "fool",
    "wfuzz",
    "commix",
    "xsser",
    "joomscan",
    "whatweb",
    "openvas",
    "nessus",
    "qualys",
    "zaproxy",
    "zap",
    "jaeles",
    "skipfish",
    "sqlninja",
    "fimap",
    "hydra",
    "censysinspect",
    "zmap",
    "l9explore",
    "vega",
    "grendel",
    "jbrofuzz",
    "dirsearch",
    "xspear",
    "dalfox",
    "rustbuster",
    "burpsuite",
    "projectdiscovery",
];

/// Ends of paths, and starts of paths that end in a slash, that only a search for holes asks for.
pub(super) const PROBES: [&str; 40] = [
    "/.git/head",
    "/.git/config",
    "/.git/index",
    "/.env",
    "/.env.local",
    "/.env.production",
    "/.svn/entries",
    "/.svn/wc.db",
    "/.hg/store",
    "/.ds_store",
    "/.aws/credentials",
    "/.ssh/id_rsa",
    "/.htpasswd",
    "/.bash_history",
    "/.vscode/sftp.json",
    "/wp-login.php",
    "/wp-config.php",
    "/wp-config.php.bak",
    "/wlwmanifest.xml",
    "/xmlrpc.php",
    "/wp-admin/setup-config.php",
    "/actuator/env",
    "/actuator/heapdump",
    "/actuator/gateway/routes",
    "/phpmyadmin/",
    "/pma/",
    "/server-status",
    "/phpinfo.php",
    "/adminer.php",
    "/vendor/phpunit/",
    "/_ignition/execute-solution",
    "/hnap1/",
    "/boaform/",
    "/solr/admin/",
    "/manager/html",
    "/cgi-bin/",
    "/jenkins/script",
    "/telescope/requests",
    "/debug/pprof/",
    "/jmx-console/",
];
