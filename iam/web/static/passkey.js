// Passkeys: shows the forms that need scripts, asks the browser for a key when one is sent, and sends on what it answered.
// A form: data-passkey "get" or "create", data-options where its challenge is asked, a hidden field "credential".
"use strict";

const decode = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const encode = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
const known = (list) => (list || []).map((one) => ({ ...one, id: decode(one.id) }));

function readable(options) {
  const given = { ...options, challenge: decode(options.challenge) };
  if (options.user) given.user = { ...options.user, id: decode(options.user.id) };
  if (options.allowCredentials) given.allowCredentials = known(options.allowCredentials);
  if (options.excludeCredentials) given.excludeCredentials = known(options.excludeCredentials);
  return given;
}

function written(credential) {
  const { response } = credential;
  const told = { clientDataJSON: encode(response.clientDataJSON) };
  if (response.attestationObject) {
    told.attestationObject = encode(response.attestationObject);
    told.transports = response.getTransports ? response.getTransports() : [];
  } else {
    told.authenticatorData = encode(response.authenticatorData);
    told.signature = encode(response.signature);
    if (response.userHandle) told.userHandle = encode(response.userHandle);
  }
  return JSON.stringify({ id: credential.id, rawId: encode(credential.rawId), type: credential.type, response: told });
}

async function ask(form) {
  const { passkey, options } = form.dataset;
  const answer = await fetch(options, {
    method: "POST", body: new FormData(form), headers: { Accept: "application/json" }, redirect: "error",
  });
  if (!answer.ok) throw new Error(String(answer.status));
  const publicKey = readable(await answer.json());
  form.elements.credential.value = written(await navigator.credentials[passkey]({ publicKey }));
  form.submit();
}

for (const form of window.PublicKeyCredential ? document.querySelectorAll("form[data-passkey]") : []) {
  const problem = form.querySelector("[data-passkey-problem]");
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    problem.hidden = true;
    ask(form).catch(() => {
      problem.hidden = false;
      problem.focus();
    });
  });
}
