// Sends what a form holds as JSON, and shows what the server says when it refuses.
async function send(method, path, fields) {
  const init = { method, headers: { accept: "application/json" } };
  if (fields) {
    init.headers["content-type"] = "application/json";
    init.body = JSON.stringify(fields);
  }
  const answer = await fetch(path, init);
  if (answer.ok) return;
  const { detail } = await answer.json().catch(() => ({ detail: answer.statusText }));
  const problems = Array.isArray(detail) ? detail.map((field) => `${field.loc.at(-1)}: ${field.msg}`) : [];
  throw new Error(problems.join("; ") || detail.reason || detail);
}

async function act(work) {
  try {
    await work();
    location.reload();
  } catch (problem) {
    document.querySelector("[role=alert]").textContent = problem.message;
  }
}

for (const form of document.querySelectorAll("form[data-post]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(form));
    act(async () => {
      await send("POST", form.dataset.post, fields);
      if (form.dataset.then) await send("POST", form.dataset.then, fields);
    });
  });
}

for (const button of document.querySelectorAll("button[data-post]")) {
  button.addEventListener("click", () => act(() => send("POST", button.dataset.post)));
}

for (const button of document.querySelectorAll("button[data-delete]")) {
  button.addEventListener("click", () => act(() => send("DELETE", button.dataset.delete)));
}
