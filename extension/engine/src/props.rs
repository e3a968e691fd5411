//! Properties of a whole inspection, over texts drawn at random.
//! They never look at time: work is counted in steps.
use alloc::string::String;
use alloc::vec::Vec;

use credenza_event::{Part, Role, Steps};

use crate::inspect::inspect_text_ungated;
use crate::report::{Confidence, Report};
use crate::{HashKey, inspect, inspect_text};

const KEY: HashKey = HashKey([7; 16]);

/// What texts of SQL are made of; common signs stand several times.
const PIECES: &str = "' ' ' n't O'Brien it's x'y collate div 's as \" \" ` ] [ ( ( ) ) , ; ; = = < > ! ~ + - * / % | & || && -- -- # /* \
    */ @ @@ : :: ? ?| @> -> ->> #> . .. 0 1 1 2 7 0x41 1.5 1e1 $ $$ \\ \\' '' N' x' q'[ ]' { } \
    a b id t users name - _ é \u{a0} or or and and xor not like in is between null true false \
    select select union union all distinct from from where having group order by limit case when \
    then else end as into values table exists any insert update delete drop create alter set \
    declare exec execute waitfor delay shutdown begin if while call do use show desc grant to on \
    database view index user procedure master..xp_cmdshell information_schema.tables \
    sqlite_master sleep( pg_sleep( benchmark( version() user() count(*) char( concat( cast( \
    substring( load_file( extractvalue( dbms_pipe.receive_message( outfile dumpfile regexp rlike \
    glob collate binary escape asc desc offset fetch rows only merge replace rename attach pragma \
    kill print raiserror bulk truncate grant revoke prepare copy vacuum handler explain \
    {__schema __type query{ mutation{ fragment on ...F {a{a{a{a @skip AKIA npm_ sk-ant- secretAccessKey ^(a+)+ bytes=0-0, (( 1e99999999 eyJhbGciOiJub25lIn0.eyJ. eyJ  \
    ${jndi: ldap: ${:- ${lower: ${upper: ${env: ${date:' } ${script:js: \
    http:// //127.1 169.254.169.254/ gopher:// file:/// //[::1] localhost @10.0.0.1 #@ \\\\@ \
    \r\n \n Set-Cookie:a=b Bcc:a@b HTTP/1.1\u{20}200 <html \
    {{ }} {% %} ${ #{ <% %> <# [= @( $x. #set($ {system( {php} __class__ __globals__ T(java.lang.X) \
    .constructor( 'constructor' .class.forName( getRuntime() |filter( |attr( request config ?new() \
    __proto__[ constructor.prototype. [__proto__] .prototype )( )(| )(& *)( (&( uid= cn=* \u{0} \
    //* /@* | ]/ ]| parent:: position() count( contains( name() string-length( doc('http: \
    $ne $where: [$gt] [$in] $or {\"$ne\": this. return sleep(5) db.runCommand( ||1==1 FLUSHALL SET \
    *1\r\n$8 begins_with( ALLOW FILTERING O:1:\"A\":1:{ a:1:{ !!python/object/apply:os.system \
    !ruby/object:Gem::Installer !!javax.script.A <object class=\"java.lang.A\" <dynamic-proxy \
    _$$ND_FUNC$$_( AAEAAAD/////AQAAAAAAAAA cos\nsystem\n(tR \u{80}\u{2} type=\"System.Diagnostics.Process";

/// What texts of markup and scripts are made of.
const MARKUP: &str = "< < > > </ /> / \" \" ' ' ` ( ( ) [ ] { } ; ; , = = + - & &# % \\ ! ? : # * \
    a x p 1 href= src= style= title= on onload= onerror onclick= onfoo= onmouseover='a()' \
    <a <img <svg <script <script> </script> <style> </style> <iframe <object <embed <base <meta \
    <link <xml <set <animate <use <!-- --> <![CDATA[ ]]> <!DOCTYPE <!ENTITY <!ATTLIST <? \
    javascript: vbscript: data:text/html, java script: feed: url( ]( expression( behavior: \
    -moz-binding: @import alert( alert confirm` prompt eval( fetch( open( print document cookie \
    .cookie window self top [ location location= this function constructor name new return \
    http:// https:// // file:/// SYSTEM PUBLIC CDATA &a; %a; document( php:function( msxsl:script \
    http://www.w3.org/2001/XInclude http://www.w3.org/1999/XSL/Transform include href='/a' \
    &lt; &gt; &#106; &colon; &Tab; \\u003c %3C next=//a.b =HYPERLINK( cmd|' !A0 @SUM( import";

