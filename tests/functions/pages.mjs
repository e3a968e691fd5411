// A function that shows what it was asked for, buffered and streamed.
// It never escapes anything unless its caller asks for that.
const signs = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escape = (text) => text.replace(/[&<>"']/g, (sign) => signs[sign]);

const inScript = (text) => JSON.stringify(text).slice(1, -1).replaceAll("<", "\\u003c");
const letters = (text) => text.replace(/[^a-z0-9]/gi, "");

// Each place: what stands before the text and behind it, the type of it all, and what escapes.
const places = {
  quoted: ['<input value="', '">', "text/html", escape],
  single: ["<a title='", "'>x</a>", "text/html", escape],
  script: ['<script>var q = "', '";</script>', "text/html", inScript],
  link: ['<a href="', '">x</a>', "text/html", (text) => `/go?to=${encodeURIComponent(text)}`],
  style: ["<style>p { color: ", " }</style>", "text/html", escape],
  drawing: ["<svg><text>", "</text></svg>", "image/svg+xml", escape],
  call: ["", '({"a":1});', "text/javascript", letters],
};

// The text, from where its caller has put it.
const carriers = {
  cookie: (event) => decodeURIComponent(event.cookies[0].split("=")[1]),
  path: (event) => decodeURIComponent(event.rawPath.slice(1)),
  header: (event) => event.headers["x-name"],
  base64: (event) => Buffer.from(event.body, "base64").toString(),
  form: (event) => new URLSearchParams(event.body).get("q"),
  graphql: (event) => JSON.parse(event.body).variables.q,
};

export const answer = (event) => {
  const { q = "", as, how, in: carrier } = event.queryStringParameters;
  const text = carriers[carrier]?.(event) ?? q;
  const escaped = how === "escaped";
  if (as === "cookie") {
    const value = escaped ? encodeURIComponent(text) : text;
    return { statusCode: 200, body: "", cookies: [`last=${value}`] };
  }
  if (places[as]) {
    const [before, behind, kind, escapes] = places[as];
    const body = before + (escaped ? escapes(text) : text) + behind;
    return { statusCode: 200, headers: { "content-type": kind }, body };
  }
  const headers = { "content-type": "text/html; charset=utf-8" };
  if (as === "header") {
    const next = escaped ? encodeURIComponent(text) : text;
    return { statusCode: 302, headers: { location: `/next?${next}` }, body: "" };
  }
  if (as === "field") {
    const value = escaped ? `"${escape(text)}"` : text;
    return { statusCode: 200, headers, body: `<form><input name=q value=${value}></form>` };
  }
  const shown = escaped ? escape(text) : text;
  const body = `<!doctype html><title>Search</title><h1>Results for ${shown}</h1>\n`;
  return { statusCode: 200, headers, body };
};

// The same answer in pieces of some bytes, behind its prelude.
export const stream = async (event, stream, wait) => {
  const { statusCode, headers, body } = answer(event);
  const out = awslambda.HttpResponseStream.from(stream, { statusCode, headers });
  for (let at = 0; at < body.length; at += 7) {
    out.write(body.slice(at, at + 7));
    await wait(1);
  }
  return out;
};
