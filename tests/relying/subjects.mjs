// Pairwise and public subjects (OIDC Core 8): who the same person is to each of several clients.
import { configuration, given, learnt, signIn } from "./party.mjs";

const subjects = {};
for (const client of given.clients) {
  const config = await configuration({}, { ...given, ...client });
  subjects[client.client_id] = (await signIn(config, { scope: "openid" })).claims.sub;
}
learnt({ subjects });
