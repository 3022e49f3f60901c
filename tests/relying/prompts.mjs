// prompt and max_age (OIDC Core 3.1.2.1): silent when somebody is signed in, and asked anew when the application wants it.
import * as oidc from "openid-client";
import { arrived, configuration, learnt, refusal, request, signIn, visit } from "./party.mjs";

const config = await configuration();
const silent = await request({ prompt: "none" });
const nobody = arrived(await visit(oidc.buildAuthorizationUrl(config, silent.parameters)));
const refused = await refusal(oidc.authorizationCodeGrant(config, nobody, silent.checks));
const shown = {};
for (const [name, more, checks] of [
  ["first", {}, {}],
  ["none", { prompt: "none" }, {}],
  ["again", {}, {}],
  ["login", { prompt: "login" }, {}],
  ["young", { max_age: "3600" }, { maxAge: 3600 }],
  ["old", { max_age: "0" }, { maxAge: 0 }],
]) {
  const { claims, back } = await signIn(config, more, { checks });
  shown[name] = { pages: back.pages, auth_time: claims.auth_time, sid: claims.sid, sub: claims.sub };
}
learnt({ refused, shown });
