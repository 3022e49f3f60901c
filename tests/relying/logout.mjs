// RP-Initiated Logout 1.0: with a hint the session ends at once and the browser comes back; afterwards nobody is signed in.
import * as oidc from "openid-client";
import { arrived, configuration, given, learnt, refusal, request, signIn, visit } from "./party.mjs";

const config = await configuration();
const { tokens } = await signIn(config);
const state = oidc.randomState();
const parameters = { post_logout_redirect_uri: given.bye, state };
if (given.hint) parameters.id_token_hint = tokens.id_token;
const left = await visit(oidc.buildEndSessionUrl(config, parameters));
const silent = await request({ prompt: "none" });
const nobody = arrived(await visit(oidc.buildAuthorizationUrl(config, silent.parameters)));
const error = await refusal(oidc.authorizationCodeGrant(config, nobody, silent.checks));
learnt({ url: left.url.split("?")[0], state: new URL(left.url).searchParams.get("state") === state, pages: left.pages, error });
