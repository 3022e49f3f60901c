// Node 18, as Debian 12 has it, keeps Web Cryptography out of the global scope; import this before openid-client.
import { webcrypto } from "node:crypto";

globalThis.crypto ??= webcrypto;
globalThis.CryptoKey ??= webcrypto.CryptoKey;
