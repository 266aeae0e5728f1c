// The partner portal in a real browser, against a running sandbox: TANDEM_SANDBOX names its sandbox.json, TANDEM_BIN
// the command line that publishes orders, and TANDEM_NOTICES__SMTP_URL where the sandbox sends its mail, which is taken
// here. `node run.mjs WORD` runs the tests whose names hold the word.

import { finish, long, turn, whole } from './browser.mjs';
import { answering } from './answering.mjs';
import { binding } from './binding.mjs';
import { booking } from './booking.mjs';
import { buying } from './buying.mjs';
import { capacity } from './capacity.mjs';
import { capacitySheets } from './capacity_sheets.mjs';
import { changing } from './changing.mjs';
import { docs } from './docs.mjs';
import { finding } from './finding.mjs';
import { invitationCode } from './invitation_code.mjs';
import { everyPage } from './pages.mjs';
import { live } from './live.mjs';
import { onboarding } from './onboarding.mjs';
import { operating } from './operating.mjs';
import { profile } from './profile.mjs';
import { requests } from './requests.mjs';
import { resources } from './resources.mjs';
import { settings } from './settings.mjs';
import { joining, signingIn } from './signing_in.mjs';
import { supplying } from './supplying.mjs';
import { talk } from './talk.mjs';
import { untold } from './untold.mjs';
import { watching } from './watching.mjs';

// What everybody does each day, and every page; of the rest, where there is no time for all, every other part, and the others the
// next day. Who joins has a place of its own afterwards, and its orders are no longer handed over by links.
const always = [signingIn, answering, live];
const rest = [buying, untold, supplying, docs, booking, finding, capacity, settings, capacitySheets, requests, resources, changing,
  watching, binding, operating, profile, talk, invitationCode];
const last = [joining, onboarding];
const taken = (parts) => parts.filter((_, at) => whole || (at + turn) % 2 === 0);

if (!long) console.log(`by turns: TANDEM_TEST_TURN=${turn} tries the same again`);
for (const part of [...always, ...taken(rest), everyPage, ...taken(last)]) await part();
await finish();
