// Sends what a form holds as JSON, and shows what the server says when it refuses.
async function send(method, path, fields) {
  const init = { method, headers: { accept: "application/json" } };
  if (fields) {
    init.headers["content-type"] = "application/json";
    init.body = JSON.stringify(fields);
  }
  const answer = await fetch(path, init);
  if (answer.ok) return answer.status;
  const { detail, message } = await answer.json().catch(() => ({ detail: answer.statusText }));
  if (answer.status === 429) throw new Error(later(Number(answer.headers.get("retry-after"))));
  const problems = Array.isArray(detail) ? detail.map((field) => `${field.loc.at(-1)}: ${field.msg}`) : [];
  throw new Error(problems.join("; ") || message || detail.reason || WORDS[detail] || detail);
}

// What the codes mean to people. Codes without words here are shown as they are.
const WORDS = {
  LOGIN_BAD_CREDENTIALS: "The name or the password is wrong.",
  LOGIN_USER_NOT_VERIFIED: "Confirm your address first: a link was mailed to you.",
  REGISTER_USER_ALREADY_EXISTS: "There is an account with this address. Log in, or ask for a new password.",
  REGISTRATION_DISABLED: "Nobody can register here.",
  CHANGE_PASSWORD_BAD_PASSWORD: "The present password is wrong.",
  REAUTHENTICATION_REQUIRED: "Log in again first: this needs a recent login.",
  VERIFY_USER_ALREADY_VERIFIED: "This address is confirmed already.",
  VERIFY_USER_BAD_TOKEN: "This link does not work any more. Ask for a new one.",
  RESET_PASSWORD_BAD_TOKEN: "This link does not work any more. Ask for a new one.",
  CHANGE_EMAIL_BAD_TOKEN: "This link does not work any more. Ask for a new one.",
  MAGIC_LINK_BAD_TOKEN: "This link does not work any more. Ask for a new one.",
  UPDATE_USER_EMAIL_ALREADY_EXISTS: "Somebody else has this address by now.",
  OVERLOADED: "The server is busy. Try again in a moment.",
};

function later(seconds) {
  const minutes = Math.ceil(seconds / 60);
  return `That was too often. Try again in ${seconds < 60 ? `${seconds} seconds` : `${minutes} minutes`}.`;
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
    const { post, then, token, next, done } = form.dataset;
    if (token !== undefined) fields.token = new URLSearchParams(location.search).get("token");
    act(async () => {
      if ((await send("POST", post, fields)) === 202) return CHECK_MAIL;
      if (then) await send("POST", then, fields);
      if (done) return done;
    }, next);
  });
}

for (const button of document.querySelectorAll("button[data-post]")) {
  button.addEventListener("click", () => act(async () => void (await send("POST", button.dataset.post))));
}

for (const button of document.querySelectorAll("button[data-delete]")) {
  button.addEventListener("click", () => act(async () => void (await send("DELETE", button.dataset.delete))));
}
