// The authorization code flow with PKCE (OIDC Core 3.1, RFC 7636): whatever way the client authenticates, whatever it asks besides.
import * as oidc from "openid-client";
import { configuration, given, learnt, signIn } from "./party.mjs";

const config = await configuration(given.metadata);
const { tokens, claims, back } = await signIn(config, given.parameters, { checks: given.checks });
const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub);
learnt({ claims, userinfo, scope: tokens.scope, type: tokens.token_type, back });
