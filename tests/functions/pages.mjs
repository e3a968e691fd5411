// A function that shows what it was asked for, buffered and streamed.
// It never escapes anything unless its caller asks for that.
const signs = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escape = (text) => text.replace(/[&<>"']/g, (sign) => signs[sign]);

export const answer = (event) => {
  const { q: text = "", as, how } = event.queryStringParameters;
  const escaped = how === "escaped";
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
