// The partner portal in a real browser, against a running sandbox: TANDEM_SANDBOX names its sandbox.json, TANDEM_BIN
// the command line that publishes orders. `node run.mjs WORD` runs the tests whose names hold the word.

import { finish } from './browser.mjs';
import { answering } from './answering.mjs';
import { binding } from './binding.mjs';
import { booking } from './booking.mjs';
import { buying } from './buying.mjs';
import { capacity } from './capacity.mjs';
import { capacitySheets } from './capacity_sheets.mjs';
import { changing } from './changing.mjs';
import { docs } from './docs.mjs';
import { finding } from './finding.mjs';
import { everyPage } from './pages.mjs';
import { live } from './live.mjs';
import { onboarding } from './onboarding.mjs';
import { profile } from './profile.mjs';
import { requests } from './requests.mjs';
import { resources } from './resources.mjs';
import { settings } from './settings.mjs';
import { joining, signingIn } from './signing_in.mjs';
import { supplying } from './supplying.mjs';
import { talk } from './talk.mjs';
import { untold } from './untold.mjs';

await signingIn();
await answering();
await buying();
await live();
await untold();
await docs();
await supplying();
await finding();
await booking();
await settings();
await capacity();
await capacitySheets();
await requests();
await changing();
await resources();
await binding();
await profile();
await talk();
await everyPage();
await joining();
await onboarding();
await finish();
