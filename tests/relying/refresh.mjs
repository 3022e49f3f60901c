// Refresh tokens (OIDC Core 12, RFC 9700 4.14.2): each use gives another; a retry at once gives the same; an old one ends the family.
import * as oidc from "openid-client";
import { configuration, learnt, refusal, signIn } from "./party.mjs";

const config = await configuration();
const { tokens: first, claims } = await signIn(config, { scope: "openid roles offline_access" });
const second = await oidc.refreshTokenGrant(config, first.refresh_token);
const retried = await oidc.refreshTokenGrant(config, first.refresh_token);
const third = await oidc.refreshTokenGrant(config, second.refresh_token);
const narrow = await oidc.refreshTokenGrant(config, third.refresh_token, { scope: "openid" });
const wider = await refusal(oidc.refreshTokenGrant(config, narrow.refresh_token, { scope: "openid email" }));
const reused = await refusal(oidc.refreshTokenGrant(config, first.refresh_token));
const dead = await refusal(oidc.refreshTokenGrant(config, narrow.refresh_token));
learnt({
  rotated: new Set([first, second, third, narrow].map((one) => one.refresh_token)).size,
  retried: retried.refresh_token === second.refresh_token,
  same: second.claims().sub === claims.sub && second.claims().auth_time === claims.auth_time,
  narrow: narrow.scope,
  wider,
  reused,
  dead,
});