/// What paths, command lines and programs are made of.
const SYSTEM: &str = "../ ..\\ .. / / \\ // ....// ..;/ %2%f \u{2215} \u{2024} \u{0} \u{1b}[2A : c:\\ ~ ./ ? ?? * \
    etc passwd etc/passwd /etc/shadow /proc/self/environ proc var/task windows/win.ini boot.ini .env \
    .ssh/id_rsa WEB-INF/web.xml config\\sam file: php://filter data:;base64,PD9w zip:// jar:file: ::$DATA \
    ; ; | | & && || ` ` $( ) <( >( { } , ' ' \" \" # $ $@ $IFS ${IFS} $X X= ^ \n \r\n + = > < <<< - -c -e -la /c \
    id ls cat whoami sleep 5 10.0.0.1 echo set env curl wget sh bash nc python3 powershell cmd.exe dir \
    type for %i in (a) do ping host top docker Get-Content frob calc.exe alias e=env \
    nohup ${PATH:0:1} $0 $((6*7)) \\n :(){ --upload-pack= ext::sh a@b.org a.txt %WINDIR% c$ <% request( \
    execute open start include import('fs') forName( ; program copy \
    n't O'Brien it's c'a't w'h x'y /bin/c?t /???/ who ami c at a word x7 npm git make if \
    system( exec( eval( assert( ( ) ( ) . -> :: system exec popen( os. require('fs') __import__( 'os' \
    getattr( __subclasses__( Runtime.getRuntime() ProcessBuilder( Function( atob( chr( md5( $_GET[ ${' \
    $a[ ] ('a') \"system\" <?php <?= <? ?> <!--#exec <!--#echo <esi:include --> cmd= /*a*/ %x( [php] process[";

/// A text of pieces: each number picks one, and whether a space follows it.
fn text_of(pieces: &str, picks: &[u16]) -> String {
    let pieces: Vec<&str> = pieces.split_whitespace().collect();
    let mut text = String::new();
    for pick in picks.iter().take(24) {
        let pick = usize::from(*pick);
        text.push_str(pieces[(pick >> 1) % pieces.len()]);
        if pick & 1 == 0 {
            text.push(' ');
        }
    }
    text
}

fn strongest(report: &Report) -> Option<Confidence> {
    report
        .findings
        .iter()
        .map(|finding| finding.confidence)
        .max()
}

#[test]
fn the_gate_hides_no_finding_in_any_text_of_sql() {
    bolero::check!().with_type::<Vec<u16>>().for_each(|picks| {
        let text = text_of(PIECES, picks);
        let bytes = text.as_bytes();
        let gated = inspect_text(bytes, Role::Query, Part::Value, &KEY);
        let ungated = inspect_text_ungated(bytes, Role::Query, Part::Value, &KEY);
        assert_eq!(strongest(&gated), strongest(&ungated), "{text}");
    });
}

#[test]
fn the_gate_hides_no_finding_in_any_text_of_markup() {
    bolero::check!().with_type::<Vec<u16>>().for_each(|picks| {
        let text = text_of(MARKUP, picks);
        let bytes = text.as_bytes();
        let gated = inspect_text(bytes, Role::Query, Part::Value, &KEY);
        let ungated = inspect_text_ungated(bytes, Role::Query, Part::Value, &KEY);
        assert_eq!(strongest(&gated), strongest(&ungated), "{text}");
    });
}

const OF_SYSTEM: [&str; 3] = ["path-traversal", "command-injection", "code-injection"];

/// What the rules of paths, commands and programs say.
fn verdicts(report: &Report) -> Vec<(&'static str, Confidence)> {
    let mut verdicts: Vec<_> = report
        .findings
        .iter()
        .map(|finding| (finding.rule.id, finding.confidence))
        .filter(|(rule, _)| OF_SYSTEM.contains(rule))
        .collect();
    verdicts.sort_unstable();
    verdicts
}

#[test]
fn the_gate_hides_no_finding_in_any_text_of_paths_commands_and_programs() {
    bolero::check!().with_type::<Vec<u16>>().for_each(|picks| {
        let text = text_of(SYSTEM, picks);
        let bytes = text.as_bytes();
        let gated = inspect_text(bytes, Role::Query, Part::Value, &KEY);
        let ungated = inspect_text_ungated(bytes, Role::Query, Part::Value, &KEY);
        assert_eq!(verdicts(&gated), verdicts(&ungated), "{text}");
    });
}

#[test]
fn the_gate_hides_no_finding_in_any_bytes() {
    bolero::check!().for_each(|text: &[u8]| {
        let gated = inspect_text(text, Role::Body, Part::Value, &KEY);
        let ungated = inspect_text_ungated(text, Role::Body, Part::Value, &KEY);
        assert_eq!(
            strongest(&gated),
            strongest(&ungated),
            "{}",
            text.escape_ascii()
        );
    });
}

#[test]
fn any_event_is_inspected_within_its_steps() {
    bolero::check!().for_each(|event: &[u8]| {
        let steps = Steps::for_bytes(event.len());
        let report = inspect(event, steps, &KEY);
        assert!(report.steps <= steps.left());
        assert_eq!(report.bytes, event.len() as u64);
    });
}
