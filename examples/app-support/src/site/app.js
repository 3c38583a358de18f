// Sends what a form holds as JSON, and shows what the server says when it refuses.
async function send(method, path, fields) {
  const init = { method, headers: { accept: "application/json" } };
  if (fields) {
    init.headers["content-type"] = "application/json";
    init.body = JSON.stringify(fields);
  }
  const answer = await fetch(path, init);
  if (answer.ok) return answer.status;
  const { detail } = await answer.json().catch(() => ({ detail: answer.statusText }));
  const problems = Array.isArray(detail) ? detail.map((field) => `${field.loc.at(-1)}: ${field.msg}`) : [];
  throw new Error(problems.join("; ") || detail.reason || detail);
}

function say(text) {
  document.querySelector("[role=alert]").textContent = text;
}

async function act(work, next) {
  try {
    const news = await work();
    if (news) say(news);
    else if (next) location.assign(next);
    else location.reload();
  } catch (problem) {
    say(problem.message);
  }
}

const CHECK_MAIL = "If this address may be used here, a mail is on its way to it.";

for (const form of document.querySelectorAll("form[data-post]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(form));
    const { post, then, token, next } = form.dataset;
    if (token !== undefined) fields.token = new URLSearchParams(location.search).get("token");
    act(async () => {
      if ((await send("POST", post, fields)) === 202) return CHECK_MAIL;
      if (then) await send("POST", then, fields);
    }, next);
  });
}

for (const button of document.querySelectorAll("button[data-post]")) {
  button.addEventListener("click", () => act(async () => void (await send("POST", button.dataset.post))));
}

for (const button of document.querySelectorAll("button[data-delete]")) {
  button.addEventListener("click", () => act(async () => void (await send("DELETE", button.dataset.delete))));
}
