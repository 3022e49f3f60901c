// iss in the answer (RFC 9207): openid-client believes only an answer that names this issuer.
import * as oidc from "openid-client";
import { configuration, learnt, request, visit } from "./party.mjs";

const config = await configuration();
const { parameters, checks } = await request();
const url = new URL((await visit(oidc.buildAuthorizationUrl(config, parameters))).url);
const said = url.searchParams.get("iss");
const complaints = {};
for (const [name, change] of [["other", (it) => it.set("iss", "https://other.example")], ["missing", (it) => it.delete("iss")]]) {
  const changed = new URL(url);
  change(changed.searchParams);
  complaints[name] = await oidc.authorizationCodeGrant(config, changed, checks).then(() => null, (error) => error.cause.message);
}
const tokens = await oidc.authorizationCodeGrant(config, url, checks);
learnt({ said, complaints, sub: tokens.claims().sub });
