// Introspection (RFC 7662) and revocation (RFC 7009), before and after the refresh token is given back.
import * as oidc from "openid-client";
import { configuration, given, learnt, signIn } from "./party.mjs";

const config = await configuration(given.metadata);
const { tokens, claims } = await signIn(config, { scope: given.scope });
const kept = tokens.refresh_token ?? tokens.access_token;
const before = await oidc.tokenIntrospection(config, tokens.access_token);
const refresh = await oidc.tokenIntrospection(config, kept);
await oidc.tokenRevocation(config, kept);
await oidc.tokenRevocation(config, "avr_unknown");
const after = await oidc.tokenIntrospection(config, tokens.access_token);
const userinfo = await fetch(config.serverMetadata().userinfo_endpoint, { headers: { authorization: `Bearer ${tokens.access_token}` } });
learnt({ claims, before, refresh, after, userinfo: userinfo.status, form: tokens.access_token.split(".").length });
