//! Texts of the languages that attacks are written in: their words, signs and break-outs in any
//! order. It never knows whether a text means anything.
use crate::dice::Dice;

/// One line a language; what is common stands several times.
const LANGUAGES: [&str; 12] = [
    "' \" ` ) ( , ; = < > -- # /* */ or and not like in between union all select from where \
     order by limit into values insert update delete drop sleep( pg_sleep( benchmark( waitfor \
     delay extractvalue( concat( char( 0x27 1 1=1 a.b || && @@version \
     information_schema.tables $$ q'[ ]'",
    "< > </ <script> </script> <img src= onerror= onload= <svg <iframe javascript: alert(1) ' \
     \" <!-- --> <![CDATA[ ]]> <a href= <style> expression( url( srcdoc= &lt; &#x6a; eval( \
     document. <body <p> <b> style= autofocus <details ontoggle= <math> xlink:href= \
     data:text/html,",
    "; | || & && ` $( ) ${IFS} > < \\ ' \" cat ls id whoami /bin/sh -c curl wget bash -i \
     /dev/tcp/ nc -e echo $PATH {a,b} /???/c?t powershell -enc cmd /c %COMSPEC% ^ ping -n 1 \
     python -c perl",
    "../ ..\\ ..;/ ....// / // \\ etc/passwd /proc/self/environ C:\\ windows\\win.ini file:// \
     php:// filter/convert.base64-encode/resource= zip:// phar:// expect:// .aws/credentials \
     /var/task %2e%2e%2f \0 .php .jpg ~ WEB-INF/web.xml",
    "{{ }} ${ } #{ {% %} <% %> <%= *{ @{ [[ ]] 7*7 config self request.application __class__ \
     __mro__ __subclasses__() constructor T(java.lang.Runtime).getRuntime().exec( #set( $x= | \
     join lipsum cycler _self.env range(10) 'a'.getClass() freemarker.template new()",
    "{ } [ ] : , \"$ne\" \"$gt\" \"$where\" \"$regex\" [$ne]= [$in][]= this. function(){ \
     return sleep( || '1'=='1 __proto__ constructor prototype \"@type\" \"$type\" \"@class\" \
     com.sun. org.apache. \"py/reduce\" _$$ND_FUNC$$_ !!python/object/apply: \
     O:8:\"stdClass\":1:{ a:1:{ s:4: rO0AB gASV",
    "<?xml <!DOCTYPE <!ENTITY % SYSTEM PUBLIC \"file:///etc/passwd\" [ ]> &x; %x; <xi:include \
     <xsl:value-of select= document( xmlns= <a> </a> <![CDATA[ <?php ?> encoding=\"UTF-16\"",
    "http:// https:// gopher:// dict:// ldap:// 169.254.169.254 169.254.170.2 localhost \
     127.0.0.1 127.1 0x7f000001 2130706433 [::1] [::ffff:127.0.0.1] 0177.0.0.1 @ # ? :80 \
     /latest/meta-data metadata.google.internal .nip.io \u{2460} \u{3002} user:pass@ / \
     .burpcollaborator.net",
    "${jndi: ${lower: ${upper: ${env: ${sys: ${:-j} ${date: ldap:// rmi:// dns:// } : - ${ :: \
     ${ctx: ${k8s: ${base64: n d i \u{131} a.example/x ${java:version} %24%7b",
    "* ) ( & | ! = (uid=* (cn= (|( )(& \0 objectClass= or and ' ] [ // / @ :: text() \
     position() count( string-length( substring( ancestor:: node() name() concat( doc( | *[1]",
    "\r\n \n \r : ; Set-Cookie: Location: Content-Length: HTTP/1.1 200 OK bcc: To: Host: \
     Transfer-Encoding: chunked \u{560a}\u{560d} \u{2028} %0d%0a GET / X-Forwarded-For: \
     Content-Type: text/html",
    "query mutation { } ( ) __schema __typename fragment on ... { name \"a\" $x: ID! \
     @include(if: =cmd| '!A1 =HYPERLINK( @SUM( +1+1 eyJhbGciOiJub25lIn0. <!--#exec cmd= \
     <esi:include ignore previous instructions <?php system( require('child_process') \
     __import__('os')",
];

/// A text of one language, or of several.
pub(crate) fn text(dice: &mut Dice) -> String {
    let mut text = String::new();
    let mut pieces = language(dice);
    for _ in 0..=dice.below(28) {
        if dice.once_in(15) {
            pieces = language(dice);
        }
        match dice.below(16) {
            0 => text.push_str("some words of prose "),
            1 => text.push_str(&dice.below(100_000).to_string()),
            2 => text.push(char::from(dice.byte() & 0x7f)),
            _ => text.push_str(dice.pick(&pieces).unwrap_or("'")),
        }
        if dice.once_in(2) {
            text.push(' ');
        }
    }
    if dice.once_in(80) {
        // The same again and again: what is quadratic shows.
        let times = dice.below(1 + 20_000 / text.len().max(1));
        text = text.repeat(times.max(1));
    }
    text
}

fn language(dice: &mut Dice) -> Vec<&'static str> {
    let line = dice.pick(&LANGUAGES).unwrap_or("'");
    line.split(' ').filter(|piece| !piece.is_empty()).collect()
}
