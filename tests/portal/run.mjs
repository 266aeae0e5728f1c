// The partner portal in a real browser, against a running sandbox: TANDEM_SANDBOX names its sandbox.json, TANDEM_BIN
// the command line that publishes orders. `node run.mjs WORD` runs the tests whose names hold the word.

import { finish } from './browser.mjs';
import { answering } from './answering.mjs';
import { buying } from './buying.mjs';
import { docs } from './docs.mjs';
import { everyPage } from './pages.mjs';
import { live } from './live.mjs';
import { settings } from './settings.mjs';
import { signingIn } from './signing_in.mjs';
import { supplying } from './supplying.mjs';

// What was joined lately and has not passed together yet is tried with PORTAL_ALL=1 alone.
const all = Boolean(process.env.PORTAL_ALL);

await signingIn();
await answering();
await buying();
await live();
await docs();
if (all) {
  await supplying();
  await settings();
  await everyPage();
}
await finish();
