// UserInfo (OIDC Core 5.3) by GET, by POST with the token in the header, and by POST with the token in the body; signed if registered so.
import * as oidc from "openid-client";
import { configuration, given, learnt, signIn } from "./party.mjs";

const config = await configuration(given.metadata);
const { tokens, claims } = await signIn(config);
const url = new URL(config.serverMetadata().userinfo_endpoint);
const get = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub);
const post = await oidc.fetchProtectedResource(config, tokens.access_token, url, "POST");
const body = await fetch(url, { method: "POST", body: new URLSearchParams({ access_token: tokens.access_token }) });
learnt({ sub: claims.sub, get, type: post.headers.get("content-type"), post: await post.text(), body: await body.text() });
